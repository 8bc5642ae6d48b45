//! `lead list`: leads by filter, page by page.

use api::leads::v1::{LeadStatus, ListLeadsRequest};
use clap::ValueEnum;
use prost_types::Timestamp;
use serde::Serialize;

use super::Lead;
use crate::grid::Grid;
use crate::output::{Answer, one_a_line};
use crate::session::Session;
use crate::standing::Standing;
use crate::target::{Listed, Paging};
use crate::times;
use crate::when::When;

/// Which leads.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  revops lead list --status qualified --owner ann \
                        --captured-from 2026-01-01 --limit 10")]
pub struct ListArgs {
    #[command(flatten)]
    when: When,

    /// Only leads that stand so; may be given several times
    #[arg(long, value_enum)]
    status: Vec<Status>,

    /// Only leads of this owner, by key or id
    #[arg(long, default_value = "", hide_default_value = true)]
    owner: String,

    /// Only leads of this channel
    #[arg(long, default_value = "", hide_default_value = true)]
    channel: String,

    /// Only leads of this campaign
    #[arg(long, default_value = "", hide_default_value = true)]
    campaign: String,

    /// Only leads captured at this instant or later
    #[arg(long, value_name = "T", value_parser = times::instant)]
    captured_from: Option<Timestamp>,

    /// Only leads captured before this instant
    #[arg(long, value_name = "T", value_parser = times::instant)]
    captured_to: Option<Timestamp>,

    /// The latest first
    #[arg(long)]
    descending: bool,

    #[command(flatten)]
    paging: Paging,
}

/// How far a lead has come, as it is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
enum Status {
    New,
    Assigned,
    Working,
    Nurturing,
    HandedOver,
    Accepted,
    Qualified,
    Converted,
    Recycled,
    Disqualified,
    Merged,
}

impl From<Status> for LeadStatus {
    fn from(status: Status) -> Self {
        match status {
            Status::New => Self::New,
            Status::Assigned => Self::Assigned,
            Status::Working => Self::Working,
            Status::Nurturing => Self::Nurturing,
            Status::HandedOver => Self::HandedOver,
            Status::Accepted => Self::Accepted,
            Status::Qualified => Self::Qualified,
            Status::Converted => Self::Converted,
            Status::Recycled => Self::Recycled,
            Status::Disqualified => Self::Disqualified,
            Status::Merged => Self::Merged,
        }
    }
}

/// The leads that were found.
#[derive(Debug, Serialize)]
struct Leads {
    #[serde(flatten)]
    standing: Standing,
    leads: Vec<Lead>,
    next_page_token: Option<String>,
}

impl Answer for Leads {
    fn standing(&self) -> Option<&Standing> {
        Some(&self.standing)
    }

    fn items(&self) -> anyhow::Result<Vec<String>> {
        one_a_line(&self.leads)
    }

    fn grid(&self) -> Grid {
        let mut grid = Grid::new(Lead::COLUMNS);
        for lead in &self.leads {
            grid.push(lead.row());
        }
        grid
    }
}

/// Collects pages until there is enough.
pub async fn run(args: ListArgs, session: &Session) -> anyhow::Result<()> {
    let paging = args.paging.clone();
    let request = ListLeadsRequest {
        read_at: Some(args.when.read_at(session)),
        statuses: args.status.into_iter().map(|it| LeadStatus::from(it).into()).collect(),
        owner: args.owner,
        channel: args.channel,
        campaign: args.campaign,
        captured_start: args.captured_from,
        captured_end: args.captured_to,
        descending: args.descending,
        ..Default::default()
    };
    let listed = paging.collect(|page_size, page_token| {
        let request = ListLeadsRequest { page_size, page_token, ..request.clone() };
        let mut client = session.leads();
        async move {
            let page = client.list_leads(session.request(request)).await?.into_inner();
            let found = page.leads.into_iter().map(Lead::from).collect();
            Ok((page.reflected, found, page.next_page_token))
        }
    });
    let Listed { standing, items: leads, next_page_token } = listed.await?;
    let answer = Leads { standing, leads, next_page_token };
    session.output.answer(&answer)?;
    Listed::<Lead>::note_more(answer.next_page_token.as_deref(), session);
    Ok(())
}
