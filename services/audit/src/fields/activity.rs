//! An activity as named fields.

use domain::{
    Reason,
    activity::{Activity, Fact, Link, Participant},
};

use super::{Field, Fields, Told, Value, external_ids, note};
use crate::words;

impl Told for Activity {
    fn fields(&self, fact: &'static str) -> Vec<Field> {
        let about = |link: &Link| format!("{}:{}", link.word(), link.id());
        let about: Vec<String> = self.about.iter().map(about).collect();
        let with = |it: &Participant| format!("{}:{}", it.word(), it.id());
        let with: Vec<String> = self.participants.iter().map(with).collect();
        // The hash says nothing to people; that there is one does.
        let calendar = self.calendar_hash.map(|_| "given, and only its keyed hash kept".to_owned());
        Fields::after(fact)
            .text("type", self.activity_type.map(|it| it.word().to_owned()))
            .sealed("subject", self.subject.as_ref())
            .text("external_ids", external_ids(&self.external_ids))
            .text("about", Some(about.join(", ")))
            .text("participants", Some(with.join(", ")))
            .text("starts_at", self.starts_at.map(words::instant))
            .text("duration_minutes", self.duration_minutes.map(|it| it.to_string()))
            .text("calendar_id", calendar)
            .value("owner", self.owner.map(Value::User))
            .text("due", self.due.map(words::date))
            .text("outcome", Some(self.outcome.clone()))
            .text("completed_at", self.completed_at.map(words::instant))
            .text("cancelled_at", self.cancelled_at.map(words::instant))
            .found
    }
}

/// What a fact says that is no part of the state.
pub fn beside(fact: &Fact) -> Option<Field> {
    match fact {
        Fact::Noted(noted) => Some(note(&noted.text, fact.name())),
        _ => None,
    }
}

/// Why a fact was recorded.
pub fn reason(fact: &Fact) -> Option<&Reason> {
    match fact {
        Fact::Cancelled(cancelled) => Some(&cancelled.reason),
        Fact::Voided(voided) => Some(&voided.reason),
        Fact::Logged(_) | Fact::OutcomeRecorded(_) | Fact::Completed(_) | Fact::Noted(_) => None,
    }
}
