//! Renewal: a projection is made anew beside the live one while commands run and queries answer.
//!
//! It is folded as of the position at which it began. Meanwhile the keeper notes which entities
//! are touched; those are caught up with in rounds, and the last round and the change of places
//! happen between two commands.

use std::{collections::HashSet, sync::Arc};

use domain::{Kind, Rejection};
use read_model::{BulkLoad, Store, StoreError, Writer};
use tokio::sync::watch;

use crate::{
    appender::Appender,
    fold::{Applied, FoldError, Recording, Totals, checkpoint_at},
    order::Refusal,
    projections::{Which, blocking, find},
    rebuild::{self, Gathered, RebuildError, SLICES},
    runtime::Runtime,
    timelines::{ByEntity, EntityRef, Puts, TimelineError, Timelines},
    view::{Fresh, Touch},
};

/// So few touches are caught up with between two commands without anybody noticing.
const FEW: usize = 256;
/// How many rounds are tried before the last one is done whatever its size.
const ROUNDS_MAX: usize = 10;

/// Is told how many positions of how many are done.
pub type Progress = Arc<dyn Fn(u64, u64) + Send + Sync>;

type Touched = Vec<(EntityRef, u64)>;

/// Where a renewal begins.
struct Begun {
    applied: Applied,
    totals: Totals,
    written: watch::Receiver<read_model::Progress>,
}

/// Makes a projection anew and puts it in force.
pub async fn renew(runtime: &Runtime, name: &str, progress: Progress) -> Result<(), Refusal> {
    let which = find(runtime, name)?;
    let begun = begin(runtime, name.to_owned()).await?;
    let renewed = match which {
        Which::Timelines => renew_timelines(runtime, &begun, progress).await,
        Which::View(number) => renew_view(runtime, number, begun, progress).await,
    };
    if renewed.is_err() {
        runtime.keeper.errand(|appender| appender.fold.recording = None).await?;
    }
    renewed
}

async fn begin(runtime: &Runtime, name: String) -> Result<Begun, Refusal> {
    let begun = runtime.keeper.errand(move |appender: &mut Appender| {
        if let Some(why) = appender.stopped() {
            let message = format!("this process does not follow the log any more: {why}");
            return Err(Rejection::precondition("FOLLOWING_STOPPED", message).into());
        }
        let fold = &mut appender.fold;
        if let Some(running) = &fold.recording {
            let message = format!("{} is being rebuilt: wait until that is done", running.name);
            return Err(Rejection::precondition("REBUILD_RUNNING", message).into());
        }
        fold.flush()?;
        fold.recording = Some(Recording { name, touched: Vec::new() });
        let (applied, totals) = (fold.applied(), fold.totals.clone());
        Ok(Begun { applied, totals, written: fold.writer.progress() })
    });
    begun.await?
}

/// Waits until the store can be read up to a position.
pub(crate) async fn stored(
    mut written: watch::Receiver<read_model::Progress>,
    position: u64,
) -> Result<(), Refusal> {
    let there = |progress: &read_model::Progress| {
        progress.position >= position || progress.failure.is_some()
    };
    let reached = written.wait_for(there).await;
    let reached = reached.map_err(|_| Refusal::Internal("nothing is written any more".into()))?;
    match &reached.failure {
        Some(why) => Err(Refusal::Internal(format!("the read model is not written: {why}"))),
        None => Ok(()),
    }
}

// ── Views ────────────────────────────────────────────────────────────────────────────────────

async fn renew_view(
    runtime: &Runtime,
    number: usize,
    begun: Begun,
    progress: Progress,
) -> Result<(), Refusal> {
    let upto = begun.applied.place.last;
    stored(begun.written, upto).await?;
    let (views, timelines) = (runtime.projections.clone(), runtime.timelines.clone());
    let kinds = views[number].kinds();
    let folding = blocking(move || -> Result<Box<dyn Fresh>, RebuildError> {
        let mut fresh = vec![views[number].fresh()];
        let told = |slices: u64| progress(upto * slices / SLICES as u64, upto);
        rebuild::fold_store(&timelines.store(), upto, &mut fresh, told)?;
        fresh.pop().ok_or_else(|| RebuildError::Thread("the view is gone".to_owned()))
    });
    let mut fresh = folding.await??;
    for _ in 0..ROUNDS_MAX {
        let touched = missed(runtime).await?;
        let few = touched.len() <= FEW;
        let timelines = runtime.timelines.clone();
        let caught_up = blocking(move || -> Result<Box<dyn Fresh>, TimelineError> {
            fresh.apply(&touches(&timelines, kinds, touched)?);
            Ok(fresh)
        });
        fresh = caught_up.await??;
        if few {
            break;
        }
    }
    let installed =
        runtime.keeper.errand(move |appender| -> Result<Box<dyn Send>, TimelineError> {
            let fold = &mut appender.fold;
            let touched = fold.recording.take().unwrap_or_default().touched;
            fresh.apply(&touches(&fold.timelines, kinds, touched)?);
            let place = fold.applied().place;
            // What was kept of the one before may be why this was asked for.
            fold.timelines.store().forget_snapshot(fresh.name())?;
            Ok(fresh.install(place.last, place))
        });
    let old = installed.await??;
    blocking(move || drop(old)).await
}

