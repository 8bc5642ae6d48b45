//! The RPCs of OpportunityService, one beside the other: each hands over and answers.

use api::opportunities::v1::{
    AbandonOpportunityRequest, AbandonOpportunityResponse, ChangeOpportunityAccountRequest,
    ChangeOpportunityAccountResponse, ChangeOpportunityAmountRequest,
    ChangeOpportunityAmountResponse, ChangeOpportunityCloseDateRequest,
    ChangeOpportunityCloseDateResponse, ChangeOpportunityContactRoleRequest,
    ChangeOpportunityContactRoleResponse, ChangeOpportunityOwnerRequest,
    ChangeOpportunityOwnerResponse, ChangeOpportunityStageRequest, ChangeOpportunityStageResponse,
    ChangeOpportunityTypeRequest, ChangeOpportunityTypeResponse, GetOpportunityRequest,
    GetOpportunityResponse, ListOpportunitiesRequest, ListOpportunitiesResponse,
    LoseOpportunityRequest, LoseOpportunityResponse, NameOpportunityCompetitorRequest,
    NameOpportunityCompetitorResponse, NoteOpportunityRequest, NoteOpportunityResponse,
    OpenOpportunityRequest, OpenOpportunityResponse, OverrideOpportunityCategoryRequest,
    OverrideOpportunityCategoryResponse, ReopenOpportunityRequest, ReopenOpportunityResponse,
    VoidOpportunityCommandRequest, VoidOpportunityCommandResponse, WinOpportunityRequest,
    WinOpportunityResponse, opportunity_service_server::OpportunityService,
};
use tonic::{Request, Response, Status};

use crate::{Opportunities, from_proto};

#[tonic::async_trait]
impl OpportunityService for Opportunities {
    async fn open_opportunity(
        &self,
        request: Request<OpenOpportunityRequest>,
    ) -> Result<Response<OpenOpportunityResponse>, Status> {
        self.open(request).await.map(Response::new)
    }

    async fn change_opportunity_stage(
        &self,
        request: Request<ChangeOpportunityStageRequest>,
    ) -> Result<Response<ChangeOpportunityStageResponse>, Status> {
        let recorded = self.change(request, from_proto::change_stage).await?;
        Ok(Response::new(ChangeOpportunityStageResponse { recorded }))
    }

    async fn change_opportunity_amount(
        &self,
        request: Request<ChangeOpportunityAmountRequest>,
    ) -> Result<Response<ChangeOpportunityAmountResponse>, Status> {
        let recorded = self.change(request, from_proto::change_amount).await?;
        Ok(Response::new(ChangeOpportunityAmountResponse { recorded }))
    }

    async fn change_opportunity_close_date(
        &self,
        request: Request<ChangeOpportunityCloseDateRequest>,
    ) -> Result<Response<ChangeOpportunityCloseDateResponse>, Status> {
        let recorded = self.change(request, from_proto::change_close_date).await?;
        Ok(Response::new(ChangeOpportunityCloseDateResponse { recorded }))
    }

    async fn change_opportunity_owner(
        &self,
        request: Request<ChangeOpportunityOwnerRequest>,
    ) -> Result<Response<ChangeOpportunityOwnerResponse>, Status> {
        let recorded = self.change(request, from_proto::change_owner).await?;
        Ok(Response::new(ChangeOpportunityOwnerResponse { recorded }))
    }

    async fn override_opportunity_category(
        &self,
        request: Request<OverrideOpportunityCategoryRequest>,
    ) -> Result<Response<OverrideOpportunityCategoryResponse>, Status> {
        let recorded = self.change(request, from_proto::override_category).await?;
        Ok(Response::new(OverrideOpportunityCategoryResponse { recorded }))
    }

    async fn win_opportunity(
        &self,
        request: Request<WinOpportunityRequest>,
    ) -> Result<Response<WinOpportunityResponse>, Status> {
        let recorded = self.change(request, from_proto::win).await?;
        Ok(Response::new(WinOpportunityResponse { recorded }))
    }

    async fn lose_opportunity(
        &self,
        request: Request<LoseOpportunityRequest>,
    ) -> Result<Response<LoseOpportunityResponse>, Status> {
        let recorded = self.change(request, from_proto::lose).await?;
        Ok(Response::new(LoseOpportunityResponse { recorded }))
    }

    async fn abandon_opportunity(
        &self,
        request: Request<AbandonOpportunityRequest>,
    ) -> Result<Response<AbandonOpportunityResponse>, Status> {
        let recorded = self.change(request, from_proto::abandon).await?;
        Ok(Response::new(AbandonOpportunityResponse { recorded }))
    }

    async fn reopen_opportunity(
        &self,
        request: Request<ReopenOpportunityRequest>,
    ) -> Result<Response<ReopenOpportunityResponse>, Status> {
        let recorded = self.change(request, from_proto::reopen).await?;
        Ok(Response::new(ReopenOpportunityResponse { recorded }))
    }

    async fn change_opportunity_account(
        &self,
        request: Request<ChangeOpportunityAccountRequest>,
    ) -> Result<Response<ChangeOpportunityAccountResponse>, Status> {
        let recorded = self.change(request, from_proto::change_account).await?;
        Ok(Response::new(ChangeOpportunityAccountResponse { recorded }))
    }

    async fn change_opportunity_type(
        &self,
        request: Request<ChangeOpportunityTypeRequest>,
    ) -> Result<Response<ChangeOpportunityTypeResponse>, Status> {
        let recorded = self.change(request, from_proto::change_type).await?;
        Ok(Response::new(ChangeOpportunityTypeResponse { recorded }))
    }

    async fn name_opportunity_competitor(
        &self,
        request: Request<NameOpportunityCompetitorRequest>,
    ) -> Result<Response<NameOpportunityCompetitorResponse>, Status> {
        let recorded = self.change(request, from_proto::name_competitor).await?;
        Ok(Response::new(NameOpportunityCompetitorResponse { recorded }))
    }

    async fn change_opportunity_contact_role(
        &self,
        request: Request<ChangeOpportunityContactRoleRequest>,
    ) -> Result<Response<ChangeOpportunityContactRoleResponse>, Status> {
        let recorded = self.change(request, from_proto::change_contact_role).await?;
        Ok(Response::new(ChangeOpportunityContactRoleResponse { recorded }))
    }

    async fn note_opportunity(
        &self,
        request: Request<NoteOpportunityRequest>,
    ) -> Result<Response<NoteOpportunityResponse>, Status> {
        let recorded = self.change(request, from_proto::note).await?;
        Ok(Response::new(NoteOpportunityResponse { recorded }))
    }

    async fn void_opportunity_command(
        &self,
        request: Request<VoidOpportunityCommandRequest>,
    ) -> Result<Response<VoidOpportunityCommandResponse>, Status> {
        let recorded = self.void(request).await?;
        Ok(Response::new(VoidOpportunityCommandResponse { recorded }))
    }

    async fn get_opportunity(
        &self,
        request: Request<GetOpportunityRequest>,
    ) -> Result<Response<GetOpportunityResponse>, Status> {
        self.get(request).await.map(Response::new)
    }

    async fn list_opportunities(
        &self,
        request: Request<ListOpportunitiesRequest>,
    ) -> Result<Response<ListOpportunitiesResponse>, Status> {
        self.list(request).await.map(Response::new)
    }
}
