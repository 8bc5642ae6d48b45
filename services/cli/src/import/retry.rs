//! Trying rejected rows again, after the files or the mapping were mended.

use std::collections::{BTreeSet, HashSet};
use std::path::PathBuf;

use super::rejects::{self, Reject};
use super::summary::ImportSummary;
use super::{How, Read, say};
use crate::session::Session;

/// Which list of rejected rows.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = "\
The list names the mapping and the folder that it came from; both are read again. A row is known by \
its file and line, so mend rows where they stand. Everything is sent again, because a row that was \
mended may change what the next one says; what was recorded before is left alone, so that this may be \
repeated. Listed rows alone are counted, and what is rejected of them still is written back to the \
list.")]
pub struct RetryArgs {
    /// The list that the import wrote
    #[arg(value_name = "REJECTS")]
    pub rejects: PathBuf,
}

/// Reads the same mapping and folder, sends all of it again, of which the server knows the rest, and
/// says what became of the listed rows.
///
/// # Errors
/// As an import; and a usage error when the file is no list of rejected rows.
pub async fn run(args: &RetryArgs, session: &Session) -> anyhow::Result<ImportSummary> {
    let (import, listed) = rejects::read(&args.rejects)?;
    let mut read = Read::new(&import, &import.mapping.display().to_string(), session).await?;
    let rows: HashSet<(&str, u64)> =
        listed.iter().map(|reject| (&*reject.file, reject.line)).collect();
    let gone = gone(&read, &rows);
    read.plan.look_at(|file, line| rows.contains(&(file, line)));
    let how = How { dry_run: false, repeat: 1, shuffle: None };
    let (mut summary, mut rejected) = read.take_in(&how, session).await?;
    summary.rows.rows_read += gone.len() as u64;
    summary.rows.rejected += gone.len() as u64;
    rejected.extend(gone);
    rejected.sort();
    rejects::write(&args.rejects, &import, &rejected)?;
    if !rejected.is_empty() {
        summary.rejects_file = Some(args.rejects.display().to_string());
    }
    say(session, &summary, &rejected);
    Ok(summary)
}

/// The listed rows that no file has any more: they stay listed, since nobody has said what became of
/// them.
fn gone(read: &Read, rows: &HashSet<(&str, u64)>) -> Vec<Reject> {
    let plan = &read.plan;
    let there: HashSet<(&str, u64)> =
        plan.rows.iter().map(|row| (plan.file(row), row.line)).collect();
    let gone: BTreeSet<&(&str, u64)> = rows.difference(&there).collect();
    let reject = |&&(file, line): &&(&str, u64)| Reject {
        file: file.to_owned(),
        line,
        rule: String::new(),
        field: String::new(),
        reason: "ROW_GONE".to_owned(),
    };
    gone.iter().map(reject).collect()
}
