//! Tables: CSV files as exports have them, compressed or not, with or without a byte-order mark.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use csv::{ByteRecord, StringRecord};
use flate2::read::MultiGzDecoder;

use super::mapping;
use crate::failure::Failure;

/// The first bytes of every gzip file.
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// A file that was read.
#[derive(Debug)]
pub struct Table {
    /// The file's name, without its folder.
    pub file: String,
    header: Vec<String>,
    /// The rows below the header, in the order of the file.
    pub rows: Vec<Row>,
}

/// A row.
#[derive(Debug)]
pub struct Row {
    /// The line that it begins on, from 1.
    pub line: u64,
    /// Its values, or the word for what is wrong with it.
    pub values: Result<StringRecord, &'static str>,
}

impl Row {
    /// A value without the space around it; empty when there is none.
    pub fn get(&self, column: usize) -> &str {
        let values = self.values.as_ref().ok();
        values.and_then(|values| values.get(column)).unwrap_or_default().trim()
    }
}

impl Table {
    /// Reads a table of the mapping from the folder.
    ///
    /// # Errors
    /// When there is no such file or it cannot be read to its end.
    pub fn read(folder: &Path, table: &mapping::Table) -> anyhow::Result<Self> {
        let delimiter =
            u8::try_from(table.delimiter).ok().filter(u8::is_ascii).ok_or_else(|| {
                Failure::usage(format!(
                    "delimiter {:?} is not one ASCII character",
                    table.delimiter
                ))
            })?;
        let path = find(folder, &table.file)?;
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let fail = || format!("cannot read {file}");
        let bytes = read(&path).with_context(fail)?;
        Self::parse(file.clone(), &bytes, delimiter).with_context(fail)
    }

    fn parse(file: String, bytes: &[u8], delimiter: u8) -> anyhow::Result<Self> {
        // Rows of another length are rejected one by one, so the reader has to let them pass.
        let mut reader =
            csv::ReaderBuilder::new().flexible(true).delimiter(delimiter).from_reader(bytes);
        let header: Vec<String> =
            reader.headers()?.iter().map(|name| name.trim().to_owned()).collect();
        let mut rows = Vec::new();
        let mut lines = Lines { bytes, at: 0, line: 1 };
        let mut record = ByteRecord::new();
        while reader.read_byte_record(&mut record)? {
            let start = record.position().map_or(0, csv::Position::byte);
            let line = lines.at(usize::try_from(start)?);
            let values = if record.len() == header.len() {
                StringRecord::from_byte_record(record.clone()).map_err(|_| "NOT_UTF8")
            } else {
                Err("FIELD_COUNT")
            };
            rows.push(Row { line, values });
        }
        Ok(Self { file, header, rows })
    }

    /// Adds a column with a value for each row; rows that cannot be read stay as they are.
    pub fn add(&mut self, name: &str, made: &[String]) {
        for (row, text) in self.rows.iter_mut().zip(made) {
            if let Ok(values) = &mut row.values {
                values.push_field(text);
            }
        }
        self.header.push(name.to_owned());
    }

    /// Whether there is a column of this name.
    pub fn has(&self, name: &str) -> bool {
        self.header.iter().any(|column| column == name)
    }

    /// The place of a column.
    ///
    /// # Errors
    /// A usage error that lists the columns that there are.
    pub fn column(&self, name: &str) -> Result<usize, Failure> {
        self.header.iter().position(|column| column == name).ok_or_else(|| {
            let there = self.header.join(", ");
            Failure::usage(format!("{} has no column {name:?}; it has: {there}", self.file))
        })
    }
}

/// The file under its own name, or compressed beside it.
fn find(folder: &Path, name: &str) -> anyhow::Result<PathBuf> {
    let plain = folder.join(name);
    let packed = folder.join(format!("{name}.gz"));
    [plain, packed]
        .into_iter()
        .find(|path| path.is_file())
        .ok_or_else(|| Failure::usage(format!("--from holds no file {name} or {name}.gz")).into())
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    let bytes = fs::read(path)?;
    if !bytes.starts_with(&GZIP_MAGIC) {
        return Ok(bytes);
    }
    let mut unpacked = Vec::new();
    MultiGzDecoder::new(&*bytes).read_to_end(&mut unpacked)?;
    Ok(unpacked)
}

