//! Periods as rows against published calendars, and what holds for every shape.

use proptest::{prelude::*, prop_assert, prop_assert_eq, proptest, sample::select};

use super::{Level, Period};
use crate::{
    Date, Weekday,
    calendar::{FirstWeek, NamedAfter, Pattern, Shape},
};

fn day(text: &str) -> Date {
    let number = |range: std::ops::Range<usize>| text[range].parse::<i32>().unwrap();
    let first = Date::first_of_month(i64::from(number(0..4)), number(5..7) as u8).unwrap();
    first.plus_days(number(8..10) - 1)
}

fn months(first_month: u8, named_after: NamedAfter) -> Shape {
    Shape {
        pattern: Pattern::Months,
        first_month,
        named_after,
        week_starts_on: Weekday::Monday,
        first_week: FirstWeek::Nearest,
    }
}

/// Weeks from Sunday, by the year in which they start.
fn weeks(pattern: Pattern, first_month: u8, first_week: FirstWeek) -> Shape {
    let week_starts_on = Weekday::Sunday;
    Shape { pattern, first_week, week_starts_on, ..months(first_month, NamedAfter::Start) }
}

#[track_caller]
fn check(shape: Shape, rows: &[(&str, &str, &str)]) {
    for (key, starts, ends) in rows {
        let period = shape.period(key).unwrap();
        let found = (period.starts.to_string(), period.ends.to_string());
        assert_eq!(found, ((*starts).to_owned(), (*ends).to_owned()), "{key}");
        assert_eq!(shape.exactly(day(starts), day(ends)), Some(period));
    }
}

#[test]
fn a_calendar_year_is_cut_as_everybody_cuts_it() {
    check(
        months(1, NamedAfter::Start),
        &[
            ("2026", "2026-01-01", "2027-01-01"),
            ("2026-H2", "2026-07-01", "2027-01-01"),
            ("2026-Q4", "2026-10-01", "2027-01-01"),
            ("2026-M02", "2026-02-01", "2026-03-01"),
            ("2024-M02", "2024-02-01", "2024-03-01"),
            // ISO 8601 weeks.
            ("2026-W01", "2025-12-29", "2026-01-05"),
            ("2026-W53", "2026-12-28", "2027-01-04"),
            ("2027-W01", "2027-01-04", "2027-01-11"),
        ],
    );
}

#[test]
fn a_fiscal_year_is_named_after_its_first_month_or_the_last() {
    check(months(7, NamedAfter::Start), &[("2025", "2025-07-01", "2026-07-01")]);
    let ending = months(7, NamedAfter::End);
    check(
        ending,
        &[("2026", "2025-07-01", "2026-07-01"), ("2026-M11", "2026-05-01", "2026-06-01")],
    );
    check(months(1, NamedAfter::End), &[("2026", "2026-01-01", "2027-01-01")]);
}

/// The retail calendar of the National Retail Federation: 4-5-4, to the Saturday nearest to the end
/// of January; 2023 had 53 weeks.
#[test]
fn the_retail_calendar_is_the_published_one() {
    check(
        weeks(Pattern::FourFiveFour, 2, FirstWeek::Nearest),
        &[
            ("2022", "2022-01-30", "2023-01-29"),
            ("2023", "2023-01-29", "2024-02-04"),
            ("2024", "2024-02-04", "2025-02-02"),
            ("2023-M01", "2023-01-29", "2023-02-26"),
            ("2023-M02", "2023-02-26", "2023-04-02"),
            ("2023-M12", "2023-12-31", "2024-02-04"),
            ("2023-Q4", "2023-10-29", "2024-02-04"),
            ("2023-H1", "2023-01-29", "2023-07-30"),
            ("2023-W53", "2024-01-28", "2024-02-04"),
        ],
    );
}

/// A year that ends on the last Saturday of September, named after the year in which it ends; as
/// Apple's fiscal years do, of which 2023 had 53 weeks.
#[test]
fn a_year_ends_on_the_last_saturday_of_a_month() {
    let shape = weeks(Pattern::FiveFourFour, 10, FirstWeek::OnOrBefore);
    check(
        Shape { named_after: NamedAfter::End, ..shape },
        &[
            ("2022", "2021-09-26", "2022-09-25"),
            ("2023", "2022-09-25", "2023-10-01"),
            ("2024", "2023-10-01", "2024-09-29"),
            ("2024-Q1", "2023-10-01", "2023-12-31"),
            ("2024-M01", "2023-10-01", "2023-11-05"),
        ],
    );
}

