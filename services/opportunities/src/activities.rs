//! ActivityService: what people do with leads, accounts, contacts and deals.

mod counts;
mod from_proto;
mod queries;
mod service;
mod to_proto;

use domain::{
    Fact, Instant, Kind, UserId, Voided,
    activity::{self, Activity, ActivityType, Link, Participant},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    customers::Noun,
    rows::{self, Logical, Rows},
};

/// Every tenant's activities.
pub type Activities = Rows<Row>;

/// What lists and counts need to know of an activity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    logged_at: Option<Instant>,
    activity_type: Option<ActivityType>,
    about: Box<[Link]>,
    starts_at: Option<Instant>,
    participants: Box<[Participant]>,
    calendar_hash: Option<[u8; 16]>,
    owner: Option<UserId>,
    outcome: Box<str>,
    completed_at: Option<Instant>,
    cancelled_at: Option<Instant>,
    faults: u32,
}

impl rows::Row for Row {
    type Of = Activity;
    const VIEW: &'static str = "activities";
    const KINDS: &'static [Kind] = &[Kind::Activity];

    fn of(activity: &Activity) -> Row {
        Row {
            logged_at: activity.logged_at,
            activity_type: activity.activity_type,
            about: activity.about.iter().copied().collect(),
            starts_at: activity.starts_at,
            participants: activity.participants.iter().copied().collect(),
            calendar_hash: activity.calendar_hash,
            owner: activity.owner,
            outcome: activity.outcome.as_str().into(),
            completed_at: activity.completed_at,
            cancelled_at: activity.cancelled_at,
            faults: activity.faults.len() as u32,
        }
    }

    fn place(&self) -> Option<Instant> {
        self.starts_at
    }

    fn write(&self, to: &mut Logical) {
        to.number(self.logged_at.map(|at| at.0));
        to.add(self.activity_type.map(|it| it.word().as_bytes()));
        for link in &self.about {
            to.word(link.word());
            to.id(Some(link.id()));
        }
        to.number(self.starts_at.map(|at| at.0));
        for participant in &self.participants {
            to.word(participant.word());
            to.id(Some(participant.id()));
        }
        to.add(self.calendar_hash.as_ref().map(|hash| &hash[..]));
        to.id(self.owner.map(|id| id.0));
        to.word(&self.outcome);
        to.number(self.completed_at.map(|at| at.0));
        to.number(self.cancelled_at.map(|at| at.0));
        to.number(Some(i64::from(self.faults)));
    }
}

impl Noun for Activity {
    const ID: &'static str = "activity_id";
    const NOT_FOUND: &'static str = "ACTIVITY_NOT_FOUND";

    fn voided(voided: Voided, _key: Uuid) -> Fact {
        activity::Fact::Voided(voided).into()
    }
}
