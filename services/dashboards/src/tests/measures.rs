//! Figures of small tallies, each with what it was made from.

use std::collections::BTreeSet;

use api::dashboards::v1::{Metric, MetricsBy, quantity::Unit};
use domain::{Currency, Instant, Outcome};

use super::deals::*;
use runtime::point::Point;

use crate::{
    figures::figures,
    groups::Group,
    metrics::{Measured, Tally, measure},
    outcomes::{Outcomes, Period},
};

const DAY: i64 = 86_400_000_000;

fn figure<'a>(metrics: &'a [Metric], name: &str, currency: &str) -> &'a Metric {
    let matches = |metric: &&Metric| {
        let shown = [&metric.value, &metric.numerator].into_iter().flatten();
        let mut units = shown.filter_map(|quantity| quantity.unit.as_ref());
        metric.name == name
            && (currency.is_empty()
                || units.any(|u| matches!(u, Unit::Money(m) if m.currency_code == currency)))
    };
    metrics.iter().find(matches).unwrap()
}

fn value(metric: &Metric) -> String {
    let Some(unit) = metric.value.as_ref().and_then(|value| value.unit.as_ref()) else {
        return metric.why_null.clone();
    };
    match unit {
        Unit::Count(count) => count.to_string(),
        Unit::Money(it) => {
            format!("{}.{:02} {}", it.units, it.nanos / 10_000_000, it.currency_code)
        }
        Unit::Fraction(fraction) => format!("{fraction:.4}"),
        Unit::Days(days) => format!("{days:.2}"),
    }
}

fn excluded(metric: &Metric) -> Vec<(&str, u64)> {
    metric.excluded.iter().map(|it| (it.reason.as_str(), it.count)).collect()
}

fn eight_closings(usd: Currency, eur: Currency) -> Tally {
    Tally {
        won: 5,
        lost: 1,
        no_decision: 2,
        amounts: [(usd, vec![100, 301, 200]), (eur, vec![70])].into(),
        without_amount: 1,
        cycles: vec![DAY, 11 * DAY, 3 * DAY, DAY / 2],
        negative_cycles: 1,
    }
}

#[test]
fn figures_say_what_they_are_made_from() {
    let (usd, eur) = (usd(0).unwrap().currency, eur(0).unwrap().currency);
    let tally = eight_closings(usd, eur);
    let metrics = figures(&tally, &BTreeSet::from([usd, eur])).unwrap();
    for (name, currency, expected, left_out) in [
        ("win_rate", "", "0.8333", vec![("NO_DECISION", 2)]),
        ("revenue_won", "USD", "6.01 USD", vec![("NO_AMOUNT", 1), ("OTHER_CURRENCY", 1)]),
        ("revenue_won", "EUR", "0.70 EUR", vec![("NO_AMOUNT", 1), ("OTHER_CURRENCY", 3)]),
        ("deals_won", "", "5", vec![]),
        ("deals_lost", "", "1", vec![]),
        ("deals_no_decision", "", "2", vec![]),
        ("average_deal", "USD", "2.00 USD", vec![("NO_AMOUNT", 1), ("OTHER_CURRENCY", 1)]),
        ("median_deal", "USD", "2.00 USD", vec![("NO_AMOUNT", 1), ("OTHER_CURRENCY", 1)]),
        ("cycle_days_won_mean", "", "3.88", vec![("NEGATIVE_CYCLE", 1)]),
        ("cycle_days_won_median", "", "2.00", vec![("NEGATIVE_CYCLE", 1)]),
        ("cycle_days_won_p90", "", "8.60", vec![("NEGATIVE_CYCLE", 1)]),
    ] {
        let metric = figure(&metrics, name, currency);
        assert_eq!((value(metric).as_str(), excluded(metric)), (expected, left_out), "{name}");
        assert_eq!(metric.definition, format!("{name}.v1"));
    }
    let names: Vec<&str> = metrics.iter().map(|metric| metric.name.as_str()).collect();
    assert_eq!(names[..3], ["win_rate", "revenue_won", "revenue_won"]);
    assert_eq!(names[3..7], ["deals_won", "deals_lost", "deals_no_decision", "average_deal"]);
}

