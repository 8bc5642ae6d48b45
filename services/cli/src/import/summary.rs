//! What became of an import: every row that was read is counted once.

use std::collections::BTreeMap;

use serde::Serialize;

use super::plan::{Plan, Planned};
use super::rejects::Reject;
use super::sender::Verdict;
use super::unknown::{self, Unknown};
use crate::grid::{Cell, Grid};
use crate::output::Answer;
use crate::standing::Standing;

/// What became of the rows that were read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ImportSummary {
    /// Where the server stands with all of it.
    #[serde(flatten)]
    pub standing: Standing,
    /// The rows that state something about deals.
    #[serde(flatten)]
    pub rows: Tally,
    /// The rows of files that only define products and users.
    pub catalog_rows: Tally,
    /// The reports that the rows and the mapping made.
    pub reports: Reports,
    /// Stages, pipelines and users that facts name and nothing in the mapping or its files defines.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<Unknown>,
    /// Where rejected rows are listed; absent when none were.
    pub rejects_file: Option<String>,
    /// Whether nothing was sent.
    pub dry_run: bool,
}

/// Rows by what became of them. A row is applied when any report of it was new, rejected when any
/// was rejected, and already there otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// All of them.
    pub rows_read: u64,
    /// Those that said something new.
    pub applied: u64,
    /// Those that had been said before, by an earlier import or by another row of this one.
    pub already_there: u64,
    /// Those that cannot be read, or not whole.
    pub rejected: u64,
    /// Those that would be sent, if this were not a dry run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub would_send: Option<u64>,
}

/// Reports by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Reports {
    /// Definitions, those of the mapping included.
    pub definitions: u64,
    /// Facts about deals.
    pub facts: u64,
    /// Reports that were recorded now.
    pub applied: u64,
    /// Reports that had been recorded before.
    pub already_there: u64,
    /// Reports that were not recorded.
    pub rejected: u64,
}

impl Answer for ImportSummary {
    fn standing(&self) -> Option<&Standing> {
        (!self.dry_run).then_some(&self.standing)
    }

    fn grid(&self) -> Grid {
        let mut columns = vec!["what", "read", "applied", "already_there", "rejected"];
        columns.extend(self.dry_run.then_some("would_send"));
        let mut grid = Grid::new(columns);
        for (what, tally) in [("rows", &self.rows), ("catalog rows", &self.catalog_rows)] {
            let mut row = vec![
                Cell::text(what),
                Cell::Count(tally.rows_read),
                Cell::Count(tally.applied),
                Cell::Count(tally.already_there),
                Cell::Count(tally.rejected),
            ];
            let would_send = tally.would_send.unwrap_or_default();
            row.extend(self.dry_run.then_some(Cell::Count(would_send)));
            grid.push(row);
        }
        grid
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { rows_read, applied, already_there, rejected, would_send } = self;
        match would_send {
            Some(would) if *already_there == 0 => {
                write!(f, "{rows_read} = {would} would be sent + {rejected} rejected")
            }
            Some(would) => write!(
                f,
                "{rows_read} = {would} would be sent + {already_there} say nothing new + {rejected} \
                 rejected"
            ),
            None => write!(
                f,
                "{rows_read} = {applied} applied + {already_there} already there + {rejected} rejected"
            ),
        }
    }
}

/// Counts while verdicts come in.
#[derive(Debug)]
pub struct Count<'a> {
    plan: &'a Plan,
    rows: Vec<Fate>,
    reports: Reports,
    rejects: Vec<Reject>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Fate {
    is_applied: bool,
    is_rejected: bool,
}

impl<'a> Count<'a> {
    /// Nothing sent yet.
    pub fn new(plan: &'a Plan) -> Self {
        let fate = |is_rejected| Fate { is_applied: false, is_rejected };
        Self {
            plan,
            rows: plan.rows.iter().map(|row| fate(row.is_rejected)).collect(),
            reports: Reports::default(),
            rejects: plan.rejects.clone(),
        }
    }

