//! `lead`: work leads from capture to conversion, and look at them as they stand or stood.

use clap::Subcommand;

use crate::session::Session;

/// Sends a command about a lead: all of them have the same head, then fields of their own, and
/// answer alike.
macro_rules! send {
    ($session:ident.$call:ident, $message:ident, [$target:ident, $id:ident], [$($field:ident),*]) => {{
        let message = $message {
            lead_id: $target.id,
            request_id: $id,
            etag: $target.repeatable.etag,
            occurred_at: $target.at,
            $($field),*
        };
        $session.leads().$call($session.request(message)).await?.into_inner().recorded
    }};
}

mod capture;
mod change;
mod conversion;
mod convert;
mod duplicates;
mod list;
mod shown;
mod undo;

pub use shown::Lead;

use api::leads::v1::GetLeadRequest;
use api::types::v1::{ReadAt, Recorded};
use serde::Serialize;

use crate::grid::Grid;
use crate::output::Answer;
use crate::recorded::{Done, Shown as _, just_after};
use crate::standing::Standing;
use crate::when::When;

/// The verbs of a lead.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// List leads, filtered, by the instant of capture
    List(list::ListArgs),
    /// Show one lead
    Get(GetArgs),
    /// Take somebody up as a lead
    #[command(after_help = "Example:\n  revops lead capture --name 'Ada Lovelace' --email \
                            ada@example.com --channel landing_page --campaign spring")]
    Capture(Box<capture::CaptureArgs>),
    #[command(flatten)]
    Change(change::Verb),
    /// Make a contact of a lead, at a new or an existing account, with or without a deal
    #[command(after_help = "Examples:\n  revops lead convert ID\n  revops lead convert ID \
                            --account ACCOUNT --pipeline sales --amount '1200 USD'")]
    Convert(Box<convert::ConvertArgs>),
    #[command(flatten)]
    Undo(undo::Verb),
    /// Look through all leads for those that seem to be the same, and record what is found
    Duplicates(duplicates::DuplicatesArgs),
    /// How many of the leads captured in a period were converted
    Conversion(conversion::ConversionArgs),
}

/// Which lead to show, of which past.
#[derive(Debug, clap::Args)]
pub struct GetArgs {
    /// The lead's id
    id: String,

    #[command(flatten)]
    when: When,
}

/// Runs a verb.
pub async fn run(verb: Verb, session: &Session) -> anyhow::Result<()> {
    match verb {
        Verb::List(args) => list::run(args, session).await,
        Verb::Get(args) => get(args, session).await,
        Verb::Capture(args) => capture::run(*args, session).await,
        Verb::Change(verb) => change::run(verb, session).await,
        Verb::Convert(args) => convert::run(*args, session).await,
        Verb::Undo(verb) => undo::run(verb, session).await,
        Verb::Duplicates(args) => duplicates::run(args, session).await,
        Verb::Conversion(args) => conversion::run(args, session).await,
    }
}

/// The answer about one lead.
#[derive(Debug, Serialize)]
struct One {
    #[serde(flatten)]
    standing: Standing,
    lead: Lead,
}

impl Answer for One {
    fn standing(&self) -> Option<&Standing> {
        Some(&self.standing)
    }

    fn grid(&self) -> Grid {
        self.lead.fields()
    }
}

async fn get(args: GetArgs, session: &Session) -> anyhow::Result<()> {
    let (standing, lead) = read(session, &args.id, args.when.read_at(session)).await?;
    session.output.answer(&One { standing, lead })
}

/// Reads one lead of some past.
async fn read(
    session: &Session,
    id: &str,
    read_at: ReadAt,
) -> Result<(Standing, Lead), tonic::Status> {
    let request = GetLeadRequest { lead_id: id.to_owned(), read_at: Some(read_at) };
    let found = session.leads().get_lead(session.request(request)).await?.into_inner();
    Ok((Standing::of(found.reflected), Lead::from(found.lead.unwrap_or_default())))
}

/// Shows what a command left behind. The command stands even when the lead cannot be read now, or is
/// no longer there because its capture was voided.
async fn report(session: &Session, id: String, recorded: Option<Recorded>) -> anyhow::Result<()> {
    let after = read(session, &id, just_after(recorded.as_ref())).await.ok();
    Done::new(id, recorded, after).report(&session.output)
}
