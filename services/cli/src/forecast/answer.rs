//! A forecast as JSON and tables show it.

use std::collections::BTreeMap;

use api::forecasting::v1 as sent;
use serde::Serialize;

use super::sheet::Sheet;
use crate::catalog::calendar::Period;
use crate::grid::{Cell, Grid};
use crate::money::Money;
use crate::output::Answer;
use crate::standing::Standing;
use crate::wording::{Reference, category_name, given};

/// A forecast: rows by hierarchy.
#[derive(Debug, Serialize)]
pub struct Forecast {
    #[serde(flatten)]
    standing: Standing,
    period: Window,
    currency: String,
    rows: Vec<Row>,
    faults: Vec<Fault>,
}

/// The period and the calendar that names it.
#[derive(Debug, Default, Serialize)]
pub struct Window {
    #[serde(flatten)]
    pub period: Period,
    calendar: Option<String>,
    time_zone: String,
    built_in_calendar: bool,
}

#[derive(Debug, Serialize)]
struct Row {
    user: Option<Reference>,
    manager_id: Option<String>,
    depth: u32,
    retired: bool,
    individual: BTreeMap<String, Numbers>,
    cumulative: BTreeMap<String, Numbers>,
    quota: Quota,
    sheets: Vec<Sheet>,
}

/// The four amounts of a column, and its deals.
#[derive(Debug, Serialize)]
struct Numbers {
    owner_only_amount: Option<Money>,
    amount_without_adjustments: Option<Money>,
    amount_without_manager_adjustment: Option<Money>,
    forecast_amount: Option<Money>,
    owner_only_count: u64,
    count: u64,
    unconverted_count: u64,
}

#[derive(Debug, Default, Serialize)]
struct Quota {
    amount: Option<Money>,
    attainment: Ratio,
    gap: Option<Money>,
    coverage: Ratio,
    summed_periods: Vec<String>,
}

#[derive(Debug, Default, Serialize)]
struct Ratio {
    value: Option<f64>,
    numerator: Option<Money>,
    denominator: Option<Money>,
    why_null: Option<String>,
}

#[derive(Debug, Serialize)]
struct Fault {
    kind: String,
    user_id: String,
    detail: String,
}

impl From<sent::GetForecastResponse> for Forecast {
    fn from(answer: sent::GetForecastResponse) -> Self {
        let faults = answer.faults.into_iter().map(|fault| Fault {
            kind: fault.kind,
            user_id: fault.user_id,
            detail: fault.detail,
        });
        Self {
            standing: Standing::of(answer.reflected),
            period: Window::from(answer.period.unwrap_or_default()),
            currency: answer.currency_code,
            rows: answer.rows.into_iter().map(Row::from).collect(),
            faults: faults.collect(),
        }
    }
}

impl From<sent::ForecastPeriod> for Window {
    fn from(period: sent::ForecastPeriod) -> Self {
        Self {
            period: Period::from(period.period.unwrap_or_default()),
            calendar: given(period.calendar_key),
            time_zone: period.time_zone,
            built_in_calendar: period.built_in_calendar,
        }
    }
}

impl From<sent::ForecastRow> for Row {
    fn from(row: sent::ForecastRow) -> Self {
        let cells = |cells: Vec<sent::ForecastCell>| {
            let named = cells.into_iter().map(|cell| {
                (category_name(cell.category).unwrap_or_default(), Numbers::from(cell))
            });
            named.collect()
        };
        Self {
            user: row.user.map(Reference::from),
            manager_id: given(row.manager_id),
            depth: row.depth,
            retired: row.retired,
            individual: cells(row.individual),
            cumulative: cells(row.cumulative),
            quota: row.quota.map(Quota::from).unwrap_or_default(),
            sheets: row.sheets.into_iter().map(Sheet::from).collect(),
        }
    }
}

