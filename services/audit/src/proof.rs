//! VerifyLog: the whole chain checked again, and its end compared with what this process has read.

use std::sync::Arc;

use api::audit::v1::{
    LogBroken, LogIntact, LogProgress, VerifyLogResponse, verify_log_response::Step,
};
use event_log::{
    Chain, ChainError, EventLog, Frame, FrameHash, ReadError, VerifyError, VerifyReport, verify,
};
use runtime::runtime::Runtime;
use tokio::{runtime::Handle, sync::mpsc::UnboundedSender};
use tonic::Status;

type Steps = UnboundedSender<Result<VerifyLogResponse, Status>>;

/// Checks on a thread of its own, as long as somebody listens.
pub fn begin(runtime: Arc<Runtime>, steps: Steps) {
    let handle = Handle::current();
    tokio::task::spawn_blocking(move || {
        handle.block_on(async {
            tokio::select! {
                () = steps.closed() => {}
                last = check(&runtime, &steps) => {
                    let last = last.map(|step| VerifyLogResponse { step: Some(step) });
                    let _ = steps.send(last.map_err(|error| unreadable(&error)));
                }
            }
        });
    });
}

async fn check(runtime: &Runtime, steps: &Steps) -> Result<Step, ReadError> {
    let (log, read) = (&runtime.log, runtime.applied().borrow().place);
    let total = log.head().await?.map_or(0, |head| head.sequence).max(read.sequence);
    let mut reached = Chain::default();
    let checked = check_twice(log, read, |sequence, position| {
        (reached.sequence, reached.last) = (sequence, position);
        let progress = LogProgress { frames: sequence, commits: position, frames_total: total };
        let _ = steps.send(Ok(VerifyLogResponse { step: Some(Step::Progress(progress)) }));
    });
    match checked.await {
        Ok(Ok(report)) => Ok(Step::Ok(intact(&report))),
        Ok(Err(broken)) => Ok(Step::Broken(broken)),
        Err(VerifyError::Chain(error)) => Ok(Step::Broken(blame(log, read, &error).await?)),
        Err(VerifyError::Read(ReadError::LostTail { .. })) => Ok(Step::Broken(LogBroken {
            sequence: reached.sequence + 1,
            position: reached.last + 1,
            what: "it was there when the check began, and is missing now".to_owned(),
        })),
        Err(VerifyError::Read(error)) => Err(error),
        Err(error @ VerifyError::Checkpoint { .. }) => {
            let what = error.to_string();
            Ok(Step::Broken(altered(log, read.sequence, what).await?))
        }
    }
}

/// First what this process has read, of which it knows the last hash, and then what came after.
async fn check_twice(
    log: &EventLog,
    read: Chain,
    mut progress: impl FnMut(u64, u64),
) -> Result<Result<VerifyReport, LogBroken>, VerifyError> {
    let mut tell = |step: event_log::VerifyProgress| progress(step.sequence, step.position);
    let first = verify(log, None, Some(read.sequence), &mut tell).await?;
    if first.head.sequence < read.sequence {
        let what = format!("it is missing: this process has read up to frame {}", read.sequence);
        let (sequence, position) = (first.head.sequence + 1, first.head.last + 1);
        return Ok(Err(LogBroken { sequence, position, what }));
    }
    if first.head != read {
        let what = format!(
            "it has hash {} now, and had {} when this process read it",
            first.head.hash, read.hash
        );
        return Ok(Err(altered(log, read.sequence, what).await?));
    }
    let rest = verify(log, Some(first.head), None, &mut tell).await?;
    let (frames, commits) = (first.frames + rest.frames, first.commits + rest.commits);
    Ok(Ok(VerifyReport { frames, commits, ..rest }))
}

fn intact(report: &VerifyReport) -> LogIntact {
    let hash = |hash: FrameHash| {
        if hash == FrameHash::NONE { String::new() } else { hash.to_string() }
    };
    let identity = report.identity.map(|identity| identity.to_string()).unwrap_or_default();
    LogIntact {
        frames: report.frames,
        commits: report.commits,
        log: identity.chars().take(16).collect(),
        head_hash: hash(report.head.hash),
    }
}

/// A link of the chain names two frames. The one whose hash is confirmed elsewhere, by the frame
/// after it or by what this process has read, is not the one that was altered.
async fn blame(log: &EventLog, read: Chain, error: &ChainError) -> Result<LogBroken, ReadError> {
    let (sequence, position) = (error.sequence(), error.position());
    let broken = LogBroken { sequence, position, what: error.to_string() };
    if !matches!(error, ChainError::Previous { .. }) || sequence < 2 {
        return Ok(broken);
    }
    let Some(stored) = log.get(sequence).await? else {
        return Ok(broken);
    };
    let hash = FrameHash::of(&stored.body);
    let confirmed = if read.sequence == sequence {
        read.hash == hash
    } else {
        let after = log.get(sequence + 1).await?;
        let after = after.and_then(|stored| Frame::decode(stored.body).ok());
        after.is_some_and(|after| after.previous == hash)
    };
    if !confirmed {
        return Ok(broken);
    }
    let what = format!("it was altered: frame {sequence} was written after one with another hash");
    altered(log, sequence - 1, what).await
}

/// Names a frame that is there and can be read, but is not what was written.
async fn altered(log: &EventLog, sequence: u64, what: String) -> Result<LogBroken, ReadError> {
    let stored = log.get(sequence).await?;
    let frame = stored.and_then(|stored| Frame::decode(stored.body).ok());
    Ok(LogBroken { sequence, position: frame.map_or(0, |frame| frame.first), what })
}

fn unreadable(error: &ReadError) -> Status {
    Status::unavailable(error.to_string())
}
