//! Whom and what an activity has to do with.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{AccountId, ContactId, LeadId, OpportunityId, UserId};

/// What an activity is about. Stored as a word and an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "(&str, Uuid)", try_from = "(&str, Uuid)")]
pub enum Link {
    /// A lead.
    Lead(LeadId),
    /// An account.
    Account(AccountId),
    /// A contact.
    Contact(ContactId),
    /// A deal.
    Opportunity(OpportunityId),
}

impl Link {
    /// The stable word of what it is about.
    pub fn word(self) -> &'static str {
        <(&str, Uuid)>::from(self).0
    }

    /// The id of what it is about.
    pub fn id(self) -> Uuid {
        <(&str, Uuid)>::from(self).1
    }

    /// The link of a stable word and an id.
    pub fn from_word(word: &str, id: Uuid) -> Option<Link> {
        match word {
            "lead" => Some(Link::Lead(LeadId(id))),
            "account" => Some(Link::Account(AccountId(id))),
            "contact" => Some(Link::Contact(ContactId(id))),
            "opportunity" => Some(Link::Opportunity(OpportunityId(id))),
            _ => None,
        }
    }
}

impl From<Link> for (&'static str, Uuid) {
    fn from(link: Link) -> (&'static str, Uuid) {
        match link {
            Link::Lead(id) => ("lead", id.0),
            Link::Account(id) => ("account", id.0),
            Link::Contact(id) => ("contact", id.0),
            Link::Opportunity(id) => ("opportunity", id.0),
        }
    }
}

impl TryFrom<(&str, Uuid)> for Link {
    type Error = String;

    fn try_from((word, id): (&str, Uuid)) -> Result<Link, String> {
        Link::from_word(word, id).ok_or_else(|| format!("unknown link {word:?}"))
    }
}

/// Who takes part in an activity. Stored as a word and an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "(&str, Uuid)", try_from = "(&str, Uuid)")]
pub enum Participant {
    /// Somebody who works here.
    User(UserId),
    /// Somebody at an account.
    Contact(ContactId),
    /// Somebody who may become a customer.
    Lead(LeadId),
}

impl Participant {
    /// The stable word of who it is.
    pub fn word(self) -> &'static str {
        <(&str, Uuid)>::from(self).0
    }

    /// The id of who it is.
    pub fn id(self) -> Uuid {
        <(&str, Uuid)>::from(self).1
    }

    /// The participant of a stable word and an id.
    pub fn from_word(word: &str, id: Uuid) -> Option<Participant> {
        match word {
            "user" => Some(Participant::User(UserId(id))),
            "contact" => Some(Participant::Contact(ContactId(id))),
            "lead" => Some(Participant::Lead(LeadId(id))),
            _ => None,
        }
    }
}

impl From<Participant> for (&'static str, Uuid) {
    fn from(participant: Participant) -> (&'static str, Uuid) {
        match participant {
            Participant::User(id) => ("user", id.0),
            Participant::Contact(id) => ("contact", id.0),
            Participant::Lead(id) => ("lead", id.0),
        }
    }
}

impl TryFrom<(&str, Uuid)> for Participant {
    type Error = String;

    fn try_from((word, id): (&str, Uuid)) -> Result<Participant, String> {
        Participant::from_word(word, id).ok_or_else(|| format!("unknown participant {word:?}"))
    }
}
