//! Values that are taken from elsewhere: maps, other tables, and columns that are made of others.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::rc::Rc;

use super::condition::Condition;
use super::formats::Formats;
use super::mapping::{Elsewhere, Lookup, Mapping, OneOrMore, Value};
use super::table::{Row, Table};
use super::take::{Joined, Origin, Take};
use crate::failure::Failure;

type Tables = BTreeMap<String, Table>;

/// What has been looked up so far, so that rules share it.
#[derive(Debug)]
pub struct Joins<'a> {
    mapping: &'a Mapping,
    maps: HashMap<String, Joined>,
    lookups: HashMap<String, Joined>,
}

impl<'a> Joins<'a> {
    /// Nothing looked up yet.
    pub fn new(mapping: &'a Mapping) -> Self {
        let maps = mapping.maps.iter().map(|(name, map)| {
            let map = map.iter().map(|(from, to)| (from.clone(), to.clone())).collect();
            (name.clone(), Rc::new(map))
        });
        Self { mapping, maps: maps.collect(), lookups: HashMap::new() }
    }

    /// Adds to the tables the columns that the mapping makes of others, whatever order they need.
    ///
    /// # Errors
    /// The first that cannot be made, because something in it is missing.
    pub fn make_columns(&mut self, tables: &mut Tables) -> Result<(), Failure> {
        let mut pending: Vec<(&str, &str, &Value)> = Vec::new();
        for (table, written) in &self.mapping.tables {
            let own = written.columns.iter();
            pending.extend(own.map(|(name, value)| (&**table, &**name, value)));
        }
        while !pending.is_empty() {
            let count = pending.len();
            let mut failed = None;
            let mut later = Vec::new();
            for (table, name, value) in pending {
                let own = &tables[table];
                if own.has(name) {
                    let message =
                        format!("table {table:?}: the file has a column {name:?} already");
                    return Err(Failure::usage(message));
                }
                match self.take(tables, own, value) {
                    Ok(take) => {
                        let made: Vec<String> = (1..)
                            .zip(&own.rows)
                            .map(|(number, row)| take.from(row, number))
                            .collect();
                        let own = tables.get_mut(table);
                        own.into_iter().for_each(|own| own.add(name, &made));
                    }
                    Err(error) => {
                        let place = format!("table {table:?}: columns.{name}");
                        failed.get_or_insert(Failure::usage(format!("{place}: {error}")));
                        later.push((table, name, value));
                    }
                }
            }
            match failed {
                Some(failure) if later.len() == count => return Err(failure),
                _ => pending = later,
            }
        }
        Ok(())
    }

    /// How a value is taken from the rows of a table.
    ///
    /// # Errors
    /// What it names and is not there.
    pub fn take(&mut self, tables: &Tables, table: &Table, value: &Value) -> Result<Take, Failure> {
        let value = &value.0;
        let lookup = value.lookup.as_ref().map(|lookup| self.lookup(tables, lookup)).transpose()?;
        let map = value.map.as_ref().map(|name| {
            self.maps.get(name).cloned().ok_or_else(|| unknown("map", name, self.maps.keys()))
        });
        let map = map.transpose()?;
        let or = value.or.as_ref().map(|or| self.take(tables, table, or)).transpose()?;
        if or.is_some() && value.default.is_some() {
            return Err(Failure::usage("give default or or, not both"));
        }
        Ok(Take {
            from: Origin::find(table, value)?,
            map,
            lookup,
            starting: value.starting.clone().unwrap_or_default(),
            default: value.default.clone().unwrap_or_default(),
            or: or.map(Box::new),
        })
    }

