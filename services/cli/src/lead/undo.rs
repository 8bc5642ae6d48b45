//! `lead unmerge|unconvert|void`: take something back as if it had never been.

use api::leads::v1::{UnconvertLeadRequest, UnmergeLeadsRequest, VoidLeadCommandRequest};
use api::types::v1::Recorded;
use clap::Subcommand;
use tonic::Status;

use crate::failure::Failure;
use crate::recorded::Repeatable;
use crate::session::Session;

/// The verbs that take something back.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Take the merge of a lead into another back, in both
    Unmerge(Undoing),
    /// Take a conversion back, in the lead and in everything that it made
    Unconvert(Undoing),
    /// Take back everything that one earlier command recorded; `history` shows the commands' ids
    Void {
        #[command(flatten)]
        undoing: Undoing,
        /// The id of the command or report to take back
        command_id: String,
    },
}

/// Which lead, and why.
#[derive(Debug, clap::Args)]
pub struct Undoing {
    /// The lead's id
    id: String,

    /// Why, as a short key
    #[arg(long, value_name = "CODE")]
    reason: String,

    /// Why, in one's own words
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    comment: String,

    #[command(flatten)]
    repeatable: Repeatable,
}

/// Sends the command and shows the lead as it left it.
pub async fn run(verb: Verb, session: &Session) -> anyhow::Result<()> {
    let (Verb::Unmerge(undoing) | Verb::Unconvert(undoing) | Verb::Void { undoing, .. }) = &verb;
    let (id, request_id) = (undoing.id.clone(), undoing.repeatable.request_id());
    let recorded = send(verb, request_id.clone(), session)
        .await
        .map_err(|status| Failure::of_command(status, &request_id))?;
    super::report(session, id, recorded).await
}

async fn send(
    verb: Verb,
    request_id: String,
    session: &Session,
) -> Result<Option<Recorded>, Status> {
    macro_rules! undo {
        ($call:ident, $message:ident, $undoing:ident $(, $field:ident)?) => {{
            let message = $message {
                lead_id: $undoing.id,
                request_id,
                etag: $undoing.repeatable.etag,
                reason_code: $undoing.reason,
                reason: $undoing.comment,
                $($field)?
            };
            session.leads().$call(session.request(message)).await?.into_inner().recorded
        }};
    }
    Ok(match verb {
        Verb::Unmerge(undoing) => undo!(unmerge_leads, UnmergeLeadsRequest, undoing),
        Verb::Unconvert(undoing) => undo!(unconvert_lead, UnconvertLeadRequest, undoing),
        Verb::Void { undoing, command_id } => {
            undo!(void_lead_command, VoidLeadCommandRequest, undoing, command_id)
        }
    })
}
