//! The bytes of a frame: format 1, frozen.
//!
//! A format byte, then postcard, then a checksum of all bytes before it. The structs below are that
//! postcard and never change; a new shape is a new format byte with structs of its own. Every
//! struct ends with the number of parts that follow it, which makes the whole one postcard value
//! of nested sequences, and lets the decoder build commits without a second tree in between.
//!
//! The hash chain alone would notice an altered frame only at the one after it, and not at all in
//! the last; with the checksum every frame answers for itself. It is no proof against somebody who
//! writes a new checksum too: that shows in the chain.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use postcard::ser_flavors::{Flavor, StdVec};
use postcard::{Deserializer, Serializer};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::frame::{
    Commit, EntityFacts, Fact, Frame, FrameError, FrameHash, MAX_FRAME_BYTES, Origin, Word,
};

const FORMAT: u8 = 1;

const CHECKSUM_BYTES: usize = 16;

#[derive(Serialize, Deserialize)]
struct FrameHead<'a> {
    first: u64,
    previous: [u8; 32],
    recorded_at: i64,
    behind: u64,
    writer: [u8; 16],
    /// Every text of the frame once, in order of first use; elsewhere their index stands.
    #[serde(borrow)]
    words: Vec<&'a str>,
    commits: u32,
}

#[derive(Serialize, Deserialize)]
struct CommitHead {
    tenant: u32,
    command_id: [u8; 16],
    fingerprint: [u8; 16],
    actor: u32,
    origin: Option<OriginWhole>,
    correlation_id: [u8; 16],
    causation_id: Option<[u8; 16]>,
    entities: u32,
}

#[derive(Serialize, Deserialize)]
struct OriginWhole {
    source: u32,
    rule: u32,
}

#[derive(Serialize, Deserialize)]
struct EntityHead {
    kind: u32,
    id: [u8; 16],
    facts: u32,
}

#[derive(Serialize, Deserialize)]
struct FactWhole<'a> {
    name: u32,
    occurred_at: i64,
    source_seq: u64,
    #[serde(borrow, serialize_with = "as_bytes")]
    body: &'a [u8],
}

/// Serde writes a slice number by number; postcard's form is the same either way.
fn as_bytes<S: serde::Serializer>(body: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bytes(body)
}

/// A frame's bytes, and the hash of all of them.
pub(crate) fn encode(frame: &Frame) -> Result<(Bytes, FrameHash), FrameError> {
    let first = frame.first;
    if frame.commits.is_empty() {
        return Err(FrameError::Empty { first });
    }
    check_range(first, frame.commits.len())?;
    let mut writer =
        Writer { words: Words::default(), output: Serializer { output: StdVec::new() } };
    // The table precedes the commits that fill it, so they are written first, apart.
    for commit in &frame.commits {
        writer.commit(commit)?;
    }
    let head = FrameHead {
        first,
        previous: *frame.previous.as_bytes(),
        recorded_at: frame.recorded_at,
        behind: frame.behind,
        writer: frame.writer.into_bytes(),
        words: writer.words.order,
        commits: count(frame.commits.len()),
    };
    let commits = writer.output.output.finalize()?;
    let mut bytes = postcard::to_extend(&head, vec![FORMAT])?;
    bytes.extend_from_slice(&commits);
    let (checksum, hash) = seal(&bytes);
    bytes.extend_from_slice(&checksum);
    if bytes.len() > MAX_FRAME_BYTES {
        return Err(FrameError::TooLarge { first, bytes: bytes.len() });
    }
    Ok((Bytes::from(bytes), hash))
}

pub(crate) fn decode(bytes: &Bytes) -> Result<(Frame, FrameHash), FrameError> {
    let (body, hash) = unseal(bytes)?;
    let mut input = Deserializer::from_bytes(body);
    let head = FrameHead::deserialize(&mut input)?;
    if head.commits == 0 {
        return Err(FrameError::Empty { first: head.first });
    }
    check_range(head.first, head.commits as usize)?;
    let words: Vec<Word> = head.words.into_iter().map(Arc::from).collect();
    let mut reader = Reader { words, bytes, input };
    let commits = repeat(head.commits, || reader.commit())?;
    let rest = reader.input.finalize()?;
    if !rest.is_empty() {
        return Err(FrameError::Trailing { bytes: rest.len() });
    }
    let frame = Frame {
        first: head.first,
        previous: FrameHash::from_bytes(head.previous),
        recorded_at: head.recorded_at,
        behind: head.behind,
        writer: Uuid::from_bytes(head.writer),
        commits,
    };
    Ok((frame, hash))
}

/// What stands between the format byte and the checksum, when both are right, and the hash of all
/// bytes. The format comes first: where another format has its checksum, if any, is not known here.
fn unseal(bytes: &[u8]) -> Result<(&[u8], FrameHash), FrameError> {
    match bytes.first() {
        Some(&FORMAT) => {}
        Some(&found) => return Err(FrameError::UnknownFormat { found }),
        None => return Err(postcard::Error::DeserializeUnexpectedEnd.into()),
    }
    let Some((before @ [_, body @ ..], sealed)) = bytes.split_last_chunk() else {
        return Err(FrameError::Altered);
    };
    let (checksum, hash) = seal(before);
    if checksum == *sealed { Ok((body, hash)) } else { Err(FrameError::Altered) }
}

