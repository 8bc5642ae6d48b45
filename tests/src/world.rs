//! A cell of a test's own: nats-server, read model, services and a port in a folder of its own.

use std::path::{Path, PathBuf};

use api::{
    accounts::v1::{
        account_service_client::AccountServiceClient,
        activity_service_client::ActivityServiceClient,
        contact_service_client::ContactServiceClient,
        contract_service_client::ContractServiceClient,
    },
    audit::v1::audit_service_client::AuditServiceClient,
    dashboards::v1::dashboard_service_client::DashboardServiceClient,
    forecasting::v1::forecast_service_client::ForecastServiceClient,
    ingest::v1::report_service_client::ReportServiceClient,
    leads::v1::lead_service_client::LeadServiceClient,
    opportunities::v1::opportunity_service_client::OpportunityServiceClient,
    planning::v1::planning_service_client::PlanningServiceClient,
    privacy::v1::privacy_service_client::PrivacyServiceClient,
    projections::v1::projection_service_client::ProjectionServiceClient,
};
use revops::{
    cell::Cell,
    config::{Common, Durability, ProcessArgs, Service},
    nats::{NatsOptions, NatsServers},
    server::Listening,
};
use runtime::runtime::Runtime;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tonic::transport::{Channel, Endpoint};

use crate::line::{self, Said};

/// A message of a whole list of deals is longer than a client takes by default.
const MESSAGE_BYTES_MAX: usize = 64 << 20;

/// How a world is made.
#[derive(Debug, Clone)]
pub struct Options {
    /// The tenant of callers who name none; without it they are refused.
    pub default_tenant: Option<String>,
    /// The master key as 64 hexadecimal digits; without it, one is made. Worlds with one key give
    /// the same ids to the same external keys.
    pub master_key: Option<String>,
    /// How many servers keep the log.
    pub replicas: usize,
}

impl Default for Options {
    fn default() -> Options {
        Options { default_tenant: Some("default".to_owned()), master_key: None, replicas: 1 }
    }
}

impl Options {
    /// A world whose master key is 64 times one digit.
    pub fn with_key_of(digit: char) -> Options {
        Options { master_key: Some(digit.to_string().repeat(64)), ..Options::default() }
    }
}

/// A cell and the way to it. What it started is gone when it is dropped, its folder too.
pub struct World {
    folder: Folder,
    default_tenant: Option<String>,
    replicas: usize,
    up: Option<Up>,
}

enum Folder {
    Own(TempDir),
    Given(PathBuf),
}

struct Up {
    nats: NatsServers,
    cell: Cell,
    listening: Listening,
    address: String,
    channel: Channel,
}

impl World {
    /// The one origin whose pages may call.
    pub const WEB_ORIGIN: &'static str = "http://localhost:3000";

    /// A fresh cell in a folder of its own.
    pub async fn start() -> World {
        World::start_with(Options::default()).await
    }

    /// A fresh cell of a certain make.
    pub async fn start_with(options: Options) -> World {
        World::begin(Folder::Own(tempfile::tempdir().unwrap()), options).await
    }

    /// A cell in a folder that may have one already, and that stays.
    pub async fn start_in(folder: &Path, options: Options) -> World {
        World::begin(Folder::Given(folder.to_owned()), options).await
    }

    async fn begin(folder: Folder, options: Options) -> World {
        let Options { default_tenant, replicas, .. } = options;
        let mut world = World { folder, default_tenant, replicas, up: None };
        if let Some(key) = options.master_key {
            std::fs::create_dir_all(world.data()).unwrap();
            std::fs::write(world.common().master_key(), key).unwrap();
        }
        world.resume().await;
        world
    }

    /// Stops everything, nats-server too. The folder keeps what is in it.
    pub async fn stop(&mut self) {
        let Some(up) = self.up.take() else { return };
        let Up { nats, cell, listening, channel, .. } = up;
        drop(channel);
        listening.stop().await.unwrap();
        cell.close().await.unwrap();
        nats.stop().await.unwrap();
    }

