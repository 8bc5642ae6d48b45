//! A session: one connection to a server, and what every call on it carries.

use std::time::Duration;

use api::accounts::v1::account_service_client::AccountServiceClient;
use api::accounts::v1::activity_service_client::ActivityServiceClient;
use api::accounts::v1::contact_service_client::ContactServiceClient;
use api::accounts::v1::contract_service_client::ContractServiceClient;
use api::audit::v1::audit_service_client::AuditServiceClient;
use api::dashboards::v1::dashboard_service_client::DashboardServiceClient;
use api::forecasting::v1::forecast_service_client::ForecastServiceClient;
use api::ingest::v1::report_service_client::ReportServiceClient;
use api::leads::v1::lead_service_client::LeadServiceClient;
use api::opportunities::v1::opportunity_service_client::OpportunityServiceClient;
use api::planning::v1::planning_service_client::PlanningServiceClient;
use api::privacy::v1::privacy_service_client::PrivacyServiceClient;
use api::projections::v1::projection_service_client::ProjectionServiceClient;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Channel, Endpoint};
use tonic_health::pb::health_client::HealthClient;

use crate::failure::Failure;
use crate::output::Output;

/// Longer than any page of answers, and short enough to end a mistake.
const MESSAGE_BYTES_MAX: usize = 64 << 20;

/// How long a connection may take before the server counts as gone.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// A connection together with the tenant, the actor and the deadline of its calls.
#[derive(Clone, Debug)]
pub struct Session {
    /// The connection. Clones share it.
    pub channel: Channel,
    /// The address that was connected to.
    pub server: String,
    /// Whose data.
    pub tenant: String,
    /// Who acts: an opaque id.
    pub actor: String,
    /// Where answers and notes go.
    pub output: Output,
    /// Queries wait until the server has reached this position; zero does not wait.
    pub min_revision: u64,
    timeout: Duration,
    tenant_value: MetadataValue<Ascii>,
    actor_value: MetadataValue<Ascii>,
}

impl Session {
    /// Connects to the server that the flags name.
    ///
    /// # Errors
    /// A tenant or actor that cannot travel is a usage error; a server that does not answer is
    /// unreachable.
    pub async fn connect(globals: &crate::Globals, output: Output) -> anyhow::Result<Self> {
        let server = with_scheme(&globals.server);
        let endpoint = Endpoint::from_shared(server.clone())
            .map_err(|_| Failure::usage(format!("--server {server:?} is not an address")))?
            .connect_timeout(CONNECT_TIMEOUT)
            .tcp_nodelay(true);
        let channel = endpoint.connect().await.map_err(|error| Failure::Unreachable {
            server: server.clone(),
            cause: root(&error),
        })?;
        Ok(Self {
            channel,
            server,
            tenant: globals.tenant.clone(),
            actor: globals.actor.clone(),
            output,
            min_revision: globals.min_revision,
            timeout: globals.timeout,
            tenant_value: metadata("tenant", &globals.tenant)?,
            actor_value: metadata("actor", &globals.actor)?,
        })
    }

    /// A call with the tenant, the actor and the deadline.
    pub fn request<T>(&self, message: T) -> tonic::Request<T> {
        let mut request = self.open_ended(message);
        request.set_timeout(self.timeout);
        request
    }

    /// A call without a deadline, for streams that take as long as the data is large.
    pub fn open_ended<T>(&self, message: T) -> tonic::Request<T> {
        let mut request = tonic::Request::new(message);
        request.metadata_mut().insert("revops-tenant", self.tenant_value.clone());
        request.metadata_mut().insert("revops-actor", self.actor_value.clone());
        request
    }

    /// Commands and questions on leads.
    pub fn leads(&self) -> LeadServiceClient<Channel> {
        LeadServiceClient::new(self.channel.clone()).max_decoding_message_size(MESSAGE_BYTES_MAX)
    }

