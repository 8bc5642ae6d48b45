//! `opportunity open`: begin a deal.

use api::google::r#type::{Date, Money};
use api::opportunities::v1::{OpenOpportunityRequest, OpportunityType as SentType};
use api::types::v1::ExternalId;
use prost_types::Timestamp;

use super::opportunity_type::OpportunityType;
use crate::failure::Failure;
use crate::recorded::new_request_id;
use crate::session::Session;
use crate::target::external_id;
use crate::{money, times};

/// What is known of the new deal.
#[derive(Debug, clap::Args)]
pub struct OpenArgs {
    /// The pipeline, by key or id
    #[arg(long)]
    pipeline: String,

    /// What people call the deal
    #[arg(long, default_value = "", hide_default_value = true)]
    name: String,

    /// The stage to begin in [default: the first open one]
    #[arg(long, default_value = "", hide_default_value = true)]
    stage: String,

    /// What it is expected to bring, as in '2360.91 USD'
    #[arg(long, value_parser = money::parse, allow_hyphen_values = true)]
    amount: Option<Money>,

    /// The day on which it is expected to close
    #[arg(long, value_name = "D", value_parser = times::day)]
    close_date: Option<Date>,

    /// The user who works it, by key or id
    #[arg(long, default_value = "", hide_default_value = true)]
    owner: String,

    /// The product to be sold, by key or id
    #[arg(long, default_value = "", hide_default_value = true)]
    product: String,

    /// The account to be sold to, by id
    #[arg(long, default_value = "", hide_default_value = true, value_name = "UUID")]
    account: String,

    /// Whether it is to a new customer or to one already there
    #[arg(long = "type", value_enum, value_name = "TYPE")]
    opportunity_type: Option<OpportunityType>,

    /// When it happened, if not now
    #[arg(long, value_name = "T", value_parser = times::instant)]
    at: Option<Timestamp>,

    /// What another system calls the deal
    #[arg(long, value_name = "SOURCE:KEY", value_parser = external_id)]
    external_id: Option<ExternalId>,

    /// The new deal's id [default: made from the external id or the request id]
    #[arg(long, default_value = "", hide_default_value = true, value_name = "UUID")]
    id: String,

    /// A UUID that makes the command safe to repeat [default: a new one]
    #[arg(long, value_name = "UUID")]
    request_id: Option<String>,
}

/// Opens the deal, shows it, and says how to go on.
pub async fn run(args: OpenArgs, session: &Session) -> anyhow::Result<()> {
    let request_id = args.request_id.unwrap_or_else(new_request_id);
    let request = OpenOpportunityRequest {
        opportunity_id: args.id,
        request_id: request_id.clone(),
        external_id: args.external_id,
        occurred_at: args.at,
        name: args.name,
        pipeline: args.pipeline,
        stage: args.stage,
        amount: args.amount,
        close_date: args.close_date,
        owner: args.owner,
        product: args.product,
        account_id: args.account,
        opportunity_type: args.opportunity_type.map_or(0, |it| SentType::from(it).into()),
    };
    let opened = session
        .opportunities()
        .open_opportunity(session.request(request))
        .await
        .map_err(|status| Failure::of_command(status, &request_id))?
        .into_inner();
    let id = opened.opportunity_id;
    super::report(session, id.clone(), opened.recorded).await?;
    session.output.note(format!("next: revops opportunity move {id} STAGE"));
    Ok(())
}