    /// Starts again on what is in the folder.
    pub async fn resume(&mut self) {
        let options = NatsOptions {
            replicas: Some(self.replicas),
            ..NatsOptions::new(self.data().join("nats"))
        };
        let nats = NatsServers::start(options).await.unwrap();
        let guard = KillOnPanic(Some(nats));
        let nats = guard.0.as_ref().unwrap();
        let (common, tenant) = (self.common(), self.default_tenant.clone());
        let cell =
            Cell::open(&common, Service::All, &nats.url, &nats.monitor_url, tenant).await.unwrap();
        let listener = TcpListener::bind(common.listen).await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let listening =
            Listening::start(&cell, &common.process.web_origin, listener).await.unwrap();
        let channel =
            Endpoint::from_shared(address.clone()).unwrap().tcp_nodelay(true).connect_lazy();
        self.up = Some(Up { nats: guard.release(), cell, listening, address, channel });
    }

    /// Has everything asked and answered at another address, over the same log and key: that of a
    /// router before services that run apart.
    pub fn answer_at(&mut self, address: &str) {
        let up = self.up.as_mut().expect("the world is stopped: resume it first");
        address.clone_into(&mut up.address);
        let endpoint = Endpoint::from_shared(address.to_owned()).unwrap();
        up.channel = endpoint.tcp_nodelay(true).connect_lazy();
    }

    /// Stops and starts again.
    pub async fn restart(&mut self) {
        self.stop().await;
        self.resume().await;
    }

    /// The folder of everything that the cell keeps.
    pub fn data(&self) -> &Path {
        match &self.folder {
            Folder::Own(folder) => folder.path(),
            Folder::Given(folder) => folder,
        }
    }

    /// The folder of the read model.
    pub fn read_model(&self) -> PathBuf {
        self.data().join("read-model")
    }

    /// The servers that keep the log.
    pub fn nats(&self) -> &NatsServers {
        &self.up().nats
    }

    /// What the services share.
    pub fn runtime(&self) -> &Runtime {
        &self.up().cell.runtime
    }

    /// Where the services answer.
    pub fn address(&self) -> &str {
        &self.up().address
    }

    /// The connection that the clients below share.
    pub fn channel(&self) -> Channel {
        self.up().channel.clone()
    }

    /// The position of the log's last commit, from the server that keeps it.
    pub async fn position(&self) -> u64 {
        match self.runtime().log.head().await.unwrap() {
            Some(head) => event_log::Frame::decode(head.body).unwrap().last(),
            None => 0,
        }
    }

    /// How many servers keep the log.
    pub fn replicas(&self) -> usize {
        self.replicas
    }

    /// Runs a command line; gives whatever came of it.
    pub async fn words(&self, words: &[&str]) -> Said {
        line::run(self.address(), words).await
    }

    /// Runs a command line that has to succeed and asks for JSON; gives its answer.
    pub async fn cli(&self, words: &[&str]) -> serde_json::Value {
        let said = self.words(&[words, &["-o", "json"]].concat()).await;
        assert_eq!(said.code, 0, "{words:?}: {}", said.notes);
        said.json()
    }

    /// Runs a command line that has to fail; gives its exit code and what it said.
    pub async fn cli_fails(&self, words: &[&str]) -> (u8, String) {
        let said = self.words(words).await;
        assert_ne!(said.code, 0, "{words:?} was to fail: {}", said.data);
        assert_eq!(said.data, "", "{words:?} failed and answered all the same");
        (said.code, said.notes)
    }

    /// The digest of every projection for a tenant, by name.
    pub async fn digests(&self) -> Vec<(String, String)> {
        let answer = self.cli(&["projection", "list"]).await;
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        let projections = answer["projections"].as_array().unwrap();
        projections.iter().map(|one| (text(&one["name"]), text(&one["digest"]))).collect()
    }

    /// A call in the name of the default tenant.
    pub fn request<T>(&self, message: T) -> tonic::Request<T> {
        World::request_of("default", message)
    }

