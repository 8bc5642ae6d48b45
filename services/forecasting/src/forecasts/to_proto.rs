//! Forecasts as the contract writes them.

use std::collections::BTreeMap;

use api::forecasting::v1::{
    AmountRatio, ColumnAmount, ForecastCell, ForecastColumn, ForecastFault, ForecastPeriod,
    ForecastRow, ForecastSheet, GetForecastResponse, QuotaStanding,
};
use domain::{
    Currency, ForecastCategory, Money, UserId,
    calendar::Period,
    forecast::{Column, Forecast},
    rollup::{Cell, Cells, Ratio, Row},
};
use runtime::{
    query::{QueryError, timestamp},
    to_proto::{self, Referring},
};
use uuid::Uuid;

use super::queries::{Found, Named};
use crate::planning::from_proto::show_period;

/// The order of cells: from the least sure to what is closed, and what is left out last.
const ORDER: [ForecastCategory; 6] = [
    ForecastCategory::Pipeline,
    ForecastCategory::BestCase,
    ForecastCategory::MostLikely,
    ForecastCategory::Commit,
    ForecastCategory::Closed,
    ForecastCategory::Omitted,
];

/// The answer, still without what it reflects.
pub async fn forecast(
    found: &Found,
    at: &Referring<'_>,
) -> Result<GetForecastResponse, QueryError> {
    let Found { named, currency, numbers } = found;
    let mut rows = Vec::new();
    if named.node.is_none() {
        rows.push(row(&numbers.rollup.total, 0, (*currency, &[], &[]), at).await?);
    }
    let mut depths = BTreeMap::<UserId, u32>::new();
    for (user, own, depth) in team(&numbers.rollup.rows, named.node, &mut depths) {
        let sheets = numbers.sheets.get(&user).map_or(&[][..], Vec::as_slice);
        let summed = numbers.summed.get(&user).map_or(&[][..], Vec::as_slice);
        rows.push(row(own, depth, (*currency, sheets, summed), at).await?);
    }
    Ok(GetForecastResponse {
        reflected: None,
        period: Some(period(named)),
        currency_code: currency.code().to_owned(),
        rows,
        faults: faults(found),
    })
}

/// A node's row and those of everybody below, or all rows; with how many managers are above.
fn team<'a>(
    rows: &'a [Row],
    node: Option<UserId>,
    depths: &mut BTreeMap<UserId, u32>,
) -> Vec<(UserId, &'a Row, u32)> {
    let mut within = Vec::new();
    let mut is_in = BTreeMap::<UserId, bool>::new();
    for row in rows {
        let Some(user) = row.user else { continue };
        let above = row.manager.and_then(|manager| depths.get(&manager)).map(|depth| depth + 1);
        let depth = above.unwrap_or(0);
        depths.insert(user, depth);
        let manager_is_in = row.manager.and_then(|it| is_in.get(&it)).copied().unwrap_or(false);
        let counts = node.is_none() || node == Some(user) || manager_is_in;
        is_in.insert(user, counts);
        within.extend(counts.then_some((user, row, depth)));
    }
    within
}

/// The period of an answer.
pub fn period(named: &Named) -> ForecastPeriod {
    let calendar = &named.calendar;
    ForecastPeriod {
        period: Some(show_period(calendar, &named.period)),
        calendar_id: calendar.id.to_string(),
        calendar_key: calendar.defined.key.clone(),
        time_zone: calendar.defined.time_zone.clone(),
        built_in_calendar: calendar.is_built_in(),
    }
}

fn faults(found: &Found) -> Vec<ForecastFault> {
    let of_hierarchy = found.numbers.rollup.faults.iter().map(|fault| ForecastFault {
        kind: fault.kind.to_owned(),
        user_id: fault.user.to_string(),
        detail: format!("{} cannot be the manager: the user stands at the top", fault.manager),
    });
    let left_out = found.numbers.left_out.iter().map(|it| ForecastFault {
        kind: it.kind.to_owned(),
        user_id: it.user.to_string(),
        detail: it.detail.clone(),
    });
    of_hierarchy.chain(left_out).collect()
}

