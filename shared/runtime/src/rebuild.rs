//! Folding anew: the log into a fresh store, and the store into fresh views.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    thread,
};

use domain::{Kind, Timeline};
use event_log::{Chain, ChainError, EventLog, Frame, ReadError, Stored, Word};
use read_model::{BulkLoad, EntityKey, Store, StoreError, slices};

use crate::{
    fold::{Applied, Totals, checkpoint_at},
    rows::{BLOCK_BYTES, Row, RowError},
    timelines::{EntityRef, TimelineError, read_block},
    view::Fresh,
};

/// Threads that decode timelines while another folds them.
const DECODERS: usize = 2;
/// How many timelines travel together between threads.
const BATCH: usize = 512;
/// How many slices the store has.
pub const SLICES: usize = 256;
/// How many frames are asked of the log at once.
const FRAMES_PER_READ: usize = 2_000;

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

/// Every entity's rows, in memory, as the log has them.
#[derive(Default)]
pub struct Gathered {
    entities: HashMap<EntityRef, Vec<Vec<u8>>>,
    words: HashMap<Word, Word>,
    totals: Totals,
    applied: Applied,
}

impl Gathered {
    /// Where the log stood.
    pub fn applied(&self) -> Applied {
        self.applied
    }

    /// Digests per tenant.
    pub fn totals(&self) -> &Totals {
        &self.totals
    }

    /// The blocks of an entity.
    pub fn blocks(&self, entity: &EntityRef) -> Option<&[Vec<u8>]> {
        self.entities.get(entity).map(Vec::as_slice)
    }

    /// Every entity that the log speaks of.
    pub fn entities(&self) -> impl Iterator<Item = &EntityRef> {
        self.entities.keys()
    }

    /// Takes in a frame.
    fn add(&mut self, place: Chain, frame: &Frame) -> Result<(), TimelineError> {
        for (position, commit) in (frame.first..).zip(&frame.commits) {
            let tenant = self
                .words
                .entry(commit.tenant.clone())
                .or_insert(commit.tenant.clone());
            let tenant = tenant.clone();
            let digest = match self.totals.tenants.get_mut(&*tenant) {
                Some(digest) => digest,
                None => self.totals.tenants.entry(tenant.to_string()).or_default(),
            };
            for facts in &commit.entities {
                let kind = Kind::from_word(&facts.kind)
                    .ok_or_else(|| TimelineError::UnknownKind(facts.kind.to_string()))?;
                let entity = EntityRef {
                    tenant: tenant.clone(),
                    kind,
                    id: facts.id,
                };
                let blocks = self.entities.entry(entity).or_default();
                for (index, fact) in facts.facts.iter().enumerate() {
                    let row = Row::of(commit, position, frame.recorded_at, index as u32, fact);
                    digest.add(&row.logical(kind, &tenant, facts.id)?);
                    append_row(blocks, &row);
                }
            }
        }
        let log = if place.sequence == 1 {
            place.hash
        } else {
            self.applied.log
        };
        self.applied = Applied {
            place,
            recorded_at: frame.recorded_at,
            log,
        };
        self.totals.recorded_at = frame.recorded_at;
        self.totals.whole = place.last;
        Ok(())
    }
}

fn append_row(blocks: &mut Vec<Vec<u8>>, row: &Row<'_>) {
    if blocks.last().is_none_or(|tail| tail.len() > BLOCK_BYTES) {
        blocks.push(Vec::new());
    }
    if let Some(tail) = blocks.last_mut() {
        row.append_to(tail);
    }
}

/// Gathers the log from its first frame up to the one of this sequence. `progress` is told the
/// position reached.
pub async fn gather(
    log: &EventLog,
    upto: u64,
    mut progress: impl FnMut(u64) + Send,
) -> Result<Gathered, RebuildError> {
    if upto == 0 {
        return Ok(Gathered::default());
    }
    let (sender, receiver) = mpsc::sync_channel::<Vec<Stored>>(8);
    let done = Arc::new(AtomicU64::new(0));
    let counted = done.clone();
    let folding = tokio::task::spawn_blocking(move || -> Result<Gathered, RebuildError> {
        let (mut gathered, mut chain) = (Gathered::default(), Chain::default());
        for batch in receiver {
            for stored in batch {
                let frame = chain.accept(stored.sequence, stored.body)?;
                gathered.add(chain, &frame)?;
            }
            counted.store(chain.last, Ordering::Relaxed);
        }
        Ok(gathered)
    });
    let mut frames = log.follow(0);
    let mut reached = 0;
    while reached < upto {
        let mut batch = frames.next_many(FRAMES_PER_READ).await?;
        batch.retain(|stored| stored.sequence <= upto);
        let Some(last) = batch.last() else { break };
        reached = last.sequence;
        progress(done.load(Ordering::Relaxed));
        let sending = sender.clone();
        // The folding thread may be behind, or gone with an error that is told below.
        let sent = tokio::task::spawn_blocking(move || sending.send(batch)).await;
        if !matches!(sent, Ok(Ok(()))) {
            break;
        }
    }
    drop(sender);
    folding
        .await
        .map_err(|error| RebuildError::Thread(error.to_string()))?
}

