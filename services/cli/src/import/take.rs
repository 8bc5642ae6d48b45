//! How values are taken from rows: from columns or constants, renamed, joined from other tables.

use std::collections::HashMap;
use std::rc::Rc;

use super::mapping::ValueTable;
use super::table::{Row, Table};
use crate::failure::Failure;

/// What texts are replaced by; shared between the rules that do so.
pub type Joined = Rc<HashMap<String, String>>;

/// How a value is taken from a row: found, renamed, looked up, left out, replaced when empty.
#[derive(Clone, Debug)]
pub struct Take {
    /// Where it stands.
    pub from: Origin,
    /// Other words for it.
    pub map: Option<Joined>,
    /// The table that it is replaced from.
    pub lookup: Option<Joined>,
    /// What every value begins with that counts.
    pub starting: String,
    /// What an empty value becomes.
    pub default: String,
    /// Where to look instead when it is empty.
    pub or: Option<Box<Take>>,
}

/// Where a value stands.
#[derive(Clone, Debug)]
pub enum Origin {
    /// In columns, with something between them.
    Columns(Vec<usize>, String),
    /// In the mapping.
    Constant(String),
    /// In the row's place.
    RowNumber,
}

impl Take {
    /// The value for a row, which is the `number`th of its file.
    pub fn from(&self, row: &Row, number: usize) -> String {
        let mut text = match &self.from {
            Origin::Columns(columns, separator) => {
                let texts = columns.iter().map(|column| row.get(*column));
                texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(separator)
            }
            Origin::Constant(text) => text.clone(),
            Origin::RowNumber => number.to_string(),
        };
        if let Some(other) = self.map.as_ref().and_then(|map| map.get(&text)) {
            text.clone_from(other);
        }
        if let Some(lookup) = &self.lookup {
            text = lookup.get(&text).cloned().unwrap_or_default();
        }
        if !text.starts_with(&self.starting) {
            text.clear();
        }
        match &self.or {
            _ if !text.is_empty() => text,
            Some(or) => or.from(row, number),
            None => self.default.clone(),
        }
    }
}

impl Origin {
    /// Finds it, by what the mapping says.
    ///
    /// # Errors
    /// When the mapping says nothing or too much, or names no column.
    pub fn find(table: &Table, value: &ValueTable) -> Result<Self, Failure> {
        let given = [
            value.column.is_some(),
            value.columns.is_some(),
            value.value.is_some(),
            value.row_number,
        ];
        if given.iter().filter(|given| **given).count() != 1 {
            let message = "give exactly one of column, columns, value and row_number = true";
            return Err(Failure::usage(message));
        }
        if let Some(constant) = &value.value {
            return Ok(Self::Constant(constant.clone()));
        }
        if value.row_number {
            return Ok(Self::RowNumber);
        }
        let names = value.columns.iter().flatten().chain(&value.column);
        let columns = names.map(|name| table.column(name)).collect::<Result<_, _>>()?;
        Ok(Self::Columns(columns, value.separator.clone().unwrap_or_else(|| " ".to_owned())))
    }
}