    /// Definitions of the mapping's own, which come from no row.
    pub fn add_catalog(&mut self, verdicts: &[Verdict]) {
        for verdict in verdicts {
            self.reports.definitions += 1;
            self.add(verdict);
        }
    }

    /// What became of a definition that rows made.
    pub fn add_definition(&mut self, planned: &Planned, verdict: &Verdict) {
        self.reports.definitions += 1;
        self.add_of_rows(planned, verdict);
    }

    /// What became of a fact about a deal.
    pub fn add_fact(&mut self, planned: &Planned, verdict: &Verdict) {
        self.reports.facts += 1;
        self.add_of_rows(planned, verdict);
    }

    fn add(&mut self, verdict: &Verdict) {
        *match verdict {
            Verdict::Applied => &mut self.reports.applied,
            Verdict::AlreadyThere => &mut self.reports.already_there,
            Verdict::Rejected { .. } => &mut self.reports.rejected,
        } += 1;
    }

    fn add_of_rows(&mut self, planned: &Planned, verdict: &Verdict) {
        self.add(verdict);
        for &place in &planned.rows {
            match verdict {
                Verdict::Applied => self.rows[place].is_applied = true,
                Verdict::AlreadyThere => {}
                Verdict::Rejected { field, reason } => {
                    if self.plan.rows[place].is_left_out {
                        continue;
                    }
                    self.rows[place].is_rejected = true;
                    self.rejects.push(Reject {
                        file: self.plan.file(&self.plan.rows[place]).to_owned(),
                        line: self.plan.rows[place].line,
                        rule: planned.report.rule.clone(),
                        field: field.clone(),
                        reason: reason.clone(),
                    });
                }
            }
        }
    }

    /// The figures, and the rejected rows by file and line.
    pub fn finish(mut self, is_dry_run: bool) -> (ImportSummary, Vec<Reject>) {
        let mut summary =
            ImportSummary { reports: self.reports, dry_run: is_dry_run, ..Default::default() };
        summary.unknown = unknown::of(self.plan);
        let rows = self.plan.rows.iter().zip(&self.rows);
        for (row, fate) in rows.filter(|(row, _)| !row.is_left_out) {
            let tally = if row.is_catalog { &mut summary.catalog_rows } else { &mut summary.rows };
            tally.rows_read += 1;
            if fate.is_rejected {
                tally.rejected += 1;
            } else if fate.is_applied {
                tally.applied += 1;
            } else if is_dry_run && !row.repeats {
                *tally.would_send.get_or_insert_default() += 1;
            } else {
                tally.already_there += 1;
            }
        }
        self.rejects.sort();
        self.rejects.dedup();
        (summary, self.rejects)
    }
}

/// How many rejections there are of each kind, most first, for a person to see at a glance.
pub fn kinds(rejects: &[Reject]) -> Vec<String> {
    let mut kinds: BTreeMap<(&str, &str, &str, &str), (u64, u64)> = BTreeMap::new();
    for reject in rejects {
        let kind = (&*reject.file, &*reject.rule, &*reject.field, &*reject.reason);
        let (count, _) = kinds.entry(kind).or_insert((0, reject.line));
        *count += 1;
    }
    let mut kinds: Vec<_> = kinds.into_iter().collect();
    kinds.sort_by_key(|(_, (count, _))| std::cmp::Reverse(*count));
    let line =
        |((file, rule, field, reason), (count, line)): ((&str, &str, &str, &str), (u64, u64))| {
            let rule = if rule.is_empty() { String::new() } else { format!(", rule {rule}") };
            let field = if field.is_empty() { String::new() } else { format!(", field {field}") };
            format!("{reason}: {count} in {file}, first on line {line}{rule}{field}")
        };
    kinds.into_iter().map(line).collect()
}
