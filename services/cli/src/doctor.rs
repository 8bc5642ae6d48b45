//! `doctor`: is everything well, and if not, what to do.

use api::accounts::v1::{
    account_service_server as account, activity_service_server as activity,
    contact_service_server as contact, contract_service_server as contract,
};
use api::audit::v1::audit_service_server as audit;
use api::dashboards::v1::dashboard_service_server as dashboard;
use api::forecasting::v1::forecast_service_server as forecast;
use api::ingest::v1::report_service_server as report;
use api::leads::v1::lead_service_server as lead;
use api::opportunities::v1::opportunity_service_server as opportunity;
use api::planning::v1::planning_service_server as planning;
use api::privacy::v1::privacy_service_server as privacy;
use api::projections::v1::projection_service_server as projection_service;
use serde::Serialize;
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;

use crate::failure::Failure;
use crate::grid::{Cell, Grid};
use crate::output::Answer;
use crate::projection::{self, Projection};
use crate::session::Session;
use crate::standing::Standing;

/// Further behind than this, answers are worth a warning.
const LAG_MAX: u64 = 1000;

const SERVICES: [&str; 13] = [
    account::SERVICE_NAME,
    contact::SERVICE_NAME,
    contract::SERVICE_NAME,
    activity::SERVICE_NAME,
    forecast::SERVICE_NAME,
    opportunity::SERVICE_NAME,
    planning::SERVICE_NAME,
    dashboard::SERVICE_NAME,
    report::SERVICE_NAME,
    audit::SERVICE_NAME,
    privacy::SERVICE_NAME,
    lead::SERVICE_NAME,
    projection_service::SERVICE_NAME,
];

/// What was found.
#[derive(Debug, Serialize)]
struct Findings {
    #[serde(flatten)]
    standing: Standing,
    server: String,
    ok: bool,
    services: Vec<Service>,
    projections: Vec<Projection>,
    advice: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Service {
    name: String,
    health: String,
}

impl Answer for Findings {
    fn standing(&self) -> Option<&Standing> {
        Some(&self.standing)
    }

    fn grid(&self) -> Grid {
        let mut grid = Grid::new(["what", "name", "health", "position", "lag", "detail"]);
        let none = || Cell::text("");
        let log = [Cell::text("log"), Cell::text(&self.standing.log), none()];
        let position =
            [Cell::Count(self.standing.revision), Cell::Count(self.standing.lag), none()];
        grid.push(log.into_iter().chain(position).collect());
        for it in &self.services {
            let (name, health) = (Cell::text(&it.name), Cell::text(&it.health));
            grid.push(vec![Cell::text("service"), name, health, none(), none(), none()]);
        }
        for it in &self.projections {
            grid.push(vec![
                Cell::text("projection"),
                Cell::text(&it.name),
                Cell::text(&it.health),
                Cell::Count(it.position),
                Cell::Count(it.lag),
                Cell::text(it.detail.as_deref().unwrap_or_default()),
            ]);
        }
        grid
    }
}

/// Looks at everything, shows it, and fails when something is wrong.
pub async fn run(session: &Session) -> anyhow::Result<()> {
    let mut services = Vec::new();
    for name in SERVICES {
        services.push(Service { name: name.to_owned(), health: health(session, name).await? });
    }
    let (standing, projections, asked) = match projection::list(session).await {
        Ok(found) => (found.standing, found.projections, None),
        Err(status) => (Standing::default(), Vec::new(), Some(status)),
    };
    let mut advice = advice(&services, &projections);
    if let Some(status) = asked {
        advice.push(format!("the projections cannot be listed: {}", status.message()));
    }
    let findings = Findings {
        standing,
        server: session.server.clone(),
        ok: advice.is_empty(),
        services,
        projections,
        advice,
    };
    session.output.answer(&findings)?;
    if findings.ok {
        session.output.note(format!("all is well at {}", session.server));
        return Ok(());
    }
    Err(Failure::Unsound(format!(
        "not all is well:\n  to do: {}",
        findings.advice.join("\n  to do: ")
    ))
    .into())
}

/// A service that the server does not run is no illness: a process may run one of several.
async fn health(session: &Session, service: &str) -> Result<String, tonic::Status> {
    let request = session.request(HealthCheckRequest { service: service.to_owned() });
    let status = match session.health().check(request).await {
        Ok(answer) => answer.into_inner().status(),
        Err(status) if status.code() == Code::NotFound => return Ok("not here".to_owned()),
        Err(status) if status.code() == Code::Unimplemented => return Ok("unknown".to_owned()),
        Err(status) => return Err(status),
    };
    Ok(match status {
        ServingStatus::Serving => "ok",
        ServingStatus::NotServing => "not serving",
        ServingStatus::ServiceUnknown => "not here",
        ServingStatus::Unknown => "unknown",
    }
    .to_owned())
}

fn advice(services: &[Service], projections: &[Projection]) -> Vec<String> {
    let mut advice = Vec::new();
    for service in services.iter().filter(|service| service.health == "not serving") {
        advice.push(format!(
            "{} is not serving: the server's log says why; does nats-server run and have room on \
             its disk?",
            service.name
        ));
    }
    for it in projections {
        let name = &it.name;
        match it.health.as_str() {
            "stopped" => advice.push(format!(
                "{name} has stopped at {}: {}; if `revops log verify` finds the log intact, \
                 `revops projection rebuild {name}`",
                it.position,
                it.detail.as_deref().unwrap_or("no reason given")
            )),
            "catching_up" | "ok" if it.lag > LAG_MAX => advice.push(format!(
                "{name} is {} positions behind: wait for it, or give questions --min-revision",
                it.lag
            )),
            _ => {}
        }
    }
    advice
}

#[cfg(test)]
mod tests {
    use super::*;

    fn projection(health: &str, lag: u64) -> Projection {
        Projection {
            name: "ledger".into(),
            position: 5,
            lag,
            digest: String::new(),
            health: health.into(),
            detail: Some("an unknown name".into()),
        }
    }

    #[test]
    fn what_is_wrong_comes_with_what_to_do() {
        let down = Service { name: "revops.x".into(), health: "not serving".into() };
        let away = Service { name: "revops.y".into(), health: "not here".into() };
        assert_eq!(advice(&[down, away], &[]).len(), 1);
        assert!(advice(&[], &[projection("ok", 3)]).is_empty());
        assert!(advice(&[], &[projection("ok", 5000)])[0].contains("5000 positions behind"));
        assert!(advice(&[], &[projection("stopped", 0)])[0].contains("rebuild ledger"));
    }
}
