//! The table that people read, and the same as JSON lines.

use std::{
    fs::File,
    io::{BufWriter, Write},
    time::Duration,
};

use anyhow::Context;
use serde_json::{Value, json};

/// One measured thing beside another.
#[derive(Debug, Default)]
pub struct Line {
    /// What was measured.
    pub what: String,
    /// How much, and of what.
    pub figure: (f64, &'static str),
    /// The median and the 99th percentile, where single calls were timed.
    pub latency: Option<(Duration, Duration)>,
    /// What it stands beside, and how much that came to.
    pub beside: Option<(String, f64)>,
    /// How many times as much as that.
    pub ratio: Option<f64>,
    /// What holds it back.
    pub held_back_by: &'static str,
}

/// Prints lines as they come, so that a run that is broken off has said something.
pub struct Table {
    json: BufWriter<File>,
}

impl Table {
    /// Begins the table and its file.
    pub fn create() -> anyhow::Result<Table> {
        let program = std::env::current_exe()?;
        // target/release/deps/bench
        let target = program.ancestors().nth(3).context("where is the target folder?")?;
        let json = BufWriter::new(File::create(target.join("bench.json"))?);
        Ok(Table { json })
    }

    /// Begins a question.
    pub fn question(&mut self, title: &str) -> anyhow::Result<()> {
        say(&format!("\n{title}\n{}", "─".repeat(title.chars().count())))?;
        let head = ["measured", "figure", "p50", "p99", "beside", "ratio", "held back by"];
        say(&row(&head.map(str::to_owned)))
    }

    /// Adds a line.
    pub fn line(&mut self, line: &Line) -> anyhow::Result<()> {
        let (value, unit) = line.figure;
        let latency = |pick: fn(&(Duration, Duration)) -> Duration| {
            line.latency.as_ref().map(|both| in_words(pick(both))).unwrap_or_default()
        };
        let beside = line.beside.as_ref();
        say(&row(&[
            line.what.clone(),
            format!("{} {unit}", number(value)),
            latency(|both| both.0),
            latency(|both| both.1),
            beside.map(|(name, value)| format!("{name} {}", number(*value))).unwrap_or_default(),
            line.ratio.map(|ratio| format!("{ratio:.2}")).unwrap_or_default(),
            line.held_back_by.to_owned(),
        ]))?;
        let micros = |pick: fn(&(Duration, Duration)) -> Duration| -> Value {
            line.latency.as_ref().map(|both| pick(both).as_micros() as u64).into()
        };
        let written = json!({
            "what": line.what,
            "value": value,
            "unit": unit,
            "p50_us": micros(|both| both.0),
            "p99_us": micros(|both| both.1),
            "beside": beside.map(|(name, _)| name),
            "beside_value": beside.map(|(_, value)| value),
            "ratio": line.ratio,
            "held_back_by": line.held_back_by,
        });
        writeln!(self.json, "{written}")?;
        Ok(self.json.flush()?)
    }

    /// Adds a remark.
    pub fn remark(&mut self, text: &str) -> anyhow::Result<()> {
        say(&format!("  {text}"))
    }

    /// Ends the table.
    pub fn end(mut self) -> anyhow::Result<()> {
        Ok(self.json.flush()?)
    }
}

fn row(cells: &[String; 7]) -> String {
    let [what, figure, p50, p99, beside, ratio, held] = cells;
    let line = format!("{what:<44}{figure:>20}{p50:>10}{p99:>10}  {beside:<48}{ratio:>6}  {held}");
    line.trim_end().to_owned()
}

fn number(value: f64) -> String {
    if value.abs() < 100.0 {
        return format!("{value:.2}");
    }
    let digits = format!("{value:.0}");
    let mut grouped = String::with_capacity(digits.len() + 4);
    for (place, digit) in digits.char_indices() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

fn in_words(time: Duration) -> String {
    let millis = time.as_secs_f64() * 1e3;
    format!("{millis:.2} ms")
}

fn say(line: &str) -> anyhow::Result<()> {
    Ok(writeln!(std::io::stdout().lock(), "{line}")?)
}
