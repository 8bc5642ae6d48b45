//! The RPCs of ContractService, one beside the other: each hands over and answers.

use api::accounts::v1::{
    ActivateContractRequest, ActivateContractResponse, ChurnContractRequest, ChurnContractResponse,
    ContractContractRequest, ContractContractResponse, ExpandContractRequest,
    ExpandContractResponse, GetContractRequest, GetContractResponse, ListContractsRequest,
    ListContractsResponse, RenewContractRequest, RenewContractResponse, VoidContractCommandRequest,
    VoidContractCommandResponse, WinBackContractRequest, WinBackContractResponse,
    contract_service_server::ContractService,
};
use domain::contract::Contract;
use tonic::{Request, Response, Status};

use super::from_proto;
use crate::Customers;

#[tonic::async_trait]
impl ContractService for Customers {
    async fn activate_contract(
        &self,
        request: Request<ActivateContractRequest>,
    ) -> Result<Response<ActivateContractResponse>, Status> {
        let (recorded, contract_id) = self.create(request, from_proto::activate).await?;
        Ok(Response::new(ActivateContractResponse { recorded, contract_id }))
    }

    async fn expand_contract(
        &self,
        request: Request<ExpandContractRequest>,
    ) -> Result<Response<ExpandContractResponse>, Status> {
        let recorded = self.change(request, from_proto::expand).await?;
        Ok(Response::new(ExpandContractResponse { recorded }))
    }

    async fn contract_contract(
        &self,
        request: Request<ContractContractRequest>,
    ) -> Result<Response<ContractContractResponse>, Status> {
        let recorded = self.change(request, from_proto::contract).await?;
        Ok(Response::new(ContractContractResponse { recorded }))
    }

    async fn renew_contract(
        &self,
        request: Request<RenewContractRequest>,
    ) -> Result<Response<RenewContractResponse>, Status> {
        let recorded = self.change(request, from_proto::renew).await?;
        Ok(Response::new(RenewContractResponse { recorded }))
    }

    async fn churn_contract(
        &self,
        request: Request<ChurnContractRequest>,
    ) -> Result<Response<ChurnContractResponse>, Status> {
        let recorded = self.change(request, from_proto::churn).await?;
        Ok(Response::new(ChurnContractResponse { recorded }))
    }

    async fn win_back_contract(
        &self,
        request: Request<WinBackContractRequest>,
    ) -> Result<Response<WinBackContractResponse>, Status> {
        let recorded = self.change(request, from_proto::win_back).await?;
        Ok(Response::new(WinBackContractResponse { recorded }))
    }

    async fn void_contract_command(
        &self,
        request: Request<VoidContractCommandRequest>,
    ) -> Result<Response<VoidContractCommandResponse>, Status> {
        let recorded = self.void::<Contract, _>(request).await?;
        Ok(Response::new(VoidContractCommandResponse { recorded }))
    }

    async fn get_contract(
        &self,
        request: Request<GetContractRequest>,
    ) -> Result<Response<GetContractResponse>, Status> {
        self.contract(request).await.map(Response::new)
    }

    async fn list_contracts(
        &self,
        request: Request<ListContractsRequest>,
    ) -> Result<Response<ListContractsResponse>, Status> {
        self.list_of_contracts(request).await.map(Response::new)
    }
}
