//! The view that forecasts are answered from: what deals count as, quotas and sheets, on both axes.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use domain::{
    Date, Entity, Fact, Kind, Known, Timeline,
    calendar::Period,
    forecast::{self, Forecast},
    quota::{self, Quota},
};
use runtime::{catalogs::add_entry, digest::Digest, steps, timelines::EntityRef, view::View};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{counted::Counted, deals::Deals};

/// Every tenant's forecasts. One view for the three kinds, so that an answer sees all of them at one
/// position.
#[derive(Default, Serialize, Deserialize)]
pub struct Book {
    tenants: HashMap<String, Shelf>,
}

/// What one tenant has.
#[derive(Default, Serialize, Deserialize)]
pub struct Shelf {
    /// Its deals.
    pub deals: Deals,
    /// The digest of its deals.
    digest: Digest,
    #[serde(skip)]
    quotas: Sheaf,
    #[serde(skip)]
    sheets: Sheaf,
}

/// Timelines of one kind whose facts name a range of days.
#[derive(Default)]
struct Sheaf {
    timelines: BTreeMap<Uuid, Arc<Timeline>>,
    by_days: BTreeMap<(Date, Date), BTreeSet<Uuid>>,
    /// Which timeline remembers a command: a calendar that was cut anew would name another.
    by_command: HashMap<Uuid, Uuid>,
    digest: Digest,
}

impl Sheaf {
    fn put(&mut self, id: Uuid, timeline: Timeline) {
        for days in timeline.entries().iter().filter_map(|entry| days_of(&entry.fact)) {
            self.by_days.entry(days).or_default().insert(id);
        }
        let commands = timeline.entries().iter().map(|entry| entry.moment.command_id);
        self.by_command.extend(commands.map(|command| (command, id)));
        self.timelines.insert(id, Arc::new(timeline));
    }

    fn of(&self, period: &Period) -> impl Iterator<Item = (Uuid, &Arc<Timeline>)> {
        let ids = self.by_days.get(&(period.starts, period.ends)).into_iter().flatten();
        ids.filter_map(|id| self.timelines.get(id).map(|timeline| (*id, timeline)))
    }
}

/// The days that a fact of a quota or a sheet is of.
fn days_of(fact: &Fact) -> Option<(Date, Date)> {
    match fact {
        Fact::Quota(quota::Fact::Set(set)) => Some((set.starts, set.ends)),
        Fact::Forecast(forecast::Fact::Adjusted(it)) => Some((it.sheet.starts, it.sheet.ends)),
        Fact::Forecast(forecast::Fact::Submitted(it)) => Some((it.sheet.starts, it.sheet.ends)),
        _ => None,
    }
}

impl Book {
    /// What a tenant has; `None` for one of whom nothing is known.
    pub fn shelf(&self, tenant: &str) -> Option<&Shelf> {
        self.tenants.get(tenant)
    }
}

impl Shelf {
    /// The quotas of exactly a period's days, as they stand at a point, with their etags.
    pub fn quotas(&self, period: &Period, at: Known) -> impl Iterator<Item = (Uuid, Quota, u64)> {
        self.quotas.of(period).filter_map(move |(id, timeline)| stands(id, timeline, at))
    }

    /// All quotas, as they stand at a point, with their etags.
    pub fn all_quotas(&self, at: Known) -> impl Iterator<Item = (Uuid, Quota, u64)> {
        let timelines = self.quotas.timelines.iter();
        timelines.filter_map(move |(id, timeline)| stands(*id, timeline, at))
    }

    /// The sheets of exactly a period's days, as they stand at a point, with their etags.
    pub fn sheets(
        &self,
        period: &Period,
        at: Known,
    ) -> impl Iterator<Item = (Uuid, Forecast, u64)> {
        self.sheets.of(period).filter_map(move |(id, timeline)| stands(id, timeline, at))
    }

    /// The timelines of the sheets of exactly a period's days.
    pub fn sheet_timelines(&self, period: &Period) -> impl Iterator<Item = (Uuid, &Arc<Timeline>)> {
        self.sheets.of(period)
    }

    /// The quota, or the sheet, on which a command was recorded.
    pub fn recorded_on(&self, kind: Kind, command_id: Uuid) -> Option<Uuid> {
        let sheaf = if kind == Kind::Quota { &self.quotas } else { &self.sheets };
        sheaf.by_command.get(&command_id).copied()
    }

    /// The quotas or the sheets, wherever the entity belongs.
    fn sheaf(&mut self, entity: &EntityRef) -> &mut Sheaf {
        if entity.kind == Kind::Quota { &mut self.quotas } else { &mut self.sheets }
    }
}

/// The state at a point and the entity's latest position known there; `None` where it has none.
fn stands<E: Entity>(id: Uuid, timeline: &Timeline, at: Known) -> Option<(Uuid, E, u64)> {
    let known = timeline.entries().iter().map(|entry| entry.position);
    let etag = known.filter(|position| *position <= at.known_at).max()?;
    timeline.live(at).next()?;
    Some((id, timeline.state(at), etag))
}

impl View for Book {
    const NAME: &'static str = "forecasts";
    const KINDS: &'static [Kind] = &[Kind::Opportunity, Kind::Quota, Kind::Forecast];

    fn load(&mut self, entity: &EntityRef, timeline: &Timeline, upto: u64) {
        let shelf = self.tenants.entry(entity.tenant.to_string()).or_default();
        if entity.kind == Kind::Opportunity {
            let life = steps::life::<Counted>(timeline, upto);
            shelf.deals.load(entity.id, &life);
            life.add_to(&mut shelf.digest, entity);
            return;
        }
        let (sheaf, mut held) = (shelf.sheaf(entity), Timeline::default());
        for entry in timeline.entries().iter().filter(|entry| entry.position <= upto) {
            add_entry(&mut sheaf.digest, entity, entry);
            held.insert(entry.clone());
        }
        if !held.is_empty() {
            sheaf.put(entity.id, held);
        }
    }

    fn apply(&mut self, entity: &EntityRef, timeline: &Timeline, position: u64) {
        let shelf = self.tenants.entry(entity.tenant.to_string()).or_default();
        if entity.kind == Kind::Opportunity {
            let news = steps::taught::<Counted>(timeline, position);
            shelf.deals.take(entity.id, &news.changes(position));
            news.restate(&mut shelf.digest, entity);
            return;
        }
        let sheaf = shelf.sheaf(entity);
        for entry in timeline.entries().iter().filter(|entry| entry.position == position) {
            add_entry(&mut sheaf.digest, entity, entry);
        }
        sheaf.put(entity.id, timeline.clone());
    }

    fn digest(&self, tenant: &str) -> Digest {
        let Some(shelf) = self.tenants.get(tenant) else { return Digest::default() };
        let mut digest = shelf.digest;
        [&shelf.quotas, &shelf.sheets].into_iter().for_each(|it| digest.merge(&it.digest));
        digest
    }

    fn left_out(&self) -> Vec<EntityRef> {
        let mut left_out = Vec::new();
        for (tenant, shelf) in &self.tenants {
            let tenant: Arc<str> = tenant.as_str().into();
            for (kind, sheaf) in [(Kind::Quota, &shelf.quotas), (Kind::Forecast, &shelf.sheets)] {
                let ids = sheaf.timelines.keys();
                left_out.extend(ids.map(|id| EntityRef { tenant: tenant.clone(), kind, id: *id }));
            }
        }
        left_out
    }
}

#[cfg(test)]
mod tests;
