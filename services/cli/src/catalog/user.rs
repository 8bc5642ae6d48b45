//! `user`: who works here, and under whom.

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
    after_help = "Example:\n  revops user define ann --name 'Ann Lee' --manager bob --office East"
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

impl Definition {
    fn stated(self) -> anyhow::Result<sent::UserDefinition> {
        Ok(sent::UserDefinition {
            name: self.name,
            manager: self.manager,
            office: self.office,
            role: self.role,
            retired: self.retired,
        })
    }
}

verbs! {
    User user,
    list: list_users ListUsersRequest users,
    get: get_user GetUserRequest,
    define: define_user DefineUserRequest user_id,
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
            ("name", Cell::text(text_shown(self.name.as_deref(), self.name_erased))),
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
    const COLUMNS: &'static [&'static str] =
        &["key", "name", "manager", "office", "role", "person_id", "retired"];

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
