//! A log that was altered is noticed by whoever follows it, and VerifyLog names the frame.

use std::sync::Arc;

use api::{
    audit::v1::{LogBroken, LogIntact, VerifyLogRequest, verify_log_response::Step},
    projections::v1::ProjectionHealth,
};
use bytes::Bytes;
use event_log::{Frame, MemoryLog};
use runtime::{order::Refusal, runtime::Runtime};
use tempfile::TempDir;
use uuid::Uuid;

use crate::{
    calls::{auditor, request, standings, verify},
    house::{House, ask, moved, opened},
};

const DEAL: Uuid = Uuid::from_u128(0xD1);
const FRAMES: u64 = 6;

async fn six_frames(house: &House, runtime: &Runtime) {
    ask(runtime, house.deal("acme", DEAL, None, opened("lead", 5))).await.unwrap();
    for number in 1..FRAMES {
        let step = house.deal("acme", DEAL, None, moved(&format!("stage-{number}")));
        ask(runtime, step).await.unwrap();
    }
}

async fn proof(runtime: &Arc<Runtime>) -> Result<LogIntact, LogBroken> {
    let answer = auditor(runtime).verify_log(request("acme", VerifyLogRequest {})).await.unwrap();
    let mut steps = answer.into_inner();
    while let Some(step) = steps.message().await.unwrap() {
        match step.step.unwrap() {
            Step::Progress(progress) => assert!(progress.frames <= progress.frames_total),
            Step::Ok(intact) => return Ok(intact),
            Step::Broken(broken) => return Err(broken),
        }
    }
    panic!("the check has no end");
}

async fn body(house: &House, sequence: u64) -> Bytes {
    let log = event_log::EventLog::Memory(house.log.clone());
    log.get(sequence).await.unwrap().unwrap().body
}

#[tokio::test]
async fn an_untouched_log_is_intact() {
    let (house, folder) = (House::new(), TempDir::new().unwrap());
    let runtime = house.start(folder.path()).await;
    assert_eq!(proof(&runtime).await.unwrap(), LogIntact::default());
    six_frames(&house, &runtime).await;
    let intact = proof(&runtime).await.unwrap();
    assert_eq!((intact.frames, intact.commits), (FRAMES, FRAMES));
    assert_eq!(intact.log, runtime.log_name());
    assert_eq!(intact.head_hash, runtime.applied().borrow().place.hash.to_string());
}

#[tokio::test]
async fn a_flipped_byte_names_its_frame() {
    let (house, folder) = (House::new(), TempDir::new().unwrap());
    let runtime = house.start(folder.path()).await;
    six_frames(&house, &runtime).await;
    for sequence in 1..=FRAMES {
        let sound = body(&house, sequence).await;
        for byte in 0..sound.len() {
            let mut altered = sound.to_vec();
            altered[byte] ^= 1 << (byte % 8);
            house.log.replace(sequence, altered.into());
            let broken = proof(&runtime).await.unwrap_err();
            let named = (broken.sequence, broken.position);
            assert_eq!(named, (sequence, sequence), "byte {byte}: {broken:?}");
        }
        house.log.replace(sequence, sound);
    }
    proof(&runtime).await.unwrap();
}

#[tokio::test]
async fn dropped_swapped_inserted_and_forgotten_frames_are_named() {
    type Tamper = fn(&MemoryLog, [Bytes; 3]);
    let cases: [(&str, Tamper, u64); 5] = [
        ("dropped", |log, _| log.remove(3), 3),
        ("dropped at the end", |log, _| log.remove(FRAMES), FRAMES),
        (
            "swapped",
            |log, [_, third, fourth]| {
                log.replace(3, fourth);
                log.replace(4, third);
            },
            3,
        ),
        ("inserted", |log, [second, ..]| log.insert(3, second), 3),
        ("forgotten", |log, _| log.truncate(4), 5),
    ];
    for (what, tamper, sequence) in cases {
        let (house, folder) = (House::new(), TempDir::new().unwrap());
        let runtime = house.start(folder.path()).await;
        six_frames(&house, &runtime).await;
        let frames = [body(&house, 2).await, body(&house, 3).await, body(&house, 4).await];
        tamper(&house.log, frames);
        let broken = proof(&runtime).await.unwrap_err();
        assert_eq!((broken.sequence, broken.position), (sequence, sequence), "{what}: {broken:?}");

        // Whoever reads it from the start stops there, or sees that the log is another one.
        let elsewhere = TempDir::new().unwrap();
        let started = house.try_start(elsewhere.path()).await;
        let whole = ["forgotten", "dropped at the end"].contains(&what);
        match started {
            Ok(_) => assert!(whole, "{what}"),
            Err(error) => {
                let named = format!("sequence {sequence} ");
                assert!(!whole && error.to_string().contains(&named), "{what}: {error}");
            }
        }
    }
}

#[tokio::test]
async fn a_process_stops_at_a_frame_that_does_not_follow() {
    let (house, folder) = (House::new(), TempDir::new().unwrap());
    let runtime = house.start(folder.path()).await;
    six_frames(&house, &runtime).await;
    let forged = Frame {
        first: FRAMES + 1,
        previous: event_log::FrameHash::of(b"another past"),
        ..Frame::decode(body(&house, FRAMES).await).unwrap()
    };
    let log = event_log::EventLog::Memory(house.log.clone());
    let summary = forged.summary(None);
    log.append(FRAMES, forged.encode().unwrap(), summary).await.unwrap();
    let named = format!("sequence {} at position {}", FRAMES + 1, FRAMES + 1);
    let standing = loop {
        let standing = standings(&runtime, "acme").await.remove(0);
        if standing.health() == ProjectionHealth::Stopped {
            break standing;
        }
        tokio::task::yield_now().await;
    };
    assert!(standing.detail.contains(&named), "{standing:?}");
    let refused = ask(&runtime, house.deal("acme", DEAL, None, moved("late"))).await;
    assert!(matches!(refused, Err(Refusal::Stopped(why)) if why.contains(&named)));
    let broken = proof(&runtime).await.unwrap_err();
    assert_eq!((broken.sequence, broken.position), (FRAMES + 1, FRAMES + 1), "{broken:?}");
    // What was read before still answers, and is still right.
    let verdicts = verify(&runtime, "acme", "").await.unwrap();
    assert!(verdicts.iter().all(|verdict| verdict.ok), "{verdicts:?}");
}
