//! `catalog user`: who works here.

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
use crate::wording::{Reference, given, label, text_shown};

/// Who a user is and where they stand.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  revops catalog user define ann --name 'Ann Lee' --manager bob --office East"
)]
pub struct Definition {
    /// The person's name; erased with the person
    #[arg(long, default_value = "", hide_default_value = true)]
    name: String,

    /// The user whom they report to, by key or id
    #[arg(long, default_value = "", hide_default_value = true)]
    manager: String,

    /// The office that they work in
    #[arg(long, default_value = "", hide_default_value = true)]
    office: String,

    /// What they do, such as rep
    #[arg(long, default_value = "", hide_default_value = true)]
    role: String,

    /// They no longer work here
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

async fn list(session: &Session, read_at: ReadAt) -> Result<Many<User>, Status> {
    let mut client = session.planning();
    let mut many = Many {
        standing: Standing::default(),
        items: Vec::new(),
    };
    let mut request = sent::ListUsersRequest {
        read_at: Some(read_at),
        page_size: PAGE_SIZE,
        page_token: String::new(),
    };
    loop {
        let page = client
            .list_users(session.request(request.clone()))
            .await?
            .into_inner();
        many.standing = Standing::of(page.reflected);
        many.items.extend(page.users.into_iter().map(User::from));
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            return Ok(many);
        }
    }
}

async fn read(session: &Session, key: &str, read_at: ReadAt) -> Result<(Standing, User), Status> {
    let request = sent::GetUserRequest {
        user: key.to_owned(),
        read_at: Some(read_at),
    };
    let found = session
        .planning()
        .get_user(session.request(request))
        .await?
        .into_inner();
    Ok((
        Standing::of(found.reflected),
        User::from(found.user.unwrap_or_default()),
    ))
}

async fn define(head: Head, definition: Definition, session: &Session) -> anyhow::Result<()> {
    let request_id = head.repeatable.request_id();
    let request = sent::DefineUserRequest {
        key: head.key,
        id: head.id,
        request_id: request_id.clone(),
        etag: head.repeatable.etag,
        effective_at: head.effective_at,
        definition: Some(sent::UserDefinition {
            name: definition.name,
            manager: definition.manager,
            office: definition.office,
            role: definition.role,
            retired: definition.retired,
        }),
    };
    let defined = session
        .planning()
        .define_user(session.request(request))
        .await
        .map_err(|status| Failure::of_command(status, &request_id))?
        .into_inner();
    let id = defined.user_id;
    // One that holds from a later day on is not there yet, and the definition stands all the same.
    let after = read(session, &id, just_after(defined.recorded.as_ref()))
        .await
        .ok();
    Done::new(id, defined.recorded, after).report(&session.output)
}

/// A user as JSON shows it.
#[derive(Debug, Serialize)]
pub struct User {
    id: String,
    key: Option<String>,
    name: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    name_erased: bool,
    manager: Option<Reference>,
    office: Option<String>,
    role: Option<String>,
    person_id: String,
    retired: bool,
    effective_at: Option<String>,
    etag: String,
}

impl From<sent::User> for User {
    fn from(user: sent::User) -> Self {
        let name = user.name.unwrap_or_default();
        Self {
            id: user.id,
            key: given(user.key),
            name: given(name.text),
            name_erased: name.erased,
            manager: user.manager.map(Reference::from),
            office: given(user.office),
            role: given(user.role),
            person_id: user.person_id,
            retired: user.retired,
            effective_at: user.effective_at.as_ref().map(times::show),
            etag: user.etag,
        }
    }
}

impl Shown for User {
    const NOUN: &'static str = "user";

    fn fields(&self) -> Grid {
        let maybe = |text: &Option<String>| Cell::text(text.as_deref().unwrap_or_default());
        Grid::of_fields([
            ("id", Cell::text(&self.id)),
            ("key", maybe(&self.key)),
            (
                "name",
                Cell::text(text_shown(self.name.as_deref(), self.name_erased)),
            ),
            ("manager", Cell::text(label(self.manager.as_ref()))),
            ("office", maybe(&self.office)),
            ("role", maybe(&self.role)),
            ("person_id", Cell::text(&self.person_id)),
            ("retired", mark(self.retired)),
            ("effective_at", maybe(&self.effective_at)),
            ("etag", Cell::text(&self.etag)),
        ])
    }
}

impl Listed for User {
    const NOUNS: &'static str = "users";
    const COLUMNS: &'static [&'static str] = &[
        "key",
        "name",
        "manager",
        "office",
        "role",
        "person_id",
        "retired",
    ];

    fn row(&self) -> Vec<Cell> {
        let maybe = |text: &Option<String>| Cell::text(text.as_deref().unwrap_or_default());
        vec![
            maybe(&self.key),
            Cell::text(text_shown(self.name.as_deref(), self.name_erased)),
            Cell::text(label(self.manager.as_ref())),
            maybe(&self.office),
            maybe(&self.role),
            Cell::text(&self.person_id),
            mark(self.retired),
        ]
    }
}
