//! Histories as short texts, and somebody to tell of.

use std::sync::Arc;

use api::audit::v1::{FieldChange, GetHistoryRequest, GetHistoryResponse, HistoryEntry};
use domain::{Fact, Kind, PersonId, Personal, UserId, opportunity, opportunity::Command, user};
use runtime::runtime::Runtime;
use tonic::Status;
use uuid::Uuid;

use crate::{
    calls::{auditor, request},
    house::{House, ask},
};

pub const DEAL: Uuid = Uuid::from_u128(0xD1);
pub const PERSON: Uuid = Uuid::from_u128(0xE1);

pub fn asking(kind: &str, id: &impl ToString) -> GetHistoryRequest {
    GetHistoryRequest { kind: kind.to_owned(), id: id.to_string(), ..GetHistoryRequest::default() }
}

pub async fn get(
    runtime: &Arc<Runtime>,
    tenant: &str,
    message: GetHistoryRequest,
) -> Result<GetHistoryResponse, Status> {
    Ok(auditor(runtime).get_history(request(tenant, message)).await?.into_inner())
}

pub async fn history(runtime: &Arc<Runtime>, message: GetHistoryRequest) -> Vec<HistoryEntry> {
    get(runtime, "acme", message).await.unwrap().entries
}

/// Fact and changes of an entry: `stage: lead > demo`, with `-` for no value, `*` for an erased one.
pub fn told(entry: &HistoryEntry) -> String {
    let side = |value: &Option<String>, erased: bool| match (value, erased) {
        (Some(value), false) => value.clone(),
        (None, true) => "*".to_owned(),
        (None, false) => "-".to_owned(),
        (Some(value), true) => panic!("{value} is said to be erased"),
    };
    let change = |it: &FieldChange| {
        let before = side(&it.before, it.before_erased);
        format!("{}: {before} > {}", it.field, side(&it.after, it.after_erased))
    };
    let changes: Vec<String> = entry.changes.iter().map(change).collect();
    let (_, fact) = entry.fact.split_once('.').unwrap();
    format!("{fact} [{}]", changes.join(", "))
}

pub fn all_told(entries: &[HistoryEntry]) -> Vec<String> {
    entries.iter().map(told).collect()
}

pub fn handed_to(owner: Uuid) -> Command {
    Command::ChangeOwner(opportunity::OwnerChanged { owner: Some(UserId(owner)) })
}

/// Somebody who works here, with a name and a key that can be erased.
pub async fn employ(house: &House, runtime: &Runtime) -> Uuid {
    let id = runtime.vault.entity_id("acme", Kind::User, "", "grace");
    let defined = user::Defined {
        person: PersonId(PERSON),
        key: Personal::Plain("grace".to_owned()),
        name: Personal::plain("Grace H."),
        manager: None,
        office: "East".to_owned(),
        role: String::new(),
        retired: false,
    };
    runtime.vault.ensure_keys("acme", &[PERSON]).await.unwrap();
    let fact = Fact::User(user::Fact::Defined(defined.into()));
    ask(runtime, house.define("acme", id, None, fact)).await.unwrap();
    id
}
