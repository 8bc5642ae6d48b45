//! `lead list`: leads by filter, page by page.

use api::leads::v1::{LeadStatus, ListLeadsRequest};
use clap::ValueEnum;
use prost_types::Timestamp;
use serde::Serialize;

use super::Lead;
use crate::grid::Grid;
use crate::output::Answer;
use crate::session::Session;
use crate::standing::Standing;
use crate::times;
use crate::when::When;
use crate::wording::given;

/// The most that the server puts on one page.
const PAGE_SIZE_MAX: usize = 1000;

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

    /// How many leads at most
    #[arg(long, default_value_t = 50, value_name = "N")]
    limit: usize,

    /// Every lead, however many
    #[arg(long, conflicts_with = "limit")]
    all: bool,

    /// Continue after the page that ended with this token
    #[arg(long, default_value = "", hide_default_value = true, value_name = "TOKEN")]
    page_token: String,
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

    fn grid(&self) -> Grid {
        let mut grid = Grid::new(Lead::COLUMNS);
        for lead in &self.leads {
            grid.push(lead.row());
        }
        grid
    }
}

/// Collects pages until there are enough leads.
pub async fn run(args: ListArgs, session: &Session) -> anyhow::Result<()> {
    let limit = if args.all { usize::MAX } else { args.limit };
    let mut request = args.into_request(session);
    let mut client = session.leads();
    let mut found =
        Leads { standing: Standing::default(), leads: Vec::new(), next_page_token: None };
    loop {
        let wanted = (limit - found.leads.len()).clamp(1, PAGE_SIZE_MAX);
        request.page_size = i32::try_from(wanted)?;
        let page = client.list_leads(session.request(request.clone())).await?.into_inner();
        found.standing = Standing::of(page.reflected);
        found.leads.extend(page.leads.into_iter().map(Lead::from));
        found.next_page_token = given(page.next_page_token.clone());
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() || found.leads.len() >= limit {
            break;
        }
    }
    session.output.answer(&found)?;
    if let Some(token) = &found.next_page_token {
        session.output.note(format!("there are more: --all, --limit N or --page-token {token}"));
    }
    Ok(())
}

impl ListArgs {
    fn into_request(self, session: &Session) -> ListLeadsRequest {
        ListLeadsRequest {
            read_at: Some(self.when.read_at(session)),
            page_size: 0,
            page_token: self.page_token,
            statuses: self.status.into_iter().map(|it| LeadStatus::from(it).into()).collect(),
            owner: self.owner,
            channel: self.channel,
            campaign: self.campaign,
            captured_start: self.captured_from,
            captured_end: self.captured_to,
            descending: self.descending,
        }
    }
}
