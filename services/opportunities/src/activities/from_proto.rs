//! Requests about activities become commands; every error names its field.

use api::accounts::v1::{
    ActivityLink, ActivityParticipant, ActivityType as ProtoType, CancelActivityRequest,
    CompleteActivityRequest, LogActivityRequest, NoteActivityRequest, RecordActivityOutcomeRequest,
    VoidActivityCommandRequest, activity_link::Entity as About, activity_participant::Who,
};
use domain::{
    AccountId, ContactId, Kind, LeadId, OpportunityId, Rejection, UserId,
    activity::{
        Activity, ActivityType, Cancelled, Command, Completed, Link, Logged, Noted,
        OutcomeRecorded, Participant,
    },
};
use runtime::{desk::Undecided, from_proto, query};

use crate::{
    context::{Context, code, external_ids},
    customers::on,
};

/// More links than anybody gives.
const ABOUT_MAX: usize = 100;
/// More people than meet.
const PARTICIPANTS_MAX: usize = 1_000;
/// The longest id of a calendar, in bytes.
const CALENDAR_ID_MAX: usize = 1_024;
/// A leap year of minutes.
const DURATION_MAX: u32 = 527_040;

on! { Activity, activity_id;
    LogActivityRequest, creates, |it| !it.subject.is_empty();
    RecordActivityOutcomeRequest, changes, |_| false;
    CompleteActivityRequest, changes, |_| false;
    CancelActivityRequest, changes, |it| !it.reason.is_empty();
    NoteActivityRequest, changes, |it| !it.text.is_empty();
    VoidActivityCommandRequest, voids, |it| !it.reason.is_empty();
}

/// Writing down that it took place, or is planned.
pub fn log(
    request: &LogActivityRequest,
    _activity: &Activity,
    at: &Context<'_>,
) -> Result<Command, Undecided> {
    let activity_type = activity_type("activity_type", request.activity_type)?;
    let starts_at = request.starts_at.as_ref();
    let starts_at = starts_at.map(|given| query::instant("starts_at", given)).transpose()?;
    Ok(Command::Log(Logged {
        external_ids: external_ids(request.external_id.as_ref())?,
        activity_type: activity_type.ok_or_else(|| from_proto::missing("activity_type"))?,
        about: about(&request.about, at)?,
        starts_at: starts_at.unwrap_or(at.at),
        duration_minutes: duration(request.duration_minutes)?,
        participants: participants(&request.participants, at)?,
        calendar_hash: calendar_hash(&request.calendar_id, at)?,
        subject: from_proto::name("subject", &request.subject)?,
        owner: at.owner(&request.owner)?,
        due: from_proto::optional_date("due", request.due.as_ref())?,
    }))
}

/// Saying what came of it.
pub fn record_outcome(
    request: &RecordActivityOutcomeRequest,
    _activity: &Activity,
    _at: &Context<'_>,
) -> Result<Command, Undecided> {
    let outcome = code("outcome", &request.outcome)?;
    Ok(Command::RecordOutcome(OutcomeRecorded { outcome }))
}

/// Saying that it is done.
pub fn complete(
    _request: &CompleteActivityRequest,
    _activity: &Activity,
    _at: &Context<'_>,
) -> Result<Command, Undecided> {
    Ok(Command::Complete(Completed))
}

/// Saying that it will not take place.
pub fn cancel(
    request: &CancelActivityRequest,
    _activity: &Activity,
    _at: &Context<'_>,
) -> Result<Command, Undecided> {
    let reason = from_proto::reason(&request.reason_code, &request.reason, true)?;
    Ok(Command::Cancel(Cancelled { reason }))
}

/// Writing something down.
pub fn note(
    request: &NoteActivityRequest,
    _activity: &Activity,
    _at: &Context<'_>,
) -> Result<Command, Undecided> {
    let text = from_proto::text("text", &request.text)?;
    let text = text.ok_or_else(|| from_proto::missing("text"))?;
    Ok(Command::Note(Noted { text }))
}

