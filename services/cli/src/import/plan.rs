//! The plan of an import: every row read, every report made, before anything is sent.

use std::collections::HashMap;
use std::path::Path;

use api::ingest::v1::Report;
use prost::Message as _;
use prost_types::Timestamp;

use super::compile::{self, Compiled, Fit, Rules};
use super::definitions;
use super::fact::{Flaw, Values};
use super::kind::FactKind;
use super::mapping::Mapping;
use super::rejects::Reject;
use super::stages::{self, Stages};
use super::table::{Row, Table};

/// What separates two values of `order`, so that the facts of one row fit between them.
const ORDER_STRIDE: u64 = 10;

/// All that will be sent, and the rows that it came from.
#[derive(Debug)]
pub struct Plan {
    /// What the mapping itself defines.
    pub catalog: Vec<Report>,
    /// What rows define, each once.
    pub definitions: Vec<Planned>,
    /// What rows state about deals, by time.
    pub facts: Vec<Planned>,
    /// Every row of every table that a rule reads.
    pub rows: Vec<RowRef>,
    /// The rows that cannot be read. Nothing of such a row is sent.
    pub rejects: Vec<Reject>,
    files: Vec<String>,
}

/// A report and the rows that it came from.
#[derive(Debug)]
pub struct Planned {
    /// The report.
    pub report: Report,
    /// Places in [`Plan::rows`].
    pub rows: Vec<usize>,
}

/// Where a row is.
#[derive(Clone, Copy, Debug)]
pub struct RowRef {
    file: usize,
    /// The line.
    pub line: u64,
    /// Whether its table only defines things.
    pub is_catalog: bool,
    /// Whether it cannot be read.
    pub is_rejected: bool,
    /// Whether it says nothing that another row has not said.
    pub repeats: bool,
    /// Whether it is none of the rows to be tried again.
    pub is_left_out: bool,
}

impl Plan {
    /// Reads all tables and applies all rules.
    ///
    /// # Errors
    /// When the mapping does not fit the files, or a file cannot be read.
    pub fn make(mapping: &Mapping, folder: &Path) -> anyhow::Result<Self> {
        let rules = compile::compile(mapping, folder)?;
        let catalog = definitions::written(mapping, &rules.currency)?;
        let plan = Self {
            catalog,
            definitions: Vec::new(),
            facts: Vec::new(),
            rows: Vec::new(),
            rejects: Vec::new(),
            files: Vec::new(),
        };
        let mut planner = Planner { plan, known: HashMap::new(), stages: Stages::default() };
        for (name, table) in &rules.tables {
            planner.table(name, table, &rules);
        }
        let mut plan = planner.with_pipelines();
        // Of two definitions of one thing the one that is sent later counts, and which one that is
        // must not depend on the order of the rows.
        plan.definitions.sort_by_cached_key(|planned| {
            (planned.report.source_seq, planned.report.encode_to_vec())
        });
        plan.facts.sort_by_key(|planned| {
            let at = planned.report.occurred_at.unwrap_or_default();
            (at.seconds, at.nanos, planned.report.source_seq)
        });
        Ok(plan)
    }

    /// Counts and lists only the rows that were named, by file and line. What the others state stays:
    /// a row that was mended may make something new of the row after it.
    pub fn look_at(&mut self, named: impl Fn(&str, u64) -> bool) {
        for row in &mut self.rows {
            row.is_left_out = !named(&self.files[row.file], row.line);
        }
        self.rejects.retain(|reject| named(&reject.file, reject.line));
    }

    /// The name of the file that a row is in.
    pub fn file(&self, row: &RowRef) -> &str {
        &self.files[row.file]
    }
}

struct Planner {
    plan: Plan,
    /// Definitions by their bytes: thousands of rows name the same few users.
    known: HashMap<Vec<u8>, usize>,
    /// Stages, which only together are a pipeline.
    stages: Stages,
}

impl Planner {
    fn table(&mut self, name: &str, table: &Table, rules: &Rules) {
        let own: Vec<&Compiled> = rules.rules.iter().filter(|rule| rule.table == name).collect();
        if own.is_empty() {
            return;
        }
        let file = self.plan.files.len();
        self.plan.files.push(table.file.clone());
        let is_catalog = own.iter().all(|rule| rule.kind.is_definition());
        let before = rules.before.get(name);
        for (index, row) in table.rows.iter().enumerate() {
            let before = before.and_then(|before| before[index]).map(|before| &table.rows[before]);
            let made = made_of(&At { row, number: index + 1, before }, &own, &rules.currency);
            let place = self.plan.rows.len();
            let is_rejected = made.is_err();
            let repeats = made.as_ref().is_ok_and(Vec::is_empty);
            let line = row.line;
            let is_left_out = false;
            let row = RowRef { file, line, is_catalog, is_rejected, repeats, is_left_out };
            self.plan.rows.push(row);
            match made {
                Ok(made) => {
                    made.into_iter().for_each(|(rule, made)| self.add(rule, made, place));
                }
                Err((rule, flaw)) => self.reject(place, rule, flaw),
            }
        }
    }

