//! Whatever facts, legal or not, and in whatever order they arrive: the same answers and digests.

use std::collections::BTreeMap;

use domain::{Known, Timeline, opportunity::Fact};
use proptest::prelude::*;
use runtime::{
    timelines::EntityRef,
    view::{View, any_order::restored},
};

use super::deals::*;
use crate::{
    outcomes::{Outcomes, Period},
    pipeline::PipelineLedger,
};

/// A fact about one of three deals, at one of seven instants.
type Happened = (u128, i64, Fact);

fn money() -> impl Strategy<Value = Option<domain::Money>> {
    prop_oneof![
        Just(None),
        (0..4_i64).prop_map(usd),
        (0..3_i64).prop_map(eur),
        Just(usd(i64::MIN)),
        Just(usd(i64::MAX)),
    ]
}

fn fact() -> impl Strategy<Value = Fact> {
    let key = prop::sample::select(vec!["new", "offer", "talks"]);
    let owner = prop::option::of(10..13_u128);
    prop_oneof![
        4 => (key.clone(), 10..13_u128, money()).prop_map(|(key, owner, amount)| {
            opened(key, owner, amount)
        }),
        2 => key.clone().prop_map(moved),
        2 => money().prop_map(priced),
        1 => prop::option::of(17_200..17_300_i32).prop_map(planned),
        2 => owner.prop_map(handed),
        2 => money().prop_map(won),
        1 => Just(lost("price")),
        1 => Just(abandoned()),
        2 => prop::option::of(key).prop_map(reopened),
        1 => Just(noted()),
        2 => (1..20_u128).prop_map(voided),
    ]
}

/// Timelines of facts, the first of which was recorded at the first of the positions and so on.
fn timelines(happened: &[Happened], positions: &[u64]) -> BTreeMap<EntityRef, Timeline> {
    let mut timelines = BTreeMap::<EntityRef, Timeline>::new();
    for ((command, (number, at, fact)), position) in (1..).zip(happened).zip(positions) {
        let timeline = timelines.entry(deal(*number)).or_default();
        timeline.insert(entry(*at, *position, command, fact.clone()));
    }
    timelines
}

fn points(many: u64) -> impl Iterator<Item = Known> {
    let instants = (0..8).chain([i64::MAX]);
    instants.flat_map(move |as_of| (0..=many).map(move |known_at| at(as_of, known_at)))
}

fn check(
    pipeline: &PipelineLedger,
    outcomes: &Outcomes,
    timelines: &BTreeMap<EntityRef, Timeline>,
    many: u64,
) -> Result<(), TestCaseError> {
    for point in points(many) {
        for part in PARTS {
            let expected = open_by_hand(timelines, point, part);
            prop_assert_eq!(open(pipeline, point, part), expected, "{:?} {:?}", point, part);
        }
        let mut expected = closed_by_hand(timelines, point);
        prop_assert_eq!(&closed(outcomes, point, ALWAYS), &expected, "{:?}", point);
        let some = Period { start: Some(domain::Instant(2)), end: Some(domain::Instant(5)) };
        expected.retain(|ended| (2..5).contains(&ended.1));
        prop_assert_eq!(closed(outcomes, point, some), expected, "{:?}", point);
    }
    Ok(())
}

/// A view that was loaded up to a position and then followed the rest.
fn joined<V: View>(timelines: &BTreeMap<EntityRef, Timeline>, upto: u64) -> V {
    let mut view: V = loaded(timelines, upto);
    view.settle();
    apply_after(&mut view, timelines, upto);
    view
}

/// The same, kept and restored in between.
fn resumed<V: View>(timelines: &BTreeMap<EntityRef, Timeline>, upto: u64) -> V {
    let mut view: V = loaded(timelines, upto);
    view.settle();
    let mut view = restored(&view, timelines, upto);
    apply_after(&mut view, timelines, upto);
    restored(&view, timelines, u64::MAX)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn views_answer_like_plain_folds_however_they_are_fed(
        (happened, positions) in prop::collection::vec((1..4_u128, 0..7_i64, fact()), 1..16)
            .prop_flat_map(|happened| {
                let positions: Vec<u64> = (1..=happened.len() as u64).collect();
                (Just(happened), Just(positions).prop_shuffle())
            }),
        upto in 0..17_u64,
    ) {
        let many = happened.len() as u64;
        let shuffled = timelines(&happened, &positions);
        check(&live(&shuffled), &live(&shuffled), &shuffled, many)?;
        check(&loaded(&shuffled, many), &loaded(&shuffled, many), &shuffled, many)?;
        check(&joined(&shuffled, upto), &joined(&shuffled, upto), &shuffled, many)?;
        check(&resumed(&shuffled, upto), &resumed(&shuffled, upto), &shuffled, many)?;

        let in_order: Vec<u64> = (1..=many).collect();
        let in_order = timelines(&happened, &in_order);
        let pipeline = live::<PipelineLedger>(&in_order).digest(TENANT);
        let outcomes = live::<Outcomes>(&in_order).digest(TENANT);
        for other in [live(&shuffled), loaded(&shuffled, many), resumed(&shuffled, upto)] {
            let other: PipelineLedger = other;
            prop_assert_eq!(other.digest(TENANT), pipeline);
        }
        for other in [live(&shuffled), loaded(&shuffled, many), resumed(&shuffled, upto)] {
            let other: Outcomes = other;
            prop_assert_eq!(other.digest(TENANT), outcomes);
        }
    }
}
