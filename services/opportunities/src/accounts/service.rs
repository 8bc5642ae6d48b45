//! The RPCs of AccountService, one beside the other: each hands over and answers.

use api::accounts::v1::{
    ChangeAccountDomainRequest, ChangeAccountDomainResponse, ChangeAccountOwnerRequest,
    ChangeAccountOwnerResponse, ChangeAccountParentRequest, ChangeAccountParentResponse,
    ChangeAccountSegmentRequest, ChangeAccountSegmentResponse, ChangeKeyAccountRequest,
    ChangeKeyAccountResponse, CreateAccountRequest, CreateAccountResponse, GetAccountRequest,
    GetAccountResponse, ListAccountsRequest, ListAccountsResponse, NoteAccountRequest,
    NoteAccountResponse, RenameAccountRequest, RenameAccountResponse, VoidAccountCommandRequest,
    VoidAccountCommandResponse, account_service_server::AccountService,
};
use domain::account::Account;
use tonic::{Request, Response, Status};

use super::from_proto;
use crate::Customers;

#[tonic::async_trait]
impl AccountService for Customers {
    async fn create_account(
        &self,
        request: Request<CreateAccountRequest>,
    ) -> Result<Response<CreateAccountResponse>, Status> {
        let (recorded, account_id) = self.create(request, from_proto::create).await?;
        Ok(Response::new(CreateAccountResponse { recorded, account_id }))
    }

    async fn rename_account(
        &self,
        request: Request<RenameAccountRequest>,
    ) -> Result<Response<RenameAccountResponse>, Status> {
        let recorded = self.change(request, from_proto::rename).await?;
        Ok(Response::new(RenameAccountResponse { recorded }))
    }

    async fn change_account_domain(
        &self,
        request: Request<ChangeAccountDomainRequest>,
    ) -> Result<Response<ChangeAccountDomainResponse>, Status> {
        let recorded = self.change(request, from_proto::change_domain).await?;
        Ok(Response::new(ChangeAccountDomainResponse { recorded }))
    }

    async fn change_account_parent(
        &self,
        request: Request<ChangeAccountParentRequest>,
    ) -> Result<Response<ChangeAccountParentResponse>, Status> {
        let recorded = self.change(request, from_proto::change_parent).await?;
        Ok(Response::new(ChangeAccountParentResponse { recorded }))
    }

    async fn change_account_segment(
        &self,
        request: Request<ChangeAccountSegmentRequest>,
    ) -> Result<Response<ChangeAccountSegmentResponse>, Status> {
        let recorded = self.change(request, from_proto::change_segment).await?;
        Ok(Response::new(ChangeAccountSegmentResponse { recorded }))
    }

    async fn change_key_account(
        &self,
        request: Request<ChangeKeyAccountRequest>,
    ) -> Result<Response<ChangeKeyAccountResponse>, Status> {
        let recorded = self.change(request, from_proto::change_key_account).await?;
        Ok(Response::new(ChangeKeyAccountResponse { recorded }))
    }

    async fn change_account_owner(
        &self,
        request: Request<ChangeAccountOwnerRequest>,
    ) -> Result<Response<ChangeAccountOwnerResponse>, Status> {
        let recorded = self.change(request, from_proto::change_owner).await?;
        Ok(Response::new(ChangeAccountOwnerResponse { recorded }))
    }

    async fn note_account(
        &self,
        request: Request<NoteAccountRequest>,
    ) -> Result<Response<NoteAccountResponse>, Status> {
        let recorded = self.change(request, from_proto::note).await?;
        Ok(Response::new(NoteAccountResponse { recorded }))
    }

    async fn void_account_command(
        &self,
        request: Request<VoidAccountCommandRequest>,
    ) -> Result<Response<VoidAccountCommandResponse>, Status> {
        let recorded = self.void::<Account, _>(request).await?;
        Ok(Response::new(VoidAccountCommandResponse { recorded }))
    }

    async fn get_account(
        &self,
        request: Request<GetAccountRequest>,
    ) -> Result<Response<GetAccountResponse>, Status> {
        self.account(request).await.map(Response::new)
    }

    async fn list_accounts(
        &self,
        request: Request<ListAccountsRequest>,
    ) -> Result<Response<ListAccountsResponse>, Status> {
        self.list_of_accounts(request).await.map(Response::new)
    }
}
