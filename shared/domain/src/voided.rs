//! The facts by which an entity takes back what another command recorded of it.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{PersonId, Reason};

/// Another command's facts are taken back, at every instant, from this position on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Voided {
    /// The command.
    pub command_id: Uuid,
    /// Why.
    pub reason: Reason,
}

/// The same of an entity that stands for a person, under whose key the words are sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonalVoided {
    /// The command.
    pub command_id: Uuid,
    /// The person whose key seals the words.
    pub person: PersonId,
    /// Why.
    pub reason: Reason,
}
