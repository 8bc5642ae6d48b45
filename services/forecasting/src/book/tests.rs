//! Whatever facts of deals, quotas and sheets, legal or not, and in whatever order they arrive: the
//! book answers like a plain fold of timelines, and its digest is the same.

use std::{collections::BTreeMap, sync::Arc};

use domain::{
    CalendarId, Currency, Date, Entity, Entry, Fact, ForecastCategory, Instant, Kind, Known,
    Moment, Money, Outcome, PipelineId, Provenance, Reason, Timeline, UserId, Voided,
    calendar::{Level, Period},
    forecast::{self, Adjusted, Change, Column, Forecast, Sheet, Unlocked},
    opportunity::{self, CategoryOverridden, CloseDateChanged, Opened, Opportunity, Stage, Won},
    quota::{self, Measure, Quota, Set, Withdrawn},
};
use proptest::prelude::*;
use runtime::{
    timelines::EntityRef,
    view::{
        View,
        any_order::{Timelines, restored},
    },
};
use uuid::Uuid;

use super::{Book, Counted, Shelf};
use crate::deals::tests::counted_at;

const TENANT: &str = "acme";
/// The days of the only period that quotas and sheets are of.
const DAYS: (Date, Date) = (Date(100), Date(190));

/// Instants lie so many days apart, so that closings fall into the period and beside it.
const DAYS_APART: i32 = 40;

/// A fact of one of two entities of its kind, at one of six instants.
type Happened = (u128, Instant, Fact);

fn instant(number: i32) -> Instant {
    Date(0).plus_days(number * DAYS_APART).start()
}

fn period() -> Period {
    Period { starts: DAYS.0, ends: DAYS.1, level: Level::Quarter, year: 1970, number: 2 }
}

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn money(minor: i64) -> Money {
    Money { minor, currency: Currency::from_code("USD").unwrap() }
}

fn reason() -> Reason {
    Reason { code: "why".to_owned(), text: None }
}

fn opened(day: Option<i32>, minor: Option<i64>) -> Fact {
    Fact::Opportunity(opportunity::Fact::Opened(
        Opened {
            external_ids: Vec::new(),
            name: None,
            pipeline: PipelineId(id(1)),
            stage: Stage { key: "new".to_owned(), order: None },
            amount: minor.map(money),
            close_date: day.map(Date),
            owner: Some(UserId(id(7))),
            product: None,
            account: None,
            opportunity_type: None,
        }
        .into(),
    ))
}

fn of_deals() -> impl Strategy<Value = Fact> {
    let day = || prop::option::of(0..300_i32);
    let amount = || prop::option::of(0..4_i64);
    let category = prop::sample::select(ForecastCategory::ALL.to_vec());
    prop_oneof![
        4 => (day(), amount()).prop_map(|(day, minor)| opened(day, minor)),
        2 => day().prop_map(|day| {
            let close_date = day.map(Date);
            Fact::Opportunity(opportunity::Fact::CloseDateChanged(CloseDateChanged { close_date }))
        }),
        2 => amount().prop_map(|minor| {
            let won = Won { amount: minor.map(money), reason: reason() };
            Fact::Opportunity(opportunity::Fact::Won(won))
        }),
        2 => prop::option::of(category).prop_map(|category| {
            let judged = CategoryOverridden { category, reason: reason() };
            Fact::Opportunity(opportunity::Fact::CategoryOverridden(judged))
        }),
        1 => (1..20_u128).prop_map(|command| {
            Fact::Opportunity(opportunity::Fact::Voided(voided(command)))
        }),
    ]
}

fn of_quotas() -> impl Strategy<Value = Fact> {
    prop_oneof![
        3 => (0..4_i64).prop_map(|minor| Fact::Quota(quota::Fact::Set(Set {
            owner: UserId(id(7)),
            calendar: CalendarId(id(0)),
            period: "1970-Q2".to_owned(),
            starts: DAYS.0,
            ends: DAYS.1,
            measure: Measure::Revenue,
            amount: money(minor),
        }))),
        1 => Just(Fact::Quota(quota::Fact::Withdrawn(Withdrawn { reason: reason() }))),
        1 => (1..20_u128).prop_map(|it| Fact::Quota(quota::Fact::Voided(voided(it)))),
    ]
}

