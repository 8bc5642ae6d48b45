//! Courses beside the plain sum of changes.

#![allow(clippy::unwrap_used, reason = "a test says what it expects")]

use domain::{Currency, Outcome, calendar::Level};
use proptest::prelude::*;

use super::*;

fn counted(minor: i64, close: i32) -> Counted {
    let class = Class {
        outcome: Outcome::Open,
        owner: None,
        pipeline: None,
        stage: "proposal".into(),
        category: None,
        currency: Currency::from_code("USD"),
    };
    Counted { class, minor, close_date: Some(Date(close)), closed_at: None }
}

/// What a deal counts as at a point, with its class.
pub fn counted_at(deals: &Deals, id: Uuid, at: Known) -> Option<Counted> {
    let Count { class, minor, close_date, closed_at } = deals.get(OpportunityId(id))?.at(at)?;
    let class = deals.classes()[class as usize].clone();
    Some(Counted { class, minor, close_date, closed_at })
}

/// The plain sum of all changes before a point.
fn sum_at(changes: &[Signed<Counted>], at: Known) -> Option<&Counted> {
    let covered = || changes.iter().filter(|it| at.covers(it.occurred_at, it.position));
    let sum = |stands: &Counted| -> i32 {
        covered().filter(|it| it.stands == *stands).map(|it| it.sign).sum()
    };
    covered().map(|it| &it.stands).find(|stands| sum(stands) > 0)
}

/// From an instant on it counts as this, or as nothing.
type Told = (i64, Option<i64>);

/// What each commit teaches of one deal, at one instant or two. A commit may tell of an instant that
/// lies before what is known already.
fn told() -> impl Strategy<Value = Vec<Vec<Told>>> {
    let one = (0..12_i64, prop::option::weighted(0.8, 0..4_i64));
    prop::collection::vec(prop::collection::vec(one, 1..=2), 1..10)
}

/// The changes that make of what is known what is told.
fn changes(
    steps: &mut BTreeMap<i64, Option<i64>>,
    told: Told,
    position: u64,
) -> Vec<Signed<Counted>> {
    let (instant, value) = told;
    let before = steps.range(..=instant).next_back().and_then(|(_, value)| *value);
    let until = steps.range(instant + 1..).next().map(|(instant, _)| *instant);
    steps.insert(instant, value);
    if before == value {
        return Vec::new();
    }
    let mut signed = vec![(instant, -1, before), (instant, 1, value)];
    if let Some(until) = until {
        signed.extend([(until, -1, value), (until, 1, before)]);
    }
    let signed = signed.into_iter().filter_map(|(at, sign, value)| Some((at, sign, value?)));
    let change = |(at, sign, value)| Signed {
        occurred_at: Instant(at),
        position,
        sign,
        stands: counted(value, 20_000),
    };
    signed.map(change).collect()
}

proptest! {
    #[test]
    fn a_straight_course_and_a_revised_one_stand_where_the_sum_of_changes_does(told in told()) {
        let mut deals = Deals::default();
        let (id, mut all) = (Uuid::from_u128(1), Vec::new());
        let mut steps = BTreeMap::new();
        for (position, commit) in (1..).zip(&told) {
            let told = commit.iter().flat_map(|told| changes(&mut steps, *told, position));
            let told: Vec<_> = told.collect();
            all.extend(told.iter().cloned());
            deals.take(id, told);
        }
        for as_of in (0..14).map(Instant) {
            for known_at in 0..=told.len() as u64 {
                let at = Known { as_of, known_at };
                let expected = sum_at(&all, at).cloned();
                prop_assert_eq!(counted_at(&deals, id, at), expected, "{:?}", at);
            }
        }
    }
}

#[test]
fn what_a_commit_adds_and_takes_away_at_one_instant_is_gone() {
    for (signs, left) in [
        (&[(1, 1), (-1, 1)][..], None),
        (&[(1, 1), (-1, 1), (1, 2)], Some(2)),
        (&[(1, 1), (1, 2), (-1, 1)], Some(2)),
    ] {
        let (mut deals, id) = (Deals::default(), Uuid::from_u128(7));
        let change = |&(sign, value): &(i32, i64)| {
            let stands = counted(value, 20_000);
            Signed { occurred_at: Instant(5), position: 1, sign, stands }
        };
        deals.take(id, signs.iter().map(change).collect());
        let left = left.map(|value| counted(value, 20_000));
        assert_eq!(counted_at(&deals, id, Known::NOW), left, "{signs:?}");
    }
}

#[test]
fn a_deal_is_found_by_the_days_that_it_may_count_on_at_a_point() {
    let mut deals = Deals::default();
    let id = Uuid::from_u128(7);
    for (position, sign, close) in
        [(1, 1, 20_000), (2, -1, 20_000), (2, 1, 20_100), (3, -1, 20_100), (3, 1, 20_000)]
    {
        let (occurred_at, stands) = (Instant(position), counted(1, close));
        deals.take(id, vec![Signed { occurred_at, position: position as u64, sign, stands }]);
    }
    let known = |known_at| Known { known_at, ..Known::NOW };
    for (starts, ends, points, found) in [
        (19_990, 20_010, &[Known::NOW][..], 1),
        (20_090, 20_120, &[known(1)], 0),
        (20_090, 20_120, &[known(2)], 1),
        (20_090, 20_120, &[Known::NOW], 0),
        (20_090, 20_120, &[known(2), Known::NOW], 1),
        (21_000, 21_090, &[known(1), known(2), Known::NOW], 0),
    ] {
        let (starts, ends) = (Date(starts), Date(ends));
        let period = Period { starts, ends, level: Level::Quarter, year: 2024, number: 1 };
        assert_eq!(deals.of(&period, points).count(), found, "{starts:?} {points:?}");
    }
}
