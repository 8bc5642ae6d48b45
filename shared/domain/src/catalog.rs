//! The catalog: a tenant's configuration, as of any instant and as known at any position.

use std::{collections::BTreeMap, sync::Arc};

use uuid::Uuid;

use crate::{
    CalendarId, Entity, ExchangeRateId, Instant, Known, PersonId, PipelineId, ProductId, SourceId,
    Timeline, UserId, calendar, calendar::Calendar, exchange_rate, exchange_rate::ExchangeRate,
    person::Person, pipeline, pipeline::Pipeline, product, product::Product, source,
    source::Source, user, user::User,
};

/// Everything that one tenant configured. Cheap to clone: timelines are shared.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    sources: BTreeMap<Uuid, Arc<Timeline>>,
    pipelines: BTreeMap<Uuid, Arc<Timeline>>,
    products: BTreeMap<Uuid, Arc<Timeline>>,
    users: BTreeMap<Uuid, Arc<Timeline>>,
    persons: BTreeMap<Uuid, Arc<Timeline>>,
    calendars: BTreeMap<Uuid, Arc<Timeline>>,
    exchange_rates: BTreeMap<Uuid, Arc<Timeline>>,
}

impl Catalog {
    /// Replaces an entity's timeline; `false` for a kind that is not configuration.
    pub fn put(&mut self, kind: crate::Kind, id: Uuid, timeline: Arc<Timeline>) -> bool {
        let shelf = match kind {
            crate::Kind::Source => &mut self.sources,
            crate::Kind::Pipeline => &mut self.pipelines,
            crate::Kind::Product => &mut self.products,
            crate::Kind::User => &mut self.users,
            crate::Kind::Person => &mut self.persons,
            crate::Kind::Calendar => &mut self.calendars,
            crate::Kind::ExchangeRate => &mut self.exchange_rates,
            crate::Kind::Account
            | crate::Kind::Activity
            | crate::Kind::Contact
            | crate::Kind::Contract
            | crate::Kind::Lead
            | crate::Kind::Opportunity
            | crate::Kind::Forecast
            | crate::Kind::Quota => return false,
        };
        shelf.insert(id, timeline);
        true
    }

    /// Every entity that anything was ever recorded of.
    pub fn entities(&self) -> impl Iterator<Item = (crate::Kind, Uuid)> {
        crate::Kind::ALL.iter().flat_map(|kind| {
            let ids = self.shelf(*kind).into_iter().flat_map(BTreeMap::keys);
            ids.map(|id| (*kind, *id))
        })
    }

    /// Whether anything was ever recorded of an entity.
    pub fn has(&self, kind: crate::Kind, id: Uuid) -> bool {
        self.shelf(kind).is_some_and(|shelf| shelf.contains_key(&id))
    }

    fn shelf(&self, kind: crate::Kind) -> Option<&BTreeMap<Uuid, Arc<Timeline>>> {
        match kind {
            crate::Kind::Source => Some(&self.sources),
            crate::Kind::Pipeline => Some(&self.pipelines),
            crate::Kind::Product => Some(&self.products),
            crate::Kind::User => Some(&self.users),
            crate::Kind::Person => Some(&self.persons),
            crate::Kind::Calendar => Some(&self.calendars),
            crate::Kind::ExchangeRate => Some(&self.exchange_rates),
            crate::Kind::Account
            | crate::Kind::Activity
            | crate::Kind::Contact
            | crate::Kind::Contract
            | crate::Kind::Lead
            | crate::Kind::Opportunity
            | crate::Kind::Forecast
            | crate::Kind::Quota => None,
        }
    }

    /// The source's definition in force.
    pub fn source(&self, id: SourceId, at: Known) -> Option<source::Defined> {
        in_force::<Source>(&self.sources, id.0, at)?.definition
    }

    /// The pipeline's definition in force.
    pub fn pipeline(&self, id: PipelineId, at: Known) -> Option<pipeline::Defined> {
        in_force::<Pipeline>(&self.pipelines, id.0, at)?.definition
    }

    /// The product's definition in force.
    pub fn product(&self, id: ProductId, at: Known) -> Option<product::Defined> {
        in_force::<Product>(&self.products, id.0, at)?.definition
    }

    /// The user's definition in force.
    pub fn user(&self, id: UserId, at: Known) -> Option<user::Defined> {
        in_force::<User>(&self.users, id.0, at)?.definition
    }

