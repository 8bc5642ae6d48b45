//! How dates and times are written in an export. A time without a zone is UTC; a bare date is the
//! start of that day in the tenant's zone.

use api::google::r#type::Date;
use chrono::format::{Item, Numeric, StrftimeItems};
use chrono::{DateTime, Datelike as _, NaiveDate, NaiveDateTime, Utc};
use chrono_tz::Tz;
use prost_types::Timestamp;

use crate::zone;

/// The names of the formats that are not patterns.
const RFC3339: &str = "rfc3339";
const EPOCH_MS: &str = "epoch_ms";

/// Formats that are tried in turn.
#[derive(Clone, Debug)]
pub struct Formats {
    formats: Vec<Format>,
    zone: Tz,
}

#[derive(Clone, Debug)]
enum Format {
    Rfc3339,
    EpochMs,
    Zoned(String),
    Time(String),
    Day(String),
}

impl Formats {
    /// Understands patterns such as `%d.%m.%Y %H:%M`, with days that begin in a zone.
    ///
    /// # Errors
    /// A sentence about the first that is none.
    pub fn new(patterns: &[String], zone: Tz) -> Result<Self, String> {
        if patterns.is_empty() {
            return Err(format!("dates is empty; write [\"{RFC3339}\"] or [\"%Y-%m-%d\"]"));
        }
        let formats = patterns.iter().map(|pattern| Format::new(pattern)).collect::<Result<_, _>>();
        Ok(Self { formats: formats?, zone })
    }

    /// The instant that a text means: a day is its start.
    pub fn instant(&self, text: &str) -> Option<Timestamp> {
        let time = match self.formats.iter().find_map(|format| format.read(text))? {
            Read::Time(time) => time,
            Read::Day(day) => zone::start_of(day, self.zone)?,
        };
        let nanos = i32::try_from(time.timestamp_subsec_nanos()).ok()?;
        // Finer than a microsecond, or a leap second: neither can be told exactly.
        (nanos % 1_000 == 0 && nanos < 1_000_000_000)
            .then(|| Timestamp { seconds: time.timestamp(), nanos })
    }

    /// The day that a text means: of a time its day in UTC.
    pub fn day(&self, text: &str) -> Option<Date> {
        let day = match self.formats.iter().find_map(|format| format.read(text))? {
            Read::Time(time) => time.date_naive(),
            Read::Day(day) => day,
        };
        Some(Date {
            year: day.year(),
            month: i32::try_from(day.month()).ok()?,
            day: i32::try_from(day.day()).ok()?,
        })
    }
}

/// What a text says: a time, or no more than a day.
enum Read {
    Time(DateTime<Utc>),
    Day(NaiveDate),
}

impl Format {
    fn new(pattern: &str) -> Result<Self, String> {
        if pattern == RFC3339 {
            return Ok(Self::Rfc3339);
        }
        if pattern == EPOCH_MS {
            return Ok(Self::EpochMs);
        }
        let items: Vec<Item<'_>> = StrftimeItems::new(pattern).collect();
        if items.iter().any(|item| matches!(item, Item::Error)) {
            return Err(format!(
                "{pattern:?} is no date format; write \"{RFC3339}\", \"{EPOCH_MS}\" or a pattern \
                 such as \"%d.%m.%Y %H:%M\""
            ));
        }
        if !items.iter().any(|item| matches!(item, Item::Numeric(..) | Item::Fixed(_))) {
            return Err(format!("{pattern:?} holds no part of a date, such as %Y"));
        }
        Ok(if has_zone(pattern) {
            Self::Zoned(pattern.to_owned())
        } else if items.iter().any(is_time) {
            Self::Time(pattern.to_owned())
        } else {
            Self::Day(pattern.to_owned())
        })
    }

    fn read(&self, text: &str) -> Option<Read> {
        let time = match self {
            Self::Rfc3339 => DateTime::parse_from_rfc3339(text).ok()?.to_utc(),
            Self::EpochMs => DateTime::from_timestamp_millis(text.parse().ok()?)?,
            Self::Zoned(pattern) => DateTime::parse_from_str(text, pattern).ok()?.to_utc(),
            Self::Time(pattern) => NaiveDateTime::parse_from_str(text, pattern).ok()?.and_utc(),
            Self::Day(pattern) => {
                return NaiveDate::parse_from_str(text, pattern).ok().map(Read::Day);
            }
        };
        Some(Read::Time(time))
    }
}

