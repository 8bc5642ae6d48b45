//! Rejected rows: where they are and why, and nothing of what is in them.

use std::path::Path;

use anyhow::Context as _;

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
pub fn write(path: &Path, rejects: &[Reject]) -> anyhow::Result<()> {
    let fail = || format!("cannot write the list of rejected rows to {}", path.display());
    let mut writer = csv::Writer::from_path(path).with_context(fail)?;
    writer.write_record(["file", "line", "rule", "field", "reason"])?;
    for reject in rejects {
        let line = reject.line.to_string();
        writer.write_record([&reject.file, &line, &reject.rule, &reject.field, &reject.reason])?;
    }
    writer.flush().with_context(fail)
}
