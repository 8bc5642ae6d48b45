//! What can be set, as flags; `settings` says where values come from.

use std::{net::SocketAddr, path::PathBuf};

use anyhow::ensure;
use api::{
    accounts::v1::{
        account_service_server as account, activity_service_server as activity,
        contact_service_server as contact, contract_service_server as contract,
    },
    audit::v1::audit_service_server as audit,
    dashboards::v1::dashboard_service_server as dashboard,
    forecasting::v1::forecast_service_server as forecast,
    ingest::v1::report_service_server as report,
    leads::v1::lead_service_server as lead,
    opportunities::v1::opportunity_service_server as opportunity,
    planning::v1::planning_service_server as planning,
    privacy::v1::privacy_service_server as privacy,
    projections::v1::projection_service_server as projection,
};
use clap::{Args, Subcommand, ValueEnum};

/// When the log's server makes durable what it acknowledges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Durability {
    /// Before it acknowledges; refuse to start with a server that does not
    Strict,
    /// Now and then: faster, and what was acknowledged since may go with the power
    Relaxed,
}

/// What every process that serves is told.
#[derive(Debug, Clone, Args)]
pub struct Common {
    /// The folder for everything that this process keeps
    #[arg(long, env = "REVOPS_DATA", default_value = ".data", value_name = "DIR")]
    pub data: PathBuf,
    /// Where the services listen; port 0 takes a free one
    #[arg(long, env = "REVOPS_LISTEN", default_value = "127.0.0.1:7878", value_name = "ADDR")]
    pub listen: SocketAddr,
    /// What an acknowledgement promises
    #[arg(long, env = "REVOPS_DURABILITY", value_enum, default_value = "strict")]
    pub durability: Durability,
    /// How many NATS servers keep a copy of the log each: 1 or 3, the same for ever
    #[arg(long, env = "REVOPS_REPLICAS", default_value = "1", value_name = "N",
        value_parser = parse_replicas)]
    pub replicas: usize,
    /// Memory for the read model's cache, in MiB
    #[arg(long, env = "REVOPS_CACHE_MIB", default_value_t = 256, value_name = "MIB")]
    pub cache_mib: u64,
    /// The master key's file; made in the data folder when there is none yet
    #[arg(long, env = "REVOPS_MASTER_KEY_FILE", value_name = "FILE")]
    pub master_key_file: Option<PathBuf>,
    #[command(flatten)]
    pub process: ProcessArgs,
}

/// What every process is told, whatever it does.
#[derive(Debug, Clone, Args)]
pub struct ProcessArgs {
    /// The settings file; otherwise `revops.toml` in the data folder, if there is one
    #[arg(long, env = "REVOPS_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// What is logged, as in `info,runtime=debug`
    #[arg(long, env = "REVOPS_LOG", default_value = DEFAULT_LOG, value_name = "FILTER")]
    pub log: String,
    /// How it is logged, to stderr
    #[arg(long, env = "REVOPS_LOG_FORMAT", value_enum, default_value = "text")]
    pub log_format: LogFormat,
    /// An origin whose pages may call by gRPC-Web, as in `https://sales.example`; once for each
    #[arg(long, env = "REVOPS_WEB_ORIGIN", value_delimiter = ',', value_name = "ORIGIN")]
    pub web_origin: Vec<String>,
}

const DEFAULT_LOG: &str = "warn,revops=info,runtime=info";

impl Default for ProcessArgs {
    fn default() -> ProcessArgs {
        ProcessArgs {
            config: None,
            log: DEFAULT_LOG.to_owned(),
            log_format: LogFormat::Text,
            web_origin: Vec::new(),
        }
    }
}

/// How lines are logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people
    Text,
    /// One JSON object a line
    Json,
}

impl Common {
    /// The master key's file.
    pub fn master_key(&self) -> PathBuf {
        self.master_key_file.clone().unwrap_or_else(|| self.data.join("master.key"))
    }

    /// Without access control only this machine may call.
    pub fn check(&self) -> anyhow::Result<()> {
        check_loopback(self.listen)
    }
}

impl RouteArgs {
    /// Without access control only this machine may call.
    pub fn check(&self) -> anyhow::Result<()> {
        check_loopback(self.listen)
    }
}

fn check_loopback(listen: SocketAddr) -> anyhow::Result<()> {
    ensure!(
        listen.ip().is_loopback(),
        "{listen} is not a loopback address: there is no access control yet, so only this machine \
         may call"
    );
    Ok(())
}

/// Two or four could outlive no more than one or three can.
pub fn parse_replicas(text: &str) -> Result<usize, String> {
    match text {
        "1" => Ok(1),
        "3" => Ok(3),
        _ => Err("say 1, or 3 to outlive the loss of one".to_owned()),
    }
}

/// `revops up`
#[derive(Debug, Clone, Args)]
pub struct UpArgs {
    #[command(flatten)]
    pub common: Common,
    /// The tenant of callers who name none
    #[arg(long, env = "REVOPS_DEFAULT_TENANT", default_value = "default", value_name = "TENANT")]
    pub default_tenant: String,
    /// The nats-server to run; otherwise one is looked for
    #[arg(long, env = "REVOPS_NATS_SERVER", value_name = "FILE")]
    pub nats_server: Option<PathBuf>,
    /// Load two years of an invented team's history, once
    #[arg(long)]
    pub demo: bool,
    /// The seed of the demo history
    #[arg(long, default_value_t = 7, value_name = "N")]
    pub demo_seed: u64,
}

