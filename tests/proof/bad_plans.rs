//! Plans and judgements that cannot be right: a code, a stable reason and the field at fault, and
//! the log has not grown.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

use api::{
    forecasting::v1::{
        AdjustForecastRequest, AdjustmentChange, AdjustmentLevel, ColumnAmount,
        GetForecastHistoryRequest, GetForecastRequest, GetForecastWaterfallRequest,
        SubmitForecastRequest, UnlockForecastRequest, VoidForecastCommandRequest,
        WithdrawForecastAdjustmentRequest,
    },
    google::r#type::{Decimal, Money},
    planning::v1::{
        CalendarDefinition, CalendarPattern, DefineCalendarRequest, ListPeriodsRequest,
        ListQuotasRequest, SetExchangeRateRequest, SetQuotaRequest, VoidQuotaCommandRequest,
        WithdrawQuotaRequest,
    },
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

/// A company with a calendar, a quota and a sheet of ann's; gives the ids of the latter two.
async fn company(world: &World) -> (String, String) {
    world.define_catalog().await;
    calendar(world, |_| ()).await.unwrap();
    let quota = quota(world, |_| ()).await.unwrap();
    (quota, adjust(world, |_| ()).await.unwrap())
}

/// A good calendar with something changed.
async fn calendar(
    world: &World,
    change: impl FnOnce(&mut DefineCalendarRequest),
) -> Result<(), Status> {
    let definition = CalendarDefinition {
        name: "Fiscal".into(),
        pattern: CalendarPattern::Months.into(),
        time_zone: "Europe/Berlin".into(),
        ..Default::default()
    };
    let mut request = DefineCalendarRequest {
        key: "fiscal".into(),
        definition: Some(definition),
        ..Default::default()
    };
    change(&mut request);
    world.planning().define_calendar(world.request(request)).await.map(drop)
}

/// The definition of a calendar with something changed.
async fn cut(world: &World, change: impl FnOnce(&mut CalendarDefinition)) -> Result<(), Status> {
    calendar(world, |it| change(it.definition.as_mut().unwrap())).await
}

async fn rate(
    world: &World,
    change: impl FnOnce(&mut SetExchangeRateRequest),
) -> Result<(), Status> {
    let mut request = SetExchangeRateRequest {
        from_currency: "EUR".into(),
        to_currency: "USD".into(),
        rate: Some(Decimal { value: "1.1".into() }),
        ..Default::default()
    };
    change(&mut request);
    world.planning().set_exchange_rate(world.request(request)).await.map(drop)
}

/// A good quota with something changed; gives its id.
async fn quota(world: &World, change: impl FnOnce(&mut SetQuotaRequest)) -> Result<String, Status> {
    let mut request = SetQuotaRequest {
        occurred_at: Some(at("2026-01-02T00:00:00Z")),
        owner: "ann".into(),
        period: QUARTER.into(),
        amount: Some(usd(1_000)),
        ..Default::default()
    };
    change(&mut request);
    let set = world.planning().set_quota(world.request(request)).await?;
    Ok(set.into_inner().quota_id)
}

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
async fn calendars_rates_and_quotas_are_not_set_on_a_bad_request() {
    let world = World::start().await;
    let (quota, _) = company(&world).await;
    refused(&world, calendars(&world)).await;
    refused(&world, rates(&world)).await;
    refused(&world, quotas(&world)).await;
    refused(&world, quotas_by_id(&world, &quota)).await;
}

fn calendars(world: &World) -> Vec<Row<'_>> {
    let periods = |year| {
        let request = ListPeriodsRequest { fiscal_year: year, ..Default::default() };
        let request = world.request(request);
        let mut planning = world.planning();
        async move { planning.list_periods(request).await }
    };
    vec![
        row!("no key", InvalidArgument "KEY_INVALID" "key",
            calendar(world, |it| it.key.clear())),
        row!("nothing said", InvalidArgument "FIELD_MISSING" "definition",
            calendar(world, |it| it.definition = None)),
        row!("no name", InvalidArgument "NAME_MISSING" "definition.name",
            cut(world, |it| it.name.clear())),
        row!("no pattern", InvalidArgument "FIELD_MISSING" "definition.pattern",
            cut(world, |it| it.pattern = 0)),
        row!("a pattern of another version", InvalidArgument "VALUE_UNKNOWN" "definition.pattern",
            cut(world, |it| it.pattern = 99)),
        row!("a thirteenth month", InvalidArgument "CALENDAR_INVALID" "definition.first_month",
            cut(world, |it| it.first_month = 13)),
        row!("a zone of nowhere", InvalidArgument "TIME_ZONE_UNKNOWN" "definition.time_zone",
            cut(world, |it| it.time_zone = "Europe/Atlantis".into())),
        row!("a year after all", InvalidArgument "PERIOD_UNKNOWN" "fiscal_year", periods(10_000)),
    ]
}

