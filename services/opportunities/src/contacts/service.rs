//! The RPCs of ContactService, one beside the other: each hands over and answers.

use api::accounts::v1::{
    ChangeContactAccountRequest, ChangeContactAccountResponse, ChangeContactConsentRequest,
    ChangeContactConsentResponse, CorrectContactDetailsRequest, CorrectContactDetailsResponse,
    CreateContactRequest, CreateContactResponse, GetContactRequest, GetContactResponse,
    ListContactsRequest, ListContactsResponse, NoteContactRequest, NoteContactResponse,
    VoidContactCommandRequest, VoidContactCommandResponse, contact_service_server::ContactService,
};
use domain::contact::Contact;
use tonic::{Request, Response, Status};

use super::from_proto;
use crate::Customers;

#[tonic::async_trait]
impl ContactService for Customers {
    async fn create_contact(
        &self,
        request: Request<CreateContactRequest>,
    ) -> Result<Response<CreateContactResponse>, Status> {
        let (recorded, contact_id) = self.create(request, from_proto::create).await?;
        Ok(Response::new(CreateContactResponse { recorded, contact_id }))
    }

    async fn correct_contact_details(
        &self,
        request: Request<CorrectContactDetailsRequest>,
    ) -> Result<Response<CorrectContactDetailsResponse>, Status> {
        let recorded = self.change(request, from_proto::correct_details).await?;
        Ok(Response::new(CorrectContactDetailsResponse { recorded }))
    }

    async fn change_contact_account(
        &self,
        request: Request<ChangeContactAccountRequest>,
    ) -> Result<Response<ChangeContactAccountResponse>, Status> {
        let recorded = self.change(request, from_proto::change_account).await?;
        Ok(Response::new(ChangeContactAccountResponse { recorded }))
    }

    async fn change_contact_consent(
        &self,
        request: Request<ChangeContactConsentRequest>,
    ) -> Result<Response<ChangeContactConsentResponse>, Status> {
        let recorded = self.change(request, from_proto::change_consent).await?;
        Ok(Response::new(ChangeContactConsentResponse { recorded }))
    }

    async fn note_contact(
        &self,
        request: Request<NoteContactRequest>,
    ) -> Result<Response<NoteContactResponse>, Status> {
        let recorded = self.change(request, from_proto::note).await?;
        Ok(Response::new(NoteContactResponse { recorded }))
    }

    async fn void_contact_command(
        &self,
        request: Request<VoidContactCommandRequest>,
    ) -> Result<Response<VoidContactCommandResponse>, Status> {
        let recorded = self.void::<Contact, _>(request).await?;
        Ok(Response::new(VoidContactCommandResponse { recorded }))
    }

    async fn get_contact(
        &self,
        request: Request<GetContactRequest>,
    ) -> Result<Response<GetContactResponse>, Status> {
        self.contact(request).await.map(Response::new)
    }

    async fn list_contacts(
        &self,
        request: Request<ListContactsRequest>,
    ) -> Result<Response<ListContactsResponse>, Status> {
        self.list_of_contacts(request).await.map(Response::new)
    }
}
