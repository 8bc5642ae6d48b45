//! Import: another system's export becomes reports, by a declarative mapping.
//!
//! Rows are read and mapped as a whole before anything is sent, so that a mapping that does not fit
//! sends nothing, and facts travel in the order in which they happened. The same row makes the same
//! reports, which the server knows again: a second import adds nothing, and one that was interrupted
//! continues.

use std::fs;
use std::path::{Path, PathBuf};

use api::ingest::v1::Report;
use api::planning::v1::SourceDefinition;

use crate::failure::Failure;
use crate::progress::Progress;
use crate::session::Session;
use crate::standing::Standing;
use crate::zone;

mod activity;
mod batches;
mod compile;
mod condition;
mod customer;
mod definitions;
mod fact;
mod formats;
mod joins;
mod kind;
mod lead;
mod mapping;
mod plan;
pub mod random;
mod record;
mod rejects;
mod retry;
pub mod sender;
mod stages;
mod summary;
mod table;
mod take;
#[cfg(test)]
mod tests;
mod unknown;

use mapping::Mapping;
use plan::Plan;
use random::Random;
use rejects::{Import, Reject};
use sender::{Sender, Sent, Verdict};
use summary::{Count, kinds};
pub use summary::{ImportSummary, Reports, Tally};

/// How many kinds of rejections are spelled out on stderr; the file has them all.
const KINDS_SHOWN: usize = 10;

/// What can be asked of an import.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum Verb {
    /// Try the rejected rows of an import again, after the files or the mapping were mended
    Retry(retry::RetryArgs),
}

/// What to import, and by which rules.
#[derive(Clone, Debug, clap::Args)]
#[command(subcommand_negates_reqs = true, args_conflicts_with_subcommands = true)]
#[command(after_long_help = "\
All rows are held in memory while they are sent: count on about one kilobyte for each.

A row of which any part cannot be read is not sent at all; of a row of which the server refuses a \
part, the other parts are recorded. Both are listed in the rejects file with file, line, rule, field \
and reason, never with their content: correct them and run revops import retry on that file, or \
import again. What is there already is left alone, so an import may be repeated, or continued after \
an interruption, at any time.")]
pub struct ImportArgs {
    /// What else to do than import
    #[command(subcommand)]
    pub verb: Option<Verb>,

    /// The mapping: which rows mean what
    #[arg(long, value_name = "FILE", required = true)]
    pub mapping: Option<PathBuf>,

    /// The folder that holds the CSV files, compressed by gzip or not
    #[arg(long, value_name = "DIR", required = true)]
    pub from: Option<PathBuf>,

    /// Where rejected rows are listed [default: MAPPING-rejects.csv here, if there are any]
    #[arg(long, value_name = "FILE")]
    pub rejects: Option<PathBuf>,

    /// Read and map everything, and send nothing
    #[arg(long)]
    pub dry_run: bool,

    /// For trials: send the facts in a random order, the same for the same seed
    #[arg(long, value_name = "SEED", help_heading = "For trials")]
    pub shuffle: Option<u64>,

    /// For trials: send every fact this many times
    #[arg(
        long,
        value_name = "N",
        default_value_t = 1,
        value_parser = clap::value_parser!(u32).range(1..=100),
        help_heading = "For trials"
    )]
    pub repeat: u32,
}

/// Reads, maps and sends; or, of an import before, only the rows that were rejected.
///
/// # Errors
/// A usage error when the mapping does not fit; otherwise when a file cannot be read, or the server
/// refuses the source or stays away for more than a minute.
pub async fn run(args: ImportArgs, session: &Session) -> anyhow::Result<ImportSummary> {
    if let Some(Verb::Retry(args)) = &args.verb {
        return retry::run(args, session).await;
    }
    let (Some(mapping), Some(from)) = (&args.mapping, &args.from) else {
        return Err(Failure::usage("an import needs --mapping and --from").into());
    };
    let import = Import { mapping: absolute(mapping), from: absolute(from) };
    let read = Read::new(&import, &mapping.display().to_string(), session).await?;
    let name = &read.name;
    let path = args.rejects.clone().unwrap_or_else(|| PathBuf::from(format!("{name}-rejects.csv")));
    let how = How { dry_run: args.dry_run, repeat: args.repeat, shuffle: args.shuffle };
    let (mut summary, rejects) = read.take_in(&how, session).await?;
    if !rejects.is_empty() || args.rejects.is_some() || path.exists() {
        rejects::write(&path, &import, &rejects)?;
    }
    if !rejects.is_empty() {
        summary.rejects_file = Some(path.display().to_string());
    }
    say(session, &summary, &rejects);
    Ok(summary)
}

/// The path as it is found from any other folder.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// How reports are sent.
struct How {
    dry_run: bool,
    repeat: u32,
    shuffle: Option<u64>,
}

/// A mapping and what it makes of a folder.
struct Read {
    mapping: Mapping,
    name: String,
    plan: Plan,
}

