//! What holds for every log: one function per rule, each for a log of its own.

use bytes::Bytes;
use event_log::{
    AppendError, Chain, Creation, EventLog, Frame, FrameHash, FrameSummary, KeyError, KeyStream,
    MAX_FRAME_BYTES, NewKey, verify,
};
use uuid::Uuid;

use crate::{sample, server::within_minutes};

/// Hands every rule of a log to a macro, with what else it wants to know.
macro_rules! of_every_log {
    ($each:ident $(, $more:tt)?) => {
        $each! { $($more)? [
            the_first_frame_follows_zero,
            a_stale_guard_conflicts,
            a_repeated_append_finds_itself,
            of_two_racing_appends_one_wins,
            frames_are_read_back_as_written,
            a_frame_too_large_is_refused,
            followers_see_everything_in_order,
            followers_start_anywhere,
            a_follower_ahead_of_the_log_is_told,
            a_dropped_wait_loses_nothing,
            an_impatient_follower_gets_there_too,
            a_whole_log_verifies,
        ] }
    };
}

/// Hands every rule of a stream of keys to a macro, with what else it wants to know.
macro_rules! of_every_key_stream {
    ($each:ident $(, $more:tt)?) => {
        $each! { $($more)? [
            keys_are_created_once,
            racing_creators_agree_on_a_key,
            keys_are_erased_for_good,
            many_keys_are_answered_in_order,
            a_tenant_can_not_reach_into_subjects,
        ] }
    };
}

/// Runs every rule on servers that are started so.
macro_rules! on_servers {
    ($start:ident) => {
        of_every_log!(log_on_servers, $start);
        of_every_key_stream!(keys_on_servers, $start);
    };
}

macro_rules! log_on_servers {
    ($start:ident [$($rule:ident),* $(,)?]) => {$(
        #[tokio::test(flavor = "multi_thread")]
        async fn $rule() {
            let server = Server::$start().await;
            rules::$rule(server.connect().await.log().await.unwrap()).await;
        }
    )*};
}

macro_rules! keys_on_servers {
    ($start:ident [$($rule:ident),* $(,)?]) => {$(
        #[tokio::test(flavor = "multi_thread")]
        async fn $rule() {
            let server = Server::$start().await;
            rules::$rule(server.connect().await.keys().await.unwrap()).await;
        }
    )*};
}

/// Appends a frame of `commits` commits after `chain`, which moves on.
pub async fn append(log: &EventLog, chain: &mut Chain, commits: usize) -> Frame {
    let frame = sample::frame(chain, commits, 30);
    let body = frame.encode().unwrap();
    let hash = FrameHash::of(&body);
    let appending = log.append(chain.sequence, body, frame.summary(None));
    let sequence = within_minutes("an appended frame", appending).await.unwrap();
    assert_eq!(sequence, chain.sequence + 1);
    *chain = Chain { sequence, last: frame.last(), hash };
    frame
}

