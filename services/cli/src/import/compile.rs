//! A mapping and the tables that it names become rules that can be applied row by row; what does not
//! fit together is said here, before anything is sent.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::rc::Rc;

use super::formats::Formats;
use super::kind::FactKind;
use super::mapping::{Lookup, Mapping, Rule, Value};
use super::table::{Row, Table};
use super::take::{Joined, Origin, Take};
use crate::failure::Failure;

/// The rule that definitions written into the mapping itself are reported under.
pub const CATALOG_RULE: &str = "catalog";

/// The largest `step`, and one less than what separates two values of `order`.
const STEP_MAX: u8 = 9;

/// Rules over tables, ready to be applied.
#[derive(Debug)]
pub struct Rules {
    /// The tables, by the mapping's names for them.
    pub tables: BTreeMap<String, Table>,
    /// The rules, in the mapping's order.
    pub rules: Vec<Compiled>,
    /// The currency of amounts without one of their own; may be empty where there are none.
    pub currency: String,
}

/// A rule whose columns have been found.
#[derive(Debug)]
pub struct Compiled {
    /// Its name.
    pub name: String,
    /// Its table.
    pub table: String,
    /// What it states.
    pub kind: FactKind,
    /// The record's key.
    pub key: Take,
    /// When it happened.
    pub at: Option<Take>,
    /// What orders facts of one instant.
    pub order: Option<Take>,
    /// What orders the facts of one row.
    pub step: u64,
    /// The fields.
    pub fields: Vec<(String, Take)>,
    /// How dates are written.
    pub formats: Formats,
    conditions: Vec<Condition>,
}

impl Compiled {
    /// Whether the rule has something to say about a row.
    pub fn applies(&self, row: &Row) -> bool {
        self.conditions.iter().all(|condition| match condition {
            Condition::OneOf(column, values) => {
                values.iter().any(|value| value == row.get(*column))
            }
            Condition::Empty(column) => row.get(*column).is_empty(),
            Condition::NotEmpty(column) => !row.get(*column).is_empty(),
        })
    }
}

#[derive(Debug)]
enum Condition {
    OneOf(usize, Vec<String>),
    Empty(usize),
    NotEmpty(usize),
}

/// Reads the tables that rules and lookups name and makes the rules ready.
///
/// # Errors
/// A usage error that names the place in the mapping and what may stand there.
pub fn compile(mapping: &Mapping, folder: &Path) -> anyhow::Result<Rules> {
    let mut tables = BTreeMap::new();
    for (name, table) in &mapping.tables {
        tables.insert(name.clone(), Table::read(folder, table)?);
    }
    let maps = mapping.maps.iter().map(|(name, map)| {
        let map = map.iter().map(|(from, to)| (from.clone(), to.clone())).collect();
        (name.clone(), Rc::new(map))
    });
    let mut compiler =
        Compiler { mapping, tables: &tables, maps: maps.collect(), joins: HashMap::new() };
    let mut rules: Vec<Compiled> = Vec::new();
    for rule in &mapping.rules {
        let place = format!("rule {:?}", rule.name);
        if rule.name == CATALOG_RULE || rules.iter().any(|other| other.name == rule.name) {
            return Err(
                Failure::usage(format!("{place}: the name is taken; choose another")).into()
            );
        }
        rules.push(compiler.rule(rule).map_err(|error| at(&place, &error))?);
    }
    if rules.is_empty() {
        return Err(Failure::usage("the mapping has no [[rule]], so no row means anything").into());
    }
    let currency = currency(mapping.currency.as_deref())?;
    Ok(Rules { tables, rules, currency })
}

fn at(place: &str, error: &Failure) -> Failure {
    Failure::usage(format!("{place}: {error}"))
}

fn currency(code: Option<&str>) -> Result<String, Failure> {
    let Some(code) = code else {
        return Ok(String::new());
    };
    if code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Ok(code.to_owned());
    }
    Err(Failure::usage(format!("currency {code:?} is no ISO 4217 code such as \"USD\"")))
}

struct Compiler<'a> {
    mapping: &'a Mapping,
    tables: &'a BTreeMap<String, Table>,
    maps: HashMap<String, Joined>,
    joins: HashMap<(String, String, String), Joined>,
}

