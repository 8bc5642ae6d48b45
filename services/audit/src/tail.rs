//! TailEvents: a tenant's facts as they become known. The log is read frame by frame, each when the
//! listener has taken what came before, so that a slow one costs nothing but its own time.

use std::{collections::VecDeque, pin::Pin, sync::Arc};

use api::audit::v1::{Event, TailEventsRequest, TailEventsResponse};
use domain::{Instant, Kind, Known};
use event_log::Commit;
use futures::{Stream, stream};
use runtime::{
    fold::Applied,
    query::{Asked, Caller, QueryError},
    runtime::Runtime,
};
use tokio::sync::watch;
use tonic::Status;

use crate::{history, steps::steps};

/// How many events one message holds.
const EVENTS_MAX: usize = 100;
/// How many commits are looked through before the listener hears how far it is.
const COMMITS_MAX: usize = 10_000;

/// The messages that a listener gets.
pub type Tailed = Pin<Box<dyn Stream<Item = Result<TailEventsResponse, Status>> + Send>>;

/// Somebody who listens. Whoever goes away lets go of it, and nothing is left running.
struct Tail {
    runtime: Arc<Runtime>,
    caller: Caller,
    kinds: Vec<Kind>,
    /// The last commit to show; `None` to go on with what happens.
    end: Option<u64>,
    /// How many events more.
    left: u64,
    applied: watch::Receiver<Applied>,
    /// The position of the next commit to look at.
    next: u64,
    /// The frame that was read last.
    sequence: u64,
    /// Commits of that frame, from `next` on.
    commits: VecDeque<Commit>,
    /// Events of the commit before `next` that had no room.
    waiting: VecDeque<Event>,
    is_over: bool,
}

/// Begins where the request says.
pub fn tail(
    runtime: Arc<Runtime>,
    caller: Caller,
    request: &TailEventsRequest,
) -> Result<Tailed, QueryError> {
    let kinds = request.kinds.iter().map(|word| history::kind("kinds", word));
    let kinds = kinds.collect::<Result<Vec<Kind>, _>>()?;
    let applied = runtime.applied();
    let reached = applied.borrow().place.last;
    let next = if request.from_position == 0 { reached + 1 } else { request.from_position };
    let tail = Tail {
        runtime,
        caller,
        kinds,
        end: (!request.follow).then_some(reached),
        left: if request.limit == 0 { u64::MAX } else { request.limit },
        applied,
        next,
        sequence: 0,
        commits: VecDeque::new(),
        waiting: VecDeque::new(),
        is_over: false,
    };
    Ok(Box::pin(stream::unfold(tail, |mut tail| async {
        let next = tail.next().await?;
        tail.is_over = next.is_err();
        Some((next, tail))
    })))
}

impl Tail {
    /// The next message; `None` at the end, and after an error.
    async fn next(&mut self) -> Option<Result<TailEventsResponse, Status>> {
        let is_past = self.waiting.is_empty() && self.end.is_some_and(|end| self.next > end);
        if self.is_over || self.left == 0 || is_past {
            return None;
        }
        while self.applied.borrow_and_update().place.last < self.next && self.waiting.is_empty() {
            if !self.has_moved().await {
                let message = "the process takes no more commands: go on at another";
                return Some(Err(Status::unavailable(message)));
            }
        }
        Some(self.message().await.map_err(Status::from))
    }

    /// Waits until the process has taken in more; `false` when it takes no more.
    async fn has_moved(&mut self) -> bool {
        tokio::select! {
            moved = self.applied.changed() => moved.is_ok(),
            () = self.runtime.keeper.stopped() => false,
        }
    }

    /// What is there already, as far as one message goes.
    async fn message(&mut self) -> Result<TailEventsResponse, QueryError> {
        let mut looked_at = 0;
        let wanted = usize::try_from(self.left).map_or(EVENTS_MAX, |left| left.min(EVENTS_MAX));
        while self.waiting.len() < wanted && looked_at < COMMITS_MAX && self.may_go_on() {
            self.look_at_next().await?;
            looked_at += 1;
        }
        let room = wanted.min(self.waiting.len());
        let events: Vec<Event> = self.waiting.drain(..room).collect();
        self.left -= events.len() as u64;
        // A commit whose events have not all been sent is not whole yet.
        let rest = u64::from(!self.waiting.is_empty());
        Ok(TailEventsResponse { events, position: self.next - 1 - rest })
    }

    fn may_go_on(&self) -> bool {
        let reached = self.applied.borrow().place.last;
        self.next <= self.end.map_or(reached, |end| end.min(reached))
    }

    /// Takes in the facts of one commit.
    async fn look_at_next(&mut self) -> Result<(), QueryError> {
        if self.commits.is_empty() {
            let (sequence, frame) = match self.sequence {
                0 => self.runtime.frame_with(self.next).await?,
                before => (before + 1, self.runtime.frame(before + 1).await?),
            };
            let begun = usize::try_from(self.next.saturating_sub(frame.first));
            let begun = begun.map_err(|_| QueryError::Internal("positions jump".to_owned()))?;
            self.sequence = sequence;
            self.commits = frame.commits.into_iter().skip(begun).collect();
        }
        if let Some(commit) = self.commits.pop_front() {
            let position = self.next;
            self.next += 1;
            if commit.tenant == self.caller.tenant {
                self.tell(position, &commit).await?;
            }
        }
        Ok(())
    }

    /// The facts of a commit, as they were known when it was recorded.
    async fn tell(&mut self, position: u64, commit: &Commit) -> Result<(), QueryError> {
        let at = Known { as_of: Instant::END, known_at: position };
        let now = self.runtime.clock.now();
        let asked = Asked { as_of: None, known_at: Some(position), now };
        for entity in &commit.entities {
            // Kinds that only a newer program knows pass by, as everywhere.
            let Some(kind) = Kind::from_word(&entity.kind) else { continue };
            if !self.kinds.is_empty() && !self.kinds.contains(&kind) {
                continue;
            }
            let timeline = history::timeline(&self.runtime, &self.caller, kind, entity.id).await?;
            let mut steps = steps(&timeline, kind, at);
            steps.retain(|step| step.entry.position == position);
            let of = (kind, entity.id);
            let told =
                history::entries(&self.runtime, &self.caller, of, (&asked, at), &steps).await?;
            self.waiting.extend(told.into_iter().map(|entry| Event {
                kind: kind.word().to_owned(),
                id: entity.id.to_string(),
                entry: Some(entry),
            }));
        }
        Ok(())
    }
}
