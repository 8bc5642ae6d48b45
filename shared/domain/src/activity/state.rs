//! An activity as it stands at some instant, and what each fact makes of it.

use std::collections::BTreeSet;

use super::{ActivityType, Fact, Link, Logged, Participant};
use crate::{Date, ExternalId, Fault, Instant, Personal, Reason, UserId};

/// An activity as it stands at some instant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Activity {
    /// When it was logged; `None` while no fact says so.
    pub logged_at: Option<Instant>,
    /// Its ids in systems of record.
    pub external_ids: Vec<ExternalId>,
    /// What it is.
    pub activity_type: Option<ActivityType>,
    /// What it is about.
    pub about: BTreeSet<Link>,
    /// When it starts.
    pub starts_at: Option<Instant>,
    /// How long it lasts, in minutes.
    pub duration_minutes: Option<u32>,
    /// Who takes part.
    pub participants: BTreeSet<Participant>,
    /// A keyed hash of the id that it has in every calendar.
    pub calendar_hash: Option<[u8; 16]>,
    /// What it is called.
    pub subject: Option<Personal>,
    /// Whose work it is.
    pub owner: Option<UserId>,
    /// The day by which a task has to be done.
    pub due: Option<Date>,
    /// What came of it: a code; empty while nobody said so.
    pub outcome: String,
    /// When it was done.
    pub completed_at: Option<Instant>,
    /// When it was cancelled.
    pub cancelled_at: Option<Instant>,
    /// Why it was cancelled.
    pub cancel_reason: Reason,
    /// How many notes were written.
    pub notes: u32,
    /// What was recorded although it does not fit.
    pub faults: Vec<Fault>,
}

/// What each fact changes.
impl Activity {
    pub(super) fn apply(&mut self, at: Instant, fact: &Fact) {
        match fact {
            Fact::Logged(logged) => self.log(at, logged),
            Fact::OutcomeRecorded(it) => self.outcome.clone_from(&it.outcome),
            Fact::Completed(_) => {
                self.completed_at.get_or_insert(at);
            }
            Fact::Cancelled(it) => {
                self.cancelled_at.get_or_insert(at);
                self.cancel_reason.clone_from(&it.reason);
            }
            Fact::Noted(_) => self.notes += 1,
            Fact::Voided(_) => {}
        }
    }

    fn log(&mut self, at: Instant, fact: &Logged) {
        self.logged_at.get_or_insert(at);
        self.external_ids.clone_from(&fact.external_ids);
        self.activity_type = Some(fact.activity_type);
        self.about = fact.about.iter().copied().collect();
        self.starts_at = Some(fact.starts_at);
        self.duration_minutes = fact.duration_minutes;
        self.participants = fact.participants.iter().copied().collect();
        self.calendar_hash = fact.calendar_hash;
        self.subject.clone_from(&fact.subject);
        self.owner = fact.owner;
        self.due = fact.due;
    }
}
