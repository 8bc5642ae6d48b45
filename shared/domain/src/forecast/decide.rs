//! What may be asked of a forecast sheet, and the rules that answer.

use super::{
    Adjusted, AdjustmentWithdrawn, Fact, Forecast, Sheet, Submitted, Unlocked,
    state::{is_adjustable, is_same_sheet},
};
use crate::{ForecastCategory, Money, Rejection, calendar};

/// What may be asked of a sheet. Each carries the fact that it would record, and the calendar that
/// the fact names, as it is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Judges a number otherwise.
    Adjust {
        /// The fact that it would record.
        adjusted: Adjusted,
        /// The calendar in force.
        calendar: calendar::Defined,
    },
    /// Takes a judgement back.
    WithdrawAdjustment(AdjustmentWithdrawn),
    /// Stands for numbers and locks the sheet.
    Submit {
        /// The fact that it would record.
        submitted: Submitted,
        /// The calendar in force.
        calendar: calendar::Defined,
    },
    /// Lets the sheet be adjusted again.
    Unlock(Unlocked),
}

impl Command {
    /// The fact as a system of record saw it, without our judgement.
    pub fn reported(self) -> Fact {
        match self {
            Command::Adjust { adjusted, .. } => Fact::Adjusted(adjusted.into()),
            Command::WithdrawAdjustment(fact) => Fact::AdjustmentWithdrawn(fact),
            Command::Submit { submitted, .. } => Fact::Submitted(submitted.into()),
            Command::Unlock(fact) => Fact::Unlocked(fact),
        }
    }
}

/// The rules, one for each command. Already so = no facts.
impl Forecast {
    pub(super) fn decide_adjust(
        &self,
        adjusted: &Adjusted,
        calendar: &calendar::Defined,
    ) -> Result<Vec<Fact>, Rejection> {
        let standing = self.standing(adjusted.level, adjusted.column);
        if standing.is_some_and(|standing| says_the_same(&standing.adjusted, adjusted)) {
            return Ok(Vec::new());
        }
        self.refuse_locked()?;
        self.refuse_sheet(&adjusted.sheet, calendar)?;
        refuse_currency(&adjusted.sheet, adjusted.amount, "amount.currency_code")?;
        if !is_adjustable(adjusted.column.category) {
            let message = "what is closed or omitted cannot be adjusted; change the deals instead";
            return Err(Rejection::invalid("CATEGORY_NOT_ADJUSTABLE", "category", message));
        }
        Ok(vec![Fact::Adjusted(adjusted.clone().into())])
    }

    pub(super) fn decide_withdraw(
        &self,
        withdrawn: &AdjustmentWithdrawn,
    ) -> Result<Vec<Fact>, Rejection> {
        self.existing()?;
        if self.standing(withdrawn.level, withdrawn.column).is_none() {
            return Ok(Vec::new());
        }
        self.refuse_locked()?;
        Ok(vec![Fact::AdjustmentWithdrawn(withdrawn.clone())])
    }

    /// A locked sheet may be submitted again: the earlier submissions are kept.
    pub(super) fn decide_submit(
        &self,
        submitted: &Submitted,
        calendar: &calendar::Defined,
    ) -> Result<Vec<Fact>, Rejection> {
        let last = self.submission().filter(|_| self.locked_since.is_some());
        if last.is_some_and(|last| is_same_submission(&last.submitted, submitted)) {
            return Ok(Vec::new());
        }
        self.refuse_sheet(&submitted.sheet, calendar)?;
        refuse_amounts(submitted)?;
        Ok(vec![Fact::Submitted(submitted.clone().into())])
    }

    pub(super) fn decide_unlock(&self, unlocked: &Unlocked) -> Result<Vec<Fact>, Rejection> {
        self.existing()?;
        if self.locked_since.is_none() {
            return Ok(Vec::new());
        }
        Ok(vec![Fact::Unlocked(unlocked.clone())])
    }

    fn existing(&self) -> Result<(), Rejection> {
        if self.sheet.is_some() {
            return Ok(());
        }
        let message =
            "no such forecast at that instant; adjust or submit it first, or check the id";
        Err(Rejection::not_found("FORECAST_NOT_FOUND", "forecast_id", message))
    }

    fn refuse_locked(&self) -> Result<(), Rejection> {
        if self.locked_since.is_none() {
            return Ok(());
        }
        let message = "the forecast was submitted, which locks it; unlock it first";
        Err(Rejection::precondition("FORECAST_LOCKED", message))
    }

    fn refuse_sheet(&self, sheet: &Sheet, calendar: &calendar::Defined) -> Result<(), Rejection> {
        if self.sheet.as_ref().is_some_and(|before| !is_same_sheet(before, sheet)) {
            let message =
                "this forecast is of another owner, period or currency; use one of its own";
            return Err(Rejection::invalid("SHEET_CHANGED", "forecast_id", message));
        }
        calendar.refuse_other_period(&sheet.period, sheet.starts, sheet.ends)
    }
}

/// The note is not compared: it is sealed, each time anew.
fn says_the_same(one: &Adjusted, other: &Adjusted) -> bool {
    (one.by, one.change, one.amount, one.expires)
        == (other.by, other.change, other.amount, other.expires)
        && is_same_sheet(&one.sheet, &other.sheet)
}

fn is_same_submission(one: &Submitted, other: &Submitted) -> bool {
    (one.by, &one.amounts, one.seen_revision) == (other.by, &other.amounts, other.seen_revision)
        && is_same_sheet(&one.sheet, &other.sheet)
}

fn refuse_amounts(submitted: &Submitted) -> Result<(), Rejection> {
    if submitted.amounts.is_empty() {
        let message = "a submission needs at least one amount to stand for";
        return Err(Rejection::invalid("AMOUNTS_MISSING", "amounts", message));
    }
    for (index, amount) in submitted.amounts.iter().enumerate() {
        let field = format!("amounts[{index}].category");
        let category = amount.column.category;
        if category == ForecastCategory::Omitted {
            let message = "nobody stands for what is omitted";
            return Err(Rejection::invalid("CATEGORY_OMITTED", &field, message));
        }
        if submitted.amounts[..index].iter().any(|other| other.column == amount.column) {
            let message = format!("{} stands twice", category.word());
            return Err(Rejection::invalid("COLUMN_TWICE", &field, message));
        }
        let field = format!("amounts[{index}].amount.currency_code");
        refuse_currency(&submitted.sheet, amount.amount, &field)?;
    }
    Ok(())
}

fn refuse_currency(sheet: &Sheet, amount: Money, field: &str) -> Result<(), Rejection> {
    if sheet.currency == amount.currency {
        return Ok(());
    }
    let message = format!("the forecast is in {}; give the amount in it", sheet.currency.code());
    Err(Rejection::invalid("WRONG_CURRENCY", field, message))
}
