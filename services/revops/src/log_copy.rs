//! `revops log copy`: carry a log and its keys elsewhere, with all positions and hashes as they are.
//!
//! It is the way from one server to three and back, and the way to restore a log from a copy. An end
//! is a data folder, whose servers run for as long as the copy takes, or the URL of servers that run
//! already. It stands with the programs that serve, not with the commands that ask a server: no
//! service takes part.

use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context, anyhow, bail, ensure};
use clap::{ArgMatches, Args, Command, FromArgMatches};
use cli::grid::{Cell, Grid};
use cli::output::{Answer, Output};
use cli::progress::Progress;
use event_log::{CopyReport, JetStream, KeysReport, Options};
use serde::Serialize;

use crate::config::parse_replicas;
use crate::nats::{NatsOptions, NatsServers};
use crate::up::Stop;

/// `revops log copy`
#[derive(Debug, Clone, Args)]
pub struct CopyArgs {
    /// The log to copy: a data folder that nothing runs on, or NATS URLs with commas between
    #[arg(long, value_name = "DATA|URL")]
    pub from: End,
    /// Where to: empty, new, or what an earlier copy that was stopped left behind
    #[arg(long, value_name = "DATA|URL")]
    pub to: End,
    /// How many servers a new target has: 1 or 3 [default: 1]
    #[arg(long, value_name = "N", value_parser = parse_replicas)]
    pub replicas: Option<usize>,
    /// The nats-server to run on data folders; otherwise one is looked for
    #[arg(long, env = "REVOPS_NATS_SERVER", value_name = "FILE")]
    pub nats_server: Option<PathBuf>,
}

/// Where a log is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// A folder of `revops up --data`.
    Folder(PathBuf),
    /// Servers that run.
    Url(String),
}

/// What was carried, and where both logs stand now.
#[derive(Debug, Serialize)]
struct Copied {
    /// The last position, the same in both.
    position: u64,
    frames: u64,
    frames_copied: u64,
    keys: u64,
    keys_copied: u64,
    /// Keys of persons who were erased between two runs; the next process erases them in the target.
    keys_left_over: u64,
    /// Hash of the first frame, the same in both: what tells this log from every other.
    log: String,
    /// Hash of the last frame, the same in both.
    head_hash: String,
}

impl FromStr for End {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<End, Self::Err> {
        let is_url = text.contains("://");
        Ok(if is_url { End::Url(text.to_owned()) } else { End::Folder(text.into()) })
    }
}

impl Answer for Copied {
    fn grid(&self) -> Grid {
        let number = |number: u64| Cell::text(number.to_string());
        Grid::of_fields([
            ("position", number(self.position)),
            ("frames", number(self.frames)),
            ("frames_copied", number(self.frames_copied)),
            ("keys", number(self.keys)),
            ("keys_copied", number(self.keys_copied)),
            ("keys_left_over", number(self.keys_left_over)),
            ("log", Cell::text(&self.log)),
            ("head_hash", Cell::text(&self.head_hash)),
        ])
    }
}

/// Puts `copy` beside the other verbs of `log`, which ask a server.
pub fn add_to(log: Command) -> Command {
    let copy = Command::new("copy")
        .about("Carry the log and its keys into another data folder or other servers")
        .long_about(
            "Carry the log and its keys into another data folder or other servers, with all \
             positions and hashes as they are: from one server to three, back, or out of a copy. \
             Stopped at any point, the same command goes on.",
        )
        .after_help(
            "Example:\n  revops log copy --from .data --to .data3 --replicas 3\n  revops up --data \
             .data3 --replicas 3",
        );
    log.subcommand(CopyArgs::augment_args(copy))
}

/// The arguments of `log copy`, if that is what was typed.
pub fn typed(matches: &ArgMatches) -> Option<Result<CopyArgs, clap::Error>> {
    let ("log", log) = matches.subcommand()? else { return None };
    let ("copy", copy) = log.subcommand()? else { return None };
    Some(CopyArgs::from_arg_matches(copy))
}

/// Copies, and says what came of it.
pub async fn run(args: &CopyArgs, output: &Output) -> anyhow::Result<()> {
    let master_key = MasterKey::between(&args.from, &args.to)?;
    let source = Opened::start(&args.from, args, Side::Source).await?;
    let copied = async {
        let target = Opened::start(&args.to, args, Side::Target).await?;
        let mut stop = Stop::heard()?;
        let copied = tokio::select! {
            copied = carry(&source.connection, &target.connection, args, output) => copied,
            () = stop.told() => Err(anyhow!("interrupted: the same command goes on from here")),
        };
        // Servers that were started for the copy end with it; why it failed is told first.
        let stopped = target.stop().await;
        copied.and_then(|copied| stopped.map(|()| copied))
    };
    let copied = copied.await;
    let stopped = source.stop().await;
    let copied = copied?;
    stopped?;
    output.note(master_key.hand_over()?);
    output.answer(&copied)
}

