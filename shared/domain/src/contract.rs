//! A contract: what a customer pays again and again, from its first day to the last.
//!
//! Facts happen when something is agreed; the days on which it takes effect are plans and may lie
//! ahead. Days are half-open: a contract runs from its first day up to, not including, its end.

use serde::{Deserialize, Serialize};

use crate::{
    AccountId, Date, Entity, ExternalId, Fault, Kind, Moment, OpportunityId, ProductId, Reason,
    Rejection, Voided, objection, personal::Slot,
};

mod decide;
mod recurring;
mod state;

pub use decide::Command;
pub use recurring::{Interval, Recurring};
pub use state::{Change, Contract, Step, Terms};

// ── Facts ────────────────────────────────────────────────────────────────────────────────────

/// The contract was agreed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activated {
    /// Its ids in systems of record.
    pub external_ids: Vec<ExternalId>,
    /// Whose it is.
    pub account: AccountId,
    /// The deal that brought it.
    pub opportunity: Option<OpportunityId>,
    /// What is paid for.
    pub product: Option<ProductId>,
    /// What is paid.
    pub recurring: Recurring,
    /// The first day.
    pub starts: Date,
    /// The day on which it runs no longer; `None` when it goes on.
    pub ends: Option<Date>,
}

/// The customer pays more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expanded {
    /// What is paid from then on.
    pub recurring: Recurring,
    /// The first day.
    pub effective: Date,
}

/// The customer pays less.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contracted {
    /// What is paid from then on.
    pub recurring: Recurring,
    /// The first day.
    pub effective: Date,
}

/// The contract goes on for another term.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Renewed {
    /// What is paid from then on.
    pub recurring: Recurring,
    /// The day on which it runs no longer; `None` when it goes on.
    pub ends: Option<Date>,
    /// The first day.
    pub effective: Date,
}

/// The customer leaves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Churned {
    /// Why.
    pub reason: Reason,
    /// The first day on which nothing is served: not that of the notice.
    pub effective: Date,
}

/// A customer who had left comes back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WonBack {
    /// What is paid from then on.
    pub recurring: Recurring,
    /// The first day.
    pub effective: Date,
    /// The day on which it runs no longer; `None` when it goes on.
    pub ends: Option<Date>,
}

facts! {
    /// What can be recorded about a contract.
    Activated = "contract.activated.v1" boxed,
    Expanded = "contract.expanded.v1",
    Contracted = "contract.contracted.v1",
    Renewed = "contract.renewed.v1",
    Churned = "contract.churned.v1",
    WonBack = "contract.won_back.v1",
    Voided = "contract.voided.v1",
}

impl Fact {
    /// The places where it carries personal text, all sealed under the contract's own key.
    pub fn personal(&mut self) -> Vec<Slot<'_>> {
        let text = match self {
            Fact::Churned(fact) => fact.reason.text.as_mut(),
            Fact::Voided(fact) => fact.reason.text.as_mut(),
            Fact::Activated(_)
            | Fact::Expanded(_)
            | Fact::Contracted(_)
            | Fact::Renewed(_)
            | Fact::WonBack(_) => None,
        };
        text.into_iter().map(|text| Slot { field: "reason", person: None, text }).collect()
    }
}

// ── Evolve and decide ────────────────────────────────────────────────────────────────────────

impl Entity for Contract {
    type Fact = Fact;
    type Command = Command;
    const KIND: Kind = Kind::Contract;

    fn fact(fact: &crate::Fact) -> Option<&Fact> {
        match fact {
            crate::Fact::Contract(fact) => Some(fact),
            _ => None,
        }
    }

    fn evolve(&mut self, moment: &Moment, fact: &Fact) {
        if self.is_so(fact) {
            return;
        }
        let fault = self.objection(fact).map(|objection| objection.fault(moment, fact.name()));
        self.faults.extend(fault);
        self.apply(moment.occurred_at, fact);
    }

    fn decide(&self, command: &Command) -> Result<Vec<Fact>, Rejection> {
        let fact = command.clone().reported();
        let objection = self.objection(&fact);
        objection::answer(self.is_so(&fact), objection, fact)
    }

    fn faults(&self) -> &[Fault] {
        &self.faults
    }
}

#[cfg(test)]
mod tests;
