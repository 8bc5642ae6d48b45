//! `log verify`: recompute the chain of the whole log.

use api::audit::v1::{LogBroken, LogIntact, VerifyLogRequest, verify_log_response::Step};
use clap::Subcommand;
use serde::Serialize;

use crate::failure::Failure;
use crate::grid::{Cell, Grid};
use crate::output::Answer;
use crate::progress::Progress;
use crate::projection;
use crate::session::Session;

/// The verbs of the log.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Read the whole log and recompute its chain of hashes; exit code 1 when it is broken
    Verify,
}

/// The verdict on the log.
#[derive(Debug, Default, Serialize)]
struct Verdict {
    revision: u64,
    as_of: Option<String>,
    log: String,
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    frames: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    commits: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    head_hash: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    broken: Option<Broken>,
}

#[derive(Debug, Serialize)]
struct Broken {
    sequence: u64,
    position: u64,
    what: String,
}

impl Verdict {
    fn intact(mut self, intact: LogIntact) -> Self {
        self.ok = true;
        self.frames = Some(intact.frames);
        self.commits = Some(intact.commits);
        self.log = intact.log;
        self.head_hash = Some(intact.head_hash);
        self
    }

    fn broken(mut self, broken: LogBroken) -> Self {
        let LogBroken { sequence, position, what } = broken;
        self.broken = Some(Broken { sequence, position, what });
        self
    }
}

impl Answer for Verdict {
    fn grid(&self) -> Grid {
        let number = |number: Option<u64>| Cell::text(number.unwrap_or_default().to_string());
        match &self.broken {
            None => Grid::of_fields([
                ("verdict", Cell::text("ok")),
                ("frames", number(self.frames)),
                ("commits", number(self.commits)),
                ("log", Cell::text(&self.log)),
                ("head_hash", Cell::text(self.head_hash.as_deref().unwrap_or_default())),
            ]),
            Some(broken) => Grid::of_fields([
                ("verdict", Cell::text("BROKEN")),
                ("frame", Cell::text(broken.sequence.to_string())),
                ("position", Cell::text(broken.position.to_string())),
                ("what", Cell::text(&broken.what)),
            ]),
        }
    }
}

/// Runs the check.
pub async fn run(verb: Verb, session: &Session) -> anyhow::Result<()> {
    let Verb::Verify = verb;
    let mut progress = Progress::new(&session.output, "verifying the log");
    let request = session.open_ended(VerifyLogRequest {});
    let mut steps = session.audit().verify_log(request).await?.into_inner();
    let mut last = None;
    while let Some(step) = steps.message().await? {
        match step.step {
            Some(Step::Progress(it)) => progress.at(it.frames, it.frames_total),
            verdict => last = verdict.or(last),
        }
    }
    drop(progress);
    // A broken log may leave no projection to ask; the verdict counts.
    let standing = projection::standing(session).await.unwrap_or_default();
    let verdict = Verdict {
        revision: standing.revision,
        as_of: standing.as_of,
        log: standing.log,
        ..Verdict::default()
    };
    let verdict = match last {
        Some(Step::Ok(intact)) => verdict.intact(intact),
        Some(Step::Broken(broken)) => verdict.broken(broken),
        _ => anyhow::bail!("the server ended the check without a verdict"),
    };
    session.output.answer(&verdict)?;
    match verdict.broken {
        None => Ok(()),
        Some(Broken { sequence, position, what }) => Err(Failure::Unsound(format!(
            "the log is broken at frame {sequence}, position {position}: {what}\n  \
             to do: stop writing, keep the files as they are, and restore the log from a copy"
        ))
        .into()),
    }
}
