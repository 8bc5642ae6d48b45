//! AuditService and ProjectionService: where every value comes from, proof that the log was not
//! altered, and a read model that can be rebuilt and verified at any time.

mod audit;
mod fields;
mod history;
mod names;
mod projections;
mod proof;
mod steps;
mod tail;
mod words;

use std::sync::Arc;

use api::{
    audit::v1::audit_service_server::AuditServiceServer,
    projections::v1::projection_service_server::ProjectionServiceServer,
};
use runtime::runtime::Runtime;

pub use audit::Audit;
pub use projections::Projections;

/// The service that answers auditors.
pub fn audit_service(runtime: Arc<Runtime>) -> AuditServiceServer<Audit> {
    AuditServiceServer::new(Audit::new(runtime))
}

/// The service that shows, rebuilds and verifies the projections of this process.
pub fn projection_service(runtime: Arc<Runtime>) -> ProjectionServiceServer<Projections> {
    ProjectionServiceServer::new(Projections::new(runtime))
}