async fn carry(
    source: &JetStream,
    target: &JetStream,
    args: &CopyArgs,
    output: &Output,
) -> anyhow::Result<Copied> {
    let Some(from) = source.existing_log().await? else {
        bail!("there is no log in {}: nothing was copied", args.from);
    };
    let Some(from_keys) = source.existing_keys().await? else {
        bail!(
            "{} has a log without its keys: restore the stream REVOPS_KEYS there first, for without \
             it nobody can read what is sealed",
            args.from
        );
    };
    // On however many servers the target has them, if it has them.
    let to = match target.existing_log().await? {
        Some(log) => log,
        None => target.log().await?,
    };
    let to_keys = match target.existing_keys().await? {
        Some(keys) => keys,
        None => target.keys().await?,
    };
    let mut progress = Progress::new(output, "copying frames");
    let log = event_log::copy(&from, &to, |it| progress.at(it.sequence, it.upto)).await?;
    progress.turn_to("copying keys");
    let keys = event_log::copy_keys(&from_keys, &to_keys, |at, of| progress.at(at, of)).await?;
    Ok(Copied::of(&log, &keys))
}

impl Copied {
    fn of(log: &CopyReport, keys: &KeysReport) -> Copied {
        Copied {
            position: log.head.last,
            frames: log.head.sequence,
            frames_copied: log.copied,
            keys: keys.copied + keys.there,
            keys_copied: keys.copied,
            keys_left_over: keys.left_over,
            log: log.identity.map(|hash| hash.to_string()).unwrap_or_default(),
            head_hash: log.head.hash.to_string(),
        }
    }
}

impl std::fmt::Display for End {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            End::Folder(folder) => write!(out, "{}", folder.display()),
            End::Url(url) => out.write_str(url),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Source,
    Target,
}

/// An end that can be asked.
struct Opened {
    connection: JetStream,
    /// The servers of a folder, to be stopped at the end.
    nats: Option<NatsServers>,
}

impl Opened {
    async fn start(end: &End, args: &CopyArgs, side: Side) -> anyhow::Result<Opened> {
        let (url, nats) = match end {
            End::Url(url) => (url.clone(), None),
            End::Folder(folder) => {
                let nats = start_servers(folder, args, side)
                    .await
                    .with_context(|| format!("cannot open {end}: give its NATS URL if it is up"))?;
                (nats.url.clone(), Some(nats))
            }
        };
        let replicas = nats.as_ref().map_or(args.replicas.unwrap_or(1), NatsServers::replicas);
        let options = Options { replicas, ..Options::default() };
        match JetStream::connect(&url, options).await {
            Ok(connection) => Ok(Opened { connection, nats }),
            Err(error) => {
                if let Some(nats) = nats {
                    nats.stop().await?;
                }
                Err(error.into())
            }
        }
    }

    async fn stop(self) -> anyhow::Result<()> {
        match self.nats {
            Some(nats) => Ok(nats.stop().await?),
            None => Ok(()),
        }
    }
}

async fn start_servers(folder: &Path, args: &CopyArgs, side: Side) -> anyhow::Result<NatsServers> {
    let data = folder.join("nats");
    // Looking for a log must not make a place for one.
    ensure!(
        side == Side::Target || data.is_dir(),
        "{} is not the data folder of a `revops up`: it has no log",
        folder.display()
    );
    let options = NatsOptions {
        binary: args.nats_server.clone(),
        replicas: if side == Side::Target { args.replicas } else { None },
        ..NatsOptions::new(data)
    };
    Ok(NatsServers::start(options).await?)
}

/// What the keys are wrapped in, which no server keeps.
enum MasterKey {
    /// From one folder to another, where there is none.
    Copied { from: PathBuf, to: PathBuf },
    /// Both folders have the same.
    There,
    /// It is kept elsewhere.
    Elsewhere,
}

impl MasterKey {
    fn between(from: &End, to: &End) -> anyhow::Result<MasterKey> {
        let (End::Folder(from), End::Folder(to)) = (from, to) else {
            return Ok(MasterKey::Elsewhere);
        };
        let (from, to) = (from.join("master.key"), to.join("master.key"));
        if !from.exists() {
            return Ok(MasterKey::Elsewhere);
        }
        if !to.exists() {
            return Ok(MasterKey::Copied { from, to });
        }
        let read =
            |path: &Path| fs::read(path).with_context(|| format!("cannot read {}", path.display()));
        ensure!(
            read(&from)? == read(&to)?,
            "{} is another master key than {}, and would open nothing that is copied: choose a new \
             folder for --to",
            to.display(),
            from.display()
        );
        Ok(MasterKey::There)
    }

    /// Says what became of it.
    fn hand_over(self) -> anyhow::Result<String> {
        match self {
            MasterKey::Copied { from, to } => {
                // With its permissions, which keep others out.
                fs::copy(&from, &to).with_context(|| format!("cannot write {}", to.display()))?;
                Ok(format!("the master key was copied to {}", to.display()))
            }
            MasterKey::There => Ok("the master key is there".to_owned()),
            MasterKey::Elsewhere => {
                Ok("start the services there with the master key of the source".to_owned())
            }
        }
    }
}
