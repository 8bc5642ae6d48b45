//! Brings a server to health and keeps it there until told to stop.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, timeout};

use super::home::Home;
use super::process::Process;
use super::{NatsError, Vitals, health};

const FIRST_DELAY: Duration = Duration::from_millis(50);
const LONGEST_DELAY: Duration = Duration::from_secs(5);

/// A server that lived this long is restarted as quickly as the first time.
const STEADY_AFTER: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub struct Supervisor {
    home: Home,
    binary: PathBuf,
    process: Process,
    vitals: Arc<Vitals>,
}

/// Why the task stops looking after the server.
enum Order {
    Stop,
    /// Nobody holds the server any more; it goes on for the next start to adopt.
    LetGo,
}

impl Supervisor {
    /// Adopts the process that was found, if it runs as it should, or starts one; returns when it
    /// is healthy. One of several becomes healthy together with the others only.
    pub async fn start(
        home: Home,
        found: Option<Process>,
        binary: &Path,
        patience: Duration,
    ) -> Result<Self, NatsError> {
        let adopted = match found {
            Some(process) => adopt(&home, process, patience).await?,
            None => None,
        };
        let process = match adopted {
            Some(process) => process,
            None => launch(&home, binary, patience).await?,
        };
        let vitals = Arc::new(Vitals::default());
        vitals.pid.store(process.pid(), Ordering::Relaxed);
        Ok(Self { home, binary: binary.to_path_buf(), process, vitals })
    }

    pub fn vitals(&self) -> Arc<Vitals> {
        Arc::clone(&self.vitals)
    }

    /// Restarts the server whenever it dies, until told otherwise.
    pub async fn run(mut self, stop: oneshot::Receiver<()>) -> Result<(), NatsError> {
        let order = tokio::select! {
            order = stop => order.map_or(Order::LetGo, |()| Order::Stop),
            never = self.keep_alive() => match never {},
        };
        match order {
            Order::Stop => {
                let pid = self.process.pid();
                tracing::info!(pid, "stopping nats-server");
                self.process.stop().await.map_err(|source| NatsError::Stop { pid, source })
            }
            Order::LetGo => Ok(()),
        }
    }

    /// May be dropped at any await: `process` is always the last one that was started.
    async fn keep_alive(&mut self) -> std::convert::Infallible {
        let mut delay = FIRST_DELAY;
        loop {
            let since = Instant::now();
            self.process.exited().await;
            if since.elapsed() > STEADY_AFTER {
                delay = FIRST_DELAY;
            }
            let restarts = self.vitals.restarts.fetch_add(1, Ordering::Relaxed) + 1;
            let last_logged = self.home.last_words();
            tracing::warn!(pid = self.process.pid(), restarts, %last_logged, "nats-server died");
            sleep(delay).await;
            delay = (delay * 2).min(LONGEST_DELAY);
            self.respawn();
        }
    }

    /// Starts the server on the configuration that it had: clients know its ports.
    fn respawn(&mut self) {
        match spawn(&self.home, &self.binary) {
            Ok(process) => {
                self.vitals.pid.store(process.pid(), Ordering::Relaxed);
                tracing::info!(pid = process.pid(), "nats-server started again");
                self.process = process;
            }
            Err(error) => tracing::error!(%error, "nats-server could not be started again"),
        }
    }
}

/// The process that an earlier one of ours left behind, if it runs as this one would run it.
async fn adopt(
    home: &Home,
    mut process: Process,
    patience: Duration,
) -> Result<Option<Process>, NatsError> {
    let pid = process.pid();
    if home.is_configured() {
        match become_ready(home, &mut process, patience).await {
            Ok(()) => {
                tracing::info!(pid, "adopted the nats-server that was already running");
                return Ok(Some(process));
            }
            // It answers and is still reading its store: to start again would be to read again.
            Err(late) if health::server_name(home.ports().monitor).await.is_some() => {
                return Err(late);
            }
            Err(error) => tracing::warn!(pid, %error, "cannot adopt the running nats-server"),
        }
    }
    tracing::info!(pid, "stopping the earlier nats-server, to start it with these settings");
    process.stop().await.map_err(|source| NatsError::Stop { pid, source })?;
    Ok(None)
}

async fn launch(home: &Home, binary: &Path, patience: Duration) -> Result<Process, NatsError> {
    home.write_config()?;
    let mut process = spawn(home, binary)?;
    become_ready(home, &mut process, patience).await?;
    tracing::info!(pid = process.pid(), ports = ?home.ports(), "nats-server is ready");
    Ok(process)
}

fn spawn(home: &Home, binary: &Path) -> Result<Process, NatsError> {
    Process::spawn(binary, &home.config_file(), &home.first_words())
        .map_err(|source| NatsError::Spawn { path: binary.to_path_buf(), source })
}

async fn become_ready(
    home: &Home,
    process: &mut Process,
    patience: Duration,
) -> Result<(), NatsError> {
    let ready = async {
        let mut pause = Duration::from_millis(5);
        while !health::is_ready(home.ports().monitor, home.name()).await {
            if process.has_exited() {
                return Err(NatsError::Exited { said: home.last_words(), log: home.log() });
            }
            sleep(pause).await;
            pause = (pause * 2).min(Duration::from_millis(200));
        }
        Ok(())
    };
    let late = NatsError::NotHealthy { seconds: patience.as_secs(), log: home.log() };
    timeout(patience, ready).await.unwrap_or(Err(late))
}
