//! Columns of a forecast as they are typed and shown: `commit`, or `commit-only`.

use api::forecasting::v1::{ColumnAmount, ForecastColumn};
use api::types::v1::ForecastCategory;
use serde::Serialize;

use crate::money::{self, Money};
use crate::wording::{category_name, constant};

/// The ending of a category alone.
const ONLY: &str = "-only";

/// A column as it is typed: a category with all that are surer, or that category alone.
///
/// # Errors
/// A sentence that says how to write it.
pub fn parse(text: &str) -> Result<ForecastColumn, String> {
    let (name, cumulative) =
        text.trim().strip_suffix(ONLY).map_or((text.trim(), true), |name| (name, false));
    let category = ForecastCategory::from_str_name(&constant("FORECAST_CATEGORY_", name))
        .filter(|category| *category != ForecastCategory::Unspecified);
    category.map(|it| ForecastColumn { category: it.into(), cumulative }).ok_or_else(|| {
        format!(
            "{text:?} is no column; write pipeline, best-case, most-likely, commit or closed, or \
             commit-only for the category alone"
        )
    })
}

/// An amount of a column as it is typed: `commit='100 USD'`.
///
/// # Errors
/// A sentence that says how to write it.
pub fn parse_amount(text: &str) -> Result<ColumnAmount, String> {
    let (column, amount) = text
        .split_once('=')
        .ok_or_else(|| format!("{text:?} is no amount of a column; write commit='100 USD'"))?;
    Ok(ColumnAmount { column: Some(parse(column)?), amount: Some(money::parse(amount)?) })
}

/// A column as it is typed.
pub fn name(column: &ForecastColumn) -> String {
    let name = category_name(column.category).unwrap_or_default().replace('_', "-");
    if column.cumulative { name } else { name + ONLY }
}

/// An amount of a column as JSON shows it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Submitted {
    pub column: String,
    pub amount: Option<Money>,
}

impl From<&ColumnAmount> for Submitted {
    fn from(amount: &ColumnAmount) -> Self {
        Self {
            column: amount.column.as_ref().map(name).unwrap_or_default(),
            amount: amount.amount.as_ref().map(Money::from),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_come_back_as_they_were_typed() {
        for text in ["pipeline", "best-case", "most-likely", "commit", "commit-only", "closed-only"]
        {
            assert_eq!(parse(text).map(|column| name(&column)).as_deref(), Ok(text));
        }
        assert_eq!(parse("best_case").map(|column| name(&column)).as_deref(), Ok("best-case"));
        for bad in ["", "sure", "unspecified", "-only"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_amount_names_its_column() {
        let amount = parse_amount("commit=100.50 USD").unwrap();
        let shown = Submitted::from(&amount);
        assert_eq!((&*shown.column, shown.amount.unwrap().minor), ("commit", 10_050));
        for bad in ["commit", "commit=", "commit=100", "100 USD"] {
            assert!(parse_amount(bad).is_err(), "{bad}");
        }
    }
}
