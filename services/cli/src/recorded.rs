//! What became of a command, with the entity as it left it.

use api::types::v1::{ReadAt, Recorded, read_at};
use serde::ser::{Serialize, SerializeMap as _, Serializer};

use crate::grid::{Cell, Grid};
use crate::output::{Answer, Output};
use crate::standing::Standing;

/// The flags that make a command repeatable.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Repeatable {
    /// A UUID that makes the command safe to repeat [default: a new one]
    #[arg(long, value_name = "UUID")]
    pub request_id: Option<String>,

    /// Refuse unless this is still the latest state
    #[arg(long, default_value = "", hide_default_value = true)]
    pub etag: String,
}

impl Repeatable {
    /// The caller's request id, or a new one: made here, so that it is known when no answer comes.
    pub fn request_id(&self) -> String {
        self.request_id.clone().unwrap_or_else(new_request_id)
    }
}

/// A request id that nobody else has.
pub fn new_request_id() -> String {
    #[expect(clippy::disallowed_methods, reason = "the command line is the edge: ids begin here")]
    let id = uuid::Uuid::now_v7();
    id.to_string()
}

/// An entity as JSON and as a grid of fields.
pub trait Shown: serde::Serialize {
    /// The noun under which JSON shows it.
    const NOUN: &'static str;

    /// Its fields for a table.
    fn fields(&self) -> Grid;
}

/// The answer to a command.
#[derive(Debug)]
pub struct Done<T> {
    id: String,
    recorded: Recorded,
    as_of: Option<String>,
    item: Option<T>,
}

impl<T: Shown> Done<T> {
    /// Puts together what was recorded and, where it could be read, what is so now.
    pub fn new(id: String, recorded: Option<Recorded>, read: Option<(Standing, T)>) -> Self {
        let (standing, item) = read.unzip();
        let as_of = standing.and_then(|standing| standing.as_of);
        Self { id, recorded: recorded.unwrap_or_default(), as_of, item }
    }

    /// Writes the answer, and says in a word what happened.
    ///
    /// # Errors
    /// When stdout does not take it.
    pub fn report(&self, output: &Output) -> anyhow::Result<()> {
        output.answer(self)?;
        let Recorded { revision, command_id, changed, repeated, .. } = &self.recorded;
        output.note(match (repeated, changed) {
            (true, _) => format!("recorded before, at {revision} · command {command_id}"),
            (false, true) => format!("recorded at {revision} · command {command_id}"),
            (false, false) => "nothing recorded: it is so already".to_owned(),
        });
        Ok(())
    }
}

impl<T: Shown> Serialize for Done<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("revision", &self.recorded.revision)?;
        map.serialize_entry("as_of", &self.as_of)?;
        map.serialize_entry("id", &self.id)?;
        map.serialize_entry("command_id", &self.recorded.command_id)?;
        map.serialize_entry("etag", &self.recorded.etag)?;
        map.serialize_entry("changed", &self.recorded.changed)?;
        map.serialize_entry("repeated", &self.recorded.repeated)?;
        map.serialize_entry(T::NOUN, &self.item)?;
        map.end()
    }
}

impl<T: Shown> Answer for Done<T> {
    fn grid(&self) -> Grid {
        self.item.as_ref().map_or_else(
            || {
                Grid::of_fields([
                    ("id", Cell::text(&self.id)),
                    ("revision", Cell::text(self.recorded.revision.to_string())),
                    ("command_id", Cell::text(&self.recorded.command_id)),
                ])
            },
            T::fields,
        )
    }
}

/// The past in which a command has just been recorded: an entity read at it is as the command left
/// it, whatever others have done since.
pub fn just_after(recorded: Option<&Recorded>) -> ReadAt {
    ReadAt {
        known_at: recorded.map(|it| read_at::KnownAt::KnownAtPosition(it.revision)),
        ..ReadAt::default()
    }
}
