//! Questions and definitions that cannot be right, and bytes that are no message at all.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

use api::{
    audit::v1::GetHistoryRequest,
    dashboards::v1::{GetMetricsRequest, GetPipelineRequest},
    opportunities::v1::ListOpportunitiesRequest,
    planning::v1::{
        DefinePipelineRequest, DefineProductRequest, DefineUserRequest, PipelineDefinition,
        ProductDefinition, UserDefinition,
    },
    types::v1::{Outcome, ReadAt},
};
use bytes::{Buf, BufMut, Bytes};
use prost_types::Timestamp;
use tests::{
    World,
    hands::{self, at, usd},
};
use tonic::{
    Code, Request, Status,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
};

use crate::bad_input::{Row, refused, row};

#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_makes_no_sense_is_refused() {
    let world = World::start().await;
    world.define_catalog().await;
    for name in ["one", "two", "three"] {
        world.open(name, 1, "2026-01-01T00:00:00Z").await;
    }
    let first = list(&world, |it| it.page_size = 1).await.unwrap();
    let token = first.into_inner().next_page_token;
    let next = list(&world, |it| {
        it.page_size = 1;
        it.page_token.clone_from(&token);
    });
    assert_eq!(next.await.unwrap().into_inner().opportunities.len(), 1, "the token is a good one");
    refused(&world, lists(&world, &token)).await;
    refused(&world, sums(&world)).await;
}

async fn list(
    world: &World,
    change: impl FnOnce(&mut ListOpportunitiesRequest),
) -> Result<tonic::Response<api::opportunities::v1::ListOpportunitiesResponse>, Status> {
    let mut request = ListOpportunitiesRequest::default();
    change(&mut request);
    world.opportunities().list_opportunities(world.request(request)).await
}

fn as_of(seconds: i64, nanos: i32) -> Option<ReadAt> {
    Some(ReadAt { as_of: Some(Timestamp { seconds, nanos }), ..Default::default() })
}

fn lists<'a>(world: &'a World, token: &'a str) -> Vec<Row<'a>> {
    vec![
        row!("a token of another question", InvalidArgument "PAGE_TOKEN_INVALID" "page_token",
        list(world, |it| {
            it.page_token = token.into();
            it.outcomes = vec![Outcome::Open.into()];
        })),
        row!("a token of another order", InvalidArgument "PAGE_TOKEN_INVALID" "page_token",
        list(world, |it| {
            it.page_token = token.into();
            it.order_by = "amount".into();
        })),
        row!("a token of another tenant", InvalidArgument "PAGE_TOKEN_INVALID" "page_token", {
            let page_token = token.to_owned();
            let request = ListOpportunitiesRequest { page_token, ..Default::default() };
            let mut deals = world.opportunities();
            async move { deals.list_opportunities(World::request_of("other", request)).await }
        }),
        row!("a token that is none", InvalidArgument "PAGE_TOKEN_INVALID" "page_token",
            list(world, |it| it.page_token = "next".into())),
        row!("less than no rows", InvalidArgument "PAGE_SIZE_INVALID" "page_size",
            list(world, |it| it.page_size = -1)),
        row!("an order by what is not there", InvalidArgument "ORDER_UNKNOWN" "order_by",
            list(world, |it| it.order_by = "mood".into())),
        row!("an outcome that is none", InvalidArgument "OUTCOME_UNKNOWN" "outcomes",
            list(world, |it| it.outcomes = vec![77])),
        row!("an instant in nanoseconds", InvalidArgument "TIME_INVALID" "read_at.as_of",
            list(world, |it| it.read_at = as_of(0, 1))),
        row!("an instant beyond the calendar", InvalidArgument "TIME_INVALID" "read_at.as_of",
            list(world, |it| it.read_at = as_of(i64::MIN, 0))),
    ]
}

