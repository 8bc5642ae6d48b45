//! The one way in which frames become timelines and views, whether this process wrote them or not.

use std::{collections::BTreeMap, sync::Arc};

use domain::{Entry, Fact, Kind, person};
use event_log::{Chain, Commit, Frame, FrameHash};
use read_model::{CHUNK_PUTS_MAX, Checkpoint, Chunk, Store, StoreError, Writer};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::{
    digest::Digest,
    rows::{self, Row},
    snapshots,
    timelines::{ByEntity, EntityRef, Hot, Puts, TimelineError, Timelines, entries_of},
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
    /// The latest clock of any frame so far, microseconds UTC.
    pub latest: i64,
    /// The log's identity: the hash of its first frame.
    pub log: FrameHash,
}

/// What is kept beside the position in the store.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// The latest clock up to the last whole frame, microseconds UTC.
    pub latest: i64,
    /// The last position of the last whole frame; a chunk may end in the middle of the next.
    pub whole: u64,
    /// Digest of each tenant's timelines. In order, so that the same totals are the same bytes.
    pub tenants: BTreeMap<String, Digest>,
    /// How many facts there are of each kind that this program does not know: a newer one records
    /// them, and they pass by here.
    pub passed: BTreeMap<String, u64>,
}

impl Totals {
    /// Adds what came between two other totals, and takes over their later place.
    pub(crate) fn add_between(&mut self, before: &Totals, after: &Totals) {
        for (tenant, digest) in &after.tenants {
            let sum = self.tenants.entry(tenant.clone()).or_default();
            sum.merge(digest);
            sum.without(&before.of(tenant));
        }
        self.passed.clone_from(&after.passed);
        (self.latest, self.whole) = (after.latest, after.whole);
    }

    /// Counts facts of a kind that this program does not know.
    pub(crate) fn pass(&mut self, kind: &str, facts: u64) {
        match self.passed.get_mut(kind) {
            Some(passed) => *passed += facts,
            None => {
                tracing::warn!(kind, "facts of a newer kind pass by: upgrade to read them");
                self.passed.insert(kind.to_owned(), facts);
            }
        }
    }

    /// The digest that the timelines of a tenant have together.
    pub fn of(&self, tenant: &str) -> Digest {
        self.tenants.get(tenant).copied().unwrap_or_default()
    }
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
    /// The last commit handed to the writer.
    sent: u64,
    /// The writer did not take a chunk: nothing is written any more.
    store_failed: bool,
    puts: Puts,
    /// What a rebuild has missed so far; `None` while there is none.
    pub(crate) recording: Option<Recording>,
}

/// What happens while a projection is rebuilt beside the live one.
#[derive(Debug, Default)]
pub struct Recording {
    /// The projection.
    pub name: String,
    /// Which entities were touched by the commits at which positions, in the order of the log.
    pub touched: Vec<(EntityRef, u64)>,
}

