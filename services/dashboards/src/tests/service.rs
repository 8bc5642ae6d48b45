//! The service over a whole process: names, managers and offices as the catalog had them.

use std::sync::{Arc, atomic::AtomicI64};

use api::{
    dashboards::v1::{
        GetMetricsRequest, GetPipelineRequest, GetPipelineResponse, MetricsBy, PipelineBy,
        dashboard_service_server::DashboardService,
    },
    types::v1::{ReadAt, read_at::KnownAt},
};
use domain::{
    Fact, ForecastCategory, Instant, Kind, Outcome, PersonId, Personal, UserId, opportunity,
    pipeline::{self, StageDefinition},
    user,
};
use event_log::{EventLog, KeyStream, MemoryLog};
use runtime::{
    clock::Clock,
    command::Head,
    desk::Decision,
    query::{Caller, timestamp},
    runtime::{Runtime, Settings},
    vault::Master,
};
use tonic::{Code, Request};
use uuid::Uuid;

use super::deals::{self, TENANT, opened, won};
use crate::{Dashboards, service, views};

/// 2024-01-01T00:00:00Z.
const NOW: i64 = 1_704_067_200_000_000;

struct House {
    runtime: Arc<Runtime>,
    dashboards: Dashboards,
    _folder: tempfile::TempDir,
}

impl House {
    async fn new() -> House {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings {
            log: EventLog::Memory(MemoryLog::new()),
            log_thread: tokio::runtime::Handle::current(),
            keys: KeyStream::memory(),
            master: Master::from_secret(&[7; 32]),
            read_model: folder.path().to_owned(),
            cache_bytes: 1 << 20,
            clock: Clock::Manual(Arc::new(AtomicI64::new(NOW))),
            default_tenant: Some(TENANT.to_owned()),
        };
        let views = views();
        let runtime = Arc::new(Runtime::start(settings, views.projections()).await.unwrap());
        drop(service(runtime.clone(), views.clone()));
        let dashboards = Dashboards {
            runtime: runtime.clone(),
            pipeline: views.pipeline,
            outcomes: views.outcomes,
        };
        House { runtime, dashboards, _folder: folder }
    }

    /// Records a fact as it stands, and says at which position.
    async fn tell(&self, kind: Kind, id: Uuid, at: i64, fact: impl Into<Fact>) -> u64 {
        let head = Head {
            caller: Caller { tenant: TENANT.into(), actor: "ada".into() },
            command_id: runtime::clock::new_id(),
            fingerprint: [0; 16],
            expected: None,
            at: None,
        };
        let occurred_at = Instant(at);
        let facts: Vec<Fact> = vec![fact.into()];
        let decision = Decision { kind, id, occurred_at, source_seq: 0, facts };
        let recorded = self.runtime.record(&head, (kind, id), move |_| Ok(vec![decision.clone()]));
        recorded.await.unwrap().position
    }

    async fn deal(&self, number: u128, at: i64, fact: opportunity::Fact) -> u64 {
        self.tell(Kind::Opportunity, Uuid::from_u128(number), at, fact).await
    }

    async fn user(&self, number: u128, key: &str, manager: Option<u128>, at: i64) {
        let defined = user::Defined {
            person: PersonId(Uuid::from_u128(number + 1_000)),
            key: Personal::Plain(key.to_owned()),
            name: Personal::plain(format!("{key} herself")),
            manager: manager.map(|manager| UserId(Uuid::from_u128(manager))),
            office: if manager.is_some() { "North".to_owned() } else { String::new() },
            role: String::new(),
            retired: false,
        };
        self.runtime.vault.ensure_keys(TENANT, &[defined.person.0]).await.unwrap();
        self.tell(Kind::User, Uuid::from_u128(number), at, user::Fact::Defined(defined.into()))
            .await;
    }

    async fn stages(&self, at: i64, keys: &[&str]) {
        let stage = |(order, key): (u32, &&str)| StageDefinition {
            key: (*key).to_owned(),
            name: key.to_uppercase(),
            order,
            probability_ppm: 0,
            category: ForecastCategory::Pipeline,
            outcome: if *key == "won" { Outcome::Won } else { Outcome::Open },
        };
        let defined = pipeline::Defined {
            key: "sales".to_owned(),
            name: "Sales".to_owned(),
            furthest: false,
            stages: (0..).zip(keys).map(stage).collect(),
            retired: false,
        };
        let fact = pipeline::Fact::Defined(defined);
        self.tell(Kind::Pipeline, Uuid::from_u128(1), at, fact).await;
    }

    async fn open(&self, by: PipelineBy, read_at: ReadAt) -> GetPipelineResponse {
        let request = GetPipelineRequest { read_at: Some(read_at), by: by as i32 };
        self.dashboards.get_pipeline(Request::new(request)).await.unwrap().into_inner()
    }

    /// Key, name and count of each row.
    async fn rows(&self, by: PipelineBy, read_at: ReadAt) -> Vec<(String, String, u64)> {
        let rows = self.open(by, read_at).await.rows.into_iter();
        rows.map(|row| (row.key, row.name.unwrap_or_default().text, row.count)).collect()
    }
}

fn before(instant: i64) -> ReadAt {
    ReadAt { as_of: Some(timestamp(Instant(instant))), ..ReadAt::default() }
}

fn known_at(position: u64) -> ReadAt {
    ReadAt { known_at: Some(KnownAt::KnownAtPosition(position)), ..ReadAt::default() }
}

fn row(key: &str, name: &str, count: u64) -> (String, String, u64) {
    (key.to_owned(), name.to_owned(), count)
}

