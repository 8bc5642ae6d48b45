//! Ids that other systems have for an entity.

use serde::{Deserialize, Serialize};

use crate::Personal;

/// An id in a system of record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExternalId {
    /// The source's key.
    pub source: String,
    /// The record's key there.
    pub key: String,
}

/// An id in a system of record that may itself name a person, such as an e-mail address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonalExternalId {
    /// The source's key.
    pub source: String,
    /// The record's key there.
    pub key: Personal,
}