/// A commit's facts of one entity, ready to be inserted.
struct Decoded<'a> {
    position: u64,
    entity: EntityRef,
    entries: Vec<(Entry, Row<'a>)>,
    /// The digest of these facts.
    digest: Digest,
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
        let (sent, puts, recording) = (folded, Puts::default(), None);
        Fold {
            timelines,
            projections,
            vault,
            writer,
            applied,
            totals,
            folded,
            sent,
            store_failed: false,
            puts,
            recording,
        }
    }

    /// What has been taken in.
    pub fn applied(&self) -> Applied {
        *self.applied.borrow()
    }

    /// Takes in the frame that stands at this place, or nothing of it.
    pub fn apply(&mut self, place: Chain, frame: &Frame) -> Result<(), FoldError> {
        let decoded = self.decode(frame)?;
        let taken = self.take_in(decoded, place.last);
        if taken.is_err() {
            // Half of a commit must not reach the store; after a restart it is folded again.
            self.puts.clear();
            self.folded = self.sent;
        }
        let touches = taken?;
        for projection in self.projections.iter() {
            projection.apply(&touches, place);
        }
        if let Some(recording) = &mut self.recording {
            let touched = touches.into_iter().map(|touch| (touch.entity, touch.position));
            recording.touched.extend(touched);
        }
        self.totals.latest = frame.latest();
        self.totals.whole = place.last;
        let log = self.applied().log;
        let log = if log == FrameHash::NONE { place.hash } else { log };
        self.applied.send_replace(Applied { place, latest: frame.latest(), log });
        self.flush_if_full()
    }

    /// Hands what is folded but not yet stored to the writer.
    pub fn flush(&mut self) -> Result<(), FoldError> {
        if !self.is_dirty() {
            return Ok(());
        }
        let puts = self.puts.drain();
        let puts = puts.map(|((entity, block), bytes)| (entity.key(), block, bytes)).collect();
        let chunk = Chunk { puts, checkpoint: self.checkpoint() };
        if let Err(error) = self.writer.send(chunk) {
            // These rows are lost to the store, so no later checkpoint may reach it.
            self.store_failed = true;
            return Err(FoldError::Write(error.to_string()));
        }
        self.sent = self.folded;
        let durable = self.writer.progress().borrow().position;
        self.timelines.trim(durable);
        Ok(())
    }

    fn flush_if_full(&mut self) -> Result<(), FoldError> {
        let full = self.puts.len() + PUTS_PER_COMMIT > CHUNK_PUTS_MAX;
        if full { self.flush() } else { Ok(()) }
    }

    /// Whether something waits to be stored.
    pub fn is_dirty(&self) -> bool {
        self.sent != self.folded && !self.store_failed
    }

    /// Whether the store can never have all that was taken in, because writing it has failed.
    pub(crate) fn is_cut_off(&self) -> bool {
        self.folded < self.applied().place.last
    }

    /// Where the store stands when everything folded so far is in it.
    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint { position: self.folded, ..checkpoint_at(&self.applied(), &self.totals) }
    }

    /// Writes what is folded, keeps the views beside it and closes the store.
    pub fn close(mut self) -> Result<(), StoreError> {
        if let Err(error) = self.flush() {
            tracing::error!(%error, "the last rows could not be written");
        }
        let place = self.applied().place;
        let Fold { writer, timelines, projections, .. } = self;
        drop(timelines);
        let store = writer.finish()?;
        // Whatever comes of the views, the timelines are safe.
        store.flush()?;
        let stored = store.checkpoint()?.position;
        if stored == place.last {
            snapshots::keep(&store, &projections, || true);
        } else {
            tracing::warn!(
                stored,
                folded = place.last,
                "no view is kept: the store ends elsewhere"
            );
        }
        store.flush()
    }

    /// Goes on over another store, which `writer` writes and which reflects the log up to `since`.
    /// `hot` are the timelines that are ahead of it, `puts` the blocks that it still lacks. Gives
    /// back the writer of the store before, to be closed where that may take its time.
    pub(crate) fn move_to(
        &mut self,
        (store, writer): (Store, Writer),
        (hot, puts): (ByEntity<Hot>, Puts),
        totals: Totals,
        since: u64,
    ) -> Writer {
        self.timelines.replace(store, hot);
        (self.puts, self.totals, self.sent) = (puts, totals, since);
        std::mem::replace(&mut self.writer, writer)
    }

    /// Decodes a frame before anything of it is inserted, so that an unknown fact leaves no trace.
    fn decode<'a>(&mut self, frame: &'a Frame) -> Result<Vec<Decoded<'a>>, FoldError> {
        let mut decoded = Vec::with_capacity(frame.commits.len());
        let commits = (frame.first..).zip(&frame.commits);
        for (position, commit) in commits.filter(|(position, _)| *position > self.folded) {
            decode_commit(position, frame.recorded_at, commit, &mut decoded, &mut self.totals)
                .map_err(|why| FoldError::Commit { position, why })?;
        }
        Ok(decoded)
    }

    fn take_in(&mut self, decoded: Vec<Decoded<'_>>, last: u64) -> Result<Vec<Touch>, FoldError> {
        let mut touches = Vec::with_capacity(decoded.len());
        for Decoded { position, entity, entries, digest } in decoded {
            if position > self.folded + 1 {
                // All of the commit before is in.
                self.folded = position - 1;
                self.flush_if_full()?;
            }
            let erased =
                |entry: &Entry| matches!(entry.fact, Fact::Person(person::Fact::Erased(_)));
            if entries.iter().any(|(entry, _)| erased(entry)) {
                self.vault.forget(&entity.tenant, entity.id);
            }
            match self.totals.tenants.get_mut(&*entity.tenant) {
                Some(total) => total.merge(&digest),
                None => {
                    self.totals.tenants.insert(entity.tenant.to_string(), digest);
                }
            }
            let timeline = self
                .timelines
                .insert(&entity, entries, &mut self.puts)
                .map_err(|why| FoldError::Commit { position, why })?;
            touches.push(Touch { entity, timeline, position });
        }
        self.folded = last;
        Ok(touches)
    }
}

fn decode_commit<'a>(
    position: u64,
    recorded_at: i64,
    commit: &'a Commit,
    into: &mut Vec<Decoded<'a>>,
    totals: &mut Totals,
) -> Result<(), TimelineError> {
    for facts in &commit.entities {
        let Some(kind) = Kind::from_word(&facts.kind) else {
            totals.pass(&facts.kind, facts.facts.len() as u64);
            continue;
        };
        let entity = EntityRef { tenant: commit.tenant.clone(), kind, id: facts.id };
        let entries = entries_of(commit, position, recorded_at, kind, &facts.facts)?;
        let mut digest = Digest::default();
        for (_, row) in &entries {
            digest.add(&row.logical(kind, &entity.tenant, entity.id)?);
        }
        into.push(Decoded { position, entity, entries, digest });
    }
    Ok(())
}

/// The checkpoint of a place in the log.
pub fn checkpoint_at(applied: &Applied, totals: &Totals) -> Checkpoint {
    Checkpoint {
        schema: rows::schema(),
        log: *applied.log.as_bytes(),
        position: applied.place.last,
        sequence: applied.place.sequence,
        frame_hash: *applied.place.hash.as_bytes(),
        totals: postcard::to_stdvec(totals).unwrap_or_default(),
    }
}
