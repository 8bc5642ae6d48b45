//! Snapshots of views: kept beside the timelines, so that a start need not fold everything.
//!
//! A snapshot is for the very program that wrote it: another one folds anew, so that the shapes of
//! views need no versions. What the log has learned since is folded on top.

use std::{
    fs::File,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, LazyLock,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use domain::Kind;
use event_log::{Chain, EventLog, FrameHash};
use read_model::{Checkpoint, Store, StoreError};
use serde::{Deserialize, Serialize};
use tokio::task::JoinHandle;

use crate::{
    rebuild::RebuildError,
    timelines::{EntityRef, TimelineError, Timelines},
    view::{Fresh, Projection, Snapshot, SnapshotError, Touch},
};

/// So many touches are folded at once on top of a snapshot.
const TOUCHES: usize = 10_000;
/// A snapshot that lacks more than one in so many positions is too old: all together fold faster.
const SHARE: u64 = 8;

/// What is kept before a view's bytes.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Head {
    /// The hash of the program that wrote it.
    program: [u8; 32],
    /// The log that it was folded from.
    log: [u8; 32],
    /// The last frame that it reflects: its last position, its stream sequence, its hash.
    position: u64,
    sequence: u64,
    frame_hash: [u8; 32],
    /// The entities to be loaded again.
    left_out: Vec<EntityRef>,
}

/// A view that was restored, and the place in the log that it reflects.
pub struct Restored {
    view: Box<dyn Fresh>,
    place: Chain,
}

impl Restored {
    /// The view's name.
    pub fn name(&self) -> &'static str {
        self.view.name()
    }
}

/// Views that are still to be folded.
pub type Empty = Vec<Box<dyn Fresh>>;

/// Why a view is not kept, or not taken from what was kept.
#[derive(Debug, thiserror::Error)]
enum Unfit {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Timeline(#[from] TimelineError),
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    #[error("its bytes are not those of the view: {0}")]
    Unreadable(#[from] postcard::Error),
    #[error(
        "it reflects position {position} in the middle of a frame, after one that ends at {whole}"
    )]
    MidFrame { position: u64, whole: u64 },
    #[error("nothing was kept")]
    Nothing,
    #[error("this system does not say which program runs")]
    NoProgram,
    #[error("another program kept it")]
    AnotherProgram,
    #[error("it was folded from another log, or from more of it")]
    AnotherLog,
    #[error("too much has happened since position {0}")]
    TooOld(u64),
    #[error("its bytes are not those that were kept: check the disk")]
    Damaged,
    #[error("reading or writing it panicked: check the disk")]
    Panicked,
}

impl Unfit {
    /// Whether something was kept that is no longer what it was.
    fn is_damage(&self) -> bool {
        matches!(self, Unfit::Damaged | Unfit::Unreadable(_) | Unfit::Panicked)
    }
}

/// Views on their way to be kept, behind a process that answers.
pub struct Keeping {
    task: JoinHandle<()>,
    enough: Arc<AtomicBool>,
}

impl Keeping {
    /// Begins to keep views beside the timelines of the store that is in force now.
    pub fn begin(store: Store, views: Arc<Vec<Box<dyn Projection>>>) -> Keeping {
        let enough = Arc::new(AtomicBool::new(false));
        let told = enough.clone();
        let task = tokio::task::spawn_blocking(move || {
            keep(&store, &views, || !told.load(Ordering::Relaxed));
        });
        Keeping { task, enough }
    }

    /// Ends it after the view that is being written.
    pub async fn end(self) {
        self.enough.store(true, Ordering::Relaxed);
        if let Err(error) = self.task.await {
            tracing::warn!(%error, "keeping views died");
        }
    }
}

/// Keeps views beside the timelines while they are `wanted`, each at the place in the log that it
/// reflects. A view that cannot be kept is folded at the next start, which takes longer and does no
/// harm; so is one that has learned of more than the store has when the process dies.
pub fn keep(store: &Store, views: &[Box<dyn Projection>], wanted: impl Fn() -> bool) {
    let started = std::time::Instant::now();
    let mut kept = 0;
    for view in views.iter().take_while(|_| wanted()) {
        // One after another, or memory would have to hold all of them twice. sled panics over some
        // errors of the disk.
        let keeping = catch_unwind(AssertUnwindSafe(|| keep_one(store, &**view)));
        match keeping.unwrap_or(Err(Unfit::Panicked)) {
            Ok(()) => kept += 1,
            Err(error) => tracing::warn!(view = view.name(), %error, "the view is not kept"),
        }
    }
    if let Err(error) = store.drop_snapshots(|name| views.iter().any(|view| view.name() == name)) {
        tracing::warn!(%error, "what was kept of other views stays");
    }
    tracing::info!(kept, elapsed = ?started.elapsed(), "views are kept for the next start");
}

fn keep_one(store: &Store, view: &dyn Projection) -> Result<(), Unfit> {
    let Checkpoint { log, .. } = store.checkpoint()?;
    let program = program().ok_or(Unfit::NoProgram)?;
    if let Some(kept) = store.snapshot_head(view.name())?
        && let Some((kept, _)) = read_head(&kept)
        && kept.is_of(program, log, view.place())
    {
        return Ok(());
    }
    let Snapshot { position, place, left_out, bytes } = view.snapshot()?;
    if position != place.last {
        return Err(Unfit::MidFrame { position, whole: place.last });
    }
    let (sequence, frame_hash) = (place.sequence, *place.hash.as_bytes());
    let head = Head { program, log, position, sequence, frame_hash, left_out };
    let head = postcard::to_stdvec(&head)?;
    let mut checked = checksum_of(&head, bytes.iter()).to_vec();
    checked.extend_from_slice(&head);
    Ok(store.keep_snapshot(view.name(), &checked, bytes)?)
}

