//! Folding anew: the log into a fresh store, and the store into fresh views.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, mpsc},
    thread,
};

use domain::{Kind, Timeline};
use event_log::{ChainError, ReadError, Word};
use read_model::{BulkLoad, Checkpoint, EntityKey, Store, StoreError, slices};

use crate::{
    fold::checkpoint_at,
    rows::RowError,
    timelines::{EntityRef, Packed, TimelineError, read_block},
    view::Fresh,
};

pub use crate::gather::{Gathered, gather};

/// Threads that decode timelines while the views load them.
const DECODERS: usize = 2;
/// How many timelines travel together between threads: few enough that what is on its way is still
/// near the processor.
const BATCH: usize = 128;
/// How many of these batches may wait for a view, or for the store.
const BATCHES_WAITING_MAX: usize = 16;
/// How many slices the store has.
pub const SLICES: usize = 256;

/// Why something could not be folded anew.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// The log cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The log is not what was written.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A row or fact cannot be read.
    #[error(transparent)]
    Timeline(#[from] TimelineError),
    /// A row cannot be read.
    #[error(transparent)]
    Row(#[from] RowError),
    /// A thread of ours died.
    #[error("a thread that folds has died: {0}")]
    Thread(String),
}

/// Writes everything gathered into a fresh generation and folds it into fresh views, side by side.
/// An entity's rows lie apart in memory: they are put together once, for both.
pub fn store_and_fold(
    live: &Store,
    gathered: Gathered,
    views: &mut [Box<dyn Fresh>],
) -> Result<Store, RebuildError> {
    let checkpoint = checkpoint_at(&gathered.applied, &gathered.totals);
    let upto = gathered.applied.place.last;
    let (to_store, batches) = mpsc::sync_channel::<Arc<Entities>>(BATCHES_WAITING_MAX);
    thread::scope(|scope| {
        let storing = scope.spawn(move || store(live, batches, &checkpoint));
        let folded = load_side_by_side(views, upto, move |feed| {
            let (mut storing, mut folding) = (OnTheirWay::default(), OnTheirWay::default());
            let mut in_order = gathered.in_order();
            loop {
                let next = in_order.by_ref().take(BATCH);
                let entities = next.map(|(it, rows)| (it.clone(), rows)).collect::<Entities>();
                if entities.is_empty() {
                    break;
                }
                let timelines = Arc::new(timelines_of(&entities)?);
                let entities = Arc::new(entities);
                // It is gone only if it has failed, which is told when its thread is joined.
                let _ = to_store.send(entities.clone());
                feed.give(&timelines);
                storing.add(entities);
                folding.add(timelines);
            }
            // Views take as much memory once more when they settle: let them have this.
            drop(in_order);
            drop(gathered);
            Ok(())
        });
        // Where folding failed, this is not whole: it is never put in force, and goes away.
        let store = storing.join().map_err(|_| RebuildError::Thread("storing".to_owned()))??;
        folded?;
        Ok(store)
    })
}

/// What was given away and is let go of here, where it was made, once nobody else has it: memory
/// that another thread gives back is not used again as long as it is near.
struct OnTheirWay<T>(VecDeque<Arc<T>>);

impl<T> Default for OnTheirWay<T> {
    fn default() -> OnTheirWay<T> {
        OnTheirWay(VecDeque::new())
    }
}

impl<T> OnTheirWay<T> {
    fn add(&mut self, given: Arc<T>) {
        self.0.push_back(given);
        while self.0.pop_front_if(|first| Arc::strong_count(first) == 1).is_some() {}
    }
}

/// Entities in the order of their keys, each with its rows.
type Entities = Vec<(EntityRef, Packed)>;

fn store(
    live: &Store,
    batches: mpsc::Receiver<Arc<Entities>>,
    checkpoint: &Checkpoint,
) -> Result<Store, RebuildError> {
    let load = BulkLoad::begin(live)?;
    for batch in batches {
        load.insert_sorted(batch.iter().flat_map(|(entity, rows)| numbered(entity, rows)))?;
    }
    Ok(load.finish(checkpoint)?)
}

fn timelines_of(entities: &Entities) -> Result<Batch, RebuildError> {
    let timelines =
        entities.iter().map(|(entity, rows)| Ok((entity.clone(), rows.timeline(entity.kind)?)));
    timelines.collect()
}

/// Adds everything gathered to a load.
pub fn load_all(gathered: &Gathered, load: &BulkLoad) -> Result<(), RebuildError> {
    for (entity, rows) in gathered.in_order() {
        load.insert_sorted(numbered(entity, &rows))?;
    }
    Ok(())
}

/// The blocks of an entity as a load takes them.
fn numbered<'a>(
    entity: &'a EntityRef,
    rows: &'a Packed,
) -> impl Iterator<Item = (EntityKey, u32, &'a [u8])> {
    (0..).zip(&rows.blocks).map(|(number, block)| (entity.key(), number, block.as_slice()))
}

