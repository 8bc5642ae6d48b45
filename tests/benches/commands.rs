//! Durable commands over gRPC, beside single messages, the same frames, an empty call, and events
//! appended to a table of PostgreSQL: on one server, and on three that keep copies.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use anyhow::Context;
use api::opportunities::v1::{
    ChangeOpportunityAmountRequest, ChangeOpportunityAmountResponse, OpenOpportunityRequest,
    OpenOpportunityResponse, opportunity_service_client::OpportunityServiceClient,
};
use bytes::Bytes;
use event_log::{EventLog, Frame, JetStream, Options};
use revops::nats::{NatsServers, SyncMode};
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};
use uuid::Uuid;

use crate::{
    Scale,
    catalog::{self, PIPELINE, dollars},
    cell::{OtherProcess, processor_of},
    nats::Ground,
    postgres::{Commits, Postgres},
    raw::Raw,
    rounds::{Round, Rounds, closed_loop},
    table::{Line, Table},
    wire::Wire,
};

const DEALS: u64 = 10_000;
/// One command of so many opens a deal; the others change an amount.
const OPENS_ONE_OF: u64 = 10;
const CLIENTS: [usize; 3] = [1, 16, 64];
/// How many clients share a connection.
const CLIENTS_PER_CONNECTION: usize = 16;
const SINGLE: &str = "BENCH_SINGLE";
const FRAMES: &str = "BENCH_FRAMES";

/// Appends a second at 1, 16 and 64 clients, as others were measured on two cores with fsync.
const PUBLISHED: [(&str, [f64; 3]); 4] = [
    ("PostgreSQL, plain", [2_900.0, 11_700.0, 13_600.0]),
    ("UmaDB", [1_300.0, 7_800.0, 11_300.0]),
    ("cqrs-es", [900.0, 3_800.0, 3_000.0]),
    ("single JetStream messages", [1_900.0, 4_000.0, 4_200.0]),
];

/// What was measured with one number of clients.
#[derive(Default)]
struct Measured {
    commands: Rounds,
    empty: Rounds,
    single: Rounds,
    frames: Rounds,
    per_frame: Vec<f64>,
    /// Events into a table; none where PostgreSQL is not installed.
    appends: Rounds,
    /// What the processor did meanwhile, and for how many calls.
    commands_took: (Work, u64),
    empty_took: (Work, u64),
}

/// Processor time of the cell, of nats-server, and of the clients.
#[derive(Default, Clone, Copy)]
struct Work([Duration; 3]);

impl Work {
    /// What the three have used so far.
    fn so_far(cell: &OtherProcess, nats: &NatsServers) -> anyhow::Result<Work> {
        let servers: anyhow::Result<Duration> = nats.pids().into_iter().map(processor_of).sum();
        Ok(Work([cell.processor()?, servers?, processor_of(std::process::id())?]))
    }

    /// Adds what they have used since.
    fn add_since(&mut self, before: Work, now: Work) {
        for (sum, (before, now)) in self.0.iter_mut().zip(before.0.into_iter().zip(now.0)) {
            *sum += now - before;
        }
    }
}

/// Measures on so many servers, and adds the lines.
pub async fn measure(scale: Scale, servers: usize, table: &mut Table) -> anyhow::Result<()> {
    let ground = Ground::of(servers, SyncMode::Always).await?;
    let cell = OtherProcess::start(&ground.nats, &ground.folder.path().join("cell"), false).await?;
    catalog::define(cell.channel().await?).await?;
    open_deals(&cell).await?;
    let raw = Raw::connect(&ground.nats.url).await?;
    raw.make_stream(SINGLE).await?;
    raw.make_stream(FRAMES).await?;
    let options = Options { replicas: ground.nats.replicas(), ..Options::default() };
    let log = JetStream::connect(&ground.nats.url, options).await?.log().await?;
    // It keeps no copies, so it has no place beside three servers.
    let postgres = if servers == 1 { Postgres::start(Commits::Durable)? } else { None };
    postgres.as_ref().map(Postgres::make_events).transpose()?;
    let mut measured: BTreeMap<usize, Measured> = BTreeMap::new();
    for _ in 0..scale.rounds {
        for clients in CLIENTS {
            let into = measured.entry(clients).or_default();
            one_round((&cell, &ground.nats), &log, &raw, clients, scale.length, into).await?;
            if let Some(postgres) = &postgres {
                into.appends.add_rate(postgres.appends(clients, scale.length)?);
            }
        }
    }
    cell.stop().await?;
    ground.stop().await?;
    let on = if servers == 1 { String::new() } else { format!(" on {servers} servers") };
    let title = "Durable commands over gRPC";
    table.question(&format!("{title}{on}: nine change an amount, one opens a deal"))?;
    for ((clients, measured), place) in measured.iter().zip(0..) {
        // What others published was measured on one server.
        let published = if servers == 1 { &PUBLISHED[..] } else { &[] };
        let published = published.iter().map(|(name, figures)| (*name, figures[place]));
        show((servers, *clients), measured, published.collect(), table)?;
    }
    Ok(())
}

