//! `catalog source`: systems of record whose reports are taken as they come.

use api::planning::v1 as sent;
use api::types::v1::ReadAt;
use serde::Serialize;
use tonic::Status;

use super::{Head, Listed, Many, One, PAGE_SIZE, Verb, mark};
use crate::failure::Failure;
use crate::grid::{Cell, Grid};
use crate::recorded::{Done, Shown, just_after};
use crate::session::Session;
use crate::standing::Standing;
use crate::times;
use crate::wording::given;

/// What a source is.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  revops catalog source define crm --name 'The CRM' --kind crm")]
pub struct Definition {
    /// What people call it
    #[arg(long)]
    name: String,

    /// What kind of system it is
    #[arg(long, default_value = "", hide_default_value = true)]
    kind: String,

    /// No more reports are taken from it
    #[arg(long)]
    retired: bool,
}

impl Definition {
    fn stated(self) -> anyhow::Result<sent::SourceDefinition> {
        Ok(sent::SourceDefinition { name: self.name, kind: self.kind, retired: self.retired })
    }
}

verbs! {
    Source source,
    list: list_sources ListSourcesRequest sources,
    get: get_source GetSourceRequest,
    define: define_source DefineSourceRequest source_id,
}

/// A source as JSON shows it.
#[derive(Debug, Serialize)]
pub struct Source {
    id: String,
    key: String,
    name: String,
    kind: Option<String>,
    retired: bool,
    effective_at: Option<String>,
    etag: String,
}

impl From<sent::Source> for Source {
    fn from(source: sent::Source) -> Self {
        Self {
            id: source.id,
            key: source.key,
            name: source.name,
            kind: given(source.kind),
            retired: source.retired,
            effective_at: source.effective_at.as_ref().map(times::show),
            etag: source.etag,
        }
    }
}

impl Shown for Source {
    const NOUN: &'static str = "source";

    fn fields(&self) -> Grid {
        Grid::of_fields([
            ("id", Cell::text(&self.id)),
            ("key", Cell::text(&self.key)),
            ("name", Cell::text(&self.name)),
            ("kind", Cell::text(self.kind.as_deref().unwrap_or_default())),
            ("retired", mark(self.retired)),
            ("effective_at", Cell::text(self.effective_at.as_deref().unwrap_or_default())),
            ("etag", Cell::text(&self.etag)),
        ])
    }
}

impl Listed for Source {
    const NOUNS: &'static str = "sources";
    const COLUMNS: &'static [&'static str] = &["key", "name", "kind", "retired"];

    fn row(&self) -> Vec<Cell> {
        vec![
            Cell::text(&self.key),
            Cell::text(&self.name),
            Cell::text(self.kind.as_deref().unwrap_or_default()),
            mark(self.retired),
        ]
    }
}
