//! Judgements of forecasts, and questions about them, that cannot be right: a code, a stable reason
//! and the field at fault, and the log has not grown.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

use api::{
    forecasting::v1::{
        AdjustForecastRequest, AdjustmentChange, AdjustmentLevel, ColumnAmount,
        GetForecastHistoryRequest, GetForecastRequest, GetForecastWaterfallRequest,
        SubmitForecastRequest, UnlockForecastRequest, VoidForecastCommandRequest,
        WithdrawForecastAdjustmentRequest,
    },
    google::r#type::Money,
    types::v1::{ForecastCategory, ReadAt},
};
use tests::{
    World,
    hands::{at, day, usd},
};
use tonic::{Code, Status};

use crate::{
    bad_input::{Row, refused, row},
    forecast::asking::{QUARTER, as_of, column},
};

/// An id that nobody has.
const NOBODY: &str = "00000000-0000-8000-8000-000000000007";

/// A good judgement with something changed; gives the id of the sheet.
async fn adjust(
    world: &World,
    change: impl FnOnce(&mut AdjustForecastRequest),
) -> Result<String, Status> {
    let mut request = AdjustForecastRequest {
        occurred_at: Some(at("2026-01-02T00:00:00Z")),
        owner: "ann".into(),
        period: QUARTER.into(),
        level: AdjustmentLevel::Owner.into(),
        column: Some(column(ForecastCategory::Commit, true)),
        change: AdjustmentChange::To.into(),
        amount: Some(usd(700)),
        ..Default::default()
    };
    change(&mut request);
    let adjusted = world.forecasts().adjust_forecast(world.request(request)).await?;
    Ok(adjusted.into_inner().forecast_id)
}

fn promised(amount: Money) -> ColumnAmount {
    let column = Some(column(ForecastCategory::Commit, true));
    ColumnAmount { column, amount: Some(amount) }
}

/// A good submission with something changed.
async fn submit(
    world: &World,
    change: impl FnOnce(&mut SubmitForecastRequest),
) -> Result<(), Status> {
    let mut request = SubmitForecastRequest {
        owner: "ann".into(),
        period: QUARTER.into(),
        amounts: vec![promised(usd(700))],
        ..Default::default()
    };
    change(&mut request);
    world.forecasts().submit_forecast(world.request(request)).await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn forecasts_are_not_judged_or_asked_for_on_a_bad_request() {
    let world = World::start().await;
    world.define_catalog().await;
    let sheet = adjust(&world, |_| ()).await.unwrap();
    refused(&world, judgements(&world)).await;
    refused(&world, submissions(&world)).await;
    refused(&world, sheets_by_id(&world, &sheet)).await;
    refused(&world, questions(&world)).await;
}

fn judgements(world: &World) -> Vec<Row<'_>> {
    let of = move |category| adjust(world, move |it| it.column = Some(column(category, false)));
    vec![
        row!("nobody's sheet", InvalidArgument "FIELD_MISSING" "owner",
            adjust(world, |it| it.owner.clear())),
        row!("an unknown judge", InvalidArgument "USER_UNKNOWN" "by",
            adjust(world, |it| it.by = "bob".into())),
        row!("no period", InvalidArgument "FIELD_MISSING" "period",
            adjust(world, |it| it.period.clear())),
        row!("no such period", InvalidArgument "PERIOD_UNKNOWN" "period",
            adjust(world, |it| it.period = "2026-Q9".into())),
        row!("no level", InvalidArgument "FIELD_MISSING" "level",
            adjust(world, |it| it.level = 0)),
        row!("no column", InvalidArgument "FIELD_MISSING" "column",
            adjust(world, |it| it.column = None)),
        row!("no category", InvalidArgument "FIELD_MISSING" "column.category",
            of(ForecastCategory::Unspecified)),
        row!("what is won", InvalidArgument "CATEGORY_NOT_ADJUSTABLE" "column.category",
            of(ForecastCategory::Closed)),
        row!("what is left out", InvalidArgument "CATEGORY_NOT_ADJUSTABLE" "column.category",
            of(ForecastCategory::Omitted)),
        row!("no change", InvalidArgument "FIELD_MISSING" "change",
            adjust(world, |it| it.change = 0)),
        row!("no amount", InvalidArgument "FIELD_MISSING" "amount",
            adjust(world, |it| it.amount = None)),
        row!("half a cent", InvalidArgument "MONEY_INVALID" "amount.nanos",
            adjust(world, |it| it.amount = Some(Money { nanos: 5_000_000, ..usd(1) }))),
        row!("a day that never is", InvalidArgument "DATE_INVALID" "expire_date",
            adjust(world, |it| it.expire_date = Some(day("2026-02-30")))),
        row!("a note without end", InvalidArgument "TEXT_TOO_LONG" "note",
            adjust(world, |it| it.note = "x".repeat(8_193))),
        row!("a judgement of the future", InvalidArgument "TIME_IN_FUTURE" "occurred_at",
            adjust(world, |it| it.occurred_at = Some(at("2199-01-01T00:00:00Z")))),
    ]
}

