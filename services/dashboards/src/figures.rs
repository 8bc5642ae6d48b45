//! Figures: each metric of a tally with its value, numerator, denominator and exclusions.

use std::collections::BTreeSet;

use api::dashboards::v1::{
    Exclusion, GetMetricsResponse, Metric, MetricGroup, Quantity, ReasonRow, quantity::Unit,
};
use domain::Currency;
use runtime::{
    query::QueryError,
    to_proto::{self, Referring},
};

use crate::{
    amounts::{self, divide},
    groups::Named,
    metrics::{Measured, Tally},
};

const MICROS_PER_DAY: f64 = 86_400_000_000.0;

/// The answer, still without what it reflects.
pub async fn answer(
    measured: Measured,
    at: &Referring<'_>,
) -> Result<GetMetricsResponse, QueryError> {
    let mut groups = Vec::with_capacity(measured.tallies.len());
    for (group, tally) in measured.tallies {
        let named = Named::of(&group, at).await?;
        groups.push((named, figures(&tally, &measured.currencies)?));
    }
    groups.sort_by(|(one, _), (other, _)| one.order().cmp(&other.order()));
    let groups = groups.into_iter().map(|(named, metrics)| {
        let Named { key, name, id, .. } = named;
        MetricGroup { key, name: Some(name), id, metrics }
    });
    let reasons: Result<_, QueryError> = measured
        .reasons
        .into_iter()
        .map(|((outcome, reason_code), (count, amounts))| {
            let outcome = to_proto::outcome(outcome) as i32;
            Ok(ReasonRow { outcome, reason_code, count, amounts: amounts.proto()? })
        })
        .collect();
    Ok(GetMetricsResponse { reflected: None, groups: groups.collect(), reasons: reasons? })
}

/// Every metric of a tally, in the order of the contract.
pub fn figures(tally: &Tally, currencies: &BTreeSet<Currency>) -> Result<Vec<Metric>, QueryError> {
    let mut figures = vec![win_rate(tally)];
    each_currency(&mut figures, "revenue_won", currencies, |currency| revenue(tally, currency))?;
    figures.push(count("deals_won", tally.won));
    figures.push(count("deals_lost", tally.lost));
    figures.push(count("deals_no_decision", tally.no_decision));
    each_currency(&mut figures, "average_deal", currencies, |currency| average(tally, currency))?;
    each_currency(&mut figures, "median_deal", currencies, |currency| median(tally, currency))?;
    figures.extend(cycles(tally));
    Ok(figures)
}

fn win_rate(tally: &Tally) -> Metric {
    let decided = tally.won + tally.lost;
    let rate = (decided > 0).then(|| tally.won as f64 / decided as f64);
    Metric {
        value: rate.map(|rate| quantity(Unit::Fraction(rate))),
        numerator: Some(quantity(Unit::Count(tally.won))),
        denominator: Some(quantity(Unit::Count(decided))),
        excluded: exclusions([("NO_DECISION", tally.no_decision)]),
        why_null: why_null(decided),
        ..metric("win_rate")
    }
}

fn count(name: &str, count: u64) -> Metric {
    let value = Some(quantity(Unit::Count(count)));
    Metric { value: value.clone(), numerator: value, ..metric(name) }
}

/// A figure in money once per currency; once without a value when nothing was won for money.
fn each_currency(
    figures: &mut Vec<Metric>,
    name: &str,
    currencies: &BTreeSet<Currency>,
    figure: impl Fn(Currency) -> Result<Metric, QueryError>,
) -> Result<(), QueryError> {
    for currency in currencies {
        let made = figure(*currency)?;
        figures.push(Metric { name: name.to_owned(), definition: definition(name), ..made });
    }
    if currencies.is_empty() {
        figures.push(Metric { why_null: "NO_AMOUNT".to_owned(), ..metric(name) });
    }
    Ok(())
}

fn revenue(tally: &Tally, currency: Currency) -> Result<Metric, QueryError> {
    let sum = money(currency, sum(won(tally, currency)))?;
    let excluded = without(tally, currency);
    Ok(Metric { value: Some(sum.clone()), numerator: Some(sum), excluded, ..Metric::default() })
}

