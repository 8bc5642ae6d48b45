//! The whole and its groups as one answer.

use api::dashboards::v1::{self as sent, GetMetricsResponse};
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use super::figure::Figure;
use crate::grid::{Cell, Grid};
use crate::money::{self, Money};
use crate::output::{Answer, one_a_line};
use crate::pipeline::{amount_cells, amount_column};
use crate::standing::Standing;
use crate::wording::{given, outcome_name, text_shown};

/// The metrics of the contract, in its order.
const NAMES: [&str; 10] = [
    "win_rate",
    "revenue_won",
    "deals_won",
    "deals_lost",
    "deals_no_decision",
    "average_deal",
    "median_deal",
    "cycle_days_won_mean",
    "cycle_days_won_median",
    "cycle_days_won_p90",
];

/// What was measured: the whole, and what it splits into.
pub struct Metrics {
    standing: Standing,
    whole: Figures,
    grouped: Grouped,
}

/// How the whole splits.
pub enum Grouped {
    /// Not at all.
    Not,
    /// Into groups with figures of their own.
    ByKey(Vec<Group>),
    /// Into outcomes and reasons.
    ByReason(Vec<Reason>),
}

/// A group of deals with its figures.
pub struct Group {
    key: String,
    name: Option<String>,
    name_erased: bool,
    id: String,
    figures: Figures,
}

/// What closed with one outcome for one reason.
#[derive(Serialize)]
pub struct Reason {
    outcome: Option<String>,
    reason: Option<String>,
    count: u64,
    amount: Option<Money>,
    amounts: Vec<Money>,
}

/// Every figure of a group by its name.
struct Figures(Vec<(&'static str, Figure)>);

impl Figures {
    fn of(metrics: &[sent::Metric]) -> Self {
        Self(NAMES.map(|name| (name, Figure::of(name, metrics))).into())
    }

    fn serialize_into<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        self.0.iter().try_for_each(|(name, figure)| map.serialize_entry(name, figure))
    }
}

impl Metrics {
    /// Puts the whole and its groups together.
    pub fn new(whole: GetMetricsResponse, grouped: Grouped) -> Self {
        let group = whole.groups.into_iter().next().unwrap_or_default();
        Self {
            standing: Standing::of(whole.reflected),
            whole: Figures::of(&group.metrics),
            grouped,
        }
    }
}

impl Grouped {
    /// Groups that have a key.
    pub fn by_key(groups: Vec<sent::MetricGroup>) -> Self {
        Self::ByKey(groups.into_iter().map(Group::from).collect())
    }

    /// Outcomes and reasons.
    pub fn by_reason(reasons: Vec<sent::ReasonRow>) -> Self {
        let amounts = reasons.iter().flat_map(|row| &row.amounts);
        let mut currencies: Vec<_> = amounts.map(|it| it.currency_code.clone()).collect();
        currencies.sort();
        currencies.dedup();
        let rows = reasons.into_iter().map(|row| {
            let amounts: Vec<_> = row.amounts.iter().map(Money::from).collect();
            Reason {
                outcome: outcome_name(row.outcome),
                reason: given(row.reason_code),
                count: row.count,
                amount: money::only(&amounts, &currencies),
                amounts,
            }
        });
        Self::ByReason(rows.collect())
    }
}

impl From<sent::MetricGroup> for Group {
    fn from(group: sent::MetricGroup) -> Self {
        let name = group.name.unwrap_or_default();
        Self {
            key: group.key,
            name_erased: name.erased,
            name: given(name.text),
            id: group.id,
            figures: Figures::of(&group.metrics),
        }
    }
}

impl Serialize for Metrics {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.standing.serialize_into(&mut map)?;
        self.whole.serialize_into(&mut map)?;
        match &self.grouped {
            Grouped::Not => {}
            Grouped::ByKey(groups) => map.serialize_entry("rows", groups)?,
            Grouped::ByReason(reasons) => map.serialize_entry("rows", reasons)?,
        }
        map.end()
    }
}

impl Serialize for Group {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("key", &self.key)?;
        map.serialize_entry("name", &self.name)?;
        if self.name_erased {
            map.serialize_entry("name_erased", &true)?;
        }
        if !self.id.is_empty() {
            map.serialize_entry("id", &self.id)?;
        }
        self.figures.serialize_into(&mut map)?;
        map.end()
    }
}

impl Answer for Metrics {
    fn standing(&self) -> Option<&Standing> {
        Some(&self.standing)
    }

    fn items(&self) -> anyhow::Result<Vec<String>> {
        match &self.grouped {
            Grouped::Not => Ok(vec![serde_json::to_string(self)?]),
            Grouped::ByKey(groups) => one_a_line(groups),
            Grouped::ByReason(reasons) => one_a_line(reasons),
        }
    }

    fn grid(&self) -> Grid {
        match &self.grouped {
            Grouped::Not => self.lines(),
            Grouped::ByKey(groups) => self.table_of(groups),
            Grouped::ByReason(reasons) => table_of_reasons(reasons),
        }
    }
}

impl Metrics {
    fn lines(&self) -> Grid {
        let mut grid = Grid::new(Figure::LINE);
        for line in self.whole.0.iter().flat_map(|(name, figure)| figure.lines(name)) {
            grid.push(line);
        }
        grid
    }

    fn table_of(&self, groups: &[Group]) -> Grid {
        // A figure in money has a column per currency that occurs in the whole.
        let columns: Vec<(usize, Option<&str>)> = (self.whole.0.iter().enumerate())
            .flat_map(|(place, (_, figure))| match figure.currencies() {
                none if none.is_empty() => vec![(place, None)],
                some => some.into_iter().map(|currency| (place, Some(currency))).collect(),
            })
            .collect();
        let names = columns.iter().map(|(place, currency)| {
            let name = self.whole.0[*place].0;
            currency.map_or(name.to_owned(), |it| format!("{name}_{}", it.to_ascii_lowercase()))
        });
        let mut grid = Grid::new(["key", "name"].map(str::to_owned).into_iter().chain(names));
        let cells = |figures: &Figures| {
            let cell =
                |(place, currency): &(usize, Option<&str>)| figures.0[*place].1.cell_in(*currency);
            columns.iter().map(cell).collect::<Vec<_>>()
        };
        for group in groups {
            let name = text_shown(group.name.as_deref(), group.name_erased);
            let mut row = vec![Cell::text(&group.key), Cell::text(name)];
            row.extend(cells(&group.figures));
            grid.push(row);
        }
        let mut total = vec![Cell::text("whole"), Cell::text("")];
        total.extend(cells(&self.whole));
        grid.set_total(total);
        grid
    }
}

fn table_of_reasons(reasons: &[Reason]) -> Grid {
    let all = reasons.iter().flat_map(|row| &row.amounts);
    let mut currencies: Vec<_> = all.map(|amount| amount.currency.clone()).collect();
    currencies.sort();
    currencies.dedup();
    let amounts = currencies.iter().map(|currency| amount_column(currency));
    let names = ["outcome", "reason", "count"].map(str::to_owned);
    let mut grid = Grid::new(names.into_iter().chain(amounts));
    for row in reasons {
        let mut cells = vec![
            Cell::text(row.outcome.as_deref().unwrap_or_default()),
            Cell::text(row.reason.as_deref().unwrap_or_default()),
            Cell::Count(row.count),
        ];
        cells.extend(amount_cells(&row.amounts, &currencies));
        grid.push(cells);
    }
    grid
}
