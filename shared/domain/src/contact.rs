//! A contact: a person at an account.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    AccountId, Consent, ConsentChanged, Entity, Fault, Instant, Kind, Moment, PersonId, Personal,
    PersonalExternalId, PersonalVoided as Voided, Rejection, objection, objection::Objection,
    personal::Slot,
};

// ── Facts ────────────────────────────────────────────────────────────────────────────────────

/// The contact exists. Everything but the person's key may be unknown yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Created {
    /// The person whose key seals what is said of them; that of the lead which it was.
    pub person: PersonId,
    /// The account that they belong to.
    pub account: Option<AccountId>,
    /// Its ids in systems of record.
    pub external_ids: Vec<PersonalExternalId>,
    /// Who it is.
    pub details: Details,
}

/// Who a contact is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Details {
    /// The person's name.
    pub name: Option<Personal>,
    /// Their e-mail address.
    pub email: Option<Personal>,
    /// Their phone number.
    pub phone: Option<Personal>,
    /// What they are at their company.
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

/// They belong to another account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountChanged {
    /// The new account; `None` when they belong to none.
    pub account: Option<AccountId>,
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
    /// What can be recorded about a contact.
    Created = "contact.created.v1" boxed,
    DetailsCorrected = "contact.details_corrected.v1" boxed,
    AccountChanged = "contact.account_changed.v1",
    ConsentChanged = "contact.consent_changed.v1",
    Noted = "contact.noted.v1",
    Voided = "contact.voided.v1",
}

impl Fact {
    /// The places where it carries personal text, all sealed under the person's key.
    pub fn personal(&mut self) -> Vec<Slot<'_>> {
        let (person, field, text) = match self {
            Fact::Created(fact) => {
                let person = Some(fact.person);
                let field = "external_ids";
                let ids = fact.external_ids.iter_mut();
                let ids = ids.map(|id| Slot { field, person, text: &mut id.key });
                return ids.chain(fact.details.personal(fact.person)).collect();
            }
            Fact::DetailsCorrected(fact) => return fact.details.personal(fact.person).collect(),
            Fact::Noted(fact) => (fact.person, "text", Some(&mut fact.text)),
            Fact::Voided(fact) => (fact.person, "reason", fact.reason.text.as_mut()),
            Fact::AccountChanged(_) | Fact::ConsentChanged(_) => return Vec::new(),
        };
        text.into_iter().map(|text| Slot { field, person: Some(person), text }).collect()
    }
}

impl Details {
    fn personal(&mut self, person: PersonId) -> impl Iterator<Item = Slot<'_>> {
        let texts = [
            ("name", self.name.as_mut()),
            ("email", self.email.as_mut()),
            ("phone", self.phone.as_mut()),
            ("title", self.title.as_mut()),
        ];
        let person = Some(person);
        let slot = move |(field, text): (_, Option<_>)| Some(Slot { field, person, text: text? });
        texts.into_iter().filter_map(slot)
    }
}

// ── State ────────────────────────────────────────────────────────────────────────────────────

/// A contact as it stands at some instant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contact {
    /// When it was created; `None` while no fact says so.
    pub created_at: Option<Instant>,
    /// The person behind it.
    pub person: Option<PersonId>,
    /// The account that they belong to.
    pub account: Option<AccountId>,
    /// Its ids in systems of record.
    pub external_ids: Vec<PersonalExternalId>,
    /// Who it is.
    pub details: Details,
    /// The stable name of the fact that said so last, which the texts are sealed in.
    pub details_fact: &'static str,
    /// For which purposes the person may be addressed.
    pub consents: BTreeMap<String, Consent>,
    /// How many notes were written.
    pub notes: u32,
    /// What was recorded although it does not fit.
    pub faults: Vec<Fault>,
}

impl Contact {
    fn apply(&mut self, at: Instant, fact: &Fact) {
        match fact {
            Fact::Created(it) => {
                self.created_at.get_or_insert(at);
                self.person = Some(it.person);
                self.account = it.account;
                self.external_ids.clone_from(&it.external_ids);
                (self.details, self.details_fact) = (it.details.clone(), fact.name());
            }
            Fact::DetailsCorrected(it) => {
                (self.details, self.details_fact) = (it.details.clone(), fact.name());
            }
            Fact::AccountChanged(it) => self.account = it.account,
            Fact::ConsentChanged(it) => {
                let consent = Consent { granted: it.granted, since: at };
                self.consents.insert(it.purpose.clone(), consent);
            }
            Fact::Noted(_) => self.notes += 1,
            Fact::Voided(_) => {}
        }
    }
}

// ── Commands and rules ───────────────────────────────────────────────────────────────────────

/// What may be asked of a contact. Each carries the fact that it would record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Takes up a person.
    Create(Created),
    /// Says again, and in full, who it is.
    CorrectDetails(DetailsCorrected),
    /// Puts them under another account, or under none.
    ChangeAccount(AccountChanged),
    /// Gives or withdraws consent.
    ChangeConsent(ConsentChanged),
    /// Writes something down.
    Note(Noted),
}

impl Command {
    /// The fact as a system of record saw it, without our judgement.
    pub fn reported(self) -> Fact {
        match self {
            Command::Create(fact) => Fact::Created(fact.into()),
            Command::CorrectDetails(fact) => Fact::DetailsCorrected(fact.into()),
            Command::ChangeAccount(fact) => Fact::AccountChanged(fact),
            Command::ChangeConsent(fact) => Fact::ConsentChanged(fact),
            Command::Note(fact) => Fact::Noted(fact),
        }
    }
}

impl Contact {
    /// Whether a fact would say only what is so already.
    fn is_so(&self, fact: &Fact) -> bool {
        self.created_at.is_some()
            && match fact {
                Fact::Created(_) | Fact::Noted(_) | Fact::Voided(_) => false,
                Fact::DetailsCorrected(it) => self.details == it.details,
                Fact::AccountChanged(it) => self.account == it.account,
                Fact::ConsentChanged(ConsentChanged { purpose, granted }) => {
                    self.consents.get(purpose).is_some_and(|so| so.granted == *granted)
                }
            }
    }

    /// Why a fact does not fit the contact as it stands; `None` when it does.
    fn objection(&self, fact: &Fact) -> Option<Objection> {
        let person = match fact {
            Fact::Created(_) => {
                let but = "the contact exists already";
                let advice = "correct its details instead of creating it again";
                let exists = Objection::exists("CONTACT_EXISTS", "contact_id", but, advice);
                return self.created_at.map(|_| exists);
            }
            _ if self.created_at.is_none() => {
                let but = "there is no such contact at that instant";
                let advice = "create it first, or check the id";
                return Some(Objection::not_found("CONTACT_NOT_FOUND", "contact_id", but, advice));
            }
            Fact::DetailsCorrected(it) => it.person,
            Fact::Noted(it) => it.person,
            Fact::AccountChanged(_) | Fact::ConsentChanged(_) | Fact::Voided(_) => return None,
        };
        // Words about somebody else are not sealed here: forgetting this person would not reach
        // them.
        let but = "the person is not the one behind the contact";
        let advice = "give the person of the contact";
        let stranger = self.person != Some(person);
        stranger.then(|| Objection::invalid("WRONG_PERSON", "person", but, advice))
    }
}

// ── Evolve and decide ────────────────────────────────────────────────────────────────────────

impl Entity for Contact {
    type Fact = Fact;
    type Command = Command;
    const KIND: Kind = Kind::Contact;

    fn fact(fact: &crate::Fact) -> Option<&Fact> {
        match fact {
            crate::Fact::Contact(fact) => Some(fact),
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
