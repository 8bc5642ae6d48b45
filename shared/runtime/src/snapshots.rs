//! Snapshots of views: kept when a process stops, so that the next one need not fold everything.
//!
//! A snapshot is for the very program that wrote it: another one folds anew, so that the shapes of
//! views need no versions. What the log has learned since is folded on top.

use std::{
    collections::HashMap,
    fs::File,
    io,
    sync::{Arc, OnceLock},
    thread,
};

use domain::{Kind, Timeline};
use event_log::{Chain, EventLog, FrameHash};
use read_model::{Checkpoint, Store, StoreError};
use serde::{Deserialize, Serialize};

use crate::{
    rebuild::RebuildError,
    timelines::{EntityRef, TimelineError, Timelines},
    view::{Fresh, Projection, Touch},
};

/// So many touches are folded at once on top of a snapshot.
const TOUCHES: usize = 10_000;

/// What stands before a view's bytes.
#[derive(Serialize, Deserialize)]
struct Head {
    /// The hash of the program that wrote it.
    program: [u8; 32],
    /// The log that it was folded from.
    log: [u8; 32],
    /// Position, stream sequence and hash of the last frame that it reflects.
    position: u64,
    sequence: u64,
    frame_hash: [u8; 32],
    /// The hash of the view's bytes.
    bytes_hash: [u8; 32],
    /// The entities to be loaded again.
    left_out: Vec<EntityRef>,
}

/// A view that was restored, and the place in the log that it reflects.
pub struct Restored {
    view: Box<dyn Fresh>,
    place: Chain,
}

/// Why a view could not be kept.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The view does not serialise.
    #[error("it cannot be serialised: {0}")]
    Unserialisable(#[from] postcard::Error),
    /// A fold has not come as far as the store.
    #[error("it reflects position {found} where the store reflects {wanted}")]
    Behind {
        /// What it reflects.
        found: u64,
        /// What the store reflects.
        wanted: u64,
    },
    /// The program cannot read itself.
    #[error("the program cannot be read: {0}")]
    Program(io::Error),
}

/// Keeps every view beside the timelines of a store that nobody writes any more. A view that can
/// not be kept is folded at the next start, which takes longer and does no harm.
pub fn keep(store: &Store, views: &[Box<dyn Projection>]) {
    let started = std::time::Instant::now();
    thread::scope(|scope| {
        for view in views {
            scope.spawn(|| {
                if let Err(error) = keep_one(store, &**view) {
                    tracing::warn!(view = view.name(), %error, "the view is not kept");
                }
            });
        }
    });
    tracing::info!(elapsed = ?started.elapsed(), "the views are kept for the next start");
}

fn keep_one(store: &Store, view: &dyn Projection) -> Result<(), SnapshotError> {
    let checkpoint = store.checkpoint()?;
    let kept = view.snapshot()?;
    if kept.position != checkpoint.position {
        return Err(SnapshotError::Behind { found: kept.position, wanted: checkpoint.position });
    }
    let head = Head {
        program: program().map_err(SnapshotError::Program)?,
        log: checkpoint.log,
        position: checkpoint.position,
        sequence: checkpoint.sequence,
        frame_hash: checkpoint.frame_hash,
        bytes_hash: *blake3::hash(&kept.bytes).as_bytes(),
        left_out: kept.left_out,
    };
    let mut bytes = postcard::to_stdvec(&head)?;
    bytes.extend_from_slice(&kept.bytes);
    Ok(store.keep_snapshot(view.name(), &bytes)?)
}

/// Restores the views that were kept by this program, of this store's log and not too long ago;
/// gives back the others to be folded.
pub fn restore(
    store: &Store,
    views: Vec<Box<dyn Fresh>>,
) -> Result<(Vec<Restored>, Vec<Box<dyn Fresh>>), RebuildError> {
    let (checkpoint, timelines) = (store.checkpoint()?, Timelines::new(store.clone()));
    let (mut restored, mut others) = (Vec::new(), Vec::new());
    thread::scope(|scope| {
        let restoring: Vec<_> = views
            .into_iter()
            .map(|view| scope.spawn(|| restore_one(store, &checkpoint, &timelines, view)))
            .collect();
        for tried in restoring {
            let tried = tried.join().map_err(|_| RebuildError::Thread("restoring".to_owned()))?;
            match tried? {
                (view, Some(place)) => restored.push(Restored { view, place }),
                (view, None) => others.push(view),
            }
        }
        Ok((restored, others))
    })
}