#[test]
fn nothing_divided_by_nothing_is_null_and_says_why() {
    let usd = usd(0).unwrap().currency;
    let metrics = figures(&Tally::default(), &BTreeSet::from([usd])).unwrap();
    let nulls = metrics.iter().filter(|metric| metric.value.is_none());
    let nulls: Vec<_> = nulls.map(|it| (it.name.as_str(), it.why_null.as_str())).collect();
    let zero = "ZERO_DENOMINATOR";
    let expected = [
        "win_rate",
        "average_deal",
        "median_deal",
        "cycle_days_won_mean",
        "cycle_days_won_median",
        "cycle_days_won_p90",
    ];
    assert_eq!(nulls, expected.map(|name| (name, zero)));
    assert_eq!(value(figure(&metrics, "revenue_won", "USD")), "0.00 USD");
    let moneyless = figures(&Tally::default(), &BTreeSet::new()).unwrap();
    assert_eq!(value(figure(&moneyless, "revenue_won", "")), "NO_AMOUNT");
    assert_eq!(moneyless.len(), 11 - 1);
}

fn measured(by: MetricsBy, period: Period) -> Measured {
    // 2017-03-31, 2017-04-01 and 2018-01-01.
    let (march, april, january) = (17_256 * DAY, 17_257 * DAY, 17_532 * DAY);
    let deals = [
        vec![(0, opened("new", 10, usd(5))), (april - 1, won(None))],
        vec![(0, opened("new", 10, usd(6))), (march, lost("price"))],
        vec![(0, opened("new", 11, usd(7))), (april, lost("price"))],
        vec![(0, opened("new", 11, eur(8))), (january, abandoned())],
    ];
    let deals = deals.map(timeline).into_iter().zip(1..).map(|(it, number)| (deal(number), it));
    let outcomes: Outcomes = live(&deals.collect());
    let now = at(i64::MAX, 9);
    let point = Point { position: 9, at: now, in_force: now, catalog: Default::default() };
    measure(&outcomes, TENANT, &point, by, period)
}

fn counts(by: MetricsBy) -> Vec<(String, u64)> {
    let mut counts: Vec<_> = measured(by, ALWAYS)
        .tallies
        .into_iter()
        .map(|(group, it)| (format!("{group:?}"), it.won + it.lost + it.no_decision))
        .collect();
    counts.sort();
    counts
}

#[test]
fn closings_are_grouped_by_when_and_by_whom() {
    let word = |word: &str| format!("{:?}", Group::Word(word.to_owned()));
    let months = [(word("2017-03"), 2), (word("2017-04"), 1), (word("2018-01"), 1)];
    assert_eq!(counts(MetricsBy::Month), months);
    let quarters = [(word("2017Q1"), 2), (word("2017Q2"), 1), (word("2018Q1"), 1)];
    assert_eq!(counts(MetricsBy::Quarter), quarters);
    let owners = [10, 11].map(|owner| (format!("{:?}", Group::User(user(owner))), 2));
    assert_eq!(counts(MetricsBy::Owner), owners);
    assert_eq!(counts(MetricsBy::Manager), [("None".to_owned(), 4)]);
    assert_eq!(counts(MetricsBy::Unspecified), [("None".to_owned(), 4)]);
}

#[test]
fn reasons_are_counted_per_outcome_and_periods_are_half_open() {
    let measured = measured(MetricsBy::Reason, ALWAYS);
    let reasons: Vec<_> =
        measured.reasons.iter().map(|((o, code), it)| (*o, &**code, it.0)).collect();
    let expected =
        [(Outcome::Won, "price", 1), (Outcome::Lost, "price", 2), (Outcome::NoDecision, "", 1)];
    assert_eq!(reasons, expected);
    let march = Period { start: Some(Instant(17_256 * DAY)), end: Some(Instant(17_257 * DAY)) };
    let tally = &self::measured(MetricsBy::Unspecified, march).tallies[0].1;
    assert_eq!((tally.won, tally.lost, tally.no_decision), (1, 1, 0));
}
