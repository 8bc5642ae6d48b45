//! The whole log in memory, entity by entity: decoded by several threads, put together by one.
//!
//! Rows stay where they were decoded. Putting them together says only where each lies, for copying
//! every entity's rows to one place would be most of the work.

use std::{
    collections::{HashMap, HashSet},
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
    rebuild::{RebuildError, SLICES},
    rows::{BLOCK_BYTES, Row},
    timelines::{ByEntity, EntityRef, Packed, TimelineError},
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
    /// Each frame's rows, one after another.
    frames: Vec<Box<[u8]>>,
    /// Where each entity's rows lie, in the order of the log.
    entities: ByEntity<Vec<Span>>,
    pub(crate) totals: Totals,
    pub(crate) applied: Applied,
}

/// Where a row lies: in which frame's rows, from where to where.
#[derive(Clone, Copy)]
struct Span {
    frame: u32,
    start: u32,
    end: u32,
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
    bytes: Box<[u8]>,
    /// Whose each row is, and where it ends.
    ends: Vec<(EntityRef, u32)>,
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

    /// The blocks of an entity; none where the log does not speak of it.
    pub fn packed(&self, entity: &EntityRef) -> Packed {
        self.entities.get(entity).map(|spans| self.packed_of(spans)).unwrap_or_default()
    }

    /// Every entity with its blocks, in the order of its key in the store.
    pub(crate) fn in_order(&self) -> impl Iterator<Item = (&EntityRef, Packed)> {
        // As keys are ordered: by slice first, and a slice is put in order when it is reached, so that
        // whoever takes the entities need not wait for all of that.
        let mut slices: Vec<Vec<(&EntityRef, &[Span])>> = vec![Vec::new(); SLICES];
        for (entity, spans) in &self.entities {
            slices[usize::from(entity.id.as_bytes()[15])].push((entity, spans));
        }
        let entities = slices.into_iter().flat_map(|mut slice| {
            slice.sort_unstable_by_key(|&(EntityRef { tenant, kind, id }, _)| {
                (&**tenant, kind.word(), id)
            });
            slice
        });
        entities.map(|(entity, spans)| (entity, self.packed_of(spans)))
    }

    /// Rows in blocks, as the store has them.
    fn packed_of(&self, spans: &[Span]) -> Packed {
        let mut left: usize = self.rows(spans).map(<[u8]>::len).sum();
        let mut blocks: Vec<Vec<u8>> = Vec::new();
        for row in self.rows(spans) {
            match blocks.last_mut() {
                Some(tail) if tail.len() <= BLOCK_BYTES => tail.extend_from_slice(row),
                _ => {
                    let mut block = Vec::with_capacity(left.min(BLOCK_BYTES + row.len()));
                    block.extend_from_slice(row);
                    blocks.push(block);
                }
            }
            left -= row.len();
        }
        Packed { rows: spans.len(), blocks }
    }

    fn rows<'a>(&'a self, spans: &'a [Span]) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        spans.iter().map(|Span { frame, start, end }| {
            &self.frames[*frame as usize][*start as usize..*end as usize]
        })
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
        let (frame, mut start) = (narrow(self.frames.len()), 0);
        for (entity, end) in ends {
            self.entities.entry(entity).or_default().push(Span { frame, start, end });
            start = end;
        }
        self.frames.push(bytes);
        let log = if sequence == 1 { place.hash } else { self.applied.log };
        self.applied = Applied { place, latest, log };
        (self.totals.latest, self.totals.whole) = (latest, place.last);
        Ok(())
    }
}

/// There are far fewer frames than this holds, and far fewer bytes in the rows of one: the largest
/// frame's words would have to be said thousands of times over.
fn narrow(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Decodes frames, one after another.
#[derive(Default)]
struct Reader {
    /// One word for each tenant, or every entity would keep its own.
    tenants: HashSet<Word>,
    /// A frame's rows in the making; what they grew through is used again for the next.
    bytes: Vec<u8>,
}

impl Reader {
    fn read(&mut self, stored: Stored) -> Read {
        let Stored { sequence, body } = stored;
        match Link::read(body) {
            Ok((link, frame)) => {
                let (latest, rows) = (frame.latest(), self.rows_of(&frame));
                Read { sequence, link: Ok(link), latest, rows }
            }
            Err(error) => Read { sequence, link: Err(error), latest: 0, rows: Ok(Rows::default()) },
        }
    }

    fn rows_of(&mut self, frame: &Frame) -> Result<Rows, TimelineError> {
        let mut rows = Rows::default();
        self.bytes.clear();
        for (position, commit) in (frame.first..).zip(&frame.commits) {
            let (tenant, mut digest) = (self.tenant(&commit.tenant), Digest::default());
            for facts in &commit.entities {
                let Some(kind) = Kind::from_word(&facts.kind) else {
                    rows.passed.push((facts.kind.clone(), facts.facts.len() as u64));
                    continue;
                };
                for (index, fact) in facts.facts.iter().enumerate() {
                    let row = Row::of(commit, position, frame.recorded_at, index as u32, fact)?;
                    digest.add(&row.logical(kind, &commit.tenant, facts.id)?);
                    row.append_to(&mut self.bytes);
                    let entity = EntityRef { tenant: tenant.clone(), kind, id: facts.id };
                    rows.ends.push((entity, narrow(self.bytes.len())));
                }
            }
            match rows.digests.get_mut(&commit.tenant) {
                Some(sum) => sum.merge(&digest),
                None => {
                    rows.digests.insert(tenant, digest);
                }
            }
        }
        rows.bytes = self.bytes.as_slice().into();
        Ok(rows)
    }

    fn tenant(&mut self, named: &Word) -> Word {
        match self.tenants.get(named) {
            Some(tenant) => tenant.clone(),
            None => {
                self.tenants.insert(named.clone());
                named.clone()
            }
        }
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
                let mut reader = Reader::default();
                for batch in inbox {
                    let batch = batch.into_iter().map(|it| reader.read(it)).collect();
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
