//! Values of the contract become values of the domain; every error names its field.

use api::{
    accounts::v1::{Interval as ProtoInterval, Recurring as ProtoRecurring},
    google::r#type::{Date as ProtoDate, Decimal, Money as ProtoMoney},
    planning::v1::{PipelineDefinition, ProductDefinition, SourceDefinition, UserDefinition},
    types::v1::{ForecastCategory as ProtoCategory, Outcome as ProtoOutcome},
};
use chrono::{Datelike, NaiveDate};
use domain::{
    Currency, Date, ForecastCategory, Money, Outcome, PersonId, Personal, Reason, Rejection,
    UserId,
    contract::{Interval, Recurring},
    pipeline, product, source, user,
};
use uuid::Uuid;

const KEY_MAX: usize = 128;
const NAME_MAX: usize = 1_024;
const LABEL_MAX: usize = 256;
const WORD_MAX: usize = 64;
const TEXT_MAX: usize = 8_192;
const STAGES_MAX: usize = 100;
/// Days outside of these years are typing errors.
const YEARS: std::ops::RangeInclusive<i32> = 1900..=2199;

/// A UUID.
pub fn uuid(field: &str, text: &str) -> Result<Uuid, Rejection> {
    text.parse().map_err(|_| Rejection::invalid("ID_INVALID", field, "it has to be a UUID"))
}

/// A UUID, or nothing.
pub fn optional_uuid(field: &str, text: &str) -> Result<Option<Uuid>, Rejection> {
    if text.is_empty() { Ok(None) } else { uuid(field, text).map(Some) }
}

/// An amount in whole minor units of a known currency.
pub fn money(field: &str, money: &ProtoMoney) -> Result<Money, Rejection> {
    let invalid = |field: String, message: &str| {
        Rejection::invalid("MONEY_INVALID", &field, message.to_owned())
    };
    let currency = Currency::from_code(&money.currency_code).ok_or_else(|| {
        invalid(format!("{field}.currency_code"), "it has to be three letters such as USD")
    })?;
    let signs_differ = (money.units < 0 && money.nanos > 0) || (money.units > 0 && money.nanos < 0);
    if signs_differ || money.nanos.abs() >= 1_000_000_000 {
        return Err(invalid(format!("{field}.nanos"), "units and nanos bear the same sign"));
    }
    let nanos_per_minor = 10_i32.pow(9 - u32::from(currency.exponent()));
    if money.nanos % nanos_per_minor != 0 {
        let message = "an amount is a whole number of the currency's minor units";
        return Err(invalid(format!("{field}.nanos"), message));
    }
    let scale = 10_i64.pow(u32::from(currency.exponent()));
    money
        .units
        .checked_mul(scale)
        .and_then(|minor| minor.checked_add(i64::from(money.nanos / nanos_per_minor)))
        .map(|minor| Money { minor, currency })
        .ok_or_else(|| invalid(format!("{field}.units"), "the amount is too large"))
}

/// An amount that may be absent.
pub fn optional_money(field: &str, value: Option<&ProtoMoney>) -> Result<Option<Money>, Rejection> {
    value.map(|value| money(field, value)).transpose()
}

/// A day of the calendar, from 1900 to 2199.
pub fn date(field: &str, date: &ProtoDate) -> Result<Date, Rejection> {
    let (month, day) = (u32::try_from(date.month), u32::try_from(date.day));
    let found = match (month, day) {
        (Ok(month), Ok(day)) if YEARS.contains(&date.year) => {
            NaiveDate::from_ymd_opt(date.year, month, day)
        }
        _ => None,
    };
    let found = found.ok_or_else(|| {
        Rejection::invalid("DATE_INVALID", field, "it has to be a day from 1900 to 2199")
    })?;
    Ok(Date(found.num_days_from_ce() - EPOCH_DAYS_FROM_CE))
}

/// 1970-01-01 counted from the first day of the common era.
pub(crate) const EPOCH_DAYS_FROM_CE: i32 = 719_163;

