//! Reports about leads become facts.

use api::ingest::v1::{LeadConverted, report::Fact as Reported};
use domain::{
    AccountId, ConsentChanged, ContactId, Kind, OpportunityId, PersonId, Personal,
    PersonalExternalId, Rejection,
    lead::{
        Accepted, Assigned, Captured, Converted, Details, DetailsCorrected, Disqualified, Fact,
        HandedOver, Noted, Nurtured, Qualified, Recycled, Rejected, Worked,
    },
};
use runtime::from_proto;
use uuid::Uuid;

use crate::from_proto::{Reader, code, reason, text};

impl Reader<'_> {
    /// What happened to a lead.
    pub(crate) fn lead(&self, key: &str, fact: &Reported) -> Result<domain::Fact, Rejection> {
        let lead = self.id(Kind::Lead, key);
        let person = PersonId(self.runtime.vault.person_id(self.tenant, Kind::Lead, lead));
        Ok(domain::Fact::from(match fact {
            Reported::LeadCaptured(it) => Fact::Captured(
                Captured {
                    person,
                    external_ids: vec![PersonalExternalId {
                        source: self.source.to_owned(),
                        key: Personal::Plain(key.to_owned()),
                    }],
                    details: details([&it.name, &it.email, &it.phone, &it.company, &it.title])?,
                    channel: code("channel", &it.channel)?.unwrap_or_default(),
                    campaign: code("campaign", &it.campaign)?.unwrap_or_default(),
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
            Reported::LeadNoted(it) => Fact::Noted(Noted { person, text: text("text", &it.text)? }),
            _ => return Err(from_proto::missing("fact")),
        }))
    }

    /// What a lead became: where the source has no key for it, one of the lead's own.
    fn converted(&self, key: &str, it: &LeadConverted) -> Result<Converted, Rejection> {
        let named = |kind, field, given: &str| {
            let known = self.named(kind, field, given)?;
            Ok::<Uuid, Rejection>(known.unwrap_or_else(|| self.id(kind, key)))
        };
        let deal = self.named(Kind::Opportunity, "opportunity", &it.opportunity)?;
        Ok(Converted {
            account: AccountId(named(Kind::Account, "account", &it.account)?),
            contact: ContactId(named(Kind::Contact, "contact", &it.contact)?),
            opportunity: deal.map(OpportunityId),
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
