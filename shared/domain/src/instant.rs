//! Instants in microseconds UTC and calendar days: plain numbers, no clock and no time zone.

use std::fmt;

use serde::{Deserialize, Serialize};

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// Microseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Instant(pub i64);

impl Instant {
    /// Before everything: where a first definition without a date takes effect.
    pub const BEGINNING: Instant = Instant(i64::MIN);
    /// After everything.
    pub const END: Instant = Instant(i64::MAX);

    /// The next instant that can be told apart from this one.
    pub fn next(self) -> Instant {
        Instant(self.0.saturating_add(1))
    }

    /// The UTC day that this instant falls on.
    pub fn date(self) -> Date {
        let days = self.0.div_euclid(MICROS_PER_DAY);
        Date(i32::try_from(days).unwrap_or(if days < 0 { i32::MIN } else { i32::MAX }))
    }

    /// Days from `earlier` to this instant, with their fraction; negative when it lies after.
    pub fn days_since(self, earlier: Instant) -> f64 {
        self.0.saturating_sub(earlier.0) as f64 / MICROS_PER_DAY as f64
    }
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Date(pub i32);

impl Date {
    /// The first instant of this day in UTC, as far as instants reach.
    pub fn start(self) -> Instant {
        Instant(i64::from(self.0).saturating_mul(MICROS_PER_DAY))
    }

    /// Year and month (1 to 12).
    pub fn year_month(self) -> (i64, u8) {
        let (year, month, _) = self.year_month_day();
        (year, month)
    }

    /// Year, month (1 to 12) and day (1 to 31); the civil-from-days algorithm of Howard Hinnant.
    pub fn year_month_day(self) -> (i64, u8, u8) {
        let shifted = i64::from(self.0) + 719_468;
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
        let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        (year, month as u8, day as u8)
    }

    /// The first day of a month; the days-from-civil algorithm of Howard Hinnant. `None` for a
    /// month that is none, or beyond all dates.
    pub fn first_of_month(year: i64, month: u8) -> Option<Date> {
        if !(1..=12).contains(&month) || !(-5_000_000..=5_000_000).contains(&year) {
            return None;
        }
        let year = year - i64::from(month <= 2);
        let shifted_month = (i64::from(month) + 9) % 12;
        let day_of_year = (153 * shifted_month + 2) / 5;
        let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        i32::try_from(era * 146_097 + day_of_era - 719_468).ok().map(Date)
    }

    /// The day that comes this many days later, as far as dates reach.
    pub fn plus_days(self, days: i32) -> Date {
        Date(self.0.saturating_add(days))
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.year_month_day();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_know_their_month() {
        for (day, expected) in [
            (0, (1970, 1)),
            (-1, (1969, 12)),
            (58, (1970, 2)),
            (59, (1970, 3)),
            (11_016, (2000, 2)),
            (17_257, (2017, 4)),
            (-719_468, (0, 3)),
        ] {
            assert_eq!(Date(day).year_month(), expected, "day {day}");
        }
    }

    #[test]
    fn a_date_is_written_as_people_write_it() {
        for (day, expected) in
            [(0, "1970-01-01"), (-1, "1969-12-31"), (11_016, "2000-02-29"), (20_454, "2026-01-01")]
        {
            assert_eq!(Date(day).to_string(), expected);
        }
    }

    #[test]
    fn a_month_begins_on_its_first_day() {
        for day in (-800_000..800_000).step_by(17).map(Date) {
            let (year, month, of_month) = day.year_month_day();
            let first = day.plus_days(1 - i32::from(of_month));
            assert_eq!(Date::first_of_month(year, month), Some(first));
        }
        assert_eq!(Date::first_of_month(2026, 0), None);
        assert_eq!(Date::first_of_month(2026, 13), None);
        assert_eq!(Date::first_of_month(i64::MAX, 1), None);
    }

    #[test]
    fn an_instant_before_the_epoch_falls_on_the_day_that_holds_it() {
        assert_eq!(Instant(-1).date(), Date(-1));
        assert_eq!(Instant(0).date(), Date(0));
        assert_eq!(Date(-1).start(), Instant(-MICROS_PER_DAY));
    }

    #[test]
    fn a_day_beyond_all_instants_starts_at_the_last_one() {
        assert_eq!(Date(i32::MAX).start(), Instant::END);
        assert_eq!(Date(i32::MIN).start(), Instant::BEGINNING);
        assert_eq!(Instant::END.next(), Instant::END);
    }
}
