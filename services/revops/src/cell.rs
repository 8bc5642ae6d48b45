//! A cell's process: the log, one read model, and the services over them.

use std::sync::Arc;

use anyhow::{Context, bail};
use event_log::{JetStream, Options, durability};
use forecasting::Book;
use opportunities::Deals;
use runtime::{
    clock::Clock,
    runtime::{Runtime, Settings},
    vault::{Master, VaultError},
    view::{Projection, Shared},
};

use crate::config::{Common, Durability};

/// Everything that the services of a process stand on.
pub struct Cell {
    /// Log, timelines, views and the way to decide.
    pub runtime: Arc<Runtime>,
    /// The view of deals.
    pub deals: Arc<Shared<Deals>>,
    /// The view of forecasts.
    pub book: Arc<Shared<Book>>,
    /// The views of dashboards.
    pub dashboards: dashboards::Views,
}

impl Cell {
    /// Connects, checks what an acknowledgement promises, and catches up with the log.
    pub async fn open(
        common: &Common,
        nats: &str,
        monitor: &str,
        default_tenant: Option<String>,
    ) -> anyhow::Result<Cell> {
        check_durability(common.durability, monitor).await?;
        let stream = JetStream::connect(nats, Options::default()).await?;
        let (log, keys) = (stream.log().await?, stream.keys().await?);
        let master_key = common.master_key();
        if !master_key.exists() && log.head().await?.is_some() {
            return Err(VaultError::MasterMissing(master_key).into());
        }
        let (deals, dashboards) = (Shared::<Deals>::empty(), dashboards::views());
        let mut views: Vec<Box<dyn Projection>> = vec![Box::new(deals.clone())];
        let book = Shared::<Book>::empty();
        views.push(Box::new(book.clone()));
        views.extend(dashboards.projections());
        let settings = Settings {
            log,
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
        Ok(Cell { runtime: Arc::new(runtime), deals, book, dashboards })
    }

    /// Stops deciding and closes the read model.
    pub async fn close(self) -> anyhow::Result<()> {
        let Cell { runtime, .. } = self;
        match Arc::try_unwrap(runtime) {
            Ok(runtime) => Ok(runtime.stop().await?),
            Err(shared) => {
                // A call that has not ended holds on; the log has everything all the same.
                shared.keeper.stop();
                Ok(())
            }
        }
    }
}

async fn check_durability(promised: Durability, monitor: &str) -> anyhow::Result<()> {
    if promised == Durability::Relaxed {
        tracing::warn!("durability is relaxed: what was acknowledged may go with the power");
        return Ok(());
    }
    match durability::check(monitor).await? {
        durability::Durability::Always => Ok(()),
        durability::Durability::Interval(every) => bail!(
            "the server writes to disk every {every:?} only: set `sync_interval: always` in its \
             configuration, or say --durability relaxed"
        ),
    }
}
