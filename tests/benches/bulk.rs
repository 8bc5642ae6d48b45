//! Reports in bulk, beside the same frames published plainly.

use std::time::Instant;

use api::{
    ingest::v1::{
        OpportunityAmountChanged, OpportunityOpened, OpportunityStageChanged, Report, report::Fact,
    },
    planning::v1::SourceDefinition,
};
use cli::import::sender::{Sender, Verdict};
use event_log::{Frame, JetStream, Options};
use prost_types::Timestamp;
use revops::nats::SyncMode;

use crate::{
    Scale,
    catalog::{self, PIPELINE, STAGES, dollars},
    cell::{OtherProcess, TENANT},
    commands::frames_after,
    nats::Ground,
    raw::Raw,
    rounds::Rounds,
    table::{Line, Table},
};

const SOURCE: &str = "crm";
const FRAMES: &str = "BENCH_FRAMES";
/// 2024-01-01.
const FIRST_SECOND: i64 = 1_704_067_200;

/// Measures, and adds the lines.
pub async fn measure(scale: Scale, table: &mut Table) -> anyhow::Result<()> {
    let ground = Ground::start(SyncMode::Always).await?;
    let cell = OtherProcess::start(&ground.nats, &ground.folder.path().join("cell"), false).await?;
    catalog::define(cell.channel().await?).await?;
    let sender = Sender::new(cell.channel().await?, TENANT, SOURCE, SOURCE, SOURCE)?;
    let definition =
        SourceDefinition { name: "CRM".to_owned(), kind: "crm".to_owned(), retired: false };
    sender.define_source(&definition).await?;
    let raw = Raw::connect(&ground.nats.url).await?;
    raw.make_stream(FRAMES).await?;
    let log = JetStream::connect(&ground.nats.url, Options::default()).await?.log().await?;
    let (mut reported, mut plain, mut megabytes) =
        (Rounds::default(), Rounds::default(), Vec::new());
    for round in 0..scale.rounds.div_ceil(2) {
        let reports = reports(round, scale.reports);
        let reports: Vec<&Report> = reports.iter().collect();
        let before = log.head().await?.map_or(0, |head| head.sequence);
        let started = Instant::now();
        let sent = sender.send(&reports, |_| {}).await?;
        let elapsed = started.elapsed().as_secs_f64();
        anyhow::ensure!(sent.verdicts.iter().all(|verdict| *verdict == Verdict::Applied));
        reported.add_rate(reports.len() as f64 / elapsed);
        let bodies = frames_after(&log, before).await?;
        let bytes: usize = bodies.iter().map(bytes::Bytes::len).sum();
        megabytes.push(bytes as f64 / elapsed / 1e6);
        let (done, took) = raw.publish_guarded(FRAMES, &bodies, scale.length).await?;
        let mut commits = 0;
        for body in &bodies[..done] {
            commits += Frame::decode(body.clone())?.commits.len();
        }
        plain.add_rate(commits as f64 / took.as_secs_f64());
    }
    cell.stop().await?;
    ground.stop().await?;
    table.question("Reports in bulk, batches of 1,000")?;
    table.line(&Line {
        what: "reports".to_owned(),
        figure: (reported.rate(), "/s"),
        beside: Some(("the same frames, one in flight".to_owned(), plain.rate())),
        ratio: Some(reported.ratio_to(&plain)),
        held_back_by: "one thread decides and folds, the other core sends and stores",
        ..Line::default()
    })?;
    let mean = megabytes.iter().sum::<f64>() / megabytes.len() as f64;
    table.remark(&format!("{mean:.1} MB of frames a second"))
}

fn reports(round: usize, count: usize) -> Vec<Report> {
    (0..count).map(|number| report(round, number)).collect()
}

/// Three reports on every deal: opened, moved, re-estimated.
fn report(round: usize, number: usize) -> Report {
    let (deal, step) = (number / 3, number % 3);
    let amount = dollars(1_000 + deal as i64 % 977);
    let (rule, fact) = match step {
        0 => (
            "open",
            Fact::OpportunityOpened(OpportunityOpened {
                pipeline: PIPELINE.to_owned(),
                stage: STAGES[0].to_owned(),
                amount,
                owner: format!("rep-{}", deal % 200),
                ..OpportunityOpened::default()
            }),
        ),
        1 => (
            "stage",
            Fact::OpportunityStageChanged(OpportunityStageChanged {
                pipeline: PIPELINE.to_owned(),
                stage: STAGES[1 + deal % 4].to_owned(),
            }),
        ),
        _ => (
            "amount",
            Fact::OpportunityAmountChanged(OpportunityAmountChanged {
                amount: dollars(2_000 + deal as i64 % 977),
            }),
        ),
    };
    Report {
        key: format!("deal-{round}-{deal}"),
        rule: rule.to_owned(),
        occurred_at: Some(Timestamp { seconds: FIRST_SECOND + number as i64, nanos: 0 }),
        source_seq: 0,
        fact: Some(fact),
    }
}