fn rates(world: &World) -> Vec<Row<'_>> {
    let worth = move |text: &'static str| {
        rate(world, move |it| it.rate = Some(Decimal { value: text.into() }))
    };
    vec![
        row!("no currency", InvalidArgument "CURRENCY_INVALID" "from_currency",
            rate(world, |it| it.from_currency.clear())),
        row!("a currency in small letters", InvalidArgument "CURRENCY_INVALID" "to_currency",
            rate(world, |it| it.to_currency = "usd".into())),
        row!("a currency in itself", InvalidArgument "SAME_CURRENCY" "to_currency",
            rate(world, |it| it.to_currency = "EUR".into())),
        row!("no rate", InvalidArgument "FIELD_MISSING" "rate",
            rate(world, |it| it.rate = None)),
        row!("worth nothing", InvalidArgument "RATE_UNUSABLE" "rate", worth("0")),
        row!("worth less than nothing", InvalidArgument "RATE_UNUSABLE" "rate", worth("-1")),
        row!("a purpose of another version", InvalidArgument "VALUE_UNKNOWN" "purpose",
            rate(world, |it| it.purpose = 99)),
    ]
}

fn quotas(world: &World) -> Vec<Row<'_>> {
    vec![
        row!("nobody's quota", InvalidArgument "FIELD_MISSING" "owner",
            quota(world, |it| it.owner.clear())),
        row!("an unknown owner", InvalidArgument "USER_UNKNOWN" "owner",
            quota(world, |it| it.owner = "bob".into())),
        row!("an unknown calendar", InvalidArgument "CALENDAR_UNKNOWN" "calendar",
            quota(world, |it| it.calendar = "retail".into())),
        row!("no period", InvalidArgument "FIELD_MISSING" "period",
            quota(world, |it| it.period.clear())),
        row!("a fifth quarter", InvalidArgument "PERIOD_UNKNOWN" "period",
            quota(world, |it| it.period = "2026-Q5".into())),
        row!("a first day alone", InvalidArgument "FIELD_MISSING" "end_date",
            quota(world, |it| it.start_date = Some(day("2026-01-01")))),
        row!("a last day alone", InvalidArgument "FIELD_MISSING" "start_date",
            quota(world, |it| it.end_date = Some(day("2026-04-01")))),
        row!("days of no period", InvalidArgument "PERIOD_MISMATCH" "start_date",
        quota(world, |it| {
            it.period.clear();
            it.start_date = Some(day("2026-01-02"));
            it.end_date = Some(day("2026-04-01"));
        })),
        row!("days that end before", InvalidArgument "PERIOD_MISMATCH" "end_date",
        quota(world, |it| {
            it.start_date = Some(day("2026-04-01"));
            it.end_date = Some(day("2026-01-01"));
        })),
        row!("no amount", InvalidArgument "FIELD_MISSING" "amount",
            quota(world, |it| it.amount = None)),
        row!("a negative amount", InvalidArgument "NEGATIVE_AMOUNT" "amount",
            quota(world, |it| it.amount = Some(usd(-1)))),
        row!("a measure of another version", InvalidArgument "VALUE_UNKNOWN" "measure",
            quota(world, |it| it.measure = 99)),
        row!("a quota of the future", InvalidArgument "TIME_IN_FUTURE" "occurred_at",
            quota(world, |it| it.occurred_at = Some(at("2199-01-01T00:00:00Z")))),
        row!("an id that is none", InvalidArgument "ID_INVALID" "request_id",
            quota(world, |it| it.request_id = "first".into())),
    ]
}

fn quotas_by_id<'a>(world: &'a World, quota: &'a str) -> Vec<Row<'a>> {
    let withdraw = |id: &str, code: &str| {
        let request = world.request(WithdrawQuotaRequest {
            quota_id: id.into(),
            reason_code: code.into(),
            ..Default::default()
        });
        let mut planning = world.planning();
        async move { planning.withdraw_quota(request).await }
    };
    let void = move |command: &str| {
        let request = world.request(VoidQuotaCommandRequest {
            quota_id: quota.into(),
            command_id: command.into(),
            reason_code: "mistake".into(),
            ..Default::default()
        });
        let mut planning = world.planning();
        async move { planning.void_quota_command(request).await }
    };
    let list = |owner: &str, period: &str| {
        let (owner, period) = (owner.into(), period.into());
        let request = ListQuotasRequest { owner, period, ..Default::default() };
        let request = world.request(request);
        let mut planning = world.planning();
        async move { planning.list_quotas(request).await }
    };
    vec![
        row!("an id that is none", InvalidArgument "ID_INVALID" "quota_id", withdraw("ann", "x")),
        row!("no such quota", NotFound "QUOTA_NOT_FOUND" "quota_id", withdraw(NOBODY, "x")),
        row!("no reason", InvalidArgument "REASON_INVALID" "reason_code", withdraw(quota, "")),
        row!("no command", InvalidArgument "ID_INVALID" "command_id", void("")),
        row!("no such command", NotFound "COMMAND_NOT_FOUND" "command_id", void(NOBODY)),
        row!("quotas of nobody", InvalidArgument "USER_UNKNOWN" "owner", list("bob", "")),
        row!("quotas of no period", InvalidArgument "PERIOD_UNKNOWN" "period", list("", "Q1")),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn forecasts_are_not_judged_or_asked_for_on_a_bad_request() {
    let world = World::start().await;
    let (_, sheet) = company(&world).await;
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
