//! LeadService: leads from capture to conversion, their duplicates, and how they convert.

mod capturing;
mod commands;
mod conversion;
mod converting;
mod duplicates;
mod from_proto;
mod list;
mod merging;
mod queries;
mod scan;
mod service;
mod targets;
mod to_proto;
mod undoing;
mod views;

use std::sync::Arc;

use api::leads::v1::lead_service_server::LeadServiceServer;
use runtime::{
    references::References,
    runtime::Runtime,
    view::{Projection, Shared},
};

use duplicates::Duplicates;
pub use views::Leads as LeadRows;

/// What many leads in one request may weigh, in bytes.
const MESSAGE_MAX: usize = 16 * 1024 * 1024;

/// The views that the service answers from.
#[derive(Clone)]
pub struct Views {
    leads: Arc<Shared<LeadRows>>,
    references: Arc<Shared<References>>,
}

/// Empty views, to be filled when the process starts.
pub fn views() -> Views {
    Views { leads: Shared::empty(), references: Shared::empty() }
}

impl Views {
    /// The view of who refers to what, which others look at too.
    pub fn references(&self) -> Arc<Shared<References>> {
        self.references.clone()
    }

    /// The views as the runtime folds them.
    pub fn projections(&self) -> Vec<Box<dyn Projection>> {
        vec![Box::new(self.leads.clone()), Box::new(self.references.clone())]
    }
}

/// Answers for leads.
pub struct Leads {
    runtime: Arc<Runtime>,
    views: Views,
    duplicates: Arc<Duplicates>,
}

/// The service over a runtime whose views include these. What leads are compared by is opened in the
/// background from here on.
pub fn service(runtime: Arc<Runtime>, views: Views) -> LeadServiceServer<Leads> {
    let duplicates = Arc::new(Duplicates::default());
    tokio::spawn(duplicates::keep_up(
        Arc::downgrade(&runtime),
        runtime.applied(),
        views.leads.clone(),
        duplicates.clone(),
    ));
    LeadServiceServer::new(Leads { runtime, views, duplicates })
        .max_decoding_message_size(MESSAGE_MAX)
}
