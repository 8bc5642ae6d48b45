//! Definitions of calendars, rates and periods as the contract writes them, read and written.

use api::{
    google::r#type::Decimal as ProtoDecimal,
    planning::v1::{
        Calendar as Shown, CalendarDefinition, CalendarPattern, FirstWeek as ProtoFirstWeek,
        FiscalYearName, Period as ShownPeriod, PeriodLevel, QuotaMeasure, RatePurpose,
        Weekday as ProtoWeekday,
    },
};
use domain::{
    Currency, Decimal, Rejection,
    calendar::{Defined, FirstWeek, Level, NamedAfter, Pattern, Period, Shape},
    exchange_rate::Purpose,
    quota::Measure,
    weekday::Weekday,
};
use runtime::{from_proto, query::timestamp, to_proto};

use crate::calendars::{self, Calendar};

/// The longest name of a calendar, in bytes.
const NAME_MAX: usize = 256;

pairs!(pattern, show_pattern, CalendarPattern => Pattern, None,
    { Months, FourFourFive, FourFiveFour, FiveFourFour, Weeks });
pairs!(named_after, show_named_after, FiscalYearName => NamedAfter, Some(NamedAfter::Start),
    { Start, End });
pairs!(first_week, show_first_week, ProtoFirstWeek => FirstWeek, Some(FirstWeek::Nearest),
    { OnOrBefore, Nearest, OnOrAfter });
pairs!(weekday, show_weekday, ProtoWeekday => Weekday, Some(Weekday::Monday),
    { Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday });
pairs!(level, show_level, PeriodLevel => Level, None, { Year, Half, Quarter, Month, Week });
pairs!(purpose, show_purpose, RatePurpose => Purpose, Some(Purpose::Actual), { Actual, Plan });
pairs!(measure, show_measure, QuotaMeasure => Measure, Some(Measure::Revenue), { Revenue });

/// A calendar's definition.
pub fn calendar(key: &str, value: Option<&CalendarDefinition>) -> Result<Defined, Rejection> {
    let value = value.ok_or_else(|| from_proto::missing("definition"))?;
    if value.name.is_empty() {
        return Err(Rejection::invalid("NAME_MISSING", "definition.name", "it needs a name"));
    }
    if value.name.len() > NAME_MAX {
        let message = format!("it has {} bytes, at most {NAME_MAX} are taken", value.name.len());
        return Err(Rejection::invalid("TEXT_TOO_LONG", "definition.name", message));
    }
    let time_zone = if value.time_zone.is_empty() { "UTC" } else { &value.time_zone };
    calendars::zone("definition.time_zone", time_zone)?;
    let first_month = if value.first_month == 0 { 1 } else { value.first_month };
    Ok(Defined {
        key: from_proto::key("key", key)?,
        name: value.name.clone(),
        shape: Shape {
            pattern: pattern("definition.pattern", value.pattern)?,
            // What is no month stays none, and is refused by the rules.
            first_month: u8::try_from(first_month).unwrap_or(u8::MAX),
            named_after: named_after("definition.fiscal_year_name", value.fiscal_year_name)?,
            week_starts_on: weekday("definition.week_starts_on", value.week_starts_on)?,
            first_week: first_week("definition.first_week", value.first_week)?,
        },
        time_zone: time_zone.to_owned(),
        retired: value.retired,
    })
}

/// A calendar as it was defined.
pub fn show_calendar(
    calendar: &Calendar,
    effective_at: Option<prost_types::Timestamp>,
    etag: String,
) -> Shown {
    let Defined { key, name, shape, time_zone, retired } = calendar.defined.clone();
    let definition = CalendarDefinition {
        name,
        pattern: show_pattern(shape.pattern),
        first_month: u32::from(shape.first_month),
        fiscal_year_name: show_named_after(shape.named_after),
        week_starts_on: show_weekday(shape.week_starts_on),
        first_week: show_first_week(shape.first_week),
        time_zone,
        retired,
    };
    Shown {
        id: calendar.id.to_string(),
        key,
        definition: Some(definition),
        built_in: calendar.is_built_in(),
        effective_at,
        etag,
    }
}

/// A period with its instants.
pub fn show_period(calendar: &Calendar, period: &Period) -> ShownPeriod {
    ShownPeriod {
        key: period.key(),
        level: show_level(period.level),
        start_date: Some(to_proto::date(period.starts)),
        end_date: Some(to_proto::date(period.ends)),
        start_time: Some(timestamp(calendar.start_of(period.starts))),
        end_time: Some(timestamp(calendar.start_of(period.ends))),
    }
}

/// A currency.
pub fn currency(field: &str, code: &str) -> Result<Currency, Rejection> {
    let message = "it has to be three letters such as USD";
    Currency::from_code(code).ok_or_else(|| Rejection::invalid("CURRENCY_INVALID", field, message))
}

/// A rate; whether it can be used is for the rules to say.
pub fn rate(field: &str, value: Option<&ProtoDecimal>) -> Result<Decimal, Rejection> {
    let value = value.ok_or_else(|| from_proto::missing(field))?;
    Decimal::parse(&value.value).ok_or_else(|| {
        let message = format!("{:?} is no plain decimal number such as 1.0825", value.value);
        Rejection::invalid("DECIMAL_INVALID", field, message)
    })
}
