//! An objection: why something does not fit an entity as it stands.
//!
//! One rule serves both doors: whoever asks for it is refused, and what a system of record saw all
//! the same is recorded with a fault. So a decision can never leave a fault.

use crate::{Fault, Moment, Rejection, RejectionKind};

/// Why something does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Objection {
    kind: RejectionKind,
    word: &'static str,
    field: &'static str,
    but: String,
    advice: &'static str,
}

impl Objection {
    /// What it speaks of does not exist.
    pub(crate) fn not_found(
        word: &'static str,
        field: &'static str,
        but: impl Into<String>,
        advice: &'static str,
    ) -> Objection {
        Objection { kind: RejectionKind::NotFound, word, field, but: but.into(), advice }
    }

    /// It exists already.
    pub(crate) fn exists(
        word: &'static str,
        field: &'static str,
        but: impl Into<String>,
        advice: &'static str,
    ) -> Objection {
        Objection { kind: RejectionKind::Exists, word, field, but: but.into(), advice }
    }

    /// It is wrong in itself.
    pub(crate) fn invalid(
        word: &'static str,
        field: &'static str,
        but: impl Into<String>,
        advice: &'static str,
    ) -> Objection {
        Objection { kind: RejectionKind::Invalid, word, field, but: but.into(), advice }
    }

    /// The state does not allow it now.
    pub(crate) fn precondition(
        word: &'static str,
        but: impl Into<String>,
        advice: &'static str,
    ) -> Objection {
        Objection { kind: RejectionKind::Precondition, word, field: "", but: but.into(), advice }
    }

    /// What is answered to somebody who asks for it.
    pub(crate) fn refusal(self) -> Rejection {
        let message = format!("{}; {}", self.but, self.advice);
        Rejection { kind: self.kind, reason: self.word, field: self.field.to_owned(), message }
    }

    /// What stays when it is recorded all the same, as a fact of this stable name.
    pub(crate) fn fault(self, moment: &Moment, name: &str) -> Fault {
        let what = name.split('.').nth(1).unwrap_or(name).replace('_', " ");
        Fault::at(moment, self.word, format!("{what} although {}", self.but))
    }
}

/// The answer to somebody who asks for a fact: nothing when it is so already, or else the fact,
/// unless something is against it.
pub(crate) fn answer<F>(
    is_so: bool,
    objection: Option<Objection>,
    fact: F,
) -> Result<Vec<F>, Rejection> {
    match objection {
        _ if is_so => Ok(Vec::new()),
        None => Ok(vec![fact]),
        Some(objection) => Err(objection.refusal()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Instant, testing::id};

    #[test]
    fn it_reads_as_a_refusal_and_as_a_fault() {
        let merged = || Objection::precondition("LEAD_MERGED", "the lead is merged", "undo it");
        assert_eq!(merged().refusal().message, "the lead is merged; undo it");
        let (occurred_at, command_id) = (Instant(1), id(1));
        let moment = Moment { occurred_at, source_seq: 0, command_id, index: 0 };
        let fault = merged().fault(&moment, "lead.handed_over.v1");
        assert_eq!(fault.detail, "handed over although the lead is merged");
        assert_eq!(fault.kind, "LEAD_MERGED");
    }
}