#[tokio::test]
async fn stages_come_in_their_order_with_empty_ones_and_strangers() {
    let house = House::new().await;
    house.stages(i64::MIN, &["new", "demo", "talks", "won"]).await;
    let first = house.deal(1, NOW - 50, opened("talks", 10, deals::usd(250))).await;
    house.deal(2, NOW - 40, opened("zombie", 10, deals::eur(100))).await;
    house.deal(3, NOW - 30, opened("talks", 10, None)).await;
    let all = house.open(PipelineBy::Unspecified, ReadAt::default()).await;
    assert_eq!(all.open, 3);
    let sums: Vec<_> = all.open_amounts.iter().map(|it| (&*it.currency_code, it.units)).collect();
    assert_eq!(sums, [("EUR", 1), ("USD", 2)]);
    assert!(all.rows.iter().all(|row| row.pipeline == "sales" && row.id.is_empty()));
    let rows = house.rows(PipelineBy::Stage, ReadAt::default()).await;
    let zombie = row("zombie", "", 1);
    assert_eq!(
        rows,
        [row("new", "NEW", 0), row("demo", "DEMO", 0), row("talks", "TALKS", 2), zombie]
    );
    let rows = house.rows(PipelineBy::Stage, known_at(first)).await;
    assert_eq!(rows, [row("new", "NEW", 0), row("demo", "DEMO", 0), row("talks", "TALKS", 1)]);
    let reflected = house.open(PipelineBy::Stage, known_at(first)).await.reflected.unwrap();
    assert_eq!((reflected.known_at, reflected.revision, reflected.lag), (first, first + 2, 0));

    // A definition that takes effect later does not hold yet, unless one asks about later.
    house.stages(NOW + 1_000_000, &["fresh"]).await;
    assert_eq!(house.rows(PipelineBy::Stage, ReadAt::default()).await.len(), 4);
    let rows = house.rows(PipelineBy::Stage, before(NOW + 2_000_000)).await;
    assert_eq!(rows[0], row("fresh", "FRESH", 0));
}

#[tokio::test]
async fn owners_managers_and_offices_are_those_of_the_instant_asked_for() {
    let house = House::new().await;
    house.user(10, "zoe", Some(20), i64::MIN).await;
    house.user(11, "ann", Some(20), i64::MIN).await;
    house.user(20, "max", None, i64::MIN).await;
    house.user(10, "zoe", Some(11), NOW - 10).await;
    for (number, owner) in [(1, 10), (2, 11), (3, 20), (4, 99)] {
        house.deal(number, NOW - 50, opened("new", owner, deals::usd(100))).await;
    }
    let stranger = Uuid::from_u128(99).to_string();
    let (ann, zoe) = (row("ann", "ann herself", 1), row("zoe", "zoe herself", 1));
    let (max, none) = (row("max", "max herself", 1), row("", "", 2));
    let owners = house.rows(PipelineBy::Owner, ReadAt::default()).await;
    assert_eq!(owners, [row(&stranger, "", 1), ann.clone(), max.clone(), zoe]);
    let managers = house.rows(PipelineBy::Manager, ReadAt::default()).await;
    assert_eq!(managers, [ann, max, none.clone()]);
    let managers = house.rows(PipelineBy::Manager, before(NOW - 20)).await;
    assert_eq!(managers, [row("max", "max herself", 2), none.clone()]);
    let offices = house.rows(PipelineBy::Office, ReadAt::default()).await;
    assert_eq!(offices, [row("North", "", 2), none]);
    assert_eq!(house.rows(PipelineBy::Month, ReadAt::default()).await, [row("2017-04", "", 4)]);

    let person = Uuid::from_u128(1_010);
    house.runtime.vault.erase(TENANT, person).await.unwrap();
    let owners = house.open(PipelineBy::Owner, ReadAt::default()).await;
    let erased = owners.rows.iter().find(|row| row.name.as_ref().unwrap().erased).unwrap();
    let id = Uuid::from_u128(10).to_string();
    assert_eq!((&erased.key, &erased.id, erased.count), (&id, &id, 1));
}

#[tokio::test]
async fn metrics_are_answered_per_group_and_bad_questions_are_refused() {
    let house = House::new().await;
    house.user(10, "zoe", Some(20), i64::MIN).await;
    house.deal(1, NOW - 50, opened("new", 10, deals::usd(100))).await;
    let winning = house.deal(1, NOW - 40, won(deals::usd(90))).await;
    let ask = |request| house.dashboards.get_metrics(Request::new(request));
    let by = MetricsBy::Owner as i32;
    let read_at = Some(known_at(winning));
    let request = GetMetricsRequest { read_at, by, ..GetMetricsRequest::default() };
    let answer = ask(request).await.unwrap().into_inner();
    assert_eq!(answer.groups.len(), 1);
    assert_eq!((&*answer.groups[0].key, answer.groups[0].metrics.len()), ("zoe", 10));
    let empty = GetMetricsRequest { read_at: Some(known_at(winning - 1)), ..Default::default() };
    let answer = ask(empty).await.unwrap().into_inner();
    assert_eq!((answer.groups.len(), answer.groups[0].metrics.len()), (1, 10));

    let bad = GetMetricsRequest { by: 99, ..GetMetricsRequest::default() };
    assert_eq!(ask(bad).await.unwrap_err().code(), Code::InvalidArgument);
    let (start_time, end_time) = (Some(timestamp(Instant(1))), Some(timestamp(Instant(0))));
    let bad = GetMetricsRequest { start_time, end_time, ..GetMetricsRequest::default() };
    let refused = ask(bad).await.unwrap_err();
    assert!(refused.code() == Code::InvalidArgument && refused.message().contains("ends before"));
    let bad = GetPipelineRequest { read_at: None, by: -1 };
    let refused = house.dashboards.get_pipeline(Request::new(bad)).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
}
