//! `metrics`: figures of what closed in a period, with what they were made from.

use api::dashboards::v1::{self as sent, GetMetricsRequest, GetMetricsResponse};
use clap::ValueEnum;
use prost_types::Timestamp;

use crate::session::Session;
use crate::times;
use crate::when::When;

mod answer;
mod figure;
#[cfg(test)]
mod tests;

use answer::{Grouped, Metrics};

/// Which period, which past, and how to group.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  revops metrics\n  \
                        revops metrics --from 2017-07-01 --to 2017-10-01 --by manager\n  \
                        revops metrics --by reason -o json")]
pub struct MetricsArgs {
    /// Measure what closed at this instant or later [default: from the beginning]
    #[arg(long, value_name = "D", value_parser = times::instant)]
    from: Option<Timestamp>,

    /// Measure what closed before this instant: the end does not belong to the period
    #[arg(long, value_name = "D", value_parser = times::instant)]
    to: Option<Timestamp>,

    #[command(flatten)]
    when: When,

    /// What to group by; the whole is always there too
    #[arg(long, value_enum)]
    by: Option<By>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum By {
    Owner,
    Manager,
    Office,
    Product,
    /// Month of closing
    Month,
    /// Quarter of closing
    Quarter,
    /// Count and amount per outcome and reason
    Reason,
}

impl From<By> for sent::MetricsBy {
    fn from(by: By) -> Self {
        match by {
            By::Owner => Self::Owner,
            By::Manager => Self::Manager,
            By::Office => Self::Office,
            By::Product => Self::Product,
            By::Month => Self::Month,
            By::Quarter => Self::Quarter,
            By::Reason => Self::Reason,
        }
    }
}

/// Asks and answers.
pub async fn run(args: MetricsArgs, session: &Session) -> anyhow::Result<()> {
    let answer = match args.by {
        None => {
            let whole = ask(&args, &args.when, sent::MetricsBy::Unspecified, session).await?;
            Metrics::new(whole, Grouped::Not)
        }
        // By reason, the one answer holds the whole and what it splits into.
        Some(By::Reason) => {
            let mut whole = ask(&args, &args.when, sent::MetricsBy::Reason, session).await?;
            let reasons = std::mem::take(&mut whole.reasons);
            Metrics::new(whole, Grouped::by_reason(reasons))
        }
        // Otherwise the whole is a question of its own, and the groups are asked for at the same
        // point of the log, so that they add up to it.
        Some(by) => {
            let whole = ask(&args, &args.when, sent::MetricsBy::Unspecified, session).await?;
            let known_at = whole.reflected.as_ref().map_or(0, |reflected| reflected.known_at);
            let groups = ask(&args, &args.when.pinned(known_at), by.into(), session).await?;
            Metrics::new(whole, Grouped::by_key(groups.groups))
        }
    };
    session.output.answer(&answer)
}

async fn ask(
    args: &MetricsArgs,
    when: &When,
    by: sent::MetricsBy,
    session: &Session,
) -> anyhow::Result<GetMetricsResponse> {
    let request = GetMetricsRequest {
        read_at: Some(when.read_at(session)),
        start_time: args.from,
        end_time: args.to,
        by: by.into(),
    };
    Ok(session.dashboards().get_metrics(session.request(request)).await?.into_inner())
}