    fn reject(&mut self, place: usize, rule: String, Flaw { field, reason }: Flaw) {
        let row = &mut self.plan.rows[place];
        row.is_rejected = true;
        let (file, line) = (self.plan.files[row.file].clone(), row.line);
        self.plan.rejects.push(Reject { file, line, rule, field, reason: reason.to_owned() });
    }

    /// The plan, with the pipelines that rows of stages make together.
    fn with_pipelines(mut self) -> Plan {
        let (pipelines, contradicting) = std::mem::take(&mut self.stages).pipelines();
        for place in contradicting {
            self.reject(place, String::new(), Flaw::new("stage", "SECOND_DEFINITION"));
        }
        self.plan.definitions.extend(pipelines);
        self.plan
    }

    fn add(&mut self, rule: &Compiled, made: Stated, row: usize) {
        let report = match made {
            Stated::Stage(pipeline, stage) => {
                return self.stages.add(&pipeline, &rule.name, *stage, row);
            }
            Stated::Report(report) => *report,
        };
        if !rule.kind.is_definition() {
            self.plan.facts.push(Planned { report, rows: vec![row] });
            return;
        }
        let definitions = &mut self.plan.definitions;
        let place = *self.known.entry(report.encode_to_vec()).or_insert(definitions.len());
        match definitions.get_mut(place) {
            Some(planned) => planned.rows.push(row),
            None => definitions.push(Planned { report, rows: vec![row] }),
        }
    }
}

/// A row at its place: its number in the file, and the row before of the same record.
struct At<'a> {
    row: &'a Row,
    number: usize,
    before: Option<&'a Row>,
}

/// What a rule makes of a row.
enum Stated {
    Report(Box<Report>),
    Stage(String, Box<stages::Row>),
}

type Made<'a> = Vec<(&'a Compiled, Stated)>;

/// Every report of a row, or else the rule and the flaw that make the row unreadable: half a row
/// could say that a deal is open whose closing cannot be read. None, when it repeats what is known.
fn made_of<'a>(
    at: &At<'_>,
    rules: &[&'a Compiled],
    currency: &str,
) -> Result<Made<'a>, (String, Flaw)> {
    if let Err(reason) = &at.row.values {
        return Err((String::new(), Flaw::new("", reason)));
    }
    let mut made = Vec::new();
    let mut repeats = false;
    for rule in rules {
        match rule.fit(at.row, at.number, at.before) {
            Fit::Nothing => {}
            Fit::Repeats => repeats = true,
            Fit::States => {
                let stated = stated(rule, at, currency);
                made.push((*rule, stated.map_err(|flaw| (rule.name.clone(), flaw))?));
            }
        }
    }
    let is_spoken_of = repeats || !made.is_empty();
    if is_spoken_of { Ok(made) } else { Err((String::new(), Flaw::new("", "NO_RULE"))) }
}

fn stated(rule: &Compiled, at: &At<'_>, currency: &str) -> Result<Stated, Flaw> {
    let At { row, number, .. } = *at;
    let key = rule.key.from(row, number);
    if key.is_empty() {
        return Err(Flaw::new("key", "EMPTY"));
    }
    let occurred_at = occurred_at(rule, row, number)?;
    let order: u64 = match rule.order.as_ref().map(|order| order.from(row, number)) {
        None => 0,
        Some(text) => text.parse().map_err(|_| Flaw::new("order", "BAD_ORDER"))?,
    };
    let source_seq = order
        .checked_mul(ORDER_STRIDE)
        .and_then(|order| order.checked_add(rule.step))
        .ok_or(Flaw::new("order", "BAD_ORDER"))?;
    let texts = rule.fields.iter().map(|(name, take)| (name.as_str(), take.from(row, number)));
    let values = Values { texts: texts.collect(), formats: &rule.formats, currency };
    if rule.kind == FactKind::Stage {
        return Ok(Stated::Stage(key, Box::new(values.stage()?)));
    }
    let fact = Some(values.state(rule.kind)?);
    let rule = rule.name.clone();
    Ok(Stated::Report(Box::new(Report { key, rule, occurred_at, source_seq, fact })))
}

/// When it happened: the later of what the rule takes, and of what it cannot have come before.
fn occurred_at(rule: &Compiled, row: &Row, number: usize) -> Result<Option<Timestamp>, Flaw> {
    let instant =
        |text: &str, field| rule.formats.instant(text).ok_or(Flaw::new(field, "BAD_DATE"));
    let Some(at) = &rule.at else { return Ok(None) };
    let text = at.from(row, number);
    if text.is_empty() {
        return Err(Flaw::new("at", "EMPTY"));
    }
    let at = instant(&text, "at")?;
    let text = rule.not_before.as_ref().map(|bound| bound.from(row, number)).unwrap_or_default();
    if text.is_empty() {
        return Ok(Some(at));
    }
    let bound = instant(&text, "not_before")?;
    let is_before = (at.seconds, at.nanos) < (bound.seconds, bound.nanos);
    Ok(Some(if is_before { bound } else { at }))
}
