//! Looks after nats-servers, one or several that keep copies: started, awaited, adopted, restarted
//! and stopped.
//!
//! A server runs in a process group of its own and outlives us, so that neither Ctrl-C in a
//! terminal nor our own crash takes the log away from other processes; the next start finds it by
//! its configuration file and adopts it.

mod binary;
mod error;
mod health;
mod home;
mod process;
mod site;
mod supervisor;
mod topology;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use futures::future::try_join_all;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub use binary::find_binary;
pub use error::NatsError;

use home::Home;
use process::Process;
use site::Site;
use supervisor::Supervisor;

/// Between our look at a port and the server's, a stranger may take it; rarely twice.
const ATTEMPTS: u32 = 3;

/// When the server makes what it acknowledged durable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SyncMode {
    /// Before it acknowledges: nothing acknowledged is lost when the power goes.
    #[default]
    Always,
    /// Every two minutes: many times faster, and up to two minutes are lost with the power.
    Interval,
}

/// What to run, and where.
#[derive(Clone, Debug)]
pub struct NatsOptions {
    /// The folder of the servers' configurations, log files and stores; created if missing.
    pub data: PathBuf,
    /// How many servers, each with a copy of every stream: 1 or 3, or without it what the folder
    /// has, and one if it is new.
    pub replicas: Option<usize>,
    /// The program to run; without it, [`find_binary`] looks for one.
    pub binary: Option<PathBuf>,
    pub sync: SyncMode,
    /// How long a server may take until it is healthy: a large store is read first.
    pub start_timeout: Duration,
}

impl NatsOptions {
    pub fn new(data: impl Into<PathBuf>) -> Self {
        Self {
            data: data.into(),
            replicas: None,
            binary: None,
            sync: SyncMode::default(),
            start_timeout: Duration::from_secs(60),
        }
    }
}

/// Supervised nats-servers. Dropping them leaves them running, for the next start to adopt.
#[derive(Debug)]
pub struct NatsServers {
    /// Where clients connect, with commas between several; it stays the same as long as this value
    /// lives.
    pub url: String,
    /// Where each server's own monitoring answers over HTTP, with commas between several.
    pub monitor_url: String,
    servers: Vec<Server>,
    _site: Site,
}

#[derive(Debug)]
struct Server {
    vitals: Arc<Vitals>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<(), NatsError>>,
}

/// What a supervising task lets others see.
#[derive(Debug, Default)]
struct Vitals {
    pid: AtomicU32,
    restarts: AtomicU64,
}

impl NatsServers {
    /// Adopts the healthy servers of this folder or starts them; returns when all are healthy.
    pub async fn start(options: NatsOptions) -> Result<Self, NatsError> {
        let binary = find_binary(options.binary.as_deref())?;
        let mut site = Site::open(&options.data, options.replicas)?;
        let mut attempt = 1;
        let supervisors = loop {
            match start_all(&mut site, &binary, &options).await {
                Ok(supervisors) => break supervisors,
                Err(NatsError::Exited { said, .. }) if attempt < ATTEMPTS => {
                    tracing::warn!(%said, "nats-server did not start, trying again");
                    attempt += 1;
                }
                Err(error) => return Err(error),
            }
        };
        let ports = || site.topology().servers.iter().map(|member| member.ports);
        let url = ports().map(|it| format!("nats://127.0.0.1:{}", it.client));
        let monitor_url = ports().map(|it| format!("http://127.0.0.1:{}", it.monitor));
        Ok(Self {
            url: url.collect::<Vec<_>>().join(","),
            monitor_url: monitor_url.collect::<Vec<_>>().join(","),
            servers: supervisors.into_iter().map(Server::run).collect(),
            _site: site,
        })
    }

    /// Stops all servers and waits until they are gone.
    pub async fn stop(self) -> Result<(), NatsError> {
        let stopping = self.servers.into_iter().map(|server| {
            // If the task has already ended, its result below says why.
            let _ = server.stop.send(());
            server.task
        });
        // All of them, even if one makes trouble.
        let ended = futures::future::join_all(stopping).await;
        ended.into_iter().try_for_each(|ended| ended?)
    }

    /// How many servers there are, and copies of each stream.
    pub fn replicas(&self) -> usize {
        self.servers.len()
    }

    /// How often servers died and were started again.
    pub fn restarts(&self) -> u64 {
        self.servers.iter().map(|server| server.vitals.restarts.load(Ordering::Relaxed)).sum()
    }

    /// The process ids of the servers that run now, or ran last.
    pub fn pids(&self) -> Vec<u32> {
        self.servers.iter().map(|server| server.vitals.pid.load(Ordering::Relaxed)).collect()
    }
}

impl Server {
    fn run(supervisor: Supervisor) -> Server {
        let vitals = supervisor.vitals();
        let (stop, stopped) = oneshot::channel();
        Server { vitals, stop, task: tokio::spawn(supervisor.run(stopped)) }
    }
}

/// Starts all servers side by side, for no one of several becomes healthy alone.
async fn start_all(
    site: &mut Site,
    binary: &Path,
    options: &NatsOptions,
) -> Result<Vec<Supervisor>, NatsError> {
    let mut found = Vec::new();
    for home in site.homes(options.sync) {
        let process = Process::find(&home.config_file(), &home.pid_file());
        if process.is_none() {
            refuse_unseen(&home).await?;
        }
        found.push(process);
    }
    let runs: Vec<bool> = found.iter().map(Option::is_some).collect();
    site.settle_ports(&runs)?;
    let homes = site.homes(options.sync);
    let starting = homes
        .iter()
        .cloned()
        .zip(found)
        .map(|(home, found)| Supervisor::start(home, found, binary, options.start_timeout));
    let started = try_join_all(starting).await;
    if let Err(NatsError::Exited { .. }) = &started {
        // Without that one the others are of no use, and nobody would look after them.
        for home in &homes {
            if let Some(mut process) = Process::find(&home.config_file(), &home.pid_file()) {
                let pid = process.pid();
                process.stop().await.map_err(|source| NatsError::Stop { pid, source })?;
            }
        }
    }
    started
}

/// Two servers on one store would destroy it.
async fn refuse_unseen(home: &Home) -> Result<(), NatsError> {
    let monitor = home.ports().monitor;
    if monitor != 0 && health::server_name(monitor).await.as_deref() == Some(home.name()) {
        let monitor = format!("http://127.0.0.1:{monitor}");
        return Err(NatsError::Elsewhere { monitor });
    }
    Ok(())
}
