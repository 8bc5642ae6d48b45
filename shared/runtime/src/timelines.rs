//! The timelines of a process: recent ones in memory, all of them in the store.

use std::{
    collections::{HashMap, hash_map},
    sync::{Arc, PoisonError, RwLock},
};

use domain::{Entry, Kind, Timeline};
use event_log::{Commit, Word};
use read_model::{EntityKey, Store, StoreError};
use uuid::Uuid;

use crate::rows::{self, BLOCK_BYTES, Row, RowError};

/// How many timelines stay in memory before those already on disk are let go.
const HOT_MAX: usize = 200_000;

/// Names an entity of a tenant.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
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

/// A block to be written.
pub type Put = (EntityKey, u32, Vec<u8>);

#[derive(Debug, Default, Clone)]
struct Hot {
    timeline: Arc<Timeline>,
    /// The number of the block that is still being filled, and its bytes.
    block: u32,
    tail: Vec<u8>,
}

/// All timelines of this process. One thread inserts; any may read.
pub struct Timelines {
    store: RwLock<Store>,
    hot: RwLock<HashMap<EntityRef, Hot>>,
}

impl Timelines {
    /// Timelines over a store.
    pub fn new(store: Store) -> Timelines {
        Timelines { store: RwLock::new(store), hot: RwLock::default() }
    }

    /// The store in force.
    pub fn store(&self) -> Store {
        self.store.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// An entity's timeline; empty when nothing is known of it.
    pub fn get(&self, entity: &EntityRef) -> Result<Arc<Timeline>, TimelineError> {
        let hot = self.hot.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = hot.get(entity) {
            return Ok(found.timeline.clone());
        }
        drop(hot);
        Ok(self.load(entity)?.timeline)
    }

    /// The same for the thread that inserts: what it reads once stays in memory.
    pub fn get_hot(&self, entity: &EntityRef) -> Result<Arc<Timeline>, TimelineError> {
        if let Some(found) =
            self.hot.read().unwrap_or_else(PoisonError::into_inner).get(entity)
        {
            return Ok(found.timeline.clone());
        }
        let loaded = self.load(entity)?;
        let timeline = loaded.timeline.clone();
        self.hot
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(entity.clone())
            .or_insert(loaded);
        Ok(timeline)
    }

    /// Inserts a commit's facts of one entity and says which blocks have to be written.
    pub fn insert(
        &self,
        entity: &EntityRef,
        entries: Vec<(Entry, Row<'_>)>,
        puts: &mut HashMap<(EntityKey, u32), Vec<u8>>,
    ) -> Result<Arc<Timeline>, TimelineError> {
        self.get_hot(entity)?;
        let mut hot = self.hot.write().unwrap_or_else(PoisonError::into_inner);
        let found = match hot.entry(entity.clone()) {
            hash_map::Entry::Occupied(found) => found.into_mut(),
            hash_map::Entry::Vacant(place) => place.insert(Hot::default()),
        };
        let key = entity.key();
        for (entry, row) in entries {
            if !Arc::make_mut(&mut found.timeline).insert(entry) {
                continue;
            }
            if found.tail.len() > BLOCK_BYTES {
                found.tail.clear();
                found.block += 1;
            }
            row.append_to(&mut found.tail);
            puts.insert((key.clone(), found.block), found.tail.clone());
        }
        Ok(found.timeline.clone())
    }

    /// Lets go of timelines that are on disk up to `durable`, when there are many.
    pub fn trim(&self, durable: u64) {
        let mut hot = self.hot.write().unwrap_or_else(PoisonError::into_inner);
        if hot.len() > HOT_MAX {
            hot.retain(|_, found| found.timeline.last_position() > durable);
        }
    }

    /// Puts another store in force, in which `touched` entities still lack their newest facts;
    /// returns the blocks that bring them up to date.
    pub fn swap(&self, store: Store, touched: &[EntityRef]) -> Result<Vec<Put>, TimelineError> {
        let mut puts = Vec::new();
        let mut renewed = HashMap::new();
        for entity in touched {
            let timeline = self.get(entity)?;
            let mut found = Hot { timeline: timeline.clone(), block: 0, tail: Vec::new() };
            let mut arrivals: Vec<&Entry> = timeline.entries().iter().collect();
            arrivals.sort_by_key(|entry| (entry.position, entry.moment.index));
            for entry in arrivals {
                if found.tail.len() > BLOCK_BYTES {
                    puts.push((entity.key(), found.block, std::mem::take(&mut found.tail)));
                    found.block += 1;
                }
                append_entry(entry, &mut found.tail)?;
            }
            puts.push((entity.key(), found.block, found.tail.clone()));
            renewed.insert(entity.clone(), found);
        }
        *self.store.write().unwrap_or_else(PoisonError::into_inner) = store;
        *self.hot.write().unwrap_or_else(PoisonError::into_inner) = renewed;
        Ok(puts)
    }

    fn load(&self, entity: &EntityRef) -> Result<Hot, TimelineError> {
        let mut found = Hot::default();
        let mut timeline = Timeline::default();
        for block in self.store().read(&entity.key())? {
            read_block(entity.kind, &block.bytes, &mut timeline)?;
            found.block = block.number;
            found.tail = block.bytes;
        }
        found.timeline = Arc::new(timeline);
        Ok(found)
    }
}

/// Adds the entries of a block to a timeline.
pub fn read_block(kind: Kind, block: &[u8], into: &mut Timeline) -> Result<(), RowError> {
    rows::for_each(block, |row| {
        into.insert(row.entry(kind)?);
        Ok(())
    })
}

fn append_entry(entry: &Entry, block: &mut Vec<u8>) -> Result<(), RowError> {
    let body = entry
        .fact
        .encode()
        .map_err(|why| RowError::Fact { position: entry.position, why })?;
    let who = &entry.provenance;
    Row {
        position: entry.position,
        recorded_at: entry.recorded_at.0,
        occurred_at: entry.moment.occurred_at.0,
        source_seq: entry.moment.source_seq,
        command_id: entry.moment.command_id,
        index: entry.moment.index,
        fingerprint: who.fingerprint,
        actor: &who.actor,
        source: who.source.as_deref(),
        correlation_id: (who.correlation_id != entry.moment.command_id)
            .then_some(who.correlation_id),
        causation_id: who.causation_id,
        name: entry.fact.name(),
        body: &body,
    }
    .append_to(block);
    Ok(())
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
            let row = Row::of(commit, position, recorded_at, index as u32, fact);
            Ok((row.entry(kind)?, row))
        })
        .collect()
}
