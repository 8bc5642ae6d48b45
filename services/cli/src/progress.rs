//! Progress of work that takes over a second: a bar for a person, a line now and then for a log.

use std::io::{self, IsTerminal as _};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::output::Output;

/// What is over sooner needs no progress.
const PATIENCE: Duration = Duration::from_secs(1);

/// How often a line is written where there is no terminal.
const LINE_INTERVAL: Duration = Duration::from_secs(5);

/// The progress of one piece of work. It disappears when it is dropped.
#[derive(Debug)]
pub struct Progress {
    what: String,
    output: Output,
    started: Instant,
    said: Instant,
    bar: Option<ProgressBar>,
    on_terminal: bool,
}

impl Progress {
    /// Begins; nothing is shown yet.
    pub fn new(output: &Output, what: impl Into<String>) -> Self {
        let now = Instant::now();
        Self {
            what: what.into(),
            output: output.clone(),
            started: now,
            said: now,
            bar: None,
            on_terminal: io::stderr().is_terminal(),
        }
    }

    /// Tells how far it is; a total of zero is one that nobody knows.
    pub fn at(&mut self, done: u64, total: u64) {
        if self.output.is_quiet() || self.started.elapsed() < PATIENCE {
            return;
        }
        if self.on_terminal {
            let bar = self.bar.get_or_insert_with(ProgressBar::no_length);
            if bar.length() != Some(total) && total > 0 {
                bar.set_length(total);
                bar.set_style(style());
            }
            bar.set_message(self.what.clone());
            bar.set_position(done);
        } else if self.said.elapsed() >= LINE_INTERVAL {
            self.said = Instant::now();
            let of_total = if total > 0 { format!(" of {total}") } else { String::new() };
            self.output.note(format!("{}: {done}{of_total}", self.what));
        }
    }

    /// Goes on with another part of the work.
    pub fn turn_to(&mut self, what: impl Into<String>) {
        self.what = what.into();
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn style() -> ProgressStyle {
    ProgressStyle::with_template("{msg} {wide_bar} {human_pos}/{human_len} {per_sec} eta {eta}")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
}
