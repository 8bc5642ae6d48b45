//! Requests about forecasts, read; every error names its field.

use api::forecasting::v1::{
    AdjustForecastRequest, AdjustmentChange, AdjustmentLevel, ColumnAmount, ForecastColumn,
    SubmitForecastRequest, WithdrawForecastAdjustmentRequest,
};
use domain::{
    Currency, Rejection, UserId,
    forecast::{
        Adjusted, AdjustmentWithdrawn, Change, Column, Level, Sheet, Submitted, SubmittedAmount,
    },
};
use runtime::from_proto::{category, missing, money, optional_date, reason, text};

pairs!(level, show_level, AdjustmentLevel => Level, None, { Owner, Manager });
pairs!(change, show_change, AdjustmentChange => Change, None, { To, By });

/// A column.
pub fn column(field: &str, value: Option<&ForecastColumn>) -> Result<Column, Rejection> {
    let value = value.ok_or_else(|| missing(field))?;
    let field = format!("{field}.category");
    let category = category(&field, value.category)?.ok_or_else(|| missing(&field))?;
    Ok(Column { category, cumulative: value.cumulative })
}

/// A judgement; the sheet and the user have been found by the caller.
pub fn adjusted(
    request: &AdjustForecastRequest,
    sheet: Sheet,
    by: UserId,
) -> Result<Adjusted, Rejection> {
    let amount = request.amount.as_ref().ok_or_else(|| missing("amount"))?;
    Ok(Adjusted {
        sheet,
        level: level("level", request.level)?,
        by,
        column: column("column", request.column.as_ref())?,
        change: change("change", request.change)?,
        amount: money("amount", amount)?,
        expires: optional_date("expire_date", request.expire_date.as_ref())?,
        note: text("note", &request.note)?,
    })
}

/// Numbers that somebody stands for; the sheet and the user have been found by the caller.
pub fn submitted(
    request: &SubmitForecastRequest,
    sheet: Sheet,
    by: UserId,
) -> Result<Submitted, Rejection> {
    let amounts = request.amounts.iter().enumerate().map(|(index, value)| {
        let column = column(&format!("amounts[{index}].column"), value.column.as_ref())?;
        let amount = amount(&format!("amounts[{index}].amount"), value)?;
        Ok(SubmittedAmount { column, amount })
    });
    Ok(Submitted {
        sheet,
        by,
        amounts: amounts.collect::<Result<_, Rejection>>()?,
        note: text("note", &request.note)?,
        seen_revision: request.seen_revision,
    })
}

/// The currency of the sheet that a submission is on.
pub fn currency_submitted(request: &SubmitForecastRequest) -> Result<Currency, Rejection> {
    let first = request.amounts.first().ok_or_else(|| {
        let message = "a submission needs at least one amount to stand for";
        Rejection::invalid("AMOUNTS_MISSING", "amounts", message)
    })?;
    Ok(amount("amounts[0].amount", first)?.currency)
}

/// The currency of the sheet that a judgement is on.
pub fn currency_adjusted(request: &AdjustForecastRequest) -> Result<Currency, Rejection> {
    let amount = request.amount.as_ref().ok_or_else(|| missing("amount"))?;
    Ok(money("amount", amount)?.currency)
}

fn amount(field: &str, value: &ColumnAmount) -> Result<domain::Money, Rejection> {
    money(field, value.amount.as_ref().ok_or_else(|| missing(field))?)
}

/// A judgement taken back.
pub fn withdrawn(
    request: &WithdrawForecastAdjustmentRequest,
) -> Result<AdjustmentWithdrawn, Rejection> {
    Ok(AdjustmentWithdrawn {
        level: level("level", request.level)?,
        column: column("column", request.column.as_ref())?,
        reason: reason(&request.reason_code, &request.reason, false)?,
    })
}
