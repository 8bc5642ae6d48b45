//! The catalog as rows: which definition is in force at a point of the two axes.

use std::sync::Arc;

use super::Catalog;
use crate::{
    CalendarId, Entry, ExchangeRateId, Fact, Instant, Kind, Known, PersonId, PipelineId, ProductId,
    SourceId, UserId, calendar, exchange_rate, person, pipeline, product, source,
    testing::{entry, fiscal, history, id, open, rate_of, sealed, timeline, usd},
    user,
};

fn at(as_of: i64, known_at: u64) -> Known {
    Known { as_of: Instant(as_of), known_at }
}

fn product(name: &str) -> Fact {
    let (key, name) = ("anvil".to_owned(), name.to_owned());
    product::Fact::Defined(product::Defined { key, name, list_price: usd(5), retired: false })
        .into()
}

fn pipeline() -> Fact {
    let (key, name, stages) = ("sales".to_owned(), "Sales".to_owned(), Vec::new());
    let defined = pipeline::Defined { key, name, furthest: false, stages, retired: false };
    pipeline::Fact::Defined(defined).into()
}

fn source() -> Fact {
    let (key, name, label) = ("crm".to_owned(), "CRM".to_owned(), "crm".to_owned());
    source::Fact::Defined(source::Defined { key, name, label, retired: false }).into()
}

fn user() -> Fact {
    user::Fact::Defined(
        user::Defined {
            person: PersonId(id(5)),
            key: sealed(b"ada"),
            name: None,
            manager: None,
            office: String::new(),
            role: String::new(),
            retired: false,
        }
        .into(),
    )
    .into()
}

fn erased() -> Fact {
    person::Fact::Erased(person::Erased { reason_code: String::new() }).into()
}

fn catalog(kind: Kind, entries: impl IntoIterator<Item = Entry>) -> Catalog {
    let mut catalog = Catalog::default();
    assert!(catalog.put(kind, id(1), Arc::new(timeline(entries))));
    catalog
}

/// Defined from the beginning, redefined from 20 on, and, at position 3, from 10 on.
fn redefined() -> Catalog {
    catalog(
        Kind::Product,
        [
            entry(i64::MIN, 1, product("first")),
            entry(20, 2, product("future")),
            entry(10, 3, product("late")),
        ],
    )
}

#[test]
fn the_definition_in_force_is_the_last_that_took_effect_and_was_known() {
    let catalog = redefined();
    for (as_of, known_at, expected) in [
        (5, 9, Some("first")),
        (11, 9, Some("late")),
        (20, 9, Some("late")),
        (21, 9, Some("future")),
        (15, 2, Some("first")),
        (21, 2, Some("future")),
        (21, 1, Some("first")),
        (21, 0, None),
    ] {
        let found = catalog.product(ProductId(id(1)), at(as_of, known_at));
        assert_eq!(found.as_ref().map(|found| &*found.name), expected, "{as_of}, {known_at}");
    }
}

#[test]
fn a_definition_is_in_force_since_it_took_effect() {
    let catalog = redefined();
    for (as_of, known_at, expected) in [
        (5, 9, Some((Instant::BEGINNING, 3))),
        (11, 9, Some((Instant(10), 3))),
        (15, 2, Some((Instant::BEGINNING, 2))),
        (21, 2, Some((Instant(20), 2))),
        (21, 0, None),
    ] {
        let since = catalog.in_force_since(Kind::Product, id(1), at(as_of, known_at));
        assert_eq!(since, expected, "{as_of}, {known_at}");
    }
    assert_eq!(catalog.in_force_since(Kind::Product, id(2), Known::NOW), None);
    assert_eq!(catalog.in_force_since(Kind::Opportunity, id(1), Known::NOW), None);
}

#[test]
fn each_kind_of_configuration_is_found_and_listed() {
    let defined = |kind, fact| catalog(kind, [entry(10, 1, fact)]);
    let (before, after) = (at(10, 9), at(11, 9));

    let pipelines = defined(Kind::Pipeline, pipeline());
    assert!(pipelines.pipeline(PipelineId(id(1)), after).is_some());
    assert!(pipelines.pipelines(after).map(|(found, _)| found).eq([PipelineId(id(1))]));
    assert_eq!(pipelines.pipelines(before).count(), 0);

    let products = defined(Kind::Product, product("Anvil"));
    assert!(products.products(after).map(|(found, _)| found).eq([ProductId(id(1))]));
    assert_eq!(products.products(before).count(), 0);

    let sources = defined(Kind::Source, source());
    assert!(sources.source(SourceId(id(1)), after).is_some());
    assert!(sources.sources(after).map(|(found, _)| found).eq([SourceId(id(1))]));
    assert_eq!(sources.sources(before).count(), 0);

    let users = defined(Kind::User, user());
    assert!(users.user(UserId(id(1)), after).is_some());
    assert!(users.users(after).map(|(found, _)| found).eq([UserId(id(1))]));
    assert_eq!(users.users(before).count(), 0);

    let calendars = defined(Kind::Calendar, calendar::Fact::Defined(fiscal()).into());
    assert!(calendars.calendars(after).map(|(found, _)| found).eq([CalendarId(id(1))]));
    assert_eq!(calendars.calendars(before).count(), 0);

    let rate = exchange_rate::Fact::Set(rate_of("EUR", "USD", "1.0825"));
    let rates = defined(Kind::ExchangeRate, rate.into());
    assert!(rates.exchange_rates(after).map(|(found, _)| found).eq([ExchangeRateId(id(1))]));
    assert_eq!(rates.exchange_rates(before).count(), 0);
    assert!(rates.exchange_rates_set(1).map(|(since, _)| since).eq([Instant(10)]));
    assert_eq!(rates.exchange_rates_set(0).count(), 0);
}

#[test]
fn what_was_never_configured_is_not_there() {
    let catalog = Catalog::default();
    assert_eq!(catalog.product(ProductId(id(1)), Known::NOW), None);
    assert!(!catalog.has(Kind::Product, id(1)));
    assert!(redefined().has(Kind::Product, id(1)));
    assert!(!redefined().has(Kind::User, id(1)), "another kind is another shelf");
}

#[test]
fn a_deal_is_not_configuration() {
    let mut catalog = Catalog::default();
    assert!(!catalog.put(Kind::Opportunity, id(1), Arc::new(history([(1, open())]))));
    assert!(!catalog.has(Kind::Opportunity, id(1)));
    for kind in [Kind::Quota, Kind::Forecast] {
        assert!(!catalog.put(kind, id(1), Arc::default()), "{kind}");
        assert!(!catalog.has(kind, id(1)), "{kind}");
    }
}

#[test]
fn a_timeline_put_again_replaces_the_one_before() {
    let mut catalog = redefined();
    let renamed = timeline([entry(1, 1, product("renamed"))]);
    assert!(catalog.put(Kind::Product, id(1), Arc::new(renamed)));
    let found = catalog.product(ProductId(id(1)), Known::NOW).unwrap();
    assert_eq!(found.name, "renamed");
}

#[test]
fn an_erased_person_is_erased_on_every_axis() {
    let mut catalog = catalog(Kind::Person, [entry(i64::MAX, 9, erased())]);
    catalog.put(Kind::Person, id(2), Arc::default());
    assert!(catalog.is_erased(PersonId(id(1))));
    assert!(!catalog.is_erased(PersonId(id(2))));
    assert!(!catalog.is_erased(PersonId(id(3))));
    assert!(catalog.erased().eq([PersonId(id(1))]));
}
