//! A mapping as it is written: what the file may say. What it means is settled in `compile.rs`.

use std::collections::BTreeMap;
use std::fmt;

use chrono_tz::Tz;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

use super::kind::FactKind;
use crate::failure::Failure;

/// A whole mapping file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// Where the rows come from.
    pub source: Source,
    /// The currency of amounts, unless a rule has a field `currency`.
    pub currency: Option<String>,
    /// How dates and times are written, tried in turn; a table may say otherwise.
    #[serde(default = "usual_dates")]
    pub dates: Vec<String>,
    /// Where the days of bare dates begin: the tenant's zone, which the server knows.
    #[serde(skip)]
    pub zone: Tz,
    /// Pipelines, which no export spells out.
    #[serde(default, rename = "pipeline")]
    pub pipelines: Vec<Pipeline>,
    /// Products that are in no file.
    #[serde(default, rename = "product")]
    pub products: Vec<Product>,
    /// Users who are in no file.
    #[serde(default, rename = "user")]
    pub users: Vec<User>,
    /// Other words for values; a value that is not listed stays as it is.
    #[serde(default, rename = "map")]
    pub maps: BTreeMap<String, BTreeMap<String, String>>,
    /// The files, by a name of the mapping's own.
    #[serde(rename = "table")]
    pub tables: BTreeMap<String, Table>,
    /// Which rows mean what.
    #[serde(rename = "rule")]
    pub rules: Vec<Rule>,
}

/// The system of record.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Its key in the catalog. The same key is the same source for ever.
    pub key: String,
    /// What people call it.
    pub name: String,
    /// What kind of system it is.
    #[serde(default)]
    pub kind: String,
}

/// A pipeline with its stages.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pipeline {
    /// The key that rules name.
    pub key: String,
    /// What people call it; the key when left out.
    pub name: Option<String>,
    /// Whether a deal counts as being in the furthest stage that it ever reached.
    #[serde(default)]
    pub furthest: bool,
    /// Since when it is so; from the beginning when left out.
    pub since: Option<String>,
    /// The stages, by rising order.
    pub stages: Vec<Stage>,
}

/// A stage of a pipeline.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    /// The key, distinct within the pipeline.
    pub key: String,
    /// What people call it; the key when left out.
    pub name: Option<String>,
    /// Where it stands; its place in the list, from 1, when left out.
    pub order: Option<u32>,
    /// How probable winning is, as a decimal fraction.
    pub probability: Option<Decimal>,
    /// The forecast category of deals in it.
    pub category: Category,
    /// What it means for a deal to be in it.
    #[serde(default)]
    pub outcome: Outcome,
}

/// A product that is in no file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Product {
    /// The key that rules name.
    pub key: String,
    /// What people call it; the key when left out.
    pub name: Option<String>,
    /// What one costs, in the mapping's currency.
    pub list_price: Option<Decimal>,
}

/// A user who is in no file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// The key that rules name.
    pub key: String,
    /// The person's name.
    #[serde(default)]
    pub name: String,
    /// The key of the manager.
    #[serde(default)]
    pub manager: String,
    /// The office.
    #[serde(default)]
    pub office: String,
    /// The role.
    #[serde(default)]
    pub role: String,
}

/// A file of rows under a header.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// The file's name in the folder that is imported; compressed by gzip or not.
    pub file: String,
    /// What stands between two values.
    #[serde(default = "comma")]
    pub delimiter: char,
    /// How dates and times are written in it.
    pub dates: Option<Vec<String>>,
    /// The record's key, for rules about deals that say no other.
    pub key: Option<Value>,
    /// When it happened, for rules about deals that say no other.
    pub at: Option<Value>,
    /// What orders facts of the same instant, for rules about deals that say no other.
    pub order: Option<Value>,
    /// Columns that are made of others, and are used like those of the file.
    #[serde(default)]
    pub columns: BTreeMap<String, Value>,
}

/// A rule: each row that it applies to states one fact.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Its name, for ever: a report under another name is another report.
    pub name: String,
    /// The table whose rows it reads.
    pub table: String,
    /// What such a row states.
    pub fact: FactKind,
    /// Columns that must hold one of these values.
    #[serde(default)]
    pub when: BTreeMap<String, OneOrMore>,
    /// Columns that must hold none of these values.
    #[serde(default)]
    pub unless: BTreeMap<String, OneOrMore>,
    /// Columns that must be empty.
    #[serde(default)]
    pub empty: Vec<String>,
    /// Columns that must not be empty.
    #[serde(default)]
    pub not_empty: Vec<String>,
    /// Only the first row of its record, by the table's `key` and `at`; or, when false, any other.
    pub first: Option<bool>,
    /// Columns of which one must differ from the row before of the same record. The first row of a
    /// record differs from nothing, and passes.
    #[serde(default)]
    pub changed: Vec<String>,
    /// Only records of which these tables hold no row.
    #[serde(default)]
    pub missing_in: Vec<Elsewhere>,
    /// The record's key.
    pub key: Option<Value>,
    /// When it happened; for a definition, since when it holds.
    pub at: Option<Value>,
    /// An instant before which it cannot have happened: the later of the two counts.
    pub not_before: Option<Value>,
    /// What orders facts of the same instant: a whole number.
    pub order: Option<Value>,
    /// What orders the facts of one row: 0 to 9.
    #[serde(default)]
    pub step: u8,
    /// What else the fact says.
    #[serde(default)]
    pub fields: BTreeMap<String, Value>,
}

