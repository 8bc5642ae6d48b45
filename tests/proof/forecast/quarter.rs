//! A quarter from its first plan to its last win, through both doors: what was expected, by whom, and
//! why it changed, at every instant and as known at every position.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

use api::{
    forecasting::v1::{
        AdjustForecastRequest, AdjustmentChange, AdjustmentLevel, GetForecastRequest,
    },
    opportunities::v1::{ChangeOpportunityCloseDateRequest, WinOpportunityRequest},
    types::v1::{ForecastCategory, ReadAt, read_at::KnownAt},
};
use serde_json::Value;
use tests::{
    World,
    figures::{count, minor},
    hands::{at, day, usd},
};
use tonic::Code;

use super::asking::{
    QUARTER, as_of, bucket, column, explain, forecast, get, get_node, open_of, show, units,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_quarter_is_planned_judged_submitted_and_won() {
    a_quarters_life(&World::start().await).await;
}

pub async fn a_quarters_life(world: &World) {
    world.define_catalog().await;
    plan(world).await;
    let (small, large) = work(world).await;
    judge(world).await;
    win(world, &small, &large).await;
    the_numbers_are_told_as_of_each_day(world).await;
    the_numbers_are_told_as_they_were_known(world).await;
    the_change_is_explained(world, &small, &large).await;
    the_chain_is_told(world).await;
    a_new_cut_loses_nothing(world).await;
}

/// A calendar whose days begin in Berlin, and quotas for both.
async fn plan(world: &World) {
    let define = ["calendar", "define", "fiscal", "--name", "Fiscal", "--pattern", "months"];
    let defined = world.cli(&[&define[..], &["--time-zone", "Europe/Berlin"]].concat()).await;
    assert_eq!(defined["calendar"]["time_zone"], "Europe/Berlin");
    let periods = world.cli(&["calendar", "periods", "--year", "2026", "--level", "quarter"]).await;
    let first = &periods["periods"][0];
    assert_eq!((&first["key"], &first["end_date"]), (&"2026-Q1".into(), &"2026-04-01".into()));
    assert_eq!(first["start_time"], "2025-12-31T23:00:00Z");
    for (owner, amount) in [("ann", "1000 USD"), ("mia", "1500 USD")] {
        let set = ["quota", "set", owner, amount, "--period", QUARTER, "--at", "2026-01-01"];
        let set = world.cli(&set).await;
        assert_eq!(set["quota"]["period"], QUARTER);
    }
    let off = ["quota", "set", "ann", "10 USD", "--from", "2026-01-02", "--to", "2026-04-01"];
    let (code, why) = world.cli_fails(&off).await;
    assert_eq!(code, 4, "{why}");
    assert!(why.contains("PERIOD_MISMATCH") && why.contains("2026-Q1"), "{why}");
}

/// Two deals: one is pushed out and pulled in again and promised, the other stays what its stage is.
async fn work(world: &World) -> (String, String) {
    let (small, _) = world.open("small", 400, "2026-01-05T00:00:00Z").await;
    let (large, _) = world.open("large", 900, "2026-01-06T00:00:00Z").await;
    for (close_date, on) in [("2026-04-30", "2026-01-10"), ("2026-03-20", "2026-01-20")] {
        let change = ChangeOpportunityCloseDateRequest {
            opportunity_id: large.clone(),
            occurred_at: Some(at(&format!("{on}T00:00:00Z"))),
            close_date: Some(day(close_date)),
            ..Default::default()
        };
        let mut deals = world.opportunities();
        deals.change_opportunity_close_date(world.request(change)).await.unwrap();
    }
    let promise = ["opportunity", "category", &small, "commit", "--at", "2026-01-12"];
    world.cli(&[&promise[..], &["--reason", "signed"]].concat()).await;
    (small, large)
}

/// Mia judges what her team will bring, submits it, and her sheet is locked.
async fn judge(world: &World) {
    let adjust = AdjustForecastRequest {
        occurred_at: Some(at("2026-02-01T00:00:00Z")),
        owner: "mia".into(),
        period: QUARTER.into(),
        level: AdjustmentLevel::Manager.into(),
        column: Some(column(ForecastCategory::Commit, true)),
        change: AdjustmentChange::To.into(),
        amount: Some(usd(700)),
        note: "large will be signed in time".into(),
        ..Default::default()
    };
    world.forecasts().adjust_forecast(world.request(adjust.clone())).await.unwrap();
    let submit = ["forecast", "submit", "mia", "--period", QUARTER, "--at", "2026-02-02"];
    let submitted = world.cli(&submit).await;
    let told = &submitted["forecast"]["submitted"];
    assert_eq!((&told[0]["column"], minor(&told[0]["amount"])), (&"best-case".into(), 40_000));
    assert_eq!((&told[1]["column"], minor(&told[1]["amount"])), (&"commit".into(), 70_000));
    let again = AdjustForecastRequest {
        occurred_at: Some(at("2026-02-03T00:00:00Z")),
        amount: Some(usd(800)),
        ..adjust
    };
    let refused = world.forecasts().adjust_forecast(world.request(again)).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition, "{refused}");
    let unlock = ["forecast", "unlock", "mia", "--period", QUARTER, "--at", "2026-02-04"];
    world.cli(&[&unlock[..], &["--reason", "news"]].concat()).await;
    let withdraw = ["forecast", "withdraw", "mia", "--period", QUARTER, "--at", "2026-02-05"];
    let which = ["--level", "manager", "--column", "commit", "--comment", "it was too bold"];
    world.cli(&[&withdraw[..], &which].concat()).await;
}

