//! What the services of accounts, contacts, contracts and activities have in common: commands on one
//! entity, and pages of entities.

use std::{cmp::Ordering, sync::Arc};

use api::types::v1::{ExternalId, ReadAt, Recorded};
use domain::{
    Entity, Fact, Instant, Kind, PersonId, Rejection, Timeline, Voided, entity::judge_void,
};
use event_log::Word;
use prost::Message;
use runtime::{
    command::{Asked as Said, Head},
    desk::{Decision, Undecided},
    from_proto, page,
    query::{self, Asked, Caller, QueryError},
    references::{References, refuse_half},
    runtime::Runtime,
    status::rejected,
    to_proto,
    view::{Projection, Shared},
};
use tonic::{Request, Status};
use uuid::Uuid;

use crate::{
    accounts::Accounts,
    activities::Activities,
    contacts::Contacts,
    context::Context,
    contracts::Contracts,
    identity, reading,
    rows::{self, Row, Rows},
    views::Deals,
};

/// Answers for accounts, contacts, contracts and activities.
#[derive(Clone)]
pub struct Customers {
    pub(crate) runtime: Arc<Runtime>,
    pub(crate) views: Views,
}

/// The views of customers.
#[derive(Clone)]
pub struct Views {
    pub(crate) accounts: Arc<Shared<Accounts>>,
    pub(crate) contacts: Arc<Shared<Contacts>>,
    pub(crate) contracts: Arc<Shared<Contracts>>,
    pub(crate) activities: Arc<Shared<Activities>>,
    pub(crate) deals: Arc<Shared<Deals>>,
    pub(crate) references: Arc<Shared<References>>,
}

impl Views {
    /// Empty views beside those of deals and of references, to be filled when the process starts.
    pub fn new(deals: Arc<Shared<Deals>>, references: Arc<Shared<References>>) -> Views {
        Views {
            accounts: Shared::empty(),
            contacts: Shared::empty(),
            contracts: Shared::empty(),
            activities: Shared::empty(),
            deals,
            references,
        }
    }

    /// What a process has to keep folded for them. The others are listed by whoever made them.
    pub fn projections(&self) -> Vec<Box<dyn Projection>> {
        vec![
            Box::new(self.accounts.clone()),
            Box::new(self.contacts.clone()),
            Box::new(self.contracts.clone()),
            Box::new(self.activities.clone()),
        ]
    }
}

/// A kind of entity that customers are made of.
pub(crate) trait Noun: Entity<Command: 'static> + 'static {
    /// The field that names one.
    const ID: &'static str;
    /// The reason when there is none.
    const NOT_FOUND: &'static str;

    /// The fact that takes a command back; `key` is whose key seals its words.
    fn voided(voided: Voided, key: Uuid) -> Fact;

    /// The person behind one that stands for a person, whatever was voided.
    fn person(_timeline: &Timeline) -> Option<PersonId> {
        None
    }
}

/// A command on one entity, as the contract spells them all.
pub(crate) trait On<E>: Message + Default + 'static {
    /// What every command says about itself.
    fn said(&self) -> Said<'_>;
    /// The entity's id.
    fn id(&self) -> &str;
    /// Whether it carries text that has to be sealed.
    fn has_text(&self) -> bool;
}

/// A command that makes a new entity.
pub(crate) trait Creates<E>: On<E> {
    /// What another system calls it.
    fn external_id(&self) -> Option<&ExternalId>;
}

/// A command that takes another one back.
pub(crate) trait Voids<E>: On<E> {
    /// Which, and why.
    fn voided(&self) -> Result<Voided, Rejection>;
}

/// Says of requests what every command says: the kind of entity, the field of its id, and per
/// request whether it creates, changes or voids and when it carries text.
macro_rules! on {
    ($entity:ident, $id:ident; $($request:ident, $way:ident, $has_text:expr;)+) => {$(
        impl $crate::customers::On<$entity> for $request {
            fn said(&self) -> runtime::command::Asked<'_> {
                runtime::command::Asked {
                    rpc: stringify!($request),
                    request_id: &self.request_id,
                    etag: on!(@etag self, $way),
                    at: on!(@at self, $way),
                }
            }

            fn id(&self) -> &str {
                &self.$id
            }

            fn has_text(&self) -> bool {
                let has_text: fn(&$request) -> bool = $has_text;
                has_text(self)
            }
        }

        on!(@more $entity, $request, $way);
    )+};
    (@etag $self:ident, creates) => { "" };
    (@etag $self:ident, $way:ident) => { &$self.etag };
    (@at $self:ident, voids) => { None };
    (@at $self:ident, $way:ident) => {
        $self.occurred_at.as_ref().map(|at| ("occurred_at", at))
    };
    (@more $entity:ident, $request:ident, creates) => {
        impl $crate::customers::Creates<$entity> for $request {
            fn external_id(&self) -> Option<&api::types::v1::ExternalId> {
                self.external_id.as_ref()
            }
        }
    };
    (@more $entity:ident, $request:ident, changes) => {};
    (@more $entity:ident, $request:ident, voids) => {
        impl $crate::customers::Voids<$entity> for $request {
            fn voided(&self) -> Result<domain::Voided, domain::Rejection> {
                Ok(domain::Voided {
                    command_id: runtime::from_proto::uuid("command_id", &self.command_id)?,
                    reason: runtime::from_proto::reason(&self.reason_code, &self.reason, true)?,
                })
            }
        }
    };
}

