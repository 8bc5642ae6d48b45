//! The appender: decides commands one after another and groups them into frames.
//!
//! Commands are decided on local timelines plus what is decided but not yet acknowledged, so that
//! a busy entity costs no round trips. A frame leaves as soon as the one before is acknowledged;
//! then whoever waited for that one is told, and it is folded while the next is on its way and the
//! callers read their answers. Nothing is decided before that is done, and who asks waits for it.
//! When another process was faster, everything that is not in the log is decided again: decisions
//! are pure, so that those whose entities were not touched come out as they were.

mod answering;
mod in_flight;
mod judging;

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use bytes::Bytes;
use domain::Rejection;
use event_log::{
    AppendError, Chain, Commit, FRAME_HEAD_BYTES, Frame, FrameHash, FrameSummary, MAX_FRAME_BYTES,
    Word,
};
use read_model::StoreError;
use uuid::Uuid;

use self::{
    answering::Unchanged,
    in_flight::{Asked, Awaited, InFlight, Pending},
    judging::Decided,
};
use crate::{
    clock::Clock,
    desk::Ahead,
    fold::{Fold, FoldError},
    order::{Order, Refusal, Reply},
    timelines::ByEntity,
    vault::Vault,
};

/// The position of what is not in the log yet: beyond every real one, so that no etag matches it.
const ON_ITS_WAY: u64 = u64::MAX;

/// A frame to be appended after the one with stream sequence `guard`.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// Stream sequence of the frame before.
    pub guard: u64,
    /// The frame.
    pub body: Bytes,
    /// The hash of its body.
    pub hash: FrameHash,
    /// The hash of the frame before.
    pub previous: FrameHash,
    /// For people who look at the stream.
    pub summary: FrameSummary,
}

/// Decides, groups, and answers. Driven by one thread; does no IO of its own but reading timelines.
pub struct Appender {
    pub(crate) fold: Fold,
    vault: Arc<Vault>,
    clock: Clock,
    writer: Uuid,
    ahead: ByEntity<Ahead>,
    in_flight: Option<InFlight>,
    /// In the log, but not folded yet: the next frame leaves first.
    acknowledged: Option<(Chain, InFlight)>,
    waiting: VecDeque<Pending>,
    unchanged: HashMap<(Word, Uuid), Unchanged>,
    /// The last position that a caller was told of before it was folded.
    pub(crate) told: Arc<AtomicU64>,
    stopped: Option<String>,
    /// What it has done so far.
    pub counts: Counts,
}

/// What an appender has done since it started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// How often another process was faster.
    pub conflicts: u64,
    /// Frames of its own that are in the log.
    pub frames: u64,
    /// Commits in them.
    pub commits: u64,
}

impl Appender {
    /// An appender that goes on from what the fold has taken in.
    pub fn new(fold: Fold, vault: Arc<Vault>, clock: Clock, writer: Uuid) -> Appender {
        Appender {
            fold,
            vault,
            clock,
            writer,
            ahead: ByEntity::default(),
            in_flight: None,
            acknowledged: None,
            waiting: VecDeque::new(),
            unchanged: HashMap::new(),
            told: Arc::default(),
            stopped: None,
            counts: Counts::default(),
        }
    }

    /// Decides a command. It is answered at once, or when its frame is acknowledged.
    pub fn ask(&mut self, order: Order, reply: Reply) {
        self.take_in();
        if let Some(why) = &self.stopped {
            return reply.send(Err(Refusal::Stopped(why.clone())));
        }
        let decided = self.decide(&order);
        let settled = match &decided {
            Ok(Decided::Commit(_)) => false,
            Ok(Decided::Answer(answer)) if answer.repeated => answer.position != ON_ITS_WAY,
            // It may have been decided upon facts that are still on their way, of any entity.
            _ => self.ahead.is_empty(),
        };
        if settled {
            let answer = decided.map(|decided| self.unrecorded(&order, &decided));
            return reply.send(answer);
        }
        let decided = decided.and_then(|decided| match decided {
            Decided::Commit(commit) => self.look_ahead(&commit).map(|()| Some(commit)),
            Decided::Answer(_) => Ok(None),
        });
        self.waiting.push_back(Pending { asked: Asked { order, reply }, decided });
    }

