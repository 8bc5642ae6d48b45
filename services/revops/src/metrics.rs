//! `/metrics`: what a process counts and where it stands, as Prometheus reads it.
//!
//! Calls are counted as they end; everything else is looked at when somebody asks, so that counting
//! costs the log and the views nothing.

use std::sync::Arc;

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};
use ingest::Counts;
use prometheus_client::{
    encoding::{EncodeLabelSet, text},
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};
use runtime::{
    projections::{Health, Standing, standings},
    runtime::Runtime,
};

use crate::edge::calls::Calls;

/// What every name begins with.
const PREFIX: &str = "revops";
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The page of a process that has services.
#[derive(Clone)]
pub struct ProcessPage {
    /// The calls of its edge.
    pub calls: Calls,
    /// Its log and views.
    pub runtime: Arc<Runtime>,
    /// What became of the reports that it took.
    pub reports: Arc<Counts>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Named {
    projection: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Faulty {
    kind: &'static str,
    fault: &'static str,
}

/// Answers with the page of a process that has services.
pub async fn of_process(State(page): State<ProcessPage>) -> Response {
    let mut registry = Registry::with_prefix(PREFIX);
    page.calls.register(&mut registry);
    let looked = page.runtime.keeper.errand(|appender| appender.counts).await;
    if let Ok(counts) = looked {
        counter(
            &mut registry,
            "log_conflicts",
            "Frames refused because another process was faster",
            counts.conflicts,
        );
        counter(
            &mut registry,
            "log_frames_appended",
            "Frames that this process put into the log",
            counts.frames,
        );
        counter(
            &mut registry,
            "log_commits_appended",
            "Commands that this process recorded",
            counts.commits,
        );
    }
    let keeper = &page.runtime.keeper;
    gauge(
        &mut registry,
        "commands_waiting",
        "Commands that wait to be decided or acknowledged",
        keeper.waiting() as u64,
    );
    gauge(
        &mut registry,
        "log_head_position",
        "The last position that the log is known to hold",
        keeper.head(),
    );
    let applied = page.runtime.applied().borrow().place.last;
    gauge(
        &mut registry,
        "log_applied_position",
        "The last position that this process has taken in",
        applied,
    );
    add_reports(&mut registry, &page.reports);
    // The digests of no tenant cost nothing.
    if let Ok(standings) = standings(&page.runtime, "").await {
        add_projections(&mut registry, &standings);
    }
    encoded(&registry)
}

fn add_reports(registry: &mut Registry, counts: &Counts) {
    let reports = Family::<Answered, Counter>::default();
    for (outcome, count) in counts.told() {
        reports.get_or_create(&Answered { outcome }).inc_by(count);
    }
    registry.register("reports", "Reports of other systems, by what became of them", reports);
    let faults = Family::<Faulty, Counter>::default();
    for ((kind, fault), count) in counts.faults() {
        faults.get_or_create(&Faulty { kind: kind.word(), fault }).inc_by(count);
    }
    let help = "Faults that came with reports, by the kind of entity that shows them; names that \
                nobody has defined are not among them";
    registry.register("faults", help, faults);
}

fn add_projections(registry: &mut Registry, standings: &[Standing]) {
    let (positions, lags, stopped) = (
        Family::<Named, Gauge>::default(),
        Family::<Named, Gauge>::default(),
        Family::<Named, Gauge>::default(),
    );
    let mut passed = 0;
    for standing in standings {
        let named = Named { projection: standing.name.clone() };
        positions.get_or_create(&named).set(whole(standing.position));
        lags.get_or_create(&named).set(whole(standing.lag));
        let is_stopped = matches!(standing.health, Health::Stopped(_));
        stopped.get_or_create(&named).set(i64::from(is_stopped));
        passed += standing.passed.values().sum::<u64>();
    }
    let help = "The position that a projection reflects";
    registry.register("projection_position", help, positions);
    let help = "How many positions a projection lies behind the log";
    registry.register("projection_lag_positions", help, lags);
    let help = "1 for a projection that goes no further, else 0";
    registry.register("projection_stopped", help, stopped);
    gauge(registry, "newer_facts_passed", "Facts of kinds that only a newer program knows", passed);
}

/// Answers with a page.
pub fn encoded(registry: &Registry) -> Response {
    let mut page = String::new();
    match text::encode(&mut page, registry) {
        Ok(()) => ([(header::CONTENT_TYPE, OPEN_METRICS)], page).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

/// An empty page that names begin on as they should.
pub fn empty() -> Registry {
    Registry::with_prefix(PREFIX)
}

fn counter(registry: &mut Registry, name: &str, help: &str, value: u64) {
    let counter = Counter::<u64>::default();
    counter.inc_by(value);
    registry.register(name, help, counter);
}

fn gauge(registry: &mut Registry, name: &str, help: &str, value: u64) {
    let gauge = Gauge::<i64>::default();
    gauge.set(whole(value));
    registry.register(name, help, gauge);
}

fn whole(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
