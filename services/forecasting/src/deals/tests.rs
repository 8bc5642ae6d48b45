//! Courses beside the plain sum of changes.

#![allow(clippy::unwrap_used, reason = "a test says what it expects")]

use domain::{Currency, Outcome, calendar::Level};
use proptest::prelude::*;
use runtime::steps::Turn;

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

/// An instant, a position, and what is added there so many times.
type Added = (Instant, u64, i32, Counted);

fn signed(added: &Added) -> Signed<'_, Counted> {
    let (occurred_at, position, sign, stands) = added;
    Signed { occurred_at: *occurred_at, position: *position, sign: *sign, stands }
}

/// The plain sum of all changes before a point.
fn sum_at(changes: &[Added], at: Known) -> Option<&Counted> {
    let covered =
        || changes.iter().filter(|(instant, position, ..)| at.covers(*instant, *position));
    let sum = |stands: &Counted| -> i32 {
        covered().filter(|it| it.3 == *stands).map(|(_, _, sign, _)| sign).sum()
    };
    covered().map(|(.., stands)| stands).find(|stands| sum(stands) > 0)
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
fn changes(steps: &mut BTreeMap<i64, Option<i64>>, told: Told, position: u64) -> Vec<Added> {
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
    signed.map(|(at, sign, value)| (Instant(at), position, sign, counted(value, 20_000))).collect()
}

proptest! {
    #[test]
    fn a_straight_course_and_a_revised_one_stand_where_the_sum_of_changes_does(told in told()) {
        let mut deals = Deals::default();
        let (id, mut all) = (Uuid::from_u128(1), Vec::new());
        let mut steps = BTreeMap::new();
        for (position, commit) in (1..).zip(&told) {
            let told = commit.iter().flat_map(|told| changes(&mut steps, *told, position));
            let told: Vec<Added> = told.collect();
            deals.take(id, &told.iter().map(signed).collect::<Vec<_>>());
            all.extend(told);
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

/// Where a deal stands after each of its facts: how much later, whether of a later commit, as what.
fn turns() -> impl Strategy<Value = Vec<(i64, bool, Option<i64>)>> {
    prop::collection::vec((0..3_i64, any::<bool>(), prop::option::weighted(0.8, 0..4_i64)), 1..12)
}

proptest! {
    #[test]
    fn a_life_that_is_loaded_is_what_its_changes_make(told in turns()) {
        let (mut turns, mut place) = (Vec::<Turn<Counted>>::new(), (0, 1));
        for (later, next, value) in told {
            place = (place.0 + later, place.1 + u64::from(next));
            let stands = value.map(|value| counted(value, 20_000 + 40 * (value as i32 % 2)));
            // A turn is where something changes.
            if turns.last().map_or(&None, |turn| &turn.stands) != &stands {
                let (occurred_at, position) = (Instant(place.0), place.1);
                turns.push(Turn { occurred_at, position, stands });
            }
        }
        let (life, id) = (Life::Straight(turns), Uuid::from_u128(1));
        let (mut loaded, mut taken) = (Deals::default(), Deals::default());
        loaded.load(id, &life);
        taken.take(id, &life.changes());
        let nothing = Known { as_of: Instant(0), known_at: 0 };
        for as_of in (0..place.0 + 2).map(Instant) {
            for known_at in 0..=place.1 {
                let at = Known { as_of, known_at };
                prop_assert_eq!(counted_at(&loaded, id, at), counted_at(&taken, id, at), "{:?}", at);
                for days in [(20_000, 20_031), (20_040, 20_050)] {
                    let period = period(days.0, days.1);
                    let found = |deals: &Deals| deals.of(&period, &[at]).count();
                    prop_assert_eq!(found(&loaded), found(&taken), "{:?} {:?}", at, days);
                }
                let positions = |deals: &Deals| {
                    deals.get(OpportunityId(id)).map(|deal| deal.positions(nothing, at))
                };
                prop_assert_eq!(positions(&loaded), positions(&taken), "{:?}", at);
            }
        }
    }
}

fn period(starts: i32, ends: i32) -> Period {
    let (starts, ends) = (Date(starts), Date(ends));
    Period { starts, ends, level: Level::Quarter, year: 2024, number: 1 }
}

#[test]
fn what_a_commit_adds_and_takes_away_at_one_instant_is_gone() {
    for (signs, left) in [
        (&[(1, 1), (-1, 1)][..], None),
        (&[(1, 1), (-1, 1), (1, 2)], Some(2)),
        (&[(1, 1), (1, 2), (-1, 1)], Some(2)),
    ] {
        let (mut deals, id) = (Deals::default(), Uuid::from_u128(7));
        let added = |&(sign, value): &(i32, i64)| (Instant(5), 1, sign, counted(value, 20_000));
        let told: Vec<Added> = signs.iter().map(added).collect();
        deals.take(id, &told.iter().map(signed).collect::<Vec<_>>());
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
        let added = (Instant(position), position as u64, sign, counted(1, close));
        deals.take(id, &[signed(&added)]);
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
        assert_eq!(deals.of(&period(starts, ends), points).count(), found, "{starts:?} {points:?}");
    }
}