/// The checksum that ends a frame, which is the first bytes of the hash of all before it: plenty
/// against chance, and half of what a whole one takes. And the hash of all bytes with it, for which
/// nothing is hashed twice.
fn seal(before: &[u8]) -> ([u8; CHECKSUM_BYTES], FrameHash) {
    let mut hasher = blake3::Hasher::new();
    let mut checksum = [0; CHECKSUM_BYTES];
    checksum.copy_from_slice(&hasher.update(before).finalize().as_bytes()[..CHECKSUM_BYTES]);
    let hash = hasher.update(&checksum).finalize();
    (checksum, FrameHash::from_bytes(*hash.as_bytes()))
}

struct Writer<'a> {
    words: Words<'a>,
    output: Serializer<StdVec>,
}

impl<'a> Writer<'a> {
    fn commit(&mut self, commit: &'a Commit) -> Result<(), FrameError> {
        put(
            &mut self.output,
            &CommitHead {
                tenant: self.words.index(&commit.tenant),
                command_id: commit.command_id.into_bytes(),
                fingerprint: commit.fingerprint,
                actor: self.words.index(&commit.actor),
                origin: commit.origin.as_ref().map(|origin| OriginWhole {
                    source: self.words.index(&origin.source),
                    rule: self.words.index(&origin.rule),
                }),
                correlation_id: commit.correlation_id.into_bytes(),
                causation_id: commit.causation_id.map(Uuid::into_bytes),
                entities: count(commit.entities.len()),
            },
        )?;
        commit.entities.iter().try_for_each(|entity| self.entity(entity))
    }

    fn entity(&mut self, entity: &'a EntityFacts) -> Result<(), FrameError> {
        put(
            &mut self.output,
            &EntityHead {
                kind: self.words.index(&entity.kind),
                id: entity.id.into_bytes(),
                facts: count(entity.facts.len()),
            },
        )?;
        entity.facts.iter().try_for_each(|fact| self.fact(fact))
    }

    fn fact(&mut self, fact: &'a Fact) -> Result<(), FrameError> {
        put(
            &mut self.output,
            &FactWhole {
                name: self.words.index(&fact.name),
                occurred_at: fact.occurred_at,
                source_seq: fact.source_seq,
                body: &fact.body,
            },
        )
    }
}

fn put(output: &mut Serializer<StdVec>, part: &impl Serialize) -> Result<(), FrameError> {
    Ok(part.serialize(output)?)
}

#[derive(Default)]
struct Words<'a> {
    order: Vec<&'a str>,
    indexes: HashMap<&'a str, u32>,
}

impl<'a> Words<'a> {
    fn index(&mut self, word: &'a str) -> u32 {
        *self.indexes.entry(word).or_insert_with(|| {
            self.order.push(word);
            count(self.order.len() - 1)
        })
    }
}

struct Reader<'a> {
    words: Vec<Word>,
    bytes: &'a Bytes,
    input: Deserializer<'a, postcard::de_flavors::Slice<'a>>,
}

impl Reader<'_> {
    fn commit(&mut self) -> Result<Commit, FrameError> {
        let head = CommitHead::deserialize(&mut self.input)?;
        Ok(Commit {
            tenant: self.word(head.tenant)?,
            command_id: Uuid::from_bytes(head.command_id),
            fingerprint: head.fingerprint,
            actor: self.word(head.actor)?,
            origin: head.origin.map(|origin| self.origin(&origin)).transpose()?,
            correlation_id: Uuid::from_bytes(head.correlation_id),
            causation_id: head.causation_id.map(Uuid::from_bytes),
            entities: repeat(head.entities, || self.entity())?,
        })
    }

    fn origin(&self, origin: &OriginWhole) -> Result<Origin, FrameError> {
        Ok(Origin { source: self.word(origin.source)?, rule: self.word(origin.rule)? })
    }

    fn entity(&mut self) -> Result<EntityFacts, FrameError> {
        let head = EntityHead::deserialize(&mut self.input)?;
        Ok(EntityFacts {
            kind: self.word(head.kind)?,
            id: Uuid::from_bytes(head.id),
            facts: repeat(head.facts, || self.fact())?,
        })
    }

    fn fact(&mut self) -> Result<Fact, FrameError> {
        let fact = FactWhole::deserialize(&mut self.input)?;
        Ok(Fact {
            name: self.word(fact.name)?,
            occurred_at: fact.occurred_at,
            source_seq: fact.source_seq,
            body: self.bytes.slice_ref(fact.body),
        })
    }

    fn word(&self, index: u32) -> Result<Word, FrameError> {
        let word = self.words.get(index as usize).cloned();
        word.ok_or(FrameError::UnknownWord { index, words: self.words.len() })
    }
}

/// Reads `count` parts. A count comes from the bytes and may be a lie, so it does not get to
/// reserve much memory before the parts have shown up.
fn repeat<T>(
    count: u32,
    mut part: impl FnMut() -> Result<T, FrameError>,
) -> Result<Vec<T>, FrameError> {
    let mut parts = Vec::with_capacity(count.min(128) as usize);
    for _ in 0..count {
        parts.push(part()?);
    }
    Ok(parts)
}

/// Lengths in memory are far below the limit of a frame's bytes, which is checked at the end.
fn count(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}

fn check_range(first: u64, commits: usize) -> Result<(), FrameError> {
    match first.checked_add(commits as u64) {
        Some(_) if first > 0 => Ok(()),
        _ => Err(FrameError::OutOfRange { first }),
    }
}
