//! A forecast that is watched.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

use api::forecasting::v1::{GetForecastResponse, WatchForecastRequest, WatchForecastResponse};
use tests::World;
use tonic::Streaming;

use super::asking::{QUARTER, open_of};

#[tokio::test(flavor = "multi_thread")]
async fn a_watcher_is_told_of_every_change_and_of_nothing_else() {
    let world = World::start().await;
    world.define_catalog().await;
    let watch = WatchForecastRequest { period: QUARTER.into(), ..Default::default() };
    let answers = world.forecasts().watch_forecast(world.request(watch)).await;
    let mut answers = answers.unwrap().into_inner();
    let first = next(&mut answers).await;
    assert!(first.period.as_ref().unwrap().built_in_calendar);
    assert_eq!((first.currency_code.as_str(), open_of(&first)), ("XXX", 0));
    let (_, opened) = world.open("seen", 100, "2026-01-05T00:00:00Z").await;
    let second = next(&mut answers).await;
    assert_eq!((second.currency_code.as_str(), open_of(&second)), ("USD", 100));
    assert!(second.reflected.unwrap().revision >= opened.revision);
    // A user who owns nothing changes no number; the deal after that does.
    let note = ["catalog", "source", "define", "crm", "--name", "CRM"];
    world.cli(&note).await;
    let (_, again) = world.open("more", 50, "2026-01-06T00:00:00Z").await;
    let third = next(&mut answers).await;
    assert_eq!(open_of(&third), 150, "nothing was said of the source");
    assert!(third.reflected.unwrap().revision >= again.revision);
}

async fn next(answers: &mut Streaming<WatchForecastResponse>) -> GetForecastResponse {
    answers.message().await.unwrap().unwrap().forecast.unwrap()
}
