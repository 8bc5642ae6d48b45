//! Frames for tests, the same every time.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use bytes::Bytes;
use event_log::{Chain, Commit, EntityFacts, Fact, Frame, FrameHash, Origin};
use uuid::Uuid;

const CHECKSUM: usize = 16;

/// A frame of `commits` commits with bodies of `bytes` bytes, to stand after `chain`.
pub fn frame(chain: &Chain, commits: usize, bytes: usize) -> Frame {
    let first = chain.last + 1;
    Frame {
        first,
        previous: chain.hash,
        recorded_at: 1_780_000_000_000_000 + first as i64,
        behind: first % 2,
        writer: Uuid::from_u128(0x77),
        commits: (first..).take(commits).map(|position| commit(position, bytes)).collect(),
    }
}

/// A commit over two entities; every second one reported by a source.
pub fn commit(position: u64, bytes: usize) -> Commit {
    let id = |kind: u128| Uuid::from_u128(kind << 64 | u128::from(position));
    let fact = |name: &str| Fact {
        name: name.into(),
        occurred_at: 1_780_000_000_000_000 - position as i64,
        source_seq: position % 3,
        body: Bytes::from(vec![position as u8; bytes]),
    };
    Commit {
        tenant: "acme".into(),
        command_id: id(1),
        fingerprint: [position as u8; 16],
        actor: format!("user-{}", position % 5).into(),
        origin: position
            .is_multiple_of(2)
            .then(|| Origin { source: "salesforce".into(), rule: "stages".into() }),
        correlation_id: id(2),
        causation_id: (position % 2 == 1).then(|| id(3)),
        entities: vec![
            EntityFacts {
                kind: "opportunity".into(),
                id: id(4),
                facts: vec![
                    fact("opportunity.stage_changed.v1"),
                    fact("opportunity.amount_changed.v1"),
                ],
            },
            EntityFacts { kind: "account".into(), id: id(5), facts: vec![fact("account.won.v1")] },
        ],
    }
}

/// The bytes of `frames` frames in a chain, with one commit, two, three and so on.
#[allow(dead_code, reason = "not every test program needs a whole log")]
pub fn chain(frames: usize) -> Vec<Bytes> {
    let mut chain = Chain::default();
    let mut bodies = Vec::new();
    for commits in 1..=frames {
        let frame = frame(&chain, commits, 20);
        let body = frame.encode().unwrap();
        chain =
            Chain { sequence: chain.sequence + 1, last: frame.last(), hash: FrameHash::of(&body) };
        bodies.push(body);
    }
    bodies
}

/// The bytes of a frame before its checksum with the checksum that they should have.
#[allow(dead_code, reason = "not every test program tampers")]
pub fn seal(bytes: &[u8]) -> Bytes {
    let hash = blake3::hash(bytes);
    Bytes::from([bytes, &hash.as_bytes()[..CHECKSUM]].concat())
}

/// The bytes of an encoded frame before its checksum, to be altered and sealed again.
#[allow(dead_code, reason = "not every test program tampers")]
pub fn unseal(encoded: &[u8]) -> Vec<u8> {
    encoded[..encoded.len() - CHECKSUM].to_vec()
}