#[test]
fn the_first_week_may_be_the_first_whole_one() {
    let shape = weeks(Pattern::FourFourFive, 1, FirstWeek::OnOrAfter);
    check(shape, &[("2026", "2026-01-04", "2027-01-03"), ("2026-M03", "2026-03-01", "2026-04-05")]);
}

#[test]
fn a_calendar_of_weeks_has_years_and_weeks_alone() {
    let shape = weeks(Pattern::Weeks, 1, FirstWeek::OnOrBefore);
    check(shape, &[("2026", "2025-12-28", "2026-12-27"), ("2026-W02", "2026-01-04", "2026-01-11")]);
    for level in [Level::Half, Level::Quarter, Level::Month] {
        assert_eq!(shape.period_at(level, day("2026-06-01")), None);
        assert_eq!(shape.periods_of(level, 2026), []);
    }
}

#[test]
fn a_key_is_written_in_one_way() {
    for bad in [
        "", "26", "202", "20266", "+026", "2026-", "2026-Q", "2026-Q0", "2026-Q5", "2026-Q04",
        "2026-M1", "2026-M13", "2026-W00", "2026-W54", "2026-q4", "2026-X1", "0000", "2026-Q٤",
        "202é-Q1", "2026Q4",
    ] {
        assert_eq!(months(1, NamedAfter::Start).period(bad), None, "{bad}");
    }
    assert_eq!(months(0, NamedAfter::Start).period("2026"), None, "a month that is none");
    assert_eq!(months(200, NamedAfter::Start).period_at(Level::Month, Date(0)), None);
}

#[test]
fn quarters_between_two_dates_are_those_that_share_a_day() {
    let between = |starts: &str, ends: &str| -> Vec<String> {
        let shape = months(2, NamedAfter::Start);
        shape.between(Level::Quarter, day(starts), day(ends)).map(|it| it.key()).collect()
    };
    assert_eq!(between("2026-01-31", "2026-05-02"), ["2025-Q4", "2026-Q1", "2026-Q2"]);
    assert_eq!(between("2026-02-01", "2026-05-01"), ["2026-Q1"]);
    assert_eq!(between("2026-02-01", "2026-02-01"), [""; 0]);
    assert_eq!(between("2026-05-01", "2026-02-01"), [""; 0]);
}

#[test]
fn periods_end_where_years_have_no_name() {
    let shape = months(1, NamedAfter::Start);
    for date in [Date(i32::MIN), Date(i32::MAX), day("0001-01-01").plus_days(-1)] {
        assert_eq!(shape.period_at(Level::Year, date), None);
        assert_eq!(shape.nearest(date, date.plus_days(1)), None);
    }
    let last = shape.period("9999-Q4").unwrap();
    assert_eq!(shape.next(&last), None);
    assert_eq!(shape.previous(&shape.period("0001").unwrap()), None);
}

// ── Every shape ──────────────────────────────────────────────────────────────────────────────

fn any_shape() -> impl Strategy<Value = Shape> {
    (
        select(Pattern::ALL),
        1..=12_u8,
        select(NamedAfter::ALL),
        select(Weekday::ALL),
        select(FirstWeek::ALL),
    )
        .prop_map(|(pattern, first_month, named_after, week_starts_on, first_week)| Shape {
            pattern,
            first_month,
            named_after,
            week_starts_on,
            first_week,
        })
}

fn any_level() -> impl Strategy<Value = Level> {
    select(Level::ALL)
}

/// From the years 1900 to 2200.
fn any_date() -> impl Strategy<Value = Date> {
    (-25_567..84_000).prop_map(Date)
}

