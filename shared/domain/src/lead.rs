//! A lead: somebody who may become a customer, from the first sign of it to conversion or its end.

use serde::{Deserialize, Serialize};

use crate::{
    AccountId, ConsentChanged, ContactId, Entity, Fault, Kind, LeadId, MatchedOn, Moment,
    OpportunityId, PersonId, Personal, PersonalExternalId, PersonalVoided as Voided, Reason,
    Rejection, UserId, objection, personal::Slot,
};

mod decide;
mod rules;
mod state;
mod status;

pub use decide::{Command, merge};
pub use state::{Conversion, Duplicate, HandOver, Lead};
pub use status::Status;

// ── Facts ────────────────────────────────────────────────────────────────────────────────────

/// Somebody showed up. Everything but the person's key may be unknown yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Captured {
    /// The person whose key seals what is said of them.
    pub person: PersonId,
    /// Its ids in systems of record.
    pub external_ids: Vec<PersonalExternalId>,
    /// Who it is.
    pub details: Details,
    /// Where it came from: a code, such as `landing_page`; empty when unknown.
    pub channel: String,
    /// The campaign that brought it: a code; empty when none did.
    pub campaign: String,
    /// Who works it.
    pub owner: Option<UserId>,
}

/// Who a lead is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Details {
    /// The person's name.
    pub name: Option<Personal>,
    /// Their e-mail address.
    pub email: Option<Personal>,
    /// Their phone number.
    pub phone: Option<Personal>,
    /// The company that they work for, sealed under the lead's own key.
    pub company: Option<Personal>,
    /// What they are there.
    pub title: Option<Personal>,
}

/// Who it is, said again and in full.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DetailsCorrected {
    /// The person whose key seals them.
    pub person: PersonId,
    /// All of them; what is left out is not known any more.
    pub details: Details,
}

/// Somebody else works the lead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assigned {
    /// The new owner; `None` when nobody does.
    pub owner: Option<UserId>,
}

/// Somebody began to work the lead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Worked;

/// The lead is not ready, and kept warm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nurtured {
    /// The person whose key seals the words.
    pub person: PersonId,
    /// Why.
    pub reason: Reason,
}

/// Marketing hands the lead to sales, which has to accept or reject it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandedOver;

/// Sales takes the lead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted;

/// Sales hands the lead back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejected {
    /// The person whose key seals the words.
    pub person: PersonId,
    /// Why.
    pub reason: Reason,
}

/// The lead is worth a deal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Qualified;

/// The lead will not become a customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disqualified {
    /// The person whose key seals the words.
    pub person: PersonId,
    /// Why.
    pub reason: Reason,
}

/// The lead goes back to marketing, to be worked again another time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recycled {
    /// The person whose key seals the words.
    pub person: PersonId,
    /// Why.
    pub reason: Reason,
}

/// Another lead seems to be the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DuplicateFound {
    /// The other lead.
    pub of: LeadId,
    /// Which text says so.
    pub matched_on: MatchedOn,
}

/// Another lead seemed to be the same and is not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DuplicateDismissed {
    /// The other lead.
    pub of: LeadId,
    /// The person whose key seals the words.
    pub person: PersonId,
    /// Why.
    pub reason: Reason,
}

/// The lead was the same as another one, which goes on in its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merged {
    /// The lead that goes on.
    pub into: LeadId,
}

/// Another lead was the same as this one, which goes on in its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Absorbed {
    /// The lead that disappears.
    pub lead: LeadId,
    /// The person behind it, from now on behind this one too.
    pub person: PersonId,
}

/// The lead became a contact at an account, with or without a deal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Converted {
    /// The account.
    pub account: AccountId,
    /// The contact.
    pub contact: ContactId,
    /// The deal.
    pub opportunity: Option<OpportunityId>,
}

/// Somebody wrote something down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Noted {
    /// The person whose key seals the words.
    pub person: PersonId,
    /// What.
    pub text: Personal,
}

facts! {
    /// What can be recorded about a lead.
    Captured = "lead.captured.v1" boxed,
    DetailsCorrected = "lead.details_corrected.v1" boxed,
    Assigned = "lead.assigned.v1",
    Worked = "lead.worked.v1",
    Nurtured = "lead.nurtured.v1",
    HandedOver = "lead.handed_over.v1",
    Accepted = "lead.accepted.v1",
    Rejected = "lead.rejected.v1",
    Qualified = "lead.qualified.v1",
    Disqualified = "lead.disqualified.v1",
    Recycled = "lead.recycled.v1",
    DuplicateFound = "lead.duplicate_found.v1",
    DuplicateDismissed = "lead.duplicate_dismissed.v1",
    Merged = "lead.merged.v1",
    Absorbed = "lead.absorbed.v1",
    Converted = "lead.converted.v1" boxed,
    ConsentChanged = "lead.consent_changed.v1",
    Noted = "lead.noted.v1",
    Voided = "lead.voided.v1",
}

