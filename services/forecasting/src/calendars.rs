//! Calendars as they are used: which one a request means, and its days as instants of its zone.

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, TimeDelta, TimeZone};
use chrono_tz::Tz;
use domain::{
    CalendarId, Date, Instant, Kind, Known, Rejection,
    calendar::{Defined, FirstWeek, Level, NamedAfter, Pattern, Period, Shape},
    catalog::Catalog,
    weekday::Weekday,
};
use runtime::runtime::Runtime;
use uuid::Uuid;

/// The calendar that is used while none is defined.
pub const BUILT_IN: CalendarId = CalendarId(Uuid::nil());

/// 1970-01-01 counted from the first day of the common era.
const EPOCH_DAYS_FROM_CE: i32 = 719_163;

/// Clocks have skipped a whole day, a quarter of an hour being the finest step of any zone.
const QUARTERS_SKIPPED_MAX: u32 = 96;

/// A calendar with its zone.
#[derive(Debug, Clone)]
pub struct Calendar {
    /// Its id.
    pub id: CalendarId,
    /// How it cuts time.
    pub defined: Defined,
    /// Where its days begin.
    pub zone: Tz,
}

impl Calendar {
    /// A calendar of a definition. The zone may be one that only another version of this program
    /// knows.
    pub fn new(id: CalendarId, defined: Defined) -> Result<Calendar, Rejection> {
        let zone = zone("calendar", &defined.time_zone)?;
        Ok(Calendar { id, defined, zone })
    }

    /// Months from January, in UTC.
    pub fn built_in() -> Calendar {
        let shape = Shape {
            pattern: Pattern::Months,
            first_month: 1,
            named_after: NamedAfter::Start,
            week_starts_on: Weekday::Monday,
            first_week: FirstWeek::Nearest,
        };
        let defined = Defined {
            key: String::new(),
            name: "Calendar year".to_owned(),
            shape,
            time_zone: "UTC".to_owned(),
            retired: false,
        };
        Calendar { id: BUILT_IN, defined, zone: Tz::UTC }
    }

    /// The calendar that a request means: the named one, or the only one there is.
    pub fn find(
        runtime: &Runtime,
        (tenant, catalog): (&str, &Catalog),
        at: Known,
        text: &str,
    ) -> Result<Calendar, Rejection> {
        if text.is_empty() {
            return Calendar::only(catalog, at);
        }
        if text.parse() == Ok(BUILT_IN.0) {
            return Ok(Calendar::built_in());
        }
        let id = CalendarId(runtime.find((tenant, catalog), Kind::Calendar, "calendar", text)?);
        let defined = catalog.calendar(id, at).ok_or_else(|| {
            let message = "this calendar was not defined at that instant";
            Rejection::invalid("REFERENCE_UNKNOWN", "calendar", message)
        })?;
        Calendar::new(id, defined)
    }

    fn only(catalog: &Catalog, at: Known) -> Result<Calendar, Rejection> {
        let mut used = catalog.calendars(at).filter(|(_, defined)| !defined.retired);
        match (used.next(), used.next()) {
            (None, _) => Ok(Calendar::built_in()),
            (Some((id, defined)), None) => Calendar::new(id, defined),
            (Some(_), Some(_)) => {
                let message = "there are several calendars: name one by its key";
                Err(Rejection::invalid("CALENDAR_NEEDED", "calendar", message))
            }
        }
    }

    /// The period of a key.
    pub fn period(&self, key: &str) -> Result<Period, Rejection> {
        self.defined.shape.period(key).ok_or_else(|| {
            let message = format!(
                "calendar {:?} has no period {key:?}; write 2026, 2026-H1, 2026-Q4, 2026-M11 or \
                 2026-W07, or list the periods",
                self.defined.key
            );
            Rejection::invalid("PERIOD_UNKNOWN", "period", message)
        })
    }

    /// The period of a key; of an empty one, the quarter around an instant, or the year in a
    /// calendar without quarters.
    pub fn period_or_around(&self, key: &str, at: Instant) -> Result<Period, Rejection> {
        if !key.is_empty() {
            return self.period(key);
        }
        let (shape, day) = (&self.defined.shape, self.day_of(at));
        let around = [Level::Quarter, Level::Year].into_iter();
        around.filter_map(|level| shape.period_at(level, day)).next().ok_or_else(|| {
            let message = "no period holds the instant of the question; give one";
            Rejection::invalid("PERIOD_UNKNOWN", "period", message)
        })
    }

