//! A forecast sheet: what somebody expects of one period, by adjusting and submitting numbers.

use serde::{Deserialize, Serialize};

use crate::{
    CalendarId, Currency, Date, Entity, Fault, ForecastCategory, Kind, Moment, Money, Personal,
    Reason, Rejection, UserId, Voided, personal::Slot,
};

mod decide;
mod state;

pub use decide::Command;
pub use state::{Adjustment, Forecast, Submission};

// ── Facts ────────────────────────────────────────────────────────────────────────────────────

/// What a sheet is of. Every adjustment and submission says it, so that each stands when another
/// is taken back or comes late, and so that a calendar which is cut anew later loses none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sheet {
    /// Whose numbers they are, with those of everybody below.
    pub owner: UserId,
    /// The calendar that names the period.
    pub calendar: CalendarId,
    /// The period's key in that calendar, such as `2026-Q4`.
    pub period: String,
    /// The first day of the period.
    pub starts: Date,
    /// The first day after it.
    pub ends: Date,
    /// The currency that every amount on it is in.
    pub currency: Currency,
}

/// A column of a sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Column {
    /// The category.
    pub category: ForecastCategory,
    /// Whether it is the category with all that are surer, closed included
    /// ([`ForecastCategory::accumulated`]), and not the category alone.
    pub cumulative: bool,
}

impl Column {
    /// The categories that it sums up.
    pub fn categories(&self) -> Vec<ForecastCategory> {
        match self.cumulative {
            true => self.category.accumulated().to_vec(),
            false => vec![self.category],
        }
    }
}

/// Somebody judged a number otherwise. It replaces the judgement of the same level and column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adjusted {
    /// What the sheet is of.
    pub sheet: Sheet,
    /// Which number.
    pub level: Level,
    /// Who judged.
    pub by: UserId,
    /// Of which column.
    pub column: Column,
    /// Whether the amount replaces the number or is added to it.
    pub change: Change,
    /// The amount.
    pub amount: Money,
    /// The first day on which it counts no longer; `None` when it counts for good.
    pub expires: Option<Date>,
    /// In somebody's own words.
    pub note: Option<Personal>,
}

/// A judgement was taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdjustmentWithdrawn {
    /// Which number it was of.
    pub level: Level,
    /// Of which column.
    pub column: Column,
    /// Why.
    pub reason: Reason,
}

/// Somebody stands for these numbers. It locks the sheet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submitted {
    /// What the sheet is of.
    pub sheet: Sheet,
    /// Who submitted; another than the sheet's owner does so on their behalf.
    pub by: UserId,
    /// The numbers, each column once.
    pub amounts: Vec<SubmittedAmount>,
    /// In somebody's own words.
    pub note: Option<Personal>,
    /// The log position that the numbers on their screen reflected.
    pub seen_revision: u64,
}

/// A number that somebody stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubmittedAmount {
    /// Of which column.
    pub column: Column,
    /// How much.
    pub amount: Money,
}

/// The sheet may be adjusted again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unlocked {
    /// Why.
    pub reason: Reason,
}

words! {
    /// Which number of a sheet is judged. Stored as its word, never as a number.
    Level, "level of adjustments";
    /// That of the owner's own deals.
    Owner = "owner",
    /// That of the owner's deals and of everybody below.
    Manager = "manager",
}

words! {
    /// How an amount changes a number. Stored as its word, never as a number.
    Change, "kind of adjustments";
    /// It replaces the number, whatever that becomes.
    To = "to",
    /// It is added to the number, whatever that becomes.
    By = "by",
}

facts! {
    /// What can be recorded about a forecast sheet.
    Adjusted = "forecast.adjusted.v1" boxed,
    AdjustmentWithdrawn = "forecast.adjustment_withdrawn.v1",
    Submitted = "forecast.submitted.v1" boxed,
    Unlocked = "forecast.unlocked.v1",
    Voided = "forecast.voided.v1",
}

impl Fact {
    /// The places where it carries personal text, all sealed under the sheet's own key.
    pub fn personal(&mut self) -> Vec<Slot<'_>> {
        let (field, text) = match self {
            Fact::Adjusted(fact) => ("note", fact.note.as_mut()),
            Fact::AdjustmentWithdrawn(fact) => ("reason", fact.reason.text.as_mut()),
            Fact::Submitted(fact) => ("note", fact.note.as_mut()),
            Fact::Unlocked(fact) => ("reason", fact.reason.text.as_mut()),
            Fact::Voided(fact) => ("reason", fact.reason.text.as_mut()),
        };
        text.into_iter().map(|text| Slot { field, person: None, text }).collect()
    }
}

impl Submitted {
    /// Whether somebody submitted for somebody else.
    pub fn is_on_behalf(&self) -> bool {
        self.by != self.sheet.owner
    }
}

// ── Evolve and decide ────────────────────────────────────────────────────────────────────────

impl Entity for Forecast {
    type Fact = Fact;
    type Command = Command;
    const KIND: Kind = Kind::Forecast;

    fn fact(fact: &crate::Fact) -> Option<&Fact> {
        match fact {
            crate::Fact::Forecast(fact) => Some(fact),
            _ => None,
        }
    }

    fn evolve(&mut self, moment: &Moment, fact: &Fact) {
        match fact {
            Fact::Adjusted(adjusted) => self.adjust(moment, adjusted),
            Fact::AdjustmentWithdrawn(withdrawn) => self.withdraw(moment, withdrawn),
            Fact::Submitted(submitted) => self.submit(moment, submitted),
            Fact::Unlocked(_) => self.unlock(moment),
            Fact::Voided(_) => {}
        }
    }

    fn decide(&self, command: &Command) -> Result<Vec<Fact>, Rejection> {
        match command {
            Command::Adjust { adjusted, calendar } => self.decide_adjust(adjusted, calendar),
            Command::WithdrawAdjustment(withdrawn) => self.decide_withdraw(withdrawn),
            Command::Submit { submitted, calendar } => self.decide_submit(submitted, calendar),
            Command::Unlock(unlocked) => self.decide_unlock(unlocked),
        }
    }

    fn faults(&self) -> &[Fault] {
        &self.faults
    }
}

#[cfg(test)]
mod tests;
