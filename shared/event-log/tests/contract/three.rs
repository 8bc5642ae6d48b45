//! The rules on three servers, and what only several can show: one is lost, and nothing else is.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use event_log::{Chain, EventLog, ReadError};

use crate::rules;
use crate::server::{Server, within_minutes};

on_servers!(start_three);

/// Follows the log until it has come as far as its writer.
async fn read_all(log: &EventLog, writer: &Chain) {
    let mut reader = Chain::default();
    let mut frames = log.follow(0);
    while reader.sequence < writer.sequence {
        let stored = frames.next().await.unwrap();
        reader.accept(stored.sequence, stored.body).unwrap();
    }
    assert_eq!(reader, *writer);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_reads_after_an_acknowledgement_finds_the_frame() {
    let server = Server::start_three().await;
    let log = server.connect().await.log().await.unwrap();
    let mut others = Vec::new();
    for number in 0..3 {
        // Two of them are connected to a server that keeps a copy only, which may be behind.
        let connection = server.connect_to(&server.url_of(number)).await;
        others.push(connection.log().await.unwrap());
    }
    let mut writer = Chain::default();
    for _ in 0..200 {
        rules::append(&log, &mut writer, 1).await;
        for other in &others {
            assert_eq!(other.head().await.unwrap().unwrap().sequence, writer.sequence);
            let stored = other.get(writer.sequence).await.unwrap();
            assert_eq!(stored.unwrap().sequence, writer.sequence);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_in_flight_outlives_its_leader() {
    let mut server = Server::start_three().await;
    let log = server.connect().await.log().await.unwrap();
    let is_over = Arc::new(AtomicBool::new(false));
    // Some frame or other is on its way at every moment; each is stored once, right after the one
    // before it, or the next one is refused.
    let writing = {
        let (log, is_over) = (log.clone(), Arc::clone(&is_over));
        tokio::spawn(async move {
            let mut writer = Chain::default();
            while !is_over.load(Ordering::Relaxed) {
                rules::append(&log, &mut writer, 1).await;
            }
            writer
        })
    };
    let mut frames = log.follow(0);
    let mut reader = Chain::default();
    for _ in 0..3 {
        let leader = server.leader().await;
        server.kill_one(leader);
        // The others elect another one, and the writer and the reader go on with it.
        within_minutes("frames from another leader", async {
            let goal = log_goes_on(&log, &reader).await;
            while reader.sequence < goal {
                let stored = frames.next().await.unwrap();
                reader.accept(stored.sequence, stored.body).unwrap();
            }
        })
        .await;
        server.revive_one(leader).await;
        server.caught_up(leader).await;
    }
    is_over.store(true, Ordering::Relaxed);
    let writer = writing.await.unwrap();
    read_all(&log, &writer).await;
}

/// Waits until the log has grown by some frames; gives where it ends then.
async fn log_goes_on(log: &EventLog, since: &Chain) -> u64 {
    let mut goal = None;
    loop {
        if let Ok(Some(head)) = log.head().await {
            match goal {
                None => goal = Some(head.sequence.max(since.sequence) + 10),
                Some(goal) if head.sequence >= goal => return goal,
                Some(_) => {}
            }
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_comes_back_catches_up() {
    let mut server = Server::start_three().await;
    let log = server.connect().await.log().await.unwrap();
    let mut writer = Chain::default();
    for number in 0..3 {
        server.kill_one(number);
        for _ in 0..50 {
            rules::append(&log, &mut writer, 1).await;
        }
        server.revive_one(number).await;
        server.caught_up(number).await;
        // Two must have each of these frames, so the one that was away has what it missed.
        let next = (number + 1) % 3;
        server.kill_one(next);
        for _ in 0..10 {
            rules::append(&log, &mut writer, 1).await;
        }
        server.revive_one(next).await;
        server.caught_up(next).await;
    }
    read_all(&log, &writer).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_is_gone_is_told_in_the_end() {
    let server = Server::start_three().await;
    let log = server.connect().await.log().await.unwrap();
    let mut writer = Chain::default();
    rules::append(&log, &mut writer, 1).await;
    server.remove_log().await;
    let gone = Err(ReadError::Gone { stream: "REVOPS_LOG" });
    assert_eq!(within_minutes("what has become of the log", log.head()).await, gone);
    assert!(server.connect().await.existing_log().await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_was_lost_is_filled_by_the_others() {
    let mut server = Server::start_three().await;
    let log = server.connect().await.log().await.unwrap();
    let mut writer = Chain::default();
    for _ in 0..50 {
        rules::append(&log, &mut writer, 1).await;
    }
    server.kill_one(0);
    std::fs::remove_dir_all(server.store()).unwrap();
    server.revive_one(0).await;
    server.caught_up(0).await;
    for _ in 0..50 {
        rules::append(&log, &mut writer, 1).await;
    }
    server.kill_one(1);
    for _ in 0..10 {
        rules::append(&log, &mut writer, 1).await;
    }
    read_all(&log, &writer).await;
}
