//! Definitions: parse, hand to the keeper, answer.

use api::{
    planning::v1::{
        DefinePipelineRequest, DefineProductRequest, DefineSourceRequest, DefineUserRequest,
    },
    types::v1::Recorded,
};
use domain::{
    Entity, Instant, Kind, Known, PersonId, Personal, Rejection, Timeline, UserId,
    catalog::Catalog, entity::judge, pipeline, product, source, user,
};
use runtime::{
    command::{Asked, Head},
    desk::Decision,
    from_proto::{self, optional_uuid},
    order::Refusal,
    status::{of_query, rejected},
    to_proto,
    vault::Place,
};
use tonic::{Request, Status};
use uuid::Uuid;

use crate::Planning;

/// What was recorded, and of what.
pub(crate) type Defined = (Option<Recorded>, Uuid);

macro_rules! asked {
    ($message:ident, $rpc:literal) => {
        Asked {
            rpc: $rpc,
            request_id: &$message.request_id,
            etag: &$message.etag,
            at: $message.effective_at.as_ref().map(|at| ("effective_at", at)),
        }
    };
}

impl Planning {
    /// Defines a source.
    pub(crate) async fn source(
        &self,
        request: Request<DefineSourceRequest>,
    ) -> Result<Defined, Status> {
        let message = request.get_ref();
        let head = self
            .runtime
            .head(&request, &asked!(message, "DefineSourceRequest"))
            .map_err(rejected)?;
        let definition = message.definition.as_ref();
        let defined = from_proto::source(&message.key, definition).map_err(rejected)?;
        let id = self.id(&head, Kind::Source, &message.key, &message.id).map_err(rejected)?;
        self.define::<source::Source>(&head, id, source::Command::Define(defined)).await
    }

    /// Defines a pipeline.
    pub(crate) async fn pipeline(
        &self,
        request: Request<DefinePipelineRequest>,
    ) -> Result<Defined, Status> {
        let message = request.get_ref();
        let head = self
            .runtime
            .head(&request, &asked!(message, "DefinePipelineRequest"))
            .map_err(rejected)?;
        let definition = message.definition.as_ref();
        let defined = from_proto::pipeline(&message.key, definition).map_err(rejected)?;
        let id = self.id(&head, Kind::Pipeline, &message.key, &message.id).map_err(rejected)?;
        self.define::<pipeline::Pipeline>(&head, id, pipeline::Command::Define(defined)).await
    }

    /// Defines a product.
    pub(crate) async fn product(
        &self,
        request: Request<DefineProductRequest>,
    ) -> Result<Defined, Status> {
        let message = request.get_ref();
        let head = self
            .runtime
            .head(&request, &asked!(message, "DefineProductRequest"))
            .map_err(rejected)?;
        let definition = message.definition.as_ref();
        let defined = from_proto::product(&message.key, definition).map_err(rejected)?;
        let id = self.id(&head, Kind::Product, &message.key, &message.id).map_err(rejected)?;
        self.define::<product::Product>(&head, id, product::Command::Define(defined)).await
    }

    /// Defines a user, whose name and key are sealed under a key of the person behind the user.
    pub(crate) async fn user(
        &self,
        request: Request<DefineUserRequest>,
    ) -> Result<Defined, Status> {
        let message = request.get_ref();
        let head =
            self.runtime.head(&request, &asked!(message, "DefineUserRequest")).map_err(rejected)?;
        let id = self.id(&head, Kind::User, &message.key, &message.id).map_err(rejected)?;
        let (_, catalog) = self.runtime.catalog(&head.caller.tenant);
        let person = self.runtime.vault.person_id(&head.caller.tenant, Kind::User, id);
        refuse_erased(&catalog, PersonId(person)).map_err(rejected)?;
        let manager = self.manager(&head, &catalog, id, message).map_err(rejected)?;
        let definition = message.definition.as_ref();
        let mut defined = from_proto::user(&message.key, definition, PersonId(person), manager)
            .map_err(rejected)?;
        self.keep_sealed(&head, &catalog, UserId(id), &mut defined).await?;
        let ensured = self.runtime.vault.ensure_keys(&head.caller.tenant, &[person]).await;
        ensured.map_err(|error| Status::unavailable(error.to_string()))?;
        self.define::<user::User>(&head, id, user::Command::Define(defined)).await
    }

    fn manager(
        &self,
        head: &Head,
        catalog: &Catalog,
        id: Uuid,
        message: &DefineUserRequest,
    ) -> Result<Option<UserId>, Rejection> {
        const FIELD: &str = "definition.manager";
        let text = message.definition.as_ref().map_or("", |user| user.manager.as_str());
        if text.is_empty() {
            return Ok(None);
        }
        let tenant = (&*head.caller.tenant, catalog);
        let manager = if text == message.key {
            id
        } else {
            self.runtime.find(tenant, Kind::User, FIELD, text)?
        };
        if manager == id {
            let message = "nobody is their own manager";
            return Err(Rejection::invalid("OWN_MANAGER", FIELD, message));
        }
        Ok(Some(UserId(manager)))
    }

