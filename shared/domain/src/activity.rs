//! An activity: something that somebody did with others, or has to do.

use serde::{Deserialize, Serialize};

use crate::{
    Date, Entity, ExternalId, Fault, Instant, Kind, Moment, Personal, Reason, Rejection, UserId,
    Voided, objection, personal::Slot,
};

mod activity_type;
mod decide;
mod link;
mod same_meeting;
mod state;

pub use activity_type::ActivityType;
pub use decide::Command;
pub use link::{Link, Participant};
pub use same_meeting::same_meetings;
pub use state::Activity;

// ── Facts ────────────────────────────────────────────────────────────────────────────────────

/// The activity took place, or is planned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Logged {
    /// Its ids in systems of record: opaque ones. An id that may hold an address is hashed.
    pub external_ids: Vec<ExternalId>,
    /// What it is.
    pub activity_type: ActivityType,
    /// What it is about.
    pub about: Vec<Link>,
    /// When it starts.
    pub starts_at: Instant,
    /// How long it lasts, in minutes.
    pub duration_minutes: Option<u32>,
    /// Who takes part.
    pub participants: Vec<Participant>,
    /// A keyed hash of the id that one occurrence of a meeting has in every calendar. Such ids may
    /// hold addresses, so they are not kept; two that are equal have equal hashes.
    pub calendar_hash: Option<[u8; 16]>,
    /// What it is called.
    pub subject: Option<Personal>,
    /// Whose work it is.
    pub owner: Option<UserId>,
    /// The day by which a task has to be done.
    pub due: Option<Date>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutcomeRecorded {
    /// A code, such as `connected` or `no_show`.
    pub outcome: String,
}

/// It is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Completed;

/// It will not take place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cancelled {
    /// Why.
    pub reason: Reason,
}

/// Somebody wrote something down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Noted {
    /// What.
    pub text: Personal,
}

facts! {
    /// What can be recorded about an activity.
    Logged = "activity.logged.v1" boxed,
    OutcomeRecorded = "activity.outcome_recorded.v1",
    Completed = "activity.completed.v1",
    Cancelled = "activity.cancelled.v1",
    Noted = "activity.noted.v1",
    Voided = "activity.voided.v1",
}

impl Fact {
    /// The places where it carries personal text, all sealed under the activity's own key: its
    /// words are about everybody who takes part.
    pub fn personal(&mut self) -> Vec<Slot<'_>> {
        let (field, text) = match self {
            Fact::Logged(fact) => ("subject", fact.subject.as_mut()),
            Fact::Cancelled(fact) => ("reason", fact.reason.text.as_mut()),
            Fact::Noted(fact) => ("text", Some(&mut fact.text)),
            Fact::Voided(fact) => ("reason", fact.reason.text.as_mut()),
            Fact::OutcomeRecorded(_) | Fact::Completed(_) => ("", None),
        };
        text.into_iter().map(|text| Slot { field, person: None, text }).collect()
    }
}

// ── Evolve and decide ────────────────────────────────────────────────────────────────────────

impl Entity for Activity {
    type Fact = Fact;
    type Command = Command;
    const KIND: Kind = Kind::Activity;

    fn fact(fact: &crate::Fact) -> Option<&Fact> {
        match fact {
            crate::Fact::Activity(fact) => Some(fact),
            _ => None,
        }
    }

    fn evolve(&mut self, moment: &Moment, fact: &Fact) {
        if self.is_so(fact) {
            return;
        }
        let fault = self.objection(fact).map(|objection| objection.fault(moment, fact.name()));
        self.faults.extend(fault);
        self.apply(moment.occurred_at, fact);
    }

    fn decide(&self, command: &Command) -> Result<Vec<Fact>, Rejection> {
        let fact = command.clone().reported();
        let objection = self.objection(&fact);
        objection::answer(self.is_so(&fact), objection, fact)
    }

    fn faults(&self) -> &[Fault] {
        &self.faults
    }
}

#[cfg(test)]
mod tests;
