//! A quota: what somebody is to bring in one period, by one measure.

use serde::{Deserialize, Serialize};

use crate::{
    CalendarId, Date, Entity, Fault, Instant, Kind, Moment, Money, Reason, Rejection, UserId,
    Voided, calendar, personal::Slot,
};

// ── Facts ────────────────────────────────────────────────────────────────────────────────────

/// What somebody is to bring. Its days are part of it, so that a calendar which is cut anew later
/// loses no quota, and so is everything else: each setting stands when another is taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Set {
    /// Whose it is.
    pub owner: UserId,
    /// The calendar that names the period.
    pub calendar: CalendarId,
    /// The period's key in that calendar, such as `2026-Q4`.
    pub period: String,
    /// The first day of the period.
    pub starts: Date,
    /// The first day after it.
    pub ends: Date,
    /// What is counted.
    pub measure: Measure,
    /// How much of it.
    pub amount: Money,
}

/// The quota holds no longer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdrawn {
    /// Why.
    pub reason: Reason,
}

words! {
    /// What a quota counts. Stored as its word, never as a number.
    Measure, "measure of quotas";
    /// The amounts of deals won.
    Revenue = "revenue",
}

facts! {
    /// What can be recorded about a quota.
    Set = "quota.set.v1",
    Withdrawn = "quota.withdrawn.v1",
    Voided = "quota.voided.v1",
}

impl Fact {
    /// The places where it carries personal text, all sealed under the quota's own key.
    pub fn personal(&mut self) -> Vec<Slot<'_>> {
        let text = match self {
            Fact::Set(_) => None,
            Fact::Withdrawn(fact) => fact.reason.text.as_mut(),
            Fact::Voided(fact) => fact.reason.text.as_mut(),
        };
        text.into_iter().map(|text| Slot { field: "reason", person: None, text }).collect()
    }
}

// ── State ────────────────────────────────────────────────────────────────────────────────────

/// A quota as it stands at some instant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Quota {
    /// As it was set last; `None` while no fact says so.
    pub set: Option<Set>,
    /// When it was set last.
    pub set_at: Option<Instant>,
    /// Since when it holds no longer; `None` while it does.
    pub withdrawn_at: Option<Instant>,
    /// Why it holds no longer; empty while it does.
    pub withdrawn_for: Reason,
    /// What was recorded although it does not fit.
    pub faults: Vec<Fault>,
}

impl Quota {
    /// The quota that holds, if one does.
    pub fn in_force(&self) -> Option<&Set> {
        self.set.as_ref().filter(|_| self.withdrawn_at.is_none())
    }

    fn set(&mut self, moment: &Moment, fact: &Set) {
        if self.set.as_ref().is_some_and(|before| !is_same_quota(before, fact)) {
            let detail = "set for another owner, period or measure";
            self.faults.push(Fault::at(moment, "QUOTA_CHANGED", detail));
        }
        if fact.amount.minor < 0 {
            self.faults.push(Fault::at(moment, "NEGATIVE_AMOUNT", "the amount is negative"));
        }
        if fact.starts >= fact.ends {
            self.faults.push(Fault::at(moment, "EMPTY_PERIOD", "the period has no days"));
        }
        self.set = Some(fact.clone());
        self.set_at = Some(moment.occurred_at);
        self.withdrawn_at = None;
        self.withdrawn_for = Reason::default();
    }

    fn withdraw(&mut self, moment: &Moment, fact: &Withdrawn) {
        if self.in_force().is_none() {
            self.faults.push(Fault::at(moment, "NOT_SET", "withdrawn although none was set"));
        }
        self.withdrawn_at = Some(moment.occurred_at);
        self.withdrawn_for = fact.reason.clone();
    }
}

/// A period's key and calendar may be named anew; its days may not.
fn is_same_quota(one: &Set, other: &Set) -> bool {
    (one.owner, one.starts, one.ends, one.measure)
        == (other.owner, other.starts, other.ends, other.measure)
}

// ── Commands, evolve and decide ──────────────────────────────────────────────────────────────

/// What may be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Sets a quota, or sets it anew.
    Set {
        /// The fact that it would record.
        quota: Set,
        /// The calendar that the fact names, as it is in force.
        calendar: calendar::Defined,
    },
    /// Lets it hold no longer.
    Withdraw(Withdrawn),
}

impl Entity for Quota {
    type Fact = Fact;
    type Command = Command;
    const KIND: Kind = Kind::Quota;

    fn fact(fact: &crate::Fact) -> Option<&Fact> {
        match fact {
            crate::Fact::Quota(fact) => Some(fact),
            _ => None,
        }
    }

    fn evolve(&mut self, moment: &Moment, fact: &Fact) {
        match fact {
            Fact::Set(set) => self.set(moment, set),
            Fact::Withdrawn(withdrawn) => self.withdraw(moment, withdrawn),
            Fact::Voided(_) => {}
        }
    }

    fn decide(&self, command: &Command) -> Result<Vec<Fact>, Rejection> {
        match command {
            Command::Set { quota, calendar } => self.decide_set(quota, calendar),
            Command::Withdraw(withdrawn) => self.decide_withdraw(withdrawn),
        }
    }

    fn faults(&self) -> &[Fault] {
        &self.faults
    }
}

impl Quota {
    fn decide_set(
        &self,
        quota: &Set,
        calendar: &calendar::Defined,
    ) -> Result<Vec<Fact>, Rejection> {
        if self.in_force() == Some(quota) {
            return Ok(Vec::new());
        }
        if self.set.as_ref().is_some_and(|before| !is_same_quota(before, quota)) {
            let message = "this quota is of another owner, period or measure; set one of its own";
            return Err(Rejection::invalid("QUOTA_CHANGED", "quota_id", message));
        }
        if quota.amount.minor < 0 {
            let message = "a quota cannot be negative";
            return Err(Rejection::invalid("NEGATIVE_AMOUNT", "amount", message));
        }
        calendar.refuse_other_period(&quota.period, quota.starts, quota.ends)?;
        Ok(vec![Fact::Set(quota.clone())])
    }

    fn decide_withdraw(&self, withdrawn: &Withdrawn) -> Result<Vec<Fact>, Rejection> {
        if self.set.is_none() {
            let message = "no such quota at that instant; set it first, or check the id";
            return Err(Rejection::not_found("QUOTA_NOT_FOUND", "quota_id", message));
        }
        if self.withdrawn_at.is_some() {
            return Ok(Vec::new());
        }
        Ok(vec![Fact::Withdrawn(withdrawn.clone())])
    }
}

#[cfg(test)]
mod tests;