    /// The next frame to be appended, when none is on its way and there is something to say.
    pub fn next_frame(&mut self) -> Option<Outgoing> {
        if self.in_flight.is_some() || self.stopped.is_some() || self.waiting.is_empty() {
            return None;
        }
        let mut room = MAX_FRAME_BYTES - FRAME_HEAD_BYTES;
        let (mut commits, mut awaited) = (Vec::new(), Awaited::default());
        while let Some(Pending { asked, decided }) = self.waiting.pop_front() {
            let size = match &decided {
                Ok(Some(commit)) => commit.size_hint(),
                _ => 0,
            };
            if size > room && !commits.is_empty() {
                self.waiting.push_front(Pending { asked, decided });
                break;
            }
            room = room.saturating_sub(size);
            match decided {
                Ok(Some(commit)) => {
                    commits.push(commit);
                    awaited.recorded.push(asked);
                }
                Ok(None) => awaited.others.push((asked, Ok(()))),
                Err(refusal) => awaited.others.push((asked, Err(refusal))),
            }
        }
        if commits.is_empty() {
            self.take_in();
            self.answer(awaited.others);
            return None;
        }
        self.launch(commits, awaited)
    }

    /// The log's answer to the frame after `guard`. When it is in the log, the next one may leave
    /// at once; then [`Appender::tell`] answers, and [`Appender::take_in`] folds it.
    pub fn appended(&mut self, guard: u64, result: Result<u64, AppendError>) {
        let Some(mut in_flight) = self.in_flight.take_if(|flight| flight.guard == guard) else {
            return; // Settled already: the follower saw the frame first.
        };
        match result {
            Ok(sequence) => {
                let (last, hash) = (in_flight.frame.last(), in_flight.hash);
                self.acknowledged = Some((Chain { sequence, last, hash }, in_flight));
            }
            Err(AppendError::Conflict { .. }) => {
                in_flight.refused = true;
                self.in_flight = Some(in_flight);
                self.decide_again_when_caught_up();
            }
            Err(AppendError::Closed { .. }) => {
                self.in_flight = Some(in_flight);
                self.fail("the log's connection was closed");
            }
            Err(error) => {
                in_flight.awaited.refuse(&Refusal::Unavailable(error.to_string()));
                self.decide_again();
            }
        }
    }

    /// Tells those whose commits are in the frame that was acknowledged. Until it is folded, nobody
    /// may look at what they were told of: see [`Keeper::told`](crate::keeper::Keeper::told).
    /// Gives whether there was anybody.
    pub fn tell(&mut self) -> bool {
        // The log has no name yet before its first frame is folded, and answers carry it.
        let has_name = self.fold.applied().log != FrameHash::NONE;
        let Some((_, flight)) = self.acknowledged.as_mut().filter(|_| has_name) else {
            return false;
        };
        self.told.store(flight.frame.last(), Ordering::Release);
        flight.tell();
        true
    }

    /// Folds the frame that was acknowledged, and answers those who still wait for it.
    pub fn take_in(&mut self) {
        let Some((place, flight)) = self.acknowledged.take() else { return };
        match self.fold.apply(place, &flight.frame) {
            Ok(()) => self.settle(flight),
            Err(error) => {
                flight.awaited.refuse(&Refusal::Stopped(error.to_string()));
                self.stop_for(&error);
            }
        }
    }

    /// A frame of the log, written by whomever. Those seen already pass by.
    pub fn follow(&mut self, sequence: u64, hash: FrameHash, frame: &Frame) {
        self.take_in();
        let place = self.fold.applied().place;
        if sequence == place.sequence && hash != place.hash && self.stopped.is_none() {
            let position = frame.first;
            return self.fail(&format!(
                "stream sequence {sequence} with position {position} is not the frame that was \
                 acknowledged there: restore the log from a copy"
            ));
        }
        if sequence <= place.sequence || self.stopped.is_some() {
            return;
        }
        let place = Chain { sequence, last: frame.last(), hash };
        if let Err(error) = self.fold.apply(place, frame) {
            return self.stop_for(&error);
        }
        match self.in_flight.take_if(|flight| flight.hash == hash) {
            Some(flight) => self.settle(flight),
            None => self.decide_again_when_caught_up(),
        }
    }

