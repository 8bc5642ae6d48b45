//! The desk: what a decision may look at, which is everything decided before it.

use domain::{Entity, Fact, Instant, Known, Rejection, Timeline, entity::judge};
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

/// A timeline ahead of the log, and how many commits on their way reach into it.
#[derive(Debug, Clone, Default)]
pub struct Ahead {
    pub(crate) timeline: Timeline,
    pub(crate) commits: usize,
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
        match self.undecided.get(&entity) {
            Some(ahead) => Ok(look(&ahead.timeline)),
            None => Ok(look(&*self.timelines.get_hot(&entity)?)),
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
        let (occurred_at, source_seq, judged) = self.with(E::KIND, id, |timeline| {
            let at = self.instant(at, timeline);
            (at, timeline.sequence_after(at), judge::<E>(timeline, at, command))
        })?;
        let facts = judged?;
        if facts.is_empty() {
            return Ok(Vec::new());
        }
        Ok(vec![Decision { kind: E::KIND, id, occurred_at, source_seq, facts }])
    }
}