pub(crate) use on;

/// What makes a command of a request, given the entity as it stood.
pub(crate) type Build<E, M> = fn(&M, &E, &Context<'_>) -> Result<<E as Entity>::Command, Undecided>;

// ── Commands ─────────────────────────────────────────────────────────────────────────────────

impl Customers {
    /// Makes an entity, under an id that a repeated request meets again.
    pub(crate) async fn create<E: Noun, M: Creates<E>>(
        &self,
        request: Request<M>,
        build: Build<E, M>,
    ) -> Result<(Option<Recorded>, String), Status> {
        let (head, message) = self.head(request)?;
        let kind = (&*head.caller.tenant, E::KIND, head.command_id);
        let id =
            identity::new_id(&self.runtime, kind, (E::ID, message.id()), message.external_id());
        let id = id.map_err(rejected)?;
        Ok((self.record(&head, id, message, build).await?, id.to_string()))
    }

    /// Changes an entity by whatever command `build` makes of the request.
    pub(crate) async fn change<E: Noun, M: On<E>>(
        &self,
        request: Request<M>,
        build: Build<E, M>,
    ) -> Result<Option<Recorded>, Status> {
        let (head, message) = self.head(request)?;
        let id = from_proto::uuid(E::ID, message.id()).map_err(rejected)?;
        self.record(&head, id, message, build).await
    }

    /// Takes a command's facts back.
    pub(crate) async fn void<E: Noun, M: Voids<E>>(
        &self,
        request: Request<M>,
    ) -> Result<Option<Recorded>, Status> {
        let (head, message) = self.head(request)?;
        let id = from_proto::uuid(E::ID, message.id()).map_err(rejected)?;
        let voided = message.voided().map_err(rejected)?;
        let key = self.key::<E>(&head.caller.tenant, id, message.has_text()).await?;
        let (references, tenant) = (self.views.references.clone(), head.caller.tenant.clone());
        let answer = self.runtime.record(&head, (E::KIND, id), move |desk| {
            let mentions = references.read().view.to(&tenant, (E::KIND, id));
            refuse_half(desk, (E::KIND, id), voided.command_id, mentions)?;
            let fact = E::voided(voided.clone(), key);
            let (occurred_at, judged) = desk.with(E::KIND, id, |timeline| {
                let at = desk.instant(None, timeline);
                (at, judge_void::<E>(timeline, at, voided.command_id, fact))
            })?;
            Ok(vec![Decision { kind: E::KIND, id, occurred_at, source_seq: 0, facts: judged? }])
        });
        Ok(Some(to_proto::recorded(&self.runtime, head.command_id, answer.await?)))
    }

    fn head<E, M: On<E>>(&self, request: Request<M>) -> Result<(Head, M), Status> {
        let head = self.runtime.head(&request, &request.get_ref().said()).map_err(rejected)?;
        self.runtime.refuse_future("occurred_at", head.at).map_err(rejected)?;
        Ok((head, request.into_inner()))
    }

    async fn record<E: Noun, M: On<E>>(
        &self,
        head: &Head,
        id: Uuid,
        message: M,
        build: Build<E, M>,
    ) -> Result<Option<Recorded>, Status> {
        let key = self.key::<E>(&head.caller.tenant, id, message.has_text()).await?;
        let (runtime, at) = (self.runtime.clone(), head.at);
        let tenant = head.caller.tenant.clone();
        let catalog = runtime.catalog(&tenant).1;
        let answer = self.runtime.record(head, (E::KIND, id), move |desk| {
            desk.judge_made(id, at, |entity: &E, at| {
                let (runtime, catalog) = (&*runtime, &*catalog);
                let context = Context { runtime, tenant: &tenant, catalog, desk, at, key };
                build(&message, entity, &context)
            })
        });
        Ok(Some(to_proto::recorded(&self.runtime, head.command_id, answer.await?)))
    }

    /// Whose key seals an entity's texts; at hand when there are any to be sealed.
    async fn key<E: Noun>(&self, tenant: &Word, id: Uuid, seals: bool) -> Result<Uuid, Status> {
        let key = match E::KIND {
            Kind::Contact => {
                let timeline = reading::timeline(&self.runtime, tenant, E::KIND, id).await?;
                let made = || self.runtime.vault.person_id(tenant, E::KIND, id);
                E::person(&timeline).map_or_else(made, |person| person.0)
            }
            _ => id,
        };
        if seals {
            identity::ensure_key(&self.runtime, tenant, key).await?;
        }
        Ok(key)
    }
}

// ── Questions ────────────────────────────────────────────────────────────────────────────────

/// The place of an entity in a list: what it is ordered by, and its id.
type Place = (Instant, Uuid);

/// One page of a list.
pub(crate) struct Page {
    pub ids: Vec<Uuid>,
    pub next_page_token: String,
    pub position: u64,
}

/// What every list is asked for.
pub(crate) struct Listing<'a> {
    pub question: &'a [&'a [u8]],
    pub page_size: i32,
    pub page_token: &'a str,
}

