//! The rules of a calendar as rows.

use super::{Calendar, Command, Defined, Fact, Shape};
use crate::{
    Date, Entity,
    testing::{fiscal, fold, last_quarter},
};

#[test]
fn a_calendar_is_defined_and_defining_it_again_records_nothing() {
    let define = Command::Define(fiscal());
    let facts = Calendar::default().decide(&define).unwrap();
    assert_eq!(facts, [Fact::Defined(fiscal())]);
    let state: Calendar = fold(facts);
    assert_eq!(state.decide(&define), Ok(vec![]));
    let retired = Defined { retired: true, ..fiscal() };
    let facts = state.decide(&Command::Define(retired.clone())).unwrap();
    assert_eq!(fold::<Calendar>(facts).definition, Some(retired));
}

#[test]
fn a_calendar_needs_a_month_and_a_zone() {
    let zone = |zone: &str| Defined { time_zone: zone.to_owned(), ..fiscal() };
    let month =
        |first_month| Defined { shape: Shape { first_month, ..fiscal().shape }, ..fiscal() };
    for (wrong, field) in [
        (month(0), "shape.first_month"),
        (month(13), "shape.first_month"),
        (zone(""), "time_zone"),
        (zone("Berlin time"), "time_zone"),
    ] {
        let refused = Calendar::default().decide(&Command::Define(wrong)).unwrap_err();
        assert_eq!((refused.reason, &*refused.field), ("CALENDAR_INVALID", field), "{refused}");
    }
}

#[test]
fn days_that_are_no_period_are_refused_with_those_that_are() {
    let (starts, ends) = last_quarter();
    let refused = |key: &str, starts, ends| {
        let refused = fiscal().refuse_other_period(key, starts, ends).unwrap_err();
        assert_eq!(refused.reason, "PERIOD_MISMATCH");
        (refused.field, refused.message)
    };
    assert_eq!(fiscal().refuse_other_period("2026-Q4", starts, ends), Ok(()));
    let nearest = |given: &str| {
        format!(
            "{given} is no period of calendar \"fiscal\"; \
             the nearest is 2026-Q4, from 2026-11-01 until 2027-02-01"
        )
    };
    for (first, end, field, given) in [
        (starts.plus_days(-1), ends, "starts", "2026-10-31 until 2027-02-01"),
        (starts.plus_days(1), ends, "starts", "2026-11-02 until 2027-02-01"),
        (starts, ends.plus_days(-1), "ends", "2026-11-01 until 2027-01-31"),
        (starts.plus_days(-1), ends.plus_days(-1), "starts", "2026-10-31 until 2027-01-31"),
    ] {
        assert_eq!(refused("2026-Q4", first, end), (field.to_owned(), nearest(given)));
    }
    assert_eq!(refused("2026-Q3", starts, ends).0, "period");
    assert_eq!(refused("2026-Q4", ends, starts).0, "ends", "a range that runs backwards");
    assert_eq!(refused("2026-Q4", Date(i32::MIN), Date(i32::MAX)).0, "starts");
}

#[test]
fn a_retired_calendar_takes_nothing_new() {
    let (starts, ends) = last_quarter();
    let retired = Defined { retired: true, ..fiscal() };
    let refused = retired.refuse_other_period("2026-Q4", starts, ends).unwrap_err();
    assert_eq!(refused.reason, "CALENDAR_RETIRED");
}
