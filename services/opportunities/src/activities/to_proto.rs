//! An activity as the contract shows it.

use api::accounts::v1::{
    Activity as Shown, ActivityLink, ActivityParticipant, ActivityType as ProtoType,
    activity_link::Entity as About, activity_participant::Who,
};
use domain::{
    Kind, Timeline,
    activity::{Activity, ActivityType, Link, Participant},
};
use runtime::{
    query::{QueryError, timestamp},
    to_proto::date,
};
use uuid::Uuid;

use crate::reading::{Reading, external_ids, faults};

/// Shows an activity.
pub async fn activity(
    id: Uuid,
    timeline: &Timeline,
    reading: &Reading<'_>,
) -> Result<Shown, QueryError> {
    let activity: Activity = timeline.state(reading.known);
    let place = (Kind::Activity, id);
    let subject = ("activity.logged.v1", "subject");
    let why = ("activity.cancelled.v1", "reason");
    let words = activity.cancel_reason.text.as_ref();
    Ok(Shown {
        id: id.to_string(),
        external_ids: external_ids(&activity.external_ids),
        activity_type: activity.activity_type.map_or(0, |it| activity_type(it) as i32),
        about: activity.about.iter().map(|link| about(*link)).collect(),
        starts_at: activity.starts_at.map(timestamp),
        duration_minutes: activity.duration_minutes,
        participants: activity.participants.iter().map(|it| participant(*it)).collect(),
        has_calendar_id: activity.calendar_hash.is_some(),
        subject: reading.text(place, subject, activity.subject.as_ref()).await?,
        owner: reading.user(activity.owner).await?,
        due: activity.due.map(date),
        outcome: activity.outcome.clone(),
        logged_at: activity.logged_at.map(timestamp),
        completed_at: activity.completed_at.map(timestamp),
        cancelled_at: activity.cancelled_at.map(timestamp),
        cancel_reason_code: activity.cancel_reason.code.clone(),
        cancel_reason: reading.text(place, why, words).await?,
        notes_count: u64::from(activity.notes),
        faults: faults(&activity),
        etag: reading.etag(timeline),
    })
}

/// An activity's type.
pub fn activity_type(activity_type: ActivityType) -> ProtoType {
    match activity_type {
        ActivityType::Call => ProtoType::Call,
        ActivityType::Email => ProtoType::Email,
        ActivityType::Meeting => ProtoType::Meeting,
        ActivityType::Demo => ProtoType::Demo,
        ActivityType::Task => ProtoType::Task,
    }
}

fn about(link: Link) -> ActivityLink {
    let id = link.id().to_string();
    ActivityLink {
        entity: Some(match link {
            Link::Lead(_) => About::LeadId(id),
            Link::Account(_) => About::AccountId(id),
            Link::Contact(_) => About::ContactId(id),
            Link::Opportunity(_) => About::OpportunityId(id),
        }),
    }
}

fn participant(participant: Participant) -> ActivityParticipant {
    let id = participant.id().to_string();
    ActivityParticipant {
        who: Some(match participant {
            Participant::User(_) => Who::User(id),
            Participant::Contact(_) => Who::ContactId(id),
            Participant::Lead(_) => Who::LeadId(id),
        }),
    }
}
