//! What others get wrong, each by its name.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

use api::types::v1::ForecastCategory;
use serde_json::Value;
use tests::{
    World,
    figures::{count, minor},
    hands::at,
};

use crate::forecast::asking::{Call, QUARTER, forecast};

/// Runs a line of words that have no blanks in them.
fn run<'a>(world: &'a World, line: &str) -> Call<'a, Value> {
    let line = line.to_owned();
    Box::pin(async move { world.cli(&line.split(' ').collect::<Vec<_>>()).await })
}

/// What is closed and what is open of the whole company in a period, in minor units.
fn figures<'a>(world: &'a World, period: &str, when: &str) -> Call<'a, (i64, i64)> {
    let line = format!("forecast show --currency USD --period {period}{when}");
    Box::pin(async move {
        let shown = run(world, &line).await;
        let company = &shown["rows"][0];
        let open = forecast(company, "cumulative", "pipeline");
        (forecast(company, "individual", "closed"), open)
    })
}

async fn company() -> World {
    let world = World::start().await;
    world.define_catalog().await;
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_close_date_is_not_lost_at_closing() {
    let world = company().await;
    let (deal, _) = world.open("pushed", 100, "2026-01-05T00:00:00Z").await;
    run(&world, &format!("opportunity close-date {deal} 2026-04-30 --at 2026-01-10")).await;
    for closing in ["win --at 2026-05-02", "lose --reason price --at 2026-05-02"] {
        let (verb, rest) = closing.split_once(' ').unwrap();
        let closed = run(&world, &format!("opportunity {verb} {deal} {rest}")).await;
        let told = run(&world, &format!("opportunity get {deal}")).await;
        assert_eq!(told["pushes"]["first_close_date"], "2026-03-31", "{verb}");
        assert_eq!(told["opportunity"]["close_date"], "2026-04-30", "{verb}");
        assert_eq!(count(&told["pushes"]["push_count"]), 1, "{verb}");
        let command = closed["command_id"].as_str().unwrap();
        run(&world, &format!("opportunity void {deal} {command} --reason mistake")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_does_not_rewrite_history() {
    let world = company().await;
    let (deal, _) = world.open("pushed", 100, "2026-01-05T00:00:00Z").await;
    let known = world.position().await;
    let before = figures(&world, QUARTER, " --as-of 2026-01-10").await;
    assert_eq!(before, (0, 10_000));
    run(&world, &format!("opportunity close-date {deal} 2026-04-30 --at 2026-01-10")).await;
    assert_eq!(figures(&world, QUARTER, " --as-of 2026-01-10").await, before, "as of before");
    let known = format!(" --known-at {known}");
    assert_eq!(figures(&world, QUARTER, &known).await, before, "as known before");
    assert_eq!(figures(&world, QUARTER, "").await, (0, 0));
    assert_eq!(figures(&world, "2026-Q2", "").await, (0, 10_000));
    assert_eq!(figures(&world, "2026-Q2", " --as-of 2026-01-10").await, (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_duplicate_rule_works_after_creation_too() {
    let world = company().await;
    let capture = async |email: &str| {
        let done = run(&world, &format!("lead capture --email {email}")).await;
        assert_eq!(done["lead"]["duplicates"], Value::Array(vec![]), "{email}");
        done["id"].as_str().unwrap().to_owned()
    };
    let first = capture("ann@harbour.example").await;
    let second = capture("bob@pier.example").await;
    assert_eq!(run(&world, "lead duplicates").await["pairs"], Value::Array(vec![]));
    run(&world, &format!("lead correct {second} --email ANN@harbour.example")).await;
    run(&world, "lead duplicates").await;
    let shown = run(&world, &format!("lead get {second}")).await;
    let found = &shown["lead"]["duplicates"][0];
    assert_eq!((&found["matched_on"], &found["lead_id"]), (&"email".into(), &first.into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn last_years_deal_is_not_converted_at_todays_rate() {
    let world = company().await;
    for (rate, since) in [("1.10", "2024-01-01"), ("2", "2026-01-01")] {
        run(&world, &format!("rate set EUR USD {rate} --effective-at {since}")).await;
    }
    run(&world, "rate set EUR USD 1.5 --purpose plan").await;
    let open = "opportunity open --pipeline sales --owner ann --amount 100EUR \
                --close-date 2025-02-01 --at 2025-01-02 --name";
    let won = run(&world, &format!("{open} won")).await;
    run(&world, &format!("{open} open")).await;
    let won = won["id"].as_str().unwrap();
    run(&world, &format!("opportunity win {won} --at 2025-02-01")).await;
    run(&world, "quota set ann 100EUR --period 2025-Q1").await;
    let now = figures(&world, "2025-Q1", "").await;
    assert_eq!(now, (11_000, 20_000), "won at the rate of its day, open at today's");
    let then = figures(&world, "2025-Q1", " --as-of 2025-06-01").await;
    assert_eq!(then, (11_000, 11_000), "both at that day's");
    let shown = run(&world, "forecast show --period 2025-Q1 --currency USD --node ann").await;
    assert_eq!(minor(&shown["rows"][0]["quota"]["amount"]), 15_000, "at the plan rate");
    let native = run(&world, "forecast show --period 2025-Q1").await;
    assert_eq!(native["currency"], "EUR");
    assert_eq!(forecast(&native["rows"][0], "individual", "closed"), 10_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reopened_deal_leaves_no_credit_in_its_old_period() {
    let world = company().await;
    let (deal, _) = world.open("back", 100, "2026-01-05T00:00:00Z").await;
    run(&world, &format!("opportunity win {deal} --at 2026-02-01")).await;
    run(&world, &format!("opportunity reopen {deal} --at 2026-05-01")).await;
    run(&world, &format!("opportunity close-date {deal} 2026-08-01 --at 2026-05-02")).await;
    assert_eq!(figures(&world, QUARTER, " --as-of 2026-05-01").await, (10_000, 0));
    assert_eq!(figures(&world, QUARTER, " --as-of 2026-05-03").await, (0, 0));
    assert_eq!(figures(&world, "2026-Q3", " --as-of 2026-05-03").await, (0, 10_000));
    // Won again in another quarter, it counts there and nowhere else.
    run(&world, &format!("opportunity win {deal} --at 2026-08-02")).await;
    assert_eq!(figures(&world, QUARTER, "").await, (0, 0));
    assert_eq!(figures(&world, "2026-Q3", "").await, (10_000, 0));
    assert_eq!(figures(&world, QUARTER, " --as-of 2026-05-01").await, (10_000, 0));
}

/// A quota, a judgement and a submission of mia's, and a deal of ann's that is promised.
async fn planned(world: &World) -> String {
    let (deal, _) = world.open("promised", 100, "2026-01-05T00:00:00Z").await;
    for line in [
        format!("opportunity category {deal} commit --at 2026-01-06"),
        format!("quota set mia 1500USD --period {QUARTER} --at 2026-01-06"),
        format!(
            "forecast adjust mia --period {QUARTER} --column commit --level manager --to 70USD \
             --at 2026-01-07"
        ),
        format!("forecast submit mia --period {QUARTER} --amount commit=70USD --at 2026-01-08"),
    ] {
        assert_eq!(run(world, &line).await["changed"], true, "{line}");
    }
    deal
}

/// What of it is to be seen: the quota, what is expected, what was submitted, and the override.
async fn seen(world: &World, deal: &str, when: &str) -> (Value, i64, usize, Value) {
    let line = format!("forecast show --node mia --period {QUARTER} --currency USD{when}");
    let shown = run(world, &line).await;
    let mia = &shown["rows"][0];
    let told = run(world, &format!("opportunity get {deal}{when}")).await;
    let submitted = mia["sheets"][0]["submitted"].as_array().map_or(0, Vec::len);
    let quota = mia["quota"]["amount"]["minor"].clone();
    let category = told["opportunity"]["category"].clone();
    (quota, forecast(mia, "cumulative", "commit"), submitted, category)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_fiscal_calendar_deletes_no_quota_submission_or_override() {
    let world = company().await;
    let define = "calendar define fiscal --name Fiscal --pattern months";
    run(&world, define).await;
    let deal = planned(&world).await;
    let before = seen(&world, &deal, "").await;
    assert_eq!((&before.0, before.1, before.2), (&150_000.into(), 7_000, 1));
    let cut = format!("{define} --first-month 2 --effective-at 2026-05-01");
    run(&world, &cut).await;
    let under_the_new = seen(&world, &deal, "").await;
    assert_eq!(under_the_new.0, Value::Null, "the days of the quarter are others now");
    assert_eq!(under_the_new.3, before.3, "the override is the deal's");
    assert_eq!(seen(&world, &deal, " --as-of 2026-04-30").await, before, "as of before");
    assert_eq!(run(&world, "quota list").await["quotas"].as_array().unwrap().len(), 1);
    // Cut as it was again, everything is where it was.
    run(&world, &format!("{define} --effective-at 2026-05-02")).await;
    assert_eq!(seen(&world, &deal, "").await, before);
    let told = run(&world, &format!("forecast history mia --period {QUARTER}")).await;
    assert_eq!(told["events"].as_array().unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stages_new_category_deletes_no_override_submission_or_quota() {
    let world = company().await;
    let deal = planned(&world).await;
    world.open("plain", 7, "2026-01-05T00:00:00Z").await;
    assert_eq!(figures(&world, QUARTER, "").await, (0, 10_700));
    let before = seen(&world, &deal, "").await;
    let mut pipeline = tests::hands::pipeline();
    pipeline.stages[0].category = ForecastCategory::Omitted.into();
    let define = api::planning::v1::DefinePipelineRequest {
        key: "sales".into(),
        effective_at: Some(at("2026-02-01T00:00:00Z")),
        definition: Some(pipeline),
        ..Default::default()
    };
    world.planning().define_pipeline(world.request(define)).await.unwrap();
    assert_eq!(seen(&world, &deal, "").await, before);
    assert_eq!(figures(&world, QUARTER, "").await, (0, 10_000), "only the override counts");
    let then = figures(&world, QUARTER, " --as-of 2026-02-01").await;
    assert_eq!(then, (0, 10_700), "the stage was in the pipeline");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_leaves_the_companys_own_quarters_and_not_the_calendars() {
    let world = company().await;
    let (deal, _) = world.open("pushed", 100, "2026-01-05T00:00:00Z").await;
    run(&world, &format!("opportunity close-date {deal} 2026-04-30 --at 2026-01-10")).await;
    let define = "calendar define fiscal --name Fiscal --pattern months --first-month 2";
    run(&world, &format!("{define} --effective-at 2026-01-20")).await;
    for (when, quarters) in [("", 0), (" --as-of 2026-01-21", 0), (" --as-of 2026-01-20", 1)] {
        let told = run(&world, &format!("opportunity get {deal}{when}")).await;
        let ledger = &told["pushes"];
        assert_eq!(count(&ledger["push_count"]), 1, "{when}");
        assert_eq!(count(&ledger["quarters_left_count"]), quarters, "{when}");
        assert_eq!(ledger["moves"][0]["quarters"], quarters, "{when}");
    }
    run(&world, &format!("opportunity close-date {deal} 2026-05-01 --at 2026-01-25")).await;
    let told = run(&world, &format!("opportunity get {deal}")).await;
    assert_eq!(count(&told["pushes"]["quarters_left_count"]), 1, "one day, another quarter");
}
