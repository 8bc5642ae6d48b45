//! Histories in rows: what is new in each, what repeats, and what another table tells already.

use api::google::r#type::Decimal;
use api::ingest::v1::report::Fact;
use api::types::v1::{ForecastCategory, Outcome};

use super::super::plan::Plan;
use super::plan;

const MAPPING: &str = r#"
dates = ["%Y-%m-%d"]
source = { key = "test", name = "Test" }

[table.moves]
file = "moves.csv"
key = "deal"
at = "on"
columns = { ended = { column = "stage", lookup = { table = "stages", key = "stage", take = "how" }, default = "open" } }

[table.deals]
file = "deals.csv"
key = "deal"
at = "made"

[table.stages]
file = "stages.csv"
columns = { how = { columns = ["closed", "won"], map = "how" }, category = { column = "how", map = "category" } }

[map.how]
"no no" = "open"
"yes yes" = "won"
"yes no" = "lost"

[map.category]
open = "pipeline"
won = "closed"
lost = "omitted"

[[rule]]
name = "stage"
table = "stages"
fact = "stage"
key = "pipeline"
fields = { stage = "stage", order = "place", category = "category", outcome = "how", probability = "chance" }

[[rule]]
name = "opened"
table = "deals"
fact = "opened"
first = true
fields = { pipeline = { value = "p" }, stage = { column = "deal", lookup = { table = "moves", key = "deal", take = "stage", first_by = "on" }, or = { column = "stage", default = "unknown" } } }

[[rule]]
name = "won_as_it_stands"
table = "deals"
fact = "won"
when = { stage = "w" }
missing_in = [{ table = "moves", key = "deal" }]
at = "closed"
not_before = "made"

[[rule]]
name = "moved"
table = "moves"
fact = "stage_changed"
when = { ended = "open" }
first = false
changed = ["stage"]
fields = { stage = "stage" }

[[rule]]
name = "won"
table = "moves"
fact = "won"
when = { ended = "won" }
changed = ["ended"]
step = 1
"#;

const STAGES: &str = "pipeline,stage,place,chance,closed,won\n\
    p,b,2,0.5,no,no\np,w,9,1,yes,yes\np,a,1,0.1,no,no\np,x,9,0,yes,no\n";

const DEALS: &str =
    "deal,made,stage,closed\n1,2024-01-01,b,\n2,2024-01-05,w,2024-01-02\n3,2024-01-06,,\n";

const MOVES: &str =
    "deal,on,stage\n1,2024-01-01,a\n1,2024-01-03,b\n1,2024-01-04,b\n1,2024-01-09,w\n";

fn made(deals: &str, moves: &str) -> Plan {
    plan(MAPPING, &[("stages.csv", STAGES), ("deals.csv", deals), ("moves.csv", moves)]).unwrap()
}

/// The rule, the key, the day of January 2024 and the stage of each fact.
fn facts(plan: &Plan) -> Vec<(&str, &str, i64, &str)> {
    let fact = |planned: &'_ super::super::plan::Planned| {
        let seconds = planned.report.occurred_at.map_or(0, |at| at.seconds);
        (seconds - 1_704_067_200) / 86_400 + 1
    };
    plan.facts
        .iter()
        .map(|planned| {
            let stage = match &planned.report.fact {
                Some(Fact::OpportunityOpened(it)) => &*it.stage,
                Some(Fact::OpportunityStageChanged(it)) => &*it.stage,
                _ => "",
            };
            (&*planned.report.rule, &*planned.report.key, fact(planned), stage)
        })
        .collect()
}

const TOLD: [(&str, &str, i64, &str); 6] = [
    ("opened", "1", 1, "a"),
    ("moved", "1", 3, "b"),
    ("opened", "2", 5, "w"),
    ("won_as_it_stands", "2", 5, ""),
    ("opened", "3", 6, "unknown"),
    ("won", "1", 9, ""),
];

#[test]
fn a_history_states_what_changes_and_repeats_the_rest() {
    let plan = made(DEALS, MOVES);
    assert_eq!(facts(&plan), TOLD);
    assert_eq!(plan.rejects, []);
    let repeats: Vec<u64> =
        plan.rows.iter().filter(|row| row.repeats).map(|row| row.line).collect();
    assert_eq!(repeats, [2, 4], "the first stage, which the opening has, and the one that stays");
}

#[test]
fn the_order_of_rows_does_not_matter_and_a_row_twice_says_nothing_new() {
    let (head, rows) = MOVES.split_once('\n').unwrap();
    let mut rows: Vec<&str> = rows.lines().chain(rows.lines()).collect();
    rows.sort_unstable_by_key(|row| std::cmp::Reverse(*row));
    let moves = format!("{head}\n{}\n", rows.join("\n"));
    let plan = made(DEALS, &moves);
    assert_eq!(facts(&plan), TOLD);
    assert_eq!(plan.rows.iter().filter(|row| row.repeats).count(), 6);
}

#[test]
fn stages_in_rows_are_one_pipeline_in_their_order() {
    let plan = made(DEALS, MOVES);
    let planned = &plan.definitions[0];
    assert_eq!((&*planned.report.key, &planned.rows[..].len()), ("p", &4));
    let Some(Fact::PipelineDefined(pipeline)) = &planned.report.fact else { panic!("a pipeline") };
    let stages: Vec<(&str, u32, ForecastCategory, Outcome)> = pipeline
        .stages
        .iter()
        .map(|stage| (&*stage.key, stage.order, stage.category(), stage.outcome()))
        .collect();
    assert_eq!(
        stages,
        [
            ("a", 1, ForecastCategory::Pipeline, Outcome::Open),
            ("b", 2, ForecastCategory::Pipeline, Outcome::Open),
            ("w", 3, ForecastCategory::Closed, Outcome::Won),
            ("x", 4, ForecastCategory::Omitted, Outcome::Lost),
        ]
    );
    let half = Some(Decimal { value: "0.5".to_owned() });
    assert_eq!(pipeline.stages[1].probability, half);
}

#[test]
fn a_stage_that_is_defined_twice_is_rejected_but_for_the_first() {
    let stages = format!("{STAGES}p,b,3,0.5,no,no\np,a,1,0.1,no,no\n");
    let files = [("stages.csv", &*stages), ("deals.csv", DEALS), ("moves.csv", MOVES)];
    let plan = plan(MAPPING, &files).unwrap();
    let found: Vec<(u64, &str)> =
        plan.rejects.iter().map(|reject| (reject.line, &*reject.reason)).collect();
    assert_eq!(found, [(6, "SECOND_DEFINITION")]);
}

#[test]
fn columns_that_cannot_be_made_are_named() {
    for (from, to, words) in [
        ("map = \"category\" }", "map = \"kind\" }", &["columns.category", "no map \"kind\""][..]),
        (
            "column = \"how\", map",
            "column = \"hwo\", map",
            &["columns.category", "no column \"hwo\""],
        ),
        ("columns = { how = ", "columns = { won = ", &["has a column \"won\" already"]),
        ("key = \"deal\"\nat = \"on\"", "at = \"on\"", &["key"]),
    ] {
        assert!(MAPPING.contains(from), "{from}");
        let mapping = MAPPING.replacen(from, to, 1);
        let files = [("stages.csv", STAGES), ("deals.csv", DEALS), ("moves.csv", MOVES)];
        let error = plan(&mapping, &files).unwrap_err();
        for word in words {
            assert!(error.contains(word), "{from} -> {to}: {word:?} is not in: {error}");
        }
    }
}
