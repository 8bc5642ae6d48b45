//! The whole log in memory, entity by entity: decoded by several threads, put together by one.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    thread,
};

use domain::Kind;
use event_log::{EventLog, Frame, FrameError, Link, Stored, Word};

use crate::{
    digest::Digest,
    fold::{Applied, Totals},
    rebuild::RebuildError,
    rows::{BLOCK_BYTES, Row},
    timelines::{ByEntity, EntityRef, TimelineError},
};

/// Threads that decode frames while another puts their rows together.
const READERS: usize = 2;
/// How many frames are asked of the log at once.
const FRAMES_PER_READ: usize = 256;
/// How many such batches may wait for a reader, and how many for the one who puts together.
const BATCHES_WAITING_MAX: usize = 4;

/// Every entity's rows, in memory, as the log has them.
#[derive(Default)]
pub struct Gathered {
    pub(crate) entities: ByEntity<Vec<Vec<u8>>>,
    pub(crate) totals: Totals,
    pub(crate) applied: Applied,
    tenants: HashMap<Word, Word>,
}

/// A frame, read: nothing of it counts before its link is joined to the chain.
struct Read {
    sequence: u64,
    link: Result<Link, FrameError>,
    latest: i64,
    rows: Result<Rows, TimelineError>,
}

/// A frame's rows, one after another.
#[derive(Default)]
struct Rows {
    bytes: Vec<u8>,
    /// Whose each row is, and where it ends.
    ends: Vec<(EntityRef, usize)>,
    /// The digest of each tenant's rows.
    digests: HashMap<Word, Digest>,
    /// How many facts there are of kinds that this program does not know.
    passed: Vec<(Word, u64)>,
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

    /// Takes in the next frame.
    fn add(&mut self, read: Read) -> Result<(), RebuildError> {
        let Read { sequence, link, latest, rows } = read;
        let mut place = self.applied.place;
        let link = link.map_err(|error| place.unreadable(sequence, error))?;
        place.join(sequence, link)?;
        let Rows { bytes, ends, digests, passed } = rows?;
        passed.iter().for_each(|(kind, facts)| self.totals.pass(kind, *facts));
        for (tenant, digest) in digests {
            self.totals.tenants.entry(tenant.to_string()).or_default().merge(&digest);
        }
        let mut start = 0;
        for (mut entity, end) in ends {
            // One word per tenant, or every entity would keep one of its own.
            match self.tenants.get(&entity.tenant) {
                Some(tenant) => entity.tenant = tenant.clone(),
                None => {
                    self.tenants.insert(entity.tenant.clone(), entity.tenant.clone());
                }
            }
            append_row(self.entities.entry(entity).or_default(), &bytes[start..end]);
            start = end;
        }
        let log = if sequence == 1 { place.hash } else { self.applied.log };
        self.applied = Applied { place, latest, log };
        (self.totals.latest, self.totals.whole) = (latest, place.last);
        Ok(())
    }
}

fn append_row(blocks: &mut Vec<Vec<u8>>, row: &[u8]) {
    if blocks.last().is_none_or(|tail| tail.len() > BLOCK_BYTES) {
        blocks.push(Vec::new());
    }
    if let Some(tail) = blocks.last_mut() {
        tail.extend_from_slice(row);
    }
}

fn read(stored: Stored) -> Read {
    let Stored { sequence, body } = stored;
    match Link::read(body) {
        Ok((link, frame)) => {
            let (latest, rows) = (frame.latest(), rows_of(&frame));
            Read { sequence, link: Ok(link), latest, rows }
        }
        Err(error) => Read { sequence, link: Err(error), latest: 0, rows: Ok(Rows::default()) },
    }
}

fn rows_of(frame: &Frame) -> Result<Rows, TimelineError> {
    let mut rows = Rows::default();
    for (position, commit) in (frame.first..).zip(&frame.commits) {
        let mut digest = Digest::default();
        for facts in &commit.entities {
            let Some(kind) = Kind::from_word(&facts.kind) else {
                rows.passed.push((facts.kind.clone(), facts.facts.len() as u64));
                continue;
            };
            for (index, fact) in facts.facts.iter().enumerate() {
                let row = Row::of(commit, position, frame.recorded_at, index as u32, fact);
                digest.add(&row.logical(kind, &commit.tenant, facts.id)?);
                row.append_to(&mut rows.bytes);
                let entity = EntityRef { tenant: commit.tenant.clone(), kind, id: facts.id };
                rows.ends.push((entity, rows.bytes.len()));
            }
        }
        match rows.digests.get_mut(&commit.tenant) {
            Some(sum) => sum.merge(&digest),
            None => {
                rows.digests.insert(commit.tenant.clone(), digest);
            }
        }
    }
    Ok(rows)
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
    let (senders, receivers): (Vec<_>, Vec<_>) =
        (0..READERS).map(|_| mpsc::sync_channel::<Vec<Stored>>(BATCHES_WAITING_MAX)).unzip();
    let done = Arc::new(AtomicU64::new(0));
    let counted = done.clone();
    let gathering = tokio::task::spawn_blocking(move || put_together(receivers, &counted));
    let mut frames = log.follow(0);
    let mut reached = 0;
    for sender in senders.iter().cycle() {
        if reached >= upto {
            break;
        }
        let mut batch = frames.next_many(FRAMES_PER_READ).await?;
        batch.retain(|stored| stored.sequence <= upto);
        let Some(last) = batch.last() else { break };
        reached = last.sequence;
        progress(done.load(Ordering::Relaxed));
        let sending = sender.clone();
        // The readers may be behind, or gone with an error that is told below.
        let sent = tokio::task::spawn_blocking(move || sending.send(batch)).await;
        if !matches!(sent, Ok(Ok(()))) {
            break;
        }
    }
    drop(senders);
    gathering.await.map_err(|error| RebuildError::Thread(error.to_string()))?
}

/// Has each reader read the batches that come to it, and takes them back in turn.
fn put_together(
    inboxes: Vec<mpsc::Receiver<Vec<Stored>>>,
    done: &AtomicU64,
) -> Result<Gathered, RebuildError> {
    thread::scope(|scope| {
        let mut gathered = Gathered::default();
        let mut outboxes = Vec::with_capacity(inboxes.len());
        for inbox in inboxes {
            let (sender, outbox) = mpsc::sync_channel::<Vec<Read>>(BATCHES_WAITING_MAX);
            outboxes.push(outbox);
            scope.spawn(move || {
                for batch in inbox {
                    let batch = batch.into_iter().map(read).collect();
                    // Nobody takes it any more when a frame before was not what was written.
                    if sender.send(batch).is_err() {
                        return;
                    }
                }
            });
        }
        for outbox in outboxes.iter().cycle() {
            let Ok(batch) = outbox.recv() else { break };
            batch.into_iter().try_for_each(|read| gathered.add(read))?;
            done.store(gathered.applied.place.last, Ordering::Relaxed);
        }
        Ok(gathered)
    })
}
