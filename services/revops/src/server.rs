//! One port for the services of a process, with health and reflection.

use std::sync::Arc;

use anyhow::Context;
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};
use tonic::{
    service::RoutesBuilder,
    transport::{Server, server::TcpIncoming},
};
use tonic_health::ServingStatus;

use crate::{cell::Cell, config::Service};

/// Services that answer on a port.
pub struct Listening {
    stop: oneshot::Sender<()>,
    served: JoinHandle<Result<(), tonic::transport::Error>>,
}

impl Listening {
    /// Starts to answer on a listener that is already bound.
    pub async fn start(
        cell: &Cell,
        service: Service,
        listener: TcpListener,
    ) -> anyhow::Result<Listening> {
        let (reporter, health_service) = tonic_health::server::health_reporter();
        let mut routes = RoutesBuilder::default();
        let names = add_services(cell, service, &mut routes);
        routes.add_service(health_service);
        for name in &names {
            reporter.set_service_status(name, ServingStatus::Serving).await;
        }
        let (keeper, health) = (cell.runtime.keeper.clone(), reporter.clone());
        // What it has folded it still answers, but a caller should look for another process.
        let watching = tokio::spawn(async move {
            keeper.stopped().await;
            for name in names {
                health.set_service_status(name, ServingStatus::NotServing).await;
            }
        });
        let reflection = || {
            tonic_reflection::server::Builder::configure()
                .register_encoded_file_descriptor_set(api::FILE_DESCRIPTOR_SET)
                .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        };
        routes.add_service(reflection().build_v1().context("reflection v1")?);
        routes.add_service(reflection().build_v1alpha().context("reflection v1alpha")?);
        let (stop, stopped) = oneshot::channel::<()>();
        // Small answers must not wait for the acknowledgement of the one before.
        let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
        let serving = Server::builder().add_routes(routes.routes()).serve_with_incoming_shutdown(
            incoming,
            async move {
                // A sender that is gone means the same as one that has spoken.
                let _ = stopped.await;
                watching.abort();
                reporter.set_service_status("", ServingStatus::NotServing).await;
            },
        );
        Ok(Listening { stop, served: tokio::spawn(serving) })
    }

    /// Takes no new calls and waits for those under way, though not for ever.
    pub async fn stop(self) -> anyhow::Result<()> {
        const PATIENCE: std::time::Duration = std::time::Duration::from_secs(5);
        // If it has already ended, its result below says why.
        let _ = self.stop.send(());
        let mut served = self.served;
        match tokio::time::timeout(PATIENCE, &mut served).await {
            Ok(ended) => Ok(ended.context("serving ended early")??),
            Err(_) => {
                served.abort();
                Ok(())
            }
        }
    }
}

fn add_services(cell: &Cell, service: Service, routes: &mut RoutesBuilder) -> Vec<&'static str> {
    let runtime = || Arc::clone(&cell.runtime);
    let wanted = |one: Service| service == Service::All || service == one;
    let mut names = vec!["", "revops.projections.v1.ProjectionService"];
    routes.add_service(audit::projection_service(runtime()));
    if wanted(Service::Leads) {
        routes.add_service(leads::service(runtime(), cell.leads.clone()));
        names.push("revops.leads.v1.LeadService");
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
        names.push("revops.opportunities.v1.OpportunityService");
        names.push("revops.accounts.v1.AccountService");
        names.push("revops.accounts.v1.ContactService");
        names.push("revops.accounts.v1.ContractService");
        names.push("revops.accounts.v1.ActivityService");
        names.push("revops.privacy.v1.PrivacyService");
    }
    if wanted(Service::Forecasting) {
        routes.add_service(forecasting::planning_service(runtime(), cell.book.clone()));
        routes.add_service(forecasting::forecast_service(runtime(), cell.book.clone()));
        names.push("revops.planning.v1.PlanningService");
        names.push("revops.forecasting.v1.ForecastService");
    }
    if wanted(Service::Dashboards) {
        routes.add_service(dashboards::service(runtime(), cell.dashboards.clone()));
        names.push("revops.dashboards.v1.DashboardService");
    }
    if wanted(Service::Audit) {
        routes.add_service(audit::audit_service(runtime()));
        names.push("revops.audit.v1.AuditService");
    }
    if wanted(Service::Ingest) {
        routes.add_service(ingest::service(runtime()));
        names.push("revops.ingest.v1.ReportService");
    }
    names
}
