//! Commands on opportunities: parse, hand to the keeper, answer.

use api::{
    opportunities::v1::{
        OpenOpportunityRequest, OpenOpportunityResponse, VoidOpportunityCommandRequest,
    },
    types::v1::Recorded,
};
use domain::{
    Instant, Kind, Known, Rejection,
    entity::{judge, judge_void},
    opportunity::{Command, Fact, Opportunity},
};
use runtime::{
    command::Asked,
    desk::{Decision, Desk, Undecided},
    from_proto::{optional_uuid, uuid as parse_uuid},
    order::Answer,
    status::rejected,
    to_proto,
};
use tonic::{Request, Status};
use uuid::Uuid;

use crate::{
    Opportunities,
    from_proto::{self, Context, OnOpportunity},
};

type Build<M> = fn(&M, &Opportunity, &Context<'_>) -> Result<Command, Rejection>;

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
        let id = self.new_id(&head.caller.tenant, head.command_id, message).map_err(rejected)?;
        if !message.name.is_empty() {
            self.seal_under(&head.caller.tenant, id).await?;
        }
        let (runtime, at) = (self.runtime.clone(), head.at);
        let (tenant, message) = (head.caller.tenant.clone(), request.into_inner());
        let catalog = runtime.catalog(&tenant).1;
        let answer = self.runtime.record(&head, (Kind::Opportunity, id), move |desk| {
            decide(desk, id, at, |_, at| {
                let context = Context { runtime: &runtime, tenant: &tenant, catalog: &catalog, at };
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
            self.seal_under(&head.caller.tenant, id).await?;
        }
        let (runtime, at) = (self.runtime.clone(), head.at);
        let tenant = head.caller.tenant.clone();
        let catalog = runtime.catalog(&tenant).1;
        let answer = self.runtime.record(&head, (Kind::Opportunity, id), move |desk| {
            decide(desk, id, at, |deal, at| {
                let context = Context { runtime: &runtime, tenant: &tenant, catalog: &catalog, at };
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
            self.seal_under(&head.caller.tenant, id).await?;
        }
        let answer = self.runtime.record(&head, (Kind::Opportunity, id), move |desk| {
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

    /// Texts about a deal are sealed under the deal's own key, which is made when first needed.
    async fn seal_under(&self, tenant: &str, id: Uuid) -> Result<(), Status> {
        let ensured = self.runtime.vault.ensure_keys(tenant, &[id]).await;
        ensured.map_err(|error| Status::unavailable(error.to_string()))
    }

    fn new_id(
        &self,
        tenant: &str,
        command_id: Uuid,
        message: &OpenOpportunityRequest,
    ) -> Result<Uuid, Rejection> {
        let given = optional_uuid("opportunity_id", &message.opportunity_id)?;
        let made = |source: &str, key: &str| {
            self.runtime.vault.entity_id(tenant, Kind::Opportunity, source, key)
        };
        match (given, &message.external_id) {
            (Some(_), Some(_)) => {
                let message = "give either an id of your own or an external id";
                Err(Rejection::invalid("ID_TWICE", "opportunity_id", message))
            }
            (Some(id), None) => Ok(id),
            (None, Some(external)) => {
                let (_, catalog) = self.runtime.catalog(tenant);
                if !catalog.sources(Known::NOW).any(|(_, source)| source.key == external.source) {
                    let message = "no source has this key; define it first";
                    let field = "external_id.source";
                    return Err(Rejection::invalid("SOURCE_UNKNOWN", field, message));
                }
                Ok(made(&external.source, &external.key))
            }
            (None, None) => Ok(made("", &command_id.to_string())),
        }
    }
}

/// Judges what `build` makes of the deal as it stood when the command happens.
fn decide(
    desk: &Desk<'_>,
    id: Uuid,
    asked: Option<Instant>,
    build: impl Fn(&Opportunity, Instant) -> Result<Command, Rejection>,
) -> Result<Vec<Decision>, Undecided> {
    let (occurred_at, source_seq, judged) = desk.with(Kind::Opportunity, id, |timeline| {
        let at = desk.instant(asked, timeline);
        let deal: Opportunity = timeline.state(Known { as_of: at.next(), ..Known::NOW });
        let judged =
            build(&deal, at).and_then(|command| judge::<Opportunity>(timeline, at, &command));
        (at, timeline.sequence_after(at), judged)
    })?;
    let (kind, facts) = (Kind::Opportunity, judged?);
    Ok(vec![Decision { kind, id, occurred_at, source_seq, facts }])
}
