//! Proof that the log is what was written: every frame read and every link checked again.

use crate::chain::{Chain, ChainError};
use crate::frame::{Commit, FrameHash};
use crate::log::{EventLog, ReadError, Stored};

const FRAMES_AT_ONCE: usize = 256;

/// How far a verification has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VerifyProgress {
    /// Stream sequence of the last frame checked.
    pub sequence: u64,
    /// Position of the last commit checked.
    pub position: u64,
    /// Stream sequence at which it will be done.
    pub upto: u64,
}

/// What was checked and found as written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct VerifyReport {
    pub frames: u64,
    pub commits: u64,
    pub facts: u64,
    pub bytes: u64,
    /// The place after the last frame checked: keep it elsewhere to prove later that up to here
    /// nothing has changed since.
    pub head: Chain,
    /// Hash of the log's first frame; `None` while the log is empty.
    pub identity: Option<FrameHash>,
}

/// What a verification stopped at.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    #[error(transparent)]
    Chain(#[from] ChainError),
    #[error(
        "stream sequence {} with position {} is not the frame that the checkpoint was taken at, \
         hash {} (now: {}): restore the log from a copy",
        checkpoint.sequence, checkpoint.last, checkpoint.hash,
        found.map_or("missing".to_owned(), |hash| hash.to_string())
    )]
    Checkpoint { checkpoint: Chain, found: Option<FrameHash> },
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// Checks the frames after `from` (the checkpoint's own frame included; `None`: all of them) up to
/// stream sequence `upto` (`None`: those that are there when it starts).
pub async fn verify(
    log: &EventLog,
    from: Option<Chain>,
    upto: Option<u64>,
    mut progress: impl FnMut(VerifyProgress),
) -> Result<VerifyReport, VerifyError> {
    let mut chain = from.unwrap_or_default();
    let head = log.head().await?.map_or(0, |stored| stored.sequence);
    let upto = upto.map_or(head, |upto| upto.min(head));
    if chain.sequence > 0 {
        let stored = log.get(chain.sequence).await?;
        let found = stored.map(|stored| FrameHash::of(&stored.body));
        if found != Some(chain.hash) {
            return Err(VerifyError::Checkpoint { checkpoint: chain, found });
        }
    }
    let mut report = VerifyReport { identity: log.identity().await?, ..VerifyReport::default() };
    let mut frames = log.follow(chain.sequence);
    while chain.sequence < upto {
        for stored in frames.next_many(FRAMES_AT_ONCE).await? {
            if chain.sequence < upto {
                report.add(&mut chain, stored)?;
            }
        }
        progress(VerifyProgress { sequence: chain.sequence, position: chain.last, upto });
    }
    report.head = chain;
    Ok(report)
}

impl VerifyReport {
    fn add(&mut self, chain: &mut Chain, stored: Stored) -> Result<(), ChainError> {
        let bytes = stored.body.len() as u64;
        let frame = chain.accept(stored.sequence, stored.body)?;
        self.frames += 1;
        self.commits += frame.commits.len() as u64;
        self.facts += frame.commits.iter().map(Commit::facts).sum::<usize>() as u64;
        self.bytes += bytes;
        Ok(())
    }
}