fn of_sheets() -> impl Strategy<Value = Fact> {
    let sheet = Sheet {
        owner: UserId(id(7)),
        calendar: CalendarId(id(0)),
        period: "1970-Q2".to_owned(),
        starts: DAYS.0,
        ends: DAYS.1,
        currency: money(0).currency,
    };
    let adjusted = move |minor| Adjusted {
        sheet: sheet.clone(),
        level: forecast::Level::Manager,
        by: UserId(id(8)),
        column: Column { category: ForecastCategory::Commit, cumulative: true },
        change: Change::To,
        amount: money(minor),
        expires: None,
        note: None,
    };
    prop_oneof![
        3 => (0..4_i64).prop_map(move |minor| {
            Fact::Forecast(forecast::Fact::Adjusted(adjusted(minor).into()))
        }),
        1 => Just(Fact::Forecast(forecast::Fact::Unlocked(Unlocked { reason: reason() }))),
        1 => (1..20_u128).prop_map(|it| Fact::Forecast(forecast::Fact::Voided(voided(it)))),
    ]
}

fn voided(command: u128) -> Voided {
    Voided { command_id: id(command), reason: reason() }
}

fn kind(fact: &Fact) -> Kind {
    match fact {
        Fact::Opportunity(_) => Kind::Opportunity,
        Fact::Quota(_) => Kind::Quota,
        _ => Kind::Forecast,
    }
}

fn entry(at: Instant, position: u64, command: u128, fact: Fact) -> Entry {
    let command_id = id(command);
    Entry {
        moment: Moment { occurred_at: at, source_seq: 0, command_id, index: 0 },
        position,
        recorded_at: Instant(0),
        provenance: Provenance {
            fingerprint: [0; 16],
            actor: Arc::from("ada"),
            origin: None,
            correlation_id: command_id,
            causation_id: None,
        },
        fact,
    }
}

/// Timelines of facts, the first of which was recorded at the first of the positions and so on.
/// Every third of them came twice.
fn timelines(happened: &[Happened], positions: &[u64]) -> Timelines {
    let mut timelines = Timelines::new();
    for ((command, (number, at, fact)), position) in (1..).zip(happened).zip(positions) {
        let (kind, id) = (kind(fact), id(*number));
        let timeline = timelines.entry(EntityRef { tenant: TENANT.into(), kind, id }).or_default();
        timeline.insert(entry(*at, *position, command, fact.clone()));
        if command % 3 == 0 {
            timeline.insert(entry(*at, position + 100, command, fact.clone()));
        }
    }
    timelines
}

/// A book that was loaded up to a position, kept, restored, and then followed the rest.
fn joined(timelines: &Timelines, upto: u64) -> Book {
    let mut book = Book::default();
    for (entity, timeline) in timelines {
        book.load(entity, timeline, upto);
    }
    let mut book = restored(&book, timelines, upto);
    let entries = timelines.iter().flat_map(|(entity, timeline)| {
        timeline.entries().iter().map(move |entry| (entry.position, entity))
    });
    let mut touches: Vec<_> = entries.filter(|(position, _)| *position > upto).collect();
    touches.sort();
    for (position, entity) in touches {
        book.apply(entity, &timelines[entity], position);
    }
    book
}

/// What is known of an entity at a point, if anything is.
fn state<E: Entity>(timeline: &Timeline, at: Known) -> Option<E> {
    timeline.live(at).next().map(|_| timeline.state(at))
}