    /// Whether it is the one that is built in.
    pub fn is_built_in(&self) -> bool {
        self.id == BUILT_IN
    }

    /// The instant at which a day begins. Where clocks jump over midnight, it is when they land.
    pub fn start_of(&self, date: Date) -> Instant {
        let day = date.0.saturating_add(EPOCH_DAYS_FROM_CE);
        let Some(day) = NaiveDate::from_num_days_from_ce_opt(day) else {
            return date.start();
        };
        let midnight = day.and_time(NaiveTime::MIN);
        (0..=QUARTERS_SKIPPED_MAX)
            .filter_map(|quarters| {
                let local = midnight + TimeDelta::minutes(15 * i64::from(quarters));
                self.zone.from_local_datetime(&local).earliest()
            })
            .next()
            .map_or(date.start(), |begins| Instant(begins.timestamp_micros()))
    }

    /// The day that an instant falls on.
    pub fn day_of(&self, instant: Instant) -> Date {
        match DateTime::from_timestamp_micros(instant.0) {
            Some(at) => {
                let day = at.with_timezone(&self.zone).date_naive();
                Date(day.num_days_from_ce() - EPOCH_DAYS_FROM_CE)
            }
            None => instant.date(),
        }
    }
}

/// A time zone by its IANA name.
pub fn zone(field: &str, name: &str) -> Result<Tz, Rejection> {
    name.parse().map_err(|_| {
        let message = format!("{name:?} is no time zone that is known here; write Europe/Berlin");
        Rejection::invalid("TIME_ZONE_UNKNOWN", field, message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_zone(name: &str) -> Calendar {
        let built_in = Calendar::built_in();
        let defined = Defined { time_zone: name.to_owned(), ..built_in.defined };
        Calendar::new(CalendarId(Uuid::from_u128(1)), defined).unwrap()
    }

    fn day(year: i64, month: u8, of_month: i32) -> Date {
        Date::first_of_month(year, month).unwrap().plus_days(of_month - 1)
    }

    #[test]
    fn a_day_begins_where_its_zone_says() {
        for (zone, (year, month, of_month), expected) in [
            ("UTC", (2026, 1, 1), "2026-01-01T00:00:00Z"),
            ("Europe/Berlin", (2026, 1, 1), "2025-12-31T23:00:00Z"),
            ("Europe/Berlin", (2026, 7, 1), "2026-06-30T22:00:00Z"),
            ("America/New_York", (2026, 4, 1), "2026-04-01T04:00:00Z"),
            ("Asia/Kolkata", (2026, 4, 1), "2026-03-31T18:30:00Z"),
            // Clocks jump from midnight to one o'clock.
            ("America/Havana", (2026, 3, 8), "2026-03-08T05:00:00Z"),
            // They fall back over midnight: the day begins the first time.
            ("America/Havana", (2026, 11, 1), "2026-11-01T04:00:00Z"),
            // A day that never was.
            ("Pacific/Apia", (2011, 12, 30), "2011-12-30T10:00:00Z"),
        ] {
            let begins = in_zone(zone).start_of(day(year, month, of_month));
            let expected = DateTime::parse_from_rfc3339(expected).unwrap().timestamp_micros();
            assert_eq!(begins, Instant(expected), "{zone} {year}-{month}-{of_month}");
        }
    }

    #[test]
    fn an_instant_falls_on_the_day_that_it_begins() {
        for zone in ["UTC", "Europe/Berlin", "America/New_York", "Asia/Tokyo", "America/Havana"] {
            let calendar = in_zone(zone);
            for date in (20_000..20_800).map(Date) {
                let begins = calendar.start_of(date);
                assert_eq!(calendar.day_of(begins), date, "{zone} {date}");
                assert_eq!(calendar.day_of(Instant(begins.0 - 1)), date.plus_days(-1), "{zone}");
            }
        }
    }

    #[test]
    fn a_zone_that_nobody_knows_is_named() {
        let refused = zone("definition.time_zone", "Europe/Atlantis").unwrap_err();
        assert_eq!(
            (refused.reason, &*refused.field),
            ("TIME_ZONE_UNKNOWN", "definition.time_zone")
        );
    }
}
