//! A stored log cannot be altered unnoticed: a real one is copied, and then tampered with.

use std::path::Path;

use bytes::Bytes;
use event_log::{
    Chain, EventLog, FrameHash, FrameSummary, KeyStream, MemoryLog, VerifyError, verify,
};
use opportunities::Deals;
use runtime::{
    clock::Clock,
    projections::{self, Health},
    runtime::{Runtime, Settings, StartError},
    vault::Master,
    view::{Projection, Shared},
};
use tests::World;

/// A log that a cell has written, and what it has to say of it.
struct Written {
    world: World,
    bodies: Vec<Bytes>,
    head: Chain,
}

impl Written {
    async fn begin() -> Written {
        let world = World::start().await;
        world.define_catalog().await;
        for number in 1..=8 {
            let (id, _) =
                world.open(&format!("Deal {number}"), number, "2026-01-05T00:00:00Z").await;
            world.cli(&["opportunity", "move", &id, "talks"]).await;
            if number % 2 == 0 {
                world.cli(&["opportunity", "win", &id]).await;
            }
        }
        let log = world.runtime().log.clone();
        let (mut chain, mut frames, mut bodies) = (Chain::default(), log.follow(0), Vec::new());
        let head = log.head().await.unwrap().unwrap();
        while chain.sequence < head.sequence {
            let stored = frames.next().await.unwrap();
            chain.accept(stored.sequence, stored.body.clone()).unwrap();
            bodies.push(stored.body);
        }
        Written { world, bodies, head: chain }
    }
}

/// A log in memory of these frames, whatever they are.
async fn log_of(bodies: &[Bytes]) -> (MemoryLog, EventLog) {
    let memory = MemoryLog::new();
    let log = EventLog::Memory(memory.clone());
    for (guard, body) in (0..).zip(bodies) {
        log.append(guard, body.clone(), FrameSummary::default()).await.unwrap();
    }
    (memory, log)
}

/// A process over a log.
async fn follow(log: &EventLog, folder: &Path) -> Result<Runtime, StartError> {
    let settings = Settings {
        log: log.clone(),
        log_thread: tokio::runtime::Handle::current(),
        keys: KeyStream::memory(),
        master: Master::from_secret(&[7; 32]),
        read_model: folder.to_owned(),
        cache_bytes: 1 << 20,
        clock: Clock::System,
        default_tenant: None,
    };
    let views: Vec<Box<dyn Projection>> = vec![Box::new(Shared::<Deals>::empty())];
    Runtime::start(settings, views).await
}

/// The frame at which a verification stops, or the head that it comes to.
async fn verdict(log: &EventLog, from: Option<Chain>) -> Result<FrameHash, u64> {
    match verify(log, from, None, |_| {}).await {
        Ok(report) => Ok(report.head.hash),
        Err(VerifyError::Chain(error)) => Err(error.sequence()),
        Err(VerifyError::Checkpoint { checkpoint, .. }) => Err(checkpoint.sequence),
        Err(VerifyError::Read(error)) => panic!("{error}"),
    }
}

fn flipped(body: &Bytes, offset: usize, bit: u8) -> Bytes {
    let mut bytes = body.to_vec();
    bytes[offset] ^= 1 << bit;
    bytes.into()
}

/// What may be wrong with a log: what was done to it, and the frame before which all is well.
fn tampered(bodies: &[Bytes]) -> Vec<(String, u64, Vec<Bytes>)> {
    let mut cases = Vec::new();
    for at in 0..bodies.len() {
        let sequence = at as u64 + 1;
        let mut altered = bodies.to_vec();
        altered[at] = flipped(&bodies[at], bodies[at].len() / 2, 3);
        cases.push((format!("frame {sequence} altered"), sequence, altered));
        let mut inserted = bodies.to_vec();
        inserted.insert(at, bodies[(at + 3) % bodies.len()].clone());
        cases.push((format!("a frame before {sequence}"), sequence, inserted));
        if at + 1 < bodies.len() {
            let mut dropped = bodies.to_vec();
            dropped.remove(at);
            cases.push((format!("frame {sequence} dropped"), sequence, dropped));
            let mut swapped = bodies.to_vec();
            swapped.swap(at, at + 1);
            cases.push((format!("frame {sequence} swapped with the next"), sequence, swapped));
        }
    }
    cases
}

#[tokio::test(flavor = "multi_thread")]
async fn an_intact_log_is_proved_and_a_copy_of_it_gives_the_same_answers() {
    let mut written = Written::begin().await;
    let said = written.world.cli(&["log", "verify"]).await;
    assert_eq!(said["ok"], true);
    assert_eq!(said["frames"], written.head.sequence);
    assert_eq!(said["commits"], written.head.last);
    assert_eq!(said["head_hash"], written.head.hash.to_string());

    let (_, copy) = log_of(&written.bodies).await;
    assert_eq!(verdict(&copy, None).await, Ok(written.head.hash));
    let folder = tempfile::tempdir().unwrap();
    let follower = follow(&copy, folder.path()).await.unwrap();
    let live = written.world.digests().await;
    for copied in projections::standings(&follower, "default").await.unwrap() {
        let same = (copied.name.clone(), copied.digest.to_string());
        assert!(live.contains(&same), "{copied:?} is none of {live:?}");
    }
    follower.stop().await.unwrap();
    written.world.stop().await;
}

