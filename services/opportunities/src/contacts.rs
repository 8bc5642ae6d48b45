//! ContactService: the people at accounts.

mod from_proto;
mod queries;
mod service;
mod to_proto;

use domain::{
    AccountId, Entity, Fact, Instant, Kind, PersonId, PersonalVoided, Timeline, Voided,
    contact::{self, Contact},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use to_proto::contact as shown;

use crate::{
    customers::Noun,
    rows::{self, Logical, Rows},
};

/// Every tenant's contacts.
pub type Contacts = Rows<Row>;

/// What a list needs to know of a contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    created_at: Option<Instant>,
    /// The person behind it.
    pub person: Option<PersonId>,
    /// The account that they belong to.
    pub account: Option<AccountId>,
    consents: Vec<(Box<str>, bool)>,
    faults: u32,
}

impl rows::Row for Row {
    type Of = Contact;
    const VIEW: &'static str = "contacts";
    const KINDS: &'static [Kind] = &[Kind::Contact];

    fn of(contact: &Contact) -> Row {
        let consents = contact.consents.iter();
        Row {
            created_at: contact.created_at,
            person: contact.person,
            account: contact.account,
            consents: consents.map(|(it, so)| (it.as_str().into(), so.granted)).collect(),
            faults: contact.faults.len() as u32,
        }
    }

    fn place(&self) -> Option<Instant> {
        self.created_at
    }

    fn write(&self, to: &mut Logical) {
        to.number(self.created_at.map(|at| at.0));
        to.id(self.person.map(|id| id.0));
        to.id(self.account.map(|id| id.0));
        for (purpose, granted) in &self.consents {
            to.word(purpose);
            to.number(Some(i64::from(*granted)));
        }
        to.number(Some(i64::from(self.faults)));
    }
}

impl Noun for Contact {
    const ID: &'static str = "contact_id";
    const NOT_FOUND: &'static str = "CONTACT_NOT_FOUND";

    fn voided(voided: Voided, key: Uuid) -> Fact {
        let Voided { command_id, reason } = voided;
        contact::Fact::Voided(PersonalVoided { command_id, person: PersonId(key), reason }).into()
    }

    fn person(timeline: &Timeline) -> Option<PersonId> {
        let facts = timeline.entries().iter().filter_map(|entry| Contact::fact(&entry.fact));
        facts.rev().find_map(|fact| match fact {
            contact::Fact::Created(created) => Some(created.person),
            _ => None,
        })
    }
}