fn restore_one(
    store: &Store,
    checkpoint: &Checkpoint,
    timelines: &Timelines,
    mut view: Box<dyn Fresh>,
) -> Result<(Box<dyn Fresh>, Option<Chain>), RebuildError> {
    let Some(kept) = store.snapshot(view.name())? else { return Ok((view, None)) };
    let Some((head, bytes)) = read_head(&kept).filter(|(head, _)| head.suits(checkpoint)) else {
        return Ok((view, None));
    };
    if let Err(error) = view.restore(bytes) {
        tracing::warn!(view = view.name(), %error, "what was kept of the view cannot be read");
        return Ok((view, None));
    }
    let place = head.place();
    for entity in head.left_out {
        view.load(&entity, &*timelines.get(&entity)?, place.last);
    }
    Ok((view, Some(place)))
}

/// The head and the view's bytes, if they are what was written, and by this very program.
fn read_head(kept: &[u8]) -> Option<(Head, &[u8])> {
    let (head, bytes) = postcard::take_from_bytes::<Head>(kept).ok()?;
    let is_ours = program().is_ok_and(|program| program == head.program);
    let is_whole = is_ours && *blake3::hash(bytes).as_bytes() == head.bytes_hash;
    is_whole.then_some((head, bytes))
}

impl Head {
    fn place(&self) -> Chain {
        let hash = FrameHash::from_bytes(self.frame_hash);
        Chain { sequence: self.sequence, last: self.position, hash }
    }

    /// Whether a store's timelines are those that it was folded from, and little more.
    fn suits(&self, store: &Checkpoint) -> bool {
        let since = store.position.checked_sub(self.position);
        self.log == store.log
            && since.is_some_and(|since| since <= TOUCHES as u64 + store.position / 4)
    }
}

/// Folds into restored views what the log has learned since, up to a position that the store has.
pub async fn catch_up(
    log: &EventLog,
    store: &Store,
    mut restored: Vec<Restored>,
    upto: u64,
) -> Result<Vec<Box<dyn Fresh>>, RebuildError> {
    let Some(mut place) = restored.iter().map(|it| it.place).min_by_key(|place| place.last) else {
        return Ok(Vec::new());
    };
    let (mut frames, mut touched) = (log.follow(place.sequence), Vec::new());
    while place.last < upto {
        let stored = frames.next().await?;
        let frame = place.accept(stored.sequence, stored.body)?;
        for (position, commit) in (frame.first..=upto).zip(&frame.commits) {
            for facts in &commit.entities {
                // Kinds that this program does not know pass by.
                if let Some(kind) = Kind::from_word(&facts.kind) {
                    let entity = EntityRef { tenant: commit.tenant.clone(), kind, id: facts.id };
                    touched.push((entity, position));
                }
            }
        }
        if touched.len() >= TOUCHES || place.last >= upto {
            let (store, touched) = (store.clone(), std::mem::take(&mut touched));
            let folding = tokio::task::spawn_blocking(move || {
                fold_touched(store, touched, &mut restored).map(|()| restored)
            });
            restored = folding.await.map_err(|error| RebuildError::Thread(error.to_string()))??;
        }
    }
    Ok(restored.into_iter().map(|it| it.view).collect())
}

fn fold_touched(
    store: Store,
    touched: Vec<(EntityRef, u64)>,
    restored: &mut [Restored],
) -> Result<(), TimelineError> {
    let timelines = Timelines::new(store);
    let mut read: HashMap<EntityRef, Arc<Timeline>> = HashMap::new();
    let mut touches = Vec::with_capacity(touched.len());
    for (entity, position) in touched {
        let timeline = match read.get(&entity) {
            Some(timeline) => timeline.clone(),
            None => read.entry(entity.clone()).or_insert(timelines.get(&entity)?).clone(),
        };
        touches.push(Touch { entity, timeline, position });
    }
    for Restored { view, place } in restored {
        let first = touches.partition_point(|touch| touch.position <= place.last);
        view.apply(&touches[first..]);
    }
    Ok(())
}

/// The hash of the program that runs. Its file may have been replaced since it was started, so the
/// kernel is asked for what it runs; where it does not tell, nothing is kept.
fn program() -> io::Result<[u8; 32]> {
    static PROGRAM: OnceLock<[u8; 32]> = OnceLock::new();
    if let Some(known) = PROGRAM.get() {
        return Ok(*known);
    }
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(File::open("/proc/self/exe")?)?;
    Ok(*PROGRAM.get_or_init(|| *hasher.finalize().as_bytes()))
}
