//! One figure with what it was made from, as JSON and tables show it.

use std::collections::BTreeMap;

use api::dashboards::v1::{self as sent, quantity::Unit};
use serde::Serialize;

use crate::grid::Cell;
use crate::money::Money;
use crate::wording::given;

/// A metric of one group of deals.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Figure {
    pub value: Option<Quantity>,
    numerator: Option<Quantity>,
    denominator: Option<Quantity>,
    excluded: BTreeMap<String, u64>,
    definition: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    why_null: Option<String>,
    /// The figure in each currency, where there are several and no single one can be given.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub by_currency: Vec<Figure>,
}

/// A number; its unit follows from the metric.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Quantity {
    Count(u64),
    Money(Money),
    Fraction(f64),
    Days(f64),
}

impl Figure {
    /// The one figure that a name has in a group: that of its single currency, or one without a
    /// value over the figures of each.
    pub fn of(name: &str, metrics: &[sent::Metric]) -> Self {
        let mut figures: Vec<_> =
            metrics.iter().filter(|metric| metric.name == name).map(Self::single).collect();
        match figures.len() {
            0 => Self { why_null: Some("NOT_MEASURED".to_owned()), ..Self::default() },
            1 => figures.swap_remove(0),
            _ => Self {
                definition: figures[0].definition.clone(),
                why_null: Some("SEVERAL_CURRENCIES".to_owned()),
                by_currency: figures,
                ..Self::default()
            },
        }
    }

    fn single(metric: &sent::Metric) -> Self {
        let value = metric.value.as_ref().and_then(Quantity::of);
        let numerator = metric.numerator.as_ref().and_then(Quantity::of);
        let denominator = metric.denominator.as_ref().and_then(Quantity::of);
        let excluded = metric.excluded.iter().map(|it| (it.reason.clone(), it.count)).collect();
        Self {
            value: with_exact(value, numerator.as_ref(), denominator.as_ref()),
            numerator,
            denominator,
            excluded,
            definition: metric.definition.clone(),
            why_null: given(metric.why_null.clone()),
            by_currency: Vec::new(),
        }
    }

    /// The figure as lines of a table or of CSV: one, or one per currency.
    pub fn lines(&self, name: &str) -> Vec<Vec<Cell>> {
        if !self.by_currency.is_empty() {
            return self.by_currency.iter().flat_map(|figure| figure.lines(name)).collect();
        }
        let excluded: Vec<_> = self.excluded.iter().map(|(why, n)| format!("{why} {n}")).collect();
        vec![vec![
            Cell::text(name),
            cell(self.value.as_ref()),
            Cell::text(self.unit()),
            cell(self.numerator.as_ref()),
            cell(self.denominator.as_ref()),
            Cell::text(excluded.join(" ")),
            Cell::text(self.why_null.as_deref().unwrap_or_default()),
        ]]
    }

    /// The columns of those lines.
    pub const LINE: [&'static str; 7] =
        ["metric", "value", "unit", "numerator", "denominator", "excluded", "why_null"];

    /// The figure in one currency, as a cell of a group's row.
    pub fn cell_in(&self, currency: Option<&str>) -> Cell {
        let Some(currency) = currency else {
            return cell(self.value.as_ref());
        };
        let figures = std::iter::once(self).chain(&self.by_currency);
        let values = figures.filter_map(|figure| figure.value.as_ref());
        let amount = values.filter_map(Quantity::as_money).find(|it| it.currency == currency);
        Cell::Amount(amount.cloned())
    }

    /// The currencies of the figure, if it is one in money.
    pub fn currencies(&self) -> Vec<&str> {
        std::iter::once(self)
            .chain(&self.by_currency)
            .filter_map(|figure| figure.value.as_ref()?.as_money())
            .map(|money| money.currency.as_str())
            .collect()
    }

    fn unit(&self) -> &str {
        match self.value.as_ref().or(self.numerator.as_ref()) {
            Some(Quantity::Money(money)) => &money.currency,
            Some(Quantity::Fraction(_)) => "fraction",
            Some(Quantity::Days(_)) => "days",
            Some(Quantity::Count(_)) | None => "",
        }
    }
}

impl Quantity {
    fn of(sent: &sent::Quantity) -> Option<Self> {
        Some(match sent.unit.as_ref()? {
            Unit::Count(count) => Self::Count(*count),
            Unit::Money(money) => Self::Money(Money::from(money)),
            Unit::Fraction(fraction) => Self::Fraction(*fraction),
            Unit::Days(days) => Self::Days(*days),
        })
    }

    fn as_money(&self) -> Option<&Money> {
        if let Self::Money(money) = self { Some(money) } else { None }
    }
}

/// An average comes rounded to the minor unit: where it is known of what, more decimals follow.
fn with_exact(
    value: Option<Quantity>,
    numerator: Option<&Quantity>,
    denominator: Option<&Quantity>,
) -> Option<Quantity> {
    match (value?, numerator, denominator) {
        (Quantity::Money(value), Some(Quantity::Money(sum)), Some(Quantity::Count(count))) => {
            Some(Quantity::Money(value.with_exact(sum, *count)))
        }
        (value, _, _) => Some(value),
    }
}

fn cell(quantity: Option<&Quantity>) -> Cell {
    match quantity {
        None => Cell::text(""),
        Some(Quantity::Count(count)) => Cell::Count(*count),
        Some(Quantity::Money(money)) => Cell::Amount(Some(money.clone())),
        Some(Quantity::Fraction(fraction)) => Cell::Number(Some(*fraction), 6),
        Some(Quantity::Days(days)) => Cell::Number(Some(*days), 3),
    }
}
