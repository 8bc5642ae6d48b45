//! The append: tries until the log has said yes or no, whatever gets lost on the way.

use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;
use tracing::warn;

use crate::frame::{FrameHash, FrameSummary, MAX_FRAME_BYTES};
use crate::log::{AppendError, EventLog, ReadError};
use crate::pause::Pause;

/// For so long, a refusal by one of several servers with nothing after the guard is not believed.
const READY_WITHIN: Duration = Duration::from_secs(2);

/// What came of sending a frame once.
#[derive(Debug)]
pub(crate) enum Attempt {
    Stored(u64),
    /// Something else follows the guard, or is about to.
    Conflict,
    /// No answer, or none that decides: the frame may be stored, now or later, or never.
    Unknown(String),
    TooLarge,
    Closed,
    Refused(String),
}

/// What the log holds right after the guard.
enum Successor {
    Ours(u64),
    Another,
    None,
}

pub(crate) async fn append(
    log: &EventLog,
    guard: u64,
    body: Bytes,
    summary: &FrameSummary,
) -> Result<u64, AppendError> {
    let bytes = body.len();
    if bytes > MAX_FRAME_BYTES {
        return Err(AppendError::TooLarge { guard, bytes });
    }
    let mut pause = Pause::default();
    let (mut in_doubt, started) = (false, Instant::now());
    loop {
        match log.attempt(guard, &body, summary).await {
            Attempt::Stored(sequence) => return Ok(sequence),
            Attempt::TooLarge => return Err(AppendError::TooLarge { guard, bytes }),
            Attempt::Closed => return Err(AppendError::Closed { guard }),
            Attempt::Refused(reason) => return Err(AppendError::Refused { guard, reason }),
            Attempt::Unknown(reason) => {
                warn!(guard, reason, "frame was not acknowledged, sending it again");
                in_doubt = true;
            }
            // The refused try may be the second delivery of one that was stored: a connection
            // that breaks in the middle can do that, so every refusal is looked into.
            Attempt::Conflict => match successor(log, guard, &body).await? {
                Successor::Ours(sequence) => return Ok(sequence),
                Successor::Another => return Err(AppendError::Conflict { guard }),
                // Refused for the sake of a frame that is still on its way: an earlier try of our
                // own, which must arrive first, or another writer's. Or by one of several servers
                // that was just elected and is not ready.
                Successor::None if in_doubt => {}
                Successor::None if log.is_clustered() && started.elapsed() < READY_WITHIN => {}
                Successor::None => return Err(AppendError::Conflict { guard }),
            },
        }
        pause.wait().await;
    }
}

async fn successor(log: &EventLog, guard: u64, body: &Bytes) -> Result<Successor, AppendError> {
    let mut pause = Pause::default();
    loop {
        match look(log, guard, body).await {
            Ok(successor) => return Ok(successor),
            Err(ReadError::Unavailable { reason }) => {
                warn!(guard, reason, "could not read what follows the guard, trying again");
            }
            Err(ReadError::Closed) => return Err(AppendError::Closed { guard }),
            Err(error) => {
                return Err(AppendError::Refused { guard, reason: error.to_string() });
            }
        }
        pause.wait().await;
    }
}

async fn look(log: &EventLog, guard: u64, body: &Bytes) -> Result<Successor, ReadError> {
    if let Some(stored) = log.get(guard.saturating_add(1)).await? {
        let ours = FrameHash::of(&stored.body) == FrameHash::of(body);
        return Ok(if ours { Successor::Ours(stored.sequence) } else { Successor::Another });
    }
    let head = log.end(guard).await?;
    if head < guard {
        return Err(ReadError::LostTail { after: guard, head });
    }
    Ok(Successor::None)
}
