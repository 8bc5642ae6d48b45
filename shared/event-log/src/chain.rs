//! A reader's place in the log, and the checks that every frame must pass on its way in.

use bytes::Bytes;

use crate::frame::{Frame, FrameError, FrameHash};

/// How far a reader has come. The default is the place before the first frame.
///
/// Kept with what was derived from the log, it notices later that a log has lost its tail and
/// grown again: the next frame then does not follow the one that was read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Chain {
    /// Stream sequence of the last frame; 0 before the first.
    pub sequence: u64,
    /// Position of the last commit; 0 before the first.
    pub last: u64,
    /// Hash of the last frame; [`FrameHash::NONE`] before the first.
    pub hash: FrameHash,
}

/// Where and how the log is not what was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    #[error(
        "stream sequence {sequence} with position {position} is missing, sequence {found} came \
         instead: restore the log from a copy"
    )]
    Missing { sequence: u64, position: u64, found: u64 },
    #[error(
        "stream sequence {sequence} with position {position} can not be read: restore the log \
         from a copy"
    )]
    Unreadable { sequence: u64, position: u64, source: FrameError },
    #[error(
        "stream sequence {sequence} should start at position {position} but starts at {found}: \
         restore the log from a copy"
    )]
    Position { sequence: u64, position: u64, found: u64 },
    #[error(
        "stream sequence {sequence} at position {position} was written after a frame with hash \
         {found}, but the frame before it has hash {expected}, so one of the two was altered: \
         restore the log from a copy"
    )]
    Previous { sequence: u64, position: u64, expected: FrameHash, found: FrameHash },
}

/// What links a frame to the one before it. Made in any thread, joined to the chain in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// Position of the first commit.
    pub first: u64,
    /// Position of the last commit.
    pub last: u64,
    /// Hash of the frame before.
    pub previous: FrameHash,
    /// Hash of the frame.
    pub hash: FrameHash,
}

impl Link {
    /// Hashes and decodes a frame. What it says is not to be believed before it is joined.
    pub fn read(body: Bytes) -> Result<(Link, Frame), FrameError> {
        let (frame, hash) = Frame::decode_hashed(body)?;
        let (first, last, previous) = (frame.first, frame.last(), frame.previous);
        Ok((Link { first, last, previous, hash }, frame))
    }
}

impl Chain {
    /// Takes the next frame in, or tells what is wrong with it and stays in place.
    pub fn accept(&mut self, sequence: u64, body: Bytes) -> Result<Frame, ChainError> {
        let (link, frame) = Link::read(body).map_err(|source| self.unreadable(sequence, source))?;
        self.join(sequence, link)?;
        Ok(frame)
    }

    /// Goes on over the next frame, or tells what is wrong with it and stays in place.
    pub fn join(&mut self, sequence: u64, link: Link) -> Result<(), ChainError> {
        let position = self.expect(sequence)?;
        if link.first != position {
            return Err(ChainError::Position { sequence, position, found: link.first });
        }
        if link.previous != self.hash {
            let (expected, found) = (self.hash, link.previous);
            return Err(ChainError::Previous { sequence, position, expected, found });
        }
        *self = Chain { sequence, last: link.last, hash: link.hash };
        Ok(())
    }

    /// What is wrong when the bytes at this sequence cannot be read.
    pub fn unreadable(&self, sequence: u64, source: FrameError) -> ChainError {
        match self.expect(sequence) {
            Ok(position) => ChainError::Unreadable { sequence, position, source },
            Err(missing) => missing,
        }
    }

    /// The position of the next frame, if this is its sequence.
    fn expect(&self, found: u64) -> Result<u64, ChainError> {
        let sequence = self.sequence.saturating_add(1);
        let position = self.last.saturating_add(1);
        if found != sequence {
            return Err(ChainError::Missing { sequence, position, found });
        }
        Ok(position)
    }
}

impl ChainError {
    /// The stream sequence at which the log stopped being what was written.
    pub fn sequence(&self) -> u64 {
        match self {
            ChainError::Missing { sequence, .. }
            | ChainError::Unreadable { sequence, .. }
            | ChainError::Position { sequence, .. }
            | ChainError::Previous { sequence, .. } => *sequence,
        }
    }

    /// The position that the frame there should have started with.
    pub fn position(&self) -> u64 {
        match self {
            ChainError::Missing { position, .. }
            | ChainError::Unreadable { position, .. }
            | ChainError::Position { position, .. }
            | ChainError::Previous { position, .. } => *position,
        }
    }
}
