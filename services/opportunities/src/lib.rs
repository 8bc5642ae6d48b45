//! OpportunityService: commands on deals and questions about them; and PrivacyService.

mod commands;
mod from_proto;
mod list;
mod people;
mod privacy;
mod queries;
mod service;
mod to_proto;
mod views;

use std::sync::Arc;

use api::{
    opportunities::v1::opportunity_service_server::OpportunityServiceServer,
    privacy::v1::privacy_service_server::PrivacyServiceServer,
};
use runtime::{runtime::Runtime, view::Shared};

pub use people::People;
pub use privacy::Privacy;
pub use views::Deals;

/// Answers for opportunities.
pub struct Opportunities {
    runtime: Arc<Runtime>,
    deals: Arc<Shared<Deals>>,
}

/// The service over a runtime whose views include `deals`.
pub fn service(
    runtime: Arc<Runtime>,
    deals: Arc<Shared<Deals>>,
) -> OpportunityServiceServer<Opportunities> {
    OpportunityServiceServer::new(Opportunities { runtime, deals })
}

/// The service that erases people, over a runtime whose views include `people`.
pub fn privacy_service(
    runtime: Arc<Runtime>,
    people: Arc<Shared<People>>,
) -> PrivacyServiceServer<Privacy> {
    PrivacyServiceServer::new(Privacy::new(runtime, people))
}
