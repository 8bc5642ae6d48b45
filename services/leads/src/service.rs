//! The RPCs of LeadService, one beside the other: each hands over and answers.

use api::leads::v1::{
    AcceptLeadRequest, AcceptLeadResponse, AssignLeadRequest, AssignLeadResponse,
    CaptureLeadRequest, CaptureLeadResponse, CaptureLeadsRequest, CaptureLeadsResponse,
    ChangeLeadConsentRequest, ChangeLeadConsentResponse, ConvertLeadRequest, ConvertLeadResponse,
    CorrectLeadDetailsRequest, CorrectLeadDetailsResponse, DismissLeadDuplicateRequest,
    DismissLeadDuplicateResponse, DisqualifyLeadRequest, DisqualifyLeadResponse,
    FindLeadDuplicatesRequest, FindLeadDuplicatesResponse, GetLeadConversionRequest,
    GetLeadConversionResponse, GetLeadRequest, GetLeadResponse, HandOverLeadRequest,
    HandOverLeadResponse, ListLeadsRequest, ListLeadsResponse, MergeLeadsRequest,
    MergeLeadsResponse, NoteLeadRequest, NoteLeadResponse, NurtureLeadRequest, NurtureLeadResponse,
    QualifyLeadRequest, QualifyLeadResponse, RecycleLeadRequest, RecycleLeadResponse,
    RejectLeadRequest, RejectLeadResponse, UnconvertLeadRequest, UnconvertLeadResponse,
    UnmergeLeadsRequest, UnmergeLeadsResponse, VoidLeadCommandRequest, VoidLeadCommandResponse,
    WorkLeadRequest, WorkLeadResponse, lead_service_server::LeadService,
};
use tonic::{Request, Response, Status};

use crate::Leads;

#[tonic::async_trait]
impl LeadService for Leads {
    async fn capture_lead(
        &self,
        request: Request<CaptureLeadRequest>,
    ) -> Result<Response<CaptureLeadResponse>, Status> {
        self.capture(request).await.map(Response::new)
    }

    async fn capture_leads(
        &self,
        request: Request<CaptureLeadsRequest>,
    ) -> Result<Response<CaptureLeadsResponse>, Status> {
        self.capture_many(request).await.map(Response::new)
    }

    async fn correct_lead_details(
        &self,
        request: Request<CorrectLeadDetailsRequest>,
    ) -> Result<Response<CorrectLeadDetailsResponse>, Status> {
        let recorded = self.change(request).await?;
        Ok(Response::new(CorrectLeadDetailsResponse { recorded }))
    }

    async fn assign_lead(
        &self,
        request: Request<AssignLeadRequest>,
    ) -> Result<Response<AssignLeadResponse>, Status> {
        let recorded = self.change(request).await?;
        Ok(Response::new(AssignLeadResponse { recorded }))
    }

    async fn work_lead(
        &self,
        request: Request<WorkLeadRequest>,
    ) -> Result<Response<WorkLeadResponse>, Status> {
        let recorded = self.change(request).await?;
        Ok(Response::new(WorkLeadResponse { recorded }))
    }

    async fn nurture_lead(
        &self,
        request: Request<NurtureLeadRequest>,
    ) -> Result<Response<NurtureLeadResponse>, Status> {
        let recorded = self.change(request).await?;
        Ok(Response::new(NurtureLeadResponse { recorded }))
    }

    async fn hand_over_lead(
        &self,
        request: Request<HandOverLeadRequest>,
    ) -> Result<Response<HandOverLeadResponse>, Status> {
        let recorded = self.change(request).await?;
        Ok(Response::new(HandOverLeadResponse { recorded }))
    }

    async fn accept_lead(
        &self,
        request: Request<AcceptLeadRequest>,
    ) -> Result<Response<AcceptLeadResponse>, Status> {
        let recorded = self.change(request).await?;
        Ok(Response::new(AcceptLeadResponse { recorded }))
    }

