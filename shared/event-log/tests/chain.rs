//! Whatever is done to a stored log, a reader stops at it and says where.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod sample;

use bytes::Bytes;
use event_log::{
    Chain, ChainError, EventLog, FrameError, FrameHash, FrameSummary, MemoryLog, VerifyError,
    verify,
};

const FRAMES: usize = 6;

/// Reads stored frames in order until one is not accepted.
fn read(bodies: &[(u64, Bytes)]) -> Result<Chain, ChainError> {
    let mut chain = Chain::default();
    for (sequence, body) in bodies {
        chain.accept(*sequence, body.clone())?;
    }
    Ok(chain)
}

fn stored() -> Vec<(u64, Bytes)> {
    (1..).zip(sample::chain(FRAMES)).collect()
}

/// The same frames under the sequences that a rewritten stream would give them.
fn renumbered(bodies: Vec<(u64, Bytes)>) -> Vec<(u64, Bytes)> {
    (1..).zip(bodies.into_iter().map(|(_, body)| body)).collect()
}

#[test]
fn an_untouched_log_is_accepted() {
    let chain = read(&stored()).unwrap();
    assert_eq!((chain.sequence, chain.last), (6, 1 + 2 + 3 + 4 + 5 + 6));
    assert_eq!(chain.hash, FrameHash::of(&stored()[5].1));
}

/// Every frame answers for itself with its checksum, so that no later frame is needed to tell.
#[test]
fn any_flipped_byte_is_found_at_its_own_frame() {
    let intact = stored();
    let mut chain = Chain::default();
    for (sequence, body) in intact {
        for byte in 0..body.len() {
            for flip in [0x01, 0x10, 0x80, 0xff] {
                let mut altered = body.to_vec();
                altered[byte] ^= flip;
                let source = match altered[0] {
                    1 => FrameError::Altered,
                    found => FrameError::UnknownFormat { found },
                };
                let expected =
                    ChainError::Unreadable { sequence, position: chain.last + 1, source };
                let mut reader = chain;
                assert_eq!(reader.accept(sequence, altered.into()), Err(expected));
                assert_eq!(reader, chain);
            }
        }
        chain.accept(sequence, body).unwrap();
    }
    assert_eq!(chain.sequence, FRAMES as u64);
}

/// Who alters a frame and its checksum is found by the chain: at the frame itself if it then says
/// something impossible, and else at the next one, which names the hash of the frame as it was.
/// That the last frame has changed shows in the chain's hash, which a checkpoint holds.
#[test]
fn any_flipped_byte_under_a_right_checksum_is_found() {
    let intact = stored();
    let head = read(&intact).unwrap();
    for frame in 0..FRAMES {
        let (sequence, body) = &intact[frame];
        for byte in 0..sample::unseal(body).len() {
            let mut bytes = sample::unseal(body);
            bytes[byte] ^= 0x10;
            let mut altered = intact.clone();
            altered[frame].1 = sample::seal(&bytes);
            match read(&altered) {
                Ok(chain) => assert!(frame + 1 == FRAMES && chain.hash != head.hash),
                Err(error) => {
                    let at = error.sequence();
                    assert!([*sequence, sequence + 1].contains(&at), "{error}");
                }
            }
        }
    }
}

#[test]
fn a_missing_frame_is_named() {
    for missing in 0..FRAMES - 1 {
        let mut bodies = stored();
        let (sequence, _) = bodies.remove(missing);
        let error = read(&bodies).unwrap_err();
        assert!(matches!(error, ChainError::Missing { found, .. } if found == sequence + 1));
        assert_eq!(error.sequence(), sequence);
    }
}

#[test]
fn a_frame_dropped_from_a_rewritten_log_is_named() {
    for dropped in 0..FRAMES - 1 {
        let mut bodies = stored();
        let (sequence, _) = bodies.remove(dropped);
        let error = read(&renumbered(bodies)).unwrap_err();
        assert!(matches!(error, ChainError::Position { .. }));
        assert_eq!(error.sequence(), sequence);
    }
}

#[test]
fn swapped_frames_are_named() {
    for first in 0..FRAMES - 1 {
        let mut bodies = stored();
        bodies.swap(first, first + 1);
        let error = read(&renumbered(bodies)).unwrap_err();
        assert_eq!(error.sequence(), first as u64 + 1);
    }
}