proptest! {
    #[test]
    fn periods_tile_the_axis(shape in any_shape(), level in any_level(), date in any_date()) {
        let Some(period) = shape.period_at(level, date) else {
            prop_assert!(shape.pattern == Pattern::Weeks);
            return Ok(());
        };
        prop_assert!(period.holds(date));
        let next = shape.next(&period).unwrap();
        prop_assert_eq!(period.ends, next.starts);
        prop_assert_eq!(shape.previous(&next), Some(period));
        let count = |period: &Period| shape.periods_of(level, period.year).len();
        let follows = (next.year, next.number) == (period.year, period.number + 1)
            || (next.year, next.number) == (period.year + 1, 1)
                && usize::from(period.number) == count(&period);
        prop_assert!(follows, "{} and then {}", period.key(), next.key());
    }

    #[test]
    fn a_key_and_its_days_name_the_same_period(
        shape in any_shape(), level in any_level(), date in any_date(),
    ) {
        let Some(period) = shape.period_at(level, date) else { return Ok(()) };
        prop_assert_eq!(shape.period(&period.key()), Some(period));
        prop_assert_eq!(shape.exactly(period.starts, period.ends), Some(period));
    }

    #[test]
    fn shorter_periods_tile_longer_ones(
        shape in any_shape(), level in any_level(), year in 1_900..2_200_i32,
    ) {
        prop_assume!(shape.pattern != Pattern::Months || level != Level::Week);
        let periods = shape.periods_of(level, year);
        prop_assume!(!periods.is_empty());
        let years = shape.periods_of(Level::Year, year);
        prop_assert_eq!(periods[0].starts, years[0].starts);
        prop_assert_eq!(periods[periods.len() - 1].ends, years[0].ends);
        for pair in periods.windows(2) {
            prop_assert_eq!(pair[0].ends, pair[1].starts);
        }
        let quarters = shape.periods_of(Level::Quarter, year);
        if level > Level::Quarter && !quarters.is_empty() {
            prop_assert!(quarters.iter().all(|it| periods.iter().any(|p| p.starts == it.starts)));
        }
    }

    #[test]
    fn years_of_weeks_have_52_or_53_of_them(shape in any_shape(), year in 1_900..2_200_i32) {
        let weeks = shape.periods_of(Level::Week, year);
        prop_assert!([52, 53].contains(&weeks.len()));
        for week in &weeks {
            prop_assert_eq!(Weekday::of(week.starts), shape.week_starts_on);
            prop_assert_eq!(week.ends, week.starts.plus_days(7));
        }
        let weekly = !matches!(shape.pattern, Pattern::Months | Pattern::Weeks);
        let months = shape.periods_of(Level::Month, year);
        let length = |month: &Period| (month.ends.0 - month.starts.0) / 7;
        if weekly {
            prop_assert!(months[..11].iter().all(|it| [4, 5].contains(&length(it))));
            prop_assert_eq!(months.iter().map(length).sum::<i32>(), weeks.len() as i32);
        }
    }

    #[test]
    fn the_year_of_weeks_starts_by_its_rule(shape in any_shape(), year in 1_900..2_200_i32) {
        prop_assume!(shape.pattern != Pattern::Months);
        let later = shape.named_after == NamedAfter::End && shape.first_month > 1;
        let calendar_year = i64::from(year) - i64::from(later);
        let first = Date::first_of_month(calendar_year, shape.first_month).unwrap();
        let starts = shape.periods_of(Level::Year, year)[0].starts.0 - first.0;
        let allowed = match shape.first_week {
            FirstWeek::OnOrBefore => -6..=0,
            FirstWeek::Nearest => -3..=3,
            FirstWeek::OnOrAfter => 0..=6,
        };
        prop_assert!(allowed.contains(&starts), "{starts}");
    }

    #[test]
    fn the_nearest_period_is_no_further_than_any_other(
        shape in any_shape(), starts in any_date(), days in 1..400_i32,
    ) {
        let ends = starts.plus_days(days);
        let off = |period: &Period| {
            (period.starts.0 - starts.0).abs() + (period.ends.0 - ends.0).abs()
        };
        let found = shape.nearest(starts, ends).unwrap();
        for level in Level::ALL {
            let around = shape.between(*level, starts.plus_days(-800), ends.plus_days(800));
            for period in around {
                prop_assert!(off(&found) <= off(&period), "{} {}", found.key(), period.key());
            }
        }
    }
}
