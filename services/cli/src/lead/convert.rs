//! `lead convert`: make a contact of a lead, at an account, with or without a deal.

use api::google::r#type::{Date, Money};
use api::leads::v1::{ConvertLeadRequest, NewLeadAccount, NewLeadOpportunity};

use crate::failure::Failure;
use crate::session::Session;
use crate::target::Target;
use crate::{money, times};

/// What the lead becomes.
#[derive(Debug, clap::Args)]
pub struct ConvertArgs {
    #[command(flatten)]
    target: Target,

    /// The account, by id [default: a new one]
    #[arg(long, default_value = "", hide_default_value = true, value_name = "UUID")]
    account: String,

    /// What people call the new account [default: the lead's company]
    #[arg(long, value_name = "NAME", conflicts_with = "account")]
    account_name: Option<String>,

    /// The new account's domain on the web
    #[arg(long, value_name = "DOMAIN", conflicts_with = "account")]
    account_domain: Option<String>,

    /// The new account's segment, as a short key
    #[arg(long, value_name = "CODE", conflicts_with = "account")]
    account_segment: Option<String>,

    /// The contact, by id [default: a new one]
    #[arg(long, default_value = "", hide_default_value = true, value_name = "UUID")]
    contact: String,

    /// The deal, by id [default: none, or a new one with --pipeline]
    #[arg(long, default_value = "", hide_default_value = true, value_name = "UUID")]
    opportunity: String,

    #[command(flatten)]
    deal: Deal,
}

/// What is known of a new deal.
#[derive(Debug, clap::Args)]
struct Deal {
    /// Open a deal in this pipeline, by key or id
    #[arg(long, conflicts_with = "opportunity")]
    pipeline: Option<String>,

    /// What people call the deal
    #[arg(long, default_value = "", hide_default_value = true, requires = "pipeline")]
    deal_name: String,

    /// The stage to begin in [default: the first open one]
    #[arg(long, default_value = "", hide_default_value = true, requires = "pipeline")]
    stage: String,

    /// What it is expected to bring, as in '2360.91 USD'
    #[arg(long, value_parser = money::parse, allow_hyphen_values = true, requires = "pipeline")]
    amount: Option<Money>,

    /// The day on which it is expected to close
    #[arg(long, value_name = "D", value_parser = times::day, requires = "pipeline")]
    close_date: Option<Date>,

    /// The user who works it, by key or id [default: the lead's owner]
    #[arg(long, default_value = "", hide_default_value = true, requires = "pipeline")]
    owner: String,

    /// The product to be sold, by key or id
    #[arg(long, default_value = "", hide_default_value = true, requires = "pipeline")]
    product: String,
}

/// Converts the lead and shows it as that left it.
pub async fn run(args: ConvertArgs, session: &Session) -> anyhow::Result<()> {
    let (id, request_id) = (args.target.id.clone(), args.target.repeatable.request_id());
    let request = args.into_request(request_id.clone());
    let converted = session
        .leads()
        .convert_lead(session.request(request))
        .await
        .map_err(|status| Failure::of_command(status, &request_id))?
        .into_inner();
    super::report(session, id, converted.recorded).await
}

impl ConvertArgs {
    fn into_request(self, request_id: String) -> ConvertLeadRequest {
        let given = [&self.account_name, &self.account_domain, &self.account_segment];
        let account = given.iter().any(|it| it.is_some()).then(|| NewLeadAccount {
            name: self.account_name.clone().unwrap_or_default(),
            domain: self.account_domain.clone().unwrap_or_default(),
            segment: self.account_segment.clone().unwrap_or_default(),
        });
        let Deal { pipeline, deal_name, stage, amount, close_date, owner, product } = self.deal;
        let opportunity = pipeline.map(|pipeline| NewLeadOpportunity {
            name: deal_name,
            pipeline,
            stage,
            amount,
            close_date,
            owner,
            product,
        });
        ConvertLeadRequest {
            lead_id: self.target.id,
            request_id,
            etag: self.target.repeatable.etag,
            occurred_at: self.target.at,
            account_id: self.account,
            account,
            contact_id: self.contact,
            opportunity_id: self.opportunity,
            opportunity,
        }
    }
}