/// What was touched since this was asked before.
async fn missed(runtime: &Runtime) -> Result<Touched, Refusal> {
    let taken = runtime.keeper.errand(|appender| {
        let recording = appender.fold.recording.as_mut();
        recording.map(|recording| std::mem::take(&mut recording.touched)).unwrap_or_default()
    });
    taken.await
}

fn touches(
    timelines: &Timelines,
    kinds: &[Kind],
    touched: Touched,
) -> Result<Vec<Touch>, TimelineError> {
    touched
        .into_iter()
        .filter(|(entity, _)| kinds.contains(&entity.kind))
        .map(|(entity, position)| {
            let timeline = timelines.get(&entity)?;
            Ok(Touch { entity, timeline, position })
        })
        .collect()
}

// ── Timelines ────────────────────────────────────────────────────────────────────────────────

/// Everything up to where the renewal began, and the fresh store in the making.
struct Making {
    gathered: Gathered,
    load: BulkLoad,
}

async fn renew_timelines(
    runtime: &Runtime,
    begun: &Begun,
    progress: Progress,
) -> Result<(), Refusal> {
    let place = begun.applied.place;
    let told = |done| progress(done, place.last);
    let gathered = rebuild::gather(&runtime.log, place.sequence, told).await?;
    if gathered.applied() != begun.applied {
        let why = "the log is not the one that was followed: verify it";
        return Err(Refusal::Internal(why.to_owned()));
    }
    let live = runtime.timelines.store();
    let loading = blocking(move || -> Result<Making, RebuildError> {
        let load = BulkLoad::begin(&live)?;
        rebuild::load_all(&gathered, &load)?;
        Ok(Making { gathered, load })
    });
    let mut making = loading.await??;
    for _ in 0..ROUNDS_MAX {
        let touched = missed(runtime).await?;
        let few = touched.len() <= FEW;
        let timelines = runtime.timelines.clone();
        let caught_up = blocking(move || catch_up(&timelines, making, touched));
        making = caught_up.await??;
        if few {
            break;
        }
    }
    // The rows that were caught up with are ahead of this checkpoint, which does no harm: facts
    // that are folded again after a crash are found to be there already.
    let finishing = blocking(move || -> Result<(Gathered, Store), StoreError> {
        let checkpoint = checkpoint_at(&making.gathered.applied(), making.gathered.totals());
        let store = making.load.finish(&checkpoint)?;
        Ok((making.gathered, store))
    });
    let (gathered, store) = finishing.await?.map_err(RebuildError::from)?;
    let totals = begun.totals.clone();
    let moving = runtime.keeper.errand(move |appender| move_to(appender, gathered, store, &totals));
    let (old, gathered) = moving.await??;
    let closed = blocking(move || {
        drop(gathered);
        old.flush_and_close()
    });
    if let Err(error) = closed.await? {
        tracing::warn!(%error, "the store before was not closed cleanly");
    }
    Ok(())
}

/// Writes the touched entities as they are by now.
fn catch_up(
    timelines: &Timelines,
    making: Making,
    touched: Touched,
) -> Result<Making, RebuildError> {
    let since = making.gathered.applied().place.last;
    let mut puts = Puts::default();
    for entity in distinct(touched) {
        let blocks = making.gathered.packed(&entity).blocks;
        timelines.extended(&entity, blocks, since, &mut puts)?;
    }
    let mut rows: Vec<_> =
        puts.into_iter().map(|((entity, block), bytes)| (entity.key(), block, bytes)).collect();
    rows.sort_unstable_by(|a, b| (&a.0, a.1).cmp(&(&b.0, b.1)));
    making.load.insert_sorted(rows)?;
    Ok(making)
}

/// Between two commands: puts the fresh store in force, with what it still lacks in memory. Until
/// nothing can fail any more, all is left as it was.
fn move_to(
    appender: &mut Appender,
    gathered: Gathered,
    store: Store,
    began_with: &Totals,
) -> Result<(Writer, Gathered), RebuildError> {
    let fold = &mut appender.fold;
    let since = gathered.applied().place.last;
    let touched = fold.recording.take().unwrap_or_default().touched;
    let (mut hot, mut puts) = (ByEntity::default(), Puts::default());
    for entity in distinct(touched) {
        let blocks = gathered.packed(&entity).blocks;
        let extended = fold.timelines.extended(&entity, blocks, since, &mut puts)?;
        hot.insert(entity, extended);
    }
    let mut totals = gathered.totals().clone();
    totals.add_between(began_with, &fold.totals);
    let writer = Writer::start(store.clone())?;
    read_model::swap(fold.timelines.store(), &store)?;
    let old = fold.move_to((store, writer), (hot, puts), totals, since);
    Ok((old, gathered))
}

fn distinct(touched: Touched) -> HashSet<EntityRef> {
    touched.into_iter().map(|(entity, _)| entity).collect()
}

impl From<RebuildError> for Refusal {
    fn from(error: RebuildError) -> Refusal {
        Refusal::Internal(error.to_string())
    }
}

impl From<FoldError> for Refusal {
    fn from(error: FoldError) -> Refusal {
        Refusal::Internal(error.to_string())
    }
}