fn submissions(world: &World) -> Vec<Row<'_>> {
    let euros = Money { currency_code: "EUR".into(), ..usd(5) };
    let best = Some(column(ForecastCategory::BestCase, true));
    vec![
        row!("nothing to stand for", InvalidArgument "AMOUNTS_MISSING" "amounts",
            submit(world, |it| it.amounts.clear())),
        row!("no amount", InvalidArgument "FIELD_MISSING" "amounts[0].amount",
            submit(world, |it| it.amounts[0].amount = None)),
        row!("no column", InvalidArgument "FIELD_MISSING" "amounts[0].column",
            submit(world, |it| it.amounts[0].column = None)),
        row!("what is left out", InvalidArgument "CATEGORY_OMITTED" "amounts[0].column.category",
        submit(world, |it| {
            it.amounts[0].column = Some(column(ForecastCategory::Omitted, false));
        })),
        row!("a column twice", InvalidArgument "COLUMN_TWICE" "amounts[1].column.category",
            submit(world, |it| it.amounts.push(promised(usd(5))))),
        row!("two currencies", InvalidArgument "WRONG_CURRENCY" "amounts[1].amount.currency_code",
        submit(world, |it| {
            it.amounts.push(ColumnAmount { column: best, amount: Some(euros) });
        })),
        row!("an unseen revision", InvalidArgument "REVISION_UNKNOWN" "seen_revision",
            submit(world, |it| it.seen_revision = 1_000_000)),
        row!("an unknown owner", InvalidArgument "USER_UNKNOWN" "owner",
            submit(world, |it| it.owner = "bob".into())),
    ]
}

fn sheets_by_id<'a>(world: &'a World, sheet: &'a str) -> Vec<Row<'a>> {
    let withdraw = |id: &str, level: AdjustmentLevel| {
        let request = world.request(WithdrawForecastAdjustmentRequest {
            forecast_id: id.into(),
            level: level.into(),
            column: Some(column(ForecastCategory::Commit, true)),
            ..Default::default()
        });
        let mut forecasts = world.forecasts();
        async move { forecasts.withdraw_forecast_adjustment(request).await }
    };
    let unlock = |id: &str, code: &str| {
        let (forecast_id, reason_code) = (id.into(), code.into());
        let request = UnlockForecastRequest { forecast_id, reason_code, ..Default::default() };
        let request = world.request(request);
        let mut forecasts = world.forecasts();
        async move { forecasts.unlock_forecast(request).await }
    };
    let void = move |command: &str| {
        let request = world.request(VoidForecastCommandRequest {
            forecast_id: sheet.into(),
            command_id: command.into(),
            reason_code: "mistake".into(),
            ..Default::default()
        });
        let mut forecasts = world.forecasts();
        async move { forecasts.void_forecast_command(request).await }
    };
    vec![
        row!("an id that is none", InvalidArgument "ID_INVALID" "forecast_id",
            withdraw("ann", AdjustmentLevel::Owner)),
        row!("no such sheet", NotFound "FORECAST_NOT_FOUND" "forecast_id",
            withdraw(NOBODY, AdjustmentLevel::Owner)),
        row!("no level", InvalidArgument "FIELD_MISSING" "level",
            withdraw(sheet, AdjustmentLevel::Unspecified)),
        row!("no reason", InvalidArgument "REASON_INVALID" "reason_code", unlock(sheet, "")),
        row!("nobody's sheet", NotFound "FORECAST_NOT_FOUND" "forecast_id", unlock(NOBODY, "x")),
        row!("no such command", NotFound "COMMAND_NOT_FOUND" "command_id", void(NOBODY)),
    ]
}

fn questions(world: &World) -> Vec<Row<'_>> {
    let get = |change: fn(&mut GetForecastRequest)| {
        let mut request = GetForecastRequest { period: QUARTER.into(), ..Default::default() };
        change(&mut request);
        let request = world.request(request);
        let mut forecasts = world.forecasts();
        async move { forecasts.get_forecast(request).await }
    };
    let explain = |change: fn(&mut GetForecastWaterfallRequest)| {
        let mut request = GetForecastWaterfallRequest {
            period: QUARTER.into(),
            column: Some(column(ForecastCategory::Commit, true)),
            from: Some(as_of("2026-01-01")),
            ..Default::default()
        };
        change(&mut request);
        let request = world.request(request);
        let mut forecasts = world.forecasts();
        async move { forecasts.get_forecast_waterfall(request).await }
    };
    let history = |owner: &str, period: &str| {
        let (owner, period) = (owner.into(), period.into());
        let request = GetForecastHistoryRequest { owner, period, ..Default::default() };
        let request = world.request(request);
        let mut forecasts = world.forecasts();
        async move { forecasts.get_forecast_history(request).await }
    };
    vec![
        row!("an unknown node", InvalidArgument "USER_UNKNOWN" "node",
            get(|it| it.node = "bob".into())),
        row!("an unknown calendar", InvalidArgument "CALENDAR_UNKNOWN" "calendar",
            get(|it| it.calendar = "retail".into())),
        row!("no such period", InvalidArgument "PERIOD_UNKNOWN" "period",
            get(|it| it.period = "Q1".into())),
        row!("a currency in small letters", InvalidArgument "CURRENCY_INVALID" "currency_code",
            get(|it| it.currency_code = "usd".into())),
        row!("no column", InvalidArgument "FIELD_MISSING" "column",
            explain(|it| it.column = None)),
        row!("no first point", InvalidArgument "FIELD_MISSING" "from",
            explain(|it| it.from = Some(ReadAt::default()))),
        row!("nobody's history", InvalidArgument "FIELD_MISSING" "owner", history("", QUARTER)),
        row!("a history of no period", InvalidArgument "FIELD_MISSING" "period",
            history("ann", "")),
        row!("an unknown owner", InvalidArgument "USER_UNKNOWN" "owner", history("bob", QUARTER)),
    ]
}