/// Where a value comes from: the name of a column, or a table that says more.
#[derive(Clone, Debug, Default)]
pub struct Value(pub ValueTable);

/// The longer form of a [`Value`].
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValueTable {
    /// A column.
    pub column: Option<String>,
    /// Several columns, joined.
    pub columns: Option<Vec<String>>,
    /// The same for every row.
    pub value: Option<String>,
    /// The row's number in its file, from 1. Only for files that grow at their end.
    #[serde(default)]
    pub row_number: bool,
    /// What stands between joined columns; a space when left out.
    pub separator: Option<String>,
    /// The map that has other words for it.
    pub map: Option<String>,
    /// The table in which it is looked up.
    pub lookup: Option<Lookup>,
    /// What every value begins with that counts; any other is taken for empty.
    pub starting: Option<String>,
    /// What an empty value is replaced by.
    pub default: Option<String>,
    /// What stands in for an empty value.
    pub or: Option<Box<Value>>,
}

/// A join: the row of another table whose `key` is the value at hand gives its `take`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lookup {
    /// The other table.
    pub table: String,
    /// Its column to be searched.
    pub key: String,
    /// Its column to be taken. Where no row is found, the value is empty.
    pub take: String,
    /// Only rows whose columns hold one of these values.
    #[serde(default, rename = "where")]
    pub only: BTreeMap<String, OneOrMore>,
    /// The column that says when: of several rows for one key, the earliest counts. Without it they
    /// have to agree.
    pub first_by: Option<String>,
}

/// Another table that a record may have rows in.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Elsewhere {
    /// The table.
    pub table: String,
    /// Its column that holds the record's key.
    pub key: String,
    /// Only rows whose columns hold one of these values.
    #[serde(default, rename = "where")]
    pub only: BTreeMap<String, OneOrMore>,
}

/// One text or several.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged, expecting = "expected a text or a list of texts")]
pub enum OneOrMore {
    /// One.
    One(String),
    /// Several.
    More(Vec<String>),
}

impl OneOrMore {
    /// All of them.
    pub fn all(&self) -> &[String] {
        match self {
            Self::One(text) => std::slice::from_ref(text),
            Self::More(texts) => texts,
        }
    }
}

/// How sure a deal is to close.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// Left out of every forecast.
    Omitted,
    /// Possible.
    Pipeline,
    /// Could close if things go well.
    BestCase,
    /// More likely than not.
    MostLikely,
    /// Promised.
    Commit,
    /// Closed and won.
    Closed,
}

/// How a deal in a stage stands.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Still being worked.
    #[default]
    Open,
    /// Closed with an order.
    Won,
    /// Closed without one.
    Lost,
    /// Closed because nobody decided.
    NoDecision,
}

/// A decimal number as it is written, whether as a number or in quotes.
#[derive(Clone, Debug)]
pub struct Decimal(pub String);

/// Reads a mapping.
///
/// # Errors
/// A usage error that names the line and what may stand there.
pub fn parse(text: &str, file: &str) -> Result<Mapping, Failure> {
    toml::from_str(text).map_err(|error| Failure::usage(format!("{file}: {error}")))
}

fn usual_dates() -> Vec<String> {
    vec!["%Y-%m-%d".to_owned(), "rfc3339".to_owned()]
}

fn comma() -> char {
    ','
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Form;

        impl<'de> Visitor<'de> for Form {
            type Value = Value;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a column, or a table such as { value = \"constant\" }")
            }

            fn visit_str<E: de::Error>(self, column: &str) -> Result<Value, E> {
                Ok(Value(ValueTable { column: Some(column.to_owned()), ..Default::default() }))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Value, A::Error> {
                ValueTable::deserialize(MapAccessDeserializer::new(map)).map(Value)
            }
        }

        deserializer.deserialize_any(Form)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Form;

        impl Visitor<'_> for Form {
            type Value = Decimal;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a decimal number such as 0.25 or \"0.25\"")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Decimal, E> {
                Ok(Decimal(text.to_owned()))
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Decimal, E> {
                Ok(Decimal(number.to_string()))
            }

            // The shortest decimal that reads back as the same float is what was typed.
            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Decimal, E> {
                Ok(Decimal(number.to_string()))
            }
        }

        deserializer.deserialize_any(Form)
    }
}