    fn lookup(&mut self, tables: &Tables, lookup: &Lookup) -> Result<Joined, Failure> {
        let name = format!("{lookup:?}");
        if let Some(join) = self.lookups.get(&name) {
            return Ok(Rc::clone(join));
        }
        let other = table(tables, &lookup.table)?;
        let (key, take) = (other.column(&lookup.key)?, other.column(&lookup.take)?);
        if lookup.first_by.is_none() {
            refuse_unreadable(other)?;
        }
        let mut rows = rows(other, &lookup.only)?;
        if let Some(column) = &lookup.first_by {
            rows = self.earliest(&lookup.table, other, (key, column), rows)?;
        }
        let mut join = HashMap::new();
        for row in rows {
            let (key, taken) = (row.get(key).to_owned(), row.get(take).to_owned());
            let before = join.insert(key, taken.clone());
            if before.is_some_and(|before| before != taken) {
                let place = format!("{} line {}", other.file, row.line);
                let message = format!("{place}: a second answer for the same {}", lookup.key);
                return Err(Failure::usage(message));
            }
        }
        let join = Rc::new(join);
        self.lookups.insert(name, Rc::clone(&join));
        Ok(join)
    }

    /// Of the rows for each key the earliest; of several of one instant the one whose texts come
    /// first, so that the order of the file does not matter. A row without an instant is none.
    fn earliest<'t>(
        &self,
        name: &str,
        table: &Table,
        (key, by): (usize, &str),
        rows: Vec<&'t Row>,
    ) -> Result<Vec<&'t Row>, Failure> {
        let by = table.column(by)?;
        let patterns = self.mapping.tables[name].dates.as_ref().unwrap_or(&self.mapping.dates);
        let formats = Formats::new(patterns, self.mapping.zone).map_err(Failure::usage)?;
        let rank = |row: &Row| {
            let at = formats.instant(row.get(by)).map(|at| (at.seconds, at.nanos))?;
            let texts: Vec<String> =
                row.values.iter().flat_map(|values| values.iter().map(str::to_owned)).collect();
            Some((at, texts))
        };
        let mut earliest = HashMap::new();
        for row in rows {
            let Some(rank) = rank(row) else { continue };
            let found = earliest.entry(row.get(key)).or_insert_with(|| (rank.clone(), row));
            if rank < found.0 {
                *found = (rank, row);
            }
        }
        Ok(earliest.into_values().map(|(_, row)| row).collect())
    }

    /// The keys of which another table holds a row.
    ///
    /// # Errors
    /// What it names and is not there.
    pub fn known(
        &self,
        tables: &Tables,
        elsewhere: &Elsewhere,
    ) -> Result<Rc<HashSet<String>>, Failure> {
        let other = table(tables, &elsewhere.table)?;
        let key = other.column(&elsewhere.key)?;
        let rows = rows(other, &elsewhere.only)?;
        Ok(Rc::new(rows.into_iter().map(|row| row.get(key).to_owned()).collect()))
    }
}

/// A row that cannot be read might be the second answer, or the only one.
fn refuse_unreadable(table: &Table) -> Result<(), Failure> {
    for row in &table.rows {
        if let Err(reason) = &row.values {
            let place = format!("{} line {}", table.file, row.line);
            return Err(Failure::usage(format!("{place}: cannot be looked up: {reason}")));
        }
    }
    Ok(())
}

/// The rows of a table that hold what they must.
fn rows<'t>(table: &'t Table, only: &BTreeMap<String, OneOrMore>) -> Result<Vec<&'t Row>, Failure> {
    let conditions = Condition::one_of(table, only)?;
    let holds =
        |row: &&Row| row.values.is_ok() && conditions.iter().all(|condition| condition.holds(row));
    Ok(table.rows.iter().filter(holds).collect())
}

/// A table by the mapping's name for it.
///
/// # Errors
/// A usage error that lists those that there are.
pub fn table<'t>(tables: &'t Tables, name: &str) -> Result<&'t Table, Failure> {
    tables.get(name).ok_or_else(|| unknown("table", name, tables.keys()))
}

fn unknown<'k>(what: &str, name: &str, there: impl Iterator<Item = &'k String>) -> Failure {
    let mut there: Vec<&str> = there.map(String::as_str).collect();
    there.sort_unstable();
    Failure::usage(format!("there is no {what} {name:?}; there are: {}", there.join(", ")))
}
