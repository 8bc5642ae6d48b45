//! Reports about leads become facts.

use api::ingest::v1::{LeadConverted, report::Fact as Reported};
use domain::{
    AccountId, ConsentChanged, ContactId, Kind, OpportunityId, PersonId, Personal,
    PersonalExternalId, Reason, Rejection,
    lead::{
        Accepted, Assigned, Captured, Converted, Details, DetailsCorrected, Disqualified, Fact,
        HandedOver, Noted, Nurtured, Qualified, Recycled, Rejected, Worked,
    },
};
use runtime::from_proto;
use uuid::Uuid;

use crate::from_proto::Reader;

impl Reader<'_> {
    /// What happened to a lead; `None` for a report about anything else.
    pub(crate) fn lead(&self, key: &str, fact: &Reported) -> Result<Option<Fact>, Rejection> {
        let lead = self.id(Kind::Lead, key);
        let person = PersonId(self.runtime.vault.person_id(self.tenant, Kind::Lead, lead));
        Ok(Some(match fact {
            Reported::LeadCaptured(it) => Fact::Captured(
                Captured {
                    person,
                    external_ids: vec![PersonalExternalId {
                        source: self.source.to_owned(),
                        key: Personal::Plain(key.to_owned()),
                    }],
                    details: details([&it.name, &it.email, &it.phone, &it.company, &it.title])?,
                    channel: code("channel", &it.channel)?,
                    campaign: code("campaign", &it.campaign)?,
                    owner: self.user(&it.owner),
                }
                .into(),
            ),
            Reported::LeadDetailsCorrected(it) => Fact::DetailsCorrected(
                DetailsCorrected {
                    person,
                    details: details([&it.name, &it.email, &it.phone, &it.company, &it.title])?,
                }
                .into(),
            ),
            Reported::LeadAssigned(it) => Fact::Assigned(Assigned { owner: self.user(&it.owner) }),
            Reported::LeadWorked(_) => Fact::Worked(Worked),
            Reported::LeadNurtured(it) => {
                Fact::Nurtured(Nurtured { person, reason: reason(&it.reason_code, &it.reason)? })
            }
            Reported::LeadHandedOver(_) => Fact::HandedOver(HandedOver),
            Reported::LeadAccepted(_) => Fact::Accepted(Accepted),
            Reported::LeadRejected(it) => {
                Fact::Rejected(Rejected { person, reason: reason(&it.reason_code, &it.reason)? })
            }
            Reported::LeadQualified(_) => Fact::Qualified(Qualified),
            Reported::LeadDisqualified(it) => {
                let reason = reason(&it.reason_code, &it.reason)?;
                Fact::Disqualified(Disqualified { person, reason })
            }
            Reported::LeadRecycled(it) => {
                Fact::Recycled(Recycled { person, reason: reason(&it.reason_code, &it.reason)? })
            }
            Reported::LeadConverted(it) => Fact::Converted(self.converted(key, it)?.into()),
            Reported::LeadConsentChanged(it) => Fact::ConsentChanged(ConsentChanged {
                purpose: from_proto::key("purpose", &it.purpose)?,
                granted: it.granted,
            }),
            Reported::LeadNoted(it) => {
                let text = from_proto::text("text", &it.text)?;
                let text = text.ok_or_else(|| from_proto::missing("text"))?;
                Fact::Noted(Noted { person, text })
            }
            _ => return Ok(None),
        }))
    }

    /// What a lead became: where the source has no key for it, one of the lead's own.
    fn converted(&self, key: &str, it: &LeadConverted) -> Result<Converted, Rejection> {
        let named = |kind, field, text: &str| {
            let given = code(field, text)?;
            let known = if given.is_empty() { key } else { &given };
            Ok::<Uuid, Rejection>(self.id(kind, known))
        };
        let deal = code("opportunity", &it.opportunity)?;
        Ok(Converted {
            account: AccountId(named(Kind::Account, "account", &it.account)?),
            contact: ContactId(named(Kind::Contact, "contact", &it.contact)?),
            opportunity: (!deal.is_empty())
                .then(|| OpportunityId(self.id(Kind::Opportunity, &deal))),
        })
    }
}

/// Name, e-mail address, phone number, company and title.
fn details([name, email, phone, company, title]: [&str; 5]) -> Result<Details, Rejection> {
    Ok(Details {
        name: from_proto::name("name", name)?,
        email: from_proto::name("email", email)?,
        phone: from_proto::name("phone", phone)?,
        company: from_proto::name("company", company)?,
        title: from_proto::name("title", title)?,
    })
}

fn reason(code: &str, words: &str) -> Result<Reason, Rejection> {
    from_proto::reason(code, words, false)
}

/// A code that may be left out.
fn code(field: &str, text: &str) -> Result<String, Rejection> {
    if text.is_empty() { Ok(String::new()) } else { from_proto::key(field, text) }
}

/// What the contract calls a report about a lead, and with it the fields in it; `None` for another.
pub fn word(fact: &Reported) -> Option<&'static str> {
    Some(match fact {
        Reported::LeadCaptured(_) => "lead_captured",
        Reported::LeadDetailsCorrected(_) => "lead_details_corrected",
        Reported::LeadAssigned(_) => "lead_assigned",
        Reported::LeadWorked(_) => "lead_worked",
        Reported::LeadNurtured(_) => "lead_nurtured",
        Reported::LeadHandedOver(_) => "lead_handed_over",
        Reported::LeadAccepted(_) => "lead_accepted",
        Reported::LeadRejected(_) => "lead_rejected",
        Reported::LeadQualified(_) => "lead_qualified",
        Reported::LeadDisqualified(_) => "lead_disqualified",
        Reported::LeadRecycled(_) => "lead_recycled",
        Reported::LeadConverted(_) => "lead_converted",
        Reported::LeadConsentChanged(_) => "lead_consent_changed",
        Reported::LeadNoted(_) => "lead_noted",
        _ => return None,
    })
}
