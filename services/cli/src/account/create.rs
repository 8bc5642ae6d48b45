//! `account create`: take up a company.

use api::accounts::v1::CreateAccountRequest;

use crate::failure::Failure;
use crate::session::Session;
use crate::target::Creation;

/// What is known of the company.
#[derive(Debug, clap::Args)]
pub struct CreateArgs {
    /// What people call it
    #[arg(long, default_value = "", hide_default_value = true)]
    name: String,

    /// Its domain on the web
    #[arg(long, default_value = "", hide_default_value = true)]
    domain: String,

    /// The account that it belongs to, by id
    #[arg(long, default_value = "", hide_default_value = true, value_name = "UUID")]
    parent: String,

    /// Its segment, as a short key such as enterprise
    #[arg(long, default_value = "", hide_default_value = true)]
    segment: String,

    /// It is a key account
    #[arg(long)]
    key: bool,

    /// The user who answers for it, by key or id
    #[arg(long, default_value = "", hide_default_value = true)]
    owner: String,

    #[command(flatten)]
    creation: Creation,
}

/// Creates the account and shows it.
pub async fn run(args: CreateArgs, session: &Session) -> anyhow::Result<()> {
    let request_id = args.creation.request_id();
    let request = CreateAccountRequest {
        account_id: args.creation.id,
        request_id: request_id.clone(),
        external_id: args.creation.external_id,
        occurred_at: args.creation.at,
        name: args.name,
        domain: args.domain,
        parent_account_id: args.parent,
        segment: args.segment,
        key_account: args.key,
        owner: args.owner,
    };
    let created = session.accounts().create_account(session.request(request)).await;
    let created = created.map_err(|status| Failure::of_command(status, &request_id))?.into_inner();
    super::report(session, created.account_id, created.recorded).await
}
