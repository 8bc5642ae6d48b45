//! `contract`: what customers pay again and again.

mod activate;
mod change;
mod contract_shown;
mod list;

use api::accounts::v1::GetContractRequest;
use api::google::r#type::Date;
use api::types::v1::{ReadAt, Recorded};
use clap::Subcommand;
use serde::Serialize;
use tonic::Status;

pub use contract_shown::Contract;

use crate::failure::Failure;
use crate::grid::Grid;
use crate::output::Answer;
use crate::recorded::{Done, Shown as _, just_after};
use crate::session::Session;
use crate::standing::Standing;
use crate::times;
use crate::when::When;

/// The verbs of a contract.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// List contracts, filtered, with what is paid on a day
    List(list::ListArgs),
    /// Show one contract, and what is paid on a day
    Get(GetArgs),
    /// Take up what was agreed
    #[command(
        after_help = "Example:\n  revops contract activate --account ID --yearly '1200 USD' \
                            --starts 2026-02-01 --ends 2027-02-01"
    )]
    Activate(Box<activate::ActivateArgs>),
    #[command(flatten)]
    Change(change::Verb),
}

/// Which contract to show, of which past, on which day.
#[derive(Debug, clap::Args)]
pub struct GetArgs {
    /// The contract's id
    id: String,

    #[command(flatten)]
    when: When,

    /// The day for which to tell what is paid [default: that of the answer]
    #[arg(long, value_name = "D", value_parser = times::day)]
    day: Option<Date>,
}

/// Runs a verb.
pub async fn run(verb: Verb, session: &Session) -> anyhow::Result<()> {
    match verb {
        Verb::List(args) => list::run(args, session).await,
        Verb::Get(args) => get(args, session).await,
        Verb::Activate(args) => activate::run(*args, session).await,
        Verb::Change(verb) => change(verb, session).await,
    }
}

/// The answer about one contract.
#[derive(Debug, Serialize)]
struct One {
    #[serde(flatten)]
    standing: Standing,
    contract: Contract,
}

impl Answer for One {
    fn standing(&self) -> Option<&Standing> {
        Some(&self.standing)
    }

    fn grid(&self) -> Grid {
        self.contract.fields()
    }
}

async fn get(args: GetArgs, session: &Session) -> anyhow::Result<()> {
    let read_at = args.when.read_at(session);
    let (standing, contract) = read(session, &args.id, read_at, args.day).await?;
    session.output.answer(&One { standing, contract })
}

async fn read(
    session: &Session,
    id: &str,
    read_at: ReadAt,
    day: Option<Date>,
) -> Result<(Standing, Contract), Status> {
    let (contract_id, read_at) = (id.to_owned(), Some(read_at));
    let request = session.request(GetContractRequest { contract_id, read_at, day });
    let found = session.contracts().get_contract(request).await?.into_inner();
    let contract = found.contract.unwrap_or_default();
    Ok((Standing::of(found.reflected), Contract::from(contract)))
}

/// Sends the command and shows the contract as it left it. The command stands even when the contract
/// cannot be read now, or is no longer there because its beginning was voided.
async fn change(verb: change::Verb, session: &Session) -> anyhow::Result<()> {
    let (id, repeatable) = verb.target();
    let (id, request_id) = (id.clone(), repeatable.request_id());
    let recorded = change::send(verb, request_id.clone(), session).await;
    let recorded = recorded.map_err(|status| Failure::of_command(status, &request_id))?;
    report(session, id, recorded).await
}

async fn report(session: &Session, id: String, recorded: Option<Recorded>) -> anyhow::Result<()> {
    let after = read(session, &id, just_after(recorded.as_ref()), None).await.ok();
    Done::new(id, recorded, after).report(&session.output)
}
