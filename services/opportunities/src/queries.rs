//! Questions about opportunities: wait, read, answer.

use api::opportunities::v1::{
    GetOpportunityRequest, GetOpportunityResponse, ListOpportunitiesRequest,
    ListOpportunitiesResponse,
};
use domain::{Kind, Rejection, opportunity::Opportunity};
use runtime::{
    from_proto::uuid as parse_uuid,
    page,
    query::{self, Caller},
    status::rejected,
    timelines::TimelineError,
    to_proto::Referring,
};
use tonic::{Request, Status};

use crate::{
    Opportunities,
    list::{self, Question},
    reading::Reading,
    stages, to_proto,
};

impl Opportunities {
    /// One deal, at a point of the two axes.
    pub(crate) async fn get(
        &self,
        request: Request<GetOpportunityRequest>,
    ) -> Result<GetOpportunityResponse, Status> {
        let caller = self.caller(&request)?;
        let message = request.into_inner();
        let asked = self.runtime.ask_at(message.read_at.as_ref()).await?;
        let id = parse_uuid("opportunity_id", &message.opportunity_id).map_err(rejected)?;
        let position = self.deals.read().position;
        let catalog = self.runtime.catalog(&caller.tenant).1;
        let reading = Reading::new(&self.runtime, (&caller, &catalog), &asked, position);
        let timeline = reading.timeline(Kind::Opportunity, id).await?;
        let deal: Opportunity = timeline.state(reading.known);
        if deal.opened_at.is_none() && timeline.live(reading.known).next().is_none() {
            let message = "no such opportunity at that instant and position; check the id";
            let not_found =
                Rejection::not_found("OPPORTUNITY_NOT_FOUND", "opportunity_id", message);
            return Err(rejected(not_found));
        }
        Ok(GetOpportunityResponse {
            reflected: Some(self.runtime.reflected(&asked, position)),
            opportunity: Some(to_proto::opportunity(id, &timeline, &reading).await?),
            stages: stages::stays(&timeline, &reading),
            pushes: Some(stages::pushes(&timeline, &reading)),
        })
    }

    /// Deals that answer to a filter, page by page.
    pub(crate) async fn list(
        &self,
        request: Request<ListOpportunitiesRequest>,
    ) -> Result<ListOpportunitiesResponse, Status> {
        let caller = self.caller(&request)?;
        let message = request.into_inner();
        let asked = self.runtime.ask_at(message.read_at.as_ref()).await?;
        let size = page::size(message.page_size).map_err(rejected)?;
        let catalog = self.runtime.catalog(&caller.tenant).1;
        let question = Question::read(&self.runtime, (&caller.tenant, &catalog), &message)
            .map_err(rejected)?;
        let text = question.text(&caller.tenant);
        let after = page::after(&self.runtime, &[&text], &message.page_token).map_err(rejected)?;
        let (runtime, deals) = (self.runtime.clone(), self.deals.clone());
        let tenant = caller.tenant.clone();
        let found = tokio::task::spawn_blocking(move || {
            let (position, found) = list::find(&runtime, &deals, &tenant, &question, &asked)?;
            let at = asked.in_force(position);
            let at = Referring { runtime: &runtime, tenant: &tenant, catalog: &catalog, at };
            let found = list::with_faults(found, &question, &at)?;
            Ok::<_, TimelineError>((position, question.after(found, after)))
        });
        let found = found.await.map_err(|error| Status::internal(error.to_string()))?;
        let (position, mut found) = found.map_err(|error| Status::internal(error.to_string()))?;
        let more = found.len() > size;
        found.truncate(size);
        let next_page_token = match found.last() {
            Some(last) if more => page::token(&self.runtime, &[&text], last),
            _ => String::new(),
        };
        let catalog = self.runtime.catalog(&caller.tenant).1;
        let reading = Reading::new(&self.runtime, (&caller, &catalog), &asked, position);
        let mut opportunities = Vec::with_capacity(found.len());
        for (_, id) in found {
            let timeline = reading.timeline(Kind::Opportunity, id).await?;
            opportunities.push(to_proto::opportunity(id, &timeline, &reading).await?);
        }
        let reflected = Some(self.runtime.reflected(&asked, position));
        Ok(ListOpportunitiesResponse { reflected, opportunities, next_page_token })
    }

    fn caller<M>(&self, request: &Request<M>) -> Result<Caller, Status> {
        query::caller(request.metadata(), self.runtime.default_tenant.as_deref()).map_err(rejected)
    }
}
