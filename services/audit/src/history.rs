//! GetHistory: one page of an entity's facts, as known at one point for all of its pages.

use std::sync::Arc;

use api::audit::v1::{GetHistoryRequest, GetHistoryResponse};
use domain::{Kind, Known, Rejection, Timeline};
use prost::Message as _;
use runtime::{
    from_proto, page,
    query::{Asked, Caller, QueryError},
    runtime::Runtime,
    timelines::EntityRef,
    to_proto::Referring,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    names::Teller,
    steps::{Step, steps},
};

/// Where the next page goes on: what was known at the first one, and how many entries are shown.
#[derive(Serialize, Deserialize)]
struct After {
    known_at: u64,
    shown: usize,
}

/// Answers the question.
pub async fn get(
    runtime: &Arc<Runtime>,
    caller: &Caller,
    request: GetHistoryRequest,
) -> Result<GetHistoryResponse, QueryError> {
    let (size, kind) = (page::size(request.page_size)?, kind("kind", &request.kind)?);
    let question = GetHistoryRequest { page_size: 0, page_token: String::new(), ..request.clone() };
    let question = question.encode_to_vec();
    let question = [b"GetHistory", caller.tenant.as_bytes(), &question];
    let after: Option<After> = page::after(runtime, &question, &request.page_token)?;
    let mut asked = runtime.ask_at(request.read_at.as_ref()).await?;
    if let Some(after) = &after {
        runtime.wait_for(after.known_at).await?;
        asked.known_at = Some(after.known_at);
    }
    let shown = after.map_or(0, |after| after.shown);

    let reached = runtime.applied().borrow().place.last;
    let at = asked.known(reached);
    let id = entity_id(runtime, &caller.tenant, kind, &request.id)?;
    let timeline = timeline(runtime, caller, kind, id).await?;
    let steps = steps(&timeline, kind, at);
    if steps.is_empty() {
        let message = format!("there is no such {kind} at this point; check the id and the tenant");
        return Err(Rejection::not_found("ENTITY_NOT_FOUND", "id", message).into());
    }
    let rest = steps.get(shown..).unwrap_or_default();
    let page = &rest[..size.min(rest.len())];
    let after = After { known_at: at.known_at, shown: shown + page.len() };
    let more = rest.len() > page.len();
    Ok(GetHistoryResponse {
        reflected: Some(runtime.reflected(&asked, reached)),
        id: id.to_string(),
        entries: entries(runtime, caller, (kind, id), (&asked, at), page).await?,
        next_page_token: if more { page::token(runtime, &question, after) } else { String::new() },
    })
}

/// A kind of entity by its word.
pub fn kind(field: &str, word: &str) -> Result<Kind, Rejection> {
    Kind::from_word(word).ok_or_else(|| {
        let known: Vec<&str> = Kind::ALL.iter().map(|kind| kind.word()).collect();
        let message = format!("no kind {word:?}; there are: {}", known.join(", "));
        Rejection::invalid("KIND_UNKNOWN", field, message)
    })
}

/// An id, or for a kind of the catalog a key.
fn entity_id(runtime: &Runtime, tenant: &str, kind: Kind, text: &str) -> Result<Uuid, Rejection> {
    match text.parse() {
        Ok(id) => Ok(id),
        Err(_) if is_named_by_id(kind) => from_proto::uuid("id", text),
        Err(_) => {
            let key = from_proto::key("id", text)?;
            let (_, catalog) = runtime.catalog(tenant);
            runtime.find((tenant, &catalog), kind, "id", &key).map_err(|found| {
                if found.reason == "REFERENCE_AMBIGUOUS" {
                    return found;
                }
                Rejection::not_found("ENTITY_NOT_FOUND", "id", found.message)
            })
        }
    }
}

/// Kinds that have no key of ours.
fn is_named_by_id(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Lead
            | Kind::Opportunity
            | Kind::Person
            | Kind::Account
            | Kind::Activity
            | Kind::Contact
            | Kind::Contract
    )
}

/// The facts of an entity.
pub async fn timeline(
    runtime: &Arc<Runtime>,
    caller: &Caller,
    kind: Kind,
    id: Uuid,
) -> Result<Arc<Timeline>, QueryError> {
    let entity = EntityRef { tenant: caller.tenant.clone(), kind, id };
    let timelines = runtime.timelines.clone();
    let internal = |why: String| QueryError::Internal(why);
    tokio::task::spawn_blocking(move || timelines.get(&entity))
        .await
        .map_err(|error| internal(error.to_string()))?
        .map_err(|error| internal(error.to_string()))
}

/// Steps as they are shown at a point.
pub async fn entries(
    runtime: &Runtime,
    caller: &Caller,
    (kind, entity): (Kind, Uuid),
    (asked, at): (&Asked, Known),
    page: &[Step],
) -> Result<Vec<api::audit::v1::HistoryEntry>, QueryError> {
    let (position, catalog) = runtime.catalog(&caller.tenant);
    let at = Known { known_at: asked.known(position).known_at, ..at };
    let tenant = &caller.tenant;
    let referring = Referring { runtime, tenant, catalog: &catalog, at };
    let teller = Teller { referring, tenant, kind, entity };
    let mut entries = Vec::with_capacity(page.len());
    for step in page {
        entries.push(teller.entry(step).await?);
    }
    Ok(entries)
}
