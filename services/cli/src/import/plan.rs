//! The plan of an import: every row read, every report made, before anything is sent.

use std::collections::HashMap;
use std::path::Path;

use api::ingest::v1::Report;
use prost::Message as _;

use super::compile::{self, Compiled, Rules};
use super::definitions;
use super::fact::{Flaw, Values};
use super::mapping::Mapping;
use super::rejects::Reject;
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
        let mut planner = Planner { plan, known: HashMap::new() };
        for (name, table) in &rules.tables {
            planner.table(name, table, &rules);
        }
        let mut plan = planner.plan;
        plan.facts.sort_by_key(|planned| {
            let at = planned.report.occurred_at.unwrap_or_default();
            (at.seconds, at.nanos, planned.report.source_seq)
        });
        Ok(plan)
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
        for (index, row) in table.rows.iter().enumerate() {
            let made = made_of(row, index + 1, &own, &rules.currency);
            let place = self.plan.rows.len();
            let is_rejected = made.is_err();
            self.plan.rows.push(RowRef { file, line: row.line, is_catalog, is_rejected });
            match made {
                Ok(made) => {
                    made.into_iter().for_each(|(rule, report)| self.add(rule, report, place));
                }
                Err((rule, flaw)) => self.plan.rejects.push(Reject {
                    file: table.file.clone(),
                    line: row.line,
                    rule,
                    field: flaw.field,
                    reason: flaw.reason.to_owned(),
                }),
            }
        }
    }

    fn add(&mut self, rule: &Compiled, report: Report, row: usize) {
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

type Made<'a> = Vec<(&'a Compiled, Report)>;

/// Every report of a row, or else the rule and the flaw that make the row unreadable: half a row
/// could say that a deal is open whose closing cannot be read.
fn made_of<'a>(
    row: &Row,
    number: usize,
    rules: &[&'a Compiled],
    currency: &str,
) -> Result<Made<'a>, (String, Flaw)> {
    if let Err(reason) = &row.values {
        return Err((String::new(), Flaw::new("", reason)));
    }
    let mut made = Vec::new();
    for rule in rules.iter().filter(|rule| rule.applies(row)) {
        let report =
            report(rule, row, number, currency).map_err(|flaw| (rule.name.clone(), flaw))?;
        made.push((*rule, report));
    }
    if made.is_empty() { Err((String::new(), Flaw::new("", "NO_RULE"))) } else { Ok(made) }
}

fn report(rule: &Compiled, row: &Row, number: usize, currency: &str) -> Result<Report, Flaw> {
    let key = rule.key.from(row, number);
    if key.is_empty() {
        return Err(Flaw::new("key", "EMPTY"));
    }
    let occurred_at = match rule.at.as_ref().map(|at| at.from(row, number)) {
        None => None,
        Some(text) if text.is_empty() => return Err(Flaw::new("at", "EMPTY")),
        Some(text) => Some(rule.formats.instant(&text).ok_or(Flaw::new("at", "BAD_DATE"))?),
    };
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
    let fact = Some(values.state(rule.kind)?);
    Ok(Report { key, rule: rule.name.clone(), occurred_at, source_seq, fact })
}
