//! What cannot be right is refused by name: a code, a stable reason and the field at fault, and the
//! log has not grown.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

use std::{future::Future, pin::Pin};

use api::{
    google::r#type::{Date, Money},
    opportunities::v1::{
        ChangeOpportunityAmountRequest, ChangeOpportunityStageRequest, LoseOpportunityRequest,
        NoteOpportunityRequest, OpenOpportunityRequest, OverrideOpportunityCategoryRequest,
        VoidOpportunityCommandRequest,
    },
    types::v1::{ExternalId, ForecastCategory},
};
use prost_types::Timestamp;
use tests::{
    Options, World,
    hands::{at, day, usd},
};
use tonic::{Code, Request, Status};
use tonic_types::StatusExt;

pub type Call<'a> = Pin<Box<dyn Future<Output = Result<(), Status>> + Send + 'a>>;

/// Given a request, the expected code, reason and field.
pub struct Row<'a> {
    pub given: &'static str,
    pub call: Call<'a>,
    pub code: Code,
    pub reason: &'static str,
    pub field: &'static str,
}

/// A row whose call is made by an expression that may fail.
macro_rules! row {
    ($given:literal, $code:ident $reason:literal $field:literal, $call:expr) => {
        Row {
            given: $given,
            call: Box::pin(async move { $call.await.map(drop) }),
            code: Code::$code,
            reason: $reason,
            field: $field,
        }
    };
}

pub(crate) use row;

