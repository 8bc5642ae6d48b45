//! Brings a server to health and keeps it there until told to stop.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, timeout};

use super::home::{Home, Ports};
use super::process::Process;
use super::{NatsError, SyncMode, Vitals, health};

const FIRST_DELAY: Duration = Duration::from_millis(50);
const LONGEST_DELAY: Duration = Duration::from_secs(5);

/// A server that lived this long is restarted as quickly as the first time.
const STEADY_AFTER: Duration = Duration::from_secs(30);

/// Between our look at a port and the server's, a stranger may take it; rarely twice.
const ATTEMPTS: u32 = 3;

#[derive(Debug)]
pub struct Supervisor {
    home: Home,
    binary: PathBuf,
    ports: Ports,
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
    /// Adopts the server of this folder, or starts one; returns when it is healthy.
    pub async fn start(
        home: Home,
        binary: PathBuf,
        sync: SyncMode,
        patience: Duration,
    ) -> Result<Self, NatsError> {
        let (ports, process) = match adopt(&home, sync, patience).await? {
            Some(adopted) => adopted,
            None => launch(&home, &binary, sync, patience).await?,
        };
        let vitals = Arc::new(Vitals::default());
        vitals.pid.store(process.pid(), Ordering::Relaxed);
        Ok(Self { home, binary, ports, process, vitals })
    }

    pub fn ports(&self) -> Ports {
        self.ports
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

/// The server that an earlier process of ours left behind, if it runs as this one would run it.
async fn adopt(
    home: &Home,
    sync: SyncMode,
    patience: Duration,
) -> Result<Option<(Ports, Process)>, NatsError> {
    let kept = home.kept_ports();
    let Some(mut process) = Process::find(&home.config(), &home.pid_file()) else {
        return refuse_unseen(home, kept).await.map(|()| None);
    };
    let pid = process.pid();
    if let Some(ports) = kept
        && home.is_configured_as(&home.render(ports, sync))
    {
        match become_ready(home, ports, &mut process, patience).await {
            Ok(()) => {
                tracing::info!(pid, "adopted the nats-server that was already running");
                return Ok(Some((ports, process)));
            }
            // It answers and is still reading its store: to start again would be to read again.
            Err(late) if health::server_name(ports.monitor).await.is_some() => return Err(late),
            Err(error) => tracing::warn!(pid, %error, "cannot adopt the running nats-server"),
        }
    }
    tracing::info!(pid, "stopping the earlier nats-server, to start it with these settings");
    process.stop().await.map_err(|source| NatsError::Stop { pid, source })?;
    Ok(None)
}

/// Two servers on one store would destroy it.
async fn refuse_unseen(home: &Home, kept: Option<Ports>) -> Result<(), NatsError> {
    if let Some(ports) = kept
        && health::server_name(ports.monitor).await.as_deref() == Some(home.name())
    {
        let monitor = format!("http://127.0.0.1:{}", ports.monitor);
        return Err(NatsError::Elsewhere { monitor });
    }
    Ok(())
}

async fn launch(
    home: &Home,
    binary: &Path,
    sync: SyncMode,
    patience: Duration,
) -> Result<(Ports, Process), NatsError> {
    let mut attempt = 1;
    loop {
        let ports = home.free_ports()?;
        home.write_config(&home.render(ports, sync))?;
        let mut process = spawn(home, binary)?;
        match become_ready(home, ports, &mut process, patience).await {
            Ok(()) => {
                tracing::info!(pid = process.pid(), ?ports, "nats-server is ready");
                return Ok((ports, process));
            }
            Err(NatsError::Exited { said, .. }) if attempt < ATTEMPTS => {
                tracing::warn!(%said, "nats-server did not start, trying again");
                attempt += 1;
            }
            Err(error) => return Err(error),
        }
    }
}

fn spawn(home: &Home, binary: &Path) -> Result<Process, NatsError> {
    Process::spawn(binary, &home.config(), &home.first_words())
        .map_err(|source| NatsError::Spawn { path: binary.to_path_buf(), source })
}

async fn become_ready(
    home: &Home,
    ports: Ports,
    process: &mut Process,
    patience: Duration,
) -> Result<(), NatsError> {
    let ready = async {
        let mut pause = Duration::from_millis(5);
        while !health::is_ready(ports.monitor, home.name()).await {
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
