//! Carrying a log into another one, frame by frame, with all positions and hashes as they were.
//!
//! Frames keep their stream sequences too, which are their numbers: a log holds the sequences 1 to
//! n and nothing is ever taken out of it, so a source with a gap or another beginning is one that
//! was damaged, and the chain names the place. Each frame is appended under the guard of the frame
//! before it, as its writer did, so nobody else can get in between and a repeated try meets itself.

use std::time::Duration;

use tokio::time::Instant;

use crate::chain::{Chain, ChainError, Link};
use crate::frame::FrameHash;
use crate::log::{AppendError, EventLog, ReadError, Stored};
use crate::pause::Pause;
use crate::verify::VerifyProgress;

const FRAMES_AT_ONCE: usize = 256;

/// How long a log may fail to answer while its servers elect another leader.
const PATIENCE: Duration = Duration::from_secs(60);

/// What was carried, and where both logs stand now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CopyReport {
    /// Frames that were appended to the target.
    pub copied: u64,
    /// Frames that the target had already, from an earlier run.
    pub there: u64,
    /// The place after the last frame, the same in both logs.
    pub head: Chain,
    /// Hash of the first frame of both logs; `None` while they are empty.
    pub identity: Option<FrameHash>,
}

/// Why a log is not, or not wholly, in the target.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    #[error("the source is not what was written, and is copied up to there")]
    Source(#[from] ChainError),
    #[error("the source can not be read: run the copy again, it goes on where it stopped")]
    ReadSource(#[source] ReadError),
    #[error("the target can not be read: run the copy again, it goes on where it stopped")]
    ReadTarget(#[source] ReadError),
    #[error(
        "the target holds another log from stream sequence {sequence} on, or before: copy into an \
         empty one"
    )]
    Foreign { sequence: u64 },
    #[error(
        "the target ends at stream sequence {target}, after the source, which ends at {from}: copy \
         the other way, or into an empty one"
    )]
    Ahead { target: u64, from: u64 },
    #[error("somebody else writes to the target: stop every service there and run the copy again")]
    Contended(#[source] AppendError),
    #[error("the target did not take a frame: run the copy again, it goes on where it stopped")]
    Append(#[source] AppendError),
    #[error(
        "the target ends at stream sequence {sequence} with another frame than the source: verify \
         it, and copy into an empty one"
    )]
    Unequal { sequence: u64 },
}

/// Carries every frame that `from` has when it starts and `to` has not into `to`, which must be
/// empty or hold the beginning of the same log. The chain of all of the source is checked on the
/// way. Stopped at any point, another run goes on.
pub async fn copy(
    from: &EventLog,
    to: &EventLog,
    mut progress: impl FnMut(VerifyProgress),
) -> Result<CopyReport, CopyError> {
    let upto = sequence_of(&patiently(|| from.head()).await.map_err(CopyError::ReadSource)?);
    let target = patiently(|| to.head()).await.map_err(CopyError::ReadTarget)?;
    let there = sequence_of(&target);
    if there > upto {
        return Err(CopyError::Ahead { target: there, from: upto });
    }
    let identity = patiently(|| from.identity()).await.map_err(CopyError::ReadSource)?;
    let started = patiently(|| to.identity()).await.map_err(CopyError::ReadTarget)?;
    if started.is_some() && started != identity {
        return Err(CopyError::Foreign { sequence: 1 });
    }
    let mut frames = from.follow(0);
    let mut chain = Chain::default();
    while chain.sequence < upto {
        for stored in frames.next_many(FRAMES_AT_ONCE).await.map_err(CopyError::ReadSource)? {
            if chain.sequence >= upto {
                break;
            }
            carry(to, &mut chain, stored, target.as_ref()).await?;
            // Said for each one: an append takes as long as reading hundreds.
            progress(VerifyProgress { sequence: chain.sequence, position: chain.last, upto });
        }
    }
    compare(to, &chain, identity).await?;
    Ok(CopyReport { copied: upto - there, there, head: chain, identity })
}

/// Checks one frame of the source and, unless the target has it, appends it there.
async fn carry(
    to: &EventLog,
    chain: &mut Chain,
    stored: Stored,
    target: Option<&Stored>,
) -> Result<(), CopyError> {
    let guard = chain.sequence;
    let Stored { sequence, body } = stored;
    let read = Link::read(body.clone());
    let (link, frame) = read.map_err(|source| chain.unreadable(sequence, source))?;
    chain.join(sequence, link)?;
    match target {
        Some(target) if sequence < target.sequence => return Ok(()),
        Some(target) if sequence == target.sequence => {
            // Equal here, they are equal before: each frame holds the hash of the one before it.
            let is_same = FrameHash::of(&target.body) == chain.hash;
            return if is_same { Ok(()) } else { Err(CopyError::Foreign { sequence }) };
        }
        _ => {}
    }
    match to.append(guard, body, frame.summary(None)).await {
        Ok(appended) if appended == sequence => Ok(()),
        Ok(_) => Err(CopyError::Unequal { sequence }),
        Err(conflict @ AppendError::Conflict { .. }) => Err(CopyError::Contended(conflict)),
        Err(error) => Err(CopyError::Append(error)),
    }
}

/// The target must end where the source was read up to.
async fn compare(
    to: &EventLog,
    chain: &Chain,
    identity: Option<FrameHash>,
) -> Result<(), CopyError> {
    let head = patiently(|| to.head()).await.map_err(CopyError::ReadTarget)?;
    let first = patiently(|| to.identity()).await.map_err(CopyError::ReadTarget)?;
    let hash = head.as_ref().map(|head| FrameHash::of(&head.body)).unwrap_or_default();
    if (sequence_of(&head), hash, first) != (chain.sequence, chain.hash, identity) {
        return Err(CopyError::Unequal { sequence: sequence_of(&head) });
    }
    Ok(())
}

async fn patiently<T, F: Future<Output = Result<T, ReadError>>>(
    ask: impl Fn() -> F,
) -> Result<T, ReadError> {
    let deadline = Instant::now() + PATIENCE;
    let mut pause = Pause::default();
    loop {
        match ask().await {
            Err(ReadError::Unavailable { .. }) if Instant::now() < deadline => pause.wait().await,
            answered => return answered,
        }
    }
}

fn sequence_of(stored: &Option<Stored>) -> u64 {
    stored.as_ref().map_or(0, |stored| stored.sequence)
}
