//! The year of a sales team: working days, busy months, ends of quarters.

use chrono::{Datelike as _, NaiveDate, NaiveTime, TimeDelta, Weekday};
use cli::import::random::Random;

use super::team::Team;

/// How much is begun in each month, January first: spring and autumn are busy, summer is not.
const MONTHS: [u64; 12] = [90, 100, 115, 100, 105, 110, 70, 55, 115, 115, 110, 65];

/// How much more is begun at the end than at the beginning, in percent.
const GROWTH: i64 = 60;

/// What the weights of a day are measured in.
const SCALE: u64 = 1_000_000;

/// When deals are opened and by whom: about `count` of them, by day.
pub fn openings(
    random: &mut Random,
    team: &Team,
    (first, last): (NaiveDate, NaiveDate),
    count: u64,
) -> Vec<(NaiveDate, usize)> {
    let days = (last - first).num_days();
    let mut cells = Vec::new();
    for day in first.iter_days().take_while(|day| *day <= last) {
        let elapsed = (day - first).num_days();
        let growth = u64::try_from(100 + GROWTH * elapsed / days.max(1)).unwrap_or(100);
        for rep in 0..team.reps.len() {
            cells.push((day, rep, growth * season(day) * team.drive(rep, day)));
        }
    }
    let total: u64 = cells.iter().map(|(_, _, weight)| weight).sum();
    let mut openings = Vec::new();
    for (day, rep, weight) in cells {
        let expected = u128::from(weight) * u128::from(count) * u128::from(SCALE);
        let expected = u64::try_from(expected / u128::from(total.max(1))).unwrap_or(0);
        let extra = u64::from(random.below(SCALE) < expected % SCALE);
        openings.extend((0..expected / SCALE + extra).map(|_| (day, rep)));
    }
    openings
}

/// How busy a day is.
fn season(day: NaiveDate) -> u64 {
    if is_weekend(day) { 0 } else { MONTHS[day.month0() as usize] }
}

fn is_weekend(day: NaiveDate) -> bool {
    matches!(day.weekday(), Weekday::Sat | Weekday::Sun)
}

/// The day itself, or the Monday after.
pub fn working(day: NaiveDate) -> NaiveDate {
    match day.weekday() {
        Weekday::Sat => day + TimeDelta::days(2),
        Weekday::Sun => day + TimeDelta::days(1),
        _ => day,
    }
}

/// The last working day of the month, or of the quarter, that a day is in.
pub fn end_of(day: NaiveDate, months: u32) -> NaiveDate {
    let last = day.month0() / months * months + months;
    let (year, month) = if last >= 12 { (day.year() + 1, 1) } else { (day.year(), last + 1) };
    let mut end = NaiveDate::from_ymd_opt(year, month, 1).unwrap_or(day) - TimeDelta::days(1);
    while is_weekend(end) {
        end -= TimeDelta::days(1);
    }
    end.max(day)
}

/// The last working day before the month, or the quarter, that a day is in.
pub fn end_before(day: NaiveDate, months: u32) -> NaiveDate {
    let first = day.month0() / months * months + 1;
    let first = NaiveDate::from_ymd_opt(day.year(), first, 1).unwrap_or(day);
    let mut end = first - TimeDelta::days(1);
    while is_weekend(end) {
        end -= TimeDelta::days(1);
    }
    end
}

/// Seconds since 1970 at which a day starts.
pub fn start_of(day: NaiveDate) -> i64 {
    day.and_time(NaiveTime::MIN).and_utc().timestamp()
}

/// The day that an instant is in.
pub fn day_of(seconds: i64) -> NaiveDate {
    chrono::DateTime::from_timestamp(seconds, 0).map_or(NaiveDate::MIN, |at| at.date_naive())
}

/// A quarter of a year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quarter {
    /// Its first day.
    pub first: NaiveDate,
    /// The first day after it.
    pub after: NaiveDate,
}

impl Quarter {
    /// The one that a day is in.
    pub fn of(day: NaiveDate) -> Self {
        let month = day.month0() / 3 * 3 + 1;
        let first = NaiveDate::from_ymd_opt(day.year(), month, 1).unwrap_or(day);
        Self { first, after: first + chrono::Months::new(3) }
    }

    /// Its key in the fiscal calendar.
    pub fn key(self) -> String {
        format!("{}-Q{}", self.first.year(), self.first.month0() / 3 + 1)
    }
}

/// The first day of the month after the one that a day is in.
pub fn next_month(day: NaiveDate) -> NaiveDate {
    day.with_day(1).unwrap_or(day) + chrono::Months::new(1)
}

/// Seconds since 1970 at some time of a working day.
pub fn office_hours(day: NaiveDate, random: &mut Random) -> i64 {
    let second = i64::try_from(random.below(9 * 3_600)).unwrap_or(0);
    start_of(working(day)) + 8 * 3_600 + second
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn ends_are_working_days() {
        for (from, months, end) in [
            ("2024-02-10", 1, "2024-02-29"),
            ("2024-02-10", 3, "2024-03-29"),
            ("2024-12-02", 1, "2024-12-31"),
            ("2024-12-02", 3, "2024-12-31"),
            ("2024-06-30", 3, "2024-06-30"),
        ] {
            assert_eq!(end_of(day(from), months), day(end), "{from} {months}");
        }
        assert_eq!(end_before(day("2024-05-20"), 1), day("2024-04-30"));
        assert_eq!(end_before(day("2024-08-20"), 3), day("2024-06-28"));
        assert_eq!(end_before(day("2024-01-01"), 3), day("2023-12-29"));
        assert_eq!(working(day("2024-06-29")), day("2024-07-01"));
    }
}
