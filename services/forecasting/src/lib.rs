//! PlanningService: what a tenant works and plans with, defined from any instant on and never
//! destroyed; and ForecastService: what it has, judges and expects of a period.
//!
//! ```text
//! timeline ─► steps ─► book (what deals count as, quotas, sheets) ─► numbers ─► rollup ──┐
//!                                                              └──► falls ─► waterfall ──┤
//! catalog, as of the point asked for: calendar, stages, rates, hierarchy ────────────────┴─► answer
//! ```

#[macro_use]
mod pairs;

mod book;
mod calendars;
mod commands;
mod counted;
mod deals;
mod falls;
mod forecasts;
mod numbers;
mod planning;
mod queries;
mod quota_sums;
mod service;
mod sheets;

use std::sync::Arc;

use api::{
    forecasting::v1::forecast_service_server::ForecastServiceServer,
    planning::v1::planning_service_server::PlanningServiceServer,
};
use runtime::{runtime::Runtime, view::Shared};

pub use book::Book;
pub use forecasts::Forecasts;

/// Answers for the catalog, and for quotas.
pub struct Planning {
    runtime: Arc<Runtime>,
    book: Arc<Shared<Book>>,
}

/// The service over a runtime whose views include `book`.
pub fn planning_service(
    runtime: Arc<Runtime>,
    book: Arc<Shared<Book>>,
) -> PlanningServiceServer<Planning> {
    PlanningServiceServer::new(Planning { runtime, book })
}

/// The service that answers for forecasts, over a runtime whose views include `book`.
pub fn forecast_service(
    runtime: Arc<Runtime>,
    book: Arc<Shared<Book>>,
) -> ForecastServiceServer<Forecasts> {
    ForecastServiceServer::new(Forecasts::new(runtime, book))
}
