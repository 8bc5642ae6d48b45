//! One message of the log: the commits that were written together.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use uuid::Uuid;

/// The largest frame that may be written, checksum included. A server refuses messages of twice
/// this size, so that headers and a future format have room.
pub const MAX_FRAME_BYTES: usize = 256 * 1024;

/// What a frame takes besides its commits, at most: its head and its checksum.
pub const FRAME_HEAD_BYTES: usize = 112;

/// A short text that recurs from commit to commit: held once per frame and shared.
pub type Word = Arc<str>;

/// The commits that were decided while the frame before was on its way to the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Position of the first commit. Positions are dense over the whole log and start at 1.
    pub first: u64,
    /// Hash of the frame before; zeros for the first frame.
    pub previous: FrameHash,
    /// The writer's clock when it sealed the frame, in microseconds UTC: as it was, right or wrong.
    pub recorded_at: i64,
    /// How far that clock lay behind the latest one of any frame before, in microseconds; nearly
    /// always 0. With it the log can be searched by time though clocks differ.
    pub behind: u64,
    /// The process that wrote the frame.
    pub writer: Uuid,
    pub commits: Vec<Commit>,
}

/// One command's outcome: all of its facts, over all entities that it touched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    pub tenant: Word,
    pub command_id: Uuid,
    /// Keyed digest of the command, to tell a repetition from a different use of the same id.
    pub fingerprint: [u8; 16],
    pub actor: Word,
    /// What reported this; `None` for a person.
    pub origin: Option<Origin>,
    pub correlation_id: Uuid,
    pub causation_id: Option<Uuid>,
    pub entities: Vec<EntityFacts>,
}

/// Where a report came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The key of the registered source.
    pub source: Word,
    /// The rule of its mapping that made the report.
    pub rule: Word,
}

/// What a commit says about one entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntityFacts {
    pub kind: Word,
    pub id: Uuid,
    pub facts: Vec<Fact>,
}

/// Something that happened, as bytes under a stable name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// The name under which the body's shape was published, e.g. `opportunity.stage_changed.v1`.
    pub name: Word,
    /// When it happened, in microseconds UTC.
    pub occurred_at: i64,
    pub source_seq: u64,
    /// In a decoded frame this is a slice of the frame's buffer and keeps all of it in memory:
    /// copy it to keep it for long.
    pub body: Bytes,
}

/// BLAKE3 of all of a frame's encoded bytes, checksum included: the link from a frame to the one
/// before it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct FrameHash([u8; 32]);

/// What a person with a NATS client gets to see of a frame, in headers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FrameSummary {
    pub first: u64,
    pub commits: usize,
    pub facts: usize,
    /// W3C trace context of the append.
    pub traceparent: Option<String>,
}

/// Why bytes are not a frame, or a frame can not become bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    #[error("frame format {found} is unknown, this program reads format 1: run a newer release")]
    UnknownFormat { found: u8 },
    #[error("frame was altered, its checksum is wrong: verify the log and restore it from a copy")]
    Altered,
    #[error("frame is not readable: verify the log and restore it from a copy")]
    Malformed(#[from] postcard::Error),
    #[error("frame has {bytes} bytes after its commits: verify the log and restore it from a copy")]
    Trailing { bytes: usize },
    #[error("frame refers to word {index} of {words}: verify the log and restore it from a copy")]
    UnknownWord { index: u32, words: usize },
    #[error("frame at position {first} has no commits: put at least one in")]
    Empty { first: u64 },
    #[error("frame can not start at position {first}: positions are 1 and up")]
    OutOfRange { first: u64 },
    #[error(
        "frame at position {first} takes {bytes} bytes, at most {MAX_FRAME_BYTES} may be \
             written: put its commits in several frames"
    )]
    TooLarge { first: u64, bytes: usize },
}

impl Frame {
    /// The frame's bytes, which are the same wherever and whenever they are made. They end with a
    /// checksum, so that a flipped byte is noticed at its own frame, the last one included.
    pub fn encode(&self) -> Result<Bytes, FrameError> {
        self.encode_hashed().map(|(bytes, _)| bytes)
    }

    /// The same with their hash, which costs little more than the checksum.
    pub fn encode_hashed(&self) -> Result<(Bytes, FrameHash), FrameError> {
        crate::wire::encode(self)
    }

    /// Reads a frame whose checksum is right; the facts' bodies stay where they are and share
    /// `bytes`.
    pub fn decode(bytes: Bytes) -> Result<Frame, FrameError> {
        Frame::decode_hashed(bytes).map(|(frame, _)| frame)
    }

    /// The same with their hash, which costs little more than looking at the checksum.
    #[expect(clippy::needless_pass_by_value, reason = "the frame keeps the buffer, in slices")]
    pub fn decode_hashed(bytes: Bytes) -> Result<(Frame, FrameHash), FrameError> {
        crate::wire::decode(&bytes)
    }

    /// Position of the last commit.
    pub fn last(&self) -> u64 {
        self.first + (self.commits.len() as u64).saturating_sub(1)
    }

    /// The latest clock of this frame and all before it, which never runs backwards.
    pub fn latest(&self) -> i64 {
        self.recorded_at.saturating_add_unsigned(self.behind)
    }

    pub fn summary(&self, traceparent: Option<String>) -> FrameSummary {
        FrameSummary {
            first: self.first,
            commits: self.commits.len(),
            facts: self.commits.iter().map(Commit::facts).sum(),
            traceparent,
        }
    }
}

impl Commit {
    /// How many bytes the commit adds to a frame, at most. Commits whose hints sum up to no more
    /// than [`MAX_FRAME_BYTES`] less [`FRAME_HEAD_BYTES`] always fit into one frame.
    pub fn size_hint(&self) -> usize {
        // Ids, fingerprint and tags, with room for the longest numbers; words as if unshared.
        const COMMIT: usize = 4 * 16 + 6 + 4 * 5;
        const ENTITY: usize = 16 + 2 * 5;
        const FACT: usize = 2 * 10 + 2 * 5;
        let word = |word: &Word| word.len() + 5;
        let fact = |fact: &Fact| FACT + word(&fact.name) + fact.body.len();
        let entity = |entity: &EntityFacts| {
            ENTITY + word(&entity.kind) + entity.facts.iter().map(fact).sum::<usize>()
        };
        COMMIT
            + word(&self.tenant)
            + word(&self.actor)
            + self.origin.as_ref().map_or(0, |origin| word(&origin.source) + word(&origin.rule))
            + self.entities.iter().map(entity).sum::<usize>()
    }

    /// How many facts the commit holds.
    pub fn facts(&self) -> usize {
        self.entities.iter().map(|entity| entity.facts.len()).sum()
    }
}

impl FrameHash {
    /// What the first frame of a log has in place of the hash of the frame before.
    pub const NONE: FrameHash = FrameHash([0; 32]);

    /// The hash of an encoded frame.
    pub fn of(encoded: &[u8]) -> FrameHash {
        FrameHash(*blake3::hash(encoded).as_bytes())
    }

    pub const fn from_bytes(bytes: [u8; 32]) -> FrameHash {
        FrameHash(bytes)
    }

    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The first sixteen of its hexadecimal digits: enough to tell logs apart.
    pub fn short(&self) -> String {
        let mut first = [0; 8];
        first.copy_from_slice(&self.0[..8]);
        format!("{:016x}", u64::from_be_bytes(first))
    }
}

impl fmt::Display for FrameHash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

impl fmt::Debug for FrameHash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}