    /// Since when the definition in force holds, and the entity's latest position known there.
    pub fn in_force_since(&self, kind: crate::Kind, id: Uuid, at: Known) -> Option<(Instant, u64)> {
        let timeline = self.shelf(kind)?.get(&id)?;
        let since = timeline.live(at).last()?.moment.occurred_at;
        let known = timeline.entries().iter().map(|entry| entry.position);
        Some((since, known.filter(|position| *position <= at.known_at).max()?))
    }

    /// Whether a person was erased. Forgetting holds on every axis: what is gone is gone.
    pub fn is_erased(&self, id: PersonId) -> bool {
        in_force::<Person>(&self.persons, id.0, Known::NOW)
            .is_some_and(|person| person.erased_at.is_some())
    }

    /// The persons who were erased.
    pub fn erased(&self) -> impl Iterator<Item = PersonId> {
        self.persons.keys().map(|id| PersonId(*id)).filter(|id| self.is_erased(*id))
    }

    /// The sources that are defined at a point of the two axes.
    pub fn sources(&self, at: Known) -> impl Iterator<Item = (SourceId, source::Defined)> {
        self.sources.keys().filter_map(move |id| {
            let id = SourceId(*id);
            self.source(id, at).map(|defined| (id, defined))
        })
    }

    /// The pipelines that are defined at a point of the two axes.
    pub fn pipelines(&self, at: Known) -> impl Iterator<Item = (PipelineId, pipeline::Defined)> {
        self.pipelines.keys().filter_map(move |id| {
            let id = PipelineId(*id);
            self.pipeline(id, at).map(|defined| (id, defined))
        })
    }

    /// The products that are defined at a point of the two axes.
    pub fn products(&self, at: Known) -> impl Iterator<Item = (ProductId, product::Defined)> {
        self.products.keys().filter_map(move |id| {
            let id = ProductId(*id);
            self.product(id, at).map(|defined| (id, defined))
        })
    }

    /// The users who are defined at a point of the two axes.
    pub fn users(&self, at: Known) -> impl Iterator<Item = (UserId, user::Defined)> {
        self.users.keys().filter_map(move |id| {
            let id = UserId(*id);
            self.user(id, at).map(|defined| (id, defined))
        })
    }

    /// The calendar's definition in force.
    pub fn calendar(&self, id: CalendarId, at: Known) -> Option<calendar::Defined> {
        in_force::<Calendar>(&self.calendars, id.0, at)?.definition
    }

    /// The calendars that are defined at a point of the two axes.
    pub fn calendars(&self, at: Known) -> impl Iterator<Item = (CalendarId, calendar::Defined)> {
        self.calendars.keys().filter_map(move |id| {
            let id = CalendarId(*id);
            self.calendar(id, at).map(|defined| (id, defined))
        })
    }

    /// The exchange rate in force.
    pub fn exchange_rate(&self, id: ExchangeRateId, at: Known) -> Option<exchange_rate::Set> {
        in_force::<ExchangeRate>(&self.exchange_rates, id.0, at)?.set
    }

    /// The exchange rates in force at a point of the two axes.
    pub fn exchange_rates(
        &self,
        at: Known,
    ) -> impl Iterator<Item = (ExchangeRateId, exchange_rate::Set)> {
        self.exchange_rates.keys().filter_map(move |id| {
            let id = ExchangeRateId(*id);
            self.exchange_rate(id, at).map(|set| (id, set))
        })
    }

    /// Every exchange rate ever set that was known at a position, with the instant from which on it
    /// holds; later ones after earlier ones.
    pub fn exchange_rates_set(
        &self,
        known_at: u64,
    ) -> impl Iterator<Item = (Instant, &exchange_rate::Set)> {
        let at = Known { known_at, ..Known::NOW };
        self.exchange_rates.values().flat_map(move |timeline| timeline.live(at)).filter_map(
            |entry| match ExchangeRate::fact(&entry.fact)? {
                exchange_rate::Fact::Set(set) => Some((entry.moment.occurred_at, set)),
            },
        )
    }
}

fn in_force<E: Entity>(shelf: &BTreeMap<Uuid, Arc<Timeline>>, id: Uuid, at: Known) -> Option<E> {
    shelf.get(&id).map(|timeline| timeline.state(at))
}

#[cfg(test)]
mod tests;
