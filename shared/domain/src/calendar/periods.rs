//! Periods: the years, halves, quarters, months and weeks of a calendar, as half-open ranges of days.

use super::{FirstWeek, NamedAfter, Pattern, Shape};
use crate::{Date, weekday::Weekday};

words! {
    /// How long a period is.
    Level, "level of periods";
    /// A fiscal year.
    Year = "year",
    /// Half of one.
    Half = "half",
    /// A quarter of one.
    Quarter = "quarter",
    /// A twelfth of one, in months or in whole weeks.
    Month = "month",
    /// Seven days.
    Week = "week",
}

/// The years that have periods: those that a key writes in four digits.
const YEARS: std::ops::RangeInclusive<i32> = 1..=9_999;

/// How many periods of each level are looked at for the nearest one: a range of more weeks than this
/// is nearer to a year.
const ENOUGH: usize = 64;

/// Weeks of the three months of a quarter.
const FOUR_FOUR_FIVE: [i32; 3] = [4, 4, 5];
const FOUR_FIVE_FOUR: [i32; 3] = [4, 5, 4];
const FIVE_FOUR_FOUR: [i32; 3] = [5, 4, 4];

/// A range of days that a calendar names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period {
    /// Its first day.
    pub starts: Date,
    /// The first day after it.
    pub ends: Date,
    /// How long it is.
    pub level: Level,
    /// The fiscal year that it belongs to.
    pub year: i32,
    /// Its number in that year, from 1.
    pub number: u8,
}

impl Period {
    /// Its name: `2026`, `2026-H1`, `2026-Q4`, `2026-M11` (the eleventh month of the fiscal year)
    /// or `2026-W07`.
    pub fn key(&self) -> String {
        let (year, number) = (self.year, self.number);
        match self.level {
            Level::Year => format!("{year:04}"),
            Level::Half => format!("{year:04}-H{number}"),
            Level::Quarter => format!("{year:04}-Q{number}"),
            Level::Month => format!("{year:04}-M{number:02}"),
            Level::Week => format!("{year:04}-W{number:02}"),
        }
    }

    /// Whether a day lies in it.
    pub fn holds(&self, date: Date) -> bool {
        (self.starts..self.ends).contains(&date)
    }
}

/// Every answer is `None` where the calendar has no such period: outside of the years 1 to 9999,
/// for a month that is none, and for months, quarters and halves of a calendar of plain weeks.
impl Shape {
    /// The period of a key; `None` when it is not written exactly as [`Period::key`] writes it.
    pub fn period(&self, key: &str) -> Option<Period> {
        let (year, rest) = key.split_at_checked(4)?;
        let year: i32 = year.parse().ok()?;
        let (level, number) = match rest.split_at_checked(2) {
            None => (Level::Year, "1"),
            Some(("-H", number)) => (Level::Half, number),
            Some(("-Q", number)) => (Level::Quarter, number),
            Some(("-M", number)) => (Level::Month, number),
            Some(("-W", number)) => (Level::Week, number),
            Some(_) => return None,
        };
        self.nth(level, year, number.parse().ok()?).filter(|period| period.key() == key)
    }

    /// The period that a day falls in.
    pub fn period_at(&self, level: Level, date: Date) -> Option<Period> {
        let near = i32::try_from(date.year_month().0).ok()?;
        let holds = |year: &i32| {
            let (starts, ends) = (self.start(level, *year), self.start(level, year + 1));
            starts.is_some_and(|starts| starts <= date) && ends.is_some_and(|ends| date < ends)
        };
        let year = (near - 1..=near + 1).find(holds)?;
        (1..=self.count(level, year)?)
            .filter_map(|number| self.nth(level, year, number))
            .find(|period| period.holds(date))
    }

    /// The period of the same level that follows.
    pub fn next(&self, period: &Period) -> Option<Period> {
        self.period_at(period.level, period.ends)
    }

    /// The period of the same level that comes before.
    pub fn previous(&self, period: &Period) -> Option<Period> {
        self.period_at(period.level, period.starts.plus_days(-1))
    }

    /// The periods of a year, in order; the weeks of a calendar of months are those of the year of
    /// weeks with this name.
    pub fn periods_of(&self, level: Level, year: i32) -> Vec<Period> {
        let count = self.count(level, year).unwrap_or(0);
        (1..=count).filter_map(|number| self.nth(level, year, number)).collect()
    }

    /// The periods that share a day with the range from `starts` until before `ends`, in order.
    pub fn between(&self, level: Level, starts: Date, ends: Date) -> impl Iterator<Item = Period> {
        let first = Some(starts).filter(|starts| *starts < ends);
        let first = first.and_then(|starts| self.period_at(level, starts));
        std::iter::successors(first, |period| self.next(period))
            .take_while(move |period| period.starts < ends)
    }

    /// The period with exactly these days.
    pub fn exactly(&self, starts: Date, ends: Date) -> Option<Period> {
        self.nearest(starts, ends).filter(|period| (period.starts, period.ends) == (starts, ends))
    }

