//! A process's life: what it opens when it starts, what its services share, how it stops.

use std::{path::PathBuf, sync::Arc};

use domain::catalog::Catalog;
use event_log::{Chain, EventLog, FrameHash, KeyStream, ReadError};
use read_model::{Options, Store, StoreError, Writer};
use tokio::{runtime::Handle, sync::watch};

use crate::{
    appender::Appender,
    catalogs::Catalogs,
    clock::{self, Clock},
    fold::{Applied, Fold, Totals},
    keeper::{Keeper, KeeperTask},
    order::Refusal,
    rebuild::{self, RebuildError},
    revision, rows,
    snapshots::{self, Keeping, Restored},
    timelines::Timelines,
    vault::{Master, Vault, VaultError},
    view::{Fresh, Projection, Shared},
};

/// More frames than this behind, and more than a quarter of those that are folded: then folding all
/// of them in memory is faster than the others one by one.
const FOLD_IN_MEMORY_FRAMES: u64 = 2_000;

/// While a process catches up and nothing moves: how long until it asks whether it has stopped.
const LOOK_AFTER: std::time::Duration = std::time::Duration::from_millis(100);

/// Every view of a process.
type Projections = Vec<Box<dyn Projection>>;

/// What a process is started with.
pub struct Settings {
    /// The log.
    pub log: EventLog,
    /// Where its connection lives, and where commands are decided.
    pub log_thread: Handle,
    /// The stream of wrapped keys.
    pub keys: KeyStream,
    /// The cell's secret.
    pub master: Master,
    /// Where the read model lies; one process only.
    pub read_model: PathBuf,
    /// How much memory the store may use for its cache.
    pub cache_bytes: u64,
    /// Where now comes from.
    pub clock: Clock,
    /// The tenant of callers who name none.
    pub default_tenant: Option<String>,
}

/// Why a process cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The log.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Folding.
    #[error(transparent)]
    Rebuild(#[from] RebuildError),
    /// The log is shorter than what was read from it, or other than that.
    #[error(
        "the read model has seen the log up to stream sequence {seen} and finds {found} there now: \
         restore the log from a copy, or remove {read_model} to accept the log as it is"
    )]
    LogLostTail {
        /// Stream sequence of the last frame folded.
        seen: u64,
        /// What is there now.
        found: &'static str,
        /// The read model's folder.
        read_model: PathBuf,
    },
    /// No threads.
    #[error("no thread could be started: {0}")]
    Thread(#[from] std::io::Error),
    /// The keeper ended at once.
    #[error("{0}")]
    Stopped(String),
}

/// What the services of a process share.
pub struct Runtime {
    /// Where now comes from.
    pub clock: Clock,
    /// Seals, opens and forgets.
    pub vault: Arc<Vault>,
    /// All timelines.
    pub timelines: Arc<Timelines>,
    /// All catalogs.
    pub catalogs: Arc<Shared<Catalogs>>,
    /// Every view, the catalogs among them.
    pub projections: Arc<Projections>,
    /// The log.
    pub log: EventLog,
    /// The way to the thread that decides.
    pub keeper: Keeper,
    /// The tenant of callers who name none.
    pub default_tenant: Option<String>,
    /// Why the read model was started over, if it was.
    pub started_over: Option<String>,
    /// The views that were there from the life before; the others were folded from timelines.
    pub restored: Vec<&'static str>,
    applied: watch::Receiver<Applied>,
    task: KeeperTask,
    /// Keeps the views that had to be folded at the start.
    keeping: Option<Keeping>,
}

impl Runtime {
    /// Opens everything, catches up with the log, and is ready for commands and questions.
    pub async fn start(
        settings: Settings,
        views: Vec<Box<dyn Projection>>,
    ) -> Result<Runtime, StartError> {
        let Settings {
            log,
            log_thread,
            keys,
            master,
            read_model,
            cache_bytes,
            clock,
            default_tenant,
        } = settings;
        let vault = Arc::new(Vault::open(master, keys).await?);
        let catalogs = Shared::<Catalogs>::empty();
        let mut projections: Projections = vec![Box::new(catalogs.clone())];
        projections.extend(views);
        let projections = Arc::new(projections);
        let (store, started_over) = open_store(&log, read_model, cache_bytes).await?;
        let (store, start) = fold_all(&log, store, &projections).await?;
        let had_to_fold = start.restored.len() < projections.len();
        let timelines = Arc::new(Timelines::new(store.clone()));
        let (publish, applied) = watch::channel(start.applied);
        let fold = Fold::new(
            timelines.clone(),
            projections.clone(),
            vault.clone(),
            Writer::start(store)?,
            publish,
            start.totals,
            start.folded,
        );
        let appender = Appender::new(fold, vault.clone(), clock.clone(), clock::new_id());
        let (keeper, task) = Keeper::start(appender, log.clone(), &log_thread);
        let mut runtime = Runtime {
            clock,
            vault,
            timelines,
            catalogs,
            projections,
            log,
            keeper,
            default_tenant,
            started_over,
            restored: start.restored,
            applied,
            task,
            keeping: None,
        };
        match runtime.get_ready().await {
            Ok(()) => {
                // Folding views takes long enough to be spared if the process should die.
                if had_to_fold && runtime.applied.borrow().place.last > 0 {
                    let (store, views) = (runtime.timelines.store(), runtime.projections.clone());
                    runtime.keeping = Some(Keeping::begin(store, views));
                }
                Ok(runtime)
            }
            Err(why) => {
                // The thread and the folder are let go of, for a later try in this process.
                runtime.stop().await?;
                Err(why)
            }
        }
    }

