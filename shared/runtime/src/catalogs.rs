//! The catalogs of all tenants: a view like any other, small enough to be shared whole.

use std::{collections::HashMap, sync::Arc};

use domain::{Kind, PersonId, Timeline, catalog::Catalog};
use serde::{Deserialize, Serialize};

use crate::{
    digest::Digest,
    rows::{Name, Row},
    timelines::EntityRef,
    view::View,
};

/// Every tenant's catalog.
///
/// Nothing of it is kept between two lives of a process: it is few timelines.
#[derive(Default, Serialize, Deserialize)]
pub struct Catalogs {
    #[serde(skip)]
    tenants: HashMap<String, Shelf>,
}

#[derive(Default)]
struct Shelf {
    catalog: Arc<Catalog>,
    digest: Digest,
}

impl Catalogs {
    /// A tenant's catalog, with everything that was ever configured.
    pub fn of(&self, tenant: &str) -> Arc<Catalog> {
        self.tenants.get(tenant).map(|shelf| shelf.catalog.clone()).unwrap_or_default()
    }
}

impl Catalogs {
    /// Everybody who was erased, of every tenant.
    pub fn erased(&self) -> Vec<(String, PersonId)> {
        let of = |(tenant, shelf): (&String, &Shelf)| {
            shelf.catalog.erased().map(|person| (tenant.clone(), person)).collect::<Vec<_>>()
        };
        self.tenants.iter().flat_map(of).collect()
    }
}

impl View for Catalogs {
    const NAME: &'static str = "catalog";
    const KINDS: &'static [Kind] = &[
        Kind::Person,
        Kind::Pipeline,
        Kind::Product,
        Kind::Source,
        Kind::User,
        Kind::Calendar,
        Kind::ExchangeRate,
    ];

    fn load(&mut self, entity: &EntityRef, timeline: &Timeline, upto: u64) {
        let known: Vec<_> =
            timeline.entries().iter().filter(|entry| entry.position <= upto).collect();
        if known.is_empty() {
            return;
        }
        let shelf = self.tenants.entry(entity.tenant.to_string()).or_default();
        let mut held = Timeline::default();
        for entry in known {
            add_entry(&mut shelf.digest, entity, entry);
            held.insert(entry.clone());
        }
        Arc::make_mut(&mut shelf.catalog).put(entity.kind, entity.id, Arc::new(held));
    }

    fn apply(&mut self, entity: &EntityRef, timeline: &Timeline, position: u64) {
        let shelf = self.tenants.entry(entity.tenant.to_string()).or_default();
        for entry in timeline.entries().iter().filter(|entry| entry.position == position) {
            add_entry(&mut shelf.digest, entity, entry);
        }
        let held = Arc::new(timeline.clone());
        Arc::make_mut(&mut shelf.catalog).put(entity.kind, entity.id, held);
    }

    fn digest(&self, tenant: &str) -> Digest {
        self.tenants.get(tenant).map(|shelf| shelf.digest).unwrap_or_default()
    }

    fn left_out(&self) -> Vec<EntityRef> {
        let of = |(tenant, shelf): (&String, &Shelf)| {
            let tenant: Arc<str> = tenant.as_str().into();
            let entities = shelf.catalog.entities();
            let named = entities.map(|(kind, id)| EntityRef { tenant: tenant.clone(), kind, id });
            named.collect::<Vec<_>>()
        };
        self.tenants.iter().flat_map(of).collect()
    }
}

/// Adds a fact of an entity to a digest: what it says, without positions and sealed text.
pub fn add_entry(digest: &mut Digest, entity: &EntityRef, entry: &domain::Entry) {
    let body = entry.fact.blanked().encode().unwrap_or_default();
    let row = Row {
        position: 0,
        recorded_at: 0,
        occurred_at: entry.moment.occurred_at.0,
        source_seq: entry.moment.source_seq,
        command_id: entry.moment.command_id,
        index: entry.moment.index,
        fingerprint: [0; 16],
        actor: "",
        origin: None,
        correlation_id: None,
        causation_id: None,
        name: Name::of_fact(&entry.fact),
        body: &body,
    };
    if let Ok(logical) = row.logical(entity.kind, &entity.tenant, entity.id) {
        digest.add(&logical);
    }
}