fn sums(world: &World) -> Vec<Row<'_>> {
    let pipeline = |by| {
        let mut dashboards = world.dashboards();
        let request = world.request(GetPipelineRequest { by, read_at: None });
        async move { dashboards.get_pipeline(request).await }
    };
    let metrics = |by, start_time, end_time| {
        let mut dashboards = world.dashboards();
        let request = GetMetricsRequest { by, start_time, end_time, read_at: None };
        let request = world.request(request);
        async move { dashboards.get_metrics(request).await }
    };
    let history = |kind: &str, id: &str| {
        let mut audit = world.audit();
        let (kind, id) = (kind.to_owned(), id.to_owned());
        let request = world.request(GetHistoryRequest { kind, id, ..Default::default() });
        async move { audit.get_history(request).await }
    };
    let (early, late) = (Some(at("2026-01-01T00:00:00Z")), Some(at("2026-02-01T00:00:00Z")));
    vec![
        row!("a pipeline by nothing known", InvalidArgument "GROUPING_UNKNOWN" "by", pipeline(99)),
        row!("metrics by nothing known", InvalidArgument "GROUPING_UNKNOWN" "by",
            metrics(99, None, None)),
        row!("a period that runs backwards", InvalidArgument "PERIOD_INVALID" "end_time",
            metrics(0, late, early)),
        row!("a history of no kind", InvalidArgument "KIND_UNKNOWN" "kind", history("deal", "x")),
        row!("a history of no id", InvalidArgument "ID_INVALID" "id", history("opportunity", "x")),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_definition_that_makes_no_sense_is_refused() {
    let world = World::start().await;
    world.define_catalog().await;
    refused(&world, pipelines(&world)).await;
    refused(&world, products_and_users(&world)).await;
}

async fn pipeline(
    world: &World,
    change: impl FnOnce(&mut PipelineDefinition),
) -> Result<(), Status> {
    let mut definition = hands::pipeline();
    change(&mut definition);
    let request = DefinePipelineRequest {
        key: "other".into(),
        definition: Some(definition),
        ..Default::default()
    };
    world.planning().define_pipeline(world.request(request)).await.map(drop)
}

fn pipelines(world: &World) -> Vec<Row<'_>> {
    vec![
        row!("a pipeline without a name", InvalidArgument "NAME_MISSING" "definition.name",
            pipeline(world, |it| it.name.clear())),
        row!("no open stage", InvalidArgument "PIPELINE_INVALID" "definition.stages",
            pipeline(world, |it| drop(it.stages.drain(..3)))),
        row!("a stage twice", InvalidArgument "PIPELINE_INVALID" "definition.stages[1].key",
            pipeline(world, |it| it.stages[1].key = "new".into())),
        row!("stages out of order", InvalidArgument "PIPELINE_INVALID" "definition.stages[1].order",
            pipeline(world, |it| it.stages[1].order = 1)),
        row!("more than certain", InvalidArgument "FRACTION_INVALID" "definition.stages[0].probability",
        pipeline(world, |it| {
            it.stages[0].probability.as_mut().unwrap().value = "1.5".into();
        })),
        row!("no category", InvalidArgument "FIELD_MISSING" "definition.stages[2].category",
            pipeline(world, |it| it.stages[2].category = 0)),
    ]
}