impl Customers {
    /// Who asks.
    pub(crate) fn caller<M>(&self, request: &Request<M>) -> Result<Caller, Status> {
        query::caller(request.metadata(), self.runtime.default_tenant.as_deref()).map_err(rejected)
    }

    /// The point that a question is about.
    pub(crate) async fn ask_at(&self, read_at: Option<&ReadAt>) -> Result<Asked, QueryError> {
        self.runtime.ask_at(read_at).await
    }

    /// The rows that somebody wants, in order, and the position that they reflect; found off the
    /// async threads.
    pub(crate) async fn find<R: Row>(
        &self,
        view: &Arc<Shared<Rows<R>>>,
        tenant: &Word,
        asked: &Asked,
        wants: impl Fn(&R) -> bool + Send + 'static,
    ) -> Result<(u64, Vec<(Uuid, R)>), QueryError> {
        let (runtime, view) = (self.runtime.clone(), view.clone());
        let (tenant, asked) = (tenant.clone(), *asked);
        let found = tokio::task::spawn_blocking(move || {
            let (position, mut found) = rows::find(&runtime, &view, &tenant, &asked, wants)?;
            found.sort_by_key(|(id, row)| (row.place(), *id));
            Ok::<_, runtime::timelines::TimelineError>((position, found))
        });
        let found = found.await.map_err(|error| QueryError::Internal(error.to_string()))?;
        found.map_err(|error| QueryError::Internal(error.to_string()))
    }

    /// One page of the entities whose rows somebody wants.
    pub(crate) async fn page<R: Row>(
        &self,
        view: &Arc<Shared<Rows<R>>>,
        (caller, asked): (&Caller, &Asked),
        listing: Listing<'_>,
        wants: impl Fn(&R) -> bool + Send + 'static,
    ) -> Result<Page, Status> {
        let size = page::size(listing.page_size).map_err(rejected)?;
        let mut question = vec![R::VIEW.as_bytes(), caller.tenant.as_bytes()];
        question.extend_from_slice(listing.question);
        let after: Option<(i64, Uuid)> =
            page::after(&self.runtime, &question, listing.page_token).map_err(rejected)?;
        let (position, found) = self.find(view, &caller.tenant, asked, wants).await?;
        let places = found.iter().map(|(id, row)| (row.place().unwrap_or(Instant::END), *id));
        let places: Vec<Place> = places.collect();
        let start = after.map_or(0, |(at, id)| {
            places.partition_point(|place| place.cmp(&(Instant(at), id)) != Ordering::Greater)
        });
        let rest = places.get(start..).unwrap_or_default();
        let shown = &rest[..size.min(rest.len())];
        let next_page_token = match shown.last() {
            Some((at, id)) if rest.len() > shown.len() => {
                page::token(&self.runtime, &question, (at.0, *id))
            }
            _ => String::new(),
        };
        let ids = shown.iter().map(|(_, id)| *id).collect();
        Ok(Page { ids, next_page_token, position })
    }
}

/// An entity that is not there.
pub(crate) fn not_found<E: Noun>() -> Status {
    let message = format!("no such {} at that instant and position; check the id", E::KIND);
    rejected(Rejection::not_found(E::NOT_FOUND, E::ID, message))
}
