//! What every question has in common: the point it is asked at, timelines, and names of entities.

use std::sync::Arc;

use api::{
    opportunities::v1::Fault as ShownFault,
    types::v1::{ExternalId as ShownId, PersonalText, Reference},
};
use domain::{
    AccountId, Entity, ExternalId, Fault, Kind, Known, Personal, Timeline, account::Account,
    catalog::Catalog, contact::Contact,
};
use event_log::Word;
use runtime::{
    query::{Asked, Caller, QueryError, timestamp},
    runtime::Runtime,
    timelines::EntityRef,
    to_proto::{self, Referring},
    vault::Place,
};
use uuid::Uuid;

/// A point of the two axes at which entities are shown, with what their ids mean there.
pub struct Reading<'a> {
    /// What is configured, as it is in force at the point.
    pub at: Referring<'a>,
    /// Which facts of entities count.
    pub known: Known,
    /// The instant of the answer: the one that was asked for, or the present.
    pub instant: domain::Instant,
}

impl<'a> Reading<'a> {
    /// The point that a question is about, no later than the position of its answer.
    pub fn new(
        runtime: &'a Runtime,
        (caller, catalog): (&'a Caller, &'a Catalog),
        asked: &Asked,
        position: u64,
    ) -> Reading<'a> {
        let at = asked.in_force(position);
        Reading {
            at: Referring { runtime, tenant: &caller.tenant, catalog, at },
            known: asked.known(position),
            instant: asked.as_of.unwrap_or(asked.now),
        }
    }

    /// An entity's timeline, read off the async threads.
    pub async fn timeline(&self, kind: Kind, id: Uuid) -> Result<Arc<Timeline>, QueryError> {
        timeline(self.at.runtime, self.at.tenant, kind, id).await
    }

    /// The etag of a timeline: its last position that counts.
    pub fn etag(&self, timeline: &Timeline) -> String {
        let positions = timeline.entries().iter().map(|entry| entry.position);
        let last = positions.filter(|position| *position <= self.known.known_at).max();
        self.at.runtime.etag(last.unwrap_or(0))
    }

    /// A text, in the fact and the field that its seal is bound to.
    pub async fn text(
        &self,
        (kind, entity): (Kind, Uuid),
        (fact, field): (&str, &str),
        text: Option<&Personal>,
    ) -> Result<Option<PersonalText>, QueryError> {
        let Some(text) = text else { return Ok(None) };
        let place = Place { tenant: self.at.tenant, kind, entity, fact, field };
        Ok(Some(to_proto::personal(self.at.runtime.vault.read(place, text).await?)))
    }

    /// An account by its name.
    pub async fn account(&self, id: AccountId) -> Result<Reference, QueryError> {
        let timeline = self.timeline(Kind::Account, id.0).await?;
        let account: Account = timeline.state(self.known);
        let place = (Kind::Account, id.0);
        let name = self.text(place, (account.name_fact, "name"), account.name.as_ref()).await?;
        Ok(reference(id.0, name, timeline.live(self.known).next().is_some()))
    }

    /// A contact by the person's name.
    pub async fn contact(&self, id: Uuid) -> Result<Reference, QueryError> {
        let timeline = self.timeline(Kind::Contact, id).await?;
        let contact: Contact = timeline.state(self.known);
        let place = (contact.details_fact, "name");
        let name = self.text((Kind::Contact, id), place, contact.details.name.as_ref()).await?;
        Ok(reference(id, name, timeline.live(self.known).next().is_some()))
    }

    /// A user, if there is one.
    pub async fn user(&self, id: Option<domain::UserId>) -> Result<Option<Reference>, QueryError> {
        match id {
            Some(id) => self.at.user(id).await.map(Some),
            None => Ok(None),
        }
    }
}

fn reference(id: Uuid, name: Option<PersonalText>, known: bool) -> Reference {
    let name = Some(name.unwrap_or_default());
    Reference { id: id.to_string(), key: String::new(), name, known }
}

/// An entity's timeline, read off the async threads.
pub async fn timeline(
    runtime: &Runtime,
    tenant: &Word,
    kind: Kind,
    id: Uuid,
) -> Result<Arc<Timeline>, QueryError> {
    let timelines = runtime.timelines.clone();
    let entity = EntityRef { tenant: tenant.clone(), kind, id };
    let read = tokio::task::spawn_blocking(move || timelines.get(&entity));
    let read = read.await.map_err(|error| QueryError::Internal(error.to_string()))?;
    read.map_err(|error| QueryError::Internal(error.to_string()))
}

/// What other systems call an entity, ordered by source and key.
pub fn external_ids(ids: &[ExternalId]) -> Vec<ShownId> {
    let mut ids: Vec<ShownId> =
        ids.iter().map(|id| ShownId { source: id.source.clone(), key: id.key.clone() }).collect();
    ids.sort_by(|a, b| (&a.source, &a.key).cmp(&(&b.source, &b.key)));
    ids
}

/// What an entity's facts say that does not fit among themselves.
pub fn faults(entity: &impl Entity) -> Vec<ShownFault> {
    entity.faults().iter().map(fault).collect()
}

/// A fault as the contract shows it.
pub fn fault(fault: &Fault) -> ShownFault {
    ShownFault {
        kind: fault.kind.to_owned(),
        detail: fault.detail.clone(),
        at: Some(timestamp(fault.at)),
        command_id: fault.command_id.to_string(),
    }
}
