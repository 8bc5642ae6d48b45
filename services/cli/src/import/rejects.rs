//! Rejected rows: where they are and why, and nothing of what is in them; and which import it was,
//! so that they can be tried again.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use crate::failure::Failure;

/// What the line begins with that says which import it was.
const MARK: &str = "# import ";

/// The columns.
const HEADER: [&str; 5] = ["file", "line", "rule", "field", "reason"];

/// Which import a list belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Import {
    /// The mapping's file.
    pub mapping: PathBuf,
    /// The folder with the rows.
    pub from: PathBuf,
}

/// A row that was not taken in, or not whole.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reject {
    /// The file's name.
    pub file: String,
    /// The line that the row begins on.
    pub line: u64,
    /// The rule that could not be applied; empty when no rule was.
    pub rule: String,
    /// The field at fault; empty when it is none.
    pub field: String,
    /// A stable UPPER_SNAKE word.
    pub reason: String,
}

/// Writes the list. An empty one replaces what an earlier import left there.
///
/// # Errors
/// When the file cannot be written.
pub fn write(path: &Path, import: &Import, rejects: &[Reject]) -> anyhow::Result<()> {
    let fail = || format!("cannot write the list of rejected rows to {}", path.display());
    let mut file = fs::File::create(path).with_context(fail)?;
    writeln!(file, "{MARK}{}", serde_json::to_string(import)?).with_context(fail)?;
    let mut writer = csv::Writer::from_writer(file);
    writer.write_record(HEADER)?;
    for reject in rejects {
        let line = reject.line.to_string();
        writer.write_record([&reject.file, &line, &reject.rule, &reject.field, &reject.reason])?;
    }
    writer.flush().with_context(fail)
}

/// Reads a list: which import it was, and the rows.
///
/// # Errors
/// A usage error when it is no such list.
pub fn read(path: &Path) -> anyhow::Result<(Import, Vec<Reject>)> {
    let name = path.display();
    let text =
        fs::read_to_string(path).map_err(|error| Failure::usage(format!("{name}: {error}")))?;
    let bad = |why: &str| {
        Failure::usage(format!("{name} is no list of rejected rows: {why}; import again"))
    };
    let (first, rows) = text.split_once('\n').unwrap_or((&text, ""));
    let import = first.trim_end().strip_prefix(MARK);
    let import = import.ok_or_else(|| bad("its first line does not say which import it was"))?;
    let import = serde_json::from_str(import).map_err(|error| bad(&error.to_string()))?;
    let mut reader = csv::Reader::from_reader(rows.as_bytes());
    if reader.headers()? != HEADER.as_slice() {
        return Err(bad(&format!("its columns are not {}", HEADER.join(", "))).into());
    }
    let mut rejects = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| bad(&error.to_string()))?;
        let text = |column: usize| record.get(column).unwrap_or_default().to_owned();
        let line = text(1).parse().map_err(|_| bad("a line is no number"))?;
        let (file, rule, field, reason) = (text(0), text(2), text(3), text(4));
        rejects.push(Reject { file, line, rule, field, reason });
    }
    Ok((import, rejects))
}