/// The small deal is won on the last evening of the quarter in Berlin, the large one just after
/// midnight there, when it is still the old day in UTC.
async fn win(world: &World, small: &str, large: &str) {
    for (deal, on) in [(small, "2026-03-31T21:30:00Z"), (large, "2026-03-31T22:30:00Z")] {
        let won = WinOpportunityRequest {
            opportunity_id: deal.to_owned(),
            occurred_at: Some(at(on)),
            ..Default::default()
        };
        world.opportunities().win_opportunity(world.request(won)).await.unwrap();
    }
}

/// As of each day, which begins in Berlin: closed, commit and best case as mia forecasts them, and what is open.
async fn the_numbers_are_told_as_of_each_day(world: &World) {
    for (as_of, closed, commit, open, quota) in [
        ("2026-01-01", 0, 0, 0, Value::Null),
        ("2026-01-06", 0, 0, 400, 1_500.into()),
        ("2026-01-07", 0, 0, 1_300, 1_500.into()),
        ("2026-01-11", 0, 0, 400, 1_500.into()),
        ("2026-01-13", 0, 400, 400, 1_500.into()),
        ("2026-01-21", 0, 400, 1_300, 1_500.into()),
        ("2026-02-02", 0, 700, 1_300, 1_500.into()),
        ("2026-02-06", 0, 400, 1_300, 1_500.into()),
        ("2026-04-02", 400, 400, 0, 1_500.into()),
    ] {
        let shown = show(world, &["--node", "mia", "--as-of", as_of]).await;
        let mia = &shown["rows"][0];
        assert_eq!(forecast(mia, "individual", "closed"), closed * 100, "{as_of}");
        assert_eq!(forecast(mia, "cumulative", "commit"), commit * 100, "{as_of}");
        assert_eq!(forecast(mia, "cumulative", "pipeline"), open * 100, "{as_of}");
        let amount = &mia["quota"]["amount"];
        let dollars = amount["minor"].as_i64().map_or(Value::Null, |it| (it / 100).into());
        assert_eq!(dollars, quota, "{as_of}");
    }
    let before = show(world, &["--node", "ann", "--as-of", "2026-04-02"]).await;
    let ann = &before["rows"][0];
    assert_eq!(ann["quota"]["attainment"]["value"], 0.4);
    assert_eq!(minor(&ann["quota"]["gap"]), 60_000);
    assert_eq!(ann["quota"]["coverage"]["value"], 0.0);
    let next = world.cli(&["forecast", "show", "--period", "2026-Q2"]).await;
    let company = &next["rows"][0];
    assert_eq!(forecast(company, "individual", "closed"), 90_000, "in Berlin it is April");
    assert_eq!(company["quota"]["attainment"]["why_null"], "NO_QUOTA");
}

/// At each position the answer is what the log held then; asked again it is the same.
async fn the_numbers_are_told_as_they_were_known(world: &World) {
    let head = world.position().await;
    let mut known = Vec::new();
    for position in 0..=head {
        let position_word = position.to_string();
        let shown = show(world, &["--known-at", &position_word]).await;
        let rows = shown["rows"].as_array().unwrap();
        known.push(forecast(&rows[0], "individual", "closed"));
    }
    assert_eq!((known[0], known[head as usize]), (0, 40_000));
    assert!(known.is_sorted(), "{known:?}");
    let asked =
        |read_at| GetForecastRequest { period: QUARTER.into(), read_at, ..Default::default() };
    let now = get(world, asked(None)).await;
    let reflected = now.reflected.clone().unwrap();
    let again = ReadAt {
        as_of: reflected.as_of,
        known_at: Some(KnownAt::KnownAtPosition(reflected.revision)),
        ..Default::default()
    };
    let later = get(world, asked(Some(again))).await;
    assert_eq!((&now.rows, &now.period), (&later.rows, &later.period));
}

