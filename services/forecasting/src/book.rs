//! The view that forecasts are answered from: what deals count as, quotas and sheets, on both axes.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use domain::{
    Date, Entity, Fact, Instant, Kind, Known, OpportunityId, Timeline,
    calendar::Period,
    forecast::{self, Forecast},
    quota::{self, Quota},
};
use runtime::{
    catalogs::add_entry,
    digest::Digest,
    steps::{self, Signed, Step},
    timelines::EntityRef,
    view::View,
};
use uuid::Uuid;

use crate::counted::Counted;

/// Every tenant's forecasts. One view for the three kinds, so that an answer sees all of them at one
/// position.
#[derive(Default)]
pub struct Book {
    tenants: HashMap<String, Shelf>,
}

/// What one tenant has.
#[derive(Default)]
pub struct Shelf {
    deals: BTreeMap<Uuid, Deal>,
    quotas: Sheaf,
    sheets: Sheaf,
    digest: Digest,
}

/// The signed changes of what a deal counts as, and the days between which it ever counted. The
/// days are those of UTC, a day wider than any zone can make them.
struct Deal {
    changes: Vec<Signed<Counted>>,
    first: Date,
    last: Date,
}

impl Default for Deal {
    fn default() -> Deal {
        Deal { changes: Vec::new(), first: Date(i32::MAX), last: Date(i32::MIN) }
    }
}

impl Deal {
    fn take(&mut self, changes: Vec<Signed<Counted>>) {
        for Signed { stands, .. } in &changes {
            let closed = stands.closed_at.map(Instant::date);
            let closed = closed.into_iter().flat_map(|day| [day.plus_days(-1), day.plus_days(1)]);
            for day in stands.close_date.into_iter().chain(closed) {
                self.first = self.first.min(day);
                self.last = self.last.max(day);
            }
        }
        self.changes.extend(changes);
    }

    /// What it counts as at a point: the sum of all changes before it.
    fn at(&self, at: Known) -> Option<&Counted> {
        let mut net: Vec<(&Counted, i32)> = Vec::with_capacity(4);
        for change in &self.changes {
            if !at.covers(change.occurred_at, change.position) {
                continue;
            }
            match net.iter().position(|(stands, _)| *stands == &change.stands) {
                Some(place) if net[place].1 + change.sign == 0 => {
                    net.swap_remove(place);
                }
                Some(place) => net[place].1 += change.sign,
                None => net.push((&change.stands, change.sign)),
            }
        }
        net.into_iter().find(|(_, sum)| *sum > 0).map(|(stands, _)| stands)
    }
}

/// Timelines of one kind whose facts name a range of days.
#[derive(Default)]
struct Sheaf {
    timelines: BTreeMap<Uuid, Arc<Timeline>>,
    by_days: BTreeMap<(Date, Date), BTreeSet<Uuid>>,
    /// Which timeline remembers a command: a calendar that was cut anew would name another.
    by_command: HashMap<Uuid, Uuid>,
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
    /// The deals that may ever have counted in a period, by id.
    pub fn deals(&self, period: &Period) -> impl Iterator<Item = OpportunityId> {
        let (starts, ends) = (period.starts, period.ends);
        let may_count = move |deal: &Deal| deal.first < ends && starts <= deal.last;
        let deals = self.deals.iter().filter(move |(_, deal)| may_count(deal));
        deals.map(|(id, _)| OpportunityId(*id))
    }

    /// What a deal counts as at a point of the two axes.
    pub fn deal(&self, id: OpportunityId, at: Known) -> Option<&Counted> {
        self.deals.get(&id.0)?.at(at)
    }

    /// The positions between two points that changed what a deal counts as.
    pub fn positions(&self, id: OpportunityId, from: Known, to: Known) -> Vec<u64> {
        let changes = self.deals.get(&id.0).into_iter().flat_map(|deal| &deal.changes);
        let between = changes.filter(|change| {
            let covers = |at: Known| at.covers(change.occurred_at, change.position);
            covers(from) != covers(to)
        });
        let positions: BTreeSet<u64> = between.map(|change| change.position).collect();
        positions.into_iter().collect()
    }

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

    fn replace(&mut self, entity: &EntityRef, known: Timeline) {
        match entity.kind {
            Kind::Quota => self.quotas.put(entity.id, known),
            _ => self.sheets.put(entity.id, known),
        }
    }

    fn take_deal(
        &mut self,
        entity: &EntityRef,
        changes: Vec<Signed<Counted>>,
        (before, after): (&[Step<Counted>], &[Step<Counted>]),
    ) {
        if !changes.is_empty() {
            self.deals.entry(entity.id).or_default().take(changes);
        }
        steps::restate(&mut self.digest, entity, before, after);
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
            let (changes, after) = steps::load::<Counted>(timeline, upto);
            shelf.take_deal(entity, changes, (&[], &after));
            return;
        }
        let mut held = Timeline::default();
        for entry in timeline.entries().iter().filter(|entry| entry.position <= upto) {
            add_entry(&mut shelf.digest, entity, entry);
            held.insert(entry.clone());
        }
        if !held.is_empty() {
            shelf.replace(entity, held);
        }
    }

    fn apply(&mut self, entity: &EntityRef, timeline: &Timeline, position: u64) {
        let shelf = self.tenants.entry(entity.tenant.to_string()).or_default();
        if entity.kind == Kind::Opportunity {
            let (before, after) = steps::taught::<Counted>(timeline, position);
            let changes = steps::difference(&before, &after, position);
            shelf.take_deal(entity, changes, (&before, &after));
            return;
        }
        for entry in timeline.entries().iter().filter(|entry| entry.position == position) {
            add_entry(&mut shelf.digest, entity, entry);
        }
        shelf.replace(entity, timeline.clone());
    }

    fn digest(&self, tenant: &str) -> Digest {
        self.tenants.get(tenant).map(|shelf| shelf.digest).unwrap_or_default()
    }
}
