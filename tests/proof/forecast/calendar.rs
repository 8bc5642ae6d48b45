//! The brute force's calendar: the days of a period, and the days of instants in a zone.

use chrono::{Datelike, NaiveDate, TimeDelta, Weekday};

use super::company::{Cut, DAY, Day, Micros};

/// From a day until before another.
pub type Days = (Day, Day);

/// Days from the first of the common era to 1970.
const EPOCH: i32 = 719_163;

/// The days of a period such as `2025-Q2`; without a cut, of the calendar year.
pub fn days(cut: Option<Cut>, period: &str) -> Days {
    let year: i32 = period[..4].parse().unwrap();
    let (weeks, first_month) = cut.map_or((false, 1), |cut| (cut.weeks, cut.first_month));
    // From which to before which of the twelve months.
    let (from, to) = match period.get(5..6) {
        None => (0, 12),
        Some("H") => (6 * number(period) - 6, 6 * number(period)),
        Some("Q") => (3 * number(period) - 3, 3 * number(period)),
        Some("M") => (number(period) - 1, number(period)),
        Some(other) => unreachable!("{other}"),
    };
    let start = |months: i32| {
        if !weeks {
            let month = first_month as i32 - 1 + months;
            return first_of(year + month.div_euclid(12), month.rem_euclid(12) as u32 + 1);
        }
        if months == 12 {
            return monday_nearest(first_of(year + 1, first_month));
        }
        let before = 13 * (months / 3) + [0, 4, 8][months as usize % 3];
        monday_nearest(first_of(year, first_month)) + TimeDelta::weeks(before.into())
    };
    (number_of(start(from)), number_of(start(to)))
}

/// The periods that a period is made of, one step down; none below months.
pub fn parts(period: &str) -> Vec<String> {
    let year = &period[..4];
    let (letter, parts) = match period.get(5..6) {
        None => ("H", 1..=2),
        Some("H") => ("Q", 2 * number(period) - 1..=2 * number(period)),
        Some("Q") => ("M", 3 * number(period) - 2..=3 * number(period)),
        Some(_) => return Vec::new(),
    };
    let width = if letter == "M" { 2 } else { 1 };
    parts.map(|part| format!("{year}-{letter}{part:0width$}")).collect()
}

fn number(period: &str) -> i32 {
    period[6..].parse().unwrap()
}

fn first_of(year: i32, month: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, 1).unwrap()
}

fn monday_nearest(day: NaiveDate) -> NaiveDate {
    let near = (-3..=3).map(|off| day + TimeDelta::days(off));
    near.into_iter().find(|day| day.weekday() == Weekday::Mon).unwrap()
}

fn number_of(date: NaiveDate) -> Day {
    date.num_days_from_ce() - EPOCH
}

/// A day as the contract writes it.
pub fn date(day: Day) -> api::google::r#type::Date {
    let date = NaiveDate::from_num_days_from_ce_opt(day + EPOCH).unwrap();
    let (month, day) = (date.month() as i32, date.day() as i32);
    api::google::r#type::Date { year: date.year(), month, day }
}

/// The day of an instant, so many minutes ahead of UTC.
pub fn day_of(at: Micros, minutes: i64) -> Day {
    (at + minutes * 60_000_000).div_euclid(DAY).try_into().unwrap()
}

/// The first instant of a day.
pub fn start_of(day: Day, minutes: i64) -> Micros {
    i64::from(day) * DAY - minutes * 60_000_000
}
