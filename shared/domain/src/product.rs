//! A product: something that is sold, and its list price.

use serde::{Deserialize, Serialize};

use crate::{Entity, Fault, Kind, Moment, Money, Rejection, personal::Slot};

// ── Facts ────────────────────────────────────────────────────────────────────────────────────

/// What holds from the instant at which it takes effect; the definition before it stays readable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Defined {
    /// Its key.
    pub key: String,
    /// What people call it.
    pub name: String,
    /// What it costs before any discount.
    pub list_price: Option<Money>,
    /// No longer sold.
    pub retired: bool,
}

facts! {
    /// What can be recorded about a product.
    Defined = "product.defined.v1",
}

impl Fact {
    /// The places where it carries personal text.
    pub fn personal(&mut self) -> Vec<Slot<'_>> {
        match self {
            Fact::Defined(_) => Vec::new(),
        }
    }
}

// ── State ────────────────────────────────────────────────────────────────────────────────────

/// The definition in force, if any.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Product {
    /// As it was defined last.
    pub definition: Option<Defined>,
}

// ── Commands, evolve and decide ──────────────────────────────────────────────────────────────

/// What may be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Lets a definition hold from the command's instant on.
    Define(Defined),
}

impl Entity for Product {
    type Fact = Fact;
    type Command = Command;
    const KIND: Kind = Kind::Product;

    fn fact(fact: &crate::Fact) -> Option<&Fact> {
        match fact {
            crate::Fact::Product(fact) => Some(fact),
            _ => None,
        }
    }

    fn evolve(&mut self, _moment: &Moment, fact: &Fact) {
        match fact {
            Fact::Defined(defined) => self.definition = Some(defined.clone()),
        }
    }

    fn decide(&self, command: &Command) -> Result<Vec<Fact>, Rejection> {
        match command {
            Command::Define(defined) if self.definition.as_ref() == Some(defined) => Ok(vec![]),
            Command::Define(defined) => Ok(vec![Fact::Defined(defined.clone())]),
        }
    }

    fn faults(&self) -> &[Fault] {
        &[]
    }
}
