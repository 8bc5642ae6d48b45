//! Metrics from hand-made answers.

use api::dashboards::v1::quantity::Unit;
use api::dashboards::v1::{
    Exclusion, GetMetricsResponse, Metric, MetricGroup, Quantity, ReasonRow,
};
use api::google::r#type::Money;
use api::types::v1::Reflected;

use super::answer::{Grouped, Metrics};
use crate::output::Answer as _;

fn usd(units: i64, nanos: i32) -> Money {
    Money { currency_code: "USD".into(), units, nanos }
}

fn quantity(unit: Unit) -> Option<Quantity> {
    Some(Quantity { unit: Some(unit) })
}

fn metric(name: &str, value: Option<Unit>) -> Metric {
    Metric {
        name: name.into(),
        value: value.and_then(quantity),
        definition: format!("{name}.v1"),
        ..Metric::default()
    }
}

fn win_rate() -> Metric {
    Metric {
        numerator: quantity(Unit::Count(3)),
        denominator: quantity(Unit::Count(4)),
        excluded: vec![Exclusion { reason: "NO_DECISION".into(), count: 2 }],
        ..metric("win_rate", Some(Unit::Fraction(0.75)))
    }
}

fn average() -> Metric {
    Metric {
        numerator: quantity(Unit::Money(usd(100, 0))),
        denominator: quantity(Unit::Count(3)),
        ..metric("average_deal", Some(Unit::Money(usd(33, 330_000_000))))
    }
}

fn whole(metrics: Vec<Metric>) -> GetMetricsResponse {
    GetMetricsResponse {
        reflected: Some(Reflected { revision: 7, known_at: 7, ..Reflected::default() }),
        groups: vec![MetricGroup { metrics, ..MetricGroup::default() }],
        reasons: vec![],
    }
}

fn json(metrics: &Metrics) -> serde_json::Value {
    serde_json::from_str(&serde_json::to_string(metrics).unwrap()).unwrap()
}

#[test]
fn a_figure_shows_what_it_was_made_from() {
    let metrics = Metrics::new(whole(vec![win_rate(), average()]), Grouped::Not);
    let text = serde_json::to_string(&metrics).unwrap();
    assert!(
        text.starts_with(concat!(
            r#"{"revision":7,"as_of":null,"known_at":7,"lag":0,"log":"","#,
            r#""win_rate":{"value":0.75,"numerator":3,"denominator":4,"#,
            r#""excluded":{"NO_DECISION":2},"definition":"win_rate.v1"},"#,
        )),
        "{text}"
    );
    assert!(
        text.contains(concat!(
            r#""average_deal":{"value":{"amount":"33.33","minor":3333,"currency":"USD","#,
            r#""exact":"33.333333"},"numerator":{"amount":"100.00","minor":10000,"#,
            r#""currency":"USD"},"denominator":3,"#,
        )),
        "{text}"
    );
}

#[test]
fn a_missing_value_says_why() {
    let zero = Metric { why_null: "ZERO_DENOMINATOR".into(), ..metric("win_rate", None) };
    let answer = json(&Metrics::new(whole(vec![zero]), Grouped::Not));
    assert_eq!(answer["win_rate"]["value"], serde_json::Value::Null);
    assert_eq!(answer["win_rate"]["why_null"], "ZERO_DENOMINATOR");
    assert_eq!(answer["deals_won"]["why_null"], "NOT_MEASURED");
}

#[test]
fn several_currencies_stand_side_by_side() {
    let eur = Money { currency_code: "EUR".into(), units: 5, nanos: 0 };
    let revenue = |money| metric("revenue_won", Some(Unit::Money(money)));
    let both = whole(vec![revenue(eur), revenue(usd(9, 0))]);
    let metrics = Metrics::new(both, Grouped::Not);
    let answer = json(&metrics);
    assert_eq!(answer["revenue_won"]["why_null"], "SEVERAL_CURRENCIES");
    assert_eq!(answer["revenue_won"]["by_currency"][1]["value"]["minor"], 900);
    let csv = metrics.grid().to_csv().unwrap();
    assert!(csv.contains("revenue_won,5.00,EUR,") && csv.contains("revenue_won,9.00,USD,"));
}

#[test]
fn groups_stand_beside_the_whole() {
    let won = |count| metric("deals_won", Some(Unit::Count(count)));
    let revenue = |units| metric("revenue_won", Some(Unit::Money(usd(units, 0))));
    let groups = vec![MetricGroup {
        key: "2017Q1".into(),
        metrics: vec![won(2), revenue(1500)],
        ..MetricGroup::default()
    }];
    let metrics = Metrics::new(whole(vec![won(3), revenue(2000)]), Grouped::by_key(groups));
    let answer = json(&metrics);
    assert_eq!(answer["deals_won"]["value"], 3);
    assert_eq!(answer["rows"][0]["key"], "2017Q1");
    assert_eq!(answer["rows"][0]["revenue_won"]["value"]["amount"], "1500.00");
    let csv = metrics.grid().to_csv().unwrap();
    assert!(csv.starts_with("key,name,win_rate,revenue_won_usd,deals_won,"), "{csv}");
    assert!(csv.contains("\n2017Q1,,,1500.00,2,"), "{csv}");
}

#[test]
fn reasons_have_a_count_and_an_amount() {
    let row = |outcome, reason: &str, count, amounts| ReasonRow {
        outcome,
        reason_code: reason.into(),
        count,
        amounts,
    };
    let reasons = vec![row(2, "", 4, vec![usd(10, 0)]), row(3, "price", 1, vec![])];
    let metrics = Metrics::new(whole(vec![]), Grouped::by_reason(reasons));
    let text = serde_json::to_string(&metrics).unwrap();
    assert!(
        text.ends_with(concat!(
            r#""rows":[{"outcome":"won","reason":null,"count":4,"#,
            r#""amount":{"amount":"10.00","minor":1000,"currency":"USD"},"#,
            r#""amounts":[{"amount":"10.00","minor":1000,"currency":"USD"}]},"#,
            r#"{"outcome":"lost","reason":"price","count":1,"#,
            r#""amount":{"amount":"0.00","minor":0,"currency":"USD"},"amounts":[]}]}"#,
        )),
        "{text}"
    );
    assert_eq!(
        metrics.grid().to_csv().unwrap(),
        "outcome,reason,count,amount_usd\nwon,,4,10.00\nlost,price,1,0.00\n"
    );
}
