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

/// Runs a verb.
pub async fn run(verb: Verb<Definition>, session: &Session) -> anyhow::Result<()> {
    match verb {
        Verb::List { when } => session
            .output
            .answer(&list(session, when.read_at(session)).await?),
        Verb::Get { key, when } => {
            let (standing, item) = read(session, &key, when.read_at(session)).await?;
            session.output.answer(&One { standing, item })
        }
        Verb::Define { head, definition } => define(head, definition, session).await,
    }
}

async fn list(session: &Session, read_at: ReadAt) -> Result<Many<Source>, Status> {
    let mut client = session.planning();
    let mut many = Many {
        standing: Standing::default(),
        items: Vec::new(),
    };
    let mut request = sent::ListSourcesRequest {
        read_at: Some(read_at),
        page_size: PAGE_SIZE,
        page_token: String::new(),
    };
    loop {
        let page = client
            .list_sources(session.request(request.clone()))
            .await?
            .into_inner();
        many.standing = Standing::of(page.reflected);
        many.items
            .extend(page.sources.into_iter().map(Source::from));
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            return Ok(many);
        }
    }
}

async fn read(session: &Session, key: &str, read_at: ReadAt) -> Result<(Standing, Source), Status> {
    let request = sent::GetSourceRequest {
        source: key.to_owned(),
        read_at: Some(read_at),
    };
    let found = session
        .planning()
        .get_source(session.request(request))
        .await?
        .into_inner();
    Ok((
        Standing::of(found.reflected),
        Source::from(found.source.unwrap_or_default()),
    ))
}

async fn define(head: Head, definition: Definition, session: &Session) -> anyhow::Result<()> {
    let request_id = head.repeatable.request_id();
    let request = sent::DefineSourceRequest {
        key: head.key,
        id: head.id,
        request_id: request_id.clone(),
        etag: head.repeatable.etag,
        effective_at: head.effective_at,
        definition: Some(sent::SourceDefinition {
            name: definition.name,
            kind: definition.kind,
            retired: definition.retired,
        }),
    };
    let defined = session
        .planning()
        .define_source(session.request(request))
        .await
        .map_err(|status| Failure::of_command(status, &request_id))?
        .into_inner();
    let id = defined.source_id;
    // One that holds from a later day on is not there yet, and the definition stands all the same.
    let after = read(session, &id, just_after(defined.recorded.as_ref()))
        .await
        .ok();
    Done::new(id, defined.recorded, after).report(&session.output)
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
            (
                "effective_at",
                Cell::text(self.effective_at.as_deref().unwrap_or_default()),
            ),
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
