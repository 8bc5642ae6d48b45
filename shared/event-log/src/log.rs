//! The log: one append-only sequence of frames, in JetStream or in memory.

use bytes::Bytes;

use crate::append;
use crate::frame::{FrameHash, FrameSummary};
use crate::jetstream::{JetStreamFrames, JetStreamLog};
use crate::memory::{MemoryFrames, MemoryLog};

/// A handle to the log; clones share it.
#[derive(Debug, Clone)]
pub enum EventLog {
    JetStream(JetStreamLog),
    Memory(MemoryLog),
}

/// A frame as the log keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The stream's own number, dense from 1.
    pub sequence: u64,
    pub body: Bytes,
}

/// The log from some place on, without an end.
#[derive(Debug)]
pub struct Frames(Source);

#[derive(Debug)]
enum Source {
    JetStream(JetStreamFrames),
    Memory(MemoryFrames),
}

/// Why a frame is not in the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    #[error(
        "another frame follows stream sequence {guard}: read on from there, decide again and \
         append after it"
    )]
    Conflict { guard: u64 },
    #[error(
        "a frame of {bytes} bytes after stream sequence {guard} is too large: put its commits in \
         several frames"
    )]
    TooLarge { guard: u64, bytes: usize },
    #[error(
        "the connection was closed while appending after stream sequence {guard}: open the log \
         again and read on from there to see whether the frame is in it"
    )]
    Closed { guard: u64 },
    #[error("the log refused a frame after stream sequence {guard}: {reason}")]
    Refused { guard: u64, reason: String },
}

/// Why the log can not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    #[error(
        "the log ends at stream sequence {head} but was read up to {after} before, so it lost its \
         tail: restore it from a copy, or discard what was derived from the lost frames"
    )]
    LostTail { after: u64, head: u64 },
    #[error("the stream {stream} is gone: restore it from a copy")]
    Gone { stream: &'static str },
    #[error("the connection to the log was closed: open the log again")]
    Closed,
    #[error("the log does not answer ({reason}): try again")]
    Unavailable { reason: String },
}

impl EventLog {
    /// Appends a frame right after the one with stream sequence `guard` (0: as the first), if
    /// that is still the last, and gives its sequence once it is safely stored.
    ///
    /// There is no deadline: when the outcome of a try is unknown, the same bytes are sent again
    /// until the log has said yes or no. Dropping the future leaves the outcome unknown.
    pub async fn append(
        &self,
        guard: u64,
        body: Bytes,
        summary: FrameSummary,
    ) -> Result<u64, AppendError> {
        append::append(self, guard, body, &summary).await
    }

    /// The last frame, from the server that decides.
    pub async fn head(&self) -> Result<Option<Stored>, ReadError> {
        match self {
            EventLog::JetStream(log) => log.head().await,
            EventLog::Memory(log) => Ok(log.head().await),
        }
    }

    /// The frame with this stream sequence, from the server that decides.
    pub async fn get(&self, sequence: u64) -> Result<Option<Stored>, ReadError> {
        match self {
            EventLog::JetStream(log) => log.get(sequence).await,
            EventLog::Memory(log) => Ok(log.get(sequence).await),
        }
    }

    /// All frames after stream sequence `after` (0: from the first), and then live ones.
    pub fn follow(&self, after: u64) -> Frames {
        Frames(match self {
            EventLog::JetStream(log) => Source::JetStream(log.follow(after)),
            EventLog::Memory(log) => Source::Memory(log.follow(after)),
        })
    }

    /// What tells this log from every other: the hash of its first frame. `None` while empty.
    pub async fn identity(&self) -> Result<Option<FrameHash>, ReadError> {
        Ok(self.get(1).await?.map(|first| FrameHash::of(&first.body)))
    }

    /// The last stream sequence, of a log that is known to have reached `after`.
    pub(crate) async fn end(&self, after: u64) -> Result<u64, ReadError> {
        match self {
            EventLog::JetStream(log) => log.end(after).await,
            EventLog::Memory(log) => Ok(log.head().await.map_or(0, |stored| stored.sequence)),
        }
    }

    /// Whether several servers keep it, so that one of them may not know yet what the others do.
    pub(crate) fn is_clustered(&self) -> bool {
        match self {
            EventLog::JetStream(log) => log.is_clustered(),
            EventLog::Memory(_) => false,
        }
    }

    pub(crate) async fn attempt(
        &self,
        guard: u64,
        body: &Bytes,
        summary: &FrameSummary,
    ) -> append::Attempt {
        match self {
            EventLog::JetStream(log) => log.attempt(guard, body, summary).await,
            EventLog::Memory(log) => log.attempt(guard, body).await,
        }
    }
}

impl Frames {
    /// The next frame, as soon as there is one. Outlives lost connections and server restarts;
    /// an error means that waiting on would be in vain.
    ///
    /// Nothing is lost when the future is dropped before it is ready.
    pub async fn next(&mut self) -> Result<Stored, ReadError> {
        match &mut self.0 {
            Source::JetStream(frames) => frames.next().await,
            Source::Memory(frames) => frames.next().await,
        }
    }

    /// The next frame and those that have arrived with it: at least one, at most `max`.
    ///
    /// Nothing is lost when the future is dropped before it is ready.
    pub async fn next_many(&mut self, max: usize) -> Result<Vec<Stored>, ReadError> {
        let mut batch = vec![self.next().await?];
        while batch.len() < max {
            match self.take_ready() {
                Some(stored) => batch.push(stored),
                None => break,
            }
        }
        Ok(batch)
    }

    /// The next frame if it is already here, without waiting.
    pub fn take_ready(&mut self) -> Option<Stored> {
        match &mut self.0 {
            Source::JetStream(frames) => frames.take_ready(),
            Source::Memory(frames) => frames.take_ready(),
        }
    }
}