/// Makes every call, and looks at what it was told and at the log.
pub async fn refused(world: &World, rows: Vec<Row<'_>>) {
    let position = world.position().await;
    for Row { given, call, code, reason, field } in rows {
        let status = call.await.expect_err(given);
        assert_eq!(status.code(), code, "{given}: {status}");
        let details = status.get_error_details();
        let info = details.error_info().unwrap_or_else(|| panic!("{given} has no reason"));
        assert_eq!((info.reason.as_str(), info.domain.as_str()), (reason, "revops"), "{given}");
        let violations = details.bad_request().map(|it| it.field_violations.as_slice());
        let fields: Vec<&str> =
            violations.unwrap_or_default().iter().map(|it| it.field.as_str()).collect();
        let expected = if field.is_empty() { vec![] } else { vec![field] };
        assert_eq!(fields, expected, "{given}: {status}");
        assert_eq!(world.position().await, position, "{given} was recorded");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deal_is_not_opened_on_a_bad_request() {
    let world = World::start().await;
    world.define_catalog().await;
    let (taken, _) = world.open("taken", 1, "2026-01-01T00:00:00Z").await;
    refused(&world, amounts_and_days(&world)).await;
    refused(&world, references_and_texts(&world, &taken)).await;
    // The request that all of these are made from is a good one.
    open(&world, |_| ()).await.unwrap();
}

/// A good request with something changed.
async fn open(
    world: &World,
    change: impl FnOnce(&mut OpenOpportunityRequest),
) -> Result<(), Status> {
    let mut request = OpenOpportunityRequest {
        pipeline: "sales".into(),
        amount: Some(usd(10)),
        close_date: Some(day("2026-03-31")),
        owner: "ann".into(),
        product: "box".into(),
        ..Default::default()
    };
    change(&mut request);
    world.opportunities().open_opportunity(world.request(request)).await.map(drop)
}

fn money(currency: &str, units: i64, nanos: i32) -> Option<Money> {
    Some(Money { currency_code: currency.into(), units, nanos })
}

fn date(year: i32, month: i32, day: i32) -> Option<Date> {
    Some(Date { year, month, day })
}

fn time(seconds: i64, nanos: i32) -> Option<Timestamp> {
    Some(Timestamp { seconds, nanos })
}

fn amounts_and_days(world: &World) -> Vec<Row<'_>> {
    vec![
        row!("a negative amount", InvalidArgument "NEGATIVE_AMOUNT" "amount",
            open(world, |it| it.amount = money("USD", -1, 0))),
        row!("a fraction of a cent", InvalidArgument "MONEY_INVALID" "amount.nanos",
            open(world, |it| it.amount = money("USD", 1, 5_000_000))),
        row!("signs that differ", InvalidArgument "MONEY_INVALID" "amount.nanos",
            open(world, |it| it.amount = money("USD", 1, -10_000_000))),
        row!("a currency in small letters", InvalidArgument "MONEY_INVALID" "amount.currency_code",
            open(world, |it| it.amount = money("usd", 1, 0))),
        row!("no currency", InvalidArgument "MONEY_INVALID" "amount.currency_code",
            open(world, |it| it.amount = money("", 1, 0))),
        row!("more money than there is", InvalidArgument "MONEY_INVALID" "amount.units",
            open(world, |it| it.amount = money("USD", i64::MAX, 0))),
        row!("a day that is none", InvalidArgument "DATE_INVALID" "close_date",
            open(world, |it| it.close_date = date(2026, 2, 30))),
        row!("a month without a day", InvalidArgument "DATE_INVALID" "close_date",
            open(world, |it| it.close_date = date(2026, 2, 0))),
        row!("a day of another millennium", InvalidArgument "DATE_INVALID" "close_date",
            open(world, |it| it.close_date = date(20_260, 2, 1))),
        row!("a fact of the future", InvalidArgument "TIME_IN_FUTURE" "occurred_at",
            open(world, |it| it.occurred_at = Some(at("2199-01-01T00:00:00Z")))),
        row!("a time in nanoseconds", InvalidArgument "TIME_INVALID" "occurred_at",
            open(world, |it| it.occurred_at = time(1_767_225_600, 1))),
        row!("a time with negative nanoseconds", InvalidArgument "TIME_INVALID" "occurred_at",
            open(world, |it| it.occurred_at = time(1_767_225_600, -1_000))),
        row!("a time beyond the calendar", InvalidArgument "TIME_INVALID" "occurred_at",
            open(world, |it| it.occurred_at = time(i64::MAX, 0))),
        row!("a time before the calendar", InvalidArgument "TIME_INVALID" "occurred_at",
            open(world, |it| it.occurred_at = time(i64::MIN, 0))),
    ]
}

fn references_and_texts<'a>(world: &'a World, taken: &'a str) -> Vec<Row<'a>> {
    let external = || Some(ExternalId { source: "crm".into(), key: "1".into() });
    vec![
        row!("no pipeline", InvalidArgument "FIELD_MISSING" "pipeline",
            open(world, |it| it.pipeline.clear())),
        row!("an unknown pipeline", InvalidArgument "PIPELINE_UNKNOWN" "pipeline",
            open(world, |it| it.pipeline = "limbo".into())),
        row!("an unknown stage", InvalidArgument "STAGE_UNKNOWN" "stage",
            open(world, |it| it.stage = "limbo".into())),
        row!("a stage that closes deals", InvalidArgument "STAGE_CLOSES" "stage",
            open(world, |it| it.stage = "won".into())),
        row!("an unknown owner", InvalidArgument "USER_UNKNOWN" "owner",
            open(world, |it| it.owner = "nobody".into())),
        row!("an unknown product", InvalidArgument "PRODUCT_UNKNOWN" "product",
            open(world, |it| it.product = "air".into())),
        row!("an id that is none", InvalidArgument "ID_INVALID" "opportunity_id",
            open(world, |it| it.opportunity_id = "42".into())),
        row!("a request id that is none", InvalidArgument "ID_INVALID" "request_id",
            open(world, |it| it.request_id = "again".into())),
        row!("two ids", InvalidArgument "ID_TWICE" "opportunity_id",
        open(world, move |it| {
            it.opportunity_id = uuid::Uuid::from_u128(7).to_string();
            it.external_id = external();
        })),
        row!("an id that is taken", AlreadyExists "OPPORTUNITY_EXISTS" "opportunity_id",
            open(world, |it| it.opportunity_id = taken.into())),
        row!("a name without end", InvalidArgument "TEXT_TOO_LONG" "name",
            open(world, |it| it.name = "x".repeat(1_025))),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deal_is_not_changed_by_a_bad_request() {
    let world = World::start().await;
    world.define_catalog().await;
    let (deal, opened) = world.open("deal", 1, "2026-01-01T00:00:00Z").await;
    let changed = amount(&world, &deal, |it| it.amount = Some(usd(2))).await;
    let changed = changed.unwrap().into_inner().recorded.unwrap();
    refused(&world, amounts_and_tokens(&world, &deal, &opened.etag, &changed.command_id)).await;
    refused(&world, moves_and_closings(&world, &deal)).await;
    let (lost, _) = world.open("lost", 1, "2026-01-01T00:00:00Z").await;
    let words = ["opportunity", "lose", &lost, "--reason", "price", "--at", "2026-01-02"];
    world.cli(&words).await;
    let closed = (&world, lost.as_str());
    let after_closing = row!("a move of a closed deal", FailedPrecondition "ALREADY_CLOSED" "",
        stage(closed.0, closed.1, "talks"));
    refused(&world, vec![after_closing]).await;
}

async fn amount(
    world: &World,
    deal: &str,
    change: impl FnOnce(&mut ChangeOpportunityAmountRequest),
) -> Result<tonic::Response<api::opportunities::v1::ChangeOpportunityAmountResponse>, Status> {
    let mut request = ChangeOpportunityAmountRequest {
        opportunity_id: deal.into(),
        amount: Some(usd(3)),
        ..Default::default()
    };
    change(&mut request);
    world.opportunities().change_opportunity_amount(world.request(request)).await
}

fn amounts_and_tokens<'a>(
    world: &'a World,
    deal: &'a str,
    stale: &'a str,
    used: &'a str,
) -> Vec<Row<'a>> {
    vec![
        row!("another currency", InvalidArgument "WRONG_CURRENCY" "amount.currency_code",
            amount(world, deal, |it| it.amount = money("EUR", 3, 0))),
        row!("a stale etag", Aborted "STALE_ETAG" "etag",
            amount(world, deal, |it| it.etag = stale.into())),
        row!("an etag that is none", InvalidArgument "ETAG_INVALID" "etag",
            amount(world, deal, |it| it.etag = "latest".into())),
        row!("an etag of another log", InvalidArgument "ETAG_INVALID" "etag",
            amount(world, deal, |it| it.etag = "5-0123456789abcdef".into())),
        row!("a request id with other content", InvalidArgument "REQUEST_ID_REUSED" "request_id",
            amount(world, deal, |it| it.request_id = used.into())),
        row!("a deal of another tenant", NotFound "OPPORTUNITY_NOT_FOUND" "opportunity_id", {
            let request = ChangeOpportunityAmountRequest {
                opportunity_id: deal.into(),
                amount: Some(usd(3)),
                ..Default::default()
            };
            let request = World::request_of("other", request);
            let mut deals = world.opportunities();
            async move { deals.change_opportunity_amount(request).await }
        }),
        row!("a deal that is not there", NotFound "OPPORTUNITY_NOT_FOUND" "opportunity_id",
            amount(world, "00000000-0000-8000-8000-000000000007", |_| ())),
        row!("before the opening", NotFound "OPPORTUNITY_NOT_FOUND" "opportunity_id",
            amount(world, deal, |it| it.occurred_at = Some(at("2025-12-31T00:00:00Z")))),
    ]
}

async fn stage(world: &World, deal: &str, stage: &str) -> Result<(), Status> {
    let request = ChangeOpportunityStageRequest {
        opportunity_id: deal.into(),
        stage: stage.into(),
        ..Default::default()
    };
    world.opportunities().change_opportunity_stage(world.request(request)).await.map(drop)
}

async fn note(world: &World, deal: &str, text: String) -> Result<(), Status> {
    let request =
        NoteOpportunityRequest { opportunity_id: deal.into(), text, ..Default::default() };
    world.opportunities().note_opportunity(world.request(request)).await.map(drop)
}

async fn lose(world: &World, deal: &str, code: &str, words: usize) -> Result<(), Status> {
    let request = LoseOpportunityRequest {
        opportunity_id: deal.into(),
        reason_code: code.into(),
        reason: "x".repeat(words),
        ..Default::default()
    };
    world.opportunities().lose_opportunity(world.request(request)).await.map(drop)
}

async fn category(world: &World, deal: &str, category: i32) -> Result<(), Status> {
    let request = OverrideOpportunityCategoryRequest {
        opportunity_id: deal.into(),
        category,
        ..Default::default()
    };
    world.opportunities().override_opportunity_category(world.request(request)).await.map(drop)
}

async fn void(world: &World, deal: &str, command_id: &str) -> Result<(), Status> {
    let request = VoidOpportunityCommandRequest {
        opportunity_id: deal.into(),
        command_id: command_id.into(),
        reason_code: "mistake".into(),
        ..Default::default()
    };
    world.opportunities().void_opportunity_command(world.request(request)).await.map(drop)
}

fn moves_and_closings<'a>(world: &'a World, deal: &'a str) -> Vec<Row<'a>> {
    vec![
        row!("a move to an unknown stage", InvalidArgument "STAGE_UNKNOWN" "stage",
            stage(world, deal, "limbo")),
        row!("a move to a stage that closes deals", InvalidArgument "STAGE_CLOSES" "stage",
            stage(world, deal, "lost")),
        row!("a move to nowhere", InvalidArgument "FIELD_MISSING" "stage", stage(world, deal, "")),
        row!("a loss without a reason", InvalidArgument "REASON_INVALID" "reason_code",
            lose(world, deal, "", 0)),
        row!("a reason in capitals", InvalidArgument "REASON_INVALID" "reason_code",
            lose(world, deal, "Price!", 0)),
        row!("a reason without end", InvalidArgument "TEXT_TOO_LONG" "reason",
            lose(world, deal, "price", 8_193)),
        row!("an empty note", InvalidArgument "FIELD_MISSING" "text", note(world, deal, String::new())),
        row!("a note without end", InvalidArgument "TEXT_TOO_LONG" "text",
            note(world, deal, "x".repeat(8_193))),
        row!("a category that is none", InvalidArgument "CATEGORY_UNKNOWN" "category",
            category(world, deal, 99)),
        row!("a category that only winning gives", InvalidArgument "CATEGORY_CLOSED" "category",
            category(world, deal, ForecastCategory::Closed.into())),
        row!("a void of nothing", NotFound "COMMAND_NOT_FOUND" "command_id",
            void(world, deal, "00000000-0000-7000-8000-000000000007")),
        row!("a void of what is no id", InvalidArgument "ID_INVALID" "command_id",
            void(world, deal, "the last one")),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_says_whose_data_it_is() {
    let options = Options { default_tenant: None, ..Options::default() };
    let world = World::start_with(options).await;
    world.define_catalog().await;
    let ask = |tenant: Option<&'static str>| {
        let mut deals = world.opportunities();
        async move {
            let mut request =
                Request::new(api::opportunities::v1::ListOpportunitiesRequest::default());
            if let Some(tenant) = tenant {
                request.metadata_mut().insert("revops-tenant", tenant.parse().unwrap());
            }
            deals.list_opportunities(request).await
        }
    };
    let rows = vec![
        row!("no tenant", InvalidArgument "TENANT_MISSING" "revops-tenant", ask(None)),
        row!("an empty tenant", InvalidArgument "TENANT_INVALID" "revops-tenant", ask(Some(""))),
        row!("capitals", InvalidArgument "TENANT_INVALID" "revops-tenant", ask(Some("Acme"))),
        row!("a wildcard", InvalidArgument "TENANT_INVALID" "revops-tenant", ask(Some("a.>"))),
        row!("a long tenant", InvalidArgument "TENANT_INVALID" "revops-tenant",
            ask(Some("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"))),
    ];
    refused(&world, rows).await;
    ask(Some("acme")).await.unwrap();
}
