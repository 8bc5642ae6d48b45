//! The reports about activities that a row's values make.

use api::accounts::v1::ActivityType;
use api::ingest::v1::report::Fact;
use api::ingest::v1::reported_link::Entity as About;
use api::ingest::v1::reported_participant::Who;
use api::ingest::v1::{
    ActivityCancelled, ActivityCompleted, ActivityLogged, ActivityNoted, ActivityOutcomeRecorded,
    ReportedLink, ReportedParticipant,
};

use super::fact::{Flaw, Values};
use super::kind::FactKind;

/// Makes a reference of the kind that a field names.
type Naming<T> = fn(String) -> T;

impl Values<'_> {
    /// The fact about an activity that the values state; `None` for a kind that is about anything
    /// else.
    ///
    /// # Errors
    /// The first field that cannot be read.
    pub(super) fn activity(&self, kind: FactKind) -> Result<Option<Fact>, Flaw> {
        Ok(Some(match kind {
            FactKind::ActivityLogged => Fact::ActivityLogged(self.logged()?),
            FactKind::ActivityOutcomeRecorded => {
                let outcome = self.required("outcome")?;
                Fact::ActivityOutcomeRecorded(ActivityOutcomeRecorded { outcome })
            }
            FactKind::ActivityCompleted => Fact::ActivityCompleted(ActivityCompleted {}),
            FactKind::ActivityCancelled => Fact::ActivityCancelled(ActivityCancelled {
                reason_code: self.text("reason_code"),
                reason: self.text("reason"),
            }),
            FactKind::ActivityNoted => {
                Fact::ActivityNoted(ActivityNoted { text: self.required("text")? })
            }
            _ => return Ok(None),
        }))
    }

    fn logged(&self) -> Result<ActivityLogged, Flaw> {
        let starts_at = match self.text("starts_at") {
            text if text.is_empty() => None,
            text => Some(self.formats.instant(&text).ok_or(Flaw::new("starts_at", "BAD_DATE"))?),
        };
        let duration_minutes = match self.text("duration_minutes") {
            text if text.is_empty() => None,
            text => Some(text.parse().map_err(|_| Flaw::new("duration_minutes", "BAD_NUMBER"))?),
        };
        Ok(ActivityLogged {
            activity_type: self.activity_type()?.into(),
            about: self.about(),
            starts_at,
            duration_minutes,
            participants: self.participants(),
            calendar_id: self.text("calendar_id"),
            subject: self.text("subject"),
            owner: self.text("owner"),
            due: self.day("due")?,
        })
    }

    fn about(&self) -> Vec<ReportedLink> {
        let links: [(&str, Naming<About>); 4] = [
            ("lead", About::Lead),
            ("account", About::Account),
            ("contact", About::Contact),
            ("opportunity", About::Opportunity),
        ];
        let link = |(field, entity): (&str, Naming<About>)| {
            let key = Some(self.text(field)).filter(|key| !key.is_empty())?;
            Some(ReportedLink { entity: Some(entity(key)) })
        };
        links.into_iter().filter_map(link).collect()
    }

    fn participants(&self) -> Vec<ReportedParticipant> {
        let people: [(&str, Naming<Who>); 3] =
            [("user_there", Who::User), ("contact_there", Who::Contact), ("lead_there", Who::Lead)];
        let person = |(field, who): (&str, Naming<Who>)| {
            let key = Some(self.text(field)).filter(|key| !key.is_empty())?;
            Some(ReportedParticipant { who: Some(who(key)) })
        };
        people.into_iter().filter_map(person).collect()
    }

    fn activity_type(&self) -> Result<ActivityType, Flaw> {
        let name = format!("ACTIVITY_TYPE_{}", self.required("type")?.to_ascii_uppercase());
        ActivityType::from_str_name(&name)
            .filter(|known| *known != ActivityType::Unspecified)
            .ok_or(Flaw::new("type", "BAD_TYPE"))
    }
}
