//! A contact as named fields.

use domain::{
    Reason,
    contact::{Contact, Fact},
};

use super::{Field, Fields, Sealed, Told, Value, note};

/// The fact that brings a contact's external ids, and seals them.
const CREATED: &str = "contact.created.v1";

impl Told for Contact {
    fn fields(&self, fact: &'static str) -> Vec<Field> {
        let details = &self.details;
        let head = Fields::after(fact)
            .sealed("name", details.name.as_ref())
            .sealed("email", details.email.as_ref())
            .sealed("phone", details.phone.as_ref())
            .sealed("title", details.title.as_ref())
            .text("account", self.account.map(|id| id.to_string()))
            .text("person_id", self.person.map(|id| id.to_string()));
        let head = self.external_ids.iter().fold(head, |fields, id| {
            let (text, field) = (id.key.clone(), "external_ids");
            let key = Value::Sealed(Sealed { text, fact: CREATED, field });
            fields.value(&format!("external_ids.{}", id.source), Some(key))
        });
        let consents = self.consents.iter();
        consents
            .fold(head, |fields, (purpose, consent)| {
                let word = if consent.granted { "given" } else { "withdrawn" };
                fields.text(&format!("consents.{purpose}"), Some(word.to_owned()))
            })
            .found
    }
}

/// What a fact says that is no part of the state.
pub fn beside(fact: &Fact) -> Option<Field> {
    match fact {
        Fact::Noted(noted) => Some(note(&noted.text, fact.name())),
        _ => None,
    }
}

/// Why a fact was recorded.
pub fn reason(fact: &Fact) -> Option<&Reason> {
    match fact {
        Fact::Voided(voided) => Some(&voided.reason),
        Fact::Created(_)
        | Fact::DetailsCorrected(_)
        | Fact::AccountChanged(_)
        | Fact::ConsentChanged(_)
        | Fact::Noted(_) => None,
    }
}
