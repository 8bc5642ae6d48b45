//! Rows and columns: what tables and CSV have in common.

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

use crate::money::Money;

/// One value of a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Words.
    Text(String),
    /// A count.
    Count(u64),
    /// An amount without its currency, which the column or a neighbour names.
    Amount(Option<Money>),
    /// A number with a fixed count of decimals in tables; as it is in CSV.
    Number(Option<f64>, usize),
}

impl Cell {
    /// Words that may be missing.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// For people: thousands apart, decimals aligned.
    pub fn shown(&self) -> String {
        match self {
            // What a stranger wrote must not steer the reader's terminal.
            Self::Text(text) => text.replace(char::is_control, " "),
            Self::Count(count) => apart(&count.to_string()),
            Self::Amount(amount) => amount.as_ref().map_or_else(String::new, |m| apart(&m.amount)),
            Self::Number(number, decimals) => {
                number.map_or_else(String::new, |n| apart(&format!("{n:.decimals$}")))
            }
        }
    }

    /// For programs: nothing that a parser would have to take out again.
    fn plain(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Count(count) => count.to_string(),
            Self::Amount(amount) => amount.as_ref().map_or_else(String::new, |m| m.amount.clone()),
            Self::Number(number, _) => number.map_or_else(String::new, |n| n.to_string()),
        }
    }

    fn alignment(&self) -> CellAlignment {
        match self {
            Self::Text(_) => CellAlignment::Left,
            Self::Count(_) | Self::Amount(_) | Self::Number(..) => CellAlignment::Right,
        }
    }
}

/// A header and rows below it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Grid {
    columns: Vec<String>,
    rows: Vec<Vec<Cell>>,
    total: Option<Vec<Cell>>,
}

impl Grid {
    /// A grid with these columns and no rows yet. Names are `lower_snake`, as CSV writes them.
    pub fn new<S: Into<String>>(columns: impl IntoIterator<Item = S>) -> Self {
        Self { columns: columns.into_iter().map(Into::into).collect(), ..Self::default() }
    }

    /// A grid of names and values, for an answer about one thing.
    pub fn of_fields<S: Into<String>>(fields: impl IntoIterator<Item = (S, Cell)>) -> Self {
        let mut grid = Self::new(["field", "value"]);
        for (name, value) in fields {
            grid.push(vec![Cell::text(name), value]);
        }
        grid
    }

    /// Adds a row of as many cells as there are columns.
    pub fn push(&mut self, row: Vec<Cell>) {
        debug_assert_eq!(row.len(), self.columns.len(), "a row has a cell for each column");
        self.rows.push(row);
    }

    /// Puts a last line under a table. CSV leaves it out, so that its rows can be added up.
    pub fn set_total(&mut self, row: Vec<Cell>) {
        debug_assert_eq!(row.len(), self.columns.len(), "the total has a cell for each column");
        self.total = Some(row);
    }

    /// Aligned columns for people.
    pub fn to_table(&self) -> String {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        table.set_header(self.columns.iter().enumerate().map(|(index, name)| {
            let cell = comfy_table::Cell::new(name.replace('_', " ").to_uppercase());
            cell.set_alignment(self.alignment(index))
        }));
        for row in self.rows.iter().chain(&self.total) {
            table.add_row(
                row.iter().map(|cell| {
                    comfy_table::Cell::new(cell.shown()).set_alignment(cell.alignment())
                }),
            );
        }
        for column in table.column_iter_mut() {
            column.set_padding((0, 2));
        }
        table.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
    }

    /// Comma-separated values with a header line.
    ///
    /// # Errors
    /// None that can happen: memory takes what is written to it.
    pub fn to_csv(&self) -> anyhow::Result<String> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(&self.columns)?;
        for row in &self.rows {
            writer.write_record(row.iter().map(Cell::plain))?;
        }
        Ok(String::from_utf8(writer.into_inner()?)?)
    }

    /// A header stands over its numbers as they do.
    fn alignment(&self, column: usize) -> CellAlignment {
        let first = self.rows.iter().find_map(|row| row.get(column));
        first.map_or(CellAlignment::Left, Cell::alignment)
    }
}

/// Puts commas between the thousands of a decimal number's integer part.
fn apart(number: &str) -> String {
    let (sign, digits) = number.strip_prefix('-').map_or(("", number), |rest| ("-", rest));
    let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(w, f)| (w, Some(f)));
    let mut text = String::from(sign);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if let Some(fraction) = fraction {
        text.push('.');
        text.push_str(fraction);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        for (number, shown) in [
            ("0", "0"),
            ("999", "999"),
            ("1000", "1,000"),
            ("-1234567.891", "-1,234,567.891"),
            ("100000", "100,000"),
        ] {
            assert_eq!(apart(number), shown);
        }
    }

    #[test]
    fn a_table_aligns_numbers_and_csv_leaves_them_alone() {
        let mut grid = Grid::new(["key", "count"]);
        grid.push(vec![Cell::text("a, b"), Cell::Count(12_345)]);
        grid.push(vec![Cell::text("c\u{1b}"), Cell::Count(7)]);
        grid.set_total(vec![Cell::text("total"), Cell::Count(12_352)]);
        assert_eq!(grid.to_table(), "KEY     COUNT\na, b   12,345\nc           7\ntotal  12,352\n");
        assert_eq!(grid.to_csv().unwrap(), "key,count\n\"a, b\",12345\nc\u{1b},7\n");
    }
}
