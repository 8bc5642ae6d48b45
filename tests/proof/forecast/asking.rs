//! Short ways to ask for forecasts. Each call is boxed where it is made: a test that awaits many of
//! them would else be one type of all their types, and take the compiler minutes.

use std::{future::Future, pin::Pin};

use api::{
    forecasting::v1::{
        ForecastColumn, GetForecastRequest, GetForecastResponse, GetForecastWaterfallRequest,
        GetForecastWaterfallResponse, WaterfallBucket,
    },
    google::r#type::Money,
    types::v1::{ForecastCategory, ReadAt},
};
use serde_json::Value;
use tests::{World, hands::at};

/// The quarter that most stories are of.
pub const QUARTER: &str = "2026-Q1";

/// A call on its way.
pub type Call<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// A column with all that is surer, or alone.
pub fn column(category: ForecastCategory, cumulative: bool) -> ForecastColumn {
    ForecastColumn { category: category.into(), cumulative }
}

/// As of the first instant of a day in UTC.
pub fn as_of(day: &str) -> ReadAt {
    ReadAt { as_of: Some(at(&format!("{day}T00:00:00Z"))), ..Default::default() }
}

/// `forecast show` of the quarter in dollars.
pub fn show<'a>(world: &'a World, words: &[&'a str]) -> Call<'a, Value> {
    let show = ["forecast", "show", "--period", QUARTER, "--currency", "USD"];
    let words = [&show[..], words].concat();
    Box::pin(async move { world.cli(&words).await })
}

/// What a row's node is expected to bring in a column, in minor units.
pub fn forecast(row: &Value, columns: &str, category: &str) -> i64 {
    row[columns][category]["forecast_amount"]["minor"].as_i64().unwrap()
}

/// A forecast.
pub fn get(world: &World, request: GetForecastRequest) -> Call<'_, GetForecastResponse> {
    let request = world.request(request);
    Box::pin(async move { world.forecasts().get_forecast(request).await.unwrap().into_inner() })
}

/// The quarter of a node, in dollars.
pub fn get_node<'a>(
    world: &'a World,
    node: &str,
    read_at: ReadAt,
) -> Call<'a, GetForecastResponse> {
    let request = GetForecastRequest {
        period: QUARTER.into(),
        node: node.into(),
        read_at: Some(read_at),
        currency_code: "USD".into(),
        ..Default::default()
    };
    get(world, request)
}

/// What is open in the first row, in whole units, without anybody's judgement.
pub fn open_of(forecast: &GetForecastResponse) -> i64 {
    let pipeline = ForecastCategory::Pipeline;
    let cell = forecast.rows[0].cumulative.iter().find(|it| it.category() == pipeline).unwrap();
    units(cell.amount_without_adjustments.as_ref())
}

/// Why what is open in the quarter changed, in dollars.
pub fn explain<'a>(
    world: &'a World,
    node: &str,
    from: ReadAt,
    to: ReadAt,
) -> Call<'a, GetForecastWaterfallResponse> {
    let request = world.request(GetForecastWaterfallRequest {
        period: QUARTER.into(),
        node: node.into(),
        column: Some(column(ForecastCategory::Pipeline, true)),
        from: Some(from),
        to: Some(to),
        currency_code: "USD".into(),
        ..Default::default()
    });
    Box::pin(async move {
        world.forecasts().get_forecast_waterfall(request).await.unwrap().into_inner()
    })
}

/// The bucket of a name.
pub fn bucket<'a>(fall: &'a GetForecastWaterfallResponse, name: &str) -> &'a WaterfallBucket {
    fall.buckets.iter().find(|bucket| bucket.name == name).unwrap()
}

/// Whole units.
pub fn units(money: Option<&Money>) -> i64 {
    money.unwrap().units
}