    /// What has been taken in, to look at or to wait for.
    pub fn applied(&self) -> watch::Receiver<Applied> {
        self.applied.clone()
    }

    /// A tenant's catalog and the position that it reflects.
    pub fn catalog(&self, tenant: &str) -> (u64, Arc<Catalog>) {
        let catalogs = self.catalogs.read();
        (catalogs.position, catalogs.view.of(tenant))
    }

    /// The log's name for people: the first digits of its identity; empty while it is.
    pub fn log_name(&self) -> String {
        revision::name_of(self.applied.borrow().log)
    }

    /// Stops deciding, writes what is folded, and closes the store.
    pub async fn stop(self) -> Result<(), StoreError> {
        self.keeper.stop();
        let Runtime { task, timelines, keeping, .. } = self;
        let appender = task.join().await;
        if let Some(keeping) = keeping {
            keeping.end().await;
        }
        let closing = tokio::task::spawn_blocking(move || {
            drop(timelines);
            match appender {
                Some(appender) => appender.close(),
                None => Ok(()),
            }
        });
        let died = |error| StoreError::WriterStopped(format!("closing died: {error}"));
        closing.await.unwrap_or_else(|error| Err(died(error)))
    }

    /// Takes in what the log has, and what follows from it.
    async fn get_ready(&self) -> Result<(), StartError> {
        self.catch_up().await?;
        self.forget_the_erased();
        Ok(())
    }

    /// Whoever recorded an erasure may have died before the key was destroyed; and a restored key
    /// stream may have it again.
    fn forget_the_erased(&self) {
        for (tenant, person) in self.catalogs.read().view.erased() {
            self.vault.forget(&tenant, person.0);
        }
    }

    async fn catch_up(&self) -> Result<(), StartError> {
        let Some(head) = self.log.head().await? else {
            return Ok(());
        };
        let mut applied = self.applied();
        loop {
            if applied.borrow_and_update().place.sequence >= head.sequence {
                return Ok(());
            }
            let moved = tokio::time::timeout(LOOK_AFTER, applied.changed());
            if moved.await.is_err() {
                let stopped = self.keeper.errand(|a| a.stopped().map(str::to_owned)).await;
                if let Some(why) =
                    stopped.map_err(|error| StartError::Stopped(error.to_string()))?
                {
                    return Err(StartError::Stopped(why));
                }
            }
        }
    }
}

struct Start {
    applied: Applied,
    totals: Totals,
    folded: u64,
    restored: Vec<&'static str>,
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, StartError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| StartError::Stopped(error.to_string()))
}

/// Opens the store, and makes sure that it reflects this log and nothing else.
async fn open_store(
    log: &EventLog,
    read_model: PathBuf,
    cache_bytes: u64,
) -> Result<(Store, Option<String>), StartError> {
    let options = Options { cache_bytes, ..Options::new(rows::schema()) };
    let (root, again) = (read_model.clone(), options.clone());
    let opened = blocking(move || Store::open(&root, options)).await??;
    let mut reason = opened.fresh.map(|reason| reason.to_string());
    let checkpoint = opened.store.checkpoint()?;
    if checkpoint.position == 0 {
        return Ok((opened.store, reason));
    }
    let lost = |found| StartError::LogLostTail {
        seen: checkpoint.sequence,
        found,
        read_model: read_model.clone(),
    };
    match log.identity().await? {
        None if checkpoint.sequence > 0 => return Err(lost("an empty log")),
        identity if identity.is_none_or(|it| *it.as_bytes() != checkpoint.log) => {
            reason = Some("it was folded from another log".to_owned());
        }
        _ => match log.get(checkpoint.sequence).await? {
            None => return Err(lost("nothing")),
            Some(stored) if *FrameHash::of(&stored.body).as_bytes() != checkpoint.frame_hash => {
                return Err(lost("another frame"));
            }
            Some(_) => return Ok((opened.store, reason)),
        },
    }
    let store = opened.store;
    let fresh = blocking(move || -> Result<Store, StoreError> {
        let load = read_model::BulkLoad::begin(&store)?;
        let fresh = load.finish(&read_model::Checkpoint::empty(again.schema))?;
        read_model::swap(store, &fresh)?;
        Ok(fresh)
    });
    Ok((fresh.await??, reason))
}