/// Any byte of any frame: it shows at the frame itself, or at the next one, which names its hash.
/// The last frame has none after it, so that it takes a hash that somebody kept.
#[tokio::test(flavor = "multi_thread")]
async fn any_flipped_byte_is_found() {
    let mut written = Written::begin().await;
    let (memory, log) = log_of(&written.bodies).await;
    for (at, body) in written.bodies.iter().enumerate() {
        let sequence = at as u64 + 1;
        for offset in 0..body.len() {
            memory.replace(sequence, flipped(body, offset, (offset % 8) as u8));
            let found = verdict(&log, None).await;
            if sequence < written.head.sequence {
                let named = found.expect_err("an altered log is no log");
                assert!((sequence..=sequence + 1).contains(&named), "{sequence}: {named}");
            } else {
                assert_ne!(found, Ok(written.head.hash));
                assert_eq!(verdict(&log, Some(written.head)).await, Err(sequence));
            }
        }
        memory.replace(sequence, body.clone());
    }
    written.world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_stops_at_whatever_was_done_and_names_the_frame() {
    let mut written = Written::begin().await;
    let last = written.head.sequence;
    let mut cases = tokio::task::JoinSet::new();
    for (what, sequence, bodies) in tampered(&written.bodies) {
        cases.spawn(async move {
            let (_, log) = log_of(&bodies).await;
            let found = verdict(&log, None).await;
            if found.is_ok() {
                return assert_eq!(sequence, last, "{what}");
            }
            let named = found.unwrap_err();
            assert!((sequence..=sequence + 1).contains(&named), "{what}: {named}");
            let folder = tempfile::tempdir().unwrap();
            let Err(error) = follow(&log, folder.path()).await else { panic!("{what}: followed") };
            let error = error.to_string();
            assert!(error.contains(&format!("stream sequence {named} ")), "{what}: {error}");
            assert!(error.contains("position"), "{what}: {error}");
            // It has let go of its folder, and comes to the same end when it tries again.
            let Err(again) = follow(&log, folder.path()).await else { panic!("{what}: followed") };
            let again = again.to_string();
            assert!(again.contains("stream sequence"), "{what}: {again}");
        });
        if cases.len() >= 8 {
            cases.join_next().await.unwrap().unwrap();
        }
    }
    while let Some(done) = cases.join_next().await {
        done.unwrap();
    }
    written.world.stop().await;
}

/// Whoever has read the log before knows its last frame too; and a start that failed leaves the
/// folder as it was, for the day on which the log is restored.
#[tokio::test(flavor = "multi_thread")]
async fn a_follower_that_comes_back_knows_the_frame_it_read_last() {
    let mut written = Written::begin().await;
    let (memory, log) = log_of(&written.bodies).await;
    let folder = tempfile::tempdir().unwrap();
    follow(&log, folder.path()).await.unwrap().stop().await.unwrap();
    let (last, body) = (written.head.sequence, written.bodies.last().unwrap());
    for (tamper, what) in [
        (
            Box::new(|| memory.replace(last, flipped(body, body.len() - 1, 0))) as Box<dyn Fn()>,
            "another frame",
        ),
        (Box::new(|| memory.truncate(last - 1)), "nothing"),
    ] {
        tamper();
        let Err(error) = follow(&log, folder.path()).await else { panic!("{what}: followed") };
        let error = error.to_string();
        assert!(
            error.contains(&format!("stream sequence {last} ")) && error.contains(what),
            "{error}"
        );
    }
    log.append(last - 1, body.clone(), FrameSummary::default()).await.unwrap();
    let again = follow(&log, folder.path()).await.unwrap();
    assert_eq!((again.applied().borrow().place, again.started_over.clone()), (written.head, None));
    again.stop().await.unwrap();
    written.world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_live_follower_stops_before_a_frame_that_does_not_follow() {
    let mut written = Written::begin().await;
    let (good, rest) = written.bodies.split_at(written.bodies.len() / 2);
    let (_, log) = log_of(good).await;
    let folder = tempfile::tempdir().unwrap();
    let follower = follow(&log, folder.path()).await.unwrap();
    let before = *follower.applied().borrow();
    let guard = good.len() as u64;
    let altered = flipped(&rest[0], 3, 0);
    log.append(guard, altered, FrameSummary::default()).await.unwrap();
    let health = loop {
        let standing = projections::standings(&follower, "default").await.unwrap().remove(0);
        if let Health::Stopped(why) = standing.health {
            break why;
        }
        tokio::task::yield_now().await;
    };
    assert!(health.contains(&format!("stream sequence {} ", guard + 1)), "{health}");
    assert_eq!(*follower.applied().borrow(), before, "nothing of it was taken in");
    follower.stop().await.unwrap();

    // The folder was closed all the same, and goes on when the log is whole again.
    let (_, whole) = log_of(&written.bodies).await;
    let again = follow(&whole, folder.path()).await.unwrap();
    assert_eq!(again.applied().borrow().place, written.head);
    again.stop().await.unwrap();
    written.world.stop().await;
}