    /// The period whose first and last days lie nearest to these.
    pub(super) fn nearest(&self, starts: Date, ends: Date) -> Option<Period> {
        let days = |one: Date, other: Date| (i64::from(one.0) - i64::from(other.0)).abs();
        let off = |period: &Period| days(period.starts, starts) + days(period.ends, ends);
        let around = |level: Level| {
            let at = self.period_at(level, starts);
            let first = at.and_then(|at| self.previous(&at)).or(at);
            let next = |period: &Period| self.next(period);
            std::iter::successors(first, next).take_while(|it| it.starts <= ends).take(ENOUGH)
        };
        Level::ALL.iter().copied().flat_map(around).min_by_key(off)
    }

    /// The nth period of a year.
    fn nth(&self, level: Level, year: i32, number: u8) -> Option<Period> {
        if number == 0 || number > self.count(level, year)? {
            return None;
        }
        let index = i32::from(number) - 1;
        let (starts, ends) = match (level, self.pattern) {
            (Level::Week, _) => {
                let starts = self.week_year(year)?.plus_days(7 * index);
                (starts, starts.plus_days(7))
            }
            (_, Pattern::Months) => {
                let months = 12 / i32::from(self.count(level, year)?);
                (self.month(year, months * index)?, self.month(year, months * (index + 1))?)
            }
            (Level::Year, _) => (self.week_year(year)?, self.week_year(year + 1)?),
            (Level::Half, _) => self.weeks_of_quarters(year, 2 * index, 2)?,
            (Level::Quarter, _) => self.weeks_of_quarters(year, index, 1)?,
            (Level::Month, _) => self.weeks_of_month(year, index)?,
        };
        Some(Period { starts, ends, level, year, number })
    }

    /// How many periods of a level a year has.
    fn count(&self, level: Level, year: i32) -> Option<u8> {
        if !YEARS.contains(&year) || !(1..=12).contains(&self.first_month) {
            return None;
        }
        match level {
            Level::Year => Some(1),
            Level::Week => {
                let days = self.week_year(year + 1)?.0 - self.week_year(year)?.0;
                u8::try_from(days / 7).ok()
            }
            _ if self.pattern == Pattern::Weeks => None,
            Level::Half => Some(2),
            Level::Quarter => Some(4),
            Level::Month => Some(12),
        }
    }

    /// Quarters have thirteen weeks; the last of a year takes the fifty-third.
    fn weeks_of_quarters(&self, year: i32, first: i32, quarters: i32) -> Option<(Date, Date)> {
        let starts = self.week_year(year)?.plus_days(7 * 13 * first);
        let last = first + quarters == 4;
        let ends =
            if last { self.week_year(year + 1)? } else { starts.plus_days(7 * 13 * quarters) };
        Some((starts, ends))
    }

    /// Months have four or five weeks; the last of a year takes the fifty-third.
    fn weeks_of_month(&self, year: i32, index: i32) -> Option<(Date, Date)> {
        let weeks = match self.pattern {
            Pattern::FourFourFive => FOUR_FOUR_FIVE,
            Pattern::FourFiveFour => FOUR_FIVE_FOUR,
            Pattern::FiveFourFour => FIVE_FOUR_FOUR,
            Pattern::Months | Pattern::Weeks => return None,
        };
        let before = |month: i32| {
            let of_quarter: i32 = weeks.iter().take((month % 3) as usize).sum();
            7 * (13 * (month / 3) + of_quarter)
        };
        let start = self.week_year(year)?;
        let ends = if index == 11 {
            self.week_year(year + 1)?
        } else {
            start.plus_days(before(index + 1))
        };
        Some((start.plus_days(before(index)), ends))
    }

    /// The first day of a year; weeks of a calendar of months have years of their own.
    fn start(&self, level: Level, year: i32) -> Option<Date> {
        match (level, self.pattern) {
            (Level::Half | Level::Quarter | Level::Month | Level::Year, Pattern::Months) => {
                self.month(year, 0)
            }
            _ => self.week_year(year),
        }
    }

    /// The first day of a month of a fiscal year, counted from 0.
    fn month(&self, year: i32, index: i32) -> Option<Date> {
        let months = i32::from(self.first_month) - 1 + index;
        let year = i64::from(self.first_year(year) + months.div_euclid(12));
        Date::first_of_month(year, (months.rem_euclid(12) + 1) as u8)
    }

    /// The first day of a year of whole weeks.
    fn week_year(&self, year: i32) -> Option<Date> {
        let first = Date::first_of_month(i64::from(self.first_year(year)), self.first_month)?;
        let earliest = match self.first_week {
            FirstWeek::OnOrBefore => first.plus_days(-6),
            FirstWeek::Nearest => first.plus_days(-3),
            FirstWeek::OnOrAfter => first,
        };
        Some(earliest.plus_days(self.week_starts_on.days_after(Weekday::of(earliest))))
    }

    /// The calendar year of the first month of a fiscal year. A year from January has one name.
    fn first_year(&self, year: i32) -> i32 {
        let ends_later = self.named_after == NamedAfter::End && self.first_month > 1;
        year - i32::from(ends_later)
    }
}

#[cfg(test)]
mod tests;
