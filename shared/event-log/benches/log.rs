//! The log against the raw thing: append, drain, decode. Prints one line per measurement.
//!
//! Run it where nothing else runs; the ratios say more than the numbers.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a measurement that fails has no result"
)]

#[path = "../tests/sample/mod.rs"]
mod sample;
#[allow(dead_code, reason = "measurements need no restarts")]
#[path = "../tests/contract/server.rs"]
mod server;

use std::time::{Duration, Instant};

use async_nats::jetstream::consumer::{AckPolicy, pull};
use async_nats::{HeaderMap, header};
use bytes::Bytes;
use event_log::{Chain, EventLog, Frame, FrameHash, FrameSummary};
use futures::StreamExt;
use server::Server;

const APPENDS: u64 = 4_000;
const DRAINED: u64 = 50_000;
const DECODES: u64 = 20_000;

fn main() {
    decode();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(append());
    runtime.block_on(drain());
}

fn report(what: &str, count: u64, unit: &str, elapsed: Duration) {
    let rate = count as f64 / elapsed.as_secs_f64();
    println!("{what:<36}{rate:>12.0} {unit}/s");
}

/// A frame of 64 commits in about 10 kB.
fn frame(chain: &Chain) -> Frame {
    let mut frame = sample::frame(chain, 64, 14);
    for commit in &mut frame.commits {
        commit.entities.truncate(1);
    }
    frame
}

fn decode() {
    let encoded = frame(&Chain::default()).encode().unwrap();
    println!("a frame of 64 commits has {} bytes", encoded.len());
    let start = Instant::now();
    for _ in 0..DECODES {
        std::hint::black_box(Frame::decode(encoded.clone()).unwrap());
    }
    report("decode", DECODES * 64, "commits", start.elapsed());
    let start = Instant::now();
    for _ in 0..DECODES {
        Chain::default().accept(1, encoded.clone()).unwrap();
    }
    report("decode, hash and check", DECODES * 64, "commits", start.elapsed());
    let frame = frame(&Chain::default());
    let start = Instant::now();
    for _ in 0..DECODES {
        std::hint::black_box(frame.encode().unwrap());
    }
    report("encode", DECODES * 64, "commits", start.elapsed());
}

async fn append() {
    let server = Server::start().await;
    let log = server.connect().await.log().await.unwrap();
    let mut chain = Chain::default();
    let mut times = Vec::new();
    let start = Instant::now();
    while chain.sequence < APPENDS {
        let frame = frame(&chain);
        let body = frame.encode().unwrap();
        let hash = FrameHash::of(&body);
        let sent = Instant::now();
        let sequence = log.append(chain.sequence, body, frame.summary(None)).await.unwrap();
        times.push(sent.elapsed());
        chain = Chain { sequence, last: frame.last(), hash };
    }
    report("append, one in flight", APPENDS, "frames", start.elapsed());
    times.sort();
    let (p50, p99) = (times[times.len() / 2], times[times.len() * 99 / 100]);
    println!("append, p50 {p50:?}, p99 {p99:?}");
    raw_append(&frame(&chain).encode().unwrap()).await;
    tail(&log, chain.sequence).await;
}

async fn raw_append(body: &Bytes) {
    let server = Server::start().await;
    server.connect().await.log().await.unwrap();
    let raw = async_nats::jetstream::new(async_nats::connect(server.url()).await.unwrap());
    let start = Instant::now();
    for guard in 0..APPENDS {
        let mut headers = HeaderMap::new();
        headers.insert(header::NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, guard.to_string());
        let sent = raw.publish_with_headers("revops.log", headers, body.clone()).await.unwrap();
        sent.await.unwrap();
    }
    report("raw publish, one in flight", APPENDS, "frames", start.elapsed());
}

/// How long after its append has begun a frame is with a follower at the tail.
async fn tail(log: &EventLog, mut guard: u64) {
    let mut frames = log.follow(guard);
    let mut acknowledged = Duration::ZERO;
    let mut seen = Duration::ZERO;
    const ROUNDS: u32 = 1_000;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let body = Bytes::from_static(b"not a frame");
        let (sequence, _) = tokio::join!(
            async {
                let sequence = log.append(guard, body, FrameSummary::default()).await.unwrap();
                acknowledged += start.elapsed();
                sequence
            },
            async {
                frames.next().await.unwrap();
                seen += start.elapsed();
            },
        );
        guard = sequence;
    }
    let (acknowledged, seen) = (acknowledged / ROUNDS, seen / ROUNDS);
    let line =
        format!("append acknowledged after {acknowledged:?}, with a follower after {seen:?}");
    println!("{line}");
}

async fn drain() {
    let server = Server::start_with("sync_interval: \"1m\"").await;
    let log = server.connect().await.log().await.unwrap();
    let raw = async_nats::jetstream::new(async_nats::connect(server.url()).await.unwrap());
    let mut chain = Chain::default();
    let mut pending = std::collections::VecDeque::new();
    while chain.sequence < DRAINED {
        let frame = frame(&chain);
        let body = frame.encode().unwrap();
        let hash = FrameHash::of(&body);
        pending.push_back(raw.publish("revops.log", body).await.unwrap());
        if pending.len() > 500 {
            pending.pop_front().unwrap().await.unwrap();
        }
        chain = Chain { sequence: chain.sequence + 1, last: frame.last(), hash };
    }
    for acknowledgement in pending {
        acknowledgement.await.unwrap();
    }
    for _ in 0..2 {
        raw_drain(&raw).await;
        let start = Instant::now();
        let mut frames = log.follow(0);
        let (mut sequence, mut batches) = (0, 0);
        while sequence < DRAINED {
            sequence = frames.next_many(512).await.unwrap().last().unwrap().sequence;
            batches += 1;
        }
        report("drain", DRAINED, "frames", start.elapsed());
        println!("frames per batch: {}", DRAINED / batches);
        let start = Instant::now();
        let checked = event_log::verify(&log, None, None, |_| {}).await.unwrap();
        assert_eq!(checked.head, chain);
        report("verify", DRAINED, "frames", start.elapsed());
    }
}

async fn raw_drain(raw: &async_nats::jetstream::Context) {
    let config = pull::Config { ack_policy: AckPolicy::None, ..pull::Config::default() };
    let consumer = raw.create_consumer_on_stream(config, "REVOPS_LOG").await.unwrap();
    let start = Instant::now();
    let mut messages = consumer.stream().max_messages_per_batch(5_000).messages().await.unwrap();
    for _ in 0..DRAINED {
        messages.next().await.unwrap().unwrap();
    }
    report("raw drain", DRAINED, "frames", start.elapsed());
}
