//! Looks after one nats-server: started, awaited, adopted, restarted and stopped.
//!
//! The server runs in a process group of its own and outlives us, so that neither Ctrl-C in a
//! terminal nor our own crash takes the log away from other processes; the next start finds it by
//! its configuration file and adopts it.

mod binary;
mod error;
mod health;
mod home;
mod process;
mod supervisor;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub use binary::find_binary;
pub use error::NatsError;

use home::Home;
use supervisor::Supervisor;

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
    /// The folder of the server's configuration, log file and store; created if missing.
    pub data: PathBuf,
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
            binary: None,
            sync: SyncMode::default(),
            start_timeout: Duration::from_secs(60),
        }
    }
}

/// A supervised nats-server. Dropping it leaves the server running, for the next start to adopt.
#[derive(Debug)]
pub struct NatsServer {
    /// Where clients connect; it stays the same as long as this value lives.
    pub url: String,
    /// Where the server's own monitoring answers over HTTP.
    pub monitor_url: String,
    vitals: Arc<Vitals>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<(), NatsError>>,
}

/// What the supervising task lets others see.
#[derive(Debug, Default)]
struct Vitals {
    pid: AtomicU32,
    restarts: AtomicU64,
}

impl NatsServer {
    /// Adopts the healthy server of this folder or starts one; returns when it is healthy.
    pub async fn start(options: NatsOptions) -> Result<Self, NatsError> {
        let binary = find_binary(options.binary.as_deref())?;
        let home = Home::open(&options.data)?;
        let supervisor =
            Supervisor::start(home, binary, options.sync, options.start_timeout).await?;
        let ports = supervisor.ports();
        let vitals = supervisor.vitals();
        let (stop, stopped) = oneshot::channel();
        Ok(Self {
            url: format!("nats://127.0.0.1:{}", ports.client),
            monitor_url: format!("http://127.0.0.1:{}", ports.monitor),
            vitals,
            stop,
            task: tokio::spawn(supervisor.run(stopped)),
        })
    }

    /// Stops the server and waits until it is gone.
    pub async fn stop(self) -> Result<(), NatsError> {
        // If the task has already ended, its result below says why.
        let _ = self.stop.send(());
        self.task.await?
    }

    /// How often the server died and was started again.
    pub fn restarts(&self) -> u64 {
        self.vitals.restarts.load(Ordering::Relaxed)
    }

    /// The process id of the server that runs now, or ran last.
    pub fn pid(&self) -> u32 {
        self.vitals.pid.load(Ordering::Relaxed)
    }
}
