//! What several writers of one log cost beside one: the same clients, spread over one process, two and
//! three, each with an appender and a read model of its own.

use std::path::{Path, PathBuf};

use anyhow::Context;
use event_log::{EventLog, Frame, JetStream, Options};
use revops::nats::{NatsServers, SyncMode};

use crate::{
    Scale, catalog,
    cell::OtherProcess,
    commands::{command_calls, frames_after, open_deals, wires_to},
    nats::Ground,
    rounds::Rounds,
    table::{Line, Table},
};

/// Clients in all, however many processes they are spread over.
const CLIENTS: usize = 64;
const WRITERS_MAX: usize = 3;

/// What was measured with one number of writers.
#[derive(Default)]
struct Measured {
    commands: Rounds,
    frames: usize,
    commits: usize,
}

/// Measures, and adds the lines.
pub async fn measure(scale: Scale, table: &mut Table) -> anyhow::Result<()> {
    let ground = Ground::start(SyncMode::Always).await?;
    let folders = prepare(&ground).await?;
    let log = JetStream::connect(&ground.nats.url, Options::default()).await?.log().await?;
    let mut measured: [Measured; WRITERS_MAX] = Default::default();
    for _ in 0..scale.rounds {
        for (writers, into) in (1..).zip(&mut measured) {
            one_round(&ground.nats, &folders[..writers], &log, scale, into).await?;
        }
    }
    ground.stop().await?;
    table.question(&format!("Several processes write one log: {CLIENTS} clients in all"))?;
    let [alone, ..] = &measured;
    for (writers, these) in (1..).zip(&measured) {
        let commands = &these.commands;
        let beside = (writers > 1).then(|| ("one process".to_owned(), alone.commands.rate()));
        table.line(&Line {
            what: format!(
                "commands, {writers} {}",
                if writers == 1 { "process" } else { "processes" }
            ),
            figure: (commands.rate(), "/s"),
            latency: Some((commands.latency(500), commands.latency(990))),
            ratio: beside.is_some().then(|| commands.ratio_to(&alone.commands)),
            beside,
            held_back_by: match writers {
                1 => "the processor: clients, gRPC and nats-server share it",
                _ => "races for the end of the log, and every process folds every frame",
            },
        })?;
        let per_frame = these.commits as f64 / these.frames as f64;
        table.remark(&format!("{per_frame:.1} commits in a frame"))?;
    }
    Ok(())
}

/// Opens the deals through a first process, and gives a folder for each: with the master key of all.
async fn prepare(ground: &Ground) -> anyhow::Result<Vec<PathBuf>> {
    let folder = |number: usize| ground.folder.path().join(format!("writer-{number}"));
    let folders: Vec<PathBuf> = (0..WRITERS_MAX).map(folder).collect();
    let (first, others) = folders.split_first().context("no writer")?;
    let cell = OtherProcess::start(&ground.nats, first, false).await?;
    catalog::define(cell.channel().await?).await?;
    open_deals(&cell).await?;
    cell.stop().await?;
    for other in others {
        std::fs::create_dir_all(other)?;
        std::fs::copy(first.join("master.key"), other.join("master.key"))?;
    }
    Ok(folders)
}

/// The clients give commands to as many processes as there are folders, and no other process runs.
async fn one_round(
    nats: &NatsServers,
    folders: &[impl AsRef<Path>],
    log: &EventLog,
    scale: Scale,
    into: &mut Measured,
) -> anyhow::Result<()> {
    let mut cells = Vec::with_capacity(folders.len());
    for folder in folders {
        cells.push(OtherProcess::start(nats, folder.as_ref(), false).await?);
    }
    let mut wires = Vec::with_capacity(CLIENTS);
    for (number, cell) in cells.iter().enumerate() {
        // 64 clients on three processes are 22, 21 and 21.
        let clients = (CLIENTS + cells.len() - 1 - number) / cells.len();
        wires.extend(wires_to(cell, clients).await?);
    }
    let before = log.head().await?.map_or(0, |head| head.sequence);
    into.commands.add(command_calls(wires, scale.length).await?);
    for body in frames_after(log, before).await? {
        into.frames += 1;
        into.commits += Frame::decode(body)?.commits.len();
    }
    for cell in cells {
        cell.stop().await?;
    }
    Ok(())
}
