//! The rows of activities beside a plain fold.

use std::collections::BTreeSet;

use domain::{
    AccountId, ContactId, LeadId, OpportunityId,
    activity::{Cancelled, Completed, Fact as Said, Logged, OutcomeRecorded},
};
use proptest::{collection::vec, option, prelude::*, sample::select};
use runtime::view::any_order::{Counted, command, faults, few, id, reason, story};

use super::{Activity, ActivityType, Fact, Instant, Link, Participant, Row, UserId, Voided};
use crate::rows::tests::check;

fn link() -> impl Strategy<Value = Link> {
    prop_oneof![
        few().prop_map(|number| Link::Lead(LeadId(id(number)))),
        few().prop_map(|number| Link::Account(AccountId(id(number)))),
        few().prop_map(|number| Link::Contact(ContactId(id(number)))),
        few().prop_map(|number| Link::Opportunity(OpportunityId(id(number)))),
    ]
}

fn participant() -> impl Strategy<Value = Participant> {
    prop_oneof![
        few().prop_map(|number| Participant::User(UserId(id(number)))),
        few().prop_map(|number| Participant::Contact(ContactId(id(number)))),
        few().prop_map(|number| Participant::Lead(LeadId(id(number)))),
    ]
}

fn logged() -> impl Strategy<Value = Said> {
    let activity_type = select(ActivityType::ALL.to_vec());
    let people = (vec(link(), 0..3), vec(participant(), 0..3), option::of(few()));
    let calendar = option::of((1..3_u8).prop_map(|byte| [byte; 16]));
    (activity_type, people, 0..4_i64, calendar).prop_map(|(activity_type, people, at, hash)| {
        let (about, participants, owner) = people;
        let logged = Logged {
            external_ids: Vec::new(),
            activity_type,
            about,
            starts_at: Instant(at),
            duration_minutes: None,
            participants,
            calendar_hash: hash,
            subject: None,
            owner: owner.map(|number| UserId(id(number))),
            due: None,
        };
        Said::Logged(logged.into())
    })
}

fn fact() -> impl Strategy<Value = Fact> {
    let outcome = select(vec!["", "connected", "no_show"]).prop_map(str::to_owned);
    let said = prop_oneof![
        4 => logged(),
        2 => outcome.prop_map(|outcome| Said::OutcomeRecorded(OutcomeRecorded { outcome })),
        1 => Just(Said::Completed(Completed)),
        1 => Just(Said::Cancelled(Cancelled { reason: reason("ill") })),
        3 => command().prop_map(|command_id| {
            Said::Voided(Voided { command_id, reason: reason("mistake") })
        }),
    ];
    said.prop_map(Fact::Activity)
}

/// Everything from the last fact that speaks of it, or the first one that says it happened.
fn told(facts: &Counted) -> Row {
    let mut row = Row {
        logged_at: None,
        activity_type: None,
        about: Box::new([]),
        starts_at: None,
        participants: Box::new([]),
        calendar_hash: None,
        owner: None,
        outcome: "".into(),
        completed_at: None,
        cancelled_at: None,
        faults: faults::<Activity>(facts),
    };
    for (moment, fact) in facts {
        let at = Some(moment.occurred_at);
        match fact {
            Fact::Activity(Said::Logged(it)) => {
                row.logged_at = row.logged_at.or(at);
                row.activity_type = Some(it.activity_type);
                row.about = BTreeSet::from_iter(it.about.clone()).into_iter().collect();
                row.starts_at = Some(it.starts_at);
                let who = BTreeSet::from_iter(it.participants.clone());
                row.participants = who.into_iter().collect();
                (row.calendar_hash, row.owner) = (it.calendar_hash, it.owner);
            }
            Fact::Activity(Said::OutcomeRecorded(it)) => row.outcome = it.outcome.as_str().into(),
            Fact::Activity(Said::Completed(_)) => row.completed_at = row.completed_at.or(at),
            Fact::Activity(Said::Cancelled(_)) => row.cancelled_at = row.cancelled_at.or(at),
            _ => {}
        }
    }
    row
}

proptest! {
    #[test]
    fn rows_are_plain_folds_whatever_arrives_when(story in story(fact())) {
        check::<Row>(&story, told)?;
    }
}
