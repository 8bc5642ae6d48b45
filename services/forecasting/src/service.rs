//! The RPCs of PlanningService, one beside the other: each hands over and answers.

use api::planning::v1::{
    DefineCalendarRequest, DefineCalendarResponse, DefinePipelineRequest, DefinePipelineResponse,
    DefineProductRequest, DefineProductResponse, DefineSourceRequest, DefineSourceResponse,
    DefineUserRequest, DefineUserResponse, GetCalendarRequest, GetCalendarResponse,
    GetPipelineRequest, GetPipelineResponse, GetProductRequest, GetProductResponse,
    GetSourceRequest, GetSourceResponse, GetUserRequest, GetUserResponse, ListCalendarsRequest,
    ListCalendarsResponse, ListExchangeRatesRequest, ListExchangeRatesResponse, ListPeriodsRequest,
    ListPeriodsResponse, ListPipelinesRequest, ListPipelinesResponse, ListProductsRequest,
    ListProductsResponse, ListQuotasRequest, ListQuotasResponse, ListSourcesRequest,
    ListSourcesResponse, ListUsersRequest, ListUsersResponse, SetExchangeRateRequest,
    SetExchangeRateResponse, SetQuotaRequest, SetQuotaResponse, VoidQuotaCommandRequest,
    VoidQuotaCommandResponse, WithdrawQuotaRequest, WithdrawQuotaResponse,
    planning_service_server::PlanningService,
};
use domain::Kind;
use tonic::{Request, Response, Status};

use crate::Planning;

#[tonic::async_trait]
impl PlanningService for Planning {
    async fn define_source(
        &self,
        request: Request<DefineSourceRequest>,
    ) -> Result<Response<DefineSourceResponse>, Status> {
        let (recorded, id) = self.source(request).await?;
        Ok(Response::new(DefineSourceResponse { recorded, source_id: id.to_string() }))
    }

    async fn get_source(
        &self,
        request: Request<GetSourceRequest>,
    ) -> Result<Response<GetSourceResponse>, Status> {
        let question = self.question(&request, request.get_ref().read_at.as_ref()).await?;
        let id = self.named(&question, Kind::Source, "source", &request.get_ref().source)?;
        let source = self.show_source(&question, id);
        Ok(Response::new(GetSourceResponse { reflected: self.reflected(&question), source }))
    }

    async fn list_sources(
        &self,
        request: Request<ListSourcesRequest>,
    ) -> Result<Response<ListSourcesResponse>, Status> {
        let message = request.get_ref();
        let question = self.question(&request, message.read_at.as_ref()).await?;
        let page = (message.page_size, message.page_token.as_str(), message.read_at.as_ref());
        let keys = self.source_keys(&question);
        let (ids, next_page_token) = self.page(&question, Kind::Source, keys, page)?;
        let sources = ids.into_iter().filter_map(|id| self.show_source(&question, id)).collect();
        let reflected = self.reflected(&question);
        Ok(Response::new(ListSourcesResponse { reflected, sources, next_page_token }))
    }

    async fn define_pipeline(
        &self,
        request: Request<DefinePipelineRequest>,
    ) -> Result<Response<DefinePipelineResponse>, Status> {
        let (recorded, id) = self.pipeline(request).await?;
        Ok(Response::new(DefinePipelineResponse { recorded, pipeline_id: id.to_string() }))
    }

    async fn get_pipeline(
        &self,
        request: Request<GetPipelineRequest>,
    ) -> Result<Response<GetPipelineResponse>, Status> {
        let question = self.question(&request, request.get_ref().read_at.as_ref()).await?;
        let id = self.named(&question, Kind::Pipeline, "pipeline", &request.get_ref().pipeline)?;
        let pipeline = self.show_pipeline(&question, id);
        Ok(Response::new(GetPipelineResponse { reflected: self.reflected(&question), pipeline }))
    }

    async fn list_pipelines(
        &self,
        request: Request<ListPipelinesRequest>,
    ) -> Result<Response<ListPipelinesResponse>, Status> {
        let message = request.get_ref();
        let question = self.question(&request, message.read_at.as_ref()).await?;
        let page = (message.page_size, message.page_token.as_str(), message.read_at.as_ref());
        let keys = self.pipeline_keys(&question);
        let (ids, next_page_token) = self.page(&question, Kind::Pipeline, keys, page)?;
        let pipelines =
            ids.into_iter().filter_map(|id| self.show_pipeline(&question, id)).collect();
        let reflected = self.reflected(&question);
        Ok(Response::new(ListPipelinesResponse { reflected, pipelines, next_page_token }))
    }

    async fn define_product(
        &self,
        request: Request<DefineProductRequest>,
    ) -> Result<Response<DefineProductResponse>, Status> {
        let (recorded, id) = self.product(request).await?;
        Ok(Response::new(DefineProductResponse { recorded, product_id: id.to_string() }))
    }

    async fn get_product(
        &self,
        request: Request<GetProductRequest>,
    ) -> Result<Response<GetProductResponse>, Status> {
        let question = self.question(&request, request.get_ref().read_at.as_ref()).await?;
        let id = self.named(&question, Kind::Product, "product", &request.get_ref().product)?;
        let product = self.show_product(&question, id);
        Ok(Response::new(GetProductResponse { reflected: self.reflected(&question), product }))
    }

