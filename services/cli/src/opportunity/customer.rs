//! `opportunity account|type|competitor|role`: whom a deal is with, and who else is there.

use api::opportunities::v1::{
    ChangeOpportunityAccountRequest, ChangeOpportunityContactRoleRequest,
    ChangeOpportunityTypeRequest, NameOpportunityCompetitorRequest, OpportunityType as SentType,
};
use api::types::v1::Recorded;
use clap::Subcommand;
use tonic::Status;

use super::opportunity_type::OpportunityType;
use crate::failure::Failure;
use crate::session::Session;
use crate::target::Target;

/// The verbs of a deal's customer.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Say whom a deal is to be sold to
    Account {
        #[command(flatten)]
        target: Target,
        /// The account's id
        #[arg(required_unless_present = "unknown", conflicts_with = "unknown")]
        account_id: Option<String>,
        /// The account is no longer known
        #[arg(long)]
        unknown: bool,
    },
    /// Say whether a deal is to a new customer or to one already there
    Type {
        #[command(flatten)]
        target: Target,
        /// The type
        #[arg(required_unless_present = "unknown", conflicts_with = "unknown")]
        opportunity_type: Option<OpportunityType>,
        /// The type is no longer known
        #[arg(long)]
        unknown: bool,
    },
    /// Say who else wants to sell there
    Competitor {
        #[command(flatten)]
        target: Target,
        /// Who, as a short key
        competitor: String,
        /// What is known about it
        #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
        comment: String,
    },
    /// Say what part a contact plays in a deal
    Role {
        #[command(flatten)]
        target: Target,
        /// The contact's id
        contact_id: String,
        /// The part, as a short key such as economic_buyer
        #[arg(required_unless_present = "none", conflicts_with = "none")]
        role: Option<String>,
        /// The contact plays none any more
        #[arg(long)]
        none: bool,
    },
}

/// Sends the command and shows the deal as it left it.
pub async fn run(verb: Verb, session: &Session) -> anyhow::Result<()> {
    let target = verb.target();
    let (id, request_id) = (target.id.clone(), target.repeatable.request_id());
    let recorded = send(verb, request_id.clone(), session)
        .await
        .map_err(|status| Failure::of_command(status, &request_id))?;
    super::report(session, id, recorded).await
}

impl Verb {
    fn target(&self) -> &Target {
        match self {
            Self::Account { target, .. }
            | Self::Type { target, .. }
            | Self::Competitor { target, .. }
            | Self::Role { target, .. } => target,
        }
    }
}

async fn send(verb: Verb, id: String, session: &Session) -> Result<Option<Recorded>, Status> {
    Ok(match verb {
        Verb::Account { target, account_id, .. } => {
            let account_id = account_id.unwrap_or_default();
            send!(
                session.change_opportunity_account,
                ChangeOpportunityAccountRequest,
                [target, id],
                [account_id]
            )
        }
        Verb::Type { target, opportunity_type, .. } => {
            let opportunity_type = opportunity_type.map_or(0, |it| SentType::from(it).into());
            send!(
                session.change_opportunity_type,
                ChangeOpportunityTypeRequest,
                [target, id],
                [opportunity_type]
            )
        }
        Verb::Competitor { target, competitor, comment: text } => send!(
            session.name_opportunity_competitor,
            NameOpportunityCompetitorRequest,
            [target, id],
            [competitor, text]
        ),
        Verb::Role { target, contact_id, role, .. } => {
            let role = role.unwrap_or_default();
            send!(
                session.change_opportunity_contact_role,
                ChangeOpportunityContactRoleRequest,
                [target, id],
                [contact_id, role]
            )
        }
    })
}
