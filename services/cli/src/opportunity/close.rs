//! `opportunity win|lose|abandon|reopen|void`: how a deal ends, goes on, or is corrected.

use api::google::r#type::Money;
use api::opportunities::v1::{
    AbandonOpportunityRequest, LoseOpportunityRequest, ReopenOpportunityRequest,
    VoidOpportunityCommandRequest, WinOpportunityRequest,
};
use api::types::v1::Recorded;
use clap::Subcommand;
use tonic::Status;

use crate::failure::Failure;
use crate::money;
use crate::recorded::Repeatable;
use crate::session::Session;
use crate::target::Target;

/// The verbs of a deal's end.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Close an open deal with an order
    Win {
        #[command(flatten)]
        target: Target,
        /// What was ordered [default: the amount so far]
        #[arg(long, value_parser = money::parse, allow_hyphen_values = true)]
        amount: Option<Money>,
        /// Why, as a short key
        #[arg(long, value_name = "CODE", default_value = "", hide_default_value = true)]
        reason: String,
        /// Why, in one's own words
        #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
        comment: String,
    },
    /// Close an open deal without an order
    Lose(Closing),
    /// Close an open deal on which nobody decided
    Abandon(Closing),
    /// Take a closed deal up again
    Reopen {
        #[command(flatten)]
        target: Target,
        /// The stage to continue in [default: the one it was closed from]
        #[arg(long, default_value = "", hide_default_value = true)]
        stage: String,
        /// Why, as a short key
        #[arg(long, value_name = "CODE", default_value = "", hide_default_value = true)]
        reason: String,
        /// Why, in one's own words
        #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
        comment: String,
    },
    /// Take back everything that one earlier command recorded; `history` shows the commands' ids
    Void {
        /// The deal's id
        id: String,
        /// The id of the command or report to take back
        command_id: String,
        /// Why, as a short key
        #[arg(long, value_name = "CODE")]
        reason: String,
        /// Why, in one's own words
        #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
        comment: String,
        #[command(flatten)]
        repeatable: Repeatable,
    },
}

/// What closing without an order takes.
#[derive(Debug, clap::Args)]
pub struct Closing {
    #[command(flatten)]
    target: Target,

    /// Why, as a short key
    #[arg(long, value_name = "CODE")]
    reason: String,

    /// Why, in one's own words
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    comment: String,
}

/// Sends the command and shows the deal as it left it.
pub async fn run(verb: Verb, session: &Session) -> anyhow::Result<()> {
    let (id, repeatable) = verb.target();
    let (id, request_id) = (id.clone(), repeatable.request_id());
    let recorded = send(verb, request_id.clone(), session)
        .await
        .map_err(|status| Failure::of_command(status, &request_id))?;
    super::report(session, id, recorded).await
}

impl Verb {
    fn target(&self) -> (&String, &Repeatable) {
        match self {
            Self::Win { target, .. }
            | Self::Lose(Closing { target, .. })
            | Self::Abandon(Closing { target, .. })
            | Self::Reopen { target, .. } => (&target.id, &target.repeatable),
            Self::Void { id, repeatable, .. } => (id, repeatable),
        }
    }
}

async fn send(verb: Verb, id: String, session: &Session) -> Result<Option<Recorded>, Status> {
    Ok(match verb {
        Verb::Win { target, amount, reason: reason_code, comment: reason } => send!(
            session.win_opportunity,
            WinOpportunityRequest,
            [target, id],
            [amount, reason_code, reason]
        ),
        Verb::Lose(Closing { target, reason: reason_code, comment: reason }) => send!(
            session.lose_opportunity,
            LoseOpportunityRequest,
            [target, id],
            [reason_code, reason]
        ),
        Verb::Abandon(Closing { target, reason: reason_code, comment: reason }) => send!(
            session.abandon_opportunity,
            AbandonOpportunityRequest,
            [target, id],
            [reason_code, reason]
        ),
        Verb::Reopen { target, stage, reason: reason_code, comment: reason } => send!(
            session.reopen_opportunity,
            ReopenOpportunityRequest,
            [target, id],
            [stage, reason_code, reason]
        ),
        Verb::Void { id: opportunity_id, command_id, reason, comment, repeatable } => {
            let message = VoidOpportunityCommandRequest {
                opportunity_id,
                request_id: id,
                etag: repeatable.etag,
                command_id,
                reason_code: reason,
                reason: comment,
            };
            let request = session.request(message);
            session.opportunities().void_opportunity_command(request).await?.into_inner().recorded
        }
    })
}
