//! Timelines: an entity's facts in the order in which they happened, whatever order they came in.

use std::sync::Arc;

use uuid::Uuid;

use crate::{Entity, Fact, Instant};

/// Where a fact stands among the facts of its entity; independent of when it arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment {
    /// When it happened.
    pub occurred_at: Instant,
    /// The source's own order among facts of one instant; 0 for live commands.
    pub source_seq: u64,
    /// The command that recorded it.
    pub command_id: Uuid,
    /// Its place among the facts of that command for this entity.
    pub index: u32,
}

/// Who recorded a fact, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provenance {
    /// Keyed hash of the request, to tell a repeated command from another under the same id.
    pub fingerprint: [u8; 16],
    /// Opaque id of the user who asked, or of the process that reported.
    pub actor: Arc<str>,
    /// What reported it; `None` for a person's command.
    pub origin: Option<Origin>,
    /// What this command belongs to.
    pub correlation_id: Uuid,
    /// The command that led to it.
    pub causation_id: Option<Uuid>,
}

/// Where a report came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The key of the registered source.
    pub source: Arc<str>,
    /// The rule of its mapping that made the report.
    pub rule: Arc<str>,
}

/// A fact with both of its times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// When it happened, and its place among equals.
    pub moment: Moment,
    /// The log position of its commit: when we learned it.
    pub position: u64,
    /// The clock of the writer at that position.
    pub recorded_at: Instant,
    /// Who and why.
    pub provenance: Provenance,
    /// What happened.
    pub fact: Fact,
}

/// A point on the two time axes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// Facts that happened strictly before this instant.
    pub as_of: Instant,
    /// Facts recorded at or before this log position.
    pub known_at: u64,
}

impl Known {
    /// Everything that is known.
    pub const NOW: Known = Known { as_of: Instant::END, known_at: u64::MAX };

    /// Whether a fact at this instant and position lies before this point on both axes.
    pub fn covers(self, occurred_at: Instant, position: u64) -> bool {
        (occurred_at < self.as_of || self.as_of == Instant::END) && position <= self.known_at
    }
}

/// The facts of one entity, ordered by moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Timeline {
    entries: Vec<Entry>,
    /// Voided commands and since which position, sorted: the same facts are the same timeline.
    voids: Vec<(Uuid, u64)>,
}

impl Timeline {
    /// An empty timeline with room for so many facts.
    pub fn with_capacity(facts: usize) -> Timeline {
        Timeline { entries: Vec::with_capacity(facts), voids: Vec::new() }
    }

    /// Puts a fact where it belongs; `false` when it is already there.
    pub fn insert(&mut self, entry: Entry) -> bool {
        let place = match self.entries.last() {
            Some(last) if last.moment < entry.moment => self.entries.len(),
            None => 0,
            Some(_) => match self.entries.binary_search_by(|e| e.moment.cmp(&entry.moment)) {
                Ok(_) => return false,
                Err(place) => place,
            },
        };
        if let Some(command_id) = entry.fact.voids() {
            let void = (command_id, entry.position);
            let place = self.voids.partition_point(|other| *other < void);
            self.voids.insert(place, void);
        }
        self.entries.insert(place, entry);
        true
    }

    /// All entries ordered by moment, voided ones and voids included.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Whether nothing was ever recorded.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The position of the newest fact in the log; 0 for an empty timeline.
    pub fn last_position(&self) -> u64 {
        self.entries.iter().map(|entry| entry.position).max().unwrap_or(0)
    }

    /// The instant of the last fact.
    pub fn last_instant(&self) -> Option<Instant> {
        self.entries.last().map(|entry| entry.moment.occurred_at)
    }

    /// The source's order that comes after everything recorded for an instant, for a command which
    /// was asked later.
    pub fn sequence_after(&self, at: Instant) -> u64 {
        let equals = self.entries.iter().filter(|entry| entry.moment.occurred_at == at);
        equals.map(|entry| entry.moment.source_seq.saturating_add(1)).max().unwrap_or(0)
    }

    /// The first answer to a command: its first entry here.
    pub fn answer_to(&self, command_id: Uuid) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.moment.command_id == command_id)
    }

    /// Whether a command's facts have been taken back.
    pub fn is_voided(&self, command_id: Uuid) -> bool {
        self.voided_at(command_id).is_some()
    }

    /// The position from which a command's facts are gone.
    pub fn voided_at(&self, command_id: Uuid) -> Option<u64> {
        self.voids.iter().filter(|(id, _)| *id == command_id).map(|(_, position)| *position).min()
    }

    /// Whether facts came in the order in which they happened and none was taken back.
    pub fn is_plain(&self) -> bool {
        self.voids.is_empty()
            && self.entries.windows(2).all(|pair| pair[0].position <= pair[1].position)
    }

    /// The facts that count at a point of the two axes, in order.
    pub fn live(&self, at: Known) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(move |entry| {
            at.covers(entry.moment.occurred_at, entry.position)
                && entry.fact.voids().is_none()
                && (self.voids.is_empty()
                    || self
                        .voided_at(entry.moment.command_id)
                        .is_none_or(|position| position > at.known_at))
        })
    }

    /// The state at a point of the two axes: the fold of the facts that count there.
    pub fn state<E: Entity>(&self, at: Known) -> E {
        let mut state = E::default();
        for entry in self.live(at) {
            if let Some(fact) = E::fact(&entry.fact) {
                state.evolve(&entry.moment, fact);
            }
        }
        state
    }

    /// Adds facts that are not recorded, to see what would come of them.
    pub(crate) fn suppose(&mut self, at: Instant, facts: &[Fact]) {
        let source_seq = self.sequence_after(at);
        for (index, fact) in facts.iter().enumerate() {
            self.insert(Entry {
                moment: Moment {
                    occurred_at: at,
                    source_seq,
                    command_id: Uuid::max(),
                    index: index as u32,
                },
                position: u64::MAX,
                recorded_at: at,
                provenance: Provenance {
                    fingerprint: [0; 16],
                    actor: Arc::from(""),
                    origin: None,
                    correlation_id: Uuid::nil(),
                    causation_id: None,
                },
                fact: fact.clone(),
            });
        }
    }
}

#[cfg(test)]
mod tests;
