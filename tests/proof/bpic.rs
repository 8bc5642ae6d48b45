//! A bank's event log gives its known weekly answers, stage by stage, to the cent.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

use serde_json::Value;
use tests::{
    World,
    data::{self, History},
    figures::{count, minor, number, row, units},
};

/// Rows of the event log.
const EVENTS: u64 = 113_485;

#[tokio::test(flavor = "multi_thread")]
async fn an_event_log_answers_as_it_should_every_week() {
    let Some(history) = data::history("bpic2012") else {
        return;
    };
    let world = World::start().await;
    let imported = world.cli(&history.import(&[])).await;
    assert_eq!(count(&imported["rows_read"]), EVENTS);
    assert_eq!(count(&imported["applied"]), EVENTS, "{imported}");
    assert_eq!((&imported["already_there"], &imported["rejected"]), (&0.into(), &0.into()));
    the_whole_is_right(&world, &history.reference()).await;
    assert_eq!(weeks_are_right(&world, &history).await, 12);
}

async fn the_whole_is_right(world: &World, reference: &Value) {
    let whole = world.cli(&["metrics"]).await;
    let value = |name: &str| &whole[name]["value"];
    let (won, lost) = (count(value("deals_won")), count(value("deals_lost")));
    let undecided = count(value("deals_no_decision"));
    let by_type = &reference["by_type"];
    assert_eq!(won, count(&by_type["closed_won"]));
    assert_eq!(lost, count(&by_type["closed_lost"]));
    assert_eq!(undecided, count(&by_type["closed_cancelled"]));
    assert_eq!(minor(value("revenue_won")), units(&reference["won_amount"]));
    // What nobody decided is no loss; the reference's own rate counts it as one.
    let rate = |closed: u64| tests::figures::millionths(won as f64 / closed as f64);
    assert_eq!(number(value("win_rate")), rate(won + lost));
    assert_eq!(rate(won + lost + undecided), number(&reference["win_rate_of_closed"]));
    assert_eq!(whole["win_rate"]["excluded"]["NO_DECISION"], undecided);
    let cycle = &reference["cycle_days_won"];
    assert_eq!(count(&cycle["n"]), won);
    for part in ["mean", "median"] {
        let days = value(&format!("cycle_days_won_{part}"));
        assert_eq!(number(days), number(&cycle[part]), "{part}");
    }
    let listed = world.cli(&["opportunity", "list", "--outcome", "won", "--all"]).await;
    assert_eq!(listed["opportunities"].as_array().unwrap().len() as u64, won);
}

/// Every column of every week; gives how many weeks there were.
async fn weeks_are_right(world: &World, history: &History) -> usize {
    let text = history.read("asof_weekly_key.csv");
    let mut reader = csv::Reader::from_reader(text.as_slice());
    let columns = reader.headers().unwrap().clone();
    let mut weeks = 0;
    for week in reader.records() {
        let week = week.unwrap();
        let as_of = &week[0];
        let pipeline = world.cli(&["pipeline", "--as-of", as_of]).await;
        let metrics = world.cli(&["metrics", "--as-of", as_of]).await;
        let reasons = world.cli(&["metrics", "--as-of", as_of, "--by", "reason"]).await;
        for (column, expected) in columns.iter().zip(&week).skip(1) {
            let found = answer(column, &pipeline, &metrics, &reasons);
            let expected: i64 = expected.parse().unwrap();
            let in_units = if column.contains("amount") { 100 } else { 1 };
            assert_eq!(found, expected * in_units, "{column} as of {as_of}");
        }
        weeks += 1;
    }
    weeks
}

/// What the product says in place of a column.
fn answer(column: &str, pipeline: &Value, metrics: &Value, reasons: &Value) -> i64 {
    let whole = |value: &Value| i64::try_from(count(value)).unwrap();
    match column {
        "open" => whole(&pipeline["open"]),
        "open_amount" => minor(&pipeline["open_amount"]),
        "won_to_date" => whole(&metrics["deals_won"]["value"]),
        "won_amount_to_date" => minor(&metrics["revenue_won"]["value"]),
        "declined_to_date" => whole(&reason(reasons, "declined")["count"]),
        "declined_amount_to_date" => minor(&reason(reasons, "declined")["amount"]),
        "cancelled_to_date" => whole(&reason(reasons, "cancelled")["count"]),
        "cancelled_amount_to_date" => minor(&reason(reasons, "cancelled")["amount"]),
        stage => match stage.rsplit_once('_').unwrap() {
            (stage, "n") => whole(&row(pipeline, stage)["count"]),
            (stage, "amount") => minor(&row(pipeline, stage)["amount"]),
            _ => panic!("nothing answers to the column {column}"),
        },
    }
}

fn reason<'a>(reasons: &'a Value, code: &str) -> &'a Value {
    let rows = reasons["rows"].as_array().unwrap();
    rows.iter().find(|row| row["reason"] == code).unwrap_or_else(|| panic!("no {code}: {reasons}"))
}
