//! An exchange rate: what one currency is worth in another, for one purpose, since when it holds.

use serde::{Deserialize, Serialize};

use crate::{
    Currency, Decimal, Entity, Fault, Kind, Moment, Rejection, conversion::Rate, personal::Slot,
};

// ── Facts ────────────────────────────────────────────────────────────────────────────────────

/// What holds from the instant at which it takes effect; the rate before it stays readable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Set {
    /// The currency of which one whole unit is priced.
    pub from: Currency,
    /// The currency that the price is in.
    pub to: Currency,
    /// What it is used for.
    pub purpose: Purpose,
    /// How many whole units of `to` one whole unit of `from` is worth.
    pub rate: Decimal,
}

words! {
    /// What an exchange rate is used for. Stored as its word, never as a number.
    Purpose, "purpose of exchange rates";
    /// What was or is paid: for deals, at their dates.
    Actual = "actual",
    /// What was agreed to plan with: for quotas.
    Plan = "plan",
}

facts! {
    /// What can be recorded about an exchange rate.
    Set = "exchange_rate.set.v1",
}

impl Fact {
    /// The places where it carries personal text: none.
    pub fn personal(&mut self) -> Vec<Slot<'_>> {
        match self {
            Fact::Set(_) => Vec::new(),
        }
    }
}

// ── State ────────────────────────────────────────────────────────────────────────────────────

/// The rate in force, if any.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExchangeRate {
    /// As it was set last.
    pub set: Option<Set>,
    /// What was recorded although it does not fit.
    pub faults: Vec<Fault>,
}

// ── Commands, evolve and decide ──────────────────────────────────────────────────────────────

/// What may be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Lets a rate hold from the command's instant on.
    Set(Set),
}

impl Entity for ExchangeRate {
    type Fact = Fact;
    type Command = Command;
    const KIND: Kind = Kind::ExchangeRate;

    fn fact(fact: &crate::Fact) -> Option<&Fact> {
        match fact {
            crate::Fact::ExchangeRate(fact) => Some(fact),
            _ => None,
        }
    }

    fn evolve(&mut self, moment: &Moment, fact: &Fact) {
        match fact {
            Fact::Set(set) => {
                if self.set.is_some_and(|before| !is_same_pair(&before, set)) {
                    let detail = "set for other currencies or another purpose";
                    self.faults.push(Fault::at(moment, "EXCHANGE_RATE_CHANGED", detail));
                }
                if Rate::of(set.rate).is_none() {
                    let detail = format!("{} cannot be converted with", set.rate);
                    self.faults.push(Fault::at(moment, "RATE_UNUSABLE", detail));
                }
                self.set = Some(*set);
            }
        }
    }

    fn decide(&self, command: &Command) -> Result<Vec<Fact>, Rejection> {
        let Command::Set(set) = command;
        if self.set.is_some_and(|before| is_same_rate(&before, set)) {
            return Ok(Vec::new());
        }
        self.refuse(set)?;
        Ok(vec![Fact::Set(*set)])
    }

    fn faults(&self) -> &[Fault] {
        &self.faults
    }
}

impl ExchangeRate {
    fn refuse(&self, set: &Set) -> Result<(), Rejection> {
        if self.set.is_some_and(|before| !is_same_pair(&before, set)) {
            let message = "this rate is of other currencies or another purpose; set one of its own";
            return Err(Rejection::invalid("EXCHANGE_RATE_CHANGED", "exchange_rate_id", message));
        }
        if set.from == set.to {
            let message = format!("one {} is always one; give two currencies", set.from.code());
            return Err(Rejection::invalid("SAME_CURRENCY", "to", message));
        }
        if Rate::of(set.rate).is_none() {
            let message = format!(
                "{} is no rate: it has to be above 0, with at most {} decimals",
                set.rate,
                Rate::DECIMALS
            );
            return Err(Rejection::invalid("RATE_UNUSABLE", "rate", message));
        }
        Ok(())
    }
}

fn is_same_pair(one: &Set, other: &Set) -> bool {
    (one.from, one.to, one.purpose) == (other.from, other.to, other.purpose)
}

/// 1.10 is what 1.1 is.
fn is_same_rate(one: &Set, other: &Set) -> bool {
    is_same_pair(one, other) && one.rate.shortest() == other.rate.shortest()
}

#[cfg(test)]
mod tests;