    /// Hands what is folded to the store; stops deciding when the store does not take it.
    pub fn flush(&mut self) {
        if let Err(error) = self.fold.flush() {
            self.fail(&error.to_string());
        }
    }

    /// Writes what is folded and closes the store.
    pub fn close(self) -> Result<(), StoreError> {
        self.fold.close()
    }

    /// Stops deciding because it cannot go on.
    pub fn fail(&mut self, why: &str) {
        tracing::error!(why, "the appender stopped");
        self.stop(why);
    }

    /// Stops deciding: the reason is given to everybody who waits and who comes.
    pub fn stop(&mut self, why: &str) {
        self.stopped = Some(why.to_owned());
        let refusal = Refusal::Stopped(why.to_owned());
        let acknowledged = self.acknowledged.take().map(|(_, flight)| flight);
        for flight in acknowledged.into_iter().chain(self.in_flight.take()) {
            flight.awaited.refuse(&refusal);
        }
        for pending in self.waiting.drain(..) {
            pending.asked.reply.send(Err(refusal.clone()));
        }
    }

    /// Why it stopped, if it did.
    pub fn stopped(&self) -> Option<&str> {
        self.stopped.as_deref()
    }

    /// Whether the frame on its way lost against one that has not come in yet.
    pub fn is_refused(&self) -> bool {
        self.in_flight.as_ref().is_some_and(|flight| flight.refused)
    }

    /// Gives up on a frame that was refused, and decides its commands again.
    pub fn decide_again_if_refused(&mut self) {
        if self.is_refused() {
            self.decide_again();
        }
    }

    fn stop_for(&mut self, error: &FoldError) {
        self.fail(&error.to_string());
    }

    /// Where the next frame goes, and the latest clock before it: after everything that is known
    /// to be in the log, folded or not.
    fn tip(&self) -> (Chain, i64) {
        match &self.acknowledged {
            Some((place, flight)) => (*place, flight.frame.latest()),
            None => (self.fold.applied().place, self.fold.applied().latest),
        }
    }

    fn launch(&mut self, commits: Vec<Commit>, awaited: Awaited) -> Option<Outgoing> {
        let (place, latest) = self.tip();
        let now = self.clock.now().0;
        let frame = Frame {
            first: place.last + 1,
            previous: place.hash,
            recorded_at: now,
            behind: u64::try_from(latest.saturating_sub(now)).unwrap_or(0),
            writer: self.writer,
            commits,
        };
        let guard = place.sequence;
        match frame.encode_hashed() {
            Ok((body, hash)) => {
                let summary = frame.summary(None);
                self.in_flight = Some(InFlight { guard, hash, frame, awaited, refused: false });
                Some(Outgoing { guard, body, hash, previous: place.hash, summary })
            }
            Err(error) => {
                let refusal = Refusal::Rejected(Rejection::invalid(
                    "COMMAND_TOO_LARGE",
                    "",
                    format!("the command does not fit into a frame: {error}"),
                ));
                awaited.refuse(&refusal);
                self.take_in();
                self.decide_again();
                None
            }
        }
    }

    fn decide_again_when_caught_up(&mut self) {
        let place = self.fold.applied().place;
        match &self.in_flight {
            Some(flight) if flight.refused && place.sequence > flight.guard => {
                self.counts.conflicts += 1;
                self.decide_again();
            }
            Some(_) => {}
            // Decided before the frame that came in now, and not sent yet.
            None => self.decide_again(),
        }
    }

    fn decide_again(&mut self) {
        let flight = self.in_flight.take().map(|flight| flight.awaited).unwrap_or_default();
        let waiting = std::mem::take(&mut self.waiting);
        self.ahead.clear();
        let waiting = waiting.into_iter().map(|pending| pending.asked);
        // Those without a commit come after those with one: nobody was promised an order before an
        // answer, and what repeats another still finds it.
        flight.all().chain(waiting).for_each(|Asked { order, reply }| self.ask(order, reply));
    }
}
