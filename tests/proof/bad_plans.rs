//! Plans that cannot be right: a code, a stable reason and the field at fault, and the log has not
//! grown.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

use api::{
    google::r#type::Decimal,
    planning::v1::{
        CalendarDefinition, CalendarPattern, DefineCalendarRequest, ListPeriodsRequest,
        ListQuotasRequest, SetExchangeRateRequest, SetQuotaRequest, VoidQuotaCommandRequest,
        WithdrawQuotaRequest,
    },
};
use tests::{
    World,
    hands::{at, day, usd},
};
use tonic::{Code, Status};

use crate::{
    bad_input::{Row, refused, row},
    forecast::asking::QUARTER,
};

/// An id that nobody has.
const NOBODY: &str = "00000000-0000-8000-8000-000000000007";

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

#[tokio::test(flavor = "multi_thread")]
async fn calendars_rates_and_quotas_are_not_set_on_a_bad_request() {
    let world = World::start().await;
    world.define_catalog().await;
    calendar(&world, |_| ()).await.unwrap();
    let quota = quota(&world, |_| ()).await.unwrap();
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
