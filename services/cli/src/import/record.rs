//! The rows of one record in the order of its history.

use std::collections::HashMap;

use super::formats::Formats;
use super::table::{Row, Table};
use super::take::Take;

/// What makes rows of a table rows of one record, and what orders them.
#[derive(Debug)]
pub struct Course<'a> {
    /// The record's key.
    pub key: Take,
    /// When a row happened.
    pub at: Take,
    /// What orders rows of the same instant.
    pub order: Option<Take>,
    /// How dates are written.
    pub formats: &'a Formats,
}

impl Course<'_> {
    /// For each row of a table the place of the row before of the same record. Rows of the same
    /// instant and order stand by what is in them, so that the order of the file does not matter.
    pub fn before(&self, table: &Table) -> Vec<Option<usize>> {
        let mut records: HashMap<String, Vec<usize>> = HashMap::new();
        for (place, row) in table.rows.iter().enumerate() {
            if row.values.is_ok() {
                records.entry(self.key.from(row, place + 1)).or_default().push(place);
            }
        }
        let mut before = vec![None; table.rows.len()];
        for mut places in records.into_values() {
            places.sort_by_cached_key(|&place| self.rank(&table.rows[place], place + 1));
            for pair in places.windows(2) {
                before[pair[1]] = Some(pair[0]);
            }
        }
        before
    }

    /// A row whose instant cannot be read comes last; it will be rejected.
    fn rank(&self, row: &Row, number: usize) -> (bool, (i64, i32), u64, Vec<String>) {
        let at = self.formats.instant(&self.at.from(row, number));
        let order = self.order.as_ref().and_then(|order| order.from(row, number).parse().ok());
        let texts = row.values.iter().flat_map(|values| values.iter().map(str::to_owned));
        let instant = at.as_ref().map(|at| (at.seconds, at.nanos)).unwrap_or_default();
        (at.is_none(), instant, order.unwrap_or_default(), texts.collect())
    }
}