/// A day that may be absent.
pub fn optional_date(field: &str, value: Option<&ProtoDate>) -> Result<Option<Date>, Rejection> {
    value.map(|value| date(field, value)).transpose()
}

/// Reads a day that has to be there.
pub fn required_date(field: &str, value: Option<&ProtoDate>) -> Result<Date, Rejection> {
    optional_date(field, value)?.ok_or_else(|| missing(field))
}

/// What is paid again and again.
pub fn recurring(given: Option<&ProtoRecurring>) -> Result<Recurring, Rejection> {
    let given = given.ok_or_else(|| missing("recurring"))?;
    let amount = optional_money("recurring.amount", given.amount.as_ref())?;
    let interval = match ProtoInterval::try_from(given.interval) {
        Ok(ProtoInterval::Monthly) => Interval::Monthly,
        Ok(ProtoInterval::Yearly) => Interval::Yearly,
        Ok(ProtoInterval::Unspecified) => return Err(missing("recurring.interval")),
        Err(_) => {
            let (field, message) = ("recurring.interval", "no such interval");
            return Err(Rejection::invalid("INTERVAL_UNKNOWN", field, message));
        }
    };
    Ok(Recurring { amount: amount.ok_or_else(|| missing("recurring.amount"))?, interval })
}

/// A key: 1 to 128 bytes without control characters.
pub fn key(field: &str, text: &str) -> Result<String, Rejection> {
    if text.is_empty() || text.len() > KEY_MAX || text.chars().any(char::is_control) {
        let message = "a key has 1 to 128 bytes and no control characters";
        return Err(Rejection::invalid("KEY_INVALID", field, message));
    }
    Ok(text.to_owned())
}

/// A text of at most `max` bytes.
fn at_most(field: &str, text: &str, max: usize) -> Result<String, Rejection> {
    if text.len() > max {
        let message = format!("it has {} bytes, at most {max} are taken", text.len());
        return Err(Rejection::invalid("TEXT_TOO_LONG", field, message));
    }
    Ok(text.to_owned())
}

fn label(field: &str, text: &str) -> Result<String, Rejection> {
    if text.is_empty() {
        return Err(Rejection::invalid("NAME_MISSING", field, "it needs a name"));
    }
    at_most(field, text, LABEL_MAX)
}

/// A name that can be erased.
pub fn name(field: &str, text: &str) -> Result<Option<Personal>, Rejection> {
    Ok(Personal::plain(at_most(field, text, NAME_MAX)?))
}

/// A text that can be erased.
pub fn text(field: &str, text: &str) -> Result<Option<Personal>, Rejection> {
    Ok(Personal::plain(at_most(field, text, TEXT_MAX)?))
}

/// A reason: a code to count by, and words.
pub fn reason(code: &str, words: &str, required: bool) -> Result<Reason, Rejection> {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    let missing = required && code.is_empty();
    if missing || code.len() > WORD_MAX || !code.bytes().all(allowed) {
        let message = "a reason code is 1 to 64 of a-z, 0-9 and _";
        return Err(Rejection::invalid("REASON_INVALID", "reason_code", message));
    }
    Ok(Reason { code: code.to_owned(), text: text("reason", words)? })
}

/// A forecast category; `None` when it is not said.
pub fn category(field: &str, value: i32) -> Result<Option<ForecastCategory>, Rejection> {
    match ProtoCategory::try_from(value) {
        Ok(ProtoCategory::Unspecified) => Ok(None),
        Ok(ProtoCategory::Omitted) => Ok(Some(ForecastCategory::Omitted)),
        Ok(ProtoCategory::Pipeline) => Ok(Some(ForecastCategory::Pipeline)),
        Ok(ProtoCategory::BestCase) => Ok(Some(ForecastCategory::BestCase)),
        Ok(ProtoCategory::Commit) => Ok(Some(ForecastCategory::Commit)),
        Ok(ProtoCategory::Closed) => Ok(Some(ForecastCategory::Closed)),
        Ok(ProtoCategory::MostLikely) => Ok(Some(ForecastCategory::MostLikely)),
        Err(_) => Err(Rejection::invalid("CATEGORY_UNKNOWN", field, "no such category")),
    }
}