/// Writes everything gathered into a fresh generation and folds it into fresh views, side by side.
pub fn store_and_fold(
    live: &Store,
    gathered: &Gathered,
    views: &mut [Box<dyn Fresh>],
) -> Result<Store, RebuildError> {
    thread::scope(|scope| {
        let storing = scope.spawn(|| store(gathered, BulkLoad::begin(live)?));
        let folded = fold(gathered, |_| true, views);
        let store = storing
            .join()
            .map_err(|_| RebuildError::Thread("storing".to_owned()))??;
        folded?;
        Ok(store)
    })
}

/// Writes everything gathered into a fresh generation.
pub fn store(gathered: &Gathered, load: BulkLoad) -> Result<Store, RebuildError> {
    load_all(gathered, &load)?;
    Ok(load.finish(&checkpoint_at(&gathered.applied, &gathered.totals))?)
}

/// Adds everything gathered to a load, in the order of its keys.
pub fn load_all(gathered: &Gathered, load: &BulkLoad) -> Result<(), RebuildError> {
    let mut order: Vec<(EntityKey, &Vec<Vec<u8>>)> = gathered
        .entities
        .iter()
        .map(|(entity, blocks)| (entity.key(), blocks))
        .collect();
    order.sort_by_cached_key(|(key, _)| key.encode());
    load.insert_sorted(order.into_iter().flat_map(|(key, blocks)| {
        (0u32..)
            .zip(blocks)
            .map(move |(number, block)| (key.clone(), number, block.clone()))
    }))?;
    Ok(())
}

/// Folds what was gathered of some entities into fresh views.
pub fn fold(
    gathered: &Gathered,
    wanted: impl Fn(&EntityRef) -> bool,
    views: &mut [Box<dyn Fresh>],
) -> Result<(), RebuildError> {
    let upto = gathered.applied.place.last;
    for (entity, blocks) in gathered
        .entities
        .iter()
        .filter(|(entity, _)| wanted(entity))
    {
        let mut timeline = Timeline::default();
        for block in blocks {
            read_block(entity.kind, block, &mut timeline)?;
        }
        views
            .iter_mut()
            .for_each(|view| view.load(entity, &timeline, upto));
    }
    views.iter_mut().for_each(|view| view.settle());
    Ok(())
}

/// Folds every stored timeline, as known at `upto`, into fresh views. `progress` is told how many
/// of the [`SLICES`] are reached.
pub fn fold_store(
    store: &Store,
    upto: u64,
    views: &mut [Box<dyn Fresh>],
    mut progress: impl FnMut(u64),
) -> Result<(), RebuildError> {
    let (sender, receiver) = mpsc::sync_channel::<Vec<(EntityRef, Timeline)>>(16);
    thread::scope(|scope| {
        let decoders: Vec<_> = slices(DECODERS)
            .into_iter()
            .map(|range| {
                let sender = sender.clone();
                scope.spawn(move || decode_slices(store, range, &sender))
            })
            .collect();
        drop(sender);
        let mut seen = [false; SLICES];
        for batch in receiver {
            for (entity, timeline) in &batch {
                views
                    .iter_mut()
                    .for_each(|view| view.load(entity, timeline, upto));
                seen[usize::from(entity.key().slice())] = true;
            }
            progress(seen.iter().filter(|seen| **seen).count() as u64);
        }
        views.iter_mut().for_each(|view| view.settle());
        decoders.into_iter().try_for_each(|decoder| {
            decoder
                .join()
                .map_err(|_| RebuildError::Thread("decoding".to_owned()))?
        })
    })
}

fn decode_slices(
    store: &Store,
    range: std::ops::RangeInclusive<u8>,
    sender: &mpsc::SyncSender<Vec<(EntityRef, Timeline)>>,
) -> Result<(), RebuildError> {
    let mut batch: Vec<(EntityRef, Timeline)> = Vec::with_capacity(BATCH);
    let mut tenants: HashMap<String, Word> = HashMap::new();
    store.scan_slices::<RebuildError>(range, |row| {
        let kind = Kind::from_word(&row.key.kind)
            .ok_or_else(|| TimelineError::UnknownKind(row.key.kind.clone()))?;
        let id = uuid::Uuid::from_bytes(row.key.id);
        let same = batch.last().is_some_and(|(entity, _)| {
            entity.id == id && entity.kind == kind && *entity.tenant == *row.key.tenant
        });
        if !same {
            if batch.len() >= BATCH {
                // A receiver that is gone has an error of its own to tell.
                let _ = sender.send(std::mem::replace(&mut batch, Vec::with_capacity(BATCH)));
            }
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
    let _ = sender.send(batch);
    Ok(())
}
