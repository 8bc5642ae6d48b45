//! A person: a human being whose names and words can be forgotten without breaking the log.

use serde::{Deserialize, Serialize};

use crate::{Entity, Fault, Instant, Kind, Moment, Rejection, personal::Slot};

// ── Facts ────────────────────────────────────────────────────────────────────────────────────

/// The person's key is gone: everything sealed under it is unreadable from here on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erased {
    /// Why, as a code; empty when none was given.
    pub reason_code: String,
}

facts! {
    /// What can be recorded about a person.
    Erased = "person.erased.v1",
}

impl Fact {
    /// The places where it carries personal text: none.
    pub fn personal(&mut self) -> Vec<Slot<'_>> {
        match self {
            Fact::Erased(_) => Vec::new(),
        }
    }
}

// ── State ────────────────────────────────────────────────────────────────────────────────────

/// Whether somebody has been forgotten.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Person {
    /// When.
    pub erased_at: Option<Instant>,
}

// ── Commands, evolve and decide ──────────────────────────────────────────────────────────────

/// What may be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Forgets the person for good.
    Erase(Erased),
}

impl Entity for Person {
    type Fact = Fact;
    type Command = Command;
    const KIND: Kind = Kind::Person;

    fn fact(fact: &crate::Fact) -> Option<&Fact> {
        match fact {
            crate::Fact::Person(fact) => Some(fact),
            _ => None,
        }
    }

    fn evolve(&mut self, moment: &Moment, fact: &Fact) {
        match fact {
            Fact::Erased(_) => self.erased_at = self.erased_at.or(Some(moment.occurred_at)),
        }
    }

    fn decide(&self, command: &Command) -> Result<Vec<Fact>, Rejection> {
        match command {
            Command::Erase(_) if self.erased_at.is_some() => Ok(Vec::new()),
            Command::Erase(erased) => Ok(vec![Fact::Erased(erased.clone())]),
        }
    }

    fn faults(&self) -> &[Fault] {
        &[]
    }
}

#[cfg(test)]
mod tests;
