//! What callers are answered once their frame is folded, and what is remembered of it.

use domain::Instant;
use event_log::{EntityFacts, Word};

use super::{
    Appender,
    in_flight::{Asked, InFlight},
    judging::Decided,
};
use crate::{
    order::{Answer, Order, Refusal},
    timelines::EntityRef,
};

/// How long a command that changed nothing is remembered, in microseconds: ten minutes.
pub(super) const UNCHANGED_MEMORY_US: i64 = 600_000_000;
/// How many such commands are remembered at most.
const UNCHANGED_MEMORY_MAX: usize = 100_000;

/// A command that recorded nothing, what it was answered, and when.
pub(super) struct Unchanged {
    pub(super) fingerprint: [u8; 16],
    pub(super) answer: Answer,
    pub(super) since: Instant,
}

impl Appender {
    /// A frame of ours is in the log and folded: answer who was not told yet, and forget what ran
    /// ahead of it.
    pub(super) fn settle(&mut self, mut flight: InFlight) {
        self.counts.frames += 1;
        self.counts.commits += flight.frame.commits.len() as u64;
        for commit in &flight.frame.commits {
            for facts in &commit.entities {
                self.release(&commit.tenant, facts);
            }
        }
        flight.tell();
        self.answer(flight.awaited.others);
    }

    /// Answers those who have nothing in the log, now that what they were decided upon is folded.
    pub(super) fn answer(&mut self, others: Vec<(Asked, Result<(), Refusal>)>) {
        for (Asked { order, reply }, decided) in others {
            let answer = decided.map(|()| match self.recorded(&order) {
                Some(answer) => answer,
                None => self.unrecorded(&order, &Decided::Answer(Answer::default())),
            });
            reply.send(answer);
        }
    }

    /// The answer to a command that was asked again while it was on its way.
    fn recorded(&self, order: &Order) -> Option<Answer> {
        let timeline = self.fold.timelines.get(&order.entity()).ok()?;
        let position = timeline.answer_to(order.command_id)?.position;
        Some(Answer { position, etag: position, changed: true, repeated: true })
    }

    /// The answer to a command that recorded nothing, which is remembered for a while.
    pub(super) fn unrecorded(&mut self, order: &Order, decided: &Decided) -> Answer {
        let Decided::Answer(answer) = *decided else {
            return Answer::default();
        };
        if answer.repeated {
            return answer;
        }
        let since = self.clock.now();
        let etag = self.fold.timelines.get(&order.entity()).map_or(0, |t| t.last_position());
        let position = self.fold.applied().place.last;
        let answer = Answer { position, etag, changed: false, repeated: false };
        if self.unchanged.len() >= UNCHANGED_MEMORY_MAX {
            self.unchanged.retain(|_, it| since.0 - it.since.0 < UNCHANGED_MEMORY_US);
        }
        if self.unchanged.len() < UNCHANGED_MEMORY_MAX {
            let key = (order.tenant.clone(), order.command_id);
            let fingerprint = order.fingerprint;
            self.unchanged.insert(key, Unchanged { fingerprint, answer, since });
        }
        answer
    }

    fn release(&mut self, tenant: &Word, facts: &EntityFacts) {
        let Some(kind) = domain::Kind::from_word(&facts.kind) else {
            return;
        };
        let entity = EntityRef { tenant: tenant.clone(), kind, id: facts.id };
        if let Some(ahead) = self.ahead.get_mut(&entity) {
            ahead.commits -= 1;
            if ahead.commits == 0 {
                self.ahead.remove(&entity);
            }
        }
    }
}
