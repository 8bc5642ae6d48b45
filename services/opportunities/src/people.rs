//! The view of the persons behind leads and contacts: who can be erased beside those of the catalog.

use std::collections::{HashMap, HashSet};

use domain::{Fact, Kind, PersonId, Timeline, contact, lead};
use foldhash::fast::RandomState;
use runtime::{digest::Digest, timelines::EntityRef, view::View};
use serde::{Deserialize, Serialize};

/// Every tenant's persons.
#[derive(Default, Serialize, Deserialize)]
pub struct People {
    tenants: HashMap<String, Tenant>,
}

#[derive(Default, Serialize, Deserialize)]
struct Tenant {
    persons: HashSet<PersonId, RandomState>,
    digest: Digest,
}

impl People {
    /// Whether anything was ever said of this person. A command that was taken back counts: what it
    /// said is in the log all the same.
    pub fn has(&self, tenant: &str, person: PersonId) -> bool {
        self.tenants.get(tenant).is_some_and(|tenant| tenant.persons.contains(&person))
    }

    fn put(&mut self, tenant: &str, person: PersonId) {
        let tenant = match self.tenants.get_mut(tenant) {
            Some(tenant) => tenant,
            None => self.tenants.entry(tenant.to_owned()).or_default(),
        };
        if tenant.persons.insert(person) {
            tenant.digest.add(person.0.as_bytes());
        }
    }
}

/// The persons whom a fact is about: the one that it brings in, and those whose key seals its words.
fn persons(fact: &Fact) -> Vec<PersonId> {
    match fact {
        Fact::Lead(lead::Fact::Captured(captured)) => vec![captured.person],
        Fact::Contact(contact::Fact::Created(created)) => vec![created.person],
        other => other.clone().personal().iter().filter_map(|slot| slot.person).collect(),
    }
}

impl View for People {
    const NAME: &'static str = "people";
    const KINDS: &'static [Kind] = &[Kind::Contact, Kind::Lead];

    fn load(&mut self, entity: &EntityRef, timeline: &Timeline, upto: u64) {
        let known = timeline.entries().iter().filter(|entry| entry.position <= upto);
        for person in known.flat_map(|entry| persons(&entry.fact)) {
            self.put(&entity.tenant, person);
        }
    }

    fn apply(&mut self, entity: &EntityRef, timeline: &Timeline, position: u64) {
        let new = timeline.entries().iter().filter(|entry| entry.position == position);
        for person in new.flat_map(|entry| persons(&entry.fact)) {
            self.put(&entity.tenant, person);
        }
    }

    fn digest(&self, tenant: &str) -> Digest {
        self.tenants.get(tenant).map(|tenant| tenant.digest).unwrap_or_default()
    }
}
