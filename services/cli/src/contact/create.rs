//! `contact create`: take up a person.

use api::accounts::v1::CreateContactRequest;

use super::change::Details;
use crate::failure::Failure;
use crate::session::Session;
use crate::target::Creation;

/// What is known of the person.
#[derive(Debug, clap::Args)]
pub struct CreateArgs {
    /// The account that they belong to, by id
    #[arg(long, default_value = "", hide_default_value = true, value_name = "UUID")]
    account: String,

    #[command(flatten)]
    details: Details,

    #[command(flatten)]
    creation: Creation,
}

/// Creates the contact and shows it.
pub async fn run(args: CreateArgs, session: &Session) -> anyhow::Result<()> {
    let request_id = args.creation.request_id();
    let request = CreateContactRequest {
        contact_id: args.creation.id,
        request_id: request_id.clone(),
        external_id: args.creation.external_id,
        occurred_at: args.creation.at,
        account_id: args.account,
        name: args.details.name,
        email: args.details.email,
        phone: args.details.phone,
        title: args.details.title,
    };
    let created = session.contacts().create_contact(session.request(request)).await;
    let created = created.map_err(|status| Failure::of_command(status, &request_id))?.into_inner();
    super::report(session, created.contact_id, created.recorded).await
}
