//! The one way in which frames become timelines and views, whether this process wrote them or not.

use std::{collections::HashMap, sync::Arc};

use domain::{Kind, person};
use event_log::{Chain, Commit, EntityFacts, Frame, FrameHash};
use read_model::{CHUNK_PUTS_MAX, Checkpoint, Chunk, EntityKey, StoreError, Writer};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::{
    digest::Digest,
    rows::SCHEMA,
    timelines::{EntityRef, Put, TimelineError, Timelines, entries_of},
    vault::Vault,
    view::{Projection, Touch},
};

/// Room kept in a chunk, so that a commit over a few entities is never cut.
const PUTS_PER_COMMIT: usize = 16;

/// What a process has taken in, as others may wait for it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Applied {
    /// The place in the log.
    pub place: Chain,
    /// The clock of the last frame, microseconds UTC.
    pub recorded_at: i64,
    /// The log's identity: the hash of its first frame.
    pub log: FrameHash,
}

/// The timelines' digests per tenant, kept beside the position in the store.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// The clock of the last whole frame, microseconds UTC.
    pub recorded_at: i64,
    /// The last position of the last whole frame; a chunk may end in the middle of the next.
    pub whole: u64,
    /// Digest of each tenant's timelines.
    pub tenants: HashMap<String, Digest>,
}

/// Why folding stopped. The process keeps answering from what it has, and says so.
#[derive(Debug, thiserror::Error)]
pub enum FoldError {
    /// A commit cannot be folded.
    #[error("the commit at position {position} cannot be folded: {why}")]
    Commit {
        /// The position.
        position: u64,
        /// What is wrong.
        why: TimelineError,
    },
    /// The store no longer takes writes.
    #[error("the read model cannot be written: {0}")]
    Write(String),
}

/// Timelines, views and the durable position, advanced together by one thread.
pub struct Fold {
    pub(crate) timelines: Arc<Timelines>,
    pub(crate) projections: Arc<Vec<Box<dyn Projection>>>,
    vault: Arc<Vault>,
    pub(crate) writer: Writer,
    applied: watch::Sender<Applied>,
    pub(crate) totals: Totals,
    /// The last commit folded, which may stand in the middle of a frame.
    folded: u64,
    puts: HashMap<(EntityKey, u32), Vec<u8>>,
    /// What was touched since a rebuild began; `None` while there is none.
    pub(crate) recording: Option<Vec<(EntityRef, u64)>>,
}

impl Fold {
    /// A fold that goes on from what the store reflects.
    pub fn new(
        timelines: Arc<Timelines>,
        projections: Arc<Vec<Box<dyn Projection>>>,
        vault: Arc<Vault>,
        writer: Writer,
        applied: watch::Sender<Applied>,
        totals: Totals,
        folded: u64,
    ) -> Fold {
        let (puts, recording) = (HashMap::new(), None);
        Fold { timelines, projections, vault, writer, applied, totals, folded, puts, recording }
    }

    /// What has been taken in.
    pub fn applied(&self) -> Applied {
        *self.applied.borrow()
    }

    /// Takes in the frame that stands at this place.
    pub fn apply(&mut self, place: Chain, frame: &Frame) -> Result<(), FoldError> {
        let mut touches = Vec::with_capacity(frame.commits.len());
        for (position, commit) in (frame.first..).zip(&frame.commits) {
            if position <= self.folded {
                continue;
            }
            for facts in &commit.entities {
                let touch = self
                    .insert(position, frame.recorded_at, commit, facts)
                    .map_err(|why| FoldError::Commit { position, why })?;
                touches.push(touch);
            }
            self.folded = position;
            if self.puts.len() + PUTS_PER_COMMIT > CHUNK_PUTS_MAX {
                self.flush()?;
            }
        }
        for projection in self.projections.iter() {
            projection.apply(&touches, place.last);
        }
        if let Some(recording) = &mut self.recording {
            recording.extend(touches.into_iter().map(|touch| (touch.entity, touch.position)));
        }
        self.totals.recorded_at = frame.recorded_at;
        self.totals.whole = place.last;
        let log = self.applied().log;
        let log = if log == FrameHash::NONE { place.hash } else { log };
        self.applied.send_replace(Applied { place, recorded_at: frame.recorded_at, log });
        Ok(())
    }

    /// Hands what is folded but not yet stored to the writer.
    pub fn flush(&mut self) -> Result<(), FoldError> {
        if self.puts.is_empty() {
            return Ok(());
        }
        let checkpoint = self.checkpoint();
        self.send(checkpoint)?;
        let durable = self.writer.progress().borrow().position;
        self.timelines.trim(durable);
        Ok(())
    }

    /// Whether something waits to be stored.
    pub fn is_dirty(&self) -> bool {
        !self.puts.is_empty()
    }

    /// Where the store stands when everything folded so far is in it.
    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint { position: self.folded, ..checkpoint_at(&self.applied(), &self.totals) }
    }

    /// Writes what is folded and closes the store.
    pub fn close(mut self) -> Result<(), StoreError> {
        if let Err(error) = self.flush() {
            tracing::error!(%error, "the last rows could not be written");
        }
        let Fold { writer, timelines, .. } = self;
        drop(timelines);
        writer.flush_and_close()
    }

    /// Takes over blocks that a swap of stores left behind; their old versions are void.
    pub(crate) fn put_all(&mut self, puts: Vec<Put>) {
        self.puts = puts.into_iter().map(|(key, block, bytes)| ((key, block), bytes)).collect();
    }

    fn insert(
        &mut self,
        position: u64,
        recorded_at: i64,
        commit: &Commit,
        facts: &EntityFacts,
    ) -> Result<Touch, TimelineError> {
        let kind = Kind::from_word(&facts.kind)
            .ok_or_else(|| TimelineError::UnknownKind(facts.kind.to_string()))?;
        let entity = EntityRef { tenant: commit.tenant.clone(), kind, id: facts.id };
        let entries = entries_of(commit, position, recorded_at, kind, &facts.facts)?;
        if !self.totals.tenants.contains_key(&*commit.tenant) {
            self.totals.tenants.insert(commit.tenant.to_string(), Digest::default());
        }
        if let Some(digest) = self.totals.tenants.get_mut(&*commit.tenant) {
            for (entry, row) in &entries {
                digest.add(&row.logical(kind, &commit.tenant, facts.id)?);
                if matches!(&entry.fact, domain::Fact::Person(person::Fact::Erased(_))) {
                    self.vault.forget(&commit.tenant, facts.id);
                }
            }
        }
        let timeline = self.timelines.insert(&entity, entries, &mut self.puts)?;
        Ok(Touch { entity, timeline, position })
    }

    fn send(&mut self, checkpoint: Checkpoint) -> Result<(), FoldError> {
        let puts = self
            .puts
            .drain()
            .map(|((key, block), bytes)| (key, block, bytes))
            .collect();
        self.writer
            .send_blocking(Chunk { puts, checkpoint })
            .map_err(|error| FoldError::Write(error.to_string()))
    }
}

/// The checkpoint of a place in the log.
pub fn checkpoint_at(applied: &Applied, totals: &Totals) -> Checkpoint {
    Checkpoint {
        schema: SCHEMA,
        log: *applied.log.as_bytes(),
        position: applied.place.last,
        sequence: applied.place.sequence,
        frame_hash: *applied.place.hash.as_bytes(),
        totals: postcard::to_stdvec(totals).unwrap_or_default(),
    }
}

