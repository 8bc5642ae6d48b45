//! Why a command was refused: a kind, a stable reason, the field, and a sentence for a person.

/// How a caller should understand a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RejectionKind {
    /// What was named does not exist.
    NotFound,
    /// The request itself is wrong, whatever the state.
    Invalid,
    /// It exists already, or somebody else changed it meanwhile.
    Exists,
    /// The caller's etag is no longer the latest.
    Stale,
    /// The state does not allow it now.
    Precondition,
}

/// A refused command. Nothing was recorded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Rejection {
    /// The kind, which decides the gRPC code.
    pub kind: RejectionKind,
    /// A stable UPPER_SNAKE word that programs may compare.
    pub reason: &'static str,
    /// The request's field that is at fault; empty when none is.
    pub field: String,
    /// What is wrong and what to do, in a sentence.
    pub message: String,
}

impl Rejection {
    /// What was named does not exist.
    pub fn not_found(reason: &'static str, field: &str, message: impl Into<String>) -> Self {
        Self::new(RejectionKind::NotFound, reason, field, message)
    }

    /// The request itself is wrong.
    pub fn invalid(reason: &'static str, field: &str, message: impl Into<String>) -> Self {
        Self::new(RejectionKind::Invalid, reason, field, message)
    }

    /// It exists already.
    pub fn exists(reason: &'static str, field: &str, message: impl Into<String>) -> Self {
        Self::new(RejectionKind::Exists, reason, field, message)
    }

    /// The state does not allow it now.
    pub fn precondition(reason: &'static str, message: impl Into<String>) -> Self {
        Self::new(RejectionKind::Precondition, reason, "", message)
    }

    /// The caller decided on an older state.
    pub fn stale(message: impl Into<String>) -> Self {
        Self::new(RejectionKind::Stale, "STALE_ETAG", "etag", message)
    }

    fn new(
        kind: RejectionKind,
        reason: &'static str,
        field: &str,
        message: impl Into<String>,
    ) -> Self {
        Rejection { kind, reason, field: field.to_owned(), message: message.into() }
    }
}
