//! Calendars, exchange rates, quotas and forecast sheets as named fields.

use domain::{
    Fact, Reason,
    calendar::Calendar,
    exchange_rate::ExchangeRate,
    forecast::{self, Change, Column, Forecast},
    quota::{self, Quota},
};

use super::{Field, Fields, Sealed, Told, Value};
use crate::words;

impl Told for Calendar {
    fn fields(&self, fact: &'static str) -> Vec<Field> {
        let Some(defined) = &self.definition else {
            return Vec::new();
        };
        let shape = &defined.shape;
        Fields::after(fact)
            .text("key", Some(defined.key.clone()))
            .text("name", Some(defined.name.clone()))
            .text("pattern", Some(shape.pattern.word().to_owned()))
            .text("first_month", Some(shape.first_month.to_string()))
            .text("fiscal_year_name", Some(shape.named_after.word().to_owned()))
            .text("week_starts_on", Some(shape.week_starts_on.word().to_owned()))
            .text("first_week", Some(shape.first_week.word().to_owned()))
            .text("time_zone", Some(defined.time_zone.clone()))
            .flag("retired", defined.retired)
            .found
    }
}

impl Told for ExchangeRate {
    fn fields(&self, fact: &'static str) -> Vec<Field> {
        let Some(set) = &self.set else {
            return Vec::new();
        };
        Fields::after(fact)
            .text("from", Some(set.from.code().to_owned()))
            .text("to", Some(set.to.code().to_owned()))
            .text("purpose", Some(set.purpose.word().to_owned()))
            .text("rate", Some(set.rate.to_string()))
            .found
    }
}

impl Told for Quota {
    fn fields(&self, fact: &'static str) -> Vec<Field> {
        let Some(set) = &self.set else {
            return Vec::new();
        };
        Fields::after(fact)
            .value("owner", Some(Value::User(set.owner)))
            .text("calendar_id", Some(set.calendar.to_string()))
            .text("period", Some(set.period.clone()))
            .text("start_date", Some(words::date(set.starts)))
            .text("end_date", Some(words::date(set.ends)))
            .text("measure", Some(set.measure.word().to_owned()))
            .text("amount", Some(words::money(set.amount)))
            .text("withdrawn_at", self.withdrawn_at.map(words::instant))
            .found
    }
}

impl Told for Forecast {
    fn fields(&self, fact: &'static str) -> Vec<Field> {
        let Some(sheet) = &self.sheet else {
            return Vec::new();
        };
        let mut fields = Fields::after(fact)
            .value("owner", Some(Value::User(sheet.owner)))
            .text("calendar_id", Some(sheet.calendar.to_string()))
            .text("period", Some(sheet.period.clone()))
            .text("start_date", Some(words::date(sheet.starts)))
            .text("end_date", Some(words::date(sheet.ends)))
            .text("currency", Some(sheet.currency.code().to_owned()))
            .text("locked_since", self.locked_since.map(words::instant));
        for adjustment in self.adjustments.iter().filter(|it| it.ended_at.is_none()) {
            let it = &adjustment.adjusted;
            let name = format!("adjusted.{}.{}", it.level.word(), column(it.column));
            let amount = words::money(it.amount);
            let judged = match it.change {
                Change::To => format!("to {amount}"),
                Change::By => format!("by {amount}"),
            };
            let expires = it.expires.map(|day| format!(" until {}", words::date(day)));
            fields = fields
                .text(&name, Some(judged + &expires.unwrap_or_default()))
                .value(&format!("{name}.by"), Some(Value::User(it.by)));
        }
        if let Some(submission) = self.submission() {
            let it = &submission.submitted;
            fields = fields.value("submitted.by", Some(Value::User(it.by)));
            for amount in &it.amounts {
                let name = format!("submitted.{}", column(amount.column));
                fields = fields.text(&name, Some(words::money(amount.amount)));
            }
        }
        fields.found
    }
}

/// A column's name: `commit` for the category with all that are surer, else `commit_only`.
fn column(column: Column) -> String {
    let name = column.category.word();
    if column.cumulative { name.to_owned() } else { format!("{name}_only") }
}

/// The note of a judgement or a submission.
pub fn note(fact: &Fact) -> Option<Field> {
    let text = match fact {
        Fact::Forecast(forecast::Fact::Adjusted(it)) => it.note.clone()?,
        Fact::Forecast(forecast::Fact::Submitted(it)) => it.note.clone()?,
        _ => return None,
    };
    let sealed = Sealed { text, fact: fact.name(), field: "note" };
    Some(("note".to_owned(), Value::Sealed(sealed)))
}

/// Why a fact of a quota was recorded.
pub fn reason_of_quota(fact: &quota::Fact) -> Option<&Reason> {
    match fact {
        quota::Fact::Set(_) => None,
        quota::Fact::Withdrawn(it) => Some(&it.reason),
        quota::Fact::Voided(it) => Some(&it.reason),
    }
}

/// Why a fact of a forecast sheet was recorded.
pub fn reason_of_forecast(fact: &forecast::Fact) -> Option<&Reason> {
    match fact {
        forecast::Fact::Adjusted(_) | forecast::Fact::Submitted(_) => None,
        forecast::Fact::AdjustmentWithdrawn(it) => Some(&it.reason),
        forecast::Fact::Unlocked(it) => Some(&it.reason),
        forecast::Fact::Voided(it) => Some(&it.reason),
    }
}