    /// Texts that have not changed stay as they were sealed, so that the same definition is seen
    /// to be the same.
    async fn keep_sealed(
        &self,
        head: &Head,
        catalog: &Catalog,
        id: UserId,
        defined: &mut user::Defined,
    ) -> Result<(), Status> {
        let at = head.at.map_or(Known::NOW, |at| Known { as_of: at.next(), ..Known::NOW });
        let Some(before) = catalog.user(id, at) else {
            return Ok(());
        };
        let texts = [
            ("key", Some(before.key), Some(&mut defined.key)),
            ("name", before.name, defined.name.as_mut()),
        ];
        for (field, before, now) in texts {
            let (Some(before), Some(now)) = (before, now) else {
                continue;
            };
            let place = Place {
                tenant: &head.caller.tenant,
                kind: Kind::User,
                entity: id.0,
                fact: "user.defined.v1",
                field,
            };
            let read = self.runtime.vault.read(place, &before).await;
            let text = read.map_err(|error| of_query(&error.into()))?;
            if text.is_some_and(|text| Personal::Plain(text) == *now) {
                *now = before;
            }
        }
        Ok(())
    }

    /// The id that a key stands for: that of an entity which bears it already, or a new one.
    pub(crate) fn id(
        &self,
        head: &Head,
        kind: Kind,
        key: &str,
        id: &str,
    ) -> Result<Uuid, Rejection> {
        let tenant = &head.caller.tenant;
        let (_, catalog) = self.runtime.catalog(tenant);
        let made = self.runtime.vault.entity_id(tenant, kind, "", key);
        let Some(given) = optional_uuid("id", id)? else {
            return Ok(made);
        };
        let sources = catalog.sources(Known::NOW).map(|(_, source)| source.key);
        let bears_key = std::iter::once(String::new())
            .chain(sources)
            .any(|source| self.runtime.vault.entity_id(tenant, kind, &source, key) == given);
        if bears_key {
            return Ok(given);
        }
        let message = "the key belongs to another id: leave the id empty, or give the key's own";
        Err(Rejection::exists("KEY_OF_ANOTHER", "id", message))
    }

    pub(crate) async fn define<E>(
        &self,
        head: &Head,
        id: Uuid,
        command: E::Command,
    ) -> Result<Defined, Status>
    where
        E: Entity,
        E::Command: Send + 'static,
    {
        self.define_in::<E>("definition", head, id, command).await
    }

    /// A definition whose fields stand in the request itself.
    pub(crate) async fn define_plainly<E>(
        &self,
        head: &Head,
        id: Uuid,
        command: E::Command,
    ) -> Result<Defined, Status>
    where
        E: Entity,
        E::Command: Send + 'static,
    {
        self.define_in::<E>("", head, id, command).await
    }

    async fn define_in<E>(
        &self,
        part: &'static str,
        head: &Head,
        id: Uuid,
        command: E::Command,
    ) -> Result<Defined, Status>
    where
        E: Entity,
        E::Command: Send + 'static,
    {
        let asked = head.at;
        let decided = self.runtime.record(head, (E::KIND, id), move |desk| {
            let (occurred_at, source_seq, judged) = desk.with(E::KIND, id, |timeline| {
                let at = asked.unwrap_or_else(|| takes_effect(timeline, desk.now()));
                let judged = judge::<E>(timeline, at, &command);
                let judged = judged.map_err(as_asked).map_err(|why| match part {
                    "" => why,
                    part => from_proto::within(part, why),
                });
                (at, timeline.sequence_after(at), judged)
            })?;
            Ok(vec![Decision { kind: E::KIND, id, occurred_at, source_seq, facts: judged? }])
        });
        let answer = decided.await.map_err(|refusal: Refusal| Status::from(refusal))?;
        Ok((Some(to_proto::recorded(&self.runtime, head.command_id, answer)), id))
    }
}

/// The rules name their own fields; a request has them under other names.
fn as_asked(mut rejection: Rejection) -> Rejection {
    rejection.field = match &*rejection.field {
        "shape.first_month" => "first_month".to_owned(),
        "to" => "to_currency".to_owned(),
        field => field.to_owned(),
    };
    rejection
}

/// A first definition holds from the beginning, a later one from now.
fn takes_effect(timeline: &Timeline, now: Instant) -> Instant {
    if timeline.is_empty() { Instant::BEGINNING } else { now }
}

fn refuse_erased(catalog: &Catalog, person: PersonId) -> Result<(), Rejection> {
    if catalog.is_erased(person) {
        let message = "this person was erased; a new user needs a new key";
        return Err(Rejection::precondition("PERSON_ERASED", message));
    }
    Ok(())
}
