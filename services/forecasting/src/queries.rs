//! Questions about the catalog: wait, read, answer.

use std::sync::Arc;

use api::{
    planning::v1::{Pipeline, Product, Source, Stage, User},
    types::v1::{ReadAt, Reflected},
};
use domain::{
    Kind, Known, PipelineId, ProductId, Rejection, SourceId, UserId, catalog::Catalog, pipeline,
    product, source, user,
};
use runtime::{
    page,
    query::{self, Asked, Caller, timestamp},
    status::rejected,
    to_proto::{self, Referring},
};
use tonic::{Request, Status};
use uuid::Uuid;

use crate::Planning;

/// A question about the catalog, read and waited for.
pub(crate) struct Question {
    pub(crate) caller: Caller,
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) asked: Asked,
    position: u64,
}

impl Question {
    /// The point of the two axes.
    pub(crate) fn at(&self) -> Known {
        self.asked.in_force(self.position)
    }

    pub(crate) fn since(&self, kind: Kind, id: Uuid) -> (Option<prost_types::Timestamp>, u64) {
        match self.catalog.in_force_since(kind, id, self.at()) {
            Some((domain::Instant::BEGINNING, etag)) => (None, etag),
            Some((since, etag)) => (Some(timestamp(since)), etag),
            None => (None, 0),
        }
    }
}

impl Planning {
    /// Reads who asks about which past, and waits until it is known here.
    pub(crate) async fn question<M>(
        &self,
        request: &Request<M>,
        read_at: Option<&ReadAt>,
    ) -> Result<Question, Status> {
        let default = self.runtime.default_tenant.as_deref();
        let caller = query::caller(request.metadata(), default).map_err(rejected)?;
        let asked = self.runtime.ask_at(read_at).await?;
        let (position, catalog) = self.runtime.catalog(&caller.tenant);
        Ok(Question { caller, catalog, asked, position })
    }

    /// What an answer reflects.
    pub(crate) fn reflected(&self, question: &Question) -> Option<Reflected> {
        Some(self.runtime.reflected(&question.asked, question.position))
    }

    /// The id of what is named by an id or a key. NOT_FOUND when it was not defined then.
    pub(crate) fn named(
        &self,
        question: &Question,
        kind: Kind,
        field: &str,
        text: &str,
    ) -> Result<Uuid, Status> {
        let tenant = (&*question.caller.tenant, &*question.catalog);
        let not_found = || {
            let message = format!("no {kind} of this id or key was defined then");
            rejected(Rejection::not_found("NOT_DEFINED", field, message))
        };
        let id = self.runtime.find(tenant, kind, field, text).map_err(|_| not_found())?;
        let defined = question.catalog.in_force_since(kind, id, question.at());
        defined.map(|_| id).ok_or_else(not_found)
    }

    /// One page of ids in the order of their keys, and the token of the next.
    pub(crate) fn page(
        &self,
        question: &Question,
        kind: Kind,
        mut ids: Vec<(String, Uuid)>,
        (page_size, page_token, read_at): (i32, &str, Option<&ReadAt>),
    ) -> Result<(Vec<Uuid>, String), Status> {
        let size = page::size(page_size).map_err(rejected)?;
        let words = format!("{}/{kind}/{read_at:?}", question.caller.tenant);
        let after: Option<Uuid> =
            page::after(&self.runtime, &[words.as_bytes()], page_token).map_err(rejected)?;
        ids.sort();
        let start = match after {
            Some(after) => ids.iter().position(|(_, id)| *id == after).map_or(0, |at| at + 1),
            None => 0,
        };
        let mut found: Vec<Uuid> = ids.drain(start..).map(|(_, id)| id).collect();
        let more = found.len() > size;
        found.truncate(size);
        let token = match found.last() {
            Some(last) if more => page::token(&self.runtime, &[words.as_bytes()], last),
            _ => String::new(),
        };
        Ok((found, token))
    }

    /// The sources that were defined, with their keys.
    pub(crate) fn source_keys(&self, question: &Question) -> Vec<(String, Uuid)> {
        question.catalog.sources(question.at()).map(|(id, it)| (it.key, id.0)).collect()
    }

