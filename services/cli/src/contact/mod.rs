//! `contact`: the people at accounts.

mod change;
mod contact_shown;
mod create;
mod list;

use api::accounts::v1::GetContactRequest;
use api::types::v1::{ReadAt, Recorded};
use clap::Subcommand;
use serde::Serialize;
use tonic::Status;

pub use contact_shown::Contact;

use crate::failure::Failure;
use crate::grid::Grid;
use crate::output::Answer;
use crate::recorded::{Done, Shown as _, just_after};
use crate::session::Session;
use crate::standing::Standing;
use crate::when::When;

/// The verbs of a contact.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// List contacts, filtered
    List(list::ListArgs),
    /// Show one contact
    Get(GetArgs),
    /// Take up a person
    #[command(after_help = "Example:\n  revops contact create --account ID --name 'Mia Stone' \
                            --email mia@acme.example")]
    Create(Box<create::CreateArgs>),
    #[command(flatten)]
    Change(change::Verb),
}

/// Which contact to show, of which past.
#[derive(Debug, clap::Args)]
pub struct GetArgs {
    /// The contact's id
    id: String,

    #[command(flatten)]
    when: When,
}

/// The answer about one contact.
#[derive(Debug, Serialize)]
struct One {
    #[serde(flatten)]
    standing: Standing,
    contact: Contact,
}

impl Answer for One {
    fn standing(&self) -> Option<&Standing> {
        Some(&self.standing)
    }

    fn grid(&self) -> Grid {
        self.contact.fields()
    }
}

async fn get(args: GetArgs, session: &Session) -> anyhow::Result<()> {
    let (standing, contact) = read(session, &args.id, args.when.read_at(session)).await?;
    session.output.answer(&One { standing, contact })
}

async fn read(session: &Session, id: &str, read_at: ReadAt) -> Result<(Standing, Contact), Status> {
    let (contact_id, read_at) = (id.to_owned(), Some(read_at));
    let request = session.request(GetContactRequest { contact_id, read_at });
    let found = session.contacts().get_contact(request).await?.into_inner();
    let contact = found.contact.unwrap_or_default();
    Ok((Standing::of(found.reflected), Contact::from(contact)))
}

/// Runs a verb.
pub async fn run(verb: Verb, session: &Session) -> anyhow::Result<()> {
    match verb {
        Verb::List(args) => list::run(args, session).await,
        Verb::Get(args) => get(args, session).await,
        Verb::Create(args) => create::run(*args, session).await,
        Verb::Change(verb) => change(verb, session).await,
    }
}

/// Sends the command and shows the contact as it left it. The command stands even when the contact
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