/// `revops serve`
#[derive(Debug, Clone, Args)]
pub struct ServeArgs {
    /// Which services this process offers
    #[arg(value_enum, default_value = "all")]
    pub service: Service,
    #[command(flatten)]
    pub common: Common,
    /// The NATS servers that keep the log, with commas between several
    #[arg(long, env = "REVOPS_NATS", default_value = "nats://127.0.0.1:4222", value_name = "URL")]
    pub nats: String,
    /// Their monitoring addresses, where the durability of each is checked
    #[arg(long, env = "REVOPS_NATS_MONITOR", default_value = "http://127.0.0.1:8222")]
    pub nats_monitor: String,
    /// The tenant of callers who name none; without it they are refused
    #[arg(long, env = "REVOPS_DEFAULT_TENANT", value_name = "TENANT")]
    pub default_tenant: Option<String>,
}

/// `revops route`
#[derive(Debug, Clone, Args)]
pub struct RouteArgs {
    /// Where calls come in; port 0 takes a free one
    #[arg(long, env = "REVOPS_LISTEN", default_value = "127.0.0.1:7878", value_name = "ADDR")]
    pub listen: SocketAddr,
    /// Where a service runs, as in `leads=127.0.0.1:7801,127.0.0.1:7802`; once for each service
    #[arg(
        long,
        env = "REVOPS_ROUTE_TO",
        value_delimiter = ';',
        value_name = "SERVICE=ADDR[,ADDR]"
    )]
    pub to: Vec<Route>,
    #[command(flatten)]
    pub process: ProcessArgs,
}

/// A service and the processes that offer it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The service.
    pub service: Service,
    /// `host:port` of each process.
    pub addresses: Vec<String>,
}

impl std::str::FromStr for Route {
    type Err = String;

    fn from_str(text: &str) -> Result<Route, String> {
        let (service, addresses) = text
            .split_once('=')
            .ok_or("say which service runs where, as in leads=127.0.0.1:7801")?;
        let service = Service::from_str(service, false)
            .map_err(|_| format!("{service:?} is not a service: see `revops serve --help`"))?;
        let addresses: Vec<String> = addresses.split(',').map(str::to_owned).collect();
        match addresses.iter().find(|address| !address.contains(':')) {
            Some(address) => Err(format!("{address:?} is not host:port")),
            None => Ok(Route { service, addresses }),
        }
    }
}

/// What a process offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Service {
    /// Every service over one read model
    All,
    /// Leads and how they convert
    Leads,
    /// Opportunities, accounts, contacts, contracts, activities and erasure
    Opportunities,
    /// The catalog, quotas and forecasts
    Forecasting,
    /// Pipeline and metrics
    Dashboards,
    /// History and proof
    Audit,
    /// Reports of other systems
    Ingest,
}

impl Service {
    /// Each process answers this one for its own read model.
    pub const EVERYWHERE: &'static str = projection::SERVICE_NAME;

    /// Those that can run apart.
    pub const APART: [Service; 6] = [
        Service::Leads,
        Service::Opportunities,
        Service::Forecasting,
        Service::Dashboards,
        Service::Audit,
        Service::Ingest,
    ];

    /// Whether a process that offers this one offers another.
    pub fn includes(self, other: Service) -> bool {
        self == Service::All || self == other
    }

    /// What it offers, by the names of the contract.
    pub fn names(self) -> Vec<&'static str> {
        match self {
            Service::All => Service::APART.iter().flat_map(|service| service.names()).collect(),
            Service::Leads => vec![lead::SERVICE_NAME],
            Service::Opportunities => vec![
                opportunity::SERVICE_NAME,
                account::SERVICE_NAME,
                contact::SERVICE_NAME,
                contract::SERVICE_NAME,
                activity::SERVICE_NAME,
                privacy::SERVICE_NAME,
            ],
            Service::Forecasting => vec![planning::SERVICE_NAME, forecast::SERVICE_NAME],
            Service::Dashboards => vec![dashboard::SERVICE_NAME],
            Service::Audit => vec![audit::SERVICE_NAME],
            Service::Ingest => vec![report::SERVICE_NAME],
        }
    }
}

/// `revops config`
#[derive(Debug, Clone, Subcommand)]
pub enum ConfigVerb {
    /// Print the settings in force as TOML, and where each comes from: of `up`, unless another
    /// process is named
    Check(CheckArgs),
}

/// `revops config check`
#[derive(Debug, Clone, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct CheckArgs {
    /// The process
    #[command(subcommand)]
    pub process: Option<Checked>,
    #[command(flatten)]
    pub up: UpArgs,
}

/// The processes whose settings can be looked at.
#[derive(Debug, Clone, Subcommand)]
pub enum Checked {
    /// Of `revops up`
    Up(UpArgs),
    /// Of `revops serve`
    Serve(ServeArgs),
    /// Of `revops route`
    Route(RouteArgs),
}

impl ConfigVerb {
    /// Says what is wrong with the settings, if anything is.
    pub fn check(&self) -> anyhow::Result<()> {
        let ConfigVerb::Check(CheckArgs { process, up }) = self;
        match process {
            None => up.common.check(),
            Some(Checked::Up(args)) => args.common.check(),
            Some(Checked::Serve(args)) => args.common.check(),
            Some(Checked::Route(args)) => args.check(),
        }
    }
}
