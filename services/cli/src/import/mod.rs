//! Import: another system's export becomes reports, by a declarative mapping.
//!
//! Rows are read and mapped as a whole before anything is sent, so that a mapping that does not fit
//! sends nothing, and facts travel in the order in which they happened. The same row makes the same
//! reports, which the server knows again: a second import adds nothing, and one that was interrupted
//! continues.

use std::fs;
use std::path::PathBuf;

use api::ingest::v1::Report;
use api::planning::v1::SourceDefinition;

use crate::failure::Failure;
use crate::progress::Progress;
use crate::session::Session;
use crate::standing::Standing;

mod batches;
mod compile;
mod definitions;
mod fact;
mod formats;
mod kind;
mod lead;
mod mapping;
mod plan;
pub mod random;
mod rejects;
pub mod sender;
mod summary;
mod table;
mod take;
#[cfg(test)]
mod tests;

use mapping::Mapping;
use plan::Plan;
use random::Random;
use sender::{Sender, Sent, Verdict};
use summary::{Count, kinds};
pub use summary::{ImportSummary, Reports, Tally};

/// How many kinds of rejections are spelled out on stderr; the file has them all.
const KINDS_SHOWN: usize = 10;

/// What to import, and by which rules.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = "\
All rows are held in memory while they are sent: count on about one kilobyte for each.

A row of which any part cannot be read is not sent at all; of a row of which the server refuses a \
part, the other parts are recorded. Both are listed in the rejects file with file, line, rule, field \
and reason, never with their content: correct them and import again. What is there already is left \
alone, so an import may be repeated, or continued after an interruption, at any time.")]
pub struct ImportArgs {
    /// The mapping: which rows mean what
    #[arg(long, value_name = "FILE")]
    pub mapping: PathBuf,

    /// The folder that holds the CSV files, compressed by gzip or not
    #[arg(long, value_name = "DIR")]
    pub from: PathBuf,

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

/// Reads, maps and sends.
///
/// # Errors
/// A usage error when the mapping does not fit; otherwise when a file cannot be read, or the server
/// refuses the source or stays away for more than a minute.
pub async fn run(args: ImportArgs, session: &Session) -> anyhow::Result<ImportSummary> {
    let file = args.mapping.display().to_string();
    let text = fs::read_to_string(&args.mapping)
        .map_err(|error| Failure::usage(format!("--mapping {file}: {error}")))?;
    let mapping = mapping::parse(&text, &file)?;
    let plan = Plan::make(&mapping, &args.from).map_err(|error| at(&file, error))?;
    let name = args.mapping.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let (mut summary, rejects) = if args.dry_run {
        let (mut summary, rejects) = Count::new(&plan).finish(true);
        let count = |reports: usize| u64::try_from(reports).unwrap_or(u64::MAX);
        summary.reports.definitions = count(plan.catalog.len() + plan.definitions.len());
        summary.reports.facts = count(plan.facts.len());
        (summary, rejects)
    } else {
        send(&args, session, &mapping, &name, &plan).await?
    };
    let path = args.rejects.clone().unwrap_or_else(|| PathBuf::from(format!("{name}-rejects.csv")));
    if !rejects.is_empty() || args.rejects.is_some() || path.exists() {
        rejects::write(&path, &rejects)?;
    }
    if !rejects.is_empty() {
        summary.rejects_file = Some(path.display().to_string());
    }
    say(session, &summary, &rejects);
    Ok(summary)
}

async fn send(
    args: &ImportArgs,
    session: &Session,
    mapping: &Mapping,
    name: &str,
    plan: &Plan,
) -> anyhow::Result<(ImportSummary, Vec<rejects::Reject>)> {
    let source = &mapping.source;
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
    let order = order(plan.facts.len(), args.repeat, args.shuffle);
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

fn say(session: &Session, summary: &ImportSummary, rejects: &[rejects::Reject]) {
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
