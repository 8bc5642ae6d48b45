//! What every entity is: a state that evolves by facts, and rules that judge commands.

use std::borrow::Borrow;

use uuid::Uuid;

use crate::{Fact, Instant, Kind, Known, Moment, Rejection, Timeline};

/// A consistency boundary: one timeline of facts, one state at each instant.
pub trait Entity: Default {
    /// Its own facts.
    type Fact: Into<Fact>;
    /// What may be asked of it.
    type Command;
    /// The kind that its timelines are stored under.
    const KIND: Kind;

    /// The fact, when it is one of this entity's.
    fn fact(fact: &Fact) -> Option<&Self::Fact>;
    /// Records that something happened. Total: a stored fact is never refused.
    fn evolve(&mut self, moment: &Moment, fact: &Self::Fact);
    /// Chooses what happens next. Already so = no facts.
    fn decide(&self, command: &Self::Command) -> Result<Vec<Self::Fact>, Rejection>;
    /// What the recorded facts say that the rules would have refused.
    fn faults(&self) -> &[Fault];
}

/// A data-quality fault: something recorded, because a system of record saw it, that does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// A stable UPPER_SNAKE word.
    pub kind: &'static str,
    /// What does not fit, in a sentence.
    pub detail: String,
    /// When the fact at fault happened.
    pub at: Instant,
    /// The command that recorded it.
    pub command_id: Uuid,
}

impl Fault {
    /// A fault of the fact at this moment.
    pub fn at(moment: &Moment, kind: &'static str, detail: impl Into<String>) -> Fault {
        Fault { kind, detail: detail.into(), at: moment.occurred_at, command_id: moment.command_id }
    }

    /// Whether both say the same of the same fact, in whatever words.
    fn is_of_same_fact(&self, other: &Fault) -> bool {
        (self.kind, self.at, self.command_id) == (other.kind, other.at, other.command_id)
    }
}

/// Judges a command strictly at its instant, after everything recorded for that instant; a backdated
/// one must leave the later facts legal.
pub fn judge<E: Entity>(
    timeline: &Timeline,
    at: Instant,
    command: &E::Command,
) -> Result<Vec<Fact>, Rejection> {
    judge_made::<E, &E::Command, Rejection>(timeline, at, |_| Ok(command))
}

/// The same for a command that is made of the state which it is judged upon: with everything recorded
/// for its instant.
pub fn judge_made<E: Entity, C: Borrow<E::Command>, X: From<Rejection>>(
    timeline: &Timeline,
    at: Instant,
    make: impl FnOnce(&E) -> Result<C, X>,
) -> Result<Vec<Fact>, X> {
    let state: E = timeline.state(Known { as_of: at.next(), ..Known::NOW });
    let command = make(&state)?;
    let facts: Vec<Fact> = state.decide(command.borrow())?.into_iter().map(Into::into).collect();
    let backdated = timeline.last_instant().is_some_and(|last| last >= at);
    if backdated && !facts.is_empty() {
        let mut trial = timeline.clone();
        trial.suppose(at, &facts);
        refuse_new_faults::<E>(timeline, &trial, "LATER_FACTS_CONFLICT")?;
    }
    Ok(facts)
}

/// Judges a void: the command must be here, not be a void itself, and nothing may hang on it.
pub fn judge_void<E: Entity>(
    timeline: &Timeline,
    at: Instant,
    command_id: Uuid,
    void: Fact,
) -> Result<Vec<Fact>, Rejection> {
    let Some(entry) = timeline.answer_to(command_id) else {
        let message = format!("no command {command_id} on this {}; see its history", E::KIND);
        return Err(Rejection::not_found("COMMAND_NOT_FOUND", "command_id", message));
    };
    if entry.fact.voids().is_some() {
        let message = "a void cannot be voided; restate the facts instead";
        return Err(Rejection::precondition("VOID_OF_VOID", message));
    }
    if timeline.is_voided(command_id) {
        return Ok(Vec::new());
    }
    let mut trial = timeline.clone();
    trial.suppose(at, std::slice::from_ref(&void));
    refuse_new_faults::<E>(timeline, &trial, "LATER_FACTS_DEPEND")?;
    Ok(vec![void])
}

/// The faults that came with the facts of one position, on those facts or on others.
pub fn faults_with<E: Entity>(timeline: &Timeline, position: u64) -> Vec<Fault> {
    let at = |known_at| timeline.state::<E>(Known { known_at, ..Known::NOW });
    let after = at(position);
    if after.faults().is_empty() {
        return Vec::new();
    }
    let before = at(position.saturating_sub(1));
    new_faults(&before, &after).cloned().collect()
}

/// The faults that one state has and the other had not.
fn new_faults<'a, E: Entity>(before: &'a E, after: &'a E) -> impl Iterator<Item = &'a Fault> {
    let is_new = |fault: &&Fault| !before.faults().iter().any(|it| it.is_of_same_fact(fault));
    after.faults().iter().filter(is_new)
}

fn refuse_new_faults<E: Entity>(
    before: &Timeline,
    after: &Timeline,
    reason: &'static str,
) -> Result<(), Rejection> {
    let known = before.state::<E>(Known::NOW);
    let trial = after.state::<E>(Known::NOW);
    match new_faults(&known, &trial).next() {
        None => Ok(()),
        Some(fault) => Err(Rejection::precondition(
            reason,
            format!("facts recorded for later instants would no longer fit: {}", fault.detail),
        )),
    }
}

#[cfg(test)]
mod tests;
