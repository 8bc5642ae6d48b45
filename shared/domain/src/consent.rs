//! Consent: for which purposes somebody may be addressed.

use serde::{Deserialize, Serialize};

use crate::Instant;

/// Somebody gave or withdrew their consent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentChanged {
    /// What for: a code, such as `newsletter`.
    pub purpose: String,
    /// Given, or withdrawn.
    pub granted: bool,
}

/// How the consent for one purpose stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Consent {
    /// Given, or withdrawn.
    pub granted: bool,
    /// Since when.
    pub since: Instant,
}
