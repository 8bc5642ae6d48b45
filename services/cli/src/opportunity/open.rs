//! `opportunity open`: begin a deal.

use api::google::r#type::{Date, Money};
use api::opportunities::v1::OpenOpportunityRequest;
use api::types::v1::ExternalId;
use prost_types::Timestamp;

use crate::failure::Failure;
use crate::recorded::new_request_id;
use crate::session::Session;
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

fn external_id(text: &str) -> Result<ExternalId, String> {
    match text.split_once(':') {
        Some((source, key)) if !source.is_empty() && !key.is_empty() => {
            Ok(ExternalId { source: source.to_owned(), key: key.to_owned() })
        }
        _ => Err("write the source and its key, as in salesforce:0065g00000".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::external_id;

    #[test]
    fn an_external_id_has_a_source_and_a_key_which_may_hold_colons() {
        let id = external_id("crm:a:b").unwrap();
        assert_eq!((id.source.as_str(), id.key.as_str()), ("crm", "a:b"));
        for wrong in ["crm", ":a", "crm:"] {
            assert!(external_id(wrong).is_err(), "{wrong}");
        }
    }
}
