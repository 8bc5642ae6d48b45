//! Commands on one quota or one sheet: judged at their instant, or taken back.

use api::types::v1::Recorded;
use domain::{Entity, Fact, Kind, Rejection, entity::judge_void};
use runtime::{
    command::Head,
    desk::{Decision, Desk, Undecided},
    runtime::Runtime,
    to_proto,
    view::Shared,
};
use tonic::Status;
use uuid::Uuid;

use crate::book::Book;

/// Judges a command on an entity and records what comes of it.
pub async fn record<E>(
    runtime: &Runtime,
    head: &Head,
    id: Uuid,
    command: E::Command,
) -> Result<Option<Recorded>, Status>
where
    E: Entity,
    E::Command: Send + 'static,
{
    let at = head.at;
    let decide = move |desk: &Desk<'_>| {
        desk.judge::<E>(id, at, &command).map_err(|why| match why {
            Undecided::Rejected(rejection) => Undecided::Rejected(as_asked(rejection)),
            why @ Undecided::Timelines(_) => why,
        })
    };
    let answer = runtime.record(head, (E::KIND, id), decide).await?;
    Ok(Some(to_proto::recorded(runtime, head.command_id, answer)))
}

/// Answers a command that was recorded before as it was answered then, on whatever it was recorded:
/// its period's key may mean other days now. `None` for one that is new.
pub async fn repeated(
    runtime: &Runtime,
    book: &Shared<Book>,
    head: &Head,
    kind: Kind,
) -> Result<Option<(Option<Recorded>, Uuid)>, Status> {
    let (tenant, command) = (&*head.caller.tenant, head.command_id);
    let shelf = |book: &Book| book.shelf(tenant)?.recorded_on(kind, command);
    let Some(id) = shelf(&book.read().view) else { return Ok(None) };
    // The timeline that remembers a command answers it: nothing is decided again.
    let answer = runtime.record(head, (kind, id), |_| Ok(Vec::new())).await?;
    Ok(Some((Some(to_proto::recorded(runtime, command, answer)), id)))
}

/// Takes the facts of a command back.
pub async fn void<E: Entity>(
    runtime: &Runtime,
    head: &Head,
    id: Uuid,
    command_id: Uuid,
    fact: Fact,
) -> Result<Option<Recorded>, Status> {
    let answer = runtime.record(head, (E::KIND, id), move |desk| {
        let (occurred_at, judged) = desk.with(E::KIND, id, |timeline| {
            let at = desk.instant(None, timeline);
            (at, judge_void::<E>(timeline, at, command_id, fact.clone()))
        })?;
        Ok(vec![Decision { kind: E::KIND, id, occurred_at, source_seq: 0, facts: judged? }])
    });
    Ok(Some(to_proto::recorded(runtime, head.command_id, answer.await?)))
}

/// Makes the key under which an entity's texts are sealed, when it is first needed.
pub async fn seal_under(runtime: &Runtime, head: &Head, id: Uuid) -> Result<(), Status> {
    let ensured = runtime.vault.ensure_keys(&head.caller.tenant, &[id]).await;
    ensured.map_err(|error| Status::unavailable(error.to_string()))
}

/// The rules name their own fields; a request has them under other names.
fn as_asked(mut rejection: Rejection) -> Rejection {
    rejection.field = match &*rejection.field {
        "starts" => "start_date".to_owned(),
        "ends" => "end_date".to_owned(),
        field => match field.strip_suffix("category") {
            Some(before) => format!("{before}column.category"),
            None => field.to_owned(),
        },
    };
    rejection
}