fn check(book: &Book, timelines: &Timelines, at: Known) -> Result<(), TestCaseError> {
    let empty = Shelf::default();
    let shelf = book.shelf(TENANT).unwrap_or(&empty);
    let (mut quotas, mut sheets) = (BTreeMap::new(), BTreeMap::new());
    for (EntityRef { kind, id, .. }, timeline) in timelines {
        match kind {
            Kind::Opportunity => {
                let deal: Option<Opportunity> = state(timeline, at);
                let deal = deal.filter(|it| it.opened_at.is_some() || it.outcome != Outcome::Open);
                let counted = counted_at(&shelf.deals, *id, at);
                let expected = deal.as_ref().map(|deal| {
                    let amount = deal.won_amount.or(deal.amount);
                    let stage = deal.stage.as_ref().map_or("", |stage| &*stage.key);
                    (
                        (deal.outcome, amount, deal.close_date, deal.closed_at),
                        (deal.owner, deal.pipeline, stage, deal.category_override),
                    )
                });
                let told = counted.as_ref().map(|it| {
                    let Counted { class, minor, close_date, closed_at } = it;
                    let amount = class.currency.map(|currency| Money { minor: *minor, currency });
                    (
                        (class.outcome, amount, *close_date, *closed_at),
                        (class.owner, class.pipeline, &*class.stage, class.category),
                    )
                });
                prop_assert_eq!(told, expected, "{} at {:?}", id, at);
                let days = deal.and_then(|deal| match deal.outcome {
                    Outcome::Won => deal.closed_at.map(Instant::date),
                    _ => deal.close_date,
                });
                let is_in = days.is_some_and(|day| (DAYS.0..DAYS.1).contains(&day));
                let offered = shelf.deals.of(&period(), &[at]).any(|it| it.id.0 == *id);
                prop_assert!(offered || !is_in, "{} is not among the deals at {:?}", id, at);
            }
            Kind::Quota => quotas.extend(state::<Quota>(timeline, at).map(|it| (*id, it))),
            _ => sheets.extend(state::<Forecast>(timeline, at).map(|it| (*id, it))),
        }
    }
    // Without a setting nobody knows of which days a quota is.
    let with_days = |id: &Uuid, kind| {
        let of = EntityRef { tenant: TENANT.into(), kind, id: *id };
        let facts = timelines[&of].entries().iter();
        facts.into_iter().any(|entry| super::days_of(&entry.fact).is_some())
    };
    quotas.retain(|id, _| with_days(id, Kind::Quota));
    sheets.retain(|id, _| with_days(id, Kind::Forecast));
    let told: BTreeMap<_, _> =
        shelf.quotas(&period(), at).map(|(id, quota, _)| (id, quota)).collect();
    prop_assert_eq!(told, quotas, "{:?}", at);
    let told: BTreeMap<_, _> =
        shelf.sheets(&period(), at).map(|(id, sheet, _)| (id, sheet)).collect();
    prop_assert_eq!(told, sheets, "{:?}", at);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn the_book_answers_like_plain_folds_however_it_is_fed(
        (happened, positions) in prop::collection::vec(
            (
                1..3_u128,
                (0..6).prop_map(instant),
                prop_oneof![3 => of_deals(), 1 => of_quotas(), 1 => of_sheets()],
            ),
            1..18,
        )
            .prop_flat_map(|happened| {
                let positions: Vec<u64> = (1..=happened.len() as u64).collect();
                (Just(happened), Just(positions).prop_shuffle())
            }),
        upto in 0..18_u64,
    ) {
        let many = happened.len() as u64;
        let in_order: Vec<u64> = (1..=many).collect();
        let digest = joined(&timelines(&happened, &in_order), 0).digest(TENANT);
        let shuffled = timelines(&happened, &positions);
        for upto in [0, upto.min(many), many] {
            let book = joined(&shuffled, upto);
            prop_assert_eq!(book.digest(TENANT), digest, "loaded up to {}", upto);
            for as_of in (0..7).map(instant).chain([Instant::END]) {
                for known_at in 0..=many {
                    check(&book, &shuffled, Known { as_of, known_at })?;
                }
            }
        }
    }
}
