//! `catalog`: what a tenant configures and everything else refers to.

use clap::Subcommand;
use prost_types::Timestamp;
use serde::Serialize;
use serde::ser::{SerializeMap as _, Serializer};

use crate::grid::{Cell, Grid};
use crate::output::{Answer, one_a_line};
use crate::recorded::{Repeatable, Shown};
use crate::session::Session;
use crate::standing::Standing;
use crate::times;
use crate::when::When;

#[macro_use]
mod verbs;

pub mod calendar;
mod pipeline;
mod product;
pub mod quota;
pub mod rate;
mod source;
mod stages;
pub mod user;

/// The most that the server puts on one page.
const PAGE_SIZE: i32 = 1000;

/// The kinds of the catalog.
#[derive(Debug, Subcommand)]
pub enum Kind {
    /// Systems of record whose reports are taken as they come
    #[command(subcommand)]
    Source(Verb<source::Definition>),
    /// Sequences of stages that deals move through
    #[command(subcommand)]
    Pipeline(Verb<pipeline::Definition>),
    /// What is sold
    #[command(subcommand)]
    Product(Verb<product::Definition>),
}

/// What can be done with a kind of the catalog.
#[derive(Debug, Subcommand)]
pub enum Verb<D: clap::Args> {
    /// List what was defined, retired ones too
    List {
        #[command(flatten)]
        when: When,
    },
    /// Show one
    Get {
        /// Its key or id
        key: String,
        #[command(flatten)]
        when: When,
    },
    /// Define one, for the first time or anew; what is left out does not hold any more
    Define {
        #[command(flatten)]
        head: Head,
        #[command(flatten)]
        definition: D,
    },
}

/// What all definitions begin with.
#[derive(Clone, Debug, clap::Args)]
pub struct Head {
    /// The key by which others refer to it
    pub key: String,

    /// Since when it holds [default: a first definition from the beginning, a later one from now]
    #[arg(long, value_name = "T", value_parser = times::instant)]
    pub effective_at: Option<Timestamp>,

    /// The id [default: made from the key]
    #[arg(long, default_value = "", hide_default_value = true, value_name = "UUID")]
    pub id: String,

    #[command(flatten)]
    pub repeatable: Repeatable,
}

/// Runs a verb on a kind.
pub async fn run(kind: Kind, session: &Session) -> anyhow::Result<()> {
    match kind {
        Kind::Source(verb) => source::run(verb, session).await,
        Kind::Pipeline(verb) => pipeline::run(verb, session).await,
        Kind::Product(verb) => product::run(verb, session).await,
    }
}

/// A thing of the catalog: one that can be a row of a list.
trait Listed: Shown {
    /// The noun under which JSON shows many.
    const NOUNS: &'static str;

    /// The columns of a list.
    const COLUMNS: &'static [&'static str];

    /// The thing as a row of a list.
    fn row(&self) -> Vec<Cell>;
}

/// The answer about one thing.
struct One<T> {
    standing: Standing,
    item: T,
}

impl<T: Shown> Serialize for One<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_under(serializer, &self.standing, T::NOUN, &self.item)
    }
}

impl<T: Shown> Answer for One<T> {
    fn standing(&self) -> Option<&Standing> {
        Some(&self.standing)
    }

    fn grid(&self) -> Grid {
        self.item.fields()
    }
}

/// The answer about all things of a kind.
struct Many<T> {
    standing: Standing,
    items: Vec<T>,
}

impl<T: Listed> Serialize for Many<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_under(serializer, &self.standing, T::NOUNS, &self.items)
    }
}

impl<T: Listed> Answer for Many<T> {
    fn standing(&self) -> Option<&Standing> {
        Some(&self.standing)
    }

    fn items(&self) -> anyhow::Result<Vec<String>> {
        one_a_line(&self.items)
    }

    fn grid(&self) -> Grid {
        let mut grid = Grid::new(T::COLUMNS.iter().copied());
        for item in &self.items {
            grid.push(item.row());
        }
        grid
    }
}

/// The standing's own fields, and then the rest of the answer under its noun.
fn serialize_under<S: Serializer>(
    serializer: S,
    standing: &Standing,
    noun: &str,
    rest: &impl Serialize,
) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(None)?;
    standing.serialize_into(&mut map)?;
    map.serialize_entry(noun, rest)?;
    map.end()
}

/// A flag of a definition, as a table shows it.
fn mark(is_so: bool) -> Cell {
    Cell::text(if is_so { "yes" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_begins_with_its_standing() {
        let source = api::planning::v1::Source {
            key: "crm".into(),
            name: "The CRM".into(),
            ..api::planning::v1::Source::default()
        };
        let many = Many {
            standing: Standing { revision: 3, known_at: 3, ..Standing::default() },
            items: vec![source::Source::from(source)],
        };
        assert_eq!(
            serde_json::to_string(&many).unwrap(),
            concat!(
                r#"{"revision":3,"as_of":null,"known_at":3,"lag":0,"log":"","#,
                r#""sources":[{"id":"","key":"crm","name":"The CRM","kind":null,"#,
                r#""retired":false,"effective_at":null,"etag":""}]}"#,
            )
        );
        assert_eq!(many.grid().to_csv().unwrap(), "key,name,kind,retired\ncrm,The CRM,,\n");
    }
}
