//! Courses beside the plain sum of changes.

#![allow(clippy::unwrap_used, reason = "a test says what it expects")]

use domain::{Currency, Money, Outcome, calendar::Level};
use proptest::prelude::*;

use super::*;

fn counted(minor: i64, close: i32) -> Counted {
    Counted {
        outcome: Outcome::Open,
        owner: None,
        pipeline: None,
        stage: "proposal".into(),
        category: None,
        amount: Some(Money { minor, currency: Currency::from_code("USD").unwrap() }),
        close_date: Some(Date(close)),
        closed_at: None,
    }
}

/// The plain sum of all changes before a point.
fn sum_at(changes: &[Signed<Counted>], at: Known) -> Option<&Counted> {
    let covered = || changes.iter().filter(|it| at.covers(it.occurred_at, it.position));
    let sum = |stands: &Counted| -> i32 {
        covered().filter(|it| it.stands == *stands).map(|it| it.sign).sum()
    };
    covered().map(|it| &it.stands).find(|stands| sum(stands) > 0)
}

/// What each commit teaches of one deal: from an instant on it counts as this. A commit may tell
/// of an instant that lies before what is known already.
fn told() -> impl Strategy<Value = Vec<(i64, i64)>> {
    prop::collection::vec((0..12_i64, 0..4_i64), 1..10)
}

proptest! {
    #[test]
    fn a_straight_course_and_a_revised_one_stand_where_the_sum_of_changes_does(told in told()) {
        let mut deals = Deals::default();
        let (id, mut all) = (Uuid::from_u128(1), Vec::new());
        let mut steps: BTreeMap<i64, i64> = BTreeMap::new();
        for (position, (instant, value)) in (1..).zip(&told) {
            let before = steps.range(..=instant).next_back().map(|(_, value)| *value);
            let until = steps.range(instant + 1..).next().map(|(instant, _)| *instant);
            steps.insert(*instant, *value);
            let mut changes = Vec::new();
            let mut change = |occurred_at: i64, sign: i32, value: i64| {
                let (occurred_at, stands) = (Instant(occurred_at), counted(value, 20_000));
                changes.push(Signed { occurred_at, position, sign, stands });
            };
            if before != Some(*value) {
                if let Some(before) = before {
                    change(*instant, -1, before);
                }
                change(*instant, 1, *value);
                if let Some(until) = until {
                    change(until, -1, *value);
                    if let Some(before) = before {
                        change(until, 1, before);
                    }
                }
            }
            all.extend(changes.iter().cloned());
            deals.take(id, changes);
        }
        for as_of in (0..14).map(Instant) {
            for known_at in 0..=told.len() as u64 {
                let at = Known { as_of, known_at };
                let deal = deals.get(OpportunityId(id));
                prop_assert_eq!(deal.and_then(|deal| deal.at(at)), sum_at(&all, at), "{:?}", at);
            }
        }
    }
}

#[test]
fn a_deal_is_found_by_every_day_that_it_was_ever_expected_on() {
    let mut deals = Deals::default();
    let id = Uuid::from_u128(7);
    for (position, close) in [(1, 20_000), (2, 20_100), (3, 20_000)] {
        let (occurred_at, stands) = (Instant(position), counted(1, close));
        deals.take(id, vec![Signed { occurred_at, position: position as u64, sign: 1, stands }]);
    }
    for (starts, ends, found) in [(19_990, 20_010, 1), (20_090, 20_120, 1), (21_000, 21_090, 0)] {
        let (starts, ends) = (Date(starts), Date(ends));
        let period = Period { starts, ends, level: Level::Quarter, year: 2024, number: 1 };
        assert_eq!(deals.of(&period).count(), found, "{starts:?}");
    }
}