    /// The pipelines that were defined, with their keys.
    pub(crate) fn pipeline_keys(&self, question: &Question) -> Vec<(String, Uuid)> {
        question.catalog.pipelines(question.at()).map(|(id, it)| (it.key, id.0)).collect()
    }

    /// The products that were defined, with their keys.
    pub(crate) fn product_keys(&self, question: &Question) -> Vec<(String, Uuid)> {
        question.catalog.products(question.at()).map(|(id, it)| (it.key, id.0)).collect()
    }

    /// The users who were defined, with their keys; those who were erased have none.
    pub(crate) async fn user_keys(
        &self,
        question: &Question,
    ) -> Result<Vec<(String, Uuid)>, Status> {
        let at = self.referring(question);
        let mut keys = Vec::new();
        for (id, _) in question.catalog.users(question.at()) {
            keys.push((at.user(id).await?.key, id.0));
        }
        Ok(keys)
    }

    /// A source as it was defined.
    pub(crate) fn show_source(&self, question: &Question, id: Uuid) -> Option<Source> {
        let source::Defined { key, name, label, retired } =
            question.catalog.source(SourceId(id), question.at())?;
        let (effective_at, etag) = question.since(Kind::Source, id);
        let (id, etag) = (id.to_string(), self.runtime.etag(etag));
        Some(Source { id, key, name, kind: label, retired, effective_at, etag })
    }

    /// A pipeline as it was defined.
    pub(crate) fn show_pipeline(&self, question: &Question, id: Uuid) -> Option<Pipeline> {
        let pipeline::Defined { key, name, furthest, stages, retired } =
            question.catalog.pipeline(PipelineId(id), question.at())?;
        let (effective_at, etag) = question.since(Kind::Pipeline, id);
        let stages = stages.into_iter().map(show_stage).collect();
        let (id, etag) = (id.to_string(), self.runtime.etag(etag));
        Some(Pipeline { id, key, name, furthest, stages, retired, effective_at, etag })
    }

    /// A product as it was defined.
    pub(crate) fn show_product(&self, question: &Question, id: Uuid) -> Option<Product> {
        let product::Defined { key, name, list_price, retired } =
            question.catalog.product(ProductId(id), question.at())?;
        let (effective_at, etag) = question.since(Kind::Product, id);
        let list_price = list_price.map(to_proto::money);
        let (id, etag) = (id.to_string(), self.runtime.etag(etag));
        Some(Product { id, key, name, list_price, retired, effective_at, etag })
    }

    /// A user as defined, with the name and key unless the person was erased.
    pub(crate) async fn show_user(
        &self,
        question: &Question,
        id: Uuid,
    ) -> Result<Option<User>, Status> {
        let Some(user) = question.catalog.user(UserId(id), question.at()) else {
            return Ok(None);
        };
        let user::Defined { person, manager, office, role, retired, .. } = user;
        let at = self.referring(question);
        let shown = at.user(UserId(id)).await?;
        let manager = match manager {
            Some(manager) => Some(at.user(manager).await?),
            None => None,
        };
        let (effective_at, etag) = question.since(Kind::User, id);
        Ok(Some(User {
            id: id.to_string(),
            key: shown.key,
            name: shown.name,
            manager,
            office,
            role,
            person_id: person.to_string(),
            retired,
            effective_at,
            etag: self.runtime.etag(etag),
        }))
    }

    fn referring<'a>(&'a self, question: &'a Question) -> Referring<'a> {
        Referring {
            runtime: &self.runtime,
            tenant: &question.caller.tenant,
            catalog: &question.catalog,
            at: question.at(),
        }
    }
}

fn show_stage(stage: pipeline::StageDefinition) -> Stage {
    Stage {
        key: stage.key,
        name: stage.name,
        order: stage.order,
        probability: Some(to_proto::fraction(stage.probability_ppm)),
        category: to_proto::category(stage.category) as i32,
        outcome: to_proto::outcome(stage.outcome) as i32,
    }
}