/// Whether a pattern asks for an offset from UTC. chrono does not show all of its items for one.
fn has_zone(pattern: &str) -> bool {
    let pattern = pattern.replace("%%", "");
    ["%z", "%:z", "%::z", "%:::z", "%#z", "%+"].iter().any(|zone| pattern.contains(zone))
}

fn is_time(item: &Item<'_>) -> bool {
    matches!(item, Item::Numeric(Numeric::Hour | Numeric::Hour12 | Numeric::Timestamp, _))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn formats(patterns: &[&str]) -> Result<Formats, String> {
        Formats::new(
            &patterns.iter().map(|&pattern| pattern.to_owned()).collect::<Vec<_>>(),
            Tz::UTC,
        )
    }

    #[test]
    fn texts_become_instants() {
        for (pattern, text, expected) in [
            ("%Y-%m-%d", "2017-03-01", Some((1_488_326_400, 0))),
            ("%Y-%m-%d", "2017-02-29", None),
            ("%Y-%m-%d", "2017-03-01 10:00", None),
            ("%m/%d/%Y", "03/01/2017", Some((1_488_326_400, 0))),
            ("%d.%m.%Y %H:%M", "01.03.2017 01:30", Some((1_488_331_800, 0))),
            ("%d.%m.%Y %H:%M", "01.03.2017", None),
            (
                "%Y-%m-%dT%H:%M:%S%.fZ",
                "2017-03-01T00:00:00.546Z",
                Some((1_488_326_400, 546_000_000)),
            ),
            ("%Y-%m-%dT%H:%M:%S%z", "2017-03-01T02:00:00+0200", Some((1_488_326_400, 0))),
            ("%Y-%m-%dT%H:%M:%S%.f%#z", "2017-03-01T02:00:00.0+02", Some((1_488_326_400, 0))),
            ("%s", "1488326400", Some((1_488_326_400, 0))),
            ("epoch_ms", "1488326400546", Some((1_488_326_400, 546_000_000))),
            ("epoch_ms", "1488326400.5", None),
            ("%Y-%m-%d %H:%M:%S%.f", "2017-03-01 0:00:00", Some((1_488_326_400, 0))),
            ("%Y-%m-%d %H:%M:%S%.f", "2017-03-01 00:00:00.546", Some((1_488_326_400, 546_000_000))),
            ("rfc3339", "2017-03-01T00:00:00Z", Some((1_488_326_400, 0))),
            ("rfc3339", "2017-03-01T00:00:00.000001+00:00", Some((1_488_326_400, 1_000))),
            ("rfc3339", "2017-03-01T00:00:00.0000001Z", None),
            ("rfc3339", "2017-03-01", None),
            ("rfc3339", "", None),
        ] {
            let read = formats(&[pattern]).unwrap().instant(text);
            assert_eq!(read.map(|at| (at.seconds, at.nanos)), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn a_bare_date_begins_in_the_zone_and_a_time_does_not() {
        let patterns = ["%Y-%m-%d".to_owned(), "%Y-%m-%d %H:%M".to_owned()];
        let formats = Formats::new(&patterns, "Europe/Berlin".parse().unwrap()).unwrap();
        let seconds = |text| formats.instant(text).unwrap().seconds;
        assert_eq!(seconds("2017-03-01"), 1_488_326_400 - 3_600);
        assert_eq!(seconds("2017-03-01 00:00"), 1_488_326_400);
        assert_eq!(formats.day("2017-03-01"), Some(Date { year: 2017, month: 3, day: 1 }));
    }

    #[test]
    fn the_first_format_that_fits_counts() {
        let formats = formats(&["%d/%m/%Y", "%m/%d/%Y"]).unwrap();
        assert_eq!(formats.day("02/01/2020"), Some(Date { year: 2020, month: 1, day: 2 }));
        assert_eq!(formats.day("01/31/2020"), Some(Date { year: 2020, month: 1, day: 31 }));
        assert_eq!(formats.day("31.01.2020"), None);
    }

    #[test]
    fn a_pattern_that_is_none_is_named() {
        for patterns in [&[][..], &["%Y-%Q"], &["yyyy-mm-dd"]] {
            let error = formats(patterns).unwrap_err();
            let named = patterns.first().copied().unwrap_or("empty");
            assert!(error.contains(named), "{error}");
        }
    }
}