/// Counts lines. The CSV reader does too, but takes a record to begin inside the line end before it
/// where that is two bytes long.
struct Lines<'a> {
    bytes: &'a [u8],
    at: usize,
    line: u64,
}

impl Lines<'_> {
    /// The line of the first thing that follows a place, which is behind all places asked before.
    fn at(&mut self, place: usize) -> u64 {
        while let Some(&byte) = self.bytes.get(self.at) {
            let is_end = byte == b'\n' || byte == b'\r';
            if self.at >= place && !is_end {
                break;
            }
            self.at += 1;
            // The two bytes of a line end count once, at the second.
            let is_first_half = byte == b'\r' && self.bytes.get(self.at) == Some(&b'\n');
            self.line += u64::from(is_end && !is_first_half);
        }
        self.line
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Write as _;

    use super::*;

    fn table(bytes: &[u8], delimiter: u8) -> Table {
        Table::parse("deals.csv".to_owned(), bytes, delimiter).unwrap()
    }

    #[test]
    fn marks_line_ends_quotes_and_space_are_tolerated() {
        for (bytes, delimiter) in [
            (&b"id,name\n1, Ada \n"[..], b','),
            (b"\xef\xbb\xbfid,name\r\n1,Ada\r\n", b','),
            (b"id;name\r\n1;\"Ada\"", b';'),
            (b" id\tname \n1\tAda\n\n", b'\t'),
            (b"id,name\r1,Ada\r", b','),
        ] {
            let table = table(bytes, delimiter);
            assert_eq!((table.column("id").unwrap(), table.column("name").unwrap()), (0, 1));
            let row = &table.rows[0];
            assert_eq!((row.line, row.get(0), row.get(1), row.get(7)), (2, "1", "Ada", ""));
            assert_eq!(table.rows.len(), 1);
        }
    }

    #[test]
    fn rows_that_cannot_be_read_are_kept_with_their_line() {
        let table = table(b"id,name\n1\n2,\"two\nlines\"\n3,\xff\n4,four,4\n5,five\n", b',');
        let read: Vec<_> =
            table.rows.iter().map(|row| (row.line, row.values.as_ref().err())).collect();
        assert_eq!(
            read,
            [
                (2, Some(&"FIELD_COUNT")),
                (3, None),
                (5, Some(&"NOT_UTF8")),
                (6, Some(&"FIELD_COUNT")),
                (7, None),
            ]
        );
    }

    #[test]
    fn lines_are_counted_as_editors_do() {
        let text = "id,name\n\n1,one\n\n\n2,\"two\nlines\"\n3,three";
        for end in ["\n", "\r\n"] {
            let table = table(text.replace('\n', end).as_bytes(), b',');
            let lines: Vec<_> = table.rows.iter().map(|row| row.line).collect();
            assert_eq!(lines, [3, 6, 8], "{end:?}");
        }
    }

    #[test]
    fn a_column_that_is_missing_is_named_with_those_that_are_there() {
        let error = table(b"id,name\n", b',').column("nmae").unwrap_err().to_string();
        assert_eq!(error, "deals.csv has no column \"nmae\"; it has: id, name");
    }

    #[test]
    fn a_file_may_be_compressed_under_either_name() {
        let folder = tempfile::tempdir().unwrap();
        for (name, asked) in [("a.csv.gz", "a.csv"), ("b.csv.gz", "b.csv.gz"), ("c.csv", "c.csv")] {
            let file = File::create(folder.path().join(name)).unwrap();
            let mut packed = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
            packed.write_all(b"id\n1\n2\n").unwrap();
            packed.finish().unwrap();
            let text = format!("file = {asked:?}");
            let table = Table::read(folder.path(), &toml::from_str(&text).unwrap()).unwrap();
            assert_eq!((table.file.as_str(), table.rows.len()), (name, 2));
        }
        let missing = Table::read(folder.path(), &toml::from_str("file = \"d.csv\"").unwrap());
        assert!(missing.unwrap_err().to_string().contains("no file d.csv"));
    }
}
