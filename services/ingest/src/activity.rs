//! Reports about activities become facts.

use api::{
    accounts::v1::ActivityType as ProtoType,
    ingest::v1::{
        ActivityLogged, ReportedLink, ReportedParticipant, report::Fact as Reported,
        reported_link::Entity as About, reported_participant::Who,
    },
};
use domain::{
    AccountId, ContactId, Instant, Kind, LeadId, OpportunityId, Rejection, UserId,
    activity::{
        ActivityType, Cancelled, Completed, Fact, Link, Logged, Noted, OutcomeRecorded, Participant,
    },
};
use runtime::{from_proto, query};
use uuid::Uuid;

use crate::from_proto::{Reader, reason, text};

/// More links than anybody gives.
const ABOUT_MAX: usize = 100;
/// More people than meet.
const PARTICIPANTS_MAX: usize = 1_000;
/// The longest id of a calendar, in bytes.
const CALENDAR_ID_MAX: usize = 1_024;
/// A leap year of minutes.
const DURATION_MAX: u32 = 527_040;

impl Reader<'_> {
    /// What happened to an activity.
    pub(crate) fn activity(
        &self,
        key: &str,
        at: Instant,
        fact: &Reported,
    ) -> Result<domain::Fact, Rejection> {
        Ok(domain::Fact::from(match fact {
            Reported::ActivityLogged(it) => Fact::Logged(self.logged(key, at, it)?.into()),
            Reported::ActivityOutcomeRecorded(it) => {
                let outcome = from_proto::key("outcome", &it.outcome)?;
                Fact::OutcomeRecorded(OutcomeRecorded { outcome })
            }
            Reported::ActivityCompleted(_) => Fact::Completed(Completed),
            Reported::ActivityCancelled(it) => {
                Fact::Cancelled(Cancelled { reason: reason(&it.reason_code, &it.reason)? })
            }
            Reported::ActivityNoted(it) => Fact::Noted(Noted { text: text("text", &it.text)? }),
            _ => return Err(from_proto::missing("fact")),
        }))
    }

    fn logged(&self, key: &str, at: Instant, it: &ActivityLogged) -> Result<Logged, Rejection> {
        let starts_at = it.starts_at.as_ref();
        let starts_at = starts_at.map(|given| query::instant("starts_at", given)).transpose()?;
        refuse_more("about", it.about.len(), ABOUT_MAX)?;
        refuse_more("participants", it.participants.len(), PARTICIPANTS_MAX)?;
        let about = (0..).zip(&it.about).map(|(index, given)| self.link(index, given));
        let participants = (0..).zip(&it.participants);
        let participants = participants.map(|(index, given)| self.participant(index, given));
        Ok(Logged {
            external_ids: self.external_ids(key),
            activity_type: activity_type(it.activity_type)?,
            about: about.collect::<Result<_, _>>()?,
            starts_at: starts_at.unwrap_or(at),
            duration_minutes: duration(it.duration_minutes)?,
            participants: participants.collect::<Result<_, _>>()?,
            calendar_hash: self.calendar_hash(&it.calendar_id)?,
            subject: from_proto::name("subject", &it.subject)?,
            owner: self.user(&it.owner),
            due: from_proto::optional_date("due", it.due.as_ref())?,
        })
    }

    fn link(&self, index: usize, given: &ReportedLink) -> Result<Link, Rejection> {
        let named = |kind, word, key| self.in_list(("about", index, word), kind, key);
        Ok(match &given.entity {
            Some(About::Lead(key)) => Link::Lead(LeadId(named(Kind::Lead, "lead", key)?)),
            Some(About::Account(key)) => {
                Link::Account(AccountId(named(Kind::Account, "account", key)?))
            }
            Some(About::Contact(key)) => {
                Link::Contact(ContactId(named(Kind::Contact, "contact", key)?))
            }
            Some(About::Opportunity(key)) => {
                Link::Opportunity(OpportunityId(named(Kind::Opportunity, "opportunity", key)?))
            }
            None => return Err(from_proto::missing(&format!("about[{index}]"))),
        })
    }

    fn participant(
        &self,
        index: usize,
        given: &ReportedParticipant,
    ) -> Result<Participant, Rejection> {
        let named = |kind, word, key| self.in_list(("participants", index, word), kind, key);
        Ok(match &given.who {
            Some(Who::User(key)) => Participant::User(UserId(named(Kind::User, "user", key)?)),
            Some(Who::Contact(key)) => {
                Participant::Contact(ContactId(named(Kind::Contact, "contact", key)?))
            }
            Some(Who::Lead(key)) => Participant::Lead(LeadId(named(Kind::Lead, "lead", key)?)),
            None => return Err(from_proto::missing(&format!("participants[{index}]"))),
        })
    }

    /// The id of an entity that a list names.
    fn in_list(
        &self,
        (list, index, word): (&str, usize, &str),
        kind: Kind,
        key: &str,
    ) -> Result<Uuid, Rejection> {
        Ok(self.id(kind, &from_proto::key(&format!("{list}[{index}].{word}"), key)?))
    }

    /// The id itself may hold an address, so that only its keyed hash goes on from here.
    fn calendar_hash(&self, id: &str) -> Result<Option<[u8; 16]>, Rejection> {
        if id.len() > CALENDAR_ID_MAX {
            let message = format!("it has {} bytes, at most {CALENDAR_ID_MAX} are taken", id.len());
            return Err(Rejection::invalid("TEXT_TOO_LONG", "calendar_id", message));
        }
        Ok((!id.is_empty()).then(|| self.runtime.vault.calendar_hash(self.tenant, id)))
    }
}

fn activity_type(value: i32) -> Result<ActivityType, Rejection> {
    let field = "activity_type";
    match ProtoType::try_from(value) {
        Ok(ProtoType::Call) => Ok(ActivityType::Call),
        Ok(ProtoType::Email) => Ok(ActivityType::Email),
        Ok(ProtoType::Meeting) => Ok(ActivityType::Meeting),
        Ok(ProtoType::Demo) => Ok(ActivityType::Demo),
        Ok(ProtoType::Task) => Ok(ActivityType::Task),
        Ok(ProtoType::Unspecified) => Err(from_proto::missing(field)),
        Err(_) => Err(Rejection::invalid("TYPE_UNKNOWN", field, "no such type of activity")),
    }
}

fn duration(given: Option<u32>) -> Result<Option<u32>, Rejection> {
    if given.is_some_and(|minutes| minutes > DURATION_MAX) {
        let message = "it has at most 527,040 minutes, which are a year";
        return Err(Rejection::invalid("DURATION_TOO_LONG", "duration_minutes", message));
    }
    Ok(given)
}

fn refuse_more(field: &str, given: usize, most: usize) -> Result<(), Rejection> {
    if given > most {
        let message = format!("{given} are given, at most {most} are taken");
        return Err(Rejection::invalid("TOO_MANY", field, message));
    }
    Ok(())
}