/// From any day to any other: start and buckets are end, and both are what the forecast says.
async fn the_change_is_explained(world: &World, small: &str, large: &str) {
    let days = ["2026-01-01", "2026-01-07", "2026-01-11", "2026-01-21", "2026-04-01"];
    for (from, to) in days.iter().flat_map(|from| days.iter().map(move |to| (from, to))) {
        for node in ["", "mia", "ann"] {
            let fall = explain(world, node, as_of(from), as_of(to)).await;
            for (at, said) in [(from, fall.start_amount.clone()), (to, fall.end_amount.clone())] {
                let read_at = as_of(at);
                let expected = open_of(&get_node(world, node, read_at).await);
                assert_eq!(units(said.as_ref()), expected, "{node:?} {at}");
            }
            let moved: i64 = fall.buckets.iter().map(|it| units(it.amount.as_ref())).sum();
            let (start, end) = (fall.start_amount.as_ref(), fall.end_amount.as_ref());
            assert_eq!(units(start) + moved, units(end), "{from} {to}");
        }
    }
    let fall = explain(world, "mia", as_of("2026-01-07"), as_of("2026-01-11")).await;
    let out = bucket(&fall, "moved_out");
    assert_eq!((units(out.amount.as_ref()), out.count), (-900, -1));
    let [deal] = out.deals.as_slice() else { panic!("{out:?}") };
    assert_eq!((deal.opportunity_id.as_str(), deal.positions.len()), (large, 1));
    let words = ["forecast", "waterfall", "--period", QUARTER, "--column", "pipeline"];
    let points = ["--from-as-of", "2026-01-21", "--to-as-of", "2026-04-02"];
    let told = world.cli(&[&words[..], &points].concat()).await;
    let won = told["buckets"].as_array().unwrap().iter().find(|it| it["name"] == "closed_won");
    let won = won.unwrap();
    assert_eq!((minor(&won["amount"]), won["count"].as_i64()), (-130_000, Some(-2)));
    let ids: Vec<&str> =
        won["deals"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap()).collect();
    assert!(ids.contains(&small) && ids.contains(&large));
    let known = ReadAt { known_at: Some(KnownAt::KnownAtPosition(0)), ..Default::default() };
    let all = explain(world, "", known, ReadAt::default()).await;
    assert_eq!(all.start_count, 0);
}

async fn the_chain_is_told(world: &World) {
    let told = world.cli(&["forecast", "history", "mia", "--period", QUARTER]).await;
    let events = told["events"].as_array().unwrap();
    let names: Vec<&str> = events.iter().map(|it| it["event"].as_str().unwrap()).collect();
    assert_eq!(names, ["adjusted", "submitted", "unlocked", "adjustment_withdrawn"]);
    assert_eq!(events[0]["text"], "large will be signed in time");
    assert_eq!(events[3]["text"], "it was too bold");
    assert_eq!(events[0]["by"]["key"], "mia");
    assert!(count(&events[1]["seen_revision"]) > 0);
    let sheet = events[0]["forecast_id"].as_str().unwrap();
    let history = world.cli(&["history", "forecast", sheet]).await;
    let entries = history["entries"].as_array().unwrap();
    let change = |entry: &Value, field: &str| {
        let changes = entry["changes"].as_array().unwrap();
        let change = changes.iter().find(|it| it["field"] == field);
        change.map(|it| it["after"].clone()).unwrap_or_default()
    };
    assert_eq!(change(&entries[0], "adjusted.manager.commit"), "to 700.00 USD");
    assert_eq!(change(&entries[0], "note"), "large will be signed in time");
    assert_eq!(change(&entries[1], "submitted.commit"), "700.00 USD");
    assert_eq!(entries[2]["reason_code"], "news");
    let command = events[1]["command_id"].as_str().unwrap();
    let void = ["forecast", "void", sheet, command, "--reason", "oops"];
    let (code, why) = world.cli_fails(&void).await;
    assert_eq!(code, 4, "the unlocking hangs on it: {why}");
    assert!(why.contains("LATER_FACTS_DEPEND"), "{why}");
}

/// The year is made to start in February: quotas and judgements stay with the days they were of.
async fn a_new_cut_loses_nothing(world: &World) {
    let define = ["calendar", "define", "fiscal", "--name", "Fiscal", "--pattern", "months"];
    world
        .cli(&[&define[..], &["--first-month", "2", "--effective-at", "2026-05-01"]].concat())
        .await;
    let quotas = world.cli(&["quota", "list"]).await;
    assert_eq!(quotas["quotas"].as_array().unwrap().len(), 2);
    let now = world.cli(&["forecast", "show", "--period", QUARTER, "--node", "mia"]).await;
    assert_eq!(now["rows"][0]["quota"]["amount"], Value::Null, "other days now");
    let then = show(world, &["--node", "mia", "--as-of", "2026-04-30"]).await;
    assert_eq!(minor(&then["rows"][0]["quota"]["amount"]), 150_000);
    let sheets = then["rows"][0]["sheets"].as_array().unwrap();
    assert_eq!(sheets[0]["submitted"].as_array().unwrap().len(), 2);
}
