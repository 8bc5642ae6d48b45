//! The bytes of a frame: back and forth, frozen, and whatever else may be fed to the decoder.

mod sample;

use bytes::Bytes;
use event_log::{
    Chain, Commit, EntityFacts, FRAME_HEAD_BYTES, Fact, Frame, FrameError, FrameHash,
    MAX_FRAME_BYTES, Origin, Word,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use uuid::Uuid;

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/golden/frame.v1.bin");

/// Bytes that were ever published must stay readable and must be written the same way again.
/// `REVOPS_GOLDEN=write` makes the file; only a new format may need a new one.
#[test]
fn the_published_bytes_never_change() {
    let chain = Chain { sequence: 41, last: 2_000, hash: FrameHash::of(b"the frame before") };
    let frame = sample::frame(&chain, 2, 9);
    let encoded = frame.encode().unwrap();
    if std::env::var("REVOPS_GOLDEN").as_deref() == Ok("write") {
        std::fs::write(GOLDEN, &encoded).unwrap();
    }
    let golden = Bytes::from(std::fs::read(GOLDEN).unwrap());
    assert_eq!(encoded, golden);
    assert_eq!(Frame::decode(golden).unwrap(), frame);
}

#[test]
fn words_are_stored_once() {
    let frame = sample::frame(&Chain::default(), 64, 100);
    let encoded = frame.encode().unwrap();
    let name = b"opportunity.stage_changed.v1";
    assert_eq!(encoded.windows(name.len()).filter(|window| window == name).count(), 1);

    let decoded = Frame::decode(encoded).unwrap();
    let (one, other) = (&decoded.commits[0].tenant, &decoded.commits[63].tenant);
    assert!(Word::ptr_eq(one, other));
}

#[test]
fn bodies_stay_in_the_frame() {
    let encoded = sample::frame(&Chain::default(), 3, 50).encode().unwrap();
    let range = encoded.as_ptr_range();
    let decoded = Frame::decode(encoded.clone()).unwrap();
    for commit in &decoded.commits {
        for fact in commit.entities.iter().flat_map(|entity| &entity.facts) {
            assert!(range.contains(&fact.body.as_ptr()));
        }
    }
}

#[test]
fn a_frame_without_commits_is_refused() {
    let empty = sample::frame(&Chain::default(), 0, 0);
    assert_eq!(empty.encode(), Err(FrameError::Empty { first: 1 }));
}

#[test]
fn a_frame_outside_the_positions_is_refused() {
    for first in [0, u64::MAX] {
        let frame = Frame { first, ..sample::frame(&Chain::default(), 2, 0) };
        assert_eq!(frame.encode(), Err(FrameError::OutOfRange { first }));
    }
}

#[test]
fn a_frame_above_the_limit_is_refused() {
    let large = sample::frame(&Chain::default(), 3, MAX_FRAME_BYTES / 9);
    assert!(matches!(large.encode(), Err(FrameError::TooLarge { first: 1, .. })));
}

#[test]
fn the_limit_includes_the_checksum() {
    let frame = |bytes: usize| {
        let mut frame = sample::frame(&Chain::default(), 1, bytes);
        frame.commits[0].entities.truncate(1);
        frame.commits[0].entities[0].facts.truncate(1);
        frame
    };
    let some = MAX_FRAME_BYTES / 2;
    let most = some + MAX_FRAME_BYTES - frame(some).encode().unwrap().len();
    let largest = frame(most).encode().unwrap();
    assert_eq!(largest.len(), MAX_FRAME_BYTES);
    assert_eq!(Frame::decode(largest).unwrap(), frame(most));
    let (first, bytes) = (1, MAX_FRAME_BYTES + 1);
    assert_eq!(frame(most + 1).encode(), Err(FrameError::TooLarge { first, bytes }));
}

/// Whatever its checksum: another format may have it elsewhere, or none.
#[test]
fn an_unknown_format_is_refused() {
    let encoded = sample::frame(&Chain::default(), 1, 5).encode().unwrap();
    let mut altered = encoded.to_vec();
    altered[0] = 2;
    let sealed = sample::seal(&sample::unseal(&altered));
    for bytes in [altered.into(), sealed, Bytes::from_static(&[2])] {
        assert_eq!(Frame::decode(bytes), Err(FrameError::UnknownFormat { found: 2 }));
    }
}

#[test]
fn a_frame_ends_with_half_of_its_hash() {
    let encoded = sample::frame(&Chain::default(), 2, 5).encode().unwrap();
    let (before, checksum) = encoded.split_at(encoded.len() - 16);
    assert_eq!(checksum, &blake3::hash(before).as_bytes()[..16]);
    assert_eq!(sample::seal(&sample::unseal(&encoded)), encoded);
}

#[test]
fn any_flipped_bit_is_refused() {
    let encoded = sample::frame(&Chain::default(), 2, 5).encode().unwrap();
    for bit in 0..encoded.len() * 8 {
        let mut altered = encoded.to_vec();
        altered[bit / 8] ^= 1 << (bit % 8);
        let expected = match altered[0] {
            1 => FrameError::Altered,
            found => FrameError::UnknownFormat { found },
        };
        assert_eq!(Frame::decode(altered.into()), Err(expected), "bit {bit}");
    }
}

#[test]
fn a_frame_cut_short_is_refused() {
    let encoded = sample::frame(&Chain::default(), 2, 5).encode().unwrap();
    for end in 1..encoded.len() {
        assert_eq!(Frame::decode(encoded.slice(..end)), Err(FrameError::Altered));
    }
    assert!(matches!(Frame::decode(Bytes::new()), Err(FrameError::Malformed(_))));
}

#[test]
fn a_checksum_with_nothing_before_it_is_refused() {
    // Here the format byte is at once the first byte of the checksum.
    let mut nothing = sample::seal(&[]).to_vec();
    nothing[0] = 1;
    assert_eq!(Frame::decode(nothing.into()), Err(FrameError::Altered));
    assert!(matches!(Frame::decode(sample::seal(&[1])), Err(FrameError::Malformed(_))));
}

#[test]
fn bytes_after_the_end_are_refused() {
    let encoded = sample::frame(&Chain::default(), 1, 5).encode().unwrap();
    let after = [&encoded[..], &[0, 0, 0]].concat();
    assert_eq!(Frame::decode(after.into()), Err(FrameError::Altered));

    let mut bytes = sample::unseal(&encoded);
    bytes.extend([0, 0, 0]);
    assert_eq!(Frame::decode(sample::seal(&bytes)), Err(FrameError::Trailing { bytes: 3 }));
}

#[test]
fn a_word_that_is_not_in_the_table_is_refused() {
    let mut frame = sample::frame(&Chain::default(), 1, 0);
    frame.commits[0].entities.clear();
    frame.commits[0].tenant = "t".into();
    let bytes = sample::unseal(&frame.encode().unwrap());
    // The tenant's index is the first byte after the table, "t" and "user-1", and the count.
    let tenant = bytes.windows(6).position(|window| window == b"user-1").unwrap() + 7;
    let mut altered = bytes.clone();
    altered[tenant] = 9;
    assert_eq!(bytes[tenant], 0);
    assert_eq!(
        Frame::decode(sample::seal(&altered)),
        Err(FrameError::UnknownWord { index: 9, words: 2 })
    );
}

#[test]
fn a_lie_about_the_number_of_parts_reserves_no_memory() {
    let mut frame = sample::frame(&Chain::default(), 1, 0);
    frame.commits[0].entities.clear();
    let mut bytes = sample::unseal(&frame.encode().unwrap());
    assert_eq!(bytes.pop(), Some(0));
    bytes.extend([0xff, 0xff, 0xff, 0xff, 0x0f]);
    assert!(matches!(Frame::decode(sample::seal(&bytes)), Err(FrameError::Malformed(_))));
}

fn words() -> impl Strategy<Value = Word> {
    "[a-zé.]{0,12}".prop_map(Word::from)
}

fn uuids() -> impl Strategy<Value = Uuid> {
    any::<u128>().prop_map(Uuid::from_u128)
}

prop_compose! {
    fn facts()(
        name in words(),
        occurred_at in any::<i64>(),
        source_seq in any::<u64>(),
        body in vec(any::<u8>(), 0..40),
    ) -> Fact {
        Fact { name, occurred_at, source_seq, body: body.into() }
    }
}

prop_compose! {
    fn entities()(
        kind in words(),
        id in uuids(),
        facts in vec(facts(), 0..4),
    ) -> EntityFacts {
        EntityFacts { kind, id, facts }
    }
}

prop_compose! {
    fn commits()(
        tenant in words(),
        command_id in uuids(),
        fingerprint in any::<[u8; 16]>(),
        actor in words(),
        origin in option::of((words(), words())),
        correlation_id in uuids(),
        causation_id in option::of(uuids()),
        entities in vec(entities(), 0..4),
    ) -> Commit {
        Commit {
            tenant,
            command_id,
            fingerprint,
            actor,
            origin: origin.map(|(source, rule)| Origin { source, rule }),
            correlation_id,
            causation_id,
            entities,
        }
    }
}

prop_compose! {
    fn frames()(
        first in 1..u64::MAX / 2,
        previous in any::<[u8; 32]>(),
        recorded_at in any::<i64>(),
        behind in any::<u64>(),
        writer in uuids(),
        commits in vec(commits(), 1..6),
    ) -> Frame {
        Frame { first, previous: FrameHash::from_bytes(previous), recorded_at, behind, writer, commits }
    }
}

proptest! {
    #[test]
    fn decoding_undoes_encoding(frame in frames()) {
        let encoded = frame.encode().unwrap();
        prop_assert_eq!(Frame::decode(encoded).unwrap(), frame);
    }

    #[test]
    fn a_frame_comes_with_the_hash_of_its_bytes(frame in frames()) {
        let (encoded, hash) = frame.encode_hashed().unwrap();
        prop_assert_eq!(hash, FrameHash::of(&encoded));
        prop_assert_eq!(Frame::decode_hashed(encoded).unwrap(), (frame, hash));
    }

    #[test]
    fn size_hints_never_fall_short(frame in frames()) {
        let hints: usize = frame.commits.iter().map(Commit::size_hint).sum();
        prop_assert!(frame.encode().unwrap().len() <= FRAME_HEAD_BYTES + hints);
    }

    #[test]
    fn random_bytes_never_panic(mut bytes in vec(any::<u8>(), 0..400), known in any::<bool>()) {
        if known && !bytes.is_empty() {
            bytes[0] = 1;
        }
        Frame::decode(sample::seal(&bytes)).ok();
        Frame::decode(bytes.into()).ok();
    }

    #[test]
    fn mutated_bytes_never_panic(
        frame in frames(),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..5),
        cut in option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = sample::unseal(&frame.encode().unwrap());
        for (index, byte) in changes {
            let index = index.index(bytes.len());
            bytes[index] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        // With a right checksum, or nothing behind it would be reached.
        Frame::decode(sample::seal(&bytes)).ok();
        Frame::decode(bytes.into()).ok();
    }
}
