//! The table of rates as rows: which rate is found, and when.

use std::sync::Arc;

use super::RateTable;
use crate::{
    Decimal, Instant, Kind,
    catalog::Catalog,
    conversion::{ConversionError, Rate},
    exchange_rate::{Fact, Purpose, Set},
    testing::{currency, entry, id, rate_of, timeline},
};

fn rate(text: &str) -> Rate {
    Rate::of(Decimal::parse(text).unwrap()).unwrap()
}

fn table() -> RateTable {
    let rates = [
        (Instant(20), rate_of("EUR", "USD", "1.2")),
        (Instant::BEGINNING, rate_of("EUR", "USD", "1.1")),
        (Instant(10), rate_of("USD", "JPY", "160")),
        (Instant(10), Set { purpose: Purpose::Plan, ..rate_of("EUR", "USD", "1.25") }),
        (Instant(10), rate_of("GBP", "USD", "0")),
    ];
    RateTable::from_rates(rates, currency("USD"))
}

#[track_caller]
fn check(from: &str, to: &str, purpose: Purpose, as_of: i64, expected: Option<Rate>) {
    let (from, to) = (currency(from), currency(to));
    let found = table().rate(from, to, purpose, Instant(as_of));
    assert_eq!(found, expected.ok_or(ConversionError::NoRate { from, to }));
}

#[test]
fn the_rate_in_force_is_the_last_that_took_effect_before_the_instant() {
    let actual = Purpose::Actual;
    check("EUR", "USD", actual, 20, Some(rate("1.1")));
    check("EUR", "USD", actual, 21, Some(rate("1.2")));
    check("EUR", "USD", actual, i64::MAX, Some(rate("1.2")));
    check("USD", "JPY", actual, 10, None);
    check("USD", "JPY", actual, 11, Some(rate("160")));
}

#[test]
fn a_rate_is_used_for_its_purpose_alone() {
    check("EUR", "USD", Purpose::Plan, 21, Some(rate("1.25")));
    check("USD", "JPY", Purpose::Plan, 21, None);
}

#[test]
fn a_rate_is_turned_round_or_led_through_the_corporate_currency() {
    let actual = Purpose::Actual;
    check("CHF", "CHF", actual, 0, Some(Rate::ONE));
    check("USD", "EUR", actual, 21, rate("1.2").inverse());
    check("EUR", "JPY", actual, 21, Some(rate("192")));
    check(
        "JPY",
        "EUR",
        actual,
        21,
        rate("160").inverse().unwrap().times(rate("1.2").inverse().unwrap()),
    );
    check("EUR", "CHF", actual, 21, None);
}

#[test]
fn a_rate_that_cannot_be_used_is_not_there() {
    check("GBP", "USD", Purpose::Actual, 21, None);
}

#[test]
fn of_two_rates_for_one_instant_the_later_holds() {
    let rates = [rate_of("EUR", "USD", "1.1"), rate_of("EUR", "USD", "1.3")];
    let table = RateTable::from_rates(rates.map(|set| (Instant(5), set)), currency("USD"));
    let found = table.rate(currency("EUR"), currency("USD"), Purpose::Actual, Instant(6));
    assert_eq!(found, Ok(rate("1.3")));
}

#[test]
fn the_table_of_a_catalog_holds_what_was_known() {
    let mut catalog = Catalog::default();
    let rates = [(10, 1, "1.1"), (20, 2, "1.2"), (5, 3, "1.0")];
    let entries = rates
        .map(|(at, position, rate)| entry(at, position, Fact::Set(rate_of("EUR", "USD", rate))));
    catalog.put(Kind::ExchangeRate, id(1), Arc::new(timeline(entries)));
    for (known_at, as_of, expected) in [
        (3, 8, Some("1")),
        (2, 8, None),
        (3, 15, Some("1.1")),
        (1, 30, Some("1.1")),
        (2, 30, Some("1.2")),
    ] {
        let table = RateTable::of(&catalog, known_at, currency("USD"));
        let found = table.rate(currency("EUR"), currency("USD"), Purpose::Actual, Instant(as_of));
        assert_eq!(found.ok(), expected.map(rate), "{known_at}, {as_of}");
    }
}
