//! Orders: a command on its way into the log, and what comes back.

use domain::{Kind, Rejection};
use event_log::{Origin, Word};
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use uuid::Uuid;

use crate::{
    desk::{Decision, Desk, Undecided},
    timelines::{EntityRef, TimelineError},
    vault::VaultError,
};

/// Chooses the facts. Called again when another process was faster, so it must be repeatable.
pub type Decide = Box<dyn Fn(&Desk<'_>) -> Result<Vec<Decision>, Undecided> + Send>;

/// A command: who asks for what, of which entity.
pub struct Order {
    /// The tenant.
    pub tenant: Word,
    /// The kind of the entity that it is addressed to.
    pub kind: Kind,
    /// The entity that it is addressed to, whose timeline remembers the command.
    pub id: Uuid,
    /// The command's own id: the request id, or a report's.
    pub command_id: Uuid,
    /// Keyed hash of what was asked.
    pub fingerprint: [u8; 16],
    /// Who asks.
    pub actor: Word,
    /// What reported it; `None` for a person.
    pub origin: Option<Origin>,
    /// What it belongs to.
    pub correlation_id: Uuid,
    /// The command that led to it.
    pub causation_id: Option<Uuid>,
    /// The position that the caller has seen the entity at; `None` when that does not matter.
    pub expected: Option<u64>,
    /// The rules.
    pub decide: Decide,
}

impl Order {
    /// The entity that it is addressed to.
    pub fn entity(&self) -> EntityRef {
        EntityRef { tenant: self.tenant.clone(), kind: self.kind, id: self.id }
    }
}

/// What a command came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Answer {
    /// Where it is in the log; the latest position when it recorded nothing.
    pub position: u64,
    /// The entity's latest position.
    pub etag: u64,
    /// Whether anything was recorded.
    pub changed: bool,
    /// Whether it had been asked before.
    pub repeated: bool,
}

/// Why a command was not recorded.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Refusal {
    /// The rules say no.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// Too many commands wait already.
    #[error("too many commands are waiting: try again in a moment")]
    Busy,
    /// Not recorded for a reason that may pass.
    #[error("not recorded: {0}")]
    Unavailable(String),
    /// Nobody can tell in time; the same request id finds out.
    #[error("no answer from the log in time: ask again with the same request id")]
    Unknown,
    /// The process no longer takes commands.
    #[error("commands are not taken any more: {0}")]
    Stopped(String),
    /// Our own fault.
    #[error("internal: {0}")]
    Internal(String),
}

impl From<TimelineError> for Refusal {
    fn from(error: TimelineError) -> Refusal {
        Refusal::Internal(error.to_string())
    }
}

impl From<VaultError> for Refusal {
    fn from(error: VaultError) -> Refusal {
        match error {
            VaultError::Keys(_) | VaultError::NoKey(_) => Refusal::Unavailable(error.to_string()),
            _ => Refusal::Internal(error.to_string()),
        }
    }
}

/// Where the answer goes. Holds the command's place among those that may wait until it is answered.
pub struct Reply {
    to: oneshot::Sender<Result<Answer, Refusal>>,
    _place: Option<OwnedSemaphorePermit>,
}

impl Reply {
    /// A reply and the end at which it is awaited.
    pub fn new() -> (Reply, oneshot::Receiver<Result<Answer, Refusal>>) {
        let (to, receiver) = oneshot::channel();
        (Reply { to, _place: None }, receiver)
    }

    /// The same for a command that takes one of a limited number of places.
    pub fn in_place(
        place: OwnedSemaphorePermit,
    ) -> (Reply, oneshot::Receiver<Result<Answer, Refusal>>) {
        let (to, receiver) = oneshot::channel();
        (Reply { to, _place: Some(place) }, receiver)
    }

    /// Answers. Nobody may be waiting any more, which is their right.
    pub fn send(self, answer: Result<Answer, Refusal>) {
        let _ = self.to.send(answer);
    }
}
