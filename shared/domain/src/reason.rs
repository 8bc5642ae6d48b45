//! Why something was decided, as every kind of entity says it.

use serde::{Deserialize, Serialize};

use crate::Personal;

/// Why something was decided: a stable code to count by, and words for people.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// `[a-z0-9_]{0,64}`; empty when none was given.
    pub code: String,
    /// In somebody's own words.
    pub text: Option<Personal>,
}

impl Reason {
    /// Whether it says no more than a reason given before: the same code, or none.
    pub(crate) fn repeats(&self, before: &Reason) -> bool {
        self.code.is_empty() || self.code == before.code
    }
}
