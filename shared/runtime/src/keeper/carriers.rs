//! The two tasks that carry frames for the keeper: into the log, and back from it.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use event_log::{AppendError, Chain, EventLog, Frame, FrameHash, Stored};
use tokio::{
    sync::{Semaphore, mpsc},
    time::sleep,
};

use super::Event;
use crate::{appender::Outgoing, clock};

/// How many frames of its own a process remembers until the log gives them back.
const OWN_MAX: usize = 256;
/// How many frames are asked of the log at once.
const FRAMES_PER_READ: usize = 256;
/// How many batches of frames may wait for the keeper.
const BATCHES_WAITING_MAX: usize = 16;

/// Frames that are known to be in the log because this process put them there: the follower need
/// not decode them again.
pub(super) type Own = Arc<Mutex<VecDeque<OwnFrame>>>;

pub(super) struct OwnFrame {
    previous: FrameHash,
    first: u64,
    place: Chain,
    body: Bytes,
}

/// Appends frames one after another, and tells the keeper what became of each.
pub(super) async fn append(
    log: EventLog,
    mut frames: mpsc::UnboundedReceiver<Outgoing>,
    events: mpsc::UnboundedSender<Event>,
    own: Own,
) {
    let mut losses = 0;
    while let Some(Outgoing { guard, body, hash, previous, summary }) = frames.recv().await {
        let (first, commits) = (summary.first, summary.commits as u64);
        let pause = backoff(losses);
        if !pause.is_zero() {
            sleep(pause).await;
        }
        let result = tokio::select! {
            result = log.append(guard, body.clone(), summary) => result,
            () = events.closed() => return,
        };
        losses = if matches!(result, Err(AppendError::Conflict { .. })) { losses + 1 } else { 0 };
        if let Ok(sequence) = result {
            let place = Chain { sequence, last: first + commits - 1, hash };
            let own = &mut own.lock().unwrap_or_else(PoisonError::into_inner);
            // What is forgotten is decoded again.
            if own.len() == OWN_MAX {
                own.pop_front();
            }
            own.push_back(OwnFrame { previous, first, place, body });
        }
        if events.send(Event::Appended(guard, result)).is_err() {
            return;
        }
    }
}

/// A process that keeps losing waits a little, each for another while, so that all get through.
fn backoff(losses: u32) -> Duration {
    const LOSSES_FREE: u32 = 2;
    const DOUBLINGS_MAX: u32 = 5;
    let Some(doublings) = losses.checked_sub(LOSSES_FREE) else {
        return Duration::ZERO;
    };
    let most = 1_000_u64 << doublings.min(DOUBLINGS_MAX);
    let chance = clock::random_bytes().map_or(most, u64::from_le_bytes);
    Duration::from_micros(chance % most)
}

/// Follows the log, and hands the frames of others to the keeper.
pub(super) async fn follow(
    log: EventLog,
    mut chain: Chain,
    events: mpsc::UnboundedSender<Event>,
    head: Arc<AtomicU64>,
    own: Own,
) {
    let room = Arc::new(Semaphore::new(BATCHES_WAITING_MAX));
    let mut frames = log.follow(chain.sequence);
    loop {
        let Ok(permit) = room.clone().acquire_owned().await else {
            return;
        };
        let batch = tokio::select! {
            batch = frames.next_many(FRAMES_PER_READ) => batch,
            () = events.closed() => return,
        };
        let accepted = match batch {
            Ok(batch) => accept(&mut chain, &own, batch),
            Err(error) => Err(error.to_string()),
        };
        head.fetch_max(chain.last, Ordering::Relaxed);
        let event = match accepted {
            Ok(batch) if batch.is_empty() => continue,
            Ok(batch) => Event::Followed(batch, permit),
            Err(why) => Event::Broken(why),
        };
        let broken = matches!(event, Event::Broken(_));
        if events.send(event).is_err() || broken {
            return;
        }
    }
}

/// Takes frames in, and gives those that others have written.
fn accept(
    chain: &mut Chain,
    own: &Own,
    batch: Vec<Stored>,
) -> Result<Vec<(u64, FrameHash, Frame)>, String> {
    let mut foreign = Vec::new();
    for Stored { sequence, body } in batch {
        if !is_own(chain, own, sequence, &body) {
            let frame = chain.accept(sequence, body).map_err(|error| error.to_string())?;
            foreign.push((sequence, chain.hash, frame));
        }
    }
    Ok(foreign)
}

/// Takes in the very frame that this process appended there, if it did.
fn is_own(chain: &mut Chain, own: &Own, sequence: u64, body: &[u8]) -> bool {
    let mut own = own.lock().unwrap_or_else(PoisonError::into_inner);
    while own.front().is_some_and(|frame| frame.place.sequence < sequence) {
        own.pop_front();
    }
    let Some(frame) = own.pop_front_if(|frame| frame.place.sequence == sequence) else {
        return false;
    };
    let follows = sequence == chain.sequence + 1
        && frame.first == chain.last + 1
        && frame.previous == chain.hash;
    let same = follows && *body == frame.body;
    if same {
        *chain = frame.place;
    }
    same
}
