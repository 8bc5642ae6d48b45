//! What a newcomer sees: the demo loads whole and once, its forecast adds up, and the server stops at
//! once whoever is watching.

use std::time::{Duration, Instant};

use api::{audit::v1::TailEventsRequest, forecasting::v1::WatchForecastRequest};
use chrono::DateTime;
use revops::demo;
use serde_json::Value;
use tests::World;
use tonic::Code;

/// Cents of an amount in JSON.
fn cents(amount: &Value) -> i64 {
    let text = amount["amount"].as_str().unwrap();
    let (whole, part) = text.split_once('.').unwrap();
    format!("{whole}{part}").parse().unwrap()
}

#[tokio::test]
async fn the_demo_loads_whole_and_its_forecast_adds_up() {
    let world = World::start().await;
    let now = DateTime::from_timestamp_micros(world.runtime().clock.now().0).unwrap();
    let loaded = demo::load(world.channel(), "default", 7, now).await.unwrap();
    assert!(loaded.applied > 30_000 && loaded.already_there == 0, "{loaded:?}");
    assert!(loaded.leads > 3_000, "{loaded:?}");

    // A second load, as of another day, meets itself.
    let position = world.position().await;
    let later = now + chrono::TimeDelta::days(3);
    let again = demo::load(world.channel(), "default", 7, later).await.unwrap();
    assert_eq!((again.applied, again.already_there), (0, loaded.applied));
    assert_eq!(world.position().await, position);

    no_fault_is_left(&world).await;
    the_forecast_is_a_team_s(&world).await;
    the_waterfall_sums(&world, &loaded.last_day.to_string()).await;
}

async fn no_fault_is_left(world: &World) {
    let deals = world.cli(&["opportunity", "list", "--faults", "--limit", "1"]).await;
    assert_eq!(deals["opportunities"].as_array().unwrap().len(), 0, "{deals}");
    let contracts = world.cli(&["contract", "list", "--all"]).await;
    let contracts = contracts["contracts"].as_array().unwrap();
    assert!(contracts.len() > 300, "{}", contracts.len());
    assert!(contracts.iter().all(|it| it["faults"].as_array().unwrap().is_empty()));
    let leads = world.cli(&["lead", "list", "--all"]).await;
    let leads = leads["leads"].as_array().unwrap();
    assert!(leads.iter().all(|it| it["faults"].as_array().unwrap().is_empty()));
    for status in ["converted", "disqualified", "recycled", "nurturing", "merged", "working"] {
        assert!(leads.iter().any(|lead| lead["status"] == status), "no lead is {status}");
    }
}

async fn the_forecast_is_a_team_s(world: &World) {
    let forecast = world.cli(&["forecast", "show"]).await;
    assert_eq!(forecast["faults"].as_array().unwrap().len(), 0, "{}", forecast["faults"]);
    let rows = forecast["rows"].as_array().unwrap();
    let with_quota = rows.iter().filter(|row| !row["quota"]["amount"].is_null()).count();
    assert!(with_quota >= 20, "{with_quota} have a quota");
    let head = rows.iter().find(|row| row["user"]["key"] == "head").unwrap();
    assert!(cents(&head["quota"]["amount"]) > 0);
    assert!(head["quota"]["attainment"]["value"].is_number(), "{}", head["quota"]);
}

async fn the_waterfall_sums(world: &World, last_day: &str) {
    let long_ago = "2025-01-01";
    assert!(long_ago < last_day);
    for node in ["", "head", "manager-1", "rep-03"] {
        let words = ["forecast", "waterfall", "--from-as-of", long_ago, "--to-as-of", last_day];
        let waterfall = world.cli(&[&words[..], &["--node", node]].concat()).await;
        let buckets = waterfall["buckets"].as_array().unwrap();
        let changes: i64 = buckets.iter().map(|bucket| cents(&bucket["amount"])).sum();
        let (start, end) = (cents(&waterfall["start_amount"]), cents(&waterfall["end_amount"]));
        assert_eq!(start + changes, end, "{node:?}");
        assert!(end > 0, "{node:?}: the current quarter has open deals");
        let deals: i64 = buckets.iter().map(|bucket| bucket["count"].as_i64().unwrap()).sum();
        let counts = [&waterfall["start_count"], &waterfall["end_count"]];
        assert_eq!(counts[0].as_i64().unwrap() + deals, counts[1].as_i64().unwrap(), "{node:?}");
    }
}

#[tokio::test]
async fn whoever_watches_does_not_hold_up_the_end() {
    let mut world = World::start().await;
    let tail = TailEventsRequest { follow: true, from_position: 1, ..Default::default() };
    let mut tail = world.audit().tail_events(world.request(tail)).await.unwrap().into_inner();
    let watch = world.request(WatchForecastRequest::default());
    let mut watch = world.forecasts().watch_forecast(watch).await.unwrap().into_inner();
    watch.message().await.unwrap().unwrap();

    let began = Instant::now();
    let heard = async {
        let told = (tail.message().await.unwrap_err(), watch.message().await.unwrap_err());
        (told.0.code(), told.1.code())
    };
    let ((), codes) = tokio::join!(world.stop(), heard);
    assert_eq!(codes, (Code::Unavailable, Code::Unavailable));
    // What is aborted after five seconds would have been.
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}
