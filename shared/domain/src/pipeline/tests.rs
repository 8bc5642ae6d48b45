//! The rules of a pipeline as rows: a definition, and what contradicts itself in it.

use super::{Command, Defined, Fact, Pipeline, StageDefinition};
use crate::{Entity, ForecastCategory, Outcome, testing::fold};

fn stage(key: &str, order: u32, outcome: Outcome) -> StageDefinition {
    StageDefinition {
        key: key.to_owned(),
        name: key.to_uppercase(),
        order,
        probability_ppm: 100_000 * order,
        category: ForecastCategory::Pipeline,
        outcome,
    }
}

fn pipeline(stages: Vec<StageDefinition>) -> Defined {
    let (key, name) = ("sales".to_owned(), "Sales".to_owned());
    Defined { key, name, furthest: false, stages, retired: false }
}

fn usual() -> Vec<StageDefinition> {
    vec![
        stage("lead", 1, Outcome::Open),
        stage("demo", 2, Outcome::Open),
        stage("won", 8, Outcome::Won),
        stage("lost", 9, Outcome::Lost),
    ]
}

#[track_caller]
fn check_refused(stages: Vec<StageDefinition>, field: &str) {
    let refused = Pipeline::default().decide(&Command::Define(pipeline(stages))).unwrap_err();
    assert_eq!((refused.reason, &*refused.field), ("PIPELINE_INVALID", field), "{refused}");
}

#[test]
fn a_pipeline_is_defined_and_defining_it_again_records_nothing() {
    let define = Command::Define(pipeline(usual()));
    let facts = Pipeline::default().decide(&define).unwrap();
    assert_eq!(facts, [Fact::Defined(pipeline(usual()))]);
    assert_eq!(fold::<Pipeline>(facts).decide(&define), Ok(vec![]));
}

#[test]
fn another_definition_replaces_the_one_in_force() {
    let retired = Defined { retired: true, ..pipeline(usual()) };
    let state: Pipeline = fold([Fact::Defined(pipeline(usual()))]);
    let facts = state.decide(&Command::Define(retired.clone())).unwrap();
    assert_eq!(facts, [Fact::Defined(retired.clone())]);
    let both = [Fact::Defined(pipeline(usual())), Fact::Defined(retired.clone())];
    assert_eq!(fold::<Pipeline>(both).definition, Some(retired));
}

#[test]
fn a_pipeline_needs_an_open_stage() {
    check_refused(vec![], "stages");
    check_refused(vec![stage("won", 1, Outcome::Won)], "stages");
}

#[test]
fn a_stage_stands_once() {
    check_refused([usual(), vec![stage("lead", 10, Outcome::Open)]].concat(), "stages[4].key");
}

#[test]
fn stages_rise() {
    check_refused([usual(), vec![stage("late", 9, Outcome::Open)]].concat(), "stages[4].order");
    check_refused(usual().into_iter().rev().collect(), "stages[1].order");
}

#[test]
fn a_probability_is_at_most_one() {
    let certain = StageDefinition { probability_ppm: 1_000_000, ..stage("sure", 1, Outcome::Open) };
    let beyond = StageDefinition { probability_ppm: 1_000_001, ..certain.clone() };
    let decided = Pipeline::default().decide(&Command::Define(pipeline(vec![certain])));
    assert!(decided.is_ok(), "{decided:?}");
    check_refused(vec![beyond], "stages[0].probability");
}

#[test]
fn a_fact_names_the_order_of_a_stage_only_where_the_furthest_counts() {
    let plain = pipeline(usual());
    let furthest = Defined { furthest: true, ..pipeline(usual()) };
    assert_eq!(plain.stage_fact("demo").order, None);
    assert_eq!(furthest.stage_fact("demo").order, Some(2));
    assert_eq!(furthest.stage_fact("unheard").order, None);
    assert_eq!(furthest.stage_fact("unheard").key, "unheard");
}

#[test]
fn open_stages_are_those_that_deals_stand_in() {
    let defined = pipeline(usual());
    assert!(defined.open_stages().map(|stage| &*stage.key).eq(["lead", "demo"]));
    assert_eq!(defined.stage("won").map(|stage| stage.outcome), Some(Outcome::Won));
    assert_eq!(defined.stage("unheard"), None);
}
