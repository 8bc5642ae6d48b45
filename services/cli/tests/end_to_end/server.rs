//! A server of fixed answers: it checks what the command line sends and how it shows what comes.

use std::net::SocketAddr;

use api::audit::v1::audit_service_server::{AuditService, AuditServiceServer};
use api::audit::v1::{
    Event, GetHistoryRequest, GetHistoryResponse, HistoryEntry, LogBroken, TailEventsRequest,
    TailEventsResponse, VerifyLogRequest, VerifyLogResponse, verify_log_response::Step,
};
use api::dashboards::v1::dashboard_service_server::{DashboardService, DashboardServiceServer};
use api::dashboards::v1::quantity::Unit;
use api::dashboards::v1::{
    GetMetricsRequest, GetMetricsResponse, GetPipelineRequest, GetPipelineResponse, Metric,
    MetricGroup, MetricsBy, PipelineRow, Quantity,
};
use api::google::r#type::Money;
use api::privacy::v1::privacy_service_server::{PrivacyService, PrivacyServiceServer};
use api::privacy::v1::{ErasePersonRequest, ErasePersonResponse};
use api::types::v1::{ReadAt, Reflected, read_at::KnownAt};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Code, Request, Response, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

/// The position that every answer reflects.
pub const REVISION: u64 = 42;

struct Fixed;

/// Starts the server on a free port.
pub async fn start() -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(
        tonic::transport::Server::builder()
            .add_service(DashboardServiceServer::new(Fixed))
            .add_service(AuditServiceServer::new(Fixed))
            .add_service(PrivacyServiceServer::new(Fixed))
            .serve_with_incoming(TcpListenerStream::new(listener)),
    );
    address
}

fn reflected(read_at: Option<ReadAt>) -> Option<Reflected> {
    let read_at = read_at.unwrap_or_default();
    let known_at = match read_at.known_at {
        Some(KnownAt::KnownAtPosition(position)) => position,
        _ => REVISION,
    };
    Some(Reflected {
        revision: REVISION,
        as_of: read_at.as_of.or(Some(prost_types::Timestamp { seconds: 1_767_225_600, nanos: 0 })),
        known_at,
        lag: 0,
        log: "0123456789abcdef".into(),
    })
}

fn usd(units: i64) -> Money {
    Money { currency_code: "USD".into(), units, nanos: 0 }
}

#[tonic::async_trait]
impl DashboardService for Fixed {
    async fn get_pipeline(
        &self,
        request: Request<GetPipelineRequest>,
    ) -> Result<Response<GetPipelineResponse>, Status> {
        match request.metadata().get("revops-tenant").map(|tenant| tenant.to_str()) {
            Some(Ok("default")) => {}
            Some(Ok("slow")) => std::future::pending().await,
            _ => return Err(Status::invalid_argument("another tenant")),
        }
        assert_eq!(request.metadata().get("revops-actor").unwrap(), "cli");
        let row = PipelineRow {
            key: "proposal".into(),
            pipeline: "sales".into(),
            count: 1200,
            amounts: vec![usd(98_000)],
            ..PipelineRow::default()
        };
        Ok(Response::new(GetPipelineResponse {
            reflected: reflected(request.into_inner().read_at),
            open: 1200,
            open_amounts: vec![usd(98_000)],
            rows: vec![row],
        }))
    }

    async fn get_metrics(
        &self,
        request: Request<GetMetricsRequest>,
    ) -> Result<Response<GetMetricsResponse>, Status> {
        let request = request.into_inner();
        let won = |count| Metric {
            name: "deals_won".into(),
            value: Some(Quantity { unit: Some(Unit::Count(count)) }),
            ..Metric::default()
        };
        let group = |key: &str, count| MetricGroup {
            key: key.into(),
            metrics: vec![won(count)],
            ..MetricGroup::default()
        };
        let groups = match request.by() {
            MetricsBy::Unspecified => vec![group("", 3)],
            _ => vec![group("ann", 2), group("bob", 1)],
        };
        // Groups are asked for at the point at which the whole was answered.
        if request.by() != MetricsBy::Unspecified {
            let point = request.read_at.as_ref().and_then(|it| it.known_at);
            assert_eq!(point, Some(KnownAt::KnownAtPosition(REVISION)));
        }
        let reflected = reflected(request.read_at);
        Ok(Response::new(GetMetricsResponse { reflected, groups, reasons: vec![] }))
    }
}

#[tonic::async_trait]
impl AuditService for Fixed {
    type VerifyLogStream =
        tokio_stream::Iter<std::vec::IntoIter<Result<VerifyLogResponse, Status>>>;

    async fn get_history(
        &self,
        _request: Request<GetHistoryRequest>,
    ) -> Result<Response<GetHistoryResponse>, Status> {
        let mut details = ErrorDetails::new();
        details.set_error_info("ENTITY_UNKNOWN", "revops", std::collections::HashMap::new());
        let status = Status::with_error_details(Code::NotFound, "there is no such deal", details);
        Err(status)
    }

    type TailEventsStream =
        tokio_stream::Iter<std::vec::IntoIter<Result<TailEventsResponse, Status>>>;

    async fn tail_events(
        &self,
        request: Request<TailEventsRequest>,
    ) -> Result<Response<Self::TailEventsStream>, Status> {
        let request = request.into_inner();
        let events = (request.from_position..).take(2).map(|position| {
            let fact = "lead.worked.v1".into();
            let entry = HistoryEntry { position, fact, ..HistoryEntry::default() };
            Event { kind: request.kinds.concat(), id: "an-id".into(), entry: Some(entry) }
        });
        // A listener hears how far it is although nothing was found.
        let messages = events
            .map(|event| Ok(TailEventsResponse { events: vec![event], position: 0 }))
            .chain([Ok(TailEventsResponse::default())]);
        Ok(Response::new(tokio_stream::iter(messages.collect::<Vec<_>>())))
    }

    async fn verify_log(
        &self,
        _request: Request<VerifyLogRequest>,
    ) -> Result<Response<Self::VerifyLogStream>, Status> {
        let broken = LogBroken { sequence: 8, position: 100, what: "its hash differs".into() };
        let steps = vec![Ok(VerifyLogResponse { step: Some(Step::Broken(broken)) })];
        Ok(Response::new(tokio_stream::iter(steps)))
    }
}

#[tonic::async_trait]
impl PrivacyService for Fixed {
    async fn erase_person(
        &self,
        request: Request<ErasePersonRequest>,
    ) -> Result<Response<ErasePersonResponse>, Status> {
        // A command always has an id with which it can be repeated.
        assert!(!request.into_inner().request_id.is_empty());
        Err(Status::unavailable("the log cannot be reached"))
    }
}