async fn row(
    row: &Row,
    depth: u32,
    (currency, sheets, summed): (Currency, &[(Uuid, Forecast, u64)], &[Period]),
    at: &Referring<'_>,
) -> Result<ForecastRow, QueryError> {
    let user = match row.user {
        Some(user) => Some(at.user(user).await?),
        None => None,
    };
    let mut sheets: Vec<ForecastSheet> =
        sheets.iter().map(|(id, sheet, etag)| self::sheet(*id, sheet, *etag, at)).collect();
    sheets.sort_by(|one, other| one.currency_code.cmp(&other.currency_code));
    Ok(ForecastRow {
        user,
        manager_id: row.manager.map(|manager| manager.to_string()).unwrap_or_default(),
        depth,
        retired: row.retired,
        individual: cells(&row.individual, currency),
        cumulative: cells(&row.cumulative, currency),
        quota: Some(QuotaStanding {
            amount: row.quota.amount.map(|minor| amount(minor, currency)),
            attainment: Some(ratio(row.quota.attainment, currency)),
            gap: row.quota.gap.map(|minor| amount(minor, currency)),
            coverage: Some(ratio(row.quota.coverage, currency)),
            summed_periods: summed.iter().map(Period::key).collect(),
        }),
        sheets,
    })
}

fn sheet(id: Uuid, sheet: &Forecast, etag: u64, at: &Referring<'_>) -> ForecastSheet {
    let submitted = sheet.submission().map_or(&[][..], |it| &it.submitted.amounts);
    ForecastSheet {
        forecast_id: id.to_string(),
        currency_code: sheet.sheet.as_ref().map_or("", |sheet| sheet.currency.code()).to_owned(),
        locked_since: sheet.locked_since.map(timestamp),
        submitted: submitted.iter().map(|it| column_amount(it.column, it.amount)).collect(),
        faults: sheet.faults.iter().map(|fault| fault.kind.to_owned()).collect(),
        etag: at.runtime.etag(etag),
    }
}

/// An amount of a column.
pub fn column_amount(column: Column, amount: Money) -> ColumnAmount {
    ColumnAmount { column: Some(show_column(column)), amount: Some(to_proto::money(amount)) }
}

/// A column.
pub fn show_column(column: Column) -> ForecastColumn {
    let category = to_proto::category(column.category) as i32;
    ForecastColumn { category, cumulative: column.cumulative }
}

fn cells(cells: &Cells, currency: Currency) -> Vec<ForecastCell> {
    ORDER.into_iter().map(|category| cell(category, cells.of(category), currency)).collect()
}

fn cell(category: ForecastCategory, cell: &Cell, currency: Currency) -> ForecastCell {
    let money = |minor| Some(amount(minor, currency));
    ForecastCell {
        category: to_proto::category(category) as i32,
        owner_only_amount: money(cell.owner_only_amount),
        amount_without_adjustments: money(cell.amount_without_adjustments),
        amount_without_manager_adjustment: money(cell.amount_without_manager_adjustment),
        forecast_amount: money(cell.forecast_amount),
        owner_only_count: cell.owner_only_count,
        count: cell.count,
        unconverted_count: cell.unconverted_count,
    }
}

fn ratio(ratio: Ratio, currency: Currency) -> AmountRatio {
    let value = ratio.value();
    AmountRatio {
        value: value.ok(),
        numerator: Some(amount(ratio.numerator, currency)),
        denominator: ratio.denominator.map(|minor| amount(minor, currency)),
        why_null: value.err().map_or("", |missing| missing.word()).to_owned(),
    }
}

/// Minor units as the contract writes them.
pub fn amount(minor: i64, currency: Currency) -> api::google::r#type::Money {
    to_proto::money(Money { minor, currency })
}