    async fn list_products(
        &self,
        request: Request<ListProductsRequest>,
    ) -> Result<Response<ListProductsResponse>, Status> {
        let message = request.get_ref();
        let question = self.question(&request, message.read_at.as_ref()).await?;
        let page = (message.page_size, message.page_token.as_str(), message.read_at.as_ref());
        let keys = self.product_keys(&question);
        let (ids, next_page_token) = self.page(&question, Kind::Product, keys, page)?;
        let products = ids.into_iter().filter_map(|id| self.show_product(&question, id)).collect();
        let reflected = self.reflected(&question);
        Ok(Response::new(ListProductsResponse { reflected, products, next_page_token }))
    }

    async fn define_user(
        &self,
        request: Request<DefineUserRequest>,
    ) -> Result<Response<DefineUserResponse>, Status> {
        let (recorded, id) = self.user(request).await?;
        Ok(Response::new(DefineUserResponse { recorded, user_id: id.to_string() }))
    }

    async fn get_user(
        &self,
        request: Request<GetUserRequest>,
    ) -> Result<Response<GetUserResponse>, Status> {
        let question = self.question(&request, request.get_ref().read_at.as_ref()).await?;
        let id = self.named(&question, Kind::User, "user", &request.get_ref().user)?;
        let user = self.show_user(&question, id).await?;
        Ok(Response::new(GetUserResponse { reflected: self.reflected(&question), user }))
    }

    async fn list_users(
        &self,
        request: Request<ListUsersRequest>,
    ) -> Result<Response<ListUsersResponse>, Status> {
        let message = request.get_ref();
        let question = self.question(&request, message.read_at.as_ref()).await?;
        let page = (message.page_size, message.page_token.as_str(), message.read_at.as_ref());
        let keys = self.user_keys(&question).await?;
        let (ids, next_page_token) = self.page(&question, Kind::User, keys, page)?;
        let mut users = Vec::with_capacity(ids.len());
        for id in ids {
            users.extend(self.show_user(&question, id).await?);
        }
        let reflected = self.reflected(&question);
        Ok(Response::new(ListUsersResponse { reflected, users, next_page_token }))
    }

    async fn define_calendar(
        &self,
        request: Request<DefineCalendarRequest>,
    ) -> Result<Response<DefineCalendarResponse>, Status> {
        let (recorded, id) = self.calendar(request).await?;
        Ok(Response::new(DefineCalendarResponse { recorded, calendar_id: id.to_string() }))
    }

    async fn get_calendar(
        &self,
        request: Request<GetCalendarRequest>,
    ) -> Result<Response<GetCalendarResponse>, Status> {
        let question = self.question(&request, request.get_ref().read_at.as_ref()).await?;
        let calendar = Planning::get_calendar(self, &question, request.get_ref())?;
        Ok(Response::new(GetCalendarResponse { reflected: self.reflected(&question), calendar }))
    }

    async fn list_calendars(
        &self,
        request: Request<ListCalendarsRequest>,
    ) -> Result<Response<ListCalendarsResponse>, Status> {
        let question = self.question(&request, request.get_ref().read_at.as_ref()).await?;
        let (calendars, next_page_token) =
            Planning::list_calendars(self, &question, request.get_ref())?;
        let reflected = self.reflected(&question);
        Ok(Response::new(ListCalendarsResponse { reflected, calendars, next_page_token }))
    }

    async fn list_periods(
        &self,
        request: Request<ListPeriodsRequest>,
    ) -> Result<Response<ListPeriodsResponse>, Status> {
        let question = self.question(&request, request.get_ref().read_at.as_ref()).await?;
        Planning::list_periods(self, &question, request.get_ref()).map(Response::new)
    }

    async fn set_exchange_rate(
        &self,
        request: Request<SetExchangeRateRequest>,
    ) -> Result<Response<SetExchangeRateResponse>, Status> {
        let (recorded, id) = self.exchange_rate(request).await?;
        Ok(Response::new(SetExchangeRateResponse { recorded, exchange_rate_id: id.to_string() }))
    }

    async fn list_exchange_rates(
        &self,
        request: Request<ListExchangeRatesRequest>,
    ) -> Result<Response<ListExchangeRatesResponse>, Status> {
        let question = self.question(&request, request.get_ref().read_at.as_ref()).await?;
        let (exchange_rates, next_page_token) =
            Planning::list_exchange_rates(self, &question, request.get_ref())?;
        let reflected = self.reflected(&question);
        Ok(Response::new(ListExchangeRatesResponse { reflected, exchange_rates, next_page_token }))
    }

    async fn set_quota(
        &self,
        request: Request<SetQuotaRequest>,
    ) -> Result<Response<SetQuotaResponse>, Status> {
        let (recorded, id) = self.quota(request).await?;
        Ok(Response::new(SetQuotaResponse { recorded, quota_id: id.to_string() }))
    }

    async fn withdraw_quota(
        &self,
        request: Request<WithdrawQuotaRequest>,
    ) -> Result<Response<WithdrawQuotaResponse>, Status> {
        let recorded = self.withdraw(request).await?;
        Ok(Response::new(WithdrawQuotaResponse { recorded }))
    }

    async fn void_quota_command(
        &self,
        request: Request<VoidQuotaCommandRequest>,
    ) -> Result<Response<VoidQuotaCommandResponse>, Status> {
        let recorded = self.void_quota(request).await?;
        Ok(Response::new(VoidQuotaCommandResponse { recorded }))
    }

    async fn list_quotas(
        &self,
        request: Request<ListQuotasRequest>,
    ) -> Result<Response<ListQuotasResponse>, Status> {
        self.page_of_quotas(request).await.map(Response::new)
    }
}