/// The id of a deal.
pub fn deal(number: u64) -> String {
    Uuid::from_u64_pair(0x6265_6e63_6800_8000, 0x8000_0000_0000_0000 | number).to_string()
}

fn opening(id: String, amount: i64) -> OpenOpportunityRequest {
    OpenOpportunityRequest {
        opportunity_id: id,
        pipeline: PIPELINE.to_owned(),
        amount: dollars(amount),
        ..OpenOpportunityRequest::default()
    }
}

/// Opens all deals.
pub async fn open_deals(cell: &OtherProcess) -> anyhow::Result<()> {
    const AT_ONCE: u64 = 64;
    let channel = cell.channel().await?;
    let opening: Vec<_> = (0..AT_ONCE)
        .map(|client| {
            let mut deals = OpportunityServiceClient::new(channel.clone());
            tokio::spawn(async move {
                for number in (client..DEALS).step_by(AT_ONCE as usize) {
                    deals.open_opportunity(opening(deal(number), 1_000)).await?;
                }
                anyhow::Ok(())
            })
        })
        .collect();
    for opened in opening {
        opened.await??;
    }
    Ok(())
}

async fn one_round(
    (cell, nats): (&OtherProcess, &NatsServers),
    log: &EventLog,
    raw: &Raw,
    clients: usize,
    length: Duration,
    into: &mut Measured,
) -> anyhow::Result<()> {
    let wires = wires_to(cell, clients).await?;
    let idle = Work::so_far(cell, nats)?;
    let empty = empty_calls(wires.clone(), length / 2).await?;
    into.empty_took.0.add_since(idle, Work::so_far(cell, nats)?);
    into.empty_took.1 += empty.done;
    into.empty.add(empty);
    let before = log.head().await?.map_or(0, |head| head.sequence);
    let idle = Work::so_far(cell, nats)?;
    let commands = command_calls(wires, length).await?;
    into.commands_took.0.add_since(idle, Work::so_far(cell, nats)?);
    into.commands_took.1 += commands.done;
    into.commands.add(commands);
    let bodies = frames_after(log, before).await?;
    let frames: Vec<Frame> = bodies.iter().cloned().map(Frame::decode).collect::<Result<_, _>>()?;
    let commits: usize = frames.iter().map(|frame| frame.commits.len()).sum();
    let per_frame = commits as f64 / frames.len() as f64;
    let single = frames.iter().take(200).map(one_event).collect::<Result<_, _>>()?;
    into.single.add(raw.publish_each(SINGLE, single, clients, length / 2).await?);
    let (done, elapsed) = raw.publish_guarded(FRAMES, &bodies, length / 2).await?;
    into.frames.add_rate(done as f64 * per_frame / elapsed.as_secs_f64());
    into.per_frame.push(per_frame);
    Ok(())
}

/// A way in for each of so many clients.
pub async fn wires_to(cell: &OtherProcess, clients: usize) -> anyhow::Result<Vec<Wire>> {
    let mut wires = Vec::with_capacity(clients);
    for _ in 0..clients.div_ceil(CLIENTS_PER_CONNECTION) {
        wires.push(Wire::connect(cell.address()).await?);
    }
    Ok(wires.iter().cycle().take(clients).cloned().collect())
}

async fn empty_calls(clients: Vec<Wire>, length: Duration) -> anyhow::Result<Round> {
    const CHECK: &str = "/grpc.health.v1.Health/Check";
    closed_loop(clients, length, |health, _| async move {
        health.call::<HealthCheckResponse>(CHECK, &HealthCheckRequest::default()).await?;
        Ok(())
    })
    .await
}