fn body(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

async fn try_append(log: &EventLog, guard: u64, body: Bytes) -> Result<u64, AppendError> {
    log.append(guard, body, FrameSummary::default()).await
}

pub async fn the_first_frame_follows_zero(log: EventLog) {
    assert_eq!(log.head().await.unwrap(), None);
    assert_eq!(log.identity().await.unwrap(), None);
    let stale = try_append(&log, 7, body("too far")).await;
    assert!(matches!(stale, Err(AppendError::Refused { guard: 7, .. })), "{stale:?}");
    assert_eq!(try_append(&log, 0, body("first")).await, Ok(1));
    assert_eq!(try_append(&log, 1, body("second")).await, Ok(2));
    assert_eq!(log.identity().await.unwrap(), Some(FrameHash::of(b"first")));
}

pub async fn a_stale_guard_conflicts(log: EventLog) {
    try_append(&log, 0, body("first")).await.unwrap();
    try_append(&log, 1, body("second")).await.unwrap();
    for guard in [0, 1] {
        let stale = try_append(&log, guard, body("late")).await;
        assert_eq!(stale, Err(AppendError::Conflict { guard }));
    }
    assert_eq!(log.head().await.unwrap().unwrap().sequence, 2);
}

pub async fn a_repeated_append_finds_itself(log: EventLog) {
    assert_eq!(try_append(&log, 0, body("first")).await, Ok(1));
    assert_eq!(try_append(&log, 1, body("second")).await, Ok(2));
    assert_eq!(try_append(&log, 0, body("first")).await, Ok(1));
    assert_eq!(log.head().await.unwrap().unwrap().sequence, 2);
}

pub async fn of_two_racing_appends_one_wins(log: EventLog) {
    for guard in 0..20 {
        let (one, other) = tokio::join!(
            try_append(&log, guard, body("one")),
            try_append(&log, guard, body("other")),
        );
        assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
        let won = if one.is_ok() { "one" } else { "other" };
        assert_eq!(log.get(guard + 1).await.unwrap().unwrap().body, won);
        let lost = if one.is_ok() { other } else { one };
        assert_eq!(lost, Err(AppendError::Conflict { guard }));
    }
}

pub async fn frames_are_read_back_as_written(log: EventLog) {
    try_append(&log, 0, body("first")).await.unwrap();
    try_append(&log, 1, body("second")).await.unwrap();
    let head = log.head().await.unwrap().unwrap();
    assert_eq!((head.sequence, head.body), (2, body("second")));
    let first = log.get(1).await.unwrap().unwrap();
    assert_eq!((first.sequence, first.body), (1, body("first")));
    assert_eq!(log.get(0).await.unwrap(), None);
    assert_eq!(log.get(3).await.unwrap(), None);
}

pub async fn a_frame_too_large_is_refused(log: EventLog) {
    let bytes = MAX_FRAME_BYTES + 1;
    let refused = try_append(&log, 0, Bytes::from(vec![1; bytes])).await;
    assert_eq!(refused, Err(AppendError::TooLarge { guard: 0, bytes }));
    let largest = Bytes::from(vec![1; MAX_FRAME_BYTES]);
    assert_eq!(try_append(&log, 0, largest).await, Ok(1));
}

pub async fn followers_see_everything_in_order(log: EventLog) {
    let mut writer = Chain::default();
    for _ in 0..50 {
        append(&log, &mut writer, 2).await;
    }
    let mut reader = Chain::default();
    let mut frames = log.follow(0);
    while reader.sequence < 50 {
        for stored in frames.next_many(7).await.unwrap() {
            reader.accept(stored.sequence, stored.body).unwrap();
        }
    }
    // From here on the reader waits for each frame before it is written.
    for _ in 0..50 {
        let (stored, _) = tokio::join!(frames.next(), append(&log, &mut writer, 1));
        let stored = stored.unwrap();
        reader.accept(stored.sequence, stored.body).unwrap();
    }
    assert_eq!(reader, writer);
}

pub async fn followers_start_anywhere(log: EventLog) {
    let mut writer = Chain::default();
    for _ in 0..10 {
        append(&log, &mut writer, 1).await;
    }
    for after in [0, 4, 9] {
        assert_eq!(log.follow(after).next().await.unwrap().sequence, after + 1);
    }
    let mut frames = log.follow(10);
    assert_eq!(frames.take_ready(), None);
    let (stored, _) = tokio::join!(frames.next(), append(&log, &mut writer, 1));
    assert_eq!(stored.unwrap().sequence, 11);
}

pub async fn a_follower_ahead_of_the_log_is_told(log: EventLog) {
    try_append(&log, 0, body("first")).await.unwrap();
    let error = log.follow(5).next().await.unwrap_err();
    assert_eq!(error, event_log::ReadError::LostTail { after: 5, head: 1 });
}

pub async fn a_dropped_wait_loses_nothing(log: EventLog) {
    let mut frames = log.follow(0);
    let mut writer = Chain::default();
    for sequence in 1..=20 {
        // The wait is given up at whatever point it has reached when the append is done.
        tokio::select! {
            biased;
            stored = frames.next() => panic!("nothing was written yet: {stored:?}"),
            _ = tokio::task::yield_now() => {}
        }
        append(&log, &mut writer, 1).await;
        assert_eq!(frames.next().await.unwrap().sequence, sequence);
    }
}

pub async fn an_impatient_follower_gets_there_too(log: EventLog) {
    let mut writer = Chain::default();
    append(&log, &mut writer, 1).await;
    let mut frames = log.follow(0);
    loop {
        // Gives up at every point at which the wait is not over yet.
        tokio::select! {
            biased;
            stored = frames.next() => break assert_eq!(stored.unwrap().sequence, 1),
            () = tokio::task::yield_now() => {}
        }
    }
}

pub async fn a_whole_log_verifies(log: EventLog) {
    let mut writer = Chain::default();
    for _ in 0..30 {
        append(&log, &mut writer, 3).await;
    }
    let report = verify(&log, None, None, |_| {}).await.unwrap();
    assert_eq!((report.frames, report.commits, report.head), (30, 90, writer));
}

fn key(id: u128, wrapped: &str) -> NewKey {
    NewKey { tenant: "acme".into(), id: Uuid::from_u128(id), wrapped: body(wrapped) }
}

pub async fn keys_are_created_once(keys: KeyStream) {
    let first = key(1, "one");
    assert_eq!(keys.get("acme", first.id).await.unwrap(), None);
    assert_eq!(keys.create(&first).await.unwrap(), Creation::Created);
    let second = keys.create(&key(1, "another")).await.unwrap();
    assert_eq!(second, Creation::Existed(body("one")));
    assert_eq!(keys.get("acme", first.id).await.unwrap(), Some(body("one")));
    assert_eq!(keys.get("other", first.id).await.unwrap(), None);
}

pub async fn racing_creators_agree_on_a_key(keys: KeyStream) {
    for id in 0..10 {
        let (one, other) = (key(id, "one"), key(id, "other"));
        let (one, other) = tokio::join!(keys.create(&one), keys.create(&other));
        let kept = keys.get("acme", Uuid::from_u128(id)).await.unwrap().unwrap();
        match (one.unwrap(), other.unwrap()) {
            (Creation::Created, Creation::Existed(bytes))
            | (Creation::Existed(bytes), Creation::Created) => assert_eq!(bytes, kept),
            answers => panic!("{answers:?}"),
        }
    }
}

pub async fn keys_are_erased_for_good(keys: KeyStream) {
    let (gone, kept) = (key(1, "gone"), key(2, "kept"));
    keys.create_many(&[gone.clone(), kept.clone()]).await.unwrap();
    assert!(keys.erase("acme", gone.id).await.unwrap());
    assert!(!keys.erase("acme", gone.id).await.unwrap());
    assert_eq!(keys.get("acme", gone.id).await.unwrap(), None);
    assert_eq!(keys.get("acme", kept.id).await.unwrap(), Some(body("kept")));
}

pub async fn many_keys_are_answered_in_order(keys: KeyStream) {
    keys.create(&key(7, "before")).await.unwrap();
    let many: Vec<NewKey> = (0..300).map(|id| key(id, "many")).collect();
    let answers = keys.create_many(&many).await.unwrap();
    for (id, answer) in answers.into_iter().enumerate() {
        let expected = if id == 7 { Creation::Existed(body("before")) } else { Creation::Created };
        assert_eq!(answer, expected, "key {id}");
    }
}

pub async fn a_tenant_can_not_reach_into_subjects(keys: KeyStream) {
    for tenant in ["", "a.b", "*", ">", "a b"] {
        let error = keys.get(tenant, Uuid::nil()).await.unwrap_err();
        assert_eq!(error, KeyError::Tenant { tenant: tenant.to_owned() });
    }
}
