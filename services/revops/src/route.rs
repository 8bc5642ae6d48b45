//! `revops route`: one address for services that run apart, in one process or more each.
//!
//! A call is forwarded as it is, by the service that it names, to one of the processes that say of
//! themselves that they serve it. Nothing is read but the path and the metadata, so that streams
//! flow both ways and no message is too large. A call is never sent twice: whoever is told
//! UNAVAILABLE may ask again with the same `request_id`.

mod projections;
mod replicas;

use std::{collections::HashMap, sync::Arc};

use anyhow::ensure;
use api::projections::v1::projection_service_server::ProjectionServiceServer;
use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    response::Response,
};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{family::Family, gauge::Gauge},
};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};
use tonic::{Status, service::RoutesBuilder};
use tonic_health::{ServingStatus, server::HealthReporter};
use tower::ServiceExt;

use self::{projections::Projections, replicas::Replicas};
use crate::{
    config::{Route, Service},
    edge::{
        Edge,
        calls::Calls,
        door::Door,
        revisions::{Seen, Step},
    },
    metrics, server,
};

/// A router that answers on a port.
pub struct Routing {
    edge: Edge,
    watching: JoinHandle<()>,
}

/// Which processes answer for each service of the contract.
type Table = Arc<HashMap<&'static str, Arc<Replicas>>>;

impl Routing {
    /// Starts to forward calls that come in on a listener that is already bound.
    pub fn start(
        routes: &[Route],
        web_origins: &[String],
        listener: TcpListener,
    ) -> anyhow::Result<Routing> {
        let (changed, on_change) = watch::channel(());
        let mut table = HashMap::new();
        let mut all = Vec::new();
        for Route { service, addresses } in merged(routes)? {
            let replicas = Arc::new(Replicas::follow(service, &addresses, &changed)?);
            table.extend(service.names().into_iter().map(|name| (name, replicas.clone())));
            all.push(replicas);
        }
        let (reporter, health_service) = tonic_health::server::health_reporter();
        let mut known = RoutesBuilder::default();
        known.add_service(health_service);
        known.add_service(ProjectionServiceServer::new(Projections::of(all)));
        server::add_reflection(&mut known)?;
        let table: Table = Arc::new(table);
        let watching = tokio::spawn(tell_health(reporter, table.clone(), on_change));
        let (stop, stopping) = watch::channel(false);
        let calls = Calls::default();
        let page = Page { calls: calls.clone(), table: table.clone() };
        let forwarding = Router::new().fallback(forward).with_state(table);
        // What the router knows itself comes first.
        let services = known.routes().into_axum_router().fallback_service(forwarding);
        let services = services.with_state(());
        let door = Door { calls, step: Step::Router(Seen::default()), stopping, services };
        let metrics = axum::routing::get(metrics_page).with_state(page);
        let edge = Edge::start(listener, (door, metrics), web_origins, stop)?;
        Ok(Routing { edge, watching })
    }

    /// Takes no new calls, ends open streams, and waits for calls under way, though not for ever.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.watching.abort();
        self.edge.stop().await
    }
}

/// What the page of metrics is made from.
#[derive(Clone)]
struct Page {
    calls: Calls,
    table: Table,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Named {
    service: &'static str,
}

async fn metrics_page(State(page): State<Page>) -> Response {
    let mut registry = metrics::empty();
    page.calls.register(&mut registry);
    let (all, serving) = (Family::<Named, Gauge>::default(), Family::<Named, Gauge>::default());
    for (service, replicas) in page.table.iter() {
        let known = i64::try_from(replicas.known()).unwrap_or(i64::MAX);
        all.get_or_create(&Named { service }).set(known);
        let well = i64::try_from(replicas.count()).unwrap_or(i64::MAX);
        serving.get_or_create(&Named { service }).set(well);
    }
    registry.register("route_processes", "Processes that a service is forwarded to", all);
    let help = "Those of them that say that they serve";
    registry.register("route_processes_serving", help, serving);
    metrics::encoded(&registry)
}

/// One entry for each service, however often it was named.
fn merged(routes: &[Route]) -> anyhow::Result<Vec<Route>> {
    let mut merged: Vec<Route> = Vec::new();
    for route in routes {
        match merged.iter_mut().find(|one| one.service == route.service) {
            Some(one) => one.addresses.extend(route.addresses.iter().cloned()),
            None => merged.push(route.clone()),
        }
    }
    let alone = merged.iter().any(|route| route.service == Service::All);
    ensure!(
        !merged.is_empty(),
        "nowhere to forward to: say --to leads=127.0.0.1:7801 and the like"
    );
    ensure!(
        !alone || merged.len() == 1,
        "--to all=... stands for every service: leave out the others"
    );
    Ok(merged)
}

async fn forward(State(table): State<Table>, request: Request) -> Response {
    let service = request.uri().path().split('/').nth(1).unwrap_or_default().to_owned();
    let Some(replicas) = table.get(service.as_str()) else {
        let message = format!("this router knows no process that offers {service:?}: see --to");
        return Status::unimplemented(message).into_http();
    };
    let Some(channel) = replicas.next() else {
        let message = format!("no process serves {service} now: ask again later");
        return Status::unavailable(message).into_http();
    };
    match channel.oneshot(request.map(tonic::body::Body::new)).await {
        Ok(response) => response.map(Body::new),
        Err(error) => {
            let message = format!("the process that serves {service} went away: {error}");
            Status::unavailable(message).into_http()
        }
    }
}

/// A service is well while one of its processes is, and the whole while every service is.
async fn tell_health(reporter: HealthReporter, table: Table, mut changed: watch::Receiver<()>) {
    loop {
        changed.borrow_and_update();
        let mut whole = ServingStatus::Serving;
        for (name, replicas) in table.iter() {
            let status = if replicas.count() > 0 {
                ServingStatus::Serving
            } else {
                whole = ServingStatus::NotServing;
                ServingStatus::NotServing
            };
            reporter.set_service_status(name, status).await;
        }
        reporter.set_service_status("", whole).await;
        if changed.changed().await.is_err() {
            return;
        }
    }
}
