//! Where words go: answers to stdout in the chosen format, everything else to stderr.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use clap::ValueEnum;
use serde::Serialize;

use crate::grid::Grid;
use crate::standing::Standing;

/// How an answer is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Aligned columns for people.
    #[default]
    Table,
    /// One JSON object.
    Json,
    /// A JSON object on each line: every item of a list, or else the answer as it stands.
    Ndjson,
    /// Comma-separated values with a header line.
    Csv,
}

/// Something that a command answers with: a JSON object as it stands, and rows and columns.
pub trait Answer: Serialize {
    /// What the answer was made from, for the line below a table.
    fn standing(&self) -> Option<&Standing> {
        None
    }

    /// The answer as rows and columns.
    fn grid(&self) -> Grid;

    /// The answer as JSON objects of a line each: what it lists, or itself when it lists nothing.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    fn items(&self) -> anyhow::Result<Vec<String>> {
        Ok(vec![serde_json::to_string(self)?])
    }
}

/// Each of several things as a JSON object on a line of its own.
///
/// # Errors
/// When one cannot be written as JSON.
pub fn one_a_line<T: Serialize>(things: &[T]) -> anyhow::Result<Vec<String>> {
    things.iter().map(|thing| Ok(serde_json::to_string(thing)?)).collect()
}

/// The two ends of a command: one for data, one for everything else.
#[derive(Clone)]
pub struct Output {
    /// How answers are written.
    pub format: Format,
    quiet: bool,
    data: Sink,
    notes: Sink,
}

type Sink = Arc<Mutex<dyn Write + Send>>;

impl Output {
    /// Writes to the process's own stdout and stderr.
    pub fn standard(format: Format, quiet: bool) -> Self {
        Self::new(format, quiet, io::stdout(), io::stderr())
    }

    /// Writes to two sinks of the caller's.
    pub fn new(
        format: Format,
        quiet: bool,
        data: impl Write + Send + 'static,
        notes: impl Write + Send + 'static,
    ) -> Self {
        Self { format, quiet, data: Arc::new(Mutex::new(data)), notes: Arc::new(Mutex::new(notes)) }
    }

    /// Writes an answer in the chosen format, at once, and its standing as a note.
    ///
    /// # Errors
    /// When the sink does not take it, a closed pipe included.
    pub fn answer(&self, answer: &impl Answer) -> anyhow::Result<()> {
        let mut text = match self.format {
            Format::Table => answer.grid().to_table(),
            Format::Json => serde_json::to_string_pretty(answer)?,
            Format::Ndjson => answer.items()?.join("\n"),
            Format::Csv => answer.grid().to_csv()?,
        };
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        write_all(&self.data, &text)?;
        if self.format == Format::Table
            && let Some(standing) = answer.standing()
        {
            self.note(standing.to_string());
        }
        Ok(())
    }

    /// Writes words for a person as they are, at once.
    ///
    /// # Errors
    /// When the sink does not take them, a closed pipe included.
    pub fn write(&self, text: &str) -> anyhow::Result<()> {
        Ok(write_all(&self.data, text)?)
    }

    /// Says something that is not data, unless the caller wants quiet.
    pub fn note(&self, text: impl AsRef<str>) {
        if !self.quiet {
            self.complain(text);
        }
    }

    /// Says something that must be said: an error.
    pub fn complain(&self, text: impl AsRef<str>) {
        // Nobody is left to be told that stderr is gone.
        let _ = write_all(&self.notes, &format!("{}\n", text.as_ref()));
    }

    /// Whether notes are kept to oneself.
    pub fn is_quiet(&self) -> bool {
        self.quiet
    }
}

impl std::fmt::Debug for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Output").field("format", &self.format).finish_non_exhaustive()
    }
}

fn write_all(sink: &Sink, text: &str) -> io::Result<()> {
    // A writer that panicked has left nothing half done that matters to the next line.
    let mut sink = sink.lock().unwrap_or_else(PoisonError::into_inner);
    sink.write_all(text.as_bytes())?;
    sink.flush()
}
