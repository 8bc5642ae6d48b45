//! DashboardService: the open pipeline and the metrics of what closed, exact as of any instant.
//!
//! ```text
//! timeline ─► steps ─► pipeline (ledger of open deals) ─► open_deals ─► rows ──┐
//!                └───► outcomes (closings) ─────────────► metrics ─► figures ──┤
//! catalog, as of the point asked for ────────────────────► groups (names) ─────┴─► answer
//! ```
//!
//! The views hold ids and both times. Managers, offices, names and the order of stages are applied
//! when somebody asks, as they were at that point.

mod amounts;
mod figures;
mod groups;
mod metrics;
mod open_deals;
mod outcomes;
mod pipeline;
mod queries;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use api::dashboards::v1::dashboard_service_server::DashboardServiceServer;
use runtime::{
    runtime::Runtime,
    view::{Projection, Shared},
};

pub use outcomes::Outcomes;
pub use pipeline::PipelineLedger;

/// The views that dashboards are answered from.
#[derive(Clone)]
pub struct Views {
    /// Open deals.
    pub pipeline: Arc<Shared<PipelineLedger>>,
    /// Closings.
    pub outcomes: Arc<Shared<Outcomes>>,
}

impl Views {
    /// The views as a runtime takes them.
    pub fn projections(&self) -> Vec<Box<dyn Projection>> {
        vec![Box::new(self.pipeline.clone()), Box::new(self.outcomes.clone())]
    }
}

/// Empty views, to be handed to a runtime, which fills them, and to the service.
pub fn views() -> Views {
    Views { pipeline: Shared::empty(), outcomes: Shared::empty() }
}

/// Answers questions of dashboards.
pub struct Dashboards {
    runtime: Arc<Runtime>,
    pipeline: Arc<Shared<PipelineLedger>>,
    outcomes: Arc<Shared<Outcomes>>,
}

/// The service over a runtime that keeps these views.
pub fn service(runtime: Arc<Runtime>, views: Views) -> DashboardServiceServer<Dashboards> {
    let Views { pipeline, outcomes } = views;
    DashboardServiceServer::new(Dashboards { runtime, pipeline, outcomes })
}
