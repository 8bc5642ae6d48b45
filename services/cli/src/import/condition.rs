//! Which rows a rule speaks about: by what they hold, and by what had been said before.

use std::collections::{BTreeMap, HashSet};
use std::rc::Rc;

use super::mapping::OneOrMore;
use super::table::{Row, Table};
use super::take::Take;
use crate::failure::Failure;

/// What a row must hold.
#[derive(Clone, Debug)]
pub enum Condition {
    /// One of these values.
    OneOf(usize, Vec<String>),
    /// None of these values.
    NoneOf(usize, Vec<String>),
    /// Nothing.
    Empty(usize),
    /// Anything.
    NotEmpty(usize),
}

impl Condition {
    /// Whether a row holds it.
    pub fn holds(&self, row: &Row) -> bool {
        let among =
            |column: usize, values: &[String]| values.iter().any(|value| value == row.get(column));
        match self {
            Self::OneOf(column, values) => among(*column, values),
            Self::NoneOf(column, values) => !among(*column, values),
            Self::Empty(column) => row.get(*column).is_empty(),
            Self::NotEmpty(column) => !row.get(*column).is_empty(),
        }
    }

    /// That columns hold one of some values each.
    ///
    /// # Errors
    /// When there is no such column.
    pub fn one_of(
        table: &Table,
        columns: &BTreeMap<String, OneOrMore>,
    ) -> Result<Vec<Self>, Failure> {
        let condition = |(name, values): (&String, &OneOrMore)| {
            Ok(Self::OneOf(table.column(name)?, values.all().to_vec()))
        };
        columns.iter().map(condition).collect()
    }
}

/// What must be new about a row. A row that is held back by nothing else repeats what is known.
#[derive(Clone, Debug)]
pub enum Novelty {
    /// It is the first of its record, or, when false, it is not.
    First(bool),
    /// It differs from the row before in one of these columns.
    Changed(Vec<usize>),
    /// Its record is not among these.
    MissingIn(Take, Rc<HashSet<String>>),
}

impl Novelty {
    /// Whether a row has it, seen from the row before of the same record.
    pub fn holds(&self, row: &Row, number: usize, before: Option<&Row>) -> bool {
        match (self, before) {
            (Self::First(first), before) => *first == before.is_none(),
            (Self::Changed(_), None) => true,
            (Self::Changed(columns), Some(before)) => {
                columns.iter().any(|column| row.get(*column) != before.get(*column))
            }
            (Self::MissingIn(key, known), _) => !known.contains(&key.from(row, number)),
        }
    }
}
