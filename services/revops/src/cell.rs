//! A cell's process: the log, one read model, and the services over them.

use std::{sync::Arc, time::Duration};

use anyhow::{Context, bail, ensure};
use event_log::{ConnectError, JetStream, Options, durability};
use forecasting::Book;
use opportunities::{CustomerViews, Deals, People};
use runtime::{
    clock::Clock,
    log_thread::LogThread,
    runtime::{Runtime, Settings},
    vault::{Master, VaultError},
    view::{Projection, Shared},
};

use crate::config::{Common, Durability, Service};

/// Everything that the services of a process stand on.
pub struct Cell {
    /// What the process offers.
    pub service: Service,
    /// Log, timelines, views and the way to decide.
    pub runtime: Arc<Runtime>,
    /// The view of deals.
    pub deals: Arc<Shared<Deals>>,
    /// The persons behind leads and contacts.
    pub people: Arc<Shared<People>>,
    /// The views of leads.
    pub leads: leads::Views,
    /// The views of customers.
    pub customers: CustomerViews,
    /// The view of forecasts.
    pub book: Arc<Shared<Book>>,
    /// What became of reports.
    pub reports: Arc<ingest::Counts>,
    /// The views of dashboards.
    pub dashboards: dashboards::Views,
    /// Where the log's connection lives; a thread of its own ends last.
    log_thread: LogThread,
}

impl Cell {
    /// Connects, checks what an acknowledgement promises, and catches up with the log.
    pub async fn open(
        common: &Common,
        service: Service,
        nats: &str,
        monitor: &str,
        default_tenant: Option<String>,
    ) -> anyhow::Result<Cell> {
        check_durability(common.durability, (monitor, common.replicas)).await?;
        let log_thread = LogThread::beside(&tokio::runtime::Handle::current());
        let log_thread = log_thread.context("no thread could be started")?;
        let nats = nats.to_owned();
        let options = Options { replicas: common.replicas, ..Options::default() };
        // A connection lives where it was made.
        let connecting = log_thread.handle().spawn(async move {
            let stream = JetStream::connect(&nats, options).await?;
            let log = stream.log().await.map_err(name_replicas)?;
            anyhow::Ok((log, stream.keys().await.map_err(name_replicas)?))
        });
        let (log, keys) = connecting.await??;
        let master_key = common.master_key();
        if !master_key.exists() && log.head().await?.is_some() {
            return Err(VaultError::MasterMissing(master_key).into());
        }
        let (deals, dashboards) = (Shared::<Deals>::empty(), dashboards::views());
        let (people, leads) = (Shared::<People>::empty(), leads::views());
        let customers = CustomerViews::new(deals.clone(), leads.references());
        let book = Shared::<Book>::empty();
        // A view that no service here answers from stays empty: nobody would ask it.
        let mut views: Vec<Box<dyn Projection>> = Vec::new();
        if service.includes(Service::Opportunities) {
            views.push(Box::new(deals.clone()));
            views.push(Box::new(people.clone()));
            views.extend(customers.projections());
        }
        if service.includes(Service::Leads) {
            views.extend(leads.projections());
        } else if service.includes(Service::Opportunities) {
            // What hangs on a customer or a deal may be a lead.
            views.push(Box::new(leads.references()));
        }
        if service.includes(Service::Forecasting) {
            views.push(Box::new(book.clone()));
        }
        if service.includes(Service::Dashboards) {
            views.extend(dashboards.projections());
        }
        let settings = Settings {
            log,
            log_thread: log_thread.handle().clone(),
            keys,
            master: Master::load_or_create(&master_key)?,
            read_model: common.data.join("read-model"),
            cache_bytes: common.cache_mib * 1024 * 1024,
            clock: Clock::System,
            default_tenant,
        };
        let runtime = Runtime::start(settings, views).await.context("the cell cannot start")?;
        if let Some(why) = &runtime.started_over {
            tracing::warn!(why, "the read model was started over");
        }
        let runtime = Arc::new(runtime);
        let reports = Arc::default();
        Ok(Cell {
            service,
            runtime,
            deals,
            people,
            leads,
            customers,
            book,
            reports,
            dashboards,
            log_thread,
        })
    }

    /// Stops deciding and closes the read model.
    pub async fn close(self) -> anyhow::Result<()> {
        let Cell { runtime, log_thread, .. } = self;
        // Calls that wait for a decision are told, and let go.
        runtime.keeper.stop();
        let closed = match alone(runtime).await {
            Ok(runtime) => runtime.stop().await,
            Err(_) => {
                // A call that has not ended holds on; the log has everything all the same.
                tracing::warn!("a call has not ended: the read model is not closed");
                Ok(())
            }
        };
        // It is waited for, which would hold up whatever else runs here.
        let ending = tokio::task::spawn_blocking(move || drop(log_thread));
        ending.await?;
        Ok(closed?)
    }
}

/// Waits a little until the last call and whatever it has left behind let go.
async fn alone(mut runtime: Arc<Runtime>) -> Result<Runtime, Arc<Runtime>> {
    const PATIENCE: Duration = Duration::from_secs(5);
    const LOOK_EVERY: Duration = Duration::from_millis(5);
    for _ in 0..PATIENCE.as_millis() / LOOK_EVERY.as_millis() {
        runtime = match Arc::try_unwrap(runtime) {
            Ok(alone) => return Ok(alone),
            Err(shared) => shared,
        };
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Arc::try_unwrap(runtime)
}

async fn check_durability(
    promised: Durability,
    (monitor, replicas): (&str, usize),
) -> anyhow::Result<()> {
    if promised == Durability::Relaxed {
        tracing::warn!("durability is relaxed: what was acknowledged may go with the power");
        return Ok(());
    }
    let servers: Vec<&str> = monitor.split(',').map(str::trim).collect();
    ensure!(
        servers.len() >= replicas,
        "{replicas} servers keep the log and {} can be asked when it writes to disk: name a \
         --nats-monitor for each of them",
        servers.len()
    );
    let (mut checked, mut silent) = (0, None);
    for one in &servers {
        match durability::check(one).await {
            Ok(durability::Durability::Always) => checked += 1,
            Ok(durability::Durability::Interval(every)) => bail!(
                "the server at {one} writes to disk every {every:?} only: set `sync_interval: \
                 always` in its configuration, or say --durability relaxed"
            ),
            Err(error) => {
                tracing::warn!(%error, "a server could not be asked when it writes to disk");
                silent = Some(error);
            }
        }
    }
    match silent {
        // A start must not need every server, or the loss of one would be the loss of all.
        Some(error) if checked * 2 <= servers.len() => Err(error.into()),
        _ => Ok(()),
    }
}

/// What to do about a log on another number of servers than was said.
fn name_replicas(error: ConnectError) -> anyhow::Error {
    match &error {
        ConnectError::Unsuitable(it) if it.setting == "num_replicas" => {
            let way_out = format!("start with --replicas {}", it.found);
            anyhow::Error::from(error).context(way_out)
        }
        _ => error.into(),
    }
}