/// Fills the views from what was kept of them and from the store, or store and views from the log
/// when that is far ahead.
async fn fold_all(
    log: &EventLog,
    store: Store,
    projections: &Arc<Projections>,
) -> Result<(Store, Start), StartError> {
    let checkpoint = store.checkpoint()?;
    let head = log.head().await?.map_or(0, |head| head.sequence);
    let started = std::time::Instant::now();
    if head.saturating_sub(checkpoint.sequence) > FOLD_IN_MEMORY_FRAMES.max(checkpoint.sequence / 4)
    {
        let (store, start) = fold_log(log, store, projections, head).await?;
        let (folded, elapsed) = (start.folded, started.elapsed());
        tracing::info!(folded, ?elapsed, "folded the log into a fresh read model");
        return Ok((store, start));
    }
    let totals: Totals = postcard::from_bytes(&checkpoint.totals).unwrap_or_default();
    let folded = checkpoint.position;
    let hash = FrameHash::from_bytes(checkpoint.frame_hash);
    let place = Chain { sequence: checkpoint.sequence, last: totals.whole, hash };
    let restored = fill_views(log, &store, projections, (folded, place)).await?;
    let (of, elapsed) = (projections.len(), started.elapsed());
    tracing::info!(folded, restored = restored.len(), of, ?elapsed, "the views are there");
    let log = FrameHash::from_bytes(checkpoint.log);
    let applied = Applied { place, latest: totals.latest, log };
    Ok((store, Start { applied, totals, folded, restored }))
}

/// Folds the log up to a frame into a fresh store and into every view.
async fn fold_log(
    log: &EventLog,
    store: Store,
    projections: &Projections,
    head: u64,
) -> Result<(Store, Start), StartError> {
    let gathered = rebuild::gather(log, head, |_| ()).await?;
    let (applied, totals) = (gathered.applied(), gathered.totals().clone());
    let mut views: Vec<Box<dyn Fresh>> = projections.iter().map(|view| view.fresh()).collect();
    let fresh = blocking(move || -> Result<_, RebuildError> {
        let fresh = rebuild::store_and_fold(&store, gathered, &mut views)?;
        read_model::swap(store, &fresh)?;
        Ok((fresh, views))
    });
    let (fresh, views) = fresh.await??;
    let folded = applied.place.last;
    install(views, folded, applied.place);
    Ok((fresh, Start { applied, totals, folded, restored: Vec::new() }))
}

/// Brings every view to where the store is, and says which were there from the life before.
async fn fill_views(
    log: &EventLog,
    store: &Store,
    projections: &Arc<Projections>,
    (folded, place): (u64, Chain),
) -> Result<Vec<&'static str>, StartError> {
    let (kept_in, views) = (store.clone(), projections.clone());
    let restoring = blocking(move || snapshots::restore(&kept_in, &views));
    let (restored, mut others) = restoring.await??;
    let mut names: Vec<&'static str> = restored.iter().map(Restored::name).collect();
    match snapshots::catch_up(log, store, restored, folded).await {
        Ok(views) => install(views, folded, place),
        Err(RebuildError::Read(error)) => return Err(error.into()),
        Err(error) => {
            tracing::warn!(%error, "what was kept of the views is no good, they are folded anew");
            others = projections.iter().map(|view| view.fresh()).collect();
            names.clear();
        }
    }
    if !others.is_empty() {
        let scanned = store.clone();
        let folding = blocking(move || {
            rebuild::fold_store(&scanned, folded, &mut others, |_| ()).map(|()| others)
        });
        install(folding.await??, folded, place);
    }
    Ok(names)
}

fn install(views: Vec<Box<dyn Fresh>>, position: u64, place: Chain) {
    for view in views {
        drop(view.install(position, place));
    }
}

impl From<Refusal> for StartError {
    fn from(refusal: Refusal) -> StartError {
        StartError::Stopped(refusal.to_string())
    }
}