impl<'a> Compiler<'a> {
    fn rule(&mut self, rule: &Rule) -> Result<Compiled, Failure> {
        let table = self.table(&rule.table)?;
        let written = &self.mapping.tables[&rule.table];
        self.check_fields(rule)?;
        // A definition holds from the beginning unless its own rule says otherwise.
        let usual = |own: &Option<Value>, of_table: &Option<Value>| {
            let usual = if rule.fact.is_definition() { None } else { of_table.clone() };
            own.clone().or(usual)
        };
        let key = usual(&rule.key, &written.key)
            .ok_or_else(|| Failure::usage("key is missing: which column names the record?"))?;
        let at = usual(&rule.at, &written.at);
        if at.is_none() && !rule.fact.is_definition() {
            return Err(Failure::usage("at is missing: which column says when it happened?"));
        }
        if rule.step > STEP_MAX {
            return Err(Failure::usage(format!("step is {}; it goes up to {STEP_MAX}", rule.step)));
        }
        let order = usual(&rule.order, &written.order);
        let formats = Formats::new(written.dates.as_ref().unwrap_or(&self.mapping.dates));
        let mut fields = Vec::new();
        for (name, value) in &rule.fields {
            fields.push((name.clone(), self.take(table, value, name)?));
        }
        Ok(Compiled {
            name: rule.name.clone(),
            table: rule.table.clone(),
            kind: rule.fact,
            key: self.take(table, &key, "key")?,
            at: at.map(|at| self.take(table, &at, "at")).transpose()?,
            order: order.map(|order| self.take(table, &order, "order")).transpose()?,
            step: rule.step.into(),
            fields,
            formats: formats.map_err(Failure::usage)?,
            conditions: conditions(rule, table)?,
        })
    }

    fn check_fields(&self, rule: &Rule) -> Result<(), Failure> {
        let (required, optional) = rule.fact.fields();
        let allowed = || required.iter().chain(optional).copied().collect::<Vec<_>>().join(", ");
        let is_allowed = |name: &str| required.contains(&name) || optional.contains(&name);
        if let Some(name) = rule.fields.keys().find(|name| !is_allowed(name)) {
            return Err(Failure::usage(format!("fields has {name:?}; it may have: {}", allowed())));
        }
        if let Some(name) = required.iter().find(|name| !rule.fields.contains_key(**name)) {
            return Err(Failure::usage(format!(
                "fields lacks {name:?}; it may have: {}",
                allowed()
            )));
        }
        let money = rule.fact.money_field().filter(|field| rule.fields.contains_key(*field));
        if let Some(field) = money
            && self.mapping.currency.is_none()
            && !rule.fields.contains_key("currency")
        {
            let message = format!(
                "{field:?} needs a currency: at the top of the mapping, or as a field \"currency\""
            );
            return Err(Failure::usage(message));
        }
        Ok(())
    }

    fn take(&mut self, table: &Table, value: &Value, place: &str) -> Result<Take, Failure> {
        let take = || -> Result<Take, Failure> {
            let value = &value.0;
            let lookup = value.lookup.as_ref().map(|lookup| self.join(lookup)).transpose()?;
            let map = value.map.as_ref().map(|name| {
                self.maps.get(name).cloned().ok_or_else(|| unknown("map", name, self.maps.keys()))
            });
            Ok(Take {
                from: Origin::find(table, value)?,
                map: map.transpose()?,
                lookup,
                default: value.default.clone().unwrap_or_default(),
            })
        }();
        take.map_err(|error| at(place, &error))
    }

    fn join(&mut self, lookup: &Lookup) -> Result<Joined, Failure> {
        let name = (lookup.table.clone(), lookup.key.clone(), lookup.take.clone());
        if let Some(join) = self.joins.get(&name) {
            return Ok(Rc::clone(join));
        }
        let table = self.table(&lookup.table)?;
        let (key, take) = (table.column(&lookup.key)?, table.column(&lookup.take)?);
        let mut join = HashMap::new();
        for row in &table.rows {
            let place = || format!("{} line {}", table.file, row.line);
            if let Err(reason) = &row.values {
                return Err(Failure::usage(format!("{}: cannot be looked up: {reason}", place())));
            }
            let (key, taken) = (row.get(key).to_owned(), row.get(take).to_owned());
            let before = join.insert(key, taken.clone());
            if before.is_some_and(|before| before != taken) {
                let message = format!("{}: a second answer for the same {}", place(), lookup.key);
                return Err(Failure::usage(message));
            }
        }
        let join = Rc::new(join);
        self.joins.insert(name, Rc::clone(&join));
        Ok(join)
    }

    fn table(&self, name: &str) -> Result<&'a Table, Failure> {
        self.tables.get(name).ok_or_else(|| unknown("table", name, self.tables.keys()))
    }
}

fn conditions(rule: &Rule, table: &Table) -> Result<Vec<Condition>, Failure> {
    let mut conditions = Vec::new();
    for (name, values) in &rule.when {
        conditions.push(Condition::OneOf(table.column(name)?, values.all().to_vec()));
    }
    for name in &rule.empty {
        conditions.push(Condition::Empty(table.column(name)?));
    }
    for name in &rule.not_empty {
        conditions.push(Condition::NotEmpty(table.column(name)?));
    }
    Ok(conditions)
}

fn unknown<'a>(what: &str, name: &str, there: impl Iterator<Item = &'a String>) -> Failure {
    let mut there: Vec<&str> = there.map(String::as_str).collect();
    there.sort_unstable();
    Failure::usage(format!("there is no {what} {name:?}; there are: {}", there.join(", ")))
}
