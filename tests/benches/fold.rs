//! The log folded into a durable read model, beside a plain drain; and a restart.

use std::{
    collections::VecDeque,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::Context;
use api::projections::v1::{
    RebuildProjectionRequest, projection_service_client::ProjectionServiceClient,
};
use event_log::{Chain, Frame, FrameHash, JetStream, Options};
use revops::nats::SyncMode;

use crate::{
    Scale,
    catalog::{self, Catalog},
    cell::OtherProcess,
    history::History,
    nats::Ground,
    raw::Raw,
    rounds::Rounds,
    table::{Line, Table},
};

/// Events a second, as others were measured on two cores.
const PUBLISHED: [(&str, f64); 3] = [
    ("one SQL statement in PostgreSQL", 365_000.0),
    ("UmaDB into sled", 119_000.0),
    ("cqrs-es", 1_300.0),
];

/// An odd number, so that a median is one of them.
const ROUNDS: usize = 3;

/// A cell that has folded a large history.
pub struct Folded {
    /// Where everything is.
    pub ground: Ground,
    /// The cell.
    pub cell: OtherProcess,
    /// The last position.
    pub last: u64,
    /// What its deals refer to.
    pub catalog: Catalog,
}

/// Measures, adds the lines, and leaves the cell running.
pub async fn measure(scale: Scale, table: &mut Table) -> anyhow::Result<Folded> {
    let ground = Ground::start(SyncMode::Interval).await?;
    let data = ground.folder.path().join("cell");
    let raw = Raw::connect(&ground.nats.url).await?;
    let (events, chain, catalog) = write_history(scale, &ground, &data, &raw).await?;
    let (mut folds, mut drains) = (Rounds::default(), Rounds::default());
    let mut took = Duration::ZERO;
    for _ in 0..ROUNDS {
        let drained = raw.drain_log(chain.sequence).await?;
        drains.add_rate(per_second(events, drained));
        std::fs::remove_dir_all(data.join("read-model")).context("no read model")?;
        let cell = OtherProcess::start(&ground.nats, &data, true).await?;
        folds.add_rate(per_second(events, cell.opened));
        took = cell.processor()?;
        cell.stop().await?;
    }
    let mut starts = Vec::new();
    for _ in 0..ROUNDS {
        let cell = OtherProcess::start(&ground.nats, &data, true).await?;
        starts.push(cell.opened);
        cell.stop().await?;
    }
    starts.sort();
    let cell = OtherProcess::start(&ground.nats, &data, true).await?;
    show(scale, (&folds, &drains), starts[starts.len() / 2], events, table)?;
    let micros = took.as_secs_f64() * 1e6 / events as f64;
    table.remark(&format!("processor time of the fold: {micros:.2} µs for an event"))?;
    rebuild_one_view(&cell, events, table).await?;
    Ok(Folded { ground, cell, last: chain.last, catalog })
}

/// Folds one view anew while the cell goes on answering, as an SQL statement fills one table.
async fn rebuild_one_view(
    cell: &OtherProcess,
    events: u64,
    table: &mut Table,
) -> anyhow::Result<()> {
    const VIEW: &str = "pipeline";
    let mut projections = ProjectionServiceClient::new(cell.channel().await?);
    let mut rebuilds = Rounds::default();
    for _ in 0..ROUNDS {
        let started = Instant::now();
        let request = RebuildProjectionRequest { name: VIEW.to_owned() };
        let mut steps = projections.rebuild_projection(request).await?.into_inner();
        while steps.message().await?.is_some() {}
        rebuilds.add_rate(per_second(events, started.elapsed()));
    }
    let (name, published) = PUBLISHED[0];
    table.line(&Line {
        what: format!("rebuild of one view, {VIEW}, from the timelines"),
        figure: (rebuilds.rate(), "events/s"),
        beside: Some((format!("published: {name}"), published)),
        ratio: Some(rebuilds.rate() / published),
        held_back_by: "decoding every entry",
        ..Line::default()
    })
}

fn per_second(events: u64, elapsed: Duration) -> f64 {
    events as f64 / elapsed.as_secs_f64()
}

/// Lets a cell write the configuration, and then the history behind it, as fast as it goes.
async fn write_history(
    scale: Scale,
    ground: &Ground,
    data: &Path,
    raw: &Raw,
) -> anyhow::Result<(u64, Chain, Catalog)> {
    const WINDOW: usize = 1_000;
    let cell = OtherProcess::start(&ground.nats, data, true).await?;
    let catalog = catalog::define(cell.channel().await?).await?;
    cell.stop().await?;
    let log = JetStream::connect(&ground.nats.url, Options::default()).await?.log().await?;
    let head = log.head().await?.context("the log is empty")?;
    let hash = FrameHash::of(&head.body);
    let place = Chain { sequence: head.sequence, last: Frame::decode(head.body)?.last(), hash };
    let mut history = History::new(scale.deals, catalog.clone(), place)?;
    let (events, frames) = (history.events(), history.frames());
    let mut waiting = VecDeque::with_capacity(WINDOW);
    while let Some(body) = history.next_frame()? {
        waiting.push_back(raw.fill_log(body).await?);
        if waiting.len() >= WINDOW {
            waiting.pop_front().context("nothing waits")?.await?;
        }
    }
    for acknowledged in waiting {
        acknowledged.await?;
    }
    let end = Chain { sequence: place.sequence + frames, last: place.last + events, hash };
    Ok((events, end, catalog))
}

fn show(
    scale: Scale,
    (folds, drains): (&Rounds, &Rounds),
    start: Duration,
    events: u64,
    table: &mut Table,
) -> anyhow::Result<()> {
    let millions = f64::from(scale.deals) / 1e6;
    table.question(&format!(
        "The log folded anew: {events} events of {} deals, into timelines on disk and every view",
        scale.deals
    ))?;
    let mut line = Line {
        what: "fold into a durable read model".to_owned(),
        figure: (folds.rate(), "events/s"),
        beside: Some(("a plain drain of the same log".to_owned(), drains.rate())),
        ratio: Some(folds.ratio_to(drains)),
        held_back_by: "hashing and decoding every fact, then sled",
        ..Line::default()
    };
    table.line(&line)?;
    for (name, published) in PUBLISHED {
        line = Line { what: String::new(), held_back_by: "", ..line };
        line.beside = Some((format!("published: {name}"), published));
        line.ratio = Some(folds.rate() / published);
        table.line(&line)?;
    }
    table.line(&Line {
        what: "start with the read model in place".to_owned(),
        figure: (start.as_secs_f64() / millions, "s per million"),
        held_back_by: "reading back every view that was kept at the last stop",
        ..Line::default()
    })
}