    async fn reject_lead(
        &self,
        request: Request<RejectLeadRequest>,
    ) -> Result<Response<RejectLeadResponse>, Status> {
        let recorded = self.change(request).await?;
        Ok(Response::new(RejectLeadResponse { recorded }))
    }

    async fn qualify_lead(
        &self,
        request: Request<QualifyLeadRequest>,
    ) -> Result<Response<QualifyLeadResponse>, Status> {
        let recorded = self.change(request).await?;
        Ok(Response::new(QualifyLeadResponse { recorded }))
    }

    async fn disqualify_lead(
        &self,
        request: Request<DisqualifyLeadRequest>,
    ) -> Result<Response<DisqualifyLeadResponse>, Status> {
        let recorded = self.change(request).await?;
        Ok(Response::new(DisqualifyLeadResponse { recorded }))
    }

    async fn recycle_lead(
        &self,
        request: Request<RecycleLeadRequest>,
    ) -> Result<Response<RecycleLeadResponse>, Status> {
        let recorded = self.change(request).await?;
        Ok(Response::new(RecycleLeadResponse { recorded }))
    }

    async fn change_lead_consent(
        &self,
        request: Request<ChangeLeadConsentRequest>,
    ) -> Result<Response<ChangeLeadConsentResponse>, Status> {
        let recorded = self.change(request).await?;
        Ok(Response::new(ChangeLeadConsentResponse { recorded }))
    }

    async fn note_lead(
        &self,
        request: Request<NoteLeadRequest>,
    ) -> Result<Response<NoteLeadResponse>, Status> {
        let recorded = self.change(request).await?;
        Ok(Response::new(NoteLeadResponse { recorded }))
    }

    async fn dismiss_lead_duplicate(
        &self,
        request: Request<DismissLeadDuplicateRequest>,
    ) -> Result<Response<DismissLeadDuplicateResponse>, Status> {
        let recorded = self.change(request).await?;
        Ok(Response::new(DismissLeadDuplicateResponse { recorded }))
    }

    async fn merge_leads(
        &self,
        request: Request<MergeLeadsRequest>,
    ) -> Result<Response<MergeLeadsResponse>, Status> {
        let recorded = self.merge(request).await?;
        Ok(Response::new(MergeLeadsResponse { recorded }))
    }

    async fn unmerge_leads(
        &self,
        request: Request<UnmergeLeadsRequest>,
    ) -> Result<Response<UnmergeLeadsResponse>, Status> {
        self.unmerge(request).await.map(Response::new)
    }

    async fn convert_lead(
        &self,
        request: Request<ConvertLeadRequest>,
    ) -> Result<Response<ConvertLeadResponse>, Status> {
        self.convert(request).await.map(Response::new)
    }

    async fn unconvert_lead(
        &self,
        request: Request<UnconvertLeadRequest>,
    ) -> Result<Response<UnconvertLeadResponse>, Status> {
        self.unconvert(request).await.map(Response::new)
    }

    async fn void_lead_command(
        &self,
        request: Request<VoidLeadCommandRequest>,
    ) -> Result<Response<VoidLeadCommandResponse>, Status> {
        let recorded = self.void(request).await?;
        Ok(Response::new(VoidLeadCommandResponse { recorded }))
    }

    async fn find_lead_duplicates(
        &self,
        request: Request<FindLeadDuplicatesRequest>,
    ) -> Result<Response<FindLeadDuplicatesResponse>, Status> {
        self.find_duplicates(request).await.map(Response::new)
    }

    async fn get_lead(
        &self,
        request: Request<GetLeadRequest>,
    ) -> Result<Response<GetLeadResponse>, Status> {
        self.get(request).await.map(Response::new)
    }

    async fn list_leads(
        &self,
        request: Request<ListLeadsRequest>,
    ) -> Result<Response<ListLeadsResponse>, Status> {
        self.list(request).await.map(Response::new)
    }

    async fn get_lead_conversion(
        &self,
        request: Request<GetLeadConversionRequest>,
    ) -> Result<Response<GetLeadConversionResponse>, Status> {
        self.conversion(request).await.map(Response::new)
    }
}
