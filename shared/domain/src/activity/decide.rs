//! What may be asked of an activity, and the rules that answer.

use super::{Activity, ActivityType, Cancelled, Completed, Fact, Logged, Noted, OutcomeRecorded};
use crate::objection::Objection;

/// What may be asked of an activity. Each carries the fact that it would record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Writes down that it took place, or is planned.
    Log(Logged),
    /// Says what came of it.
    RecordOutcome(OutcomeRecorded),
    /// Says that it is done.
    Complete(Completed),
    /// Says that it will not take place.
    Cancel(Cancelled),
    /// Writes something down.
    Note(Noted),
}

impl Command {
    /// The fact as a system of record saw it, without our judgement.
    pub fn reported(self) -> Fact {
        match self {
            Command::Log(fact) => Fact::Logged(fact.into()),
            Command::RecordOutcome(fact) => Fact::OutcomeRecorded(fact),
            Command::Complete(fact) => Fact::Completed(fact),
            Command::Cancel(fact) => Fact::Cancelled(fact),
            Command::Note(fact) => Fact::Noted(fact),
        }
    }
}

impl Activity {
    /// Whether a fact would say only what is so already.
    pub(super) fn is_so(&self, fact: &Fact) -> bool {
        self.logged_at.is_some()
            && match fact {
                Fact::Logged(_) | Fact::Noted(_) | Fact::Voided(_) => false,
                Fact::OutcomeRecorded(it) => self.outcome == it.outcome,
                Fact::Completed(_) => self.completed_at.is_some(),
                Fact::Cancelled(it) => {
                    self.cancelled_at.is_some() && it.reason.repeats(&self.cancel_reason)
                }
            }
    }

    /// Why a fact does not fit the activity as it stands; `None` when it does.
    pub(super) fn objection(&self, fact: &Fact) -> Option<Objection> {
        match fact {
            Fact::Logged(it) => self.exists().or_else(|| is_due_and_no_task(it)),
            _ if self.logged_at.is_none() => {
                let but = "there is no such activity at that instant";
                let advice = "log it first, or check the id";
                Some(Objection::not_found("ACTIVITY_NOT_FOUND", "activity_id", but, advice))
            }
            Fact::OutcomeRecorded(_) | Fact::Completed(_) => self.is_cancelled(),
            Fact::Cancelled(_) => self.is_cancelled().or_else(|| self.took_place()),
            Fact::Noted(_) | Fact::Voided(_) => None,
        }
    }

    fn exists(&self) -> Option<Objection> {
        let but = "the activity exists already";
        let advice = "change it instead of logging it again";
        let exists = Objection::exists("ACTIVITY_EXISTS", "activity_id", but, advice);
        self.logged_at.map(|_| exists)
    }

    fn is_cancelled(&self) -> Option<Objection> {
        let but = "the activity is cancelled";
        let advice = "void the cancelling first";
        self.cancelled_at.map(|_| Objection::precondition("ACTIVITY_CANCELLED", but, advice))
    }

    fn took_place(&self) -> Option<Objection> {
        let but = "the activity is done";
        let advice = "void the completing first";
        self.completed_at.map(|_| Objection::precondition("ACTIVITY_COMPLETED", but, advice))
    }
}

fn is_due_and_no_task(logged: &Logged) -> Option<Objection> {
    let but = "only a task is due on a day";
    let advice = "leave the day out";
    let so = logged.due.is_some() && logged.activity_type != ActivityType::Task;
    so.then(|| Objection::invalid("DUE_WITHOUT_TASK", "due", but, advice))
}
