//! Settings: flags over environment over defaults, and what is in force.

use std::{io::Write, net::SocketAddr, path::PathBuf};

use anyhow::{Context, ensure};
use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;

/// When the log's server makes durable what it acknowledges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Durability {
    /// Before it acknowledges; refuse to start with a server that does not
    Strict,
    /// Now and then: faster, and what was acknowledged since may go with the power
    Relaxed,
}

/// What every process that serves is told.
#[derive(Debug, Clone, Args, Serialize)]
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
    /// What is logged, as in `info,runtime=debug`
    #[arg(long, env = "REVOPS_LOG", default_value = "warn,revops=info,runtime=info")]
    pub log: String,
}

impl Common {
    /// The master key's file.
    pub fn master_key(&self) -> PathBuf {
        self.master_key_file.clone().unwrap_or_else(|| self.data.join("master.key"))
    }

    /// Without access control only this machine may call.
    pub fn check(&self) -> anyhow::Result<()> {
        ensure!(
            self.listen.ip().is_loopback(),
            "{} is not a loopback address: there is no access control yet, so only this machine \
             may call",
            self.listen
        );
        Ok(())
    }
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
#[derive(Debug, Clone, Args, Serialize)]
pub struct UpArgs {
    #[command(flatten)]
    #[serde(flatten)]
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
#[derive(Debug, Clone, Args, Serialize)]
pub struct ServeArgs {
    /// Which services this process offers
    #[arg(value_enum, default_value = "all")]
    pub service: Service,
    #[command(flatten)]
    #[serde(flatten)]
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

/// What a process offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Service {
    /// Every service over one read model
    All,
    /// Leads and how they convert
    Leads,
    /// Opportunities and erasure
    Opportunities,
    /// The catalog
    Forecasting,
    /// Pipeline and metrics
    Dashboards,
    /// History and proof
    Audit,
    /// Reports of other systems
    Ingest,
}

/// `revops config`
#[derive(Debug, Clone, Subcommand)]
pub enum ConfigVerb {
    /// Print the settings that `up` would run with, from flags and environment
    Check(UpArgs),
}

impl ConfigVerb {
    /// Prints what is in force, or says what is wrong with it.
    pub fn run(self) -> anyhow::Result<()> {
        let ConfigVerb::Check(args) = self;
        args.common.check()?;
        let text = toml::to_string_pretty(&args).context("the settings cannot be written")?;
        match std::io::stdout().lock().write_all(text.as_bytes()) {
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
            written => Ok(written?),
        }
    }
}
