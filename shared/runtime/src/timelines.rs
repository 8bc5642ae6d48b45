//! The timelines of a process: recent ones in memory, all of them in the store.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use domain::{Entry, Kind, Timeline};
use event_log::{Commit, Word};
use foldhash::fast::RandomState;
use read_model::{EntityKey, Store, StoreError};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::rows::{self, BLOCK_BYTES, Row, RowError};

/// How many timelines stay in memory before those already on disk are let go.
const HOT_MAX: usize = 200_000;

/// Names an entity of a tenant.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EntityRef {
    /// The tenant.
    pub tenant: Word,
    /// What it is.
    pub kind: Kind,
    /// Which one.
    pub id: Uuid,
}

impl EntityRef {
    /// Its key in the store.
    pub fn key(&self) -> EntityKey {
        EntityKey {
            tenant: self.tenant.to_string(),
            kind: self.kind.word().to_owned(),
            id: *self.id.as_bytes(),
        }
    }

    /// The entity of a stored key; an unknown kind is an error.
    pub fn from_key(key: &EntityKey) -> Result<EntityRef, TimelineError> {
        let kind = Kind::from_word(&key.kind)
            .ok_or_else(|| TimelineError::UnknownKind(key.kind.clone()))?;
        let id = Uuid::from_bytes(key.id);
        Ok(EntityRef { tenant: Word::from(key.tenant.as_str()), kind, id })
    }
}

impl std::fmt::Display for EntityRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}/{}", self.tenant, self.kind, self.id)
    }
}

/// Why a timeline cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum TimelineError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A row cannot be read.
    #[error(transparent)]
    Row(#[from] RowError),
    /// A kind that this program does not know.
    #[error("unknown kind {0:?}: this program is older than the log; upgrade it")]
    UnknownKind(String),
}

/// Something of each entity.
pub type ByEntity<T> = HashMap<EntityRef, T, RandomState>;

/// Blocks to be written, the newest bytes of each.
pub type Puts = HashMap<(EntityRef, u32), Vec<u8>, RandomState>;

/// A timeline in memory, ready to be added to.
#[derive(Debug, Default, Clone)]
pub(crate) struct Hot {
    timeline: Arc<Timeline>,
    /// The number of the block that is still being filled, and its bytes.
    block: u32,
    tail: Vec<u8>,
}

/// Where a timeline was.
enum Found {
    InMemory(Arc<Timeline>),
    Stored(Hot),
}

/// Both change together, so that a timeline that is not in memory is always complete in the store.
struct Held {
    store: Store,
    hot: ByEntity<Hot>,
}

/// All timelines of this process. One thread inserts; any may read.
pub struct Timelines(RwLock<Held>);

impl Timelines {
    /// Timelines over a store.
    pub fn new(store: Store) -> Timelines {
        Timelines(RwLock::new(Held { store, hot: ByEntity::default() }))
    }

    /// The store in force.
    pub fn store(&self) -> Store {
        self.held().store.clone()
    }

    /// An entity's timeline; empty when nothing is known of it.
    pub fn get(&self, entity: &EntityRef) -> Result<Arc<Timeline>, TimelineError> {
        match self.find(entity)? {
            Found::InMemory(timeline) => Ok(timeline),
            Found::Stored(loaded) => Ok(loaded.timeline),
        }
    }

    /// The same for the thread that inserts: what it reads once stays in memory.
    pub fn get_hot(&self, entity: &EntityRef) -> Result<Arc<Timeline>, TimelineError> {
        match self.find(entity)? {
            Found::InMemory(timeline) => Ok(timeline),
            Found::Stored(loaded) => {
                let timeline = loaded.timeline.clone();
                self.held_mut().hot.entry(entity.clone()).or_insert(loaded);
                Ok(timeline)
            }
        }
    }