impl Fact {
    /// The places where it carries personal text: the company under the lead's own key, all else
    /// under that of the person.
    pub fn personal(&mut self) -> Vec<Slot<'_>> {
        let (person, field, text) = match self {
            Fact::Captured(fact) => {
                let person = Some(fact.person);
                let field = "external_ids";
                let ids = fact.external_ids.iter_mut();
                let ids = ids.map(|id| Slot { field, person, text: &mut id.key });
                return ids.chain(fact.details.personal(fact.person)).collect();
            }
            Fact::DetailsCorrected(fact) => return fact.details.personal(fact.person).collect(),
            Fact::Nurtured(fact) => (fact.person, "reason", fact.reason.text.as_mut()),
            Fact::Rejected(fact) => (fact.person, "reason", fact.reason.text.as_mut()),
            Fact::Disqualified(fact) => (fact.person, "reason", fact.reason.text.as_mut()),
            Fact::Recycled(fact) => (fact.person, "reason", fact.reason.text.as_mut()),
            Fact::DuplicateDismissed(fact) => (fact.person, "reason", fact.reason.text.as_mut()),
            Fact::Voided(fact) => (fact.person, "reason", fact.reason.text.as_mut()),
            Fact::Noted(fact) => (fact.person, "text", Some(&mut fact.text)),
            Fact::Assigned(_)
            | Fact::Worked(_)
            | Fact::HandedOver(_)
            | Fact::Accepted(_)
            | Fact::Qualified(_)
            | Fact::DuplicateFound(_)
            | Fact::Merged(_)
            | Fact::Absorbed(_)
            | Fact::Converted(_)
            | Fact::ConsentChanged(_) => return Vec::new(),
        };
        text.into_iter().map(|text| Slot { field, person: Some(person), text }).collect()
    }

    /// The person whose key seals its words, when it may have any.
    pub(crate) fn person(&self) -> Option<PersonId> {
        match self {
            Fact::Captured(fact) => Some(fact.person),
            Fact::DetailsCorrected(fact) => Some(fact.person),
            Fact::Nurtured(fact) => Some(fact.person),
            Fact::Rejected(fact) => Some(fact.person),
            Fact::Disqualified(fact) => Some(fact.person),
            Fact::Recycled(fact) => Some(fact.person),
            Fact::DuplicateDismissed(fact) => Some(fact.person),
            Fact::Noted(fact) => Some(fact.person),
            Fact::Voided(fact) => Some(fact.person),
            Fact::Assigned(_)
            | Fact::Worked(_)
            | Fact::HandedOver(_)
            | Fact::Accepted(_)
            | Fact::Qualified(_)
            | Fact::DuplicateFound(_)
            | Fact::Merged(_)
            | Fact::Absorbed(_)
            | Fact::Converted(_)
            | Fact::ConsentChanged(_) => None,
        }
    }
}

impl Details {
    fn personal(&mut self, person: PersonId) -> impl Iterator<Item = Slot<'_>> {
        let texts = [
            ("name", Some(person), self.name.as_mut()),
            ("email", Some(person), self.email.as_mut()),
            ("phone", Some(person), self.phone.as_mut()),
            ("company", None, self.company.as_mut()),
            ("title", Some(person), self.title.as_mut()),
        ];
        let slot =
            |(field, person, text): (_, _, Option<_>)| Some(Slot { field, person, text: text? });
        texts.into_iter().filter_map(slot)
    }
}

// ── Evolve and decide ────────────────────────────────────────────────────────────────────────

impl Entity for Lead {
    type Fact = Fact;
    type Command = Command;
    const KIND: Kind = Kind::Lead;

    fn fact(fact: &crate::Fact) -> Option<&Fact> {
        match fact {
            crate::Fact::Lead(fact) => Some(fact),
            _ => None,
        }
    }

    fn evolve(&mut self, moment: &Moment, fact: &Fact) {
        if self.is_so(fact) {
            return;
        }
        let fault = self.objection(fact).map(|objection| objection.fault(moment, fact.name()));
        self.faults.extend(fault);
        self.apply(moment.occurred_at, fact);
    }

    fn decide(&self, command: &Command) -> Result<Vec<Fact>, Rejection> {
        let fact = command.clone().reported();
        let objection = self.objection(&fact);
        objection::answer(self.is_so(&fact), objection, fact)
    }

    fn faults(&self) -> &[Fault] {
        &self.faults
    }
}

#[cfg(test)]
mod tests;