impl Read {
    /// Reads and maps everything. `shown` is how the person called the mapping.
    async fn new(import: &Import, shown: &str, session: &Session) -> anyhow::Result<Self> {
        let text = fs::read_to_string(&import.mapping)
            .map_err(|error| Failure::usage(format!("--mapping {shown}: {error}")))?;
        let mut mapping = mapping::parse(&text, shown)?;
        mapping.zone = zone::of(session).await?;
        let plan = Plan::make(&mapping, &import.from).map_err(|error| at(shown, error))?;
        let name = import.mapping.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self { mapping, name, plan })
    }

    async fn take_in(
        &self,
        how: &How,
        session: &Session,
    ) -> anyhow::Result<(ImportSummary, Vec<Reject>)> {
        if !how.dry_run {
            return send(how, session, self).await;
        }
        let (mut summary, rejects) = Count::new(&self.plan).finish(true);
        let count = |reports: usize| u64::try_from(reports).unwrap_or(u64::MAX);
        summary.reports.definitions = count(self.plan.catalog.len() + self.plan.definitions.len());
        summary.reports.facts = count(self.plan.facts.len());
        Ok((summary, rejects))
    }
}

async fn send(
    how: &How,
    session: &Session,
    read: &Read,
) -> anyhow::Result<(ImportSummary, Vec<Reject>)> {
    let (source, name, plan) = (&read.mapping.source, &read.name, &read.plan);
    let (channel, actor) = (session.channel.clone(), &session.actor);
    let sender = Sender::new(channel, &session.tenant, actor, &source.key, name)?;
    let (name, kind) = (source.name.clone(), source.kind.clone());
    sender.define_source(&SourceDefinition { name, kind, retired: false }).await?;

    let mut progress = Progress::new(&session.output, "catalog");
    let mut count = Count::new(plan);
    let catalog = relay(&sender, plan.catalog.iter().collect(), &mut progress).await?;
    refuse_bad_catalog(&plan.catalog, &catalog)?;
    count.add_catalog(&catalog.verdicts);
    let reports = plan.definitions.iter().map(|planned| &planned.report).collect();
    let definitions = relay(&sender, reports, &mut progress).await?;
    for (planned, verdict) in plan.definitions.iter().zip(&definitions.verdicts) {
        count.add_definition(planned, verdict);
    }

    progress.turn_to("facts");
    let order = order(plan.facts.len(), how.repeat, how.shuffle);
    let reports = order.iter().map(|&place| &plan.facts[place].report).collect();
    let facts = relay(&sender, reports, &mut progress).await?;
    for (&place, verdict) in order.iter().zip(&facts.verdicts) {
        count.add_fact(&plan.facts[place], verdict);
    }

    let (mut summary, rejects) = count.finish(false);
    let revision = catalog.revision.max(definitions.revision).max(facts.revision);
    summary.standing = Standing::of(sender.standing(revision).await?);
    Ok((summary, rejects))
}

async fn relay(
    sender: &Sender,
    reports: Vec<&Report>,
    progress: &mut Progress,
) -> anyhow::Result<Sent> {
    let count = |reports: usize| u64::try_from(reports).unwrap_or(u64::MAX);
    let total = count(reports.len());
    sender.send(&reports, |done| progress.at(count(done), total)).await
}

/// A pipeline that the server cannot read would leave every deal in an unknown stage.
fn refuse_bad_catalog(reports: &[Report], sent: &Sent) -> Result<(), Failure> {
    for (report, verdict) in reports.iter().zip(&sent.verdicts) {
        if let Verdict::Rejected { field, reason } = verdict {
            let message = format!("the mapping's definition of {:?} is refused", report.key);
            return Err(Failure::usage(format!("{message}: {field}: {reason}")));
        }
    }
    Ok(())
}

/// In which order facts are sent: as planned, unless this is a trial.
fn order(count: usize, repeat: u32, seed: Option<u64>) -> Vec<usize> {
    let mut order: Vec<usize> =
        (0..count).flat_map(|fact| (0..repeat).map(move |_| fact)).collect();
    if let Some(seed) = seed {
        Random::new(seed).shuffle(&mut order);
    }
    order
}

fn say(session: &Session, summary: &ImportSummary, rejects: &[Reject]) {
    let output = &session.output;
    if summary.catalog_rows.rows_read > 0 {
        output.note(format!("catalog rows read: {}", summary.catalog_rows));
    }
    output.note(format!("rows read: {}", summary.rows));
    let kinds = kinds(rejects);
    for kind in kinds.iter().take(KINDS_SHOWN) {
        output.note(format!("  {kind}"));
    }
    if kinds.len() > KINDS_SHOWN {
        output.note(format!("  and {} more kinds", kinds.len() - KINDS_SHOWN));
    }
    for unknown in summary.unknown.iter().take(KINDS_SHOWN) {
        output.note(format!("  {unknown}"));
    }
    if summary.unknown.len() > KINDS_SHOWN {
        output.note(format!("  and {} more names", summary.unknown.len() - KINDS_SHOWN));
    }
    if let Some(file) = &summary.rejects_file {
        output.note(format!("rejected rows are listed in {file}"));
    }
}

/// Says which mapping a usage error is about, and keeps it one.
fn at(file: &str, error: anyhow::Error) -> anyhow::Error {
    match error.downcast::<Failure>() {
        Ok(Failure::Usage(message)) => Failure::usage(format!("{file}: {message}")).into(),
        Ok(failure) => failure.into(),
        Err(error) => error,
    }
}
