//! `activity`: calls, e-mails, meetings, demos and tasks.

mod activity_shown;
mod change;
mod count;
mod links;
mod list;
mod log;

use api::accounts::v1::GetActivityRequest;
use api::types::v1::{ReadAt, Recorded};
use clap::Subcommand;
use serde::Serialize;
use tonic::Status;

use activity_shown::Activity;

use crate::failure::Failure;
use crate::grid::Grid;
use crate::output::Answer;
use crate::recorded::{Done, Shown as _, just_after};
use crate::session::Session;
use crate::standing::Standing;
use crate::when::When;

/// The verbs of an activity.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// List activities, filtered
    List(list::ListArgs),
    /// Show one activity
    Get(GetArgs),
    /// Count what started in a period, for each owner and type; the same meeting counts once
    #[command(after_help = "Example:\n  revops activity count --from 2026-01-01 --to 2026-02-01")]
    Count(count::CountArgs),
    /// Write down that something took place, or is planned
    #[command(after_help = "Example:\n  revops activity log meeting --about account:ID \
                            --with contact:ID --with user:ann --owner ann \
                            --starts 2026-01-12T09:00:00Z")]
    Log(Box<log::LogArgs>),
    #[command(flatten)]
    Change(change::Verb),
}

/// Which activity to show, of which past.
#[derive(Debug, clap::Args)]
pub struct GetArgs {
    /// The activity's id
    id: String,

    #[command(flatten)]
    when: When,
}

/// The answer about one activity.
#[derive(Debug, Serialize)]
struct One {
    #[serde(flatten)]
    standing: Standing,
    activity: Activity,
}

impl Answer for One {
    fn standing(&self) -> Option<&Standing> {
        Some(&self.standing)
    }

    fn grid(&self) -> Grid {
        self.activity.fields()
    }
}

async fn get(args: GetArgs, session: &Session) -> anyhow::Result<()> {
    let (standing, activity) = read(session, &args.id, args.when.read_at(session)).await?;
    session.output.answer(&One { standing, activity })
}

async fn read(
    session: &Session,
    id: &str,
    read_at: ReadAt,
) -> Result<(Standing, Activity), Status> {
    let (activity_id, read_at) = (id.to_owned(), Some(read_at));
    let request = session.request(GetActivityRequest { activity_id, read_at });
    let found = session.activities().get_activity(request).await?.into_inner();
    let activity = found.activity.unwrap_or_default();
    Ok((Standing::of(found.reflected), Activity::from(activity)))
}

/// Runs a verb.
pub async fn run(verb: Verb, session: &Session) -> anyhow::Result<()> {
    match verb {
        Verb::List(args) => list::run(args, session).await,
        Verb::Get(args) => get(args, session).await,
        Verb::Count(args) => count::run(args, session).await,
        Verb::Log(args) => log::run(*args, session).await,
        Verb::Change(verb) => change(verb, session).await,
    }
}

/// Sends the command and shows the activity as it left it. The command stands even when the activity
/// cannot be read now, or is no longer there because its beginning was voided.
async fn change(verb: change::Verb, session: &Session) -> anyhow::Result<()> {
    let (id, repeatable) = verb.target();
    let (id, request_id) = (id.clone(), repeatable.request_id());
    let recorded = change::send(verb, request_id.clone(), session).await;
    let recorded = recorded.map_err(|status| Failure::of_command(status, &request_id))?;
    report(session, id, recorded).await
}

async fn report(session: &Session, id: String, recorded: Option<Recorded>) -> anyhow::Result<()> {
    let after = read(session, &id, just_after(recorded.as_ref())).await.ok();
    Done::new(id, recorded, after).report(&session.output)
}