/// A client's next change: each steps through the deals from a place of its own, and no amount comes
/// twice, so that each is recorded.
pub fn change_amount(offset: u64, turn: u64) -> ChangeOpportunityAmountRequest {
    static AMOUNT: AtomicI64 = AtomicI64::new(1_001);
    ChangeOpportunityAmountRequest {
        opportunity_id: deal((offset + turn * 7_919) % DEALS),
        amount: dollars(AMOUNT.fetch_add(1, Ordering::Relaxed)),
        ..ChangeOpportunityAmountRequest::default()
    }
}

/// Every client gives one command after another.
pub async fn command_calls(clients: Vec<Wire>, length: Duration) -> anyhow::Result<Round> {
    const OPEN: &str = "/revops.opportunities.v1.OpportunityService/OpenOpportunity";
    const CHANGE: &str = "/revops.opportunities.v1.OpportunityService/ChangeOpportunityAmount";
    let clients = clients.into_iter().zip((0..).map(|client: u64| client * 1_009)).collect();
    closed_loop(clients, length, |(deals, offset), turn| async move {
        if turn.is_multiple_of(OPENS_ONE_OF) {
            deals.call::<OpenOpportunityResponse>(OPEN, &opening(String::new(), 500)).await?;
        } else {
            let change = change_amount(offset, turn);
            deals.call::<ChangeOpportunityAmountResponse>(CHANGE, &change).await?;
        }
        Ok(())
    })
    .await
}

/// The frames that the log holds after a sequence.
pub async fn frames_after(log: &EventLog, after: u64) -> anyhow::Result<Vec<Bytes>> {
    let head = log.head().await?.context("the log is empty")?.sequence;
    let mut following = log.follow(after);
    let mut bodies = Vec::new();
    let mut reached = after;
    while reached < head {
        for stored in following.next_many(1_000).await? {
            reached = stored.sequence;
            bodies.push(stored.body);
        }
    }
    Ok(bodies)
}

/// The first event of a frame as a message of its own.
fn one_event(frame: &Frame) -> Result<Bytes, event_log::FrameError> {
    let mut one = frame.clone();
    one.commits.truncate(1);
    one.encode()
}

fn show(
    (servers, clients): (usize, usize),
    measured: &Measured,
    published: Vec<(&str, f64)>,
    table: &mut Table,
) -> anyhow::Result<()> {
    let Measured { commands, empty, single, frames, per_frame, appends, .. } = measured;
    let held_back_by = match (clients, servers) {
        (1, 3) => "two fsyncs one after the other per command, and six hops between processes",
        (1, _) => "one fsync per command, and four hops between processes",
        (16, _) => "the round trip of a frame: a command waits for one and a half",
        _ => "the processor: clients, gRPC and nats-server share it",
    };
    let mut line = Line {
        what: format!("commands, {clients} clients"),
        figure: (commands.rate(), "/s"),
        latency: Some((commands.latency(500), commands.latency(990))),
        held_back_by,
        ..Line::default()
    };
    let per_frame = per_frame.iter().sum::<f64>() / per_frame.len() as f64;
    let mut raws = vec![
        ("the same events, one message each".to_owned(), single),
        (format!("the same frames ({per_frame:.1} commits each)"), frames),
        ("an empty gRPC call".to_owned(), empty),
    ];
    if !appends.is_empty() {
        raws.push(("PostgreSQL here, events by pgbench".to_owned(), appends));
    }
    for (name, beside) in raws {
        line.beside = Some((name, beside.rate()));
        line.ratio = Some(commands.ratio_to(beside));
        table.line(&line)?;
        line = Line { what: String::new(), latency: None, held_back_by: "", ..line };
    }
    for (name, published) in published {
        line.beside = Some((format!("published: {name}"), published));
        line.ratio = Some(commands.rate() / published);
        table.line(&line)?;
    }
    let micros = |(took, calls): (Work, u64)| {
        let [cell, nats, clients] = took.0.map(|took| took.as_secs_f64() * 1e6 / calls as f64);
        format!("{cell:.0} µs in the cell, {nats:.0} in nats-server, {clients:.0} in the clients")
    };
    table.remark(&format!("processor time of a command: {}", micros(measured.commands_took)))?;
    table.remark(&format!("processor time of an empty call: {}", micros(measured.empty_took)))
}
