//! A CRM export gives its known figures, to the cent, at its end and on any day before.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

use std::collections::HashMap;

use chrono::{Days, NaiveDate};
use serde_json::Value;
use tests::{
    World,
    data::{self, History},
    figures::{count, exact, minor, number, row, units},
};

/// Rows of deals in the export.
const DEALS: u64 = 8_800;
/// Rows of products and of sales people.
const CATALOG_ROWS: u64 = 7 + 35;
/// Deals that are still open on its last day, and those of them that nobody has engaged yet.
const OPEN: u64 = 2_089;
const PROSPECTS: u64 = 500;
/// The day on which those count as opened.
const PROSPECTS_OPENED: &str = "2017-12-31";

#[tokio::test(flavor = "multi_thread")]
async fn a_crm_export_answers_as_it_should_on_every_day() {
    let Some(history) = data::history("maven_crm") else {
        return;
    };
    let reference = history.reference();
    let world = World::start().await;
    every_row_is_accounted_for(&world, &history).await;
    the_whole_is_right(&world, &reference).await;
    the_end_is_right(&world).await;
    for (by, name) in [
        ("quarter", "per_quarter_close"),
        ("month", "per_month_close"),
        ("owner", "per_rep"),
        ("manager", "per_manager"),
        ("office", "per_region"),
        ("product", "per_product"),
    ] {
        groups_are_right(&world, by, &reference[name]).await;
    }
    for (day, expected) in reference["as_of_start_of_day"].as_object().unwrap() {
        a_day_is_right(&world, day, expected).await;
        rows_add_up(&world, day).await;
    }
    any_day_is_right(&world, &history).await;
}

async fn every_row_is_accounted_for(world: &World, history: &History) {
    let first = world.cli(&history.import(&[])).await;
    for (tally, read) in [(&first, DEALS), (&first["catalog_rows"], CATALOG_ROWS)] {
        assert_eq!(count(&tally["rows_read"]), read);
        assert_eq!(count(&tally["applied"]), read, "{tally}");
        assert_eq!((&tally["already_there"], &tally["rejected"]), (&0.into(), &0.into()));
    }
    let position = world.position().await;
    let again = world.cli(&history.import(&[])).await;
    for (tally, read) in [(&again, DEALS), (&again["catalog_rows"], CATALOG_ROWS)] {
        assert_eq!((count(&tally["rows_read"]), count(&tally["already_there"])), (read, read));
        assert_eq!((&tally["applied"], &tally["rejected"]), (&0.into(), &0.into()));
    }
    assert_eq!(world.position().await, position, "the second import recorded something");
}

async fn the_whole_is_right(world: &World, reference: &Value) {
    let whole = world.cli(&["metrics"]).await;
    let value = |name: &str| &whole[name]["value"];
    assert_eq!(number(value("win_rate")), number(&reference["win_rate_by_count"]));
    assert_eq!(minor(value("revenue_won")), units(&reference["revenue_won"]));
    assert_eq!(exact(value("average_deal")), number(&reference["avg_deal_won"]));
    assert_eq!(minor(value("median_deal")), units(&reference["median_deal_won"]));
    assert_eq!(value("deals_won"), &reference["stage_counts"]["Won"]);
    assert_eq!(value("deals_lost"), &reference["stage_counts"]["Lost"]);
    assert_eq!(count(value("deals_no_decision")), 0);
    let cycle = &reference["cycle_days_won"];
    for part in ["mean", "median", "p90"] {
        assert_eq!(
            number(value(&format!("cycle_days_won_{part}"))),
            number(&cycle[part]),
            "{part}"
        );
    }
    assert_eq!(whole["win_rate"]["numerator"], reference["stage_counts"]["Won"]);
    assert_eq!(
        count(&whole["win_rate"]["denominator"]),
        count(value("deals_won")) + count(value("deals_lost"))
    );
}

async fn the_end_is_right(world: &World) {
    let pipeline = world.cli(&["pipeline"]).await;
    assert_eq!(count(&pipeline["open"]), OPEN);
    assert_eq!(count(&row(&pipeline, "engaging")["count"]), OPEN - PROSPECTS);
    assert_eq!(count(&row(&pipeline, "prospecting")["count"]), PROSPECTS);
    let listed = world.cli(&["opportunity", "list", "--outcome", "open", "--all"]).await;
    assert_eq!(listed["opportunities"].as_array().unwrap().len() as u64, OPEN);
    let faulty = world.cli(&["opportunity", "list", "--faults", "--all"]).await;
    assert_eq!(faulty["opportunities"], Value::Array(vec![]));
}

async fn groups_are_right(world: &World, by: &str, expected: &Value) {
    let answer = world.cli(&["metrics", "--by", by]).await;
    let expected = expected.as_object().unwrap();
    assert_eq!(answer["rows"].as_array().unwrap().len(), expected.len(), "groups by {by}");
    for (key, expected) in expected {
        let group = row(&answer, key);
        let value = |name: &str| &group[name]["value"];
        let closed = count(value("deals_won")) + count(value("deals_lost"));
        assert_eq!(closed, count(&expected["closed"]), "{key}");
        assert_eq!(value("deals_won"), &expected["won"], "{key}");
        assert_eq!(value("deals_lost"), &expected["lost"], "{key}");
        assert_eq!(number(value("win_rate")), number(&expected["win_rate"]), "{key}");
        assert_eq!(minor(value("revenue_won")), units(&expected["revenue"]), "{key}");
        assert_eq!(exact(value("average_deal")), number(&expected["avg_deal"]), "{key}");
        assert_eq!(minor(value("median_deal")), units(&expected["median_deal"]), "{key}");
        let cycle = number(value("cycle_days_won_mean"));
        assert_eq!(cycle, number(&expected["cycle_mean_won"]), "{key}");
    }
}

