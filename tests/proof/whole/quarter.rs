//! The manager makes something of the quarter's numbers and stands for them; then the deal is won.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

use api::{
    forecasting::v1::{AdjustForecastRequest, AdjustmentChange, AdjustmentLevel, ForecastColumn},
    opportunities::v1::WinOpportunityRequest,
    types::v1::ForecastCategory,
};
use tests::hands::{at, usd};

use super::{
    subject::{QUARTER, Subject},
    telling::Story,
};
use crate::forecast::asking::Call;

/// Mia believes in less than what was promised to her, and submits that: her sheet is locked.
pub fn the_manager_judges_and_submits<'a>(story: &'a mut Story<'_>) -> Call<'a, ()> {
    Box::pin(async move {
        let world = story.world;
        let forecast = &Subject::Forecast;
        let quota = format!("quota set mia 2000USD --period {QUARTER} --at 2026-01-30");
        story.run(&quota).await;
        let (promised, judged) = ("commit 1200, closed 0", "commit 1000, closed 0");
        story.happened("a quota", "2026-01-30", &[(forecast, promised, promised)]).await;

        let adjust = AdjustForecastRequest {
            occurred_at: Some(at("2026-02-01T00:00:00Z")),
            owner: "mia".into(),
            period: QUARTER.into(),
            level: AdjustmentLevel::Manager.into(),
            column: Some(ForecastColumn {
                category: ForecastCategory::Commit.into(),
                cumulative: true,
            }),
            change: AdjustmentChange::To.into(),
            amount: Some(usd(1_000)),
            note: "they will ask for a discount".into(),
            ..Default::default()
        };
        world.forecasts().adjust_forecast(world.request(adjust)).await.unwrap();
        story.happened("the adjustment", "2026-02-01", &[(forecast, promised, judged)]).await;

        story.run(&format!("forecast submit mia --period {QUARTER} --at 2026-02-02")).await;
        let locked = "commit 1000, closed 0, locked";
        story.happened("the submission", "2026-02-02", &[(forecast, judged, locked)]).await;
        let adjust = "forecast adjust mia --level manager --column commit --to 900USD";
        let late = format!("{adjust} --period {QUARTER} --at 2026-02-03");
        story.is_refused(&late, "FORECAST_LOCKED").await;
    })
}

/// For a little less. What mia submitted stays what it was; what is closed is added beside it.
pub fn the_deal_is_won<'a>(
    story: &'a mut Story<'_>,
    id: &'a str,
    account: &'a str,
) -> Call<'a, ()> {
    Box::pin(async move {
        let world = story.world;
        let win = WinOpportunityRequest {
            opportunity_id: id.into(),
            occurred_at: Some(at("2026-03-10T00:00:00Z")),
            amount: Some(usd(1_100)),
            reason_code: "price".into(),
            ..Default::default()
        };
        world.opportunities().win_opportunity(world.request(win)).await.unwrap();
        let changes = [
            (
                &Subject::Deal(id.to_owned()),
                "open in talks, commit, 1200 by 2026-03-25, pushed 2",
                "won in talks, closed, 1100 by 2026-03-25, pushed 2",
            ),
            (
                &Subject::Forecast,
                "commit 1000, closed 0, locked",
                "commit 1000, closed 1100, locked",
            ),
            (
                &Subject::Account(account.to_owned()),
                "contacts 1, open deals 1, contracts 0",
                "contacts 1, open deals 0, contracts 0",
            ),
        ];
        story.happened("the win", "2026-03-10", &changes).await;
        let shown = ["forecast", "show", "--period", QUARTER, "--node", "mia"];
        let shown = world.cli(&shown).await;
        assert_eq!(shown["rows"][0]["quota"]["attainment"]["value"], 0.55, "1100 of 2000");
    })
}
