//! A forecast sheet as it stands at some instant: every judgement and submission, the past ones too.

use super::{Adjusted, AdjustmentWithdrawn, Column, Level, Sheet, Submitted};
use crate::{Date, Fault, ForecastCategory, Instant, Moment, Money};

/// A forecast sheet as it stands at some instant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Forecast {
    /// What it is of, as it was said last; `None` while no fact says so.
    pub sheet: Option<Sheet>,
    /// Every judgement, in the order in which they were made.
    pub adjustments: Vec<Adjustment>,
    /// Every submission, in the order in which they were made.
    pub submissions: Vec<Submission>,
    /// Since when it is locked; `None` while it may be adjusted.
    pub locked_since: Option<Instant>,
    /// What was recorded although it does not fit.
    pub faults: Vec<Fault>,
}

/// A judgement and how long it was the one in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adjustment {
    /// When it was made, and its place among equals.
    pub made: Moment,
    /// What was said.
    pub adjusted: Adjusted,
    /// When another replaced it, or it was withdrawn; `None` while it is in force.
    pub ended_at: Option<Instant>,
    /// Whether it was withdrawn and why; `None` when it was replaced, or is in force.
    pub withdrawn: Option<AdjustmentWithdrawn>,
}

/// A submission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    /// When it was made, and its place among equals.
    pub made: Moment,
    /// What was said.
    pub submitted: Submitted,
}

impl Forecast {
    /// The judgement in force of a level and column, unless it has expired by that day.
    pub fn adjustment(&self, level: Level, column: Column, on: Date) -> Option<&Adjusted> {
        self.adjustments_in_force(on).find(|it| (it.level, it.column) == (level, column))
    }

    /// The judgements in force on a day, one for each level and column at most.
    pub fn adjustments_in_force(&self, on: Date) -> impl Iterator<Item = &Adjusted> {
        self.adjustments
            .iter()
            .filter(|adjustment| adjustment.ended_at.is_none())
            .map(|adjustment| &adjustment.adjusted)
            .filter(move |adjusted| adjusted.expires.is_none_or(|expires| on < expires))
    }

    /// The submission that stands: the last one, also while the sheet is unlocked.
    pub fn submission(&self) -> Option<&Submission> {
        self.submissions.last()
    }

    /// The judgement that no other has replaced, expired or not.
    pub(super) fn standing(&self, level: Level, column: Column) -> Option<&Adjustment> {
        let of = |it: &&Adjustment| (it.adjusted.level, it.adjusted.column) == (level, column);
        self.adjustments.iter().filter(|it| it.ended_at.is_none()).find(of)
    }

    fn standing_mut(&mut self, level: Level, column: Column) -> Option<&mut Adjustment> {
        let of = |it: &&mut Adjustment| (it.adjusted.level, it.adjusted.column) == (level, column);
        self.adjustments.iter_mut().filter(|it| it.ended_at.is_none()).find(of)
    }
}

/// A sheet's period and calendar may be named anew; its owner, days and currency may not change.
pub(super) fn is_same_sheet(one: &Sheet, other: &Sheet) -> bool {
    (one.owner, one.starts, one.ends, one.currency)
        == (other.owner, other.starts, other.ends, other.currency)
}

/// Whether a number can be judged: what is won is won, and what is left out stays out.
pub(super) fn is_adjustable(category: ForecastCategory) -> bool {
    !matches!(category, ForecastCategory::Closed | ForecastCategory::Omitted)
}

/// What each fact changes. Whatever does not fit is done all the same, and leaves a fault.
impl Forecast {
    pub(super) fn adjust(&mut self, moment: &Moment, fact: &Adjusted) {
        self.check_sheet(moment, &fact.sheet);
        self.check_unlocked(moment, "adjusted");
        self.check_currency(moment, fact.amount);
        if !is_adjustable(fact.column.category) {
            let detail = format!("adjusted what is {}", fact.column.category.word());
            self.fault(moment, "CATEGORY_NOT_ADJUSTABLE", detail);
        }
        if let Some(before) = self.standing_mut(fact.level, fact.column) {
            before.ended_at = Some(moment.occurred_at);
        }
        let (made, adjusted) = (*moment, fact.clone());
        self.adjustments.push(Adjustment { made, adjusted, ended_at: None, withdrawn: None });
    }

    pub(super) fn withdraw(&mut self, moment: &Moment, fact: &AdjustmentWithdrawn) {
        self.check_unlocked(moment, "an adjustment was withdrawn");
        match self.standing_mut(fact.level, fact.column) {
            Some(standing) => {
                standing.ended_at = Some(moment.occurred_at);
                standing.withdrawn = Some(fact.clone());
            }
            None => self.fault(moment, "NOT_ADJUSTED", "withdrawn although nothing was adjusted"),
        }
    }

    pub(super) fn submit(&mut self, moment: &Moment, fact: &Submitted) {
        self.check_sheet(moment, &fact.sheet);
        for (index, amount) in fact.amounts.iter().enumerate() {
            self.check_currency(moment, amount.amount);
            if fact.amounts[..index].iter().any(|other| other.column == amount.column) {
                let detail = format!("{} stands twice", amount.column.category.word());
                self.fault(moment, "COLUMN_TWICE", detail);
            }
        }
        self.submissions.push(Submission { made: *moment, submitted: fact.clone() });
        self.locked_since.get_or_insert(moment.occurred_at);
    }

    pub(super) fn unlock(&mut self, moment: &Moment) {
        if self.locked_since.is_none() {
            self.fault(moment, "NOT_LOCKED", "unlocked although it was not locked");
        }
        self.locked_since = None;
    }

    fn check_sheet(&mut self, moment: &Moment, sheet: &Sheet) {
        if self.sheet.as_ref().is_some_and(|before| !is_same_sheet(before, sheet)) {
            let detail = "said to be of another owner, period or currency";
            self.fault(moment, "SHEET_CHANGED", detail);
        }
        self.sheet = Some(sheet.clone());
    }

    fn check_unlocked(&mut self, moment: &Moment, what: &str) {
        if self.locked_since.is_some() {
            let detail = format!("{what} although it was locked");
            self.fault(moment, "CHANGED_WHILE_LOCKED", detail);
        }
    }

    fn check_currency(&mut self, moment: &Moment, amount: Money) {
        let Some(sheet) = &self.sheet else { return };
        if sheet.currency != amount.currency {
            let (given, expected) = (amount.currency, sheet.currency);
            let detail = format!("an amount in {} and not {}", given.code(), expected.code());
            self.fault(moment, "WRONG_CURRENCY", detail);
        }
    }

    fn fault(&mut self, moment: &Moment, kind: &'static str, detail: impl Into<String>) {
        self.faults.push(Fault::at(moment, kind, detail));
    }
}
