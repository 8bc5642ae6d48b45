//! ProjectionService at the edge: the projections of this process, rebuilt and verified on demand.

use std::{collections::BTreeMap, sync::Arc};

use api::projections::v1::{
    ListProjectionsRequest, ListProjectionsResponse, Projection, ProjectionHealth,
    ProjectionProgress, ProjectionVerdict, RebuildProjectionRequest, RebuildProjectionResponse,
    RowDifference, VerifyProjectionRequest, VerifyProjectionResponse,
    projection_service_server::ProjectionService, rebuild_projection_response,
    verify_projection_response,
};
use runtime::{
    order::Refusal,
    projections::{Health, Standing, standings},
    query::{Asked, Caller, QueryError, caller},
    renewal::renew,
    runtime::Runtime,
    verify::{Step, Verdict, verify},
};
use tokio::sync::mpsc::{self, UnboundedSender};
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::{Request, Response, Status, metadata::MetadataMap};

/// ProjectionService over the runtime of a process.
pub struct Projections {
    runtime: Arc<Runtime>,
}

impl Projections {
    pub(crate) fn new(runtime: Arc<Runtime>) -> Projections {
        Projections { runtime }
    }

    fn caller(&self, metadata: &MetadataMap) -> Result<Caller, QueryError> {
        Ok(caller(metadata, self.runtime.default_tenant.as_deref())?)
    }
}

#[tonic::async_trait]
impl ProjectionService for Projections {
    async fn list_projections(
        &self,
        request: Request<ListProjectionsRequest>,
    ) -> Result<Response<ListProjectionsResponse>, Status> {
        let caller = self.caller(request.metadata())?;
        let asked = Asked { as_of: None, known_at: None, now: self.runtime.clock.now() };
        let standings = standings(&self.runtime, &caller.tenant).await?;
        let position = standings.iter().map(|it| it.position).min().unwrap_or(0);
        Ok(Response::new(ListProjectionsResponse {
            reflected: Some(self.runtime.reflected(&asked, position)),
            projections: standings.into_iter().map(projection).collect(),
        }))
    }

    type RebuildProjectionStream =
        UnboundedReceiverStream<Result<RebuildProjectionResponse, Status>>;

    async fn rebuild_projection(
        &self,
        request: Request<RebuildProjectionRequest>,
    ) -> Result<Response<Self::RebuildProjectionStream>, Status> {
        let caller = self.caller(request.metadata())?;
        let (runtime, name) = (self.runtime.clone(), request.into_inner().name);
        let (steps, stream) = mpsc::unbounded_channel();
        tokio::spawn(rebuild(runtime, caller, name, steps));
        Ok(Response::new(UnboundedReceiverStream::new(stream)))
    }

    type VerifyProjectionStream = UnboundedReceiverStream<Result<VerifyProjectionResponse, Status>>;

    async fn verify_projection(
        &self,
        request: Request<VerifyProjectionRequest>,
    ) -> Result<Response<Self::VerifyProjectionStream>, Status> {
        let caller = self.caller(request.metadata())?;
        let (runtime, name) = (self.runtime.clone(), request.into_inner().name);
        let (steps, stream) = mpsc::unbounded_channel();
        tokio::spawn(compare(runtime, caller, name, steps));
        Ok(Response::new(UnboundedReceiverStream::new(stream)))
    }
}

type Steps<T> = UnboundedSender<Result<T, Status>>;

/// Rebuilds, whether anybody still listens or not: half a rebuild would have been for nothing.
async fn rebuild(
    runtime: Arc<Runtime>,
    caller: Caller,
    name: String,
    steps: Steps<RebuildProjectionResponse>,
) {
    use rebuild_projection_response::Step;
    let send = |step| steps.send(Ok(RebuildProjectionResponse { step: Some(step) }));
    let (told, worked_on) = (steps.clone(), name.clone());
    let progress = move |done, total| {
        let progress = ProjectionProgress { name: worked_on.clone(), done, total };
        let step = Some(Step::Progress(progress));
        let _ = told.send(Ok(RebuildProjectionResponse { step }));
    };
    let renewed = renew(&runtime, &name, Arc::new(progress)).await;
    let ended = match renewed {
        Ok(()) => standings(&runtime, &caller.tenant).await,
        Err(refusal) => Err(refusal),
    };
    let standing = ended.and_then(|all| {
        let gone = || Refusal::Internal(format!("{name} is gone"));
        all.into_iter().find(|standing| standing.name == name).ok_or_else(gone)
    });
    let _ = match standing {
        Ok(standing) => send(Step::Finished(projection(standing))),
        Err(refusal) => steps.send(Err(refusal.into())),
    };
}

/// Verifies as long as somebody listens.
async fn compare(
    runtime: Arc<Runtime>,
    caller: Caller,
    name: String,
    steps: Steps<VerifyProjectionResponse>,
) {
    let told = steps.clone();
    let tell = move |step| {
        let _ = told.send(Ok(VerifyProjectionResponse { step: Some(shown(step)) }));
    };
    let verified = tokio::select! {
        () = steps.closed() => return,
        verified = verify(&runtime, &caller.tenant, &name, Arc::new(tell)) => verified,
    };
    if let Err(refusal) = verified {
        let _ = steps.send(Err(refusal.into()));
    }
}

fn projection(standing: Standing) -> Projection {
    let (health, detail) = match standing.health {
        Health::Following => (ProjectionHealth::Ok, passed_by(&standing.passed)),
        Health::CatchingUp => {
            let detail = format!("{} positions are still to be folded", standing.lag);
            (ProjectionHealth::CatchingUp, detail)
        }
        Health::Rebuilding => {
            (ProjectionHealth::Rebuilding, "it is being made anew; the old one answers".to_owned())
        }
        Health::Stopped(why) => (ProjectionHealth::Stopped, why),
    };
    Projection {
        name: standing.name,
        position: standing.position,
        lag: standing.lag,
        digest: standing.digest.to_string(),
        health: health.into(),
        detail,
    }
}

/// What a program that is older than the log leaves to a newer one.
fn passed_by(passed: &BTreeMap<String, u64>) -> String {
    if passed.is_empty() {
        return String::new();
    }
    let kinds: Vec<_> = passed.iter().map(|(kind, facts)| format!("{facts} of {kind}")).collect();
    format!("facts of newer kinds pass by ({}): upgrade to read them", kinds.join(", "))
}

fn shown(step: Step) -> verify_projection_response::Step {
    match step {
        Step::Progress(name, done, total) => {
            verify_projection_response::Step::Progress(ProjectionProgress { name, done, total })
        }
        Step::Verdict(found) => verify_projection_response::Step::Verdict(verdict(&found)),
    }
}

fn verdict(found: &Verdict) -> ProjectionVerdict {
    let difference =
        |(key, what): (&str, &str)| RowDifference { key: key.to_owned(), what: what.to_owned() };
    ProjectionVerdict {
        name: found.name.clone(),
        ok: found.is_ok(),
        position: found.position,
        digest_expected: found.expected.to_string(),
        digest_found: found.found.to_string(),
        differences: found.differences.named().map(difference).collect(),
        differences_total: found.differences.total,
    }
}
