//! The RPCs of ActivityService, one beside the other: each hands over and answers.

use api::accounts::v1::{
    CancelActivityRequest, CancelActivityResponse, CompleteActivityRequest,
    CompleteActivityResponse, CountActivitiesRequest, CountActivitiesResponse, GetActivityRequest,
    GetActivityResponse, ListActivitiesRequest, ListActivitiesResponse, LogActivityRequest,
    LogActivityResponse, NoteActivityRequest, NoteActivityResponse, RecordActivityOutcomeRequest,
    RecordActivityOutcomeResponse, VoidActivityCommandRequest, VoidActivityCommandResponse,
    activity_service_server::ActivityService,
};
use domain::activity::Activity;
use tonic::{Request, Response, Status};

use super::from_proto;
use crate::Customers;

#[tonic::async_trait]
impl ActivityService for Customers {
    async fn log_activity(
        &self,
        request: Request<LogActivityRequest>,
    ) -> Result<Response<LogActivityResponse>, Status> {
        let (recorded, activity_id) = self.create(request, from_proto::log).await?;
        Ok(Response::new(LogActivityResponse { recorded, activity_id }))
    }

    async fn record_activity_outcome(
        &self,
        request: Request<RecordActivityOutcomeRequest>,
    ) -> Result<Response<RecordActivityOutcomeResponse>, Status> {
        let recorded = self.change(request, from_proto::record_outcome).await?;
        Ok(Response::new(RecordActivityOutcomeResponse { recorded }))
    }

    async fn complete_activity(
        &self,
        request: Request<CompleteActivityRequest>,
    ) -> Result<Response<CompleteActivityResponse>, Status> {
        let recorded = self.change(request, from_proto::complete).await?;
        Ok(Response::new(CompleteActivityResponse { recorded }))
    }

    async fn cancel_activity(
        &self,
        request: Request<CancelActivityRequest>,
    ) -> Result<Response<CancelActivityResponse>, Status> {
        let recorded = self.change(request, from_proto::cancel).await?;
        Ok(Response::new(CancelActivityResponse { recorded }))
    }

    async fn note_activity(
        &self,
        request: Request<NoteActivityRequest>,
    ) -> Result<Response<NoteActivityResponse>, Status> {
        let recorded = self.change(request, from_proto::note).await?;
        Ok(Response::new(NoteActivityResponse { recorded }))
    }

    async fn void_activity_command(
        &self,
        request: Request<VoidActivityCommandRequest>,
    ) -> Result<Response<VoidActivityCommandResponse>, Status> {
        let recorded = self.void::<Activity, _>(request).await?;
        Ok(Response::new(VoidActivityCommandResponse { recorded }))
    }

    async fn get_activity(
        &self,
        request: Request<GetActivityRequest>,
    ) -> Result<Response<GetActivityResponse>, Status> {
        self.activity(request).await.map(Response::new)
    }

    async fn list_activities(
        &self,
        request: Request<ListActivitiesRequest>,
    ) -> Result<Response<ListActivitiesResponse>, Status> {
        self.list_of_activities(request).await.map(Response::new)
    }

    async fn count_activities(
        &self,
        request: Request<CountActivitiesRequest>,
    ) -> Result<Response<CountActivitiesResponse>, Status> {
        self.count(request).await.map(Response::new)
    }
}
