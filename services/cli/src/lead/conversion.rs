//! `lead conversion`: how many of the leads captured in a period were converted.

use std::collections::BTreeMap;

use api::leads::v1::{self as sent, GetLeadConversionRequest, LeadConversionBy};
use clap::ValueEnum;
use prost_types::Timestamp;
use serde::Serialize;

use crate::grid::{Cell, Grid};
use crate::output::{Answer, one_a_line};
use crate::session::Session;
use crate::standing::Standing;
use crate::times;
use crate::when::When;
use crate::wording::given;

/// Which cohort, which past, and how to group.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  revops lead conversion --by channel\n  revops lead conversion \
                        --from 2026-01-01 --to 2026-04-01 --as-of 2026-07-01"
)]
pub struct ConversionArgs {
    /// The cohort begins with leads captured at this instant [default: the first]
    #[arg(long, value_name = "D", value_parser = times::instant)]
    from: Option<Timestamp>,

    /// The cohort ends before this instant [default: the last]
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
    Channel,
    Campaign,
    /// The owner at the instant of the answer
    Owner,
}

/// How leads converted.
#[derive(Debug, Serialize)]
struct Conversion {
    #[serde(flatten)]
    standing: Standing,
    total: Group,
    rows: Vec<Group>,
}

#[derive(Debug, Serialize)]
struct Group {
    key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    converted: Rate,
    with_opportunity: Rate,
    without_opportunity: Rate,
    excluded: BTreeMap<String, u64>,
}

#[derive(Debug, Serialize)]
struct Rate {
    value: Option<f64>,
    numerator: u64,
    denominator: u64,
    definition: String,
    why_null: Option<String>,
}

impl From<Option<sent::LeadRate>> for Rate {
    fn from(rate: Option<sent::LeadRate>) -> Self {
        let rate = rate.unwrap_or_default();
        Self {
            value: rate.value,
            numerator: rate.numerator,
            denominator: rate.denominator,
            definition: rate.definition,
            why_null: given(rate.why_null),
        }
    }
}

impl From<sent::LeadConversionGroup> for Group {
    fn from(group: sent::LeadConversionGroup) -> Self {
        Self {
            key: given(group.key),
            name: group.name.and_then(|name| given(name.text)),
            id: given(group.id),
            converted: group.converted.into(),
            with_opportunity: group.with_opportunity.into(),
            without_opportunity: group.without_opportunity.into(),
            excluded: group.excluded.into_iter().map(|it| (it.reason, it.count)).collect(),
        }
    }
}

impl Group {
    fn row(&self, key: &str) -> Vec<Cell> {
        vec![
            Cell::text(key),
            Cell::Count(self.converted.denominator),
            Cell::Count(self.with_opportunity.numerator),
            Cell::Count(self.without_opportunity.numerator),
            Cell::Number(self.converted.value, 4),
            Cell::Number(self.with_opportunity.value, 4),
            Cell::Count(self.excluded.values().sum()),
        ]
    }
}

impl Answer for Conversion {
    fn standing(&self) -> Option<&Standing> {
        Some(&self.standing)
    }

    fn items(&self) -> anyhow::Result<Vec<String>> {
        match self.rows.is_empty() {
            true => one_a_line(std::slice::from_ref(&self.total)),
            false => one_a_line(&self.rows),
        }
    }

    fn grid(&self) -> Grid {
        let mut grid = Grid::new([
            "key",
            "captured",
            "with_opportunity",
            "without_opportunity",
            "conversion_rate",
            "to_opportunity_rate",
            "excluded",
        ]);
        for group in &self.rows {
            grid.push(group.row(group.key.as_deref().unwrap_or("(none)")));
        }
        if self.rows.is_empty() {
            grid.push(self.total.row("all"));
        } else {
            grid.set_total(self.total.row("all"));
        }
        grid
    }
}

/// Asks and shows.
pub async fn run(args: ConversionArgs, session: &Session) -> anyhow::Result<()> {
    let by = match args.by {
        None => LeadConversionBy::Unspecified,
        Some(By::Channel) => LeadConversionBy::Channel,
        Some(By::Campaign) => LeadConversionBy::Campaign,
        Some(By::Owner) => LeadConversionBy::Owner,
    };
    let request = GetLeadConversionRequest {
        read_at: Some(args.when.read_at(session)),
        captured_start: args.from,
        captured_end: args.to,
        by: by.into(),
    };
    let answer = session.leads().get_lead_conversion(session.request(request)).await?.into_inner();
    session.output.answer(&Conversion {
        standing: Standing::of(answer.reflected),
        total: answer.total.unwrap_or_default().into(),
        rows: answer.groups.into_iter().map(Group::from).collect(),
    })
}
