//! Commands on opportunities: parse, hand to the keeper, answer.

use api::{
    opportunities::v1::{
        OpenOpportunityRequest, OpenOpportunityResponse, VoidOpportunityCommandRequest,
    },
    types::v1::Recorded,
};
use domain::{
    Kind,
    entity::judge_void,
    opportunity::{Command, Fact, Opportunity},
};
use runtime::{
    command::Asked,
    desk::{Decision, Undecided},
    from_proto::uuid as parse_uuid,
    order::Answer,
    references::refuse_half,
    status::rejected,
    to_proto,
};
use tonic::{Request, Status};
use uuid::Uuid;

use crate::{
    Opportunities,
    context::Context,
    from_proto::{self, OnOpportunity},
    identity,
};

type Build<M> = fn(&M, &Opportunity, &Context<'_>) -> Result<Command, Undecided>;

impl Opportunities {
    /// Opens a deal, under an id that a repeated request meets again.
    pub(crate) async fn open(
        &self,
        request: Request<OpenOpportunityRequest>,
    ) -> Result<OpenOpportunityResponse, Status> {
        let message = request.get_ref();
        let asked = Asked {
            rpc: "OpenOpportunityRequest",
            request_id: &message.request_id,
            etag: "",
            at: message.occurred_at.as_ref().map(|at| ("occurred_at", at)),
        };
        let head = self.runtime.head(&request, &asked).map_err(rejected)?;
        self.runtime.refuse_future("occurred_at", head.at).map_err(rejected)?;
        let id = identity::new_id(
            &self.runtime,
            (&head.caller.tenant, Kind::Opportunity, head.command_id),
            ("opportunity_id", &message.opportunity_id),
            message.external_id.as_ref(),
        );
        let id = id.map_err(rejected)?;
        if !message.name.is_empty() {
            identity::ensure_key(&self.runtime, &head.caller.tenant, id).await?;
        }
        let (runtime, at) = (self.runtime.clone(), head.at);
        let (tenant, message) = (head.caller.tenant.clone(), request.into_inner());
        let catalog = runtime.catalog(&tenant).1;
        let answer = self.runtime.record(&head, (Kind::Opportunity, id), move |desk| {
            desk.judge_made(id, at, |_: &Opportunity, at| {
                let (runtime, catalog) = (&*runtime, &*catalog);
                let context = Context { runtime, tenant: &tenant, catalog, desk, at, key: id };
                from_proto::open(&message, &context)
            })
        });
        let recorded = Some(to_proto::recorded(&self.runtime, head.command_id, answer.await?));
        Ok(OpenOpportunityResponse { recorded, opportunity_id: id.to_string() })
    }

    /// Changes a deal by whatever command `build` makes of the request.
    pub(crate) async fn change<M: OnOpportunity>(
        &self,
        request: Request<M>,
        build: Build<M>,
    ) -> Result<Option<Recorded>, Status> {
        let head = self.runtime.head(&request, &request.get_ref().asked()).map_err(rejected)?;
        self.runtime.refuse_future("occurred_at", head.at).map_err(rejected)?;
        let message = request.into_inner();
        let id = parse_uuid("opportunity_id", message.opportunity_id()).map_err(rejected)?;
        if message.has_text() {
            identity::ensure_key(&self.runtime, &head.caller.tenant, id).await?;
        }
        let (runtime, at) = (self.runtime.clone(), head.at);
        let tenant = head.caller.tenant.clone();
        let catalog = runtime.catalog(&tenant).1;
        let answer = self.runtime.record(&head, (Kind::Opportunity, id), move |desk| {
            desk.judge_made(id, at, |deal: &Opportunity, at| {
                let (runtime, catalog) = (&*runtime, &*catalog);
                let context = Context { runtime, tenant: &tenant, catalog, desk, at, key: id };
                build(&message, deal, &context)
            })
        });
        Ok(self.recorded(head.command_id, answer.await?))
    }

    /// Takes a command's facts back.
    pub(crate) async fn void(
        &self,
        request: Request<VoidOpportunityCommandRequest>,
    ) -> Result<Option<Recorded>, Status> {
        let head = self.runtime.head(&request, &request.get_ref().asked()).map_err(rejected)?;
        let message = request.into_inner();
        let id = parse_uuid("opportunity_id", &message.opportunity_id).map_err(rejected)?;
        let voided = from_proto::void(&message).map_err(rejected)?;
        if message.has_text() {
            identity::ensure_key(&self.runtime, &head.caller.tenant, id).await?;
        }
        let (references, tenant) = (self.references.clone(), head.caller.tenant.clone());
        let answer = self.runtime.record(&head, (Kind::Opportunity, id), move |desk| {
            let mentions = references.read().view.to(&tenant, (Kind::Opportunity, id));
            refuse_half(desk, (Kind::Opportunity, id), voided.command_id, mentions)?;
            let fact = domain::Fact::from(Fact::Voided(voided.clone()));
            let (occurred_at, judged) = desk.with(Kind::Opportunity, id, |timeline| {
                let at = desk.instant(None, timeline);
                (at, judge_void::<Opportunity>(timeline, at, voided.command_id, fact))
            })?;
            let (kind, facts) = (Kind::Opportunity, judged?);
            Ok(vec![Decision { kind, id, occurred_at, source_seq: 0, facts }])
        });
        Ok(self.recorded(head.command_id, answer.await?))
    }

    fn recorded(&self, command_id: Uuid, answer: Answer) -> Option<Recorded> {
        Some(to_proto::recorded(&self.runtime, command_id, answer))
    }
}