/// An activity's type; `None` when it is not said.
pub fn activity_type(field: &str, value: i32) -> Result<Option<ActivityType>, Rejection> {
    match ProtoType::try_from(value) {
        Ok(ProtoType::Unspecified) => Ok(None),
        Ok(ProtoType::Call) => Ok(Some(ActivityType::Call)),
        Ok(ProtoType::Email) => Ok(Some(ActivityType::Email)),
        Ok(ProtoType::Meeting) => Ok(Some(ActivityType::Meeting)),
        Ok(ProtoType::Demo) => Ok(Some(ActivityType::Demo)),
        Ok(ProtoType::Task) => Ok(Some(ActivityType::Task)),
        Err(_) => Err(Rejection::invalid("TYPE_UNKNOWN", field, "no such type of activity")),
    }
}

/// What an activity is about, by the ids alone.
pub fn link(field: &str, given: &ActivityLink) -> Result<Link, Rejection> {
    let within = |name: &str| format!("{field}.{name}");
    let uuid = |name: &str, text: &str| from_proto::uuid(&within(name), text);
    Ok(match &given.entity {
        Some(About::LeadId(id)) => Link::Lead(LeadId(uuid("lead_id", id)?)),
        Some(About::AccountId(id)) => Link::Account(AccountId(uuid("account_id", id)?)),
        Some(About::ContactId(id)) => Link::Contact(ContactId(uuid("contact_id", id)?)),
        Some(About::OpportunityId(id)) => {
            Link::Opportunity(OpportunityId(uuid("opportunity_id", id)?))
        }
        None => return Err(from_proto::missing(field)),
    })
}

fn about(given: &[ActivityLink], at: &Context<'_>) -> Result<Vec<Link>, Undecided> {
    refuse_more("about", given.len(), ABOUT_MAX)?;
    let mut links = Vec::with_capacity(given.len());
    for (index, given) in given.iter().enumerate() {
        let field = format!("about[{index}]");
        let link = link(&field, given)?;
        let kind = match link {
            Link::Lead(_) => Kind::Lead,
            Link::Account(_) => Kind::Account,
            Link::Contact(_) => Kind::Contact,
            Link::Opportunity(_) => Kind::Opportunity,
        };
        at.existing(kind, &format!("{field}.{}_id", link.word()), &link.id().to_string())?;
        links.push(link);
    }
    Ok(links)
}

fn participants(
    given: &[ActivityParticipant],
    at: &Context<'_>,
) -> Result<Vec<Participant>, Undecided> {
    refuse_more("participants", given.len(), PARTICIPANTS_MAX)?;
    let mut participants = Vec::with_capacity(given.len());
    for (index, given) in given.iter().enumerate() {
        let field = format!("participants[{index}]");
        let within = |name: &str| format!("{field}.{name}");
        participants.push(match &given.who {
            Some(Who::User(text)) => Participant::User(user(&within("user"), text, at)?),
            Some(Who::ContactId(text)) => {
                Participant::Contact(at.contact(&within("contact_id"), text)?)
            }
            Some(Who::LeadId(text)) => {
                let id = at.existing(Kind::Lead, &within("lead_id"), text)?;
                Participant::Lead(LeadId(id))
            }
            None => return Err(from_proto::missing(&field).into()),
        });
    }
    Ok(participants)
}

fn user(field: &str, text: &str, at: &Context<'_>) -> Result<UserId, Rejection> {
    at.user(field, text)?.ok_or_else(|| from_proto::missing(field))
}

fn duration(given: Option<u32>) -> Result<Option<u32>, Rejection> {
    if given.is_some_and(|minutes| minutes > DURATION_MAX) {
        let message = "it has at most 527,040 minutes, which are a year";
        return Err(Rejection::invalid("DURATION_TOO_LONG", "duration_minutes", message));
    }
    Ok(given)
}

/// The id itself may hold an address, so that only its keyed hash goes on from here.
fn calendar_hash(id: &str, at: &Context<'_>) -> Result<Option<[u8; 16]>, Rejection> {
    if id.len() > CALENDAR_ID_MAX {
        let message = format!("it has {} bytes, at most {CALENDAR_ID_MAX} are taken", id.len());
        return Err(Rejection::invalid("TEXT_TOO_LONG", "calendar_id", message));
    }
    Ok((!id.is_empty()).then(|| at.runtime.vault.calendar_hash(at.tenant, id)))
}

fn refuse_more(field: &str, given: usize, most: usize) -> Result<(), Rejection> {
    if given > most {
        let message = format!("{given} are given, at most {most} are taken");
        return Err(Rejection::invalid("TOO_MANY", field, message));
    }
    Ok(())
}
