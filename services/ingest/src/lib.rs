//! ReportService: the door for other systems. What they saw happen is recorded as they saw it.

mod account;
mod activity;
mod contact;
mod contract;
mod counts;
mod faults;
mod from_proto;
mod lead;
mod opportunity;
mod service;
mod words;

use std::sync::Arc;

use api::ingest::v1::report_service_server::ReportServiceServer;
pub use counts::Counts;
use runtime::runtime::Runtime;

/// The largest message that the door takes, in bytes.
const MESSAGE_MAX: usize = 4 * 1024 * 1024;

/// Takes reports in.
pub struct Ingest {
    runtime: Arc<Runtime>,
    counts: Arc<Counts>,
}

/// The service over a runtime; it counts what becomes of reports.
pub fn service(runtime: Arc<Runtime>, counts: Arc<Counts>) -> ReportServiceServer<Ingest> {
    ReportServiceServer::new(Ingest { runtime, counts }).max_decoding_message_size(MESSAGE_MAX)
}