    /// A call in the name of a tenant.
    pub fn request_of<T>(tenant: &str, message: T) -> tonic::Request<T> {
        let mut request = tonic::Request::new(message);
        request.metadata_mut().insert("revops-tenant", tenant.parse().unwrap());
        request.metadata_mut().insert("revops-actor", "proof".parse().unwrap());
        request
    }

    /// Commands and questions on leads.
    pub fn leads(&self) -> LeadServiceClient<Channel> {
        LeadServiceClient::new(self.channel()).max_decoding_message_size(MESSAGE_BYTES_MAX)
    }

    /// Commands and questions on opportunities.
    pub fn opportunities(&self) -> OpportunityServiceClient<Channel> {
        OpportunityServiceClient::new(self.channel()).max_decoding_message_size(MESSAGE_BYTES_MAX)
    }

    /// Commands and questions on accounts.
    pub fn accounts(&self) -> AccountServiceClient<Channel> {
        AccountServiceClient::new(self.channel())
    }

    /// Commands and questions on contacts.
    pub fn contacts(&self) -> ContactServiceClient<Channel> {
        ContactServiceClient::new(self.channel())
    }

    /// Commands and questions on contracts.
    pub fn contracts(&self) -> ContractServiceClient<Channel> {
        ContractServiceClient::new(self.channel())
    }

    /// Commands and questions on activities.
    pub fn activities(&self) -> ActivityServiceClient<Channel> {
        ActivityServiceClient::new(self.channel())
    }

    /// The catalog.
    pub fn planning(&self) -> PlanningServiceClient<Channel> {
        PlanningServiceClient::new(self.channel())
    }

    /// Forecasts.
    pub fn forecasts(&self) -> ForecastServiceClient<Channel> {
        ForecastServiceClient::new(self.channel())
    }

    /// The door for reports.
    pub fn reports(&self) -> ReportServiceClient<Channel> {
        ReportServiceClient::new(self.channel())
    }

    /// Sums and metrics.
    pub fn dashboards(&self) -> DashboardServiceClient<Channel> {
        DashboardServiceClient::new(self.channel()).max_decoding_message_size(MESSAGE_BYTES_MAX)
    }

    /// Histories and the check of the log.
    pub fn audit(&self) -> AuditServiceClient<Channel> {
        AuditServiceClient::new(self.channel()).max_decoding_message_size(MESSAGE_BYTES_MAX)
    }

    /// The read model.
    pub fn projections(&self) -> ProjectionServiceClient<Channel> {
        ProjectionServiceClient::new(self.channel())
    }

    /// The erasing of people.
    pub fn privacy(&self) -> PrivacyServiceClient<Channel> {
        PrivacyServiceClient::new(self.channel())
    }

    fn up(&self) -> &Up {
        self.up.as_ref().expect("the world is stopped: resume it first")
    }

    fn common(&self) -> Common {
        Common {
            data: self.data().to_owned(),
            listen: "127.0.0.1:0".parse().unwrap(),
            durability: Durability::Strict,
            replicas: self.replicas,
            cache_mib: 64,
            master_key_file: None,
            process: ProcessArgs {
                web_origin: vec![World::WEB_ORIGIN.into()],
                ..Default::default()
            },
        }
    }
}

impl Drop for World {
    /// A test that failed leaves no server behind.
    fn drop(&mut self) {
        drop(self.up.take().map(|up| KillOnPanic(Some(up.nats))));
    }
}

/// Servers that die with this value, unless they are released.
struct KillOnPanic(Option<NatsServers>);

impl KillOnPanic {
    fn release(mut self) -> NatsServers {
        self.0.take().unwrap()
    }
}

impl Drop for KillOnPanic {
    fn drop(&mut self) {
        let Some(nats) = self.0.take() else { return };
        let pids = nats.pids();
        // Without their owner nobody starts the servers again.
        drop(nats);
        let pids = pids.into_iter().filter_map(|pid| i32::try_from(pid).ok());
        for pid in pids.filter_map(rustix::process::Pid::from_raw) {
            // It may be gone already.
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        }
    }
}
