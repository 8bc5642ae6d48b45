//! `lead capture`: take somebody up as a lead.

use api::leads::v1::CaptureLeadRequest;
use api::types::v1::ExternalId;
use prost_types::Timestamp;

use crate::failure::Failure;
use crate::recorded::new_request_id;
use crate::session::Session;
use crate::times;

/// What is known of the new lead.
#[derive(Debug, clap::Args)]
pub struct CaptureArgs {
    #[command(flatten)]
    details: Details,

    /// Where it came from, as a short key
    #[arg(long, default_value = "", hide_default_value = true, value_name = "CODE")]
    channel: String,

    /// The campaign that brought it, as a short key
    #[arg(long, default_value = "", hide_default_value = true, value_name = "CODE")]
    campaign: String,

    /// The user who works it, by key or id
    #[arg(long, default_value = "", hide_default_value = true)]
    owner: String,

    /// When it happened, if not now
    #[arg(long, value_name = "T", value_parser = times::instant)]
    at: Option<Timestamp>,

    /// What another system calls the lead
    #[arg(long, value_name = "SOURCE:KEY", value_parser = external_id)]
    external_id: Option<ExternalId>,

    /// The new lead's id [default: made from the external id or the request id]
    #[arg(long, default_value = "", hide_default_value = true, value_name = "UUID")]
    id: String,

    /// A UUID that makes the command safe to repeat [default: a new one]
    #[arg(long, value_name = "UUID")]
    request_id: Option<String>,
}

/// Who a lead is.
#[derive(Clone, Debug, clap::Args)]
pub struct Details {
    /// The person's name
    #[arg(long, default_value = "", hide_default_value = true)]
    pub name: String,

    /// Their e-mail address
    #[arg(long, default_value = "", hide_default_value = true)]
    pub email: String,

    /// Their phone number
    #[arg(long, default_value = "", hide_default_value = true)]
    pub phone: String,

    /// The company that they work for
    #[arg(long, default_value = "", hide_default_value = true)]
    pub company: String,

    /// What they are there
    #[arg(long, default_value = "", hide_default_value = true)]
    pub title: String,
}

/// Captures the lead, shows it, and says what it seems to be a duplicate of.
pub async fn run(args: CaptureArgs, session: &Session) -> anyhow::Result<()> {
    let request_id = args.request_id.unwrap_or_else(new_request_id);
    let Details { name, email, phone, company, title } = args.details;
    let request = CaptureLeadRequest {
        lead_id: args.id,
        request_id: request_id.clone(),
        external_id: args.external_id,
        occurred_at: args.at,
        name,
        email,
        phone,
        company,
        title,
        channel: args.channel,
        campaign: args.campaign,
        owner: args.owner,
    };
    let captured = session
        .leads()
        .capture_lead(session.request(request))
        .await
        .map_err(|status| Failure::of_command(status, &request_id))?
        .into_inner();
    let id = captured.lead_id;
    super::report(session, id.clone(), captured.recorded).await?;
    let found = captured.duplicates.len() as u64 + captured.duplicates_left_out;
    session.output.note(match captured.duplicates.first() {
        None => format!("next: revops lead work {id}"),
        Some(first) => format!(
            "seems to be the same as {found} others: revops lead merge {id} {}, or dismiss",
            first.lead_id
        ),
    });
    Ok(())
}

fn external_id(text: &str) -> Result<ExternalId, String> {
    match text.split_once(':') {
        Some((source, key)) if !source.is_empty() && !key.is_empty() => {
            Ok(ExternalId { source: source.to_owned(), key: key.to_owned() })
        }
        _ => Err("write the source and its key, as in salesforce:00Q5g00000".to_owned()),
    }
}