fn products_and_users(world: &World) -> Vec<Row<'_>> {
    let product = |key: &str, change: fn(&mut DefineProductRequest)| {
        let (name, list_price) = ("Air".to_owned(), Some(usd(1)));
        let definition = Some(ProductDefinition { name, list_price, retired: false });
        let mut request =
            DefineProductRequest { key: key.into(), definition, ..Default::default() };
        change(&mut request);
        let (mut planning, request) = (world.planning(), world.request(request));
        async move { planning.define_product(request).await }
    };
    let user = |key: &str, definition: Option<UserDefinition>| {
        let request = DefineUserRequest { key: key.into(), definition, ..Default::default() };
        let (mut planning, request) = (world.planning(), world.request(request));
        async move { planning.define_user(request).await }
    };
    let managed_by =
        |manager: &str| Some(UserDefinition { manager: manager.into(), ..Default::default() });
    vec![
        row!("no key", InvalidArgument "KEY_INVALID" "key", product("", |_| ())),
        row!("a key of two lines", InvalidArgument "KEY_INVALID" "key", product("a\nb", |_| ())),
        row!("no definition", InvalidArgument "FIELD_MISSING" "definition",
            product("air", |it| it.definition = None)),
        row!("a negative price", InvalidArgument "NEGATIVE_AMOUNT" "definition.list_price",
            product("air", |it| it.definition.as_mut().unwrap().list_price = Some(usd(-1)))),
        row!("an instant in nanoseconds", InvalidArgument "TIME_INVALID" "effective_at",
            product("air", |it| it.effective_at = Some(Timestamp { seconds: 0, nanos: 1 }))),
        row!("a key of another id", AlreadyExists "KEY_OF_ANOTHER" "id",
            product("air", |it| it.id = uuid::Uuid::from_u128(7).to_string())),
        row!("one's own manager", InvalidArgument "OWN_MANAGER" "definition.manager",
            user("ann", managed_by("ann"))),
        row!("an unknown manager", InvalidArgument "USER_UNKNOWN" "definition.manager",
            user("ann", managed_by("nobody"))),
        row!("a name without end", InvalidArgument "TEXT_TOO_LONG" "definition.name",
            user("ann", Some(UserDefinition { name: "x".repeat(1_025), ..Default::default() }))),
    ]
}

/// Sends bytes as they are.
#[derive(Debug, Clone, Copy, Default)]
struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Raw;
    type Decoder = Raw;

    fn encoder(&mut self) -> Raw {
        Raw
    }

    fn decoder(&mut self) -> Raw {
        Raw
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, bytes: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put(bytes);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(buffer.copy_to_bytes(buffer.remaining())))
    }
}

/// Bytes that are no message never reach a rule; what cannot be decoded is named.
#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_are_no_message_are_refused() {
    let world = World::start().await;
    world.define_catalog().await;
    let position = world.position().await;
    const DEALS: &str = "/revops.opportunities.v1.OpportunityService";
    for (given, method, bytes, named) in [
        ("a length beyond the end", "OpenOpportunity", &b"\x32\x7fsales"[..], "pipeline"),
        ("a number in place of a text", "OpenOpportunity", b"\x30\x07", "pipeline"),
        ("text that is not UTF-8", "OpenOpportunity", b"\x32\x02\xff\xfe", "pipeline"),
        ("an amount that is cut off", "OpenOpportunity", b"\x42\x03\x10\xff\xff", "amount"),
        ("a tag that is none", "OpenOpportunity", b"\x07", ""),
        ("a number without end", "ChangeOpportunityStage", &[0xff; 11], ""),
    ] {
        let mut client = tonic::client::Grpc::new(world.channel());
        client.ready().await.unwrap();
        let path = format!("{DEALS}/{method}").parse().unwrap();
        let request: Request<Bytes> = world.request(Bytes::from_static(bytes));
        let status = client.unary(request, path, Raw).await.expect_err(given);
        assert_eq!(status.code(), Code::Internal, "{given}: {status}");
        assert!(status.message().contains("decode"), "{given}: {status}");
        assert!(status.message().contains(named), "{given}: {status}");
        assert_eq!(world.position().await, position, "{given} was recorded");
    }
    // The same way of sending is understood when the bytes are a message.
    let mut client = tonic::client::Grpc::new(world.channel());
    client.ready().await.unwrap();
    let path = format!("{DEALS}/OpenOpportunity").parse().unwrap();
    let request = world.request(Bytes::from_static(b"\x32\x05sales"));
    let _: tonic::Response<Bytes> = client.unary(request, path, Raw).await.unwrap();
    assert_eq!(world.position().await, position + 1);
}
