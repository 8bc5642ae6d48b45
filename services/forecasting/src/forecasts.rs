//! ForecastService: questions about a period, and the commands by which people judge it.

mod commands;
mod from_proto;
mod history;
mod queries;
mod service;
mod to_proto;
mod watch;
mod waterfall;

use std::sync::Arc;

use runtime::{runtime::Runtime, view::Shared};

use crate::book::Book;

/// Answers for forecasts.
#[derive(Clone)]
pub struct Forecasts {
    runtime: Arc<Runtime>,
    book: Arc<Shared<Book>>,
}

impl Forecasts {
    pub(crate) fn new(runtime: Arc<Runtime>, book: Arc<Shared<Book>>) -> Forecasts {
        Forecasts { runtime, book }
    }
}
