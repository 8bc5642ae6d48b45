//! The fact by which any entity takes back what another command recorded of it.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Reason;

/// Another command's facts are taken back, at every instant, from this position on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Voided {
    /// The command.
    pub command_id: Uuid,
    /// Why.
    pub reason: Reason,
}
