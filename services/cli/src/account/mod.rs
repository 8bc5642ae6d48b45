//! `account`: the companies that buy, or may.

mod account_shown;
mod change;
mod create;
mod list;

use api::accounts::v1::GetAccountRequest;
use api::google::r#type::Date;
use api::types::v1::{ReadAt, Recorded};
use clap::Subcommand;
use serde::Serialize;
use tonic::Status;

use account_shown::{Account, Belonging};

use crate::failure::Failure;
use crate::grid::Grid;
use crate::output::Answer;
use crate::recorded::{Done, just_after};
use crate::session::Session;
use crate::standing::Standing;
use crate::times;
use crate::when::When;

/// The verbs of an account.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// List accounts, filtered
    List(list::ListArgs),
    /// Show one account, and what belongs to it
    Get(GetArgs),
    /// Take up a company
    #[command(after_help = "Example:\n  revops account create --name 'Acme' --segment enterprise \
                            --owner ann --key")]
    Create(Box<create::CreateArgs>),
    #[command(flatten)]
    Change(change::Verb),
}

/// Which account to show, of which past.
#[derive(Debug, clap::Args)]
pub struct GetArgs {
    /// The account's id
    id: String,

    #[command(flatten)]
    when: When,

    /// The day for which to tell what contracts pay [default: that of the answer]
    #[arg(long, value_name = "D", value_parser = times::day)]
    day: Option<Date>,
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

/// The answer about one account.
#[derive(Debug, Serialize)]
struct One {
    #[serde(flatten)]
    standing: Standing,
    account: Account,
    #[serde(flatten)]
    belonging: Belonging,
}

impl Answer for One {
    fn standing(&self) -> Option<&Standing> {
        Some(&self.standing)
    }

    fn grid(&self) -> Grid {
        Grid::of_fields(self.account.told().into_iter().chain(self.belonging.fields()))
    }
}

async fn get(args: GetArgs, session: &Session) -> anyhow::Result<()> {
    let read_at = Some(args.when.read_at(session));
    let request = GetAccountRequest { account_id: args.id, read_at, day: args.day };
    let mut found = session.accounts().get_account(session.request(request)).await?.into_inner();
    session.output.answer(&One {
        standing: Standing::of(found.reflected.take()),
        account: Account::from(found.account.take().unwrap_or_default()),
        belonging: Belonging::from(found),
    })
}

async fn read(session: &Session, id: &str, read_at: ReadAt) -> Result<(Standing, Account), Status> {
    let (account_id, read_at) = (id.to_owned(), Some(read_at));
    let request = session.request(GetAccountRequest { account_id, read_at, day: None });
    let found = session.accounts().get_account(request).await?.into_inner();
    let account = found.account.unwrap_or_default();
    Ok((Standing::of(found.reflected), Account::from(account)))
}

/// Sends the command and shows the account as it left it. The command stands even when the account
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
