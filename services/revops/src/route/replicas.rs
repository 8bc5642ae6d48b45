//! The processes that offer one service, and which of them serve now.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::Context;
use tokio::{sync::watch, task::JoinHandle};
use tonic::transport::{Channel, Endpoint};
use tonic_health::{
    ServingStatus,
    pb::{HealthCheckRequest, health_client::HealthClient},
};

use crate::config::Service;

/// How long until a process that is away is looked for again.
const LOOK_AGAIN: Duration = Duration::from_millis(200);
/// How long a connection may take before the process counts as away.
const CONNECT_MAX: Duration = Duration::from_secs(2);
/// How often a silent connection is tried, and how long it may stay silent then: a machine that
/// went without a word is noticed.
const PROBE: Duration = Duration::from_secs(5);

/// The processes that offer one service.
pub struct Replicas {
    processes: Vec<Process>,
    turn: AtomicUsize,
    watching: Vec<JoinHandle<()>>,
}

struct Process {
    channel: Channel,
    serves: Arc<AtomicBool>,
}

impl Replicas {
    /// Connects to processes by their addresses, and follows the health of each from here on.
    /// Every change is told to `changed`.
    pub fn follow(
        service: Service,
        addresses: &[String],
        changed: &watch::Sender<()>,
    ) -> anyhow::Result<Replicas> {
        let (mut processes, mut watching) = (Vec::new(), Vec::new());
        for address in addresses {
            let endpoint = Endpoint::from_shared(format!("http://{address}"))
                .with_context(|| format!("--to: {address} is not an address"))?
                .connect_timeout(CONNECT_MAX)
                .http2_keep_alive_interval(PROBE)
                .keep_alive_timeout(PROBE)
                .tcp_nodelay(true);
            let channel = endpoint.connect_lazy();
            let serves = Arc::new(AtomicBool::new(false));
            let health = HealthClient::new(channel.clone());
            let watched = watch_health(health, service, serves.clone(), changed.clone());
            watching.push(tokio::spawn(watched));
            processes.push(Process { channel, serves });
        }
        Ok(Replicas { processes, turn: AtomicUsize::new(0), watching })
    }

    /// The next process that serves, one after another.
    pub fn next(&self) -> Option<Channel> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let mut serving = self.serving();
        let count = serving.clone().count();
        serving.nth(turn % count.max(1)).map(|process| process.channel.clone())
    }

    /// The way to each process, whether it takes calls or not.
    pub fn channels(&self) -> Vec<Channel> {
        self.processes.iter().map(|process| process.channel.clone()).collect()
    }

    /// How many processes there are.
    pub fn known(&self) -> usize {
        self.processes.len()
    }

    /// How many processes serve.
    pub fn count(&self) -> usize {
        self.serving().count()
    }

    fn serving(&self) -> impl Iterator<Item = &Process> + Clone {
        self.processes.iter().filter(|process| process.serves.load(Ordering::Relaxed))
    }
}

impl Drop for Replicas {
    fn drop(&mut self) {
        self.watching.iter().for_each(JoinHandle::abort);
    }
}

/// A process tells of itself that it stops; of one that cannot, the connection does.
async fn watch_health(
    mut health: HealthClient<Channel>,
    service: Service,
    serves: Arc<AtomicBool>,
    changed: watch::Sender<()>,
) {
    let tell = |now: bool| {
        if serves.swap(now, Ordering::Relaxed) != now {
            changed.send_replace(());
        }
    };
    // A process that does not offer the service at all is none of its replicas.
    let name = service.names().first().copied().unwrap_or_default();
    loop {
        let asked = health.watch(HealthCheckRequest { service: name.to_owned() }).await;
        if let Ok(answer) = asked {
            let mut told = answer.into_inner();
            while let Ok(Some(now)) = told.message().await {
                tell(now.status == ServingStatus::Serving as i32);
            }
        }
        tell(false);
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}
