//! The words in which the tests of activities are told.

use super::{because, id, sealed};
use crate::{
    AccountId, ContactId, Date, ExternalId, Instant, LeadId, OpportunityId, UserId,
    activity::{
        ActivityType, Cancelled, Command, Completed, Link, Logged, Noted, OutcomeRecorded,
        Participant,
    },
};

pub fn user(number: u128) -> Participant {
    Participant::User(UserId(id(number)))
}

pub fn contact(number: u128) -> Participant {
    Participant::Contact(ContactId(id(number)))
}

pub fn lead(number: u128) -> Participant {
    Participant::Lead(LeadId(id(number)))
}

pub fn logged(activity_type: ActivityType) -> Logged {
    Logged {
        external_ids: vec![ExternalId { source: "dialer".to_owned(), key: "1".to_owned() }],
        activity_type,
        about: vec![
            Link::Lead(LeadId(id(1))),
            Link::Account(AccountId(id(1))),
            Link::Contact(ContactId(id(1))),
            Link::Opportunity(OpportunityId(id(1))),
        ],
        starts_at: Instant(100),
        duration_minutes: Some(30),
        participants: vec![user(1), contact(1), lead(1)],
        calendar_hash: Some([7; 16]),
        subject: Some(sealed(b"a call")),
        owner: Some(UserId(id(1))),
        due: (activity_type == ActivityType::Task).then_some(Date(5)),
    }
}

pub fn log(activity_type: ActivityType) -> Command {
    Command::Log(logged(activity_type))
}

pub fn outcome(code: &str) -> Command {
    Command::RecordOutcome(OutcomeRecorded { outcome: code.to_owned() })
}

pub fn complete() -> Command {
    Command::Complete(Completed)
}

pub fn cancel(code: &str) -> Command {
    Command::Cancel(Cancelled { reason: because(code) })
}

pub fn note() -> Command {
    Command::Note(Noted { text: sealed(b"called") })
}
