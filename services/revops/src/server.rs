//! The services of a process on one port, with health and reflection.

use std::sync::Arc;

use anyhow::Context;
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};
use tonic::service::RoutesBuilder;
use tonic_health::ServingStatus;

use crate::{
    cell::Cell,
    config::Service,
    edge::{Edge, calls::Calls, door::Door, revisions::Step},
    metrics,
};

/// Services that answer on a port.
pub struct Listening {
    edge: Edge,
    watching: JoinHandle<()>,
}

impl Listening {
    /// Starts to answer for a cell's services on a listener that is already bound.
    pub async fn start(
        cell: &Cell,
        web_origins: &[String],
        listener: TcpListener,
    ) -> anyhow::Result<Listening> {
        let (reporter, health_service) = tonic_health::server::health_reporter();
        let mut routes = RoutesBuilder::default();
        add_services(cell, &mut routes);
        routes.add_service(health_service);
        add_reflection(&mut routes)?;
        let names = cell.service.names().into_iter().chain(["", Service::EVERYWHERE]);
        let names: Vec<_> = names.collect();
        for name in &names {
            reporter.set_service_status(name, ServingStatus::Serving).await;
        }
        let (keeper, (stop, mut stopping)) = (cell.runtime.keeper.clone(), watch::channel(false));
        let calls = Calls::default();
        let page = metrics::ProcessPage {
            calls: calls.clone(),
            runtime: cell.runtime.clone(),
            reports: cell.reports.clone(),
        };
        let door = Door {
            calls,
            step: Step::Process(cell.runtime.clone()),
            stopping: stopping.clone(),
            services: routes.routes().prepare().into_axum_router(),
        };
        // What it has folded it still answers, but a caller should look for another process.
        let watching = tokio::spawn(async move {
            tokio::select! {
                () = keeper.stopped() => {}
                _ = stopping.wait_for(|stopping| *stopping) => {}
            }
            for name in names {
                reporter.set_service_status(name, ServingStatus::NotServing).await;
            }
        });
        let metrics = axum::routing::get(metrics::of_process).with_state(page);
        let edge = Edge::start(listener, (door, metrics), web_origins, stop)?;
        Ok(Listening { edge, watching })
    }

    /// Takes no new calls, ends open streams, and waits for calls under way, though not for ever.
    pub async fn stop(self) -> anyhow::Result<()> {
        let stopped = self.edge.stop().await;
        self.watching.abort();
        stopped
    }
}

/// Lets any client find the contract by asking, in both versions of the question.
pub(crate) fn add_reflection(routes: &mut RoutesBuilder) -> anyhow::Result<()> {
    let reflection = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(api::FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    routes.add_service(reflection().build_v1().context("reflection v1")?);
    routes.add_service(reflection().build_v1alpha().context("reflection v1alpha")?);
    Ok(())
}

fn add_services(cell: &Cell, routes: &mut RoutesBuilder) {
    let runtime = || Arc::clone(&cell.runtime);
    let wanted = |one: Service| cell.service.includes(one);
    routes.add_service(audit::projection_service(runtime()));
    if wanted(Service::Leads) {
        routes.add_service(leads::service(runtime(), cell.leads.clone()));
    }
    if wanted(Service::Opportunities) {
        routes.add_service(opportunities::service(
            runtime(),
            cell.deals.clone(),
            cell.leads.references(),
        ));
        routes.add_service(opportunities::privacy_service(runtime(), cell.people.clone()));
        let customers = opportunities::customers(runtime(), cell.customers.clone());
        routes.add_service(customers.account_service());
        routes.add_service(customers.contact_service());
        routes.add_service(customers.contract_service());
        routes.add_service(customers.activity_service());
    }
    if wanted(Service::Forecasting) {
        routes.add_service(forecasting::planning_service(runtime(), cell.book.clone()));
        routes.add_service(forecasting::forecast_service(runtime(), cell.book.clone()));
    }
    if wanted(Service::Dashboards) {
        routes.add_service(dashboards::service(runtime(), cell.dashboards.clone()));
    }
    if wanted(Service::Audit) {
        routes.add_service(audit::audit_service(runtime()));
    }
    if wanted(Service::Ingest) {
        routes.add_service(ingest::service(runtime(), cell.reports.clone()));
    }
}
