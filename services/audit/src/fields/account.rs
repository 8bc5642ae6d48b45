//! An account as named fields.

use domain::{
    Reason,
    account::{Account, Fact},
};

use super::{Field, Fields, Told, Value, external_ids, note};

impl Told for Account {
    fn fields(&self, fact: &'static str) -> Vec<Field> {
        let exists = self.created_at.is_some();
        Fields::after(fact)
            .sealed("name", self.name.as_ref())
            .text("external_ids", external_ids(&self.external_ids))
            .sealed("domain", self.domain.as_ref())
            .text("parent", self.parent.map(|id| id.to_string()))
            .text("segment", Some(self.segment.clone()))
            .text("key_account", exists.then(|| self.key_account.to_string()))
            .value("owner", self.owner.map(Value::User))
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
        | Fact::Renamed(_)
        | Fact::DomainChanged(_)
        | Fact::ParentChanged(_)
        | Fact::SegmentChanged(_)
        | Fact::KeyAccountChanged(_)
        | Fact::OwnerChanged(_)
        | Fact::Noted(_) => None,
    }
}
