//! Calls of the two services, as their clients make them.

use std::{collections::HashMap, sync::Arc};

use api::{
    audit::v1::{
        audit_service_client::AuditServiceClient, audit_service_server::AuditServiceServer,
    },
    projections::v1::{
        Projection, ProjectionVerdict, RebuildProjectionRequest, VerifyProjectionRequest,
        projection_service_client::ProjectionServiceClient,
        projection_service_server::ProjectionServiceServer, rebuild_projection_response,
        verify_projection_response,
    },
};
use audit::{Audit, Projections, audit_service, projection_service};
use runtime::runtime::Runtime;
use tonic::{Request, Status};

/// The digest of every projection for a tenant, by name.
pub async fn digests(runtime: &Arc<Runtime>, tenant: &str) -> HashMap<String, String> {
    let list = standings(runtime, tenant).await;
    list.into_iter().map(|standing| (standing.name, standing.digest)).collect()
}

pub async fn standings(runtime: &Arc<Runtime>, tenant: &str) -> Vec<Projection> {
    let request = request(tenant, api::projections::v1::ListProjectionsRequest {});
    projections(runtime).list_projections(request).await.unwrap().into_inner().projections
}

pub fn request<T>(tenant: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("revops-tenant", tenant.parse().unwrap());
    request
}

pub fn auditor(runtime: &Arc<Runtime>) -> AuditServiceClient<AuditServiceServer<Audit>> {
    AuditServiceClient::new(audit_service(runtime.clone()))
}

pub fn projections(
    runtime: &Arc<Runtime>,
) -> ProjectionServiceClient<ProjectionServiceServer<Projections>> {
    ProjectionServiceClient::new(projection_service(runtime.clone()))
}

/// Rebuilds a projection; how it stands afterwards.
pub async fn rebuild(runtime: &Arc<Runtime>, name: &str) -> Result<Projection, Status> {
    let message = RebuildProjectionRequest { name: name.to_owned() };
    let answer = projections(runtime).rebuild_projection(request("acme", message)).await?;
    let mut steps = answer.into_inner();
    while let Some(step) = steps.message().await? {
        if let Some(rebuild_projection_response::Step::Finished(standing)) = step.step {
            return Ok(standing);
        }
    }
    panic!("{name} was not finished");
}

/// Verifies a projection, or all; the verdicts.
pub async fn verify(
    runtime: &Arc<Runtime>,
    tenant: &str,
    name: &str,
) -> Result<Vec<ProjectionVerdict>, Status> {
    let message = VerifyProjectionRequest { name: name.to_owned() };
    let answer = projections(runtime).verify_projection(request(tenant, message)).await?;
    let (mut steps, mut verdicts) = (answer.into_inner(), Vec::new());
    while let Some(step) = steps.message().await? {
        if let Some(verify_projection_response::Step::Verdict(verdict)) = step.step {
            verdicts.push(verdict);
        }
    }
    Ok(verdicts)
}