    /// Inserts a commit's facts of one entity and says which blocks have to be written.
    pub fn insert(
        &self,
        entity: &EntityRef,
        entries: Vec<(Entry, Row<'_>)>,
        puts: &mut Puts,
    ) -> Result<Arc<Timeline>, TimelineError> {
        self.get_hot(entity)?;
        let mut held = self.held_mut();
        let found = held.hot.entry(entity.clone()).or_default();
        for (entry, row) in entries {
            found.add(entry, &row, entity, puts);
        }
        Ok(found.timeline.clone())
    }

    /// Lets go of timelines that are on disk up to `durable`, when there are many.
    pub fn trim(&self, durable: u64) {
        let mut held = self.held_mut();
        if held.hot.len() > HOT_MAX {
            held.hot.retain(|_, found| found.timeline.last_position() > durable);
        }
    }

    /// An entity's blocks as the log has them up to `since`, extended by what has been learned of
    /// it after; says which blocks have to be written for that.
    pub(crate) fn extended(
        &self,
        entity: &EntityRef,
        blocks: Vec<Vec<u8>>,
        since: u64,
        puts: &mut Puts,
    ) -> Result<Hot, TimelineError> {
        let mut extended = Hot::of((0..).zip(blocks), entity.kind)?;
        let known = self.get(entity)?;
        let mut newer: Vec<&Entry> =
            known.entries().iter().filter(|entry| entry.position > since).collect();
        newer.sort_by_key(|entry| (entry.position, entry.moment.index));
        for entry in newer {
            let position = entry.position;
            let body = entry.fact.encode().map_err(|why| RowError::Fact { position, why })?;
            extended.add(entry.clone(), &Row::again(entry, &body), entity, puts);
        }
        Ok(extended)
    }

    /// Puts another store in force, with the timelines that are ahead of it.
    pub(crate) fn replace(&self, store: Store, hot: ByEntity<Hot>) {
        *self.held_mut() = Held { store, hot };
    }

    fn find(&self, entity: &EntityRef) -> Result<Found, TimelineError> {
        let store = {
            let held = self.held();
            if let Some(found) = held.hot.get(entity) {
                return Ok(Found::InMemory(found.timeline.clone()));
            }
            held.store.clone()
        };
        let blocks = store.read(&entity.key())?;
        let blocks = blocks.into_iter().map(|block| (block.number, block.bytes));
        Ok(Found::Stored(Hot::of(blocks, entity.kind)?))
    }

    fn held(&self) -> RwLockReadGuard<'_, Held> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn held_mut(&self) -> RwLockWriteGuard<'_, Held> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Hot {
    fn of(
        blocks: impl IntoIterator<Item = (u32, Vec<u8>)>,
        kind: Kind,
    ) -> Result<Hot, TimelineError> {
        let (mut found, mut timeline) = (Hot::default(), Timeline::default());
        for (number, bytes) in blocks {
            read_block(kind, &bytes, &mut timeline)?;
            (found.block, found.tail) = (number, bytes);
        }
        found.timeline = Arc::new(timeline);
        Ok(found)
    }

    fn add(&mut self, entry: Entry, row: &Row<'_>, entity: &EntityRef, puts: &mut Puts) {
        if !Arc::make_mut(&mut self.timeline).insert(entry) {
            return;
        }
        if self.tail.len() > BLOCK_BYTES {
            self.tail.clear();
            self.block += 1;
        }
        row.append_to(&mut self.tail);
        puts.insert((entity.clone(), self.block), self.tail.clone());
    }
}

/// The rows of an entity, in blocks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Packed {
    /// How many rows they hold.
    pub rows: usize,
    /// The blocks in order.
    pub blocks: Vec<Vec<u8>>,
}

impl Packed {
    /// The timeline that the rows are.
    pub fn timeline(&self, kind: Kind) -> Result<Timeline, RowError> {
        let mut timeline = Timeline::with_capacity(self.rows);
        for block in &self.blocks {
            read_block(kind, block, &mut timeline)?;
        }
        Ok(timeline)
    }
}

/// Adds the entries of a block to a timeline.
pub fn read_block(kind: Kind, block: &[u8], into: &mut Timeline) -> Result<(), RowError> {
    rows::for_each(block, |row| {
        let entry = row.entry_after(into.entries().last(), kind)?;
        into.insert(entry);
        Ok(())
    })
}

/// Collects one commit's facts of one entity, decoded and as rows.
pub fn entries_of<'a>(
    commit: &'a Commit,
    position: u64,
    recorded_at: i64,
    kind: Kind,
    facts: &'a [event_log::Fact],
) -> Result<Vec<(Entry, Row<'a>)>, RowError> {
    facts
        .iter()
        .enumerate()
        .map(|(index, fact)| {
            let row = Row::of(commit, position, recorded_at, index as u32, fact)?;
            Ok((row.entry(kind)?, row))
        })
        .collect()
}
