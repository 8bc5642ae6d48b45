//! The rules in memory, and what only memory can show: seeded faults.

use std::time::Duration;

use event_log::{
    AppendError, Chain, EventLog, Faults, Frame, FrameHash, KeyStream, MemoryLog, ReadError,
};

use crate::{rules, sample};

macro_rules! log_rules {
    ([$($rule:ident),* $(,)?]) => {$(
        #[tokio::test]
        async fn $rule() {
            rules::$rule(EventLog::Memory(MemoryLog::new())).await;
        }
    )*};
}

macro_rules! key_rules {
    ([$($rule:ident),* $(,)?]) => {$(
        #[tokio::test]
        async fn $rule() {
            rules::$rule(KeyStream::memory()).await;
        }
    )*};
}

of_every_log!(log_rules);
of_every_key_stream!(key_rules);

fn faults(seed: u64) -> Faults {
    Faults {
        seed,
        delay_max: Duration::from_millis(30),
        delayed: 0.3,
        unacknowledged: 0.2,
        late: 0.2,
        lost: 0.2,
        slow_read: 0.3,
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_acknowledgement_is_resolved() {
    let unheard = Faults { unacknowledged: 1.0, ..Faults::default() };
    let log = EventLog::Memory(MemoryLog::with_faults(unheard));
    let mut chain = Chain::default();
    for _ in 0..5 {
        rules::append(&log, &mut chain, 1).await;
    }
    assert_eq!(log.head().await.unwrap().unwrap().sequence, 5);
}

/// Appends frames after whatever is there until `mine` of them were acknowledged.
async fn write(log: EventLog, writer: u128, mine: usize) -> Vec<(u64, FrameHash)> {
    let mut chain = Chain::default();
    let mut frames = log.follow(0);
    let mut acknowledged = Vec::new();
    while acknowledged.len() < mine {
        while let Some(stored) = frames.take_ready() {
            chain.accept(stored.sequence, stored.body).unwrap();
        }
        let frame = sample::frame(&chain, 1, 10);
        let frame = Frame { writer: uuid::Uuid::from_u128(writer), ..frame };
        let body = frame.encode().unwrap();
        let hash = FrameHash::of(&body);
        match log.append(chain.sequence, body, frame.summary(None)).await {
            Ok(sequence) => acknowledged.push((sequence, hash)),
            Err(AppendError::Conflict { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
    acknowledged
}

async fn simulate(seed: u64) -> Chain {
    let log = EventLog::Memory(MemoryLog::with_faults(faults(seed)));
    let (one, other) = tokio::join!(write(log.clone(), 1, 20), write(log.clone(), 2, 20));
    let mut chain = Chain::default();
    let mut frames = log.follow(0);
    let mut stored = Vec::new();
    while chain.sequence < 40 {
        let next = frames.next().await.unwrap();
        chain.accept(next.sequence, next.body).unwrap();
        stored.push((chain.sequence, chain.hash));
    }
    let mut acknowledged = [one, other].concat();
    acknowledged.sort_by_key(|(sequence, _)| *sequence);
    assert_eq!(acknowledged, stored, "seed {seed}: each acknowledged frame is there, once");
    chain
}

#[tokio::test(start_paused = true)]
async fn no_fault_loses_or_doubles_a_frame() {
    for seed in 0..50 {
        simulate(seed).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_seed_gives_the_same_run() {
    assert_eq!(simulate(7).await, simulate(7).await);
    assert_ne!(simulate(7).await.hash, simulate(8).await.hash);
}

#[tokio::test]
async fn a_follower_notices_that_the_tail_is_lost() {
    let memory = MemoryLog::new();
    let log = EventLog::Memory(memory.clone());
    let mut chain = Chain::default();
    for _ in 0..3 {
        rules::append(&log, &mut chain, 1).await;
    }
    let mut frames = log.follow(0);
    frames.next_many(3).await.unwrap();
    let (lost, ()) = tokio::join!(frames.next(), async { memory.truncate(1) });
    assert_eq!(lost, Err(ReadError::LostTail { after: 3, head: 1 }));
}
