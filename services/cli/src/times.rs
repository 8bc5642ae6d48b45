//! Instants and days as they are typed and shown: RFC 3339 in UTC, and bare dates in the tenant's
//! zone.

use std::time::Duration;

use api::google::r#type::Date;
use chrono::{DateTime, Datelike as _, NaiveDate, SecondsFormat, Utc};
use prost_types::Timestamp;

use crate::zone;

/// A point of the log's growth: a position, or an instant of recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KnownAt {
    /// The position of the last commit that counts.
    Position(u64),
    /// Only commits recorded strictly before this instant count.
    Time(Timestamp),
}

/// An instant: RFC 3339, or a bare date for the start of that day in the tenant's zone.
///
/// # Errors
/// A sentence that says how to write it.
pub fn instant(text: &str) -> Result<Timestamp, String> {
    let text = text.trim();
    let time = if let Some(day) = naive(text) {
        zone::start_of_flag(day).ok_or_else(|| format!("{text} is no day in the tenant's zone"))?
    } else {
        DateTime::parse_from_rfc3339(text)
            .map_err(|_| {
                format!("{text:?} is no instant; write 2017-07-01 or 2017-07-01T12:00:00Z")
            })?
            .with_timezone(&Utc)
    };
    let nanos = i32::try_from(time.timestamp_subsec_nanos()).unwrap_or(999_999_999);
    Ok(Timestamp { seconds: time.timestamp(), nanos })
}

/// A position (digits alone), or an instant.
///
/// # Errors
/// A sentence that says how to write it.
pub fn known_at(text: &str) -> Result<KnownAt, String> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().map(KnownAt::Position).map_err(|_| format!("{text} is too large"));
    }
    instant(text).map(KnownAt::Time).map_err(|_| {
        format!("{text:?} is neither a position such as 4711 nor an instant such as 2017-07-01")
    })
}

/// A whole calendar day.
///
/// # Errors
/// A sentence that says how to write it.
pub fn day(text: &str) -> Result<Date, String> {
    let day = naive(text.trim()).ok_or_else(|| format!("{text:?} is no day; write 2017-07-01"))?;
    let small = |number: u32| i32::try_from(number).unwrap_or_default();
    Ok(Date { year: day.year(), month: small(day.month()), day: small(day.day()) })
}

/// A span: `30` or `30s`, `500ms`, `2m`.
///
/// # Errors
/// A sentence that says how to write it.
pub fn span(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    let unit_at = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 =
        text[..unit_at].parse().map_err(|_| format!("{text:?} is no span; write 30s or 500ms"))?;
    match &text[unit_at..] {
        _ if number == 0 => Err("a span of nothing leaves no time for an answer".to_owned()),
        "ms" => Ok(Duration::from_millis(number)),
        "" | "s" => Ok(Duration::from_secs(number)),
        "m" => Ok(Duration::from_secs(number.saturating_mul(60))),
        unit => Err(format!("{unit:?} is no unit of time; write 30s, 500ms or 2m")),
    }
}

/// An instant as RFC 3339 in UTC, with as many decimals as it needs.
pub fn show(time: &Timestamp) -> String {
    let nanos = u32::try_from(time.nanos).unwrap_or_default();
    DateTime::from_timestamp(time.seconds, nanos).map_or_else(
        || format!("{}.{nanos:09} s since 1970", time.seconds),
        |time| time.to_rfc3339_opts(SecondsFormat::AutoSi, true),
    )
}

/// A day as RFC 3339 writes it.
pub fn show_day(date: &Date) -> String {
    format!("{:04}-{:02}-{:02}", date.year, date.month, date.day)
}

/// Exactly `YYYY-MM-DD`: chrono alone would also take `2017-7-1`.
fn naive(text: &str) -> Option<NaiveDate> {
    if text.len() == 10 { NaiveDate::parse_from_str(text, "%Y-%m-%d").ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64, nanos: i32) -> Timestamp {
        Timestamp { seconds, nanos }
    }

    #[test]
    fn instants() {
        for (text, expected) in [
            ("2017-07-01", Some(at(1_498_867_200, 0))),
            ("2017-07-01T00:00:00Z", Some(at(1_498_867_200, 0))),
            ("2017-07-01T02:00:00+02:00", Some(at(1_498_867_200, 0))),
            ("2017-07-01T00:00:00.123456Z", Some(at(1_498_867_200, 123_456_000))),
            ("1969-12-31T23:59:59.5Z", Some(at(-1, 500_000_000))),
            ("2017-02-30", None),
            ("2017-7-1", None),
            ("2017-07-01T00:00:00", None),
            ("yesterday", None),
            ("", None),
        ] {
            assert_eq!(instant(text).ok(), expected, "{text}");
        }
    }

    #[test]
    fn instants_are_shown_in_utc_with_the_decimals_they_need() {
        for (time, text) in [
            (at(1_498_867_200, 0), "2017-07-01T00:00:00Z"),
            (at(1_498_867_200, 500_000_000), "2017-07-01T00:00:00.500Z"),
            (at(-1, 1_000), "1969-12-31T23:59:59.000001Z"),
        ] {
            assert_eq!(show(&time), text);
        }
    }

    #[test]
    fn points_of_knowledge() {
        for (text, expected) in [
            ("4711", Some(KnownAt::Position(4711))),
            ("0", Some(KnownAt::Position(0))),
            ("2017-07-01", Some(KnownAt::Time(at(1_498_867_200, 0)))),
            ("99999999999999999999", None),
            ("-1", None),
            ("", None),
        ] {
            assert_eq!(known_at(text).ok(), expected, "{text}");
        }
    }

    #[test]
    fn days() {
        let date = |year, month, day| Some(Date { year, month, day });
        for (text, expected) in [
            ("2024-02-29", date(2024, 2, 29)),
            ("2023-02-29", None),
            ("2024-2-9", None),
            ("2024-02-29T00:00:00Z", None),
        ] {
            assert_eq!(day(text).ok(), expected, "{text}");
        }
        assert_eq!(show_day(&Date { year: 987, month: 1, day: 2 }), "0987-01-02");
    }

    #[test]
    fn spans() {
        for (text, expected) in [
            ("30", Some(Duration::from_secs(30))),
            ("30s", Some(Duration::from_secs(30))),
            ("500ms", Some(Duration::from_millis(500))),
            ("2m", Some(Duration::from_secs(120))),
            ("0", None),
            ("2h", None),
            ("s", None),
        ] {
            assert_eq!(span(text).ok(), expected, "{text}");
        }
    }
}
