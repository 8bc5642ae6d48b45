//! How a command becomes a commit: known again, judged, sealed, and put where the next ones see it.

use bytes::Bytes;
use domain::{Instant, Rejection};
use event_log::{Commit, EntityFacts, Word};

use super::{Appender, ON_ITS_WAY, answering::UNCHANGED_MEMORY_US};
use crate::{
    desk::{Decision, Desk, Undecided},
    order::{Answer, Order, Refusal},
    timelines::{EntityRef, entries_of},
    vault::Place,
};

/// What a command comes to.
pub(super) enum Decided {
    Commit(Commit),
    Answer(Answer),
}

impl Appender {
    pub(super) fn decide(&mut self, order: &Order) -> Result<Decided, Refusal> {
        if let Some(answer) = self.first_answer(order)? {
            return Ok(Decided::Answer(answer));
        }
        let desk = Desk {
            timelines: &self.fold.timelines,
            undecided: &self.ahead,
            tenant: &order.tenant,
            now: self.clock.now(),
        };
        if let Some(expected) = order.expected {
            let latest = desk.with(order.kind, order.id, domain::Timeline::last_position)?;
            if latest != expected {
                let message = "somebody changed it since you read it: read it again";
                return Err(Rejection::stale(message).into());
            }
        }
        let decisions = (order.decide)(&desk).map_err(|undecided| match undecided {
            Undecided::Rejected(rejection) => Refusal::Rejected(rejection),
            Undecided::Timelines(error) => Refusal::from(error),
        })?;
        if decisions.iter().all(|decision| decision.facts.is_empty()) {
            return Ok(Decided::Answer(Answer::default()));
        }
        self.commit(order, decisions).map(Decided::Commit)
    }

    /// What a command was answered the first time, when it was asked before.
    fn first_answer(&self, order: &Order) -> Result<Option<Answer>, Refusal> {
        let reused = || {
            let message = "this id was used for another request: give each request its own";
            Refusal::Rejected(Rejection::invalid("REQUEST_ID_REUSED", "request_id", message))
        };
        let desk = Desk {
            timelines: &self.fold.timelines,
            undecided: &self.ahead,
            tenant: &order.tenant,
            now: Instant::BEGINNING,
        };
        let found = desk.with(order.kind, order.id, |timeline| {
            timeline
                .answer_to(order.command_id)
                .map(|entry| (entry.position, entry.provenance.fingerprint))
        })?;
        if let Some((position, fingerprint)) = found {
            if fingerprint != order.fingerprint {
                return Err(reused());
            }
            let answer = Answer { position, etag: position, changed: true, repeated: true };
            return Ok(Some(answer));
        }
        let now = self.clock.now();
        match self.unchanged.get(&(order.tenant.clone(), order.command_id)) {
            Some(it) if now.0 - it.since.0 >= UNCHANGED_MEMORY_US => Ok(None),
            Some(it) if it.fingerprint != order.fingerprint => Err(reused()),
            Some(it) => Ok(Some(Answer { repeated: true, ..it.answer })),
            None => Ok(None),
        }
    }

    fn commit(&self, order: &Order, decisions: Vec<Decision>) -> Result<Commit, Refusal> {
        let mut entities: Vec<EntityFacts> = Vec::with_capacity(decisions.len());
        for decision in decisions {
            let (kind, id) = (decision.kind, decision.id);
            let word = kind.word();
            // One list per entity: a fact's place in it tells it from the command's others.
            let known = entities.iter().position(|facts| facts.id == id && &*facts.kind == word);
            let at = known.unwrap_or_else(|| {
                entities.push(EntityFacts { kind: Word::from(word), id, facts: Vec::new() });
                entities.len() - 1
            });
            let facts = &mut entities[at].facts;
            for mut fact in decision.facts {
                let name = fact.name();
                let place =
                    Place { tenant: &order.tenant, kind, entity: id, fact: name, field: "" };
                self.vault.seal(place, order.command_id, &mut fact)?;
                let body = fact.encode().map_err(|error| Refusal::Internal(error.to_string()))?;
                facts.push(event_log::Fact {
                    name: Word::from(name),
                    occurred_at: decision.occurred_at.0,
                    source_seq: decision.source_seq,
                    body: Bytes::from(body),
                });
            }
        }
        entities.retain(|entity| !entity.facts.is_empty());
        Ok(Commit {
            tenant: order.tenant.clone(),
            command_id: order.command_id,
            fingerprint: order.fingerprint,
            actor: order.actor.clone(),
            origin: order.origin.clone(),
            correlation_id: order.correlation_id,
            causation_id: order.causation_id,
            entities,
        })
    }

    /// Puts a decided commit where the next decisions see it.
    pub(super) fn look_ahead(&mut self, commit: &Commit) -> Result<(), Refusal> {
        let recorded_at = self.clock.now().0;
        for facts in &commit.entities {
            let kind = domain::Kind::from_word(&facts.kind)
                .ok_or_else(|| Refusal::Internal(format!("unknown kind {}", facts.kind)))?;
            let entity = EntityRef { tenant: commit.tenant.clone(), kind, id: facts.id };
            let entries = entries_of(commit, ON_ITS_WAY, recorded_at, kind, &facts.facts)
                .map_err(|error| Refusal::Internal(error.to_string()))?;
            let ahead = self.ahead.entry(entity).or_default();
            ahead.add(entries.into_iter().map(|(entry, _)| entry));
        }
        Ok(())
    }
}
