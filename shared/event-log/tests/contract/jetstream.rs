//! The rules in JetStream, and what only a server can show: restarts, settings, bytes on disk.

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use event_log::durability::{self, Durability, DurabilityError};
use event_log::{
    Chain, ConnectError, EventLog, FrameSummary, JetStream, NewKey, Options, ReadError,
};
use uuid::Uuid;

use crate::rules;
use crate::server::Server;

on_servers!(start);

#[tokio::test(flavor = "multi_thread")]
async fn followers_and_appends_outlive_a_crash_of_the_server() {
    let mut server = Server::start().await;
    let log = server.connect().await.log().await.unwrap();
    let (mut writer, mut reader) = (Chain::default(), Chain::default());
    let mut frames = log.follow(0);
    for _ in 0..3 {
        for _ in 0..10 {
            rules::append(&log, &mut writer, 1).await;
        }
        server.kill();
        // The append is sent into the void, and again, until the server is back.
        let (_, ()) = tokio::join!(rules::append(&log, &mut writer, 1), server.revive());
        rules::append(&log, &mut writer, 1).await;
        while reader.sequence < writer.sequence {
            let stored = frames.next().await.unwrap();
            reader.accept(stored.sequence, stored.body).unwrap();
        }
    }
    assert_eq!(reader, writer);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_follower_outlives_a_crash_of_the_server() {
    let mut server = Server::start().await;
    let log = server.connect().await.log().await.unwrap();
    let mut writer = Chain::default();
    rules::append(&log, &mut writer, 1).await;
    let mut frames = log.follow(1);
    let waiting = tokio::spawn(async move { frames.next().await });
    server.kill();
    server.revive().await;
    rules::append(&log, &mut writer, 1).await;
    assert_eq!(waiting.await.unwrap().unwrap().sequence, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_lost_its_tail_stops_the_follower() {
    let mut server = Server::start().await;
    let log = server.connect().await.log().await.unwrap();
    let mut writer = Chain::default();
    for _ in 0..3 {
        rules::append(&log, &mut writer, 1).await;
    }
    let mut frames = log.follow(3);
    let waiting = tokio::spawn(async move { frames.next().await });
    server.kill();
    std::fs::remove_dir_all(server.store()).unwrap();
    server.revive().await;
    assert_eq!(waiting.await.unwrap(), Err(ReadError::Gone { stream: "REVOPS_LOG" }));

    let log = server.connect().await.log().await.unwrap();
    let error = log.follow(3).next().await.unwrap_err();
    assert_eq!(error, ReadError::LostTail { after: 3, head: 0 });
}

async fn raw(server: &Server) -> async_nats::jetstream::Context {
    async_nats::jetstream::new(async_nats::connect(server.url()).await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_can_be_taken_out_of_the_log() {
    let server = Server::start().await;
    let log = server.connect().await.log().await.unwrap();
    rules::append(&log, &mut Chain::default(), 1).await;
    let stream = raw(&server).await.get_stream("REVOPS_LOG").await.unwrap();
    assert!(stream.delete_message(1).await.is_err());
    assert!(stream.purge().await.is_err());
    assert!(log.get(1).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_can_see_what_a_frame_holds() {
    let server = Server::start().await;
    let log = server.connect().await.log().await.unwrap();
    let summary =
        FrameSummary { first: 1, commits: 2, facts: 3, traceparent: Some("00-1-2-01".to_owned()) };
    log.append(0, Bytes::from_static(b"frame"), summary).await.unwrap();
    let stream = raw(&server).await.get_stream("REVOPS_LOG").await.unwrap();
    let headers = stream.get_raw_message(1).await.unwrap().headers;
    for (name, value) in [
        ("revops-first", "1"),
        ("revops-commits", "2"),
        ("revops-facts", "3"),
        ("traceparent", "00-1-2-01"),
    ] {
        assert_eq!(headers.get(name).unwrap().as_str(), value);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_may_lose_frames_is_refused() {
    let server = Server::start().await;
    let careless = async_nats::jetstream::stream::Config {
        name: "REVOPS_LOG".to_owned(),
        subjects: vec!["revops.log".to_owned()],
        max_age: Duration::from_secs(3_600),
        ..Default::default()
    };
    raw(&server).await.create_stream(careless).await.unwrap();
    match server.connect().await.log().await.unwrap_err() {
        ConnectError::Unsuitable(found) => {
            assert_eq!((found.stream, found.setting), ("REVOPS_LOG", "discard"));
        }
        other => panic!("{other}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_is_opened_again_as_it_was() {
    let server = Server::start().await;
    let log = server.connect().await.log().await.unwrap();
    rules::append(&log, &mut Chain::default(), 1).await;
    let again: EventLog = server.connect().await.log().await.unwrap();
    assert_eq!(again.head().await.unwrap().unwrap().sequence, 1);
}

#[tokio::test]
async fn an_address_without_a_server_is_an_error() {
    let unreachable = JetStream::connect("nats://127.0.0.1:1", Options::default()).await;
    assert!(matches!(unreachable, Err(ConnectError::Unreachable { .. })));
    let nonsense = JetStream::connect("nats://not a host:x", Options::default()).await;
    assert!(matches!(nonsense, Err(ConnectError::Address { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erased_key_is_gone_from_the_disk() {
    const SECRET: &[u8] = b"this-wrapped-key-must-not-outlive-its-person";
    let server = Server::start().await;
    let keys = server.connect().await.keys().await.unwrap();
    let key = NewKey {
        tenant: "acme".into(),
        id: Uuid::from_u128(1),
        wrapped: Bytes::from_static(SECRET),
    };
    keys.create(&key).await.unwrap();
    assert!(is_on_disk(&server.store(), SECRET));
    keys.erase("acme", key.id).await.unwrap();
    assert!(!is_on_disk(&server.store(), SECRET));
}

fn is_on_disk(folder: &Path, bytes: &[u8]) -> bool {
    std::fs::read_dir(folder).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            return is_on_disk(&path, bytes);
        }
        let file = std::fs::read(path).unwrap();
        file.windows(bytes.len()).any(|window| window == bytes)
    })
}

#[tokio::test]
async fn the_server_says_when_it_writes_to_disk() {
    let server = Server::start().await;
    assert_eq!(durability::check(&server.monitor_url()).await.unwrap(), Durability::Always);
    let server = Server::start_with("sync_interval: \"30s\"").await;
    let relaxed = durability::check(&server.monitor_url()).await.unwrap();
    assert_eq!(relaxed, Durability::Interval(Duration::from_secs(30)));
}

#[tokio::test]
async fn a_server_that_can_not_be_asked_is_an_error() {
    let unreachable = durability::check("http://127.0.0.1:1").await;
    assert!(matches!(unreachable, Err(DurabilityError::Unreachable { .. })));
    let nonsense = durability::check("ftp://").await;
    assert!(matches!(nonsense, Err(DurabilityError::Address { .. })));
    let server = Server::start().await;
    let client_port = server.url().replace("nats://", "http://");
    let unreadable = durability::check(&client_port).await;
    assert!(matches!(unreadable, Err(DurabilityError::Unreadable { .. })), "{unreadable:?}");
}