#[test]
fn an_inserted_frame_is_named() {
    for place in 1..FRAMES {
        let mut bodies = stored();
        bodies.insert(place, bodies[place - 1].clone());
        let error = read(&renumbered(bodies)).unwrap_err();
        assert_eq!(error.sequence(), place as u64 + 1);
    }
}

#[test]
fn a_refused_frame_leaves_the_reader_in_place() {
    let bodies = stored();
    let mut chain = Chain::default();
    chain.accept(1, bodies[0].1.clone()).unwrap();
    let before = chain;
    chain.accept(2, bodies[2].1.clone()).unwrap_err();
    assert_eq!(chain, before);
    chain.accept(2, bodies[1].1.clone()).unwrap();
}

#[test]
fn an_error_names_sequence_and_position() {
    let mut bodies = stored();
    bodies.remove(2);
    let message = read(&bodies).unwrap_err().to_string();
    assert!(message.contains("stream sequence 3"), "{message}");
    assert!(message.contains("position 4"), "{message}");
}

fn flipped(body: &[u8]) -> Bytes {
    let mut bytes = body.to_vec();
    bytes[body.len() / 2] ^= 1;
    bytes.into()
}

async fn log() -> (MemoryLog, EventLog) {
    let memory = MemoryLog::new();
    let log = EventLog::Memory(memory.clone());
    for (guard, body) in (0..).zip(sample::chain(FRAMES)) {
        log.append(guard, body, FrameSummary::default()).await.unwrap();
    }
    (memory, log)
}

#[tokio::test]
async fn verification_counts_what_it_checked() {
    let (_, log) = log().await;
    let mut seen = Vec::new();
    let report = verify(&log, None, None, |progress| seen.push(progress)).await.unwrap();
    assert_eq!((report.frames, report.commits, report.facts), (6, 21, 63));
    assert_eq!(report.head, read(&stored()).unwrap());
    assert_eq!(report.identity, log.identity().await.unwrap());
    assert_eq!(seen.last().map(|progress| (progress.sequence, progress.upto)), Some((6, 6)));
}

#[tokio::test]
async fn verification_goes_on_from_a_checkpoint() {
    let (_, log) = log().await;
    let half = verify(&log, None, Some(3), |_| {}).await.unwrap();
    let rest = verify(&log, Some(half.head), None, |_| {}).await.unwrap();
    assert_eq!((half.frames, rest.frames), (3, 3));
    assert_eq!(rest.head, read(&stored()).unwrap());
}

#[tokio::test]
async fn verification_of_an_empty_log_finds_nothing() {
    let log = EventLog::Memory(MemoryLog::new());
    let report = verify(&log, None, None, |_| {}).await.unwrap();
    assert_eq!((report.frames, report.identity), (0, None));
}

#[tokio::test]
async fn verification_notices_a_tail_that_was_lost_and_grew_again() {
    let (memory, log) = log().await;
    let checkpoint = verify(&log, None, None, |_| {}).await.unwrap().head;
    memory.truncate(5);
    let error = verify(&log, Some(checkpoint), None, |_| {}).await.unwrap_err();
    assert!(matches!(error, VerifyError::Checkpoint { found: None, .. }));

    let short = verify(&log, None, None, |_| {}).await.unwrap().head;
    let other = sample::frame(&short, 1, 3).encode().unwrap();
    log.append(5, other, FrameSummary::default()).await.unwrap();
    let error = verify(&log, Some(checkpoint), None, |_| {}).await.unwrap_err();
    assert!(matches!(error, VerifyError::Checkpoint { found: Some(_), .. }));
}

#[tokio::test]
async fn verification_names_the_frame_that_was_tampered_with() {
    let bodies = sample::chain(FRAMES);
    type Tamper = fn(&MemoryLog, &[Bytes]);
    let cases: [(Tamper, u64); 4] = [
        (|memory, _| memory.remove(3), 3),
        (|memory, bodies| memory.insert(4, bodies[0].clone()), 4),
        (|memory, bodies| memory.replace(2, bodies[4].clone()), 2),
        (|memory, bodies| memory.replace(6, flipped(&bodies[5])), 6),
    ];
    for (tamper, sequence) in cases {
        let (memory, log) = log().await;
        tamper(&memory, &bodies);
        match verify(&log, None, None, |_| {}).await.unwrap_err() {
            VerifyError::Chain(error) => assert_eq!(error.sequence(), sequence),
            other => panic!("{other}"),
        }
    }
}