/// A checksum of a head and the bytes after it. Whoever can write here can write timelines too, so it
/// need not withstand anybody, only find what is damaged, missing or old; and it is read at every start.
fn checksum_of<'a>(head: &[u8], bytes: impl IntoIterator<Item = &'a [u8]>) -> [u8; 4] {
    let mut checksum = crc32fast::Hasher::new();
    checksum.update(&(head.len() as u64).to_le_bytes());
    checksum.update(head);
    bytes.into_iter().for_each(|bytes| checksum.update(bytes));
    checksum.finalize().to_le_bytes()
}

/// A head as it is kept: what the checksum of all is said to be, and then the head itself.
fn read_head(kept: &[u8]) -> Option<(Head, [u8; 4])> {
    let (checksum, head) = kept.split_first_chunk()?;
    Some((postcard::from_bytes(head).ok()?, *checksum))
}

/// Restores the views that were kept by this program, of this store's log and not too long ago;
/// gives the others, empty, to be folded.
pub fn restore(
    store: &Store,
    views: &[Box<dyn Projection>],
) -> Result<(Vec<Restored>, Empty), StoreError> {
    let (checkpoint, timelines) = (store.checkpoint()?, Timelines::new(store.clone()));
    let (mut restored, mut others) = (Vec::new(), Vec::new());
    thread::scope(|scope| {
        let restoring: Vec<_> = views
            .iter()
            .map(|view| scope.spawn(|| restore_one(store, &checkpoint, &timelines, view.fresh())))
            .collect();
        for (view, tried) in views.iter().zip(restoring) {
            match tried.join().unwrap_or(Err(Unfit::Panicked)) {
                Ok(one) => restored.push(one),
                Err(why) => {
                    tell(view.name(), &why);
                    // Its head may be that of a sound one, which would not be kept again.
                    if why.is_damage()
                        && let Err(error) = store.drop_snapshots(|name| name != view.name())
                    {
                        tracing::warn!(view = view.name(), %error, "what is damaged stays");
                    }
                    others.push(view.fresh());
                }
            }
        }
    });
    Ok((restored, others))
}

fn tell(view: &str, why: &Unfit) {
    match why {
        Unfit::Nothing => tracing::debug!(view, %why, "the view is folded"),
        Unfit::AnotherProgram | Unfit::AnotherLog | Unfit::TooOld(_) => {
            tracing::info!(view, %why, "the view is folded anew");
        }
        _ => tracing::warn!(view, %why, "what was kept of the view is no good, it is folded anew"),
    }
}

fn restore_one(
    store: &Store,
    checkpoint: &Checkpoint,
    timelines: &Timelines,
    mut view: Box<dyn Fresh>,
) -> Result<Restored, Unfit> {
    let kept = store.snapshot_head(view.name())?.ok_or(Unfit::Nothing)?;
    let (head, checksum) = read_head(&kept).ok_or(Unfit::Damaged)?;
    head.check(checkpoint)?;
    let bytes = store.snapshot_bytes(view.name())?;
    if checksum_of(&kept[checksum.len()..], [&*bytes]) != checksum {
        return Err(Unfit::Damaged);
    }
    view.restore(&bytes)?;
    for entity in &head.left_out {
        view.load(entity, &*timelines.get(entity)?, head.position);
    }
    let hash = FrameHash::from_bytes(head.frame_hash);
    let place = Chain { sequence: head.sequence, last: head.position, hash };
    Ok(Restored { view, place })
}

impl Head {
    /// Whether a program wrote it of a log at a place.
    fn is_of(&self, program: [u8; 32], log: [u8; 32], place: Chain) -> bool {
        let here = (place.last, place.sequence, *place.hash.as_bytes());
        (self.program, self.log) == (program, log)
            && (self.position, self.sequence, self.frame_hash) == here
    }

    /// Whether this program wrote it, and a store's timelines are those that it was folded from and
    /// little more.
    fn check(&self, store: &Checkpoint) -> Result<(), Unfit> {
        if program() != Some(self.program) {
            return Err(Unfit::AnotherProgram);
        }
        let same = self.position != store.position
            || (self.sequence, self.frame_hash) == (store.sequence, store.frame_hash);
        match store.position.checked_sub(self.position) {
            Some(since) if self.log == store.log && same => {
                let is_little = since <= TOUCHES as u64 + store.position / SHARE;
                if is_little { Ok(()) } else { Err(Unfit::TooOld(self.position)) }
            }
            _ => Err(Unfit::AnotherLog),
        }
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
    let touches = touched.into_iter().map(|(entity, position)| {
        let timeline = timelines.get_hot(&entity)?;
        Ok(Touch { entity, timeline, position })
    });
    let touches = touches.collect::<Result<Vec<_>, TimelineError>>()?;
    thread::scope(|scope| {
        for Restored { view, place } in restored {
            let first = touches.partition_point(|touch| touch.position <= place.last);
            let touches = &touches[first..];
            scope.spawn(|| view.apply(touches));
        }
    });
    Ok(())
}

/// The hash of the program that runs. Its file may have been replaced since it was started, so the
/// kernel is asked for what it runs; where it does not tell, nothing is kept.
fn program() -> Option<[u8; 32]> {
    static PROGRAM: LazyLock<io::Result<[u8; 32]>> = LazyLock::new(|| {
        let mut hasher = blake3::Hasher::new();
        hasher.update_reader(File::open("/proc/self/exe")?)?;
        Ok(*hasher.finalize().as_bytes())
    });
    PROGRAM.as_ref().ok().copied()
}