fn average(tally: &Tally, currency: Currency) -> Result<Metric, QueryError> {
    let won = won(tally, currency);
    let (sum, deals) = (sum(won), won.len() as u64);
    let average = divide(sum, deals).map(|average| money(currency, average)).transpose()?;
    Ok(Metric {
        why_null: why_null(deals),
        value: average,
        numerator: Some(money(currency, sum)?),
        denominator: Some(quantity(Unit::Count(deals))),
        excluded: without(tally, currency),
        ..Metric::default()
    })
}

fn median(tally: &Tally, currency: Currency) -> Result<Metric, QueryError> {
    let won = won(tally, currency);
    let deals = won.len();
    let middle = neighbours(won, deals.saturating_sub(1) / 2);
    let middle = middle.map(|(low, next)| (low, if deals.is_multiple_of(2) { next } else { low }));
    let middle = middle.and_then(|(low, high)| divide(i128::from(low) + i128::from(high), 2));
    Ok(Metric {
        why_null: why_null(deals as u64),
        value: middle.map(|middle| money(currency, middle)).transpose()?,
        denominator: Some(quantity(Unit::Count(deals as u64))),
        excluded: without(tally, currency),
        ..Metric::default()
    })
}

fn cycles(tally: &Tally) -> [Metric; 3] {
    let deals = tally.cycles.len() as u64;
    let days = |micros: f64| quantity(Unit::Days(micros / MICROS_PER_DAY));
    let total = sum(&tally.cycles) as f64;
    let figure = |name: &str, value: Option<f64>| Metric {
        why_null: why_null(deals),
        value: value.map(days),
        denominator: Some(quantity(Unit::Count(deals))),
        excluded: exclusions([("NEGATIVE_CYCLE", tally.negative_cycles)]),
        ..metric(name)
    };
    let mean = (deals > 0).then(|| total / deals as f64);
    [
        Metric { numerator: Some(days(total)), ..figure("cycle_days_won_mean", mean) },
        figure("cycle_days_won_median", percentile(&tally.cycles, 50)),
        figure("cycle_days_won_p90", percentile(&tally.cycles, 90)),
    ]
}

/// A percentile, by linear interpolation between neighbours.
fn percentile(values: &[i64], percent: usize) -> Option<f64> {
    let hundredths = values.len().checked_sub(1)? * percent;
    let (place, part) = (hundredths / 100, (hundredths % 100) as f64 / 100.0);
    let (low, high) = neighbours(values, place)?;
    Some(low as f64 + (high - low) as f64 * part)
}

/// The value that would stand at this place if they were sorted, and the next one.
fn neighbours(values: &[i64], place: usize) -> Option<(i64, i64)> {
    if place >= values.len() {
        return None;
    }
    let mut values = values.to_vec();
    let (_, low, above) = values.select_nth_unstable(place);
    Some((*low, above.iter().copied().min().unwrap_or(*low)))
}

fn won(tally: &Tally, currency: Currency) -> &[i64] {
    tally.amounts.get(&currency).map_or(&[], Vec::as_slice)
}

fn sum(values: &[i64]) -> i128 {
    values.iter().map(|value| i128::from(*value)).sum()
}

/// Deals won that a figure in this currency leaves out.
fn without(tally: &Tally, currency: Currency) -> Vec<Exclusion> {
    let counted = tally.without_amount + won(tally, currency).len() as u64;
    let others = tally.won.saturating_sub(counted);
    exclusions([("NO_AMOUNT", tally.without_amount), ("OTHER_CURRENCY", others)])
}

fn exclusions<const N: usize>(counts: [(&str, u64); N]) -> Vec<Exclusion> {
    let some = counts.into_iter().filter(|(_, count)| *count > 0);
    some.map(|(reason, count)| Exclusion { reason: reason.to_owned(), count }).collect()
}

fn why_null(denominator: u64) -> String {
    let why = if denominator == 0 { "ZERO_DENOMINATOR" } else { "" };
    why.to_owned()
}

fn money(currency: Currency, minor: i128) -> Result<Quantity, QueryError> {
    Ok(quantity(Unit::Money(amounts::proto(currency, minor)?)))
}

fn quantity(unit: Unit) -> Quantity {
    Quantity { unit: Some(unit) }
}

fn metric(name: &str) -> Metric {
    Metric { name: name.to_owned(), definition: definition(name), ..Metric::default() }
}

/// A rule that changes gets another version, so that two answers can be told apart.
fn definition(name: &str) -> String {
    format!("{name}.v1")
}
