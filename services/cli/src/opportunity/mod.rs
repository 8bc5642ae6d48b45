//! `opportunity`: work deals, and look at them as they stand or stood.

use clap::Subcommand;

use crate::session::Session;

/// Sends a command about a deal: all of them have the same head, then fields of their own, and
/// answer alike.
macro_rules! send {
    ($session:ident.$call:ident, $message:ident, [$target:ident, $id:ident], [$($field:ident),*]) => {{
        let message = $message {
            opportunity_id: $target.id,
            request_id: $id,
            etag: $target.repeatable.etag,
            occurred_at: $target.at,
            $($field),*
        };
        $session.opportunities().$call($session.request(message)).await?.into_inner().recorded
    }};
}

mod change;
mod close;
mod course;
mod customer;
mod deal;
mod list;
mod open;
mod opportunity_type;

use course::Course;
pub use deal::Deal;

use api::opportunities::v1::GetOpportunityRequest;
use api::types::v1::{ReadAt, Recorded};
use serde::Serialize;

use crate::grid::Grid;
use crate::output::Answer;
use crate::recorded::{Done, just_after};
use crate::standing::Standing;
use crate::when::When;

/// The verbs of a deal.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// List deals, filtered and ordered
    List(list::ListArgs),
    /// Show one deal
    Get(GetArgs),
    /// Begin a deal
    #[command(after_help = "Example:\n  revops opportunity open --pipeline sales --name 'Acme' \
                            --amount '1200 USD' --owner ann --close-date 2026-09-30")]
    Open(Box<open::OpenArgs>),
    #[command(flatten)]
    Change(change::Verb),
    #[command(flatten)]
    Customer(customer::Verb),
    #[command(flatten)]
    Close(close::Verb),
}

/// Which deal to show, of which past.
#[derive(Debug, clap::Args)]
pub struct GetArgs {
    /// The deal's id
    id: String,

    #[command(flatten)]
    when: When,
}

/// Runs a verb.
pub async fn run(verb: Verb, session: &Session) -> anyhow::Result<()> {
    match verb {
        Verb::List(args) => list::run(args, session).await,
        Verb::Get(args) => get(args, session).await,
        Verb::Open(args) => open::run(*args, session).await,
        Verb::Change(verb) => change::run(verb, session).await,
        Verb::Customer(verb) => customer::run(verb, session).await,
        Verb::Close(verb) => close::run(verb, session).await,
    }
}

/// The answer about one deal.
#[derive(Debug, Serialize)]
struct One {
    #[serde(flatten)]
    standing: Standing,
    opportunity: Deal,
    #[serde(flatten)]
    course: Course,
}

impl Answer for One {
    fn standing(&self) -> Option<&Standing> {
        Some(&self.standing)
    }

    fn grid(&self) -> Grid {
        let fields = self.opportunity.told().into_iter();
        Grid::of_fields(fields.chain(self.course.fields()))
    }
}

async fn get(args: GetArgs, session: &Session) -> anyhow::Result<()> {
    let (opportunity_id, read_at) = (args.id, Some(args.when.read_at(session)));
    let request = session.request(GetOpportunityRequest { opportunity_id, read_at });
    let found = session.opportunities().get_opportunity(request).await?.into_inner();
    session.output.answer(&One {
        standing: Standing::of(found.reflected),
        opportunity: Deal::from(found.opportunity.unwrap_or_default()),
        course: Course::of(found.stages, found.pushes),
    })
}

/// Reads one deal of some past.
async fn read(
    session: &Session,
    id: &str,
    read_at: ReadAt,
) -> Result<(Standing, Deal), tonic::Status> {
    let request = GetOpportunityRequest { opportunity_id: id.to_owned(), read_at: Some(read_at) };
    let found =
        session.opportunities().get_opportunity(session.request(request)).await?.into_inner();
    let deal = found.opportunity.unwrap_or_default();
    Ok((Standing::of(found.reflected), Deal::from(deal)))
}

/// Shows what a command left behind. The command stands even when the deal cannot be read now, or
/// is no longer there because its opening was voided.
async fn report(session: &Session, id: String, recorded: Option<Recorded>) -> anyhow::Result<()> {
    let after = read(session, &id, just_after(recorded.as_ref())).await.ok();
    Done::new(id, recorded, after).report(&session.output)
}
