//! A mapping and the tables that it names become rules that can be applied row by row; what does not
//! fit together is said here, before anything is sent.

use std::collections::BTreeMap;
use std::path::Path;

use super::condition::{Condition, Novelty};
use super::formats::Formats;
use super::joins::Joins;
use super::kind::FactKind;
use super::mapping::{Mapping, Rule, Value};
use super::record::Course;
use super::table::{Row, Table};
use super::take::Take;
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
    /// For each row of tables whose rules ask for it, the place of the row before of its record.
    pub before: BTreeMap<String, Vec<Option<usize>>>,
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
    /// Before when it cannot have happened.
    pub not_before: Option<Take>,
    /// What orders facts of one instant.
    pub order: Option<Take>,
    /// What orders the facts of one row.
    pub step: u64,
    /// The fields.
    pub fields: Vec<(String, Take)>,
    /// How dates are written.
    pub formats: Formats,
    conditions: Vec<Condition>,
    novelties: Vec<Novelty>,
}

/// What a rule has to do with a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// It says nothing about such rows.
    Nothing,
    /// The row only repeats what was said before.
    Repeats,
    /// The row states the rule's fact.
    States,
}

impl Compiled {
    /// What the rule has to do with a row, the `number`th of its file, seen from the row before of
    /// the same record.
    pub fn fit(&self, row: &Row, number: usize, before: Option<&Row>) -> Fit {
        if !self.conditions.iter().all(|condition| condition.holds(row)) {
            return Fit::Nothing;
        }
        let is_new = self.novelties.iter().all(|novelty| novelty.holds(row, number, before));
        if is_new { Fit::States } else { Fit::Repeats }
    }

    fn asks_for_the_row_before(&self) -> bool {
        let asks = |it: &Novelty| matches!(it, Novelty::First(_) | Novelty::Changed(_));
        self.novelties.iter().any(asks)
    }
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
    let mut joins = Joins::new(mapping);
    joins.make_columns(&mut tables)?;
    let mut compiler = Compiler { mapping, tables: &tables, joins };
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
    let before = compiler.before(&rules)?;
    Ok(Rules { tables, rules, before, currency })
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
    joins: Joins<'a>,
}

impl<'a> Compiler<'a> {
    fn rule(&mut self, rule: &Rule) -> Result<Compiled, Failure> {
        let table = super::joins::table(self.tables, &rule.table)?;
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
        let formats =
            Formats::new(written.dates.as_ref().unwrap_or(&self.mapping.dates), self.mapping.zone);
        let mut fields = Vec::new();
        for (name, value) in &rule.fields {
            fields.push((name.clone(), self.take(table, value, name)?));
        }
        let key = self.take(table, &key, "key")?;
        let novelties = self.novelties(rule, table, &key)?;
        Ok(Compiled {
            name: rule.name.clone(),
            table: rule.table.clone(),
            kind: rule.fact,
            key,
            at: self.optional(table, at.as_ref(), "at")?,
            not_before: self.optional(table, rule.not_before.as_ref(), "not_before")?,
            order: self.optional(table, order.as_ref(), "order")?,
            step: rule.step.into(),
            fields,
            formats: formats.map_err(Failure::usage)?,
            conditions: conditions(rule, table)?,
            novelties,
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

    fn novelties(
        &mut self,
        rule: &Rule,
        table: &Table,
        key: &Take,
    ) -> Result<Vec<Novelty>, Failure> {
        let mut novelties: Vec<Novelty> = rule.first.into_iter().map(Novelty::First).collect();
        if !rule.changed.is_empty() {
            let columns = rule.changed.iter().map(|name| table.column(name));
            novelties.push(Novelty::Changed(columns.collect::<Result<_, _>>()?));
        }
        for elsewhere in &rule.missing_in {
            let known = self.joins.known(self.tables, elsewhere);
            let known = known.map_err(|error| at("missing_in", &error))?;
            novelties.push(Novelty::MissingIn(key.clone(), known));
        }
        Ok(novelties)
    }

    /// The histories of tables whose rules ask for the row before.
    fn before(
        &mut self,
        rules: &[Compiled],
    ) -> Result<BTreeMap<String, Vec<Option<usize>>>, Failure> {
        let mut before = BTreeMap::new();
        for rule in rules.iter().filter(|rule| rule.asks_for_the_row_before()) {
            if before.contains_key(&rule.table) {
                continue;
            }
            let (written, table) = (&self.mapping.tables[&rule.table], &self.tables[&rule.table]);
            let (Some(key), Some(at_)) = (&written.key, &written.at) else {
                let message = format!(
                    "rule {:?}: first and changed need the table's own key and at, which order the \
                     rows of a record",
                    rule.name
                );
                return Err(Failure::usage(message));
            };
            let course = Course {
                key: self.take(table, key, "key")?,
                at: self.take(table, at_, "at")?,
                order: self.optional(table, written.order.as_ref(), "order")?,
                formats: &rule.formats,
            };
            before.insert(rule.table.clone(), course.before(table));
        }
        Ok(before)
    }

    fn optional(
        &mut self,
        table: &Table,
        value: Option<&Value>,
        place: &str,
    ) -> Result<Option<Take>, Failure> {
        value.map(|value| self.take(table, value, place)).transpose()
    }

    fn take(&mut self, table: &Table, value: &Value, place: &str) -> Result<Take, Failure> {
        self.joins.take(self.tables, table, value).map_err(|error| at(place, &error))
    }
}

fn conditions(rule: &Rule, table: &Table) -> Result<Vec<Condition>, Failure> {
    let mut conditions = Condition::one_of(table, &rule.when)?;
    for (name, values) in &rule.unless {
        conditions.push(Condition::NoneOf(table.column(name)?, values.all().to_vec()));
    }
    for name in &rule.empty {
        conditions.push(Condition::Empty(table.column(name)?));
    }
    for name in &rule.not_empty {
        conditions.push(Condition::NotEmpty(table.column(name)?));
    }
    Ok(conditions)
}