/// Folds what was gathered of some entities into fresh views.
pub fn fold(
    gathered: &Gathered,
    wanted: impl Fn(&EntityRef) -> bool,
    views: &mut [Box<dyn Fresh>],
) -> Result<(), RebuildError> {
    load_side_by_side(views, gathered.applied.place.last, |feed| {
        let mut batch = Vec::with_capacity(BATCH);
        for entity in gathered.entities().filter(|entity| wanted(entity)) {
            let timeline = gathered.packed(entity).timeline(entity.kind)?;
            batch.push((entity.clone(), timeline));
            feed.give_if_full(&mut batch);
        }
        feed.give(&Arc::new(batch));
        Ok(())
    })
}

/// Folds every stored timeline, as known at `upto`, into fresh views. `progress` is told how many
/// of the [`SLICES`] are reached.
pub fn fold_store(
    store: &Store,
    upto: u64,
    views: &mut [Box<dyn Fresh>],
    mut progress: impl FnMut(u64),
) -> Result<(), RebuildError> {
    load_side_by_side(views, upto, |feed| {
        thread::scope(|scope| {
            let (feed, given) = feed.watched();
            let decoders: Vec<_> = slices(DECODERS)
                .into_iter()
                .map(|range| {
                    let feed = feed.clone();
                    scope.spawn(move || decode_slices(store, range, &feed))
                })
                .collect();
            drop(feed);
            let mut seen = [false; SLICES];
            for batch in given {
                for (entity, _) in batch.iter() {
                    seen[usize::from(entity.key().slice())] = true;
                }
                progress(seen.iter().filter(|seen| **seen).count() as u64);
            }
            decoders.into_iter().try_for_each(|decoder| {
                decoder.join().map_err(|_| RebuildError::Thread("decoding".to_owned()))?
            })
        })
    })
}

/// Timelines on their way to every view.
type Batch = Vec<(EntityRef, Timeline)>;

/// The way to whoever reads these kinds.
type Way = (&'static [Kind], mpsc::SyncSender<Arc<Batch>>);

/// The way to the views: each gets every batch in which there is something for it.
#[derive(Clone)]
struct Feed(Vec<Way>);

impl Feed {
    fn give(&self, batch: &Arc<Batch>) {
        for (kinds, way) in &self.0 {
            if batch.iter().any(|(entity, _)| kinds.contains(&entity.kind)) {
                // A view that is gone has died, which is told when its thread is joined.
                let _ = way.send(batch.clone());
            }
        }
    }

    fn give_if_full(&self, batch: &mut Batch) {
        if batch.len() >= BATCH {
            self.give(&Arc::new(std::mem::replace(batch, Vec::with_capacity(BATCH))));
        }
    }

    /// The same feed, with somebody who looks on.
    fn watched(&self) -> (Feed, mpsc::Receiver<Arc<Batch>>) {
        let (sender, given) = mpsc::sync_channel(BATCHES_WAITING_MAX);
        (Feed(self.0.iter().cloned().chain([(Kind::ALL, sender)]).collect()), given)
    }
}

/// Loads the timelines that `give` hands out into views, each in a thread of its own.
fn load_side_by_side(
    views: &mut [Box<dyn Fresh>],
    upto: u64,
    give: impl FnOnce(&Feed) -> Result<(), RebuildError>,
) -> Result<(), RebuildError> {
    thread::scope(|scope| {
        let (mut feed, mut loading) = (Feed(Vec::new()), Vec::new());
        for view in views {
            let (sender, batches) = mpsc::sync_channel::<Arc<Batch>>(BATCHES_WAITING_MAX);
            feed.0.push((view.kinds(), sender));
            loading.push(scope.spawn(move || {
                for batch in batches {
                    batch.iter().for_each(|(entity, timeline)| view.load(entity, timeline, upto));
                }
                view.settle();
            }));
        }
        let given = give(&feed);
        drop(feed);
        for loaded in loading {
            loaded.join().map_err(|_| RebuildError::Thread("a view".to_owned()))?;
        }
        given
    })
}

fn decode_slices(
    store: &Store,
    range: std::ops::RangeInclusive<u8>,
    feed: &Feed,
) -> Result<(), RebuildError> {
    let mut batch: Batch = Vec::with_capacity(BATCH);
    let mut tenants: HashMap<String, Word> = HashMap::new();
    store.scan_slices::<RebuildError>(range, |row| {
        let kind = Kind::from_word(&row.key.kind)
            .ok_or_else(|| TimelineError::UnknownKind(row.key.kind.clone()))?;
        let id = uuid::Uuid::from_bytes(row.key.id);
        let same = batch.last().is_some_and(|(entity, _)| {
            entity.id == id && entity.kind == kind && *entity.tenant == *row.key.tenant
        });
        if !same {
            feed.give_if_full(&mut batch);
            let tenant = tenants
                .entry(row.key.tenant.clone())
                .or_insert_with(|| Arc::from(row.key.tenant.as_str()))
                .clone();
            batch.push((EntityRef { tenant, kind, id }, Timeline::default()));
        }
        if let Some((_, timeline)) = batch.last_mut() {
            read_block(kind, row.bytes, timeline)?;
        }
        Ok(())
    })?;
    feed.give(&Arc::new(batch));
    Ok(())
}