    /// Commands and questions on opportunities.
    pub fn opportunities(&self) -> OpportunityServiceClient<Channel> {
        OpportunityServiceClient::new(self.channel.clone())
            .max_decoding_message_size(MESSAGE_BYTES_MAX)
    }

    /// Commands and questions on accounts.
    pub fn accounts(&self) -> AccountServiceClient<Channel> {
        AccountServiceClient::new(self.channel.clone()).max_decoding_message_size(MESSAGE_BYTES_MAX)
    }

    /// Commands and questions on contacts.
    pub fn contacts(&self) -> ContactServiceClient<Channel> {
        ContactServiceClient::new(self.channel.clone()).max_decoding_message_size(MESSAGE_BYTES_MAX)
    }

    /// Commands and questions on contracts.
    pub fn contracts(&self) -> ContractServiceClient<Channel> {
        ContractServiceClient::new(self.channel.clone())
            .max_decoding_message_size(MESSAGE_BYTES_MAX)
    }

    /// Commands and questions on activities.
    pub fn activities(&self) -> ActivityServiceClient<Channel> {
        ActivityServiceClient::new(self.channel.clone())
            .max_decoding_message_size(MESSAGE_BYTES_MAX)
    }

    /// The catalog.
    pub fn planning(&self) -> PlanningServiceClient<Channel> {
        PlanningServiceClient::new(self.channel.clone())
            .max_decoding_message_size(MESSAGE_BYTES_MAX)
    }

    /// Forecasts.
    pub fn forecasts(&self) -> ForecastServiceClient<Channel> {
        ForecastServiceClient::new(self.channel.clone())
            .max_decoding_message_size(MESSAGE_BYTES_MAX)
    }

    /// Sums and metrics.
    pub fn dashboards(&self) -> DashboardServiceClient<Channel> {
        DashboardServiceClient::new(self.channel.clone())
            .max_decoding_message_size(MESSAGE_BYTES_MAX)
    }

    /// Histories and the check of the log.
    pub fn audit(&self) -> AuditServiceClient<Channel> {
        AuditServiceClient::new(self.channel.clone()).max_decoding_message_size(MESSAGE_BYTES_MAX)
    }

    /// The read model of the process that answers.
    pub fn projections(&self) -> ProjectionServiceClient<Channel> {
        ProjectionServiceClient::new(self.channel.clone())
            .max_decoding_message_size(MESSAGE_BYTES_MAX)
    }

    /// The erasing of people.
    pub fn privacy(&self) -> PrivacyServiceClient<Channel> {
        PrivacyServiceClient::new(self.channel.clone())
    }

    /// The door for reports.
    pub fn reports(&self) -> ReportServiceClient<Channel> {
        ReportServiceClient::new(self.channel.clone()).max_decoding_message_size(MESSAGE_BYTES_MAX)
    }

    /// The health of the server's services.
    pub fn health(&self) -> HealthClient<Channel> {
        HealthClient::new(self.channel.clone())
    }
}

/// An address without a scheme is one of plain HTTP/2.
fn with_scheme(server: &str) -> String {
    let server = server.trim();
    if server.contains("://") { server.to_owned() } else { format!("http://{server}") }
}

fn metadata(what: &str, text: &str) -> Result<MetadataValue<Ascii>, Failure> {
    MetadataValue::try_from(text).map_err(|_| {
        Failure::usage(format!("--{what} {text:?} holds characters that cannot travel"))
    })
}

/// The innermost cause: the outer ones only say that something went wrong.
fn root(error: &(dyn std::error::Error + 'static)) -> String {
    let mut error = error;
    while let Some(inner) = error.source() {
        error = inner;
    }
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::with_scheme;

    #[test]
    fn an_address_may_leave_out_its_scheme() {
        assert_eq!(with_scheme("127.0.0.1:7878\n"), "http://127.0.0.1:7878");
        assert_eq!(with_scheme("http://[::1]:1"), "http://[::1]:1");
    }
}
