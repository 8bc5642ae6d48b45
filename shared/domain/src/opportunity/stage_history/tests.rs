//! Stays as rows, and against the deal as it stood at every instant.

use proptest::{collection::vec, prelude::*, prop_assert, prop_assert_eq, proptest};

use super::{Direction, stage_history};
use crate::{
    ForecastCategory, Instant, Known, Outcome, PipelineId,
    opportunity::{Command, Opportunity, StageChanged},
    pipeline,
    testing::{history, id, lose, note, nth_stage, open, open_in, reopen, stage, to, to_nth, win},
};

/// What happened when, and the stays that come of it.
#[track_caller]
fn check(given: &[(i64, Command)], then: &[(&str, i64, Option<i64>)]) {
    let stays = stage_history(&history(given.iter().cloned()), Known::NOW);
    let told: Vec<_> = stays
        .iter()
        .map(|it| (&*it.stage, it.entered_at.0, it.left_at.map(|left| left.0)))
        .collect();
    assert_eq!(told, then);
}

#[test]
fn a_stay_ends_with_a_move() {
    check(&[], &[]);
    check(&[(10, open())], &[("lead", 10, None)]);
    let moved = [(10, open()), (20, to("demo")), (30, note()), (40, to("lead"))];
    check(&moved, &[("lead", 10, Some(20)), ("demo", 20, Some(40)), ("lead", 40, None)]);
    check(&[(10, open()), (20, to("lead"))], &[("lead", 10, None)]);
}

#[test]
fn a_closed_deal_stands_nowhere() {
    for closing in [win(None), lose("price")] {
        let closed = [(10, open()), (20, closing)];
        check(&closed, &[("lead", 10, Some(20))]);
        let same = [&closed[..], &[(30, reopen(None))]].concat();
        check(&same, &[("lead", 10, Some(20)), ("lead", 30, None)]);
        let other = [&closed[..], &[(30, reopen(Some(stage("demo"))))]].concat();
        check(&other, &[("lead", 10, Some(20)), ("demo", 30, None)]);
        let moved = [&closed[..], &[(25, to("demo")), (30, reopen(None))]].concat();
        check(&moved, &[("lead", 10, Some(20)), ("demo", 30, None)]);
    }
}

#[test]
fn where_the_furthest_stage_counts_a_move_back_ends_no_stay() {
    let given = [(10, open_in(nth_stage(1))), (20, to_nth(3)), (30, to_nth(2))];
    check(&given, &[("stage_1", 10, Some(20)), ("stage_3", 20, None)]);
}

#[test]
fn the_stage_of_another_pipeline_is_another_stage() {
    let elsewhere = StageChanged { stage: stage("lead"), pipeline: Some(PipelineId(id(2))) };
    let moved = [(10, open()), (20, Command::ChangeStage(elsewhere))];
    check(&moved, &[("lead", 10, Some(20)), ("lead", 20, None)]);
    let stays = stage_history(&history(moved), Known::NOW);
    let pipelines: Vec<_> = stays.iter().map(|it| it.pipeline.map(|pipeline| pipeline.0)).collect();
    assert_eq!(pipelines, [Some(id(1)), Some(id(2))]);
}

#[test]
fn a_stay_of_no_time_is_a_stay() {
    let given = [(10, open()), (10, to("demo"))];
    check(&given, &[("lead", 10, Some(10)), ("demo", 10, None)]);
}

#[test]
fn a_direction_is_that_of_the_pipelines_order() {
    let stage = |key: &str, order, outcome| pipeline::StageDefinition {
        key: key.to_owned(),
        name: key.to_owned(),
        order,
        probability_ppm: 0,
        category: ForecastCategory::Pipeline,
        outcome,
    };
    let sales = pipeline::Defined {
        key: "sales".to_owned(),
        name: "Sales".to_owned(),
        furthest: false,
        stages: vec![
            stage("lead", 10, Outcome::Open),
            stage("demo", 20, Outcome::Open),
            stage("offer", 30, Outcome::Open),
            stage("lost", 40, Outcome::Lost),
            stage("won", 50, Outcome::Won),
        ],
        retired: false,
    };
    for (from, to, then) in [
        ("lead", "demo", Some(Direction::Forward)),
        ("lead", "offer", Some(Direction::Skip)),
        ("offer", "won", Some(Direction::Forward)),
        ("demo", "won", Some(Direction::Skip)),
        ("offer", "lead", Some(Direction::Back)),
        ("demo", "demo", None),
        ("demo", "elsewhere", None),
        ("elsewhere", "demo", None),
    ] {
        assert_eq!(Direction::between(&sales, from, to), then, "{from} to {to}");
    }
}

fn any_command() -> impl Strategy<Value = Command> {
    prop_oneof![
        Just(open()),
        Just(to("lead")),
        Just(to("demo")),
        (1..4_u32).prop_map(to_nth),
        Just(win(None)),
        Just(reopen(None)),
        Just(reopen(Some(stage("demo")))),
        Just(note()),
    ]
}

proptest! {
    #[test]
    fn at_every_instant_the_deal_stands_where_its_last_stay_says(
        given in vec((0..10_i64, any_command()), 0..16),
        at in 0..12_i64,
    ) {
        let timeline = history(given);
        let at = Known { as_of: Instant(at), ..Known::NOW };
        let deal: Opportunity = timeline.state(at);
        let stays = stage_history(&timeline, at);
        let stands = stays.last().filter(|last| last.left_at.is_none());
        let expected = deal.stage.as_ref().filter(|_| deal.outcome == Outcome::Open);
        prop_assert_eq!(
            stands.map(|it| (&it.stage, it.pipeline)),
            expected.map(|it| (&it.key, deal.pipeline))
        );
        for pair in stays.windows(2) {
            let left = pair[0].left_at;
            prop_assert!(left.is_some_and(|left| pair[0].entered_at <= left));
            prop_assert!(left.is_some_and(|left| left <= pair[1].entered_at));
        }
        // What is known later of an earlier instant takes nothing back: it only goes on.
        let whole = stage_history(&timeline, Known::NOW);
        let entered: Vec<_> = stays.iter().map(|it| (&it.stage, it.entered_at)).collect();
        let again: Vec<_> = whole.iter().map(|it| (&it.stage, it.entered_at)).collect();
        prop_assert_eq!(&again[..entered.len()], &entered[..]);
    }
}
