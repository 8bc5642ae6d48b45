//! The desk: what a decision may look at, which is everything decided before it.

use std::{borrow::Borrow, cell::OnceCell};

use domain::{Entity, Entry, Fact, Instant, Known, Rejection, Timeline, entity::judge_made};
use event_log::Word;
use uuid::Uuid;

use crate::timelines::{ByEntity, EntityRef, TimelineError, Timelines};

/// Timelines as they stand once everything that was decided, acknowledged or not, is recorded.
pub struct Desk<'a> {
    pub(crate) timelines: &'a Timelines,
    pub(crate) undecided: &'a ByEntity<Ahead>,
    pub(crate) tenant: &'a Word,
    pub(crate) now: Instant,
}

/// What commits on their way add to a timeline, and how many of them do.
#[derive(Debug, Default)]
pub(crate) struct Ahead {
    entries: Vec<Entry>,
    /// The timeline with them, made when somebody looks: few commands meet another on its way.
    whole: OnceCell<Timeline>,
    pub(crate) commits: usize,
}

impl Ahead {
    /// Adds what one more commit says.
    pub(crate) fn add(&mut self, entries: impl Iterator<Item = Entry>) {
        self.commits += 1;
        match self.whole.get_mut() {
            Some(whole) => extend(whole, entries),
            None => self.entries.extend(entries),
        }
    }

    fn timeline(&self, folded: &Timeline) -> &Timeline {
        self.whole.get_or_init(|| {
            let mut whole = folded.clone();
            extend(&mut whole, self.entries.iter().cloned());
            whole
        })
    }
}

fn extend(timeline: &mut Timeline, entries: impl Iterator<Item = Entry>) {
    for entry in entries {
        // What is folded meanwhile is there already, and keeps its real position.
        timeline.insert(entry);
    }
}

/// Facts to be recorded on one entity, and when they happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The entity.
    pub kind: domain::Kind,
    /// The entity.
    pub id: Uuid,
    /// When its facts happened.
    pub occurred_at: Instant,
    /// The source's order among facts of one instant; for a command, after those that are there.
    pub source_seq: u64,
    /// The facts, text still plain.
    pub facts: Vec<Fact>,
}

/// Why there is no decision.
#[derive(Debug, thiserror::Error)]
pub enum Undecided {
    /// The rules say no.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// The timelines cannot be read.
    #[error(transparent)]
    Timelines(#[from] TimelineError),
}

impl Desk<'_> {
    /// An entity's timeline with everything decided so far.
    pub fn with<T>(
        &self,
        kind: domain::Kind,
        id: Uuid,
        look: impl FnOnce(&Timeline) -> T,
    ) -> Result<T, TimelineError> {
        let entity = EntityRef { tenant: self.tenant.clone(), kind, id };
        let folded = self.timelines.get_hot(&entity)?;
        match self.undecided.get(&entity) {
            Some(ahead) => Ok(look(ahead.timeline(&folded))),
            None => Ok(look(&folded)),
        }
    }

    /// The entities of the tenant that commits on their way reach into: what views do not know yet.
    pub fn on_their_way(&self) -> impl Iterator<Item = (domain::Kind, Uuid)> {
        let of_tenant = self.undecided.keys().filter(|entity| entity.tenant == *self.tenant);
        of_tenant.map(|entity| (entity.kind, entity.id))
    }

    /// The present, as the command was decided.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// The state of an entity with everything decided so far.
    pub fn state<E: Entity>(&self, id: Uuid) -> Result<E, TimelineError> {
        self.with(E::KIND, id, |timeline| timeline.state(Known::NOW))
    }

    /// When a command without a date happens: now, and after everything on the timeline, so that
    /// skewed clocks cannot reorder live work.
    pub fn instant(&self, asked: Option<Instant>, timeline: &Timeline) -> Instant {
        let after_all = timeline.last_instant().map_or(Instant::BEGINNING, Instant::next);
        asked.unwrap_or_else(|| self.now.max(after_all))
    }

    /// Judges a command on one entity at its instant.
    pub fn judge<E: Entity>(
        &self,
        id: Uuid,
        at: Option<Instant>,
        command: &E::Command,
    ) -> Result<Vec<Decision>, Undecided> {
        self.judge_made::<E, &E::Command>(id, at, |_, _| Ok(command))
    }

    /// Judges what `make` makes of an entity as it stands at the command's instant.
    pub fn judge_made<E: Entity, C: Borrow<E::Command>>(
        &self,
        id: Uuid,
        at: Option<Instant>,
        make: impl FnOnce(&E, Instant) -> Result<C, Undecided>,
    ) -> Result<Vec<Decision>, Undecided> {
        self.with(E::KIND, id, |timeline| {
            let at = self.instant(at, timeline);
            let facts = judge_made::<E, C, Undecided>(timeline, at, |state| make(state, at))?;
            if facts.is_empty() {
                return Ok(Vec::new());
            }
            let source_seq = timeline.sequence_after(at);
            Ok(vec![Decision { kind: E::KIND, id, occurred_at: at, source_seq, facts }])
        })?
    }
}
