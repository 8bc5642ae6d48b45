//! Plans whose calendar is cut anew, and quotas in parts.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

use api::{
    forecasting::v1::{
        AdjustForecastRequest, AdjustmentChange, AdjustmentLevel, ColumnAmount,
        SubmitForecastRequest,
    },
    planning::v1::SetQuotaRequest,
    types::v1::{ForecastCategory, Recorded},
};
use serde_json::Value;
use tests::{World, figures::minor, hands::usd};

use super::asking::{Call, QUARTER, column};

/// The request ids of the three commands that name a period by its key.
const IDS: [&str; 3] = [
    "01890000-0000-7000-8000-00000000000a",
    "01890000-0000-7000-8000-00000000000b",
    "01890000-0000-7000-8000-00000000000c",
];

fn run<'a>(world: &'a World, line: &str) -> Call<'a, Value> {
    let line = line.to_owned();
    Box::pin(async move { world.cli(&line.split(' ').collect::<Vec<_>>()).await })
}

fn set(world: &World) -> Call<'_, (Recorded, String)> {
    let request = world.request(SetQuotaRequest {
        request_id: IDS[0].into(),
        owner: "ann".into(),
        period: QUARTER.into(),
        amount: Some(usd(1_000)),
        ..Default::default()
    });
    Box::pin(async move {
        let set = world.planning().set_quota(request).await.unwrap().into_inner();
        (set.recorded.unwrap(), set.quota_id)
    })
}

fn adjust(world: &World) -> Call<'_, (Recorded, String)> {
    let request = world.request(AdjustForecastRequest {
        request_id: IDS[1].into(),
        owner: "ann".into(),
        period: QUARTER.into(),
        level: AdjustmentLevel::Owner.into(),
        column: Some(column(ForecastCategory::Commit, true)),
        change: AdjustmentChange::To.into(),
        amount: Some(usd(700)),
        note: "sure".into(),
        ..Default::default()
    });
    Box::pin(async move {
        let done = world.forecasts().adjust_forecast(request).await.unwrap().into_inner();
        (done.recorded.unwrap(), done.forecast_id)
    })
}

fn submit(world: &World) -> Call<'_, (Recorded, String)> {
    let amount = ColumnAmount {
        column: Some(column(ForecastCategory::Commit, true)),
        amount: Some(usd(700)),
    };
    let request = world.request(SubmitForecastRequest {
        request_id: IDS[2].into(),
        owner: "ann".into(),
        period: QUARTER.into(),
        amounts: vec![amount],
        ..Default::default()
    });
    Box::pin(async move {
        let done = world.forecasts().submit_forecast(request).await.unwrap().into_inner();
        (done.recorded.unwrap(), done.forecast_id)
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_repeated_after_a_new_cut_gets_its_first_answer() {
    let mut world = World::start().await;
    world.define_catalog().await;
    run(&world, "calendar define fiscal --name Fiscal --pattern months").await;
    let first = [set(&world).await, adjust(&world).await, submit(&world).await];
    assert!(first.iter().all(|(recorded, _)| recorded.changed && !recorded.repeated));
    // Other days under the same key, then a calendar without any quarter, and another process.
    for cut in ["months --first-month 2", "weeks"] {
        run(&world, &format!("calendar define fiscal --name Fiscal --pattern {cut}")).await;
        world.restart().await;
        let position = world.position().await;
        let again = [set(&world).await, adjust(&world).await, submit(&world).await];
        for ((before, id), (recorded, same)) in first.iter().zip(&again) {
            assert_eq!(id, same, "{cut}: another entity was named");
            assert!(recorded.repeated, "{cut}");
            assert_eq!(recorded.revision, before.revision, "{cut}");
        }
        assert_eq!(world.position().await, position, "{cut}: it was recorded again");
    }
    let request = SetQuotaRequest { request_id: IDS[0].into(), ..Default::default() };
    let other = world.planning().set_quota(world.request(request)).await.unwrap_err();
    assert_eq!(other.code(), tonic::Code::InvalidArgument, "the id was of another request");
}

/// Ann's quota of a period in cents, with the periods that it is the sum of.
fn quota<'a>(world: &'a World, period: &str) -> Call<'a, (Option<i64>, Vec<String>)> {
    let line = format!("forecast show --node ann --currency USD --period {period}");
    Box::pin(async move {
        let shown = run(world, &line).await;
        let quota = &shown["rows"][0]["quota"];
        let parts = quota["summed_periods"].as_array().unwrap();
        let parts = parts.iter().map(|it| it.as_str().unwrap().to_owned()).collect();
        ((!quota["amount"].is_null()).then(|| minor(&quota["amount"])), parts)
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_years_quota_is_the_sum_of_its_parts_or_its_own() {
    let world = World::start().await;
    world.define_catalog().await;
    run(&world, "rate set EUR USD 1.5 --purpose plan").await;
    for (period, amount) in [("Q1", "100USD"), ("Q2", "100EUR"), ("Q3", "30USD")] {
        run(&world, &format!("quota set ann {amount} --period 2026-{period}")).await;
    }
    assert_eq!(quota(&world, "2026").await, (None, vec![]), "three quarters are no year");
    assert_eq!(quota(&world, "2026-H1").await.0, Some(25_000), "the plan rate is taken");
    for month in ["10", "11", "12"] {
        run(&world, &format!("quota set ann 5USD --period 2026-M{month}")).await;
    }
    let parts = ["2026-Q1", "2026-Q2", "2026-Q3", "2026-M10", "2026-M11", "2026-M12"];
    assert_eq!(quota(&world, "2026").await, (Some(29_500), parts.map(String::from).to_vec()));
    assert_eq!(quota(&world, "2026-Q1").await, (Some(10_000), vec![]), "it was set for itself");
    let year = run(&world, "quota set ann 400USD --period 2026").await;
    assert_eq!(quota(&world, "2026").await, (Some(40_000), vec![]));
    let id = year["id"].as_str().unwrap();
    run(&world, &format!("quota withdraw {id} --reason replanned")).await;
    assert_eq!(quota(&world, "2026").await.0, Some(29_500), "the parts are still there");
    // The currency of the answer is that of the parts; there are two.
    let words = ["forecast", "show", "--node", "ann", "--period", "2026"];
    let (_, why) = world.cli_fails(&words).await;
    assert!(why.contains("CURRENCY_NEEDED"), "{why}");
}
