//! What entities of every kind have in common, as JSON and tables show it.

use api::leads::v1 as leads;
use api::opportunities::v1 as opportunities;
use api::types::v1 as sent;
use serde::Serialize;

use crate::grid::Cell;
use crate::times;

/// An id in another system.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExternalId {
    source: String,
    key: String,
}

impl From<sent::ExternalId> for ExternalId {
    fn from(id: sent::ExternalId) -> Self {
        Self { source: id.source, key: id.key }
    }
}

/// An id in another system that may itself tell who somebody is; nothing once they were erased.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PersonalExternalId {
    pub source: String,
    pub key: Option<String>,
}

/// Whether somebody agreed to a purpose, and since when.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Consent {
    pub purpose: String,
    pub granted: bool,
    pub since: Option<String>,
}

/// External ids in a line, as they are typed.
pub fn external_ids(ids: &[ExternalId]) -> Cell {
    let ids: Vec<String> = ids.iter().map(|it| format!("{}:{}", it.source, it.key)).collect();
    Cell::text(ids.join(" "))
}

/// A data-quality fault.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Fault {
    kind: String,
    detail: String,
    at: Option<String>,
    command_id: String,
}

impl From<opportunities::Fault> for Fault {
    fn from(fault: opportunities::Fault) -> Self {
        Self {
            kind: fault.kind,
            detail: fault.detail,
            at: fault.at.as_ref().map(times::show),
            command_id: fault.command_id,
        }
    }
}

impl From<leads::LeadFault> for Fault {
    fn from(fault: leads::LeadFault) -> Self {
        Self {
            kind: fault.kind,
            detail: fault.detail,
            at: fault.at.as_ref().map(times::show),
            command_id: fault.command_id,
        }
    }
}

/// Faults as fields of a table.
pub fn faults(faults: &[Fault]) -> impl Iterator<Item = (String, Cell)> + '_ {
    faults.iter().enumerate().map(|(index, fault)| {
        let at = fault.at.as_deref().unwrap_or_default();
        let text = format!("{} at {at}: {} ({})", fault.kind, fault.detail, fault.command_id);
        (format!("fault_{}", index + 1), Cell::text(text))
    })
}

/// A text that may be missing.
pub fn maybe(text: &Option<String>) -> Cell {
    Cell::text(text.as_deref().unwrap_or_default())
}
