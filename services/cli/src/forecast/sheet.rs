//! A forecast sheet as JSON and tables show it, and how one is found.

use api::forecasting::v1::{self as sent, GetForecastRequest};
use api::types::v1::ReadAt;
use serde::Serialize;
use tonic::Status;

use super::column::Submitted;
use crate::grid::{Cell, Grid};
use crate::recorded::Shown;
use crate::session::Session;
use crate::standing::Standing;
use crate::times;

/// A sheet: where somebody's judgements and submissions of a period stand.
#[derive(Clone, Debug, Serialize)]
pub struct Sheet {
    pub id: String,
    pub currency: String,
    pub locked_since: Option<String>,
    pub submitted: Vec<Submitted>,
    faults: Vec<String>,
    etag: String,
}

impl From<sent::ForecastSheet> for Sheet {
    fn from(sheet: sent::ForecastSheet) -> Self {
        Self {
            id: sheet.forecast_id,
            currency: sheet.currency_code,
            locked_since: sheet.locked_since.as_ref().map(times::show),
            submitted: sheet.submitted.iter().map(Submitted::from).collect(),
            faults: sheet.faults,
            etag: sheet.etag,
        }
    }
}

impl Shown for Sheet {
    const NOUN: &'static str = "forecast";

    fn fields(&self) -> Grid {
        let submitted = self
            .submitted
            .iter()
            .filter_map(|it| it.amount.as_ref().map(|amount| format!("{} {amount}", it.column)));
        Grid::of_fields([
            ("id", Cell::text(&self.id)),
            ("currency", Cell::text(&self.currency)),
            ("locked_since", Cell::text(self.locked_since.as_deref().unwrap_or_default())),
            ("submitted", Cell::text(submitted.collect::<Vec<_>>().join(", "))),
            ("faults", Cell::text(self.faults.join(", "))),
            ("etag", Cell::text(&self.etag)),
        ])
    }
}

/// The sheets of an owner in a period.
pub async fn sheets(
    session: &Session,
    (owner, period, calendar): (&str, &str, &str),
    currency: &str,
    read_at: ReadAt,
) -> Result<(Standing, Vec<Sheet>), Status> {
    let request = GetForecastRequest {
        calendar: calendar.to_owned(),
        period: period.to_owned(),
        node: owner.to_owned(),
        read_at: Some(read_at),
        restated_to: None,
        currency_code: currency.to_owned(),
    };
    let answer = session.forecasts().get_forecast(session.request(request)).await?.into_inner();
    let own = answer.rows.into_iter().next();
    let sheets = own.into_iter().flat_map(|row| row.sheets).map(Sheet::from);
    Ok((Standing::of(answer.reflected), sheets.collect()))
}