async fn a_day_is_right(world: &World, day: &str, expected: &Value) {
    let pipeline = world.cli(&["pipeline", "--as-of", day]).await;
    let engaged = row(&pipeline, "engaging");
    assert_eq!(engaged["count"], expected["open_engaged"], "{day}");
    assert_eq!(minor(&engaged["amount"]), units(&expected["open_list_price_value"]), "{day}");
    let to_date = world.cli(&["metrics", "--as-of", day]).await;
    let value = |name: &str| &to_date[name]["value"];
    let closed = count(value("deals_won")) + count(value("deals_lost"));
    assert_eq!(closed, count(&expected["closed_to_date"]), "{day}");
    assert_eq!(value("deals_won"), &expected["won_to_date"], "{day}");
    match expected["win_rate_to_date"].as_f64() {
        Some(_) => {
            assert_eq!(number(value("win_rate")), number(&expected["win_rate_to_date"]), "{day}");
        }
        None => {
            assert_eq!(value("win_rate"), &Value::Null, "{day}");
            assert_eq!(to_date["win_rate"]["why_null"], "ZERO_DENOMINATOR", "{day}");
        }
    }
    assert_eq!(revenue(&to_date), units(&expected["revenue_to_date"]), "{day}");
    let quarter = start_of_quarter(day.parse().unwrap()).to_string();
    let quarter = world.cli(&["metrics", "--from", &quarter, "--as-of", day]).await;
    assert_eq!(revenue(&quarter), units(&expected["qtd_revenue"]), "{day}");
}

/// What was won; with nothing won yet there may be no currency to say nothing in.
fn revenue(metrics: &Value) -> i64 {
    let revenue = &metrics["revenue_won"]["value"];
    if count(&metrics["deals_won"]["value"]) == 0 {
        return revenue["minor"].as_i64().unwrap_or(0);
    }
    minor(revenue)
}

/// Quarters begin with January, April, July and October.
fn start_of_quarter(day: NaiveDate) -> NaiveDate {
    use chrono::Datelike;
    let month = day.month0() / 3 * 3 + 1;
    NaiveDate::from_ymd_opt(day.year(), month, 1).unwrap()
}

async fn rows_add_up(world: &World, day: &str) {
    let whole = world.cli(&["pipeline", "--as-of", day]).await;
    for by in ["stage", "owner", "manager", "office", "product", "month"] {
        let split = world.cli(&["pipeline", "--as-of", day, "--by", by]).await;
        let rows = split["rows"].as_array().unwrap();
        let deals: u64 = rows.iter().map(|row| count(&row["count"])).sum();
        let amount: i64 = rows.iter().map(|row| minor(&row["amount"])).sum();
        assert_eq!(deals, count(&whole["open"]), "{day} by {by}");
        assert_eq!(amount, minor(&whole["open_amount"]), "{day} by {by}");
    }
}

/// A deal as the export has it.
struct Deal {
    engaged: String,
    closed: String,
    won: bool,
    list_price: i64,
    close_value: i64,
}

/// Every seventh day, against the rows of the export themselves.
async fn any_day_is_right(world: &World, history: &History) {
    let deals = deals(history);
    let mut day = NaiveDate::from_ymd_opt(2016, 10, 20).unwrap();
    let end = NaiveDate::from_ymd_opt(2018, 1, 15).unwrap();
    while day <= end {
        a_day_is_as_its_rows_say(world, &day.to_string(), &deals).await;
        day = day.checked_add_days(Days::new(7)).unwrap();
    }
}

async fn a_day_is_as_its_rows_say(world: &World, day: &str, deals: &[Deal]) {
    let happened = |date: &str| !date.is_empty() && date < day;
    let engaged = deals.iter().filter(|it| happened(&it.engaged) && !happened(&it.closed));
    let (open, value) = engaged.fold((0, 0), |(n, sum), it| (n + 1, sum + it.list_price));
    let won = deals.iter().filter(|it| it.won && happened(&it.closed));
    let (won, brought) = won.fold((0, 0), |(n, sum), it| (n + 1, sum + it.close_value));
    let prospects = if PROSPECTS_OPENED < day { PROSPECTS } else { 0 };

    let pipeline = world.cli(&["pipeline", "--as-of", day]).await;
    assert_eq!(count(&pipeline["open"]), open + prospects, "{day}");
    if open > 0 {
        let engaging = row(&pipeline, "engaging");
        assert_eq!((count(&engaging["count"]), minor(&engaging["amount"])), (open, value), "{day}");
    }
    let metrics = world.cli(&["metrics", "--as-of", day]).await;
    assert_eq!(count(&metrics["deals_won"]["value"]), won, "{day}");
    assert_eq!(revenue(&metrics), brought, "{day}");
}

fn deals(history: &History) -> Vec<Deal> {
    let minor = |units: &str| units.parse::<i64>().map_or(0, |units| units * 100);
    let products = history.read("products.csv");
    let prices: HashMap<String, i64> = csv::Reader::from_reader(products.as_slice())
        .into_records()
        .map(|row| row.map(|row| (row[0].to_owned(), minor(&row[2]))).unwrap())
        .collect();
    let price = |product: &str| prices[if product == "GTXPro" { "GTX Pro" } else { product }];
    let text = history.read("sales_pipeline.csv");
    let deals: Vec<Deal> = csv::Reader::from_reader(text.as_slice())
        .into_records()
        .map(|row| {
            let row = row.unwrap();
            Deal {
                engaged: row[5].to_owned(),
                closed: row[6].to_owned(),
                won: &row[4] == "Won",
                list_price: price(&row[2]),
                close_value: minor(&row[7]),
            }
        })
        .collect();
    assert_eq!(deals.len() as u64, DEALS);
    deals
}