/// An outcome; `None` when it is not said.
pub fn outcome(field: &str, value: i32) -> Result<Option<Outcome>, Rejection> {
    match ProtoOutcome::try_from(value) {
        Ok(ProtoOutcome::Unspecified) => Ok(None),
        Ok(ProtoOutcome::Open) => Ok(Some(Outcome::Open)),
        Ok(ProtoOutcome::Won) => Ok(Some(Outcome::Won)),
        Ok(ProtoOutcome::Lost) => Ok(Some(Outcome::Lost)),
        Ok(ProtoOutcome::NoDecision) => Ok(Some(Outcome::NoDecision)),
        Err(_) => Err(Rejection::invalid("OUTCOME_UNKNOWN", field, "no such outcome")),
    }
}

/// A fraction from 0 to 1 with at most six decimals, in parts per million.
pub fn parts_per_million(field: &str, value: Option<&Decimal>) -> Result<u32, Rejection> {
    let Some(value) = value else { return Ok(0) };
    let invalid = || {
        let message = "it has to be a fraction from 0 to 1 with at most six decimals";
        Rejection::invalid("FRACTION_INVALID", field, message)
    };
    let (whole, decimals) = value.value.split_once('.').unwrap_or((&value.value, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || decimals.len() > 6 || !digits(whole) || !digits(decimals) {
        return Err(invalid());
    }
    let whole: u32 = whole.parse().map_err(|_| invalid())?;
    let padded = format!("{decimals:0<6}");
    let decimals: u32 = padded.parse().map_err(|_| invalid())?;
    whole
        .checked_mul(1_000_000)
        .and_then(|parts| parts.checked_add(decimals))
        .filter(|parts| *parts <= 1_000_000)
        .ok_or_else(invalid)
}

/// A source's definition.
pub fn source(key: &str, value: Option<&SourceDefinition>) -> Result<source::Defined, Rejection> {
    let value = value.ok_or_else(|| missing("definition"))?;
    Ok(source::Defined {
        key: self::key("key", key)?,
        name: label("definition.name", &value.name)?,
        label: at_most("definition.kind", &value.kind, WORD_MAX)?,
        retired: value.retired,
    })
}

/// A product's definition.
pub fn product(
    key: &str,
    value: Option<&ProductDefinition>,
) -> Result<product::Defined, Rejection> {
    let value = value.ok_or_else(|| missing("definition"))?;
    let list_price = optional_money("definition.list_price", value.list_price.as_ref())?;
    if list_price.is_some_and(|price| price.minor < 0) {
        let message = "a price cannot be negative";
        return Err(Rejection::invalid("NEGATIVE_AMOUNT", "definition.list_price", message));
    }
    Ok(product::Defined {
        key: self::key("key", key)?,
        name: label("definition.name", &value.name)?,
        list_price,
        retired: value.retired,
    })
}

/// A pipeline's definition.
pub fn pipeline(
    key: &str,
    value: Option<&PipelineDefinition>,
) -> Result<pipeline::Defined, Rejection> {
    let value = value.ok_or_else(|| missing("definition"))?;
    if value.stages.len() > STAGES_MAX {
        let message = "a pipeline has at most 100 stages";
        return Err(Rejection::invalid("PIPELINE_INVALID", "definition.stages", message));
    }
    let stages = value.stages.iter().enumerate().map(|(index, stage)| {
        let field = |name: &str| format!("definition.stages[{index}].{name}");
        Ok(pipeline::StageDefinition {
            key: self::key(&field("key"), &stage.key)?,
            name: label(&field("name"), &stage.name)?,
            order: stage.order,
            probability_ppm: parts_per_million(&field("probability"), stage.probability.as_ref())?,
            category: category(&field("category"), stage.category)?
                .ok_or_else(|| missing(&field("category")))?,
            outcome: outcome(&field("outcome"), stage.outcome)?
                .ok_or_else(|| missing(&field("outcome")))?,
        })
    });
    Ok(pipeline::Defined {
        key: self::key("key", key)?,
        name: label("definition.name", &value.name)?,
        furthest: value.furthest,
        stages: stages.collect::<Result<_, Rejection>>()?,
        retired: value.retired,
    })
}

/// A user's definition; the manager has been found by the caller.
pub fn user(
    key: &str,
    value: Option<&UserDefinition>,
    person: PersonId,
    manager: Option<UserId>,
) -> Result<user::Defined, Rejection> {
    let value = value.ok_or_else(|| missing("definition"))?;
    Ok(user::Defined {
        person,
        key: Personal::Plain(self::key("key", key)?),
        name: name("definition.name", &value.name)?,
        manager,
        office: at_most("definition.office", &value.office, LABEL_MAX)?,
        role: at_most("definition.role", &value.role, WORD_MAX)?,
        retired: value.retired,
    })
}

/// The refusal of a part of a message: its field is named from the whole.
pub fn within(part: &str, mut rejection: Rejection) -> Rejection {
    let inner = rejection.field.strip_prefix("definition.").unwrap_or(&rejection.field);
    if !inner.is_empty() {
        rejection.field = format!("{part}.{inner}");
    }
    rejection
}

/// What is said of a required field that is absent.
pub fn missing(field: &str) -> Rejection {
    Rejection::invalid("FIELD_MISSING", field, "it is required")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(units: i64, nanos: i32, code: &str) -> Result<i64, String> {
        let value = ProtoMoney { currency_code: code.to_owned(), units, nanos };
        money("amount", &value).map(|m| m.minor).map_err(|error| error.field)
    }

    #[test]
    fn money_is_whole_minor_units_or_names_its_field() {
        assert_eq!(amount(12, 340_000_000, "USD"), Ok(1_234));
        assert_eq!(amount(-12, -340_000_000, "USD"), Ok(-1_234));
        assert_eq!(amount(12, 0, "JPY"), Ok(12));
        assert_eq!(amount(1, 1_000_000, "KWD"), Ok(1_001));
        for (units, nanos, code, field) in [
            (1, 1, "USD", "amount.nanos"),
            (1, -10_000_000, "USD", "amount.nanos"),
            (0, 1_000_000_000, "USD", "amount.nanos"),
            (1, 500_000_000, "JPY", "amount.nanos"),
            (i64::MAX, 0, "USD", "amount.units"),
            (1, 0, "usd", "amount.currency_code"),
        ] {
            assert_eq!(amount(units, nanos, code), Err(field.to_owned()), "{units} {nanos} {code}");
        }
    }

    #[test]
    fn dates_are_real_days() {
        let day = |year, month, day| date("d", &ProtoDate { year, month, day }).map(|d| d.0).ok();
        assert_eq!(day(1970, 1, 1), Some(0));
        assert_eq!(day(2024, 2, 29), Some(19_782));
        for (year, month, d) in [
            (2023, 2, 29),
            (1899, 12, 31),
            (2200, 1, 1),
            (2020, 0, 1),
            (2020, 13, 1),
            (2020, 1, -1),
        ] {
            assert_eq!(day(year, month, d), None, "{year}-{month}-{d}");
        }
    }

    #[test]
    fn fractions_have_at_most_six_decimals() {
        let ppm =
            |text: &str| parts_per_million("p", Some(&Decimal { value: text.to_owned() })).ok();
        for (text, expected) in [
            ("0", Some(0)),
            ("1", Some(1_000_000)),
            ("0.5", Some(500_000)),
            ("0.333333", Some(333_333)),
        ] {
            assert_eq!(ppm(text), expected, "{text}");
        }
        for bad in ["", "1.1", "2", "-0", "0.0000001", "5e-1", ".5", "0,5", "99999999999"] {
            assert_eq!(ppm(bad), None, "{bad}");
        }
    }
}