impl From<sent::ForecastCell> for Numbers {
    fn from(cell: sent::ForecastCell) -> Self {
        let money = |amount: Option<api::google::r#type::Money>| amount.as_ref().map(Money::from);
        Self {
            owner_only_amount: money(cell.owner_only_amount),
            amount_without_adjustments: money(cell.amount_without_adjustments),
            amount_without_manager_adjustment: money(cell.amount_without_manager_adjustment),
            forecast_amount: money(cell.forecast_amount),
            owner_only_count: cell.owner_only_count,
            count: cell.count,
            unconverted_count: cell.unconverted_count,
        }
    }
}

impl From<sent::QuotaStanding> for Quota {
    fn from(quota: sent::QuotaStanding) -> Self {
        Self {
            amount: quota.amount.as_ref().map(Money::from),
            attainment: quota.attainment.map(Ratio::from).unwrap_or_default(),
            gap: quota.gap.as_ref().map(Money::from),
            coverage: quota.coverage.map(Ratio::from).unwrap_or_default(),
            summed_periods: quota.summed_periods,
        }
    }
}

impl From<sent::AmountRatio> for Ratio {
    fn from(ratio: sent::AmountRatio) -> Self {
        Self {
            value: ratio.value,
            numerator: ratio.numerator.as_ref().map(Money::from),
            denominator: ratio.denominator.as_ref().map(Money::from),
            why_null: given(ratio.why_null),
        }
    }
}

impl Row {
    /// What people call the node; the whole company has no name.
    fn label(&self) -> String {
        self.user.as_ref().map_or_else(|| "(company)".to_owned(), Reference::label)
    }

    fn forecast_of(&self, category: &str, is_cumulative: bool) -> Cell {
        let cells = if is_cumulative { &self.cumulative } else { &self.individual };
        Cell::Amount(cells.get(category).and_then(|numbers| numbers.forecast_amount.clone()))
    }

    fn state(&self) -> &'static str {
        let is_locked = self.sheets.iter().any(|sheet| sheet.locked_since.is_some());
        let was_submitted = self.sheets.iter().any(|sheet| !sheet.submitted.is_empty());
        match (is_locked, was_submitted) {
            (true, _) => "submitted",
            (false, true) => "unlocked",
            (false, false) => "",
        }
    }
}

impl Answer for Forecast {
    fn standing(&self) -> Option<&Standing> {
        Some(&self.standing)
    }

    fn grid(&self) -> Grid {
        let mut grid = Grid::new([
            "period",
            "user",
            "manager",
            "closed",
            "commit",
            "best_case",
            "open",
            "quota",
            "attainment",
            "gap",
            "coverage",
            "currency",
            "sheet",
        ]);
        let ids = |row: &Row| row.user.as_ref().map(|user| user.id.clone());
        let labels: BTreeMap<String, String> =
            self.rows.iter().filter_map(|row| Some((ids(row)?, row.label()))).collect();
        for row in &self.rows {
            let manager = row.manager_id.as_ref();
            let manager = manager.and_then(|id| labels.get(id)).map_or("", String::as_str);
            grid.push(vec![
                Cell::text(&self.period.period.key),
                Cell::text(row.label()),
                Cell::text(manager),
                row.forecast_of("closed", false),
                row.forecast_of("commit", true),
                row.forecast_of("best_case", true),
                row.forecast_of("pipeline", true),
                Cell::Amount(row.quota.amount.clone()),
                Cell::Number(row.quota.attainment.value, 2),
                Cell::Amount(row.quota.gap.clone()),
                Cell::Number(row.quota.coverage.value, 2),
                Cell::text(&self.currency),
                Cell::text(row.state()),
            ]);
        }
        grid
    }
}

impl Forecast {
    /// What a person should know beside the table.
    pub fn notes(&self) -> Vec<String> {
        let faults = self.faults.iter().map(|fault| format!("{}: {}", fault.kind, fault.detail));
        let built_in = self.period.built_in_calendar.then(|| {
            "no calendar is defined: months from January, in UTC (`revops calendar define`)".into()
        });
        built_in.into_iter().chain(faults).collect()
    }
}
