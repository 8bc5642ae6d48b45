//! Questions about leads: wait, read, answer.

use std::sync::Arc;

use api::leads::v1::{
    GetLeadConversionRequest, GetLeadConversionResponse, GetLeadRequest, GetLeadResponse,
    Lead as Shown, ListLeadsRequest, ListLeadsResponse,
};
use domain::{Kind, Known, Rejection, Timeline, lead::Lead};
use event_log::Word;
use runtime::{
    from_proto::uuid as parse_uuid,
    page,
    query::{self, Asked, Caller, QueryError},
    status::{of_query, rejected},
    timelines::{EntityRef, TimelineError},
    to_proto::Referring,
};
use tonic::{Request, Status};
use uuid::Uuid;

use crate::{
    Leads, conversion,
    list::{self, Question},
    to_proto,
    views::Row,
};

impl Leads {
    /// One lead, at a point of the two axes.
    pub(crate) async fn get(
        &self,
        request: Request<GetLeadRequest>,
    ) -> Result<GetLeadResponse, Status> {
        let caller = self.caller(&request)?;
        let message = request.into_inner();
        let asked = self.runtime.ask_at(message.read_at.as_ref()).await?;
        let id = parse_uuid("lead_id", &message.lead_id).map_err(rejected)?;
        let position = self.views.leads.read().position;
        let known = asked.known(position);
        let entity = EntityRef { tenant: caller.tenant.clone(), kind: Kind::Lead, id };
        let timeline = self.read(entity).await?;
        let lead: Lead = timeline.state(known);
        if lead.captured_at.is_none() && timeline.live(known).next().is_none() {
            let message = "no such lead at that instant and position; check the id";
            return Err(rejected(Rejection::not_found("LEAD_NOT_FOUND", "lead_id", message)));
        }
        let at = asked.in_force(position);
        let lead = Some(self.show(&caller, id, &lead, &timeline, at).await?);
        let reflected = Some(self.runtime.reflected(&asked, position));
        Ok(GetLeadResponse { reflected, lead })
    }

    /// Leads that answer to a filter, page by page.
    pub(crate) async fn list(
        &self,
        request: Request<ListLeadsRequest>,
    ) -> Result<ListLeadsResponse, Status> {
        let caller = self.caller(&request)?;
        let message = request.into_inner();
        let asked = self.runtime.ask_at(message.read_at.as_ref()).await?;
        let size = page::size(message.page_size).map_err(rejected)?;
        let catalog = self.runtime.catalog(&caller.tenant).1;
        let question = Question::read(&self.runtime, (&caller.tenant, &catalog), &message)
            .map_err(rejected)?;
        let text = question.text(&caller.tenant);
        let after = page::after(&self.runtime, &[&text], &message.page_token).map_err(rejected)?;
        let (position, rows) = self.rows(&caller.tenant, asked).await?;
        let mut found = question.after(&rows, after);
        let known = asked.known(position);
        let more = found.len() > size;
        found.truncate(size);
        let next_page_token = match found.last() {
            Some(last) if more => page::token(&self.runtime, &[&text], last),
            _ => String::new(),
        };
        let mut leads = Vec::with_capacity(found.len());
        for list::Place { id, .. } in found {
            let entity = EntityRef { tenant: caller.tenant.clone(), kind: Kind::Lead, id };
            let timeline = self.read(entity).await?;
            let lead: Lead = timeline.state(known);
            let at = asked.in_force(position);
            leads.push(self.show(&caller, id, &lead, &timeline, at).await?);
        }
        let reflected = Some(self.runtime.reflected(&asked, position));
        Ok(ListLeadsResponse { reflected, leads, next_page_token })
    }

    /// How a cohort of leads converted.
    pub(crate) async fn conversion(
        &self,
        request: Request<GetLeadConversionRequest>,
    ) -> Result<GetLeadConversionResponse, Status> {
        let caller = self.caller(&request)?;
        let message = request.into_inner();
        let asked = self.runtime.ask_at(message.read_at.as_ref()).await?;
        let question = conversion::Question::read(&message).map_err(rejected)?;
        let (position, rows) = self.rows(&caller.tenant, asked).await?;
        let (total, groups) = conversion::count(&question, rows.iter().map(|(_, row)| row));
        let catalog = self.runtime.catalog(&caller.tenant).1;
        let at = Referring {
            runtime: &self.runtime,
            tenant: &caller.tenant,
            catalog: &catalog,
            at: asked.in_force(position),
        };
        let groups = conversion::named(groups, &at).await?;
        let reflected = Some(self.runtime.reflected(&asked, position));
        Ok(GetLeadConversionResponse { reflected, total: Some(total.shown()), groups })
    }

    pub(crate) fn caller<M>(&self, request: &Request<M>) -> Result<Caller, Status> {
        query::caller(request.metadata(), self.runtime.default_tenant.as_deref()).map_err(rejected)
    }

    /// Every lead's row at a point of the two axes, and the position that it reflects. The past is
    /// folded from timelines, the present is in the view.
    async fn rows(&self, tenant: &Word, asked: Asked) -> Result<(u64, Vec<(Uuid, Row)>), Status> {
        let (timelines, leads) = (self.runtime.timelines.clone(), self.views.leads.clone());
        let tenant = tenant.clone();
        let reading = tokio::task::spawn_blocking(move || {
            let (position, now) = {
                let guard = leads.read();
                let rows = guard.view.rows(&tenant).map(|(id, row)| (id, row.clone()));
                (guard.position, rows.collect::<Vec<_>>())
            };
            if asked.as_of.is_none() && asked.known_at.is_none() {
                return Ok((position, now));
            }
            let known = asked.known(position);
            let then = |(id, _)| {
                let entity = EntityRef { tenant: tenant.clone(), kind: Kind::Lead, id };
                Ok((id, Row::of(&timelines.get(&entity)?.state(known))))
            };
            let past = now.into_iter().map(then).collect::<Result<_, TimelineError>>()?;
            Ok::<_, TimelineError>((position, past))
        });
        let read = reading.await.map_err(|error| Status::internal(error.to_string()))?;
        read.map_err(|error| Status::internal(error.to_string()))
    }

    /// A timeline, read off the async threads.
    pub(crate) async fn read(&self, entity: EntityRef) -> Result<Arc<Timeline>, Status> {
        let timelines = self.runtime.timelines.clone();
        let read = tokio::task::spawn_blocking(move || timelines.get(&entity));
        let read = read.await.map_err(|error| Status::internal(error.to_string()))?;
        read.map_err(|error| of_query(&QueryError::Internal(error.to_string())))
    }

    async fn show(
        &self,
        caller: &Caller,
        id: Uuid,
        lead: &Lead,
        timeline: &Timeline,
        known: Known,
    ) -> Result<Shown, Status> {
        let catalog = self.runtime.catalog(&caller.tenant).1;
        let at = Referring {
            runtime: &self.runtime,
            tenant: &caller.tenant,
            catalog: &catalog,
            at: known,
        };
        let last = timeline.entries().iter().map(|entry| entry.position);
        let etag = last.filter(|position| *position <= known.known_at).max().unwrap_or(0);
        Ok(to_proto::lead(id, lead, etag, &at).await?)
    }
}
