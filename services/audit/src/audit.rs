//! AuditService at the edge: requests in, answers and steps out.

use std::sync::Arc;

use api::audit::v1::{
    GetHistoryRequest, GetHistoryResponse, TailEventsRequest, VerifyLogRequest, VerifyLogResponse,
    audit_service_server::AuditService,
};
use runtime::{
    query::{QueryError, caller},
    runtime::Runtime,
};
use tokio::sync::mpsc;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::{Request, Response, Status};

use crate::{
    history, proof,
    tail::{Tailed, tail},
};

/// AuditService over the runtime of a process.
pub struct Audit {
    runtime: Arc<Runtime>,
}

impl Audit {
    pub(crate) fn new(runtime: Arc<Runtime>) -> Audit {
        Audit { runtime }
    }
}

#[tonic::async_trait]
impl AuditService for Audit {
    async fn get_history(
        &self,
        request: Request<GetHistoryRequest>,
    ) -> Result<Response<GetHistoryResponse>, Status> {
        let default = self.runtime.default_tenant.as_deref();
        let caller = caller(request.metadata(), default).map_err(QueryError::from)?;
        let answer = history::get(&self.runtime, &caller, request.into_inner()).await?;
        Ok(Response::new(answer))
    }

    type TailEventsStream = Tailed;

    async fn tail_events(
        &self,
        request: Request<TailEventsRequest>,
    ) -> Result<Response<Tailed>, Status> {
        let default = self.runtime.default_tenant.as_deref();
        let caller = caller(request.metadata(), default).map_err(QueryError::from)?;
        let tailed = tail(self.runtime.clone(), caller, request.get_ref())?;
        Ok(Response::new(tailed))
    }

    type VerifyLogStream = UnboundedReceiverStream<Result<VerifyLogResponse, Status>>;

    async fn verify_log(
        &self,
        request: Request<VerifyLogRequest>,
    ) -> Result<Response<Self::VerifyLogStream>, Status> {
        let default = self.runtime.default_tenant.as_deref();
        caller(request.metadata(), default).map_err(QueryError::from)?;
        let (steps, stream) = mpsc::unbounded_channel();
        proof::begin(self.runtime.clone(), steps);
        Ok(Response::new(UnboundedReceiverStream::new(stream)))
    }
}
