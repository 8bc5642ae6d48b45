//! A report is recorded even where our rules would have refused it, and its fault is listed; only
//! what cannot be read is rejected, and the field is named.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

use api::{
    google::r#type::{Date, Money},
    ingest::v1::{
        OpportunityAmountChanged, OpportunityLost, OpportunityNoted, OpportunityOpened,
        OpportunityStageChanged, OpportunityWon, Report, ReportAnswer, ReportRequest, ReportStatus,
        report::Fact,
    },
    planning::v1::{
        DefinePipelineRequest, DefineSourceRequest, PipelineDefinition, SourceDefinition,
        UserDefinition,
    },
};
use prost_types::Timestamp;
use tests::{
    World,
    hands::{self, at, usd},
};

/// The source of all reports here, whose pipeline is `sales`.
const SOURCE: &str = "crm";

pub async fn world() -> World {
    let world = World::start().await;
    define_source(&world).await;
    let pipeline = report("sales", None, Fact::PipelineDefined(hands::pipeline()));
    let user = UserDefinition { name: "Ann Lake".into(), ..Default::default() };
    let answers = send(&world, vec![pipeline, report("ann", None, Fact::UserDefined(user))]).await;
    assert!(answers.iter().all(|it| it.status() == ReportStatus::Applied), "{answers:?}");
    world
}

pub async fn define_source(world: &World) {
    let (name, kind) = ("CRM".to_owned(), "crm".to_owned());
    let source = DefineSourceRequest {
        key: SOURCE.into(),
        definition: Some(SourceDefinition { name, kind, retired: false }),
        ..Default::default()
    };
    world.planning().define_source(world.request(source)).await.unwrap();
}

pub fn report(key: &str, occurred_at: Option<Timestamp>, fact: Fact) -> Report {
    Report { key: key.into(), rule: "row".into(), occurred_at, source_seq: 0, fact: Some(fact) }
}

pub fn on(day: u32) -> Option<Timestamp> {
    Some(at(&format!("2026-01-{day:02}T00:00:00Z")))
}

pub fn opened(change: impl FnOnce(&mut OpportunityOpened)) -> Fact {
    let mut opened = OpportunityOpened {
        pipeline: "sales".into(),
        stage: "new".into(),
        amount: Some(usd(10)),
        owner: "ann".into(),
        ..Default::default()
    };
    change(&mut opened);
    Fact::OpportunityOpened(opened)
}

fn moved(stage: &str) -> Fact {
    Fact::OpportunityStageChanged(OpportunityStageChanged {
        stage: stage.into(),
        ..Default::default()
    })
}

pub fn won() -> Fact {
    Fact::OpportunityWon(OpportunityWon::default())
}

