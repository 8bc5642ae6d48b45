//! `contract activate`: take up what was agreed.

use api::accounts::v1::ActivateContractRequest;
use api::google::r#type::Date;

use super::change::recurring;
use crate::failure::Failure;
use crate::session::Session;
use crate::target::{Creation, Paid};
use crate::times;

/// What was agreed.
#[derive(Debug, clap::Args)]
pub struct ActivateArgs {
    /// Whose it is, by the account's id
    #[arg(long, value_name = "UUID")]
    account: String,

    /// The deal that brought it, by id
    #[arg(long, default_value = "", hide_default_value = true, value_name = "UUID")]
    opportunity: String,

    /// What is paid for, by key or id
    #[arg(long, default_value = "", hide_default_value = true)]
    product: String,

    #[command(flatten)]
    paid: Paid,

    /// The first day
    #[arg(long, value_name = "D", value_parser = times::day)]
    starts: Date,

    /// The day on which it runs no longer [default: it goes on]
    #[arg(long, value_name = "D", value_parser = times::day)]
    ends: Option<Date>,

    #[command(flatten)]
    creation: Creation,
}

/// Activates the contract and shows it.
pub async fn run(args: ActivateArgs, session: &Session) -> anyhow::Result<()> {
    let request_id = args.creation.request_id();
    let request = ActivateContractRequest {
        contract_id: args.creation.id,
        request_id: request_id.clone(),
        external_id: args.creation.external_id,
        occurred_at: args.creation.at,
        account_id: args.account,
        opportunity_id: args.opportunity,
        product: args.product,
        recurring: Some(recurring(args.paid)),
        starts: Some(args.starts),
        ends: args.ends,
    };
    let activated = session.contracts().activate_contract(session.request(request)).await;
    let activated =
        activated.map_err(|status| Failure::of_command(status, &request_id))?.into_inner();
    super::report(session, activated.contract_id, activated.recorded).await
}
