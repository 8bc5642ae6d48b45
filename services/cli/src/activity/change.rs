//! `activity outcome|complete|cancel|note|void`: what becomes of an activity.

use api::accounts::v1::{
    CancelActivityRequest, CompleteActivityRequest, NoteActivityRequest,
    RecordActivityOutcomeRequest, VoidActivityCommandRequest,
};
use api::types::v1::Recorded;
use clap::Subcommand;
use tonic::Status;

use crate::recorded::Repeatable;
use crate::session::Session;
use crate::target::{Target, Voiding, Why, send, send_void};

/// The verbs of an activity that is there.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Say what came of it
    Outcome {
        #[command(flatten)]
        target: Target,
        /// What, as a short key such as connected or no_show
        outcome: String,
    },
    /// Say that it is done
    Complete {
        #[command(flatten)]
        target: Target,
    },
    /// Say that it will not take place
    Cancel {
        #[command(flatten)]
        target: Target,
        #[command(flatten)]
        why: Why,
    },
    /// Add a note
    Note {
        #[command(flatten)]
        target: Target,
        /// The note
        text: String,
    },
    /// Take back everything that one earlier command recorded; `history` shows the commands' ids
    Void(Voiding),
}

impl Verb {
    /// The activity's id, and what makes the command repeatable.
    pub fn target(&self) -> (&String, &Repeatable) {
        match self {
            Self::Outcome { target, .. }
            | Self::Complete { target }
            | Self::Cancel { target, .. }
            | Self::Note { target, .. } => (&target.id, &target.repeatable),
            Self::Void(voiding) => (&voiding.id, &voiding.repeatable),
        }
    }
}

/// Sends the command.
pub async fn send(verb: Verb, id: String, session: &Session) -> Result<Option<Recorded>, Status> {
    Ok(match verb {
        Verb::Outcome { target, outcome } => send!(
            session.activities.record_activity_outcome,
            RecordActivityOutcomeRequest,
            [activity_id: target, id],
            [outcome]
        ),
        Verb::Complete { target } => send!(
            session.activities.complete_activity,
            CompleteActivityRequest,
            [activity_id: target, id],
            []
        ),
        Verb::Cancel { target, why } => send!(
            session.activities.cancel_activity,
            CancelActivityRequest,
            [activity_id: target, id],
            [reason_code: why.reason, reason: why.comment]
        ),
        Verb::Note { target, text } => send!(
            session.activities.note_activity,
            NoteActivityRequest,
            [activity_id: target, id],
            [text]
        ),
        Verb::Void(voiding) => send_void!(
            session.activities.void_activity_command,
            VoidActivityCommandRequest,
            [activity_id: voiding, id]
        ),
    })
}