pub async fn send(world: &World, reports: Vec<Report>) -> Vec<ReportAnswer> {
    let request = ReportRequest { source: SOURCE.into(), mapping: "by hand".into(), reports };
    let stream = futures::stream::iter([request]);
    let answers = world.reports().report(world.request(stream)).await.unwrap();
    let mut answers = answers.into_inner();
    let mut all = Vec::new();
    while let Some(response) = answers.message().await.unwrap() {
        all.extend(response.answers);
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_source_saw_is_recorded_with_its_faults() {
    let world = world().await;
    let mut faulty = 0;
    for (given, then, faults) in [
        ("nothing wrong", vec![], vec![]),
        ("an unknown stage", vec![moved("limbo")], vec!["UNKNOWN_STAGE"]),
        ("a move after winning", vec![won(), moved("talks")], vec!["CHANGED_AFTER_CLOSING"]),
        ("won twice", vec![won(), won()], vec!["CLOSED_TWICE"]),
        (
            "a negative amount",
            vec![Fact::OpportunityAmountChanged(OpportunityAmountChanged {
                amount: Some(usd(-5)),
            })],
            vec!["NEGATIVE_AMOUNT"],
        ),
        ("opened twice", vec![opened(|_| ())], vec!["OPENED_TWICE"]),
        (
            "an unknown owner",
            vec![opened(|it| it.owner = "nobody".into())],
            vec!["OPENED_TWICE", "UNKNOWN_OWNER"],
        ),
        (
            "an unknown product",
            vec![opened(|it| it.product = "air".into())],
            vec!["OPENED_TWICE", "UNKNOWN_PRODUCT"],
        ),
        (
            "an unknown pipeline",
            vec![opened(|it| it.pipeline = "nowhere".into())],
            vec!["OPENED_TWICE", "UNKNOWN_PIPELINE"],
        ),
    ] {
        let mut reports = vec![report(given, on(1), opened(|_| ()))];
        let later = (2..).zip(then).map(|(day, fact)| report(given, on(day), fact));
        reports.extend(later);
        let answers = send(&world, reports).await;
        for answer in &answers {
            assert_eq!(answer.status(), ReportStatus::Applied, "{given}: {answer:?}");
        }
        let deal = world.cli(&["opportunity", "get", &answers[0].entity_id]).await;
        assert_eq!(kinds(&deal["opportunity"]), faults, "{given}");
        faulty += usize::from(!faults.is_empty());
    }
    let before = report("too early", on(5), moved("talks"));
    let answers = send(&world, vec![before]).await;
    let deal = world.cli(&["opportunity", "get", &answers[0].entity_id]).await;
    assert_eq!(kinds(&deal["opportunity"]), ["NOT_OPENED"]);
    // The list counts them too, from the same rows.
    for (filter, expected) in [("true", faulty + 1), ("false", 1)] {
        let listed = world.cli(&["opportunity", "list", "--faults", filter]).await;
        assert_eq!(listed["opportunities"].as_array().unwrap().len(), expected, "{filter}");
    }
}

pub fn kinds(deal: &serde_json::Value) -> Vec<&str> {
    let faults = deal["faults"].as_array().unwrap().iter();
    faults.map(|fault| fault["kind"].as_str().unwrap()).collect()
}

/// A name that nobody has defined is a fault only until somebody does.
#[tokio::test(flavor = "multi_thread")]
async fn a_fault_goes_when_its_cause_goes() {
    let world = world().await;
    let stray = report("stray", on(1), opened(|it| it.owner = "cy".into()));
    let answers = send(&world, vec![stray]).await;
    let id = &answers[0].entity_id;
    let deal = world.cli(&["opportunity", "get", id]).await;
    assert_eq!(kinds(&deal["opportunity"]), ["UNKNOWN_OWNER"]);
    let known = deal["revision"].to_string();
    let cy = Fact::UserDefined(UserDefinition { name: "Cy".into(), ..Default::default() });
    send(&world, vec![report("cy", None, cy)]).await;
    let deal = world.cli(&["opportunity", "get", id]).await;
    assert_eq!(kinds(&deal["opportunity"]), Vec::<&str>::new());
    let then = world.cli(&["opportunity", "get", id, "--known-at", &known]).await;
    assert_eq!(kinds(&then["opportunity"]), ["UNKNOWN_OWNER"]);

    let moved = send(&world, vec![report("stray", on(2), moved("limbo"))]).await;
    let deal = world.cli(&["opportunity", "get", id]).await;
    assert_eq!(kinds(&deal["opportunity"]), ["UNKNOWN_STAGE"]);
    let void = ["opportunity", "void", id, &moved[0].command_id, "--reason", "mistake"];
    world.cli(&void).await;
    let deal = world.cli(&["opportunity", "get", id]).await;
    assert_eq!(kinds(&deal["opportunity"]), Vec::<&str>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_rejected_by_name_and_disturbs_nothing() {
    let world = world().await;
    refuses(&world, &unreadable()).await;
}

/// Every row is rejected for its reason, and a good report after them is recorded, alone.
pub async fn refuses(world: &World, rows: &[Unreadable]) {
    let position = world.position().await;
    let mut reports: Vec<Report> = rows.iter().map(|row| row.1.clone()).collect();
    reports.push(report("good", on(1), opened(|_| ())));
    let answers = send(world, reports).await;
    assert_eq!(answers.len(), rows.len() + 1);
    for ((given, _, reason, field), answer) in rows.iter().zip(&answers) {
        assert_eq!(answer.status(), ReportStatus::Rejected, "{given}: {answer:?}");
        let rejection = answer.rejection.as_ref().unwrap();
        assert_eq!((&*rejection.reason, &*rejection.field), (*reason, *field), "{given}");
        assert_eq!((answer.position, answer.entity_id.as_str()), (0, ""), "{given}");
    }
    assert_eq!(answers.last().unwrap().status(), ReportStatus::Applied);
    assert_eq!(world.position().await, position + 1, "only the good one is recorded");
}

/// A pipeline all of whose stages close deals.
fn closed_pipeline() -> PipelineDefinition {
    let mut pipeline = hands::pipeline();
    pipeline.stages.drain(..3);
    pipeline
}

/// What is given, the report, and the reason and the field that are named.
pub type Unreadable = (&'static str, Report, &'static str, &'static str);

fn unreadable() -> Vec<Unreadable> {
    [unreadable_heads(), unreadable_openings(), unreadable_changes()].concat()
}

fn opened_badly(change: fn(&mut OpportunityOpened)) -> Report {
    report("bad", on(1), opened(change))
}

fn unreadable_heads() -> Vec<Unreadable> {
    let future = Some(at("2199-01-01T00:00:00Z"));
    let nanos = Some(Timestamp { seconds: 1_767_225_600, nanos: 1 });
    let nothing = Report { fact: None, ..opened_badly(|_| ()) };
    let no_rule = Report { rule: String::new(), ..opened_badly(|_| ()) };
    vec![
        ("no key", report("", on(1), moved("talks")), "KEY_INVALID", "key"),
        ("no rule", no_rule, "RULE_INVALID", "rule"),
        ("no fact", nothing, "FIELD_MISSING", "fact"),
        ("no time", report("bad", None, moved("talks")), "FIELD_MISSING", "occurred_at"),
        ("the future", report("bad", future, moved("talks")), "TIME_IN_FUTURE", "occurred_at"),
        ("nanoseconds", report("bad", nanos, moved("talks")), "TIME_INVALID", "occurred_at"),
    ]
}

fn unreadable_openings() -> Vec<Unreadable> {
    let rows: [(_, fn(&mut OpportunityOpened), _, _); 5] = [
        ("no pipeline", |it| it.pipeline.clear(), "KEY_INVALID", "opportunity_opened.pipeline"),
        ("no stage", |it| it.stage.clear(), "KEY_INVALID", "opportunity_opened.stage"),
        (
            "an unknown currency",
            |it| it.amount = Some(Money::default()),
            "MONEY_INVALID",
            "opportunity_opened.amount.currency_code",
        ),
        (
            "a day that is none",
            |it| it.close_date = Some(Date { year: 2026, month: 13, day: 1 }),
            "DATE_INVALID",
            "opportunity_opened.close_date",
        ),
        (
            "a name without end",
            |it| it.name = "x".repeat(1_025),
            "TEXT_TOO_LONG",
            "opportunity_opened.name",
        ),
    ];
    let row = |(given, change, reason, field)| (given, opened_badly(change), reason, field);
    rows.map(row).into()
}

fn unreadable_changes() -> Vec<Unreadable> {
    let cents = Some(Money { currency_code: "USD".into(), units: 1, nanos: 1 });
    let price = Fact::OpportunityAmountChanged(OpportunityAmountChanged { amount: cents });
    let reason_code = "No, thanks".to_owned();
    let lost = Fact::OpportunityLost(OpportunityLost { reason_code, ..Default::default() });
    let note = |text: String| Fact::OpportunityNoted(OpportunityNoted { text });
    let endless = note("x".repeat(8_193));
    let rows = [
        ("no stage to move to", moved(""), "KEY_INVALID", "opportunity_stage_changed.stage"),
        ("a fraction of a cent", price, "MONEY_INVALID", "opportunity_amount_changed.amount.nanos"),
        ("a reason of words", lost, "REASON_INVALID", "opportunity_lost.reason_code"),
        ("an empty note", note(String::new()), "FIELD_MISSING", "opportunity_noted.text"),
        ("a note without end", endless, "TEXT_TOO_LONG", "opportunity_noted.text"),
    ];
    let pipeline = report("own", None, Fact::PipelineDefined(closed_pipeline()));
    let closed = "a pipeline without a way in";
    rows.map(|(given, fact, reason, field)| (given, report("bad", on(1), fact), reason, field))
        .into_iter()
        .chain([(closed, pipeline, "PIPELINE_INVALID", "pipeline_defined.stages")])
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_of_no_source_ends() {
    let world = world().await;
    let retired = SourceDefinition { name: "Old".into(), kind: String::new(), retired: true };
    let old =
        DefineSourceRequest { key: "old".into(), definition: Some(retired), ..Default::default() };
    world.planning().define_source(world.request(old)).await.unwrap();
    let other = DefinePipelineRequest {
        key: "own".into(),
        definition: Some(hands::pipeline()),
        ..Default::default()
    };
    world.planning().define_pipeline(world.request(other)).await.unwrap();
    let position = world.position().await;
    let good = || report("deal", on(1), opened(|_| ()));
    let many = vec![good(); 1_001];
    for (given, source, reports, code) in [
        ("no source", "", vec![good()], tonic::Code::InvalidArgument),
        ("an unknown source", "hearsay", vec![good()], tonic::Code::NotFound),
        ("a retired source", "old", vec![good()], tonic::Code::FailedPrecondition),
        ("too many at once", SOURCE, many, tonic::Code::InvalidArgument),
    ] {
        let request = ReportRequest { source: source.into(), mapping: String::new(), reports };
        let stream = world.request(futures::stream::iter([request]));
        let answers = world.reports().report(stream).await;
        let ended = match answers {
            Ok(answers) => answers.into_inner().message().await.expect_err(given),
            Err(status) => status,
        };
        assert_eq!(ended.code(), code, "{given}: {ended}");
        assert_eq!(world.position().await, position, "{given} was recorded");
    }
}
