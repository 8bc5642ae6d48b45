//! PlanningService: what a tenant works with, defined from any instant on and never destroyed.

mod commands;
mod queries;
mod service;

use std::sync::Arc;

use api::planning::v1::planning_service_server::PlanningServiceServer;
use runtime::runtime::Runtime;

/// Answers for the catalog.
pub struct Planning {
    runtime: Arc<Runtime>,
}

/// The service over a runtime.
pub fn planning_service(runtime: Arc<Runtime>) -> PlanningServiceServer<Planning> {
    PlanningServiceServer::new(Planning { runtime })
}
