//! A log carried into another one: the same log, whatever happened on the way.

use bytes::Bytes;
use event_log::{
    Chain, CopyError, EventLog, Frame, FrameSummary, JetStream, KeyStream, MemoryLog, NewKey, copy,
    copy_keys, verify,
};
use uuid::Uuid;

use crate::rules;
use crate::server::Server;

async fn filled(frames: usize) -> (EventLog, Chain) {
    let log = EventLog::Memory(MemoryLog::new());
    let mut chain = Chain::default();
    fill(&log, &mut chain, frames).await;
    (log, chain)
}

async fn fill(log: &EventLog, chain: &mut Chain, frames: usize) {
    for number in 0..frames {
        rules::append(log, chain, 1 + number % 3).await;
    }
}

fn empty() -> EventLog {
    EventLog::Memory(MemoryLog::new())
}

/// Both logs hold the same bytes under the same numbers.
async fn assert_same(from: &EventLog, to: &EventLog) {
    let one = verify(from, None, None, |_| {}).await.unwrap();
    assert_eq!(verify(to, None, None, |_| {}).await.unwrap(), one);
    assert_eq!(to.head().await.unwrap(), from.head().await.unwrap());
}

#[tokio::test]
async fn an_empty_log_is_a_log() {
    let report = copy(&empty(), &empty(), |_| {}).await.unwrap();
    assert_eq!((report.copied, report.head, report.identity), (0, Chain::default(), None));
}

#[tokio::test]
async fn a_copy_goes_on_where_it_ended() {
    let (from, mut chain) = filled(20).await;
    let to = empty();
    for (copied, there) in [(20, 0), (0, 20), (10, 20)] {
        let report = copy(&from, &to, |_| {}).await.unwrap();
        assert_eq!((report.copied, report.there, report.head), (copied, there, chain));
        assert_same(&from, &to).await;
        if copied == 0 {
            fill(&from, &mut chain, 10).await;
        }
    }
}

#[tokio::test]
async fn another_log_is_not_mixed_in() {
    let (from, chain) = filled(5).await;
    let (other, to) = (filled(5).await.0, empty());
    let stranger =
        Frame { writer: Uuid::from_u128(9), ..crate::sample::frame(&Chain::default(), 1, 9) };
    to.append(0, stranger.encode().unwrap(), stranger.summary(None)).await.unwrap();
    let foreign = copy(&from, &to, |_| {}).await.unwrap_err();
    assert!(matches!(foreign, CopyError::Foreign { sequence: 1 }), "{foreign}");

    // One that began as the same and then went another way.
    let forked = Frame { writer: Uuid::from_u128(9), ..crate::sample::frame(&chain, 1, 9) };
    other.append(5, forked.encode().unwrap(), forked.summary(None)).await.unwrap();
    let ahead = copy(&from, &other, |_| {}).await.unwrap_err();
    assert!(matches!(ahead, CopyError::Ahead { target: 6, from: 5 }), "{ahead}");
    fill(&from, &mut chain.clone(), 3).await;
    let foreign = copy(&from, &other, |_| {}).await.unwrap_err();
    assert!(matches!(foreign, CopyError::Foreign { sequence: 6 }), "{foreign}");
}

#[tokio::test]
async fn a_damaged_source_is_copied_up_to_the_damage() {
    let (from, chain) = filled(5).await;
    let nonsense = Bytes::from_static(b"not a frame");
    from.append(chain.sequence, nonsense, FrameSummary::default()).await.unwrap();
    let to = empty();
    match copy(&from, &to, |_| {}).await.unwrap_err() {
        CopyError::Source(error) => assert_eq!(error.sequence(), 6),
        other => panic!("{other}"),
    }
    assert_eq!(to.head().await.unwrap().unwrap().sequence, 5);
}

fn key(id: u128) -> NewKey {
    NewKey { tenant: "acme".into(), id: Uuid::from_u128(id), wrapped: id.to_string().into() }
}

#[tokio::test]
async fn keys_are_carried_and_never_replaced() {
    let (from, to) = (KeyStream::memory(), KeyStream::memory());
    let keys: Vec<NewKey> = (1..=50).map(key).collect();
    from.create_many(&keys).await.unwrap();
    to.create_many(&keys[..20]).await.unwrap();
    from.erase("acme", keys[0].id).await.unwrap();
    let report = copy_keys(&from, &to, |_, _| {}).await.unwrap();
    assert_eq!((report.copied, report.there, report.left_over), (30, 19, 1));
    to.create(&NewKey { wrapped: "another".into(), ..key(51) }).await.unwrap();
    from.create(&key(51)).await.unwrap();
    let differs = copy_keys(&from, &to, |_, _| {}).await.unwrap_err();
    assert!(differs.to_string().contains("another key"), "{differs}");
    assert_eq!(to.get("acme", keys[49].id).await.unwrap().unwrap(), "50");
}

async fn opened(server: &Server) -> (JetStream, EventLog, KeyStream) {
    let connection = server.connect().await;
    let (log, keys) = (connection.log().await.unwrap(), connection.keys().await.unwrap());
    (connection, log, keys)
}

#[tokio::test(flavor = "multi_thread")]
async fn from_one_server_to_three_and_back() {
    let (one, three, back) =
        (Server::start().await, Server::start_three().await, Server::start().await);
    let (_, from, from_keys) = opened(&one).await;
    let mut chain = Chain::default();
    fill(&from, &mut chain, 60).await;
    let keys: Vec<NewKey> = (1..=300).map(key).collect();
    from_keys.create_many(&keys).await.unwrap();
    // Erased keys leave gaps in their stream, which a copy need not repeat.
    for erased in keys.iter().step_by(7) {
        from_keys.erase("acme", erased.id).await.unwrap();
    }
    let (_, to, to_keys) = opened(&three).await;
    let (_, home, home_keys) = opened(&back).await;
    for (from, to, from_keys, to_keys) in
        [(&from, &to, &from_keys, &to_keys), (&to, &home, &to_keys, &home_keys)]
    {
        let report = copy(from, to, |_| {}).await.unwrap();
        assert_eq!((report.copied, report.head), (60, chain));
        assert_same(from, to).await;
        let report = copy_keys(from_keys, to_keys, |_, _| {}).await.unwrap();
        assert_eq!((report.copied, report.there, report.left_over), (257, 0, 0));
    }
    for key in &keys {
        let found = home_keys.get("acme", key.id).await.unwrap();
        assert_eq!(found, from_keys.get("acme", key.id).await.unwrap());
    }
    // The log goes on where it went.
    fill(&home, &mut chain, 5).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_outlives_a_leader_and_goes_on() {
    let (from, chain) = filled(300).await;
    let mut three = Server::start_three().await;
    let connection = three.connect().await;
    assert!(connection.existing_log().await.unwrap().is_none(), "nothing is made by looking");
    let to = connection.log().await.unwrap();
    // Given up in the middle: what is there then is the beginning of the log.
    let (sender, mut moved) = tokio::sync::watch::channel(0);
    let copying = copy(&from, &to, |at| {
        let _ = sender.send(at.sequence);
    });
    tokio::select! {
        done = copying => panic!("{done:?}"),
        _ = moved.wait_for(|at| *at >= 100) => {}
    }
    let leader = three.leader().await;
    three.kill_one(leader);
    let report = copy(&from, &to, |_| {}).await.unwrap();
    assert!(report.there >= 100 && report.there + report.copied == 300, "{report:?}");
    assert_eq!(report.head, chain);
    assert_same(&from, &to).await;
}
