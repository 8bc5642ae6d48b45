//! The RPCs of ForecastService, one beside the other: each hands over and answers.

use api::forecasting::v1::{
    AdjustForecastRequest, AdjustForecastResponse, GetForecastHistoryRequest,
    GetForecastHistoryResponse, GetForecastRequest, GetForecastResponse,
    GetForecastWaterfallRequest, GetForecastWaterfallResponse, SubmitForecastRequest,
    SubmitForecastResponse, UnlockForecastRequest, UnlockForecastResponse,
    VoidForecastCommandRequest, VoidForecastCommandResponse, WatchForecastRequest,
    WithdrawForecastAdjustmentRequest, WithdrawForecastAdjustmentResponse,
    forecast_service_server::ForecastService,
};
use tonic::{Request, Response, Status};

use super::{Forecasts, watch::Watched};

#[tonic::async_trait]
impl ForecastService for Forecasts {
    type WatchForecastStream = Watched;

    async fn get_forecast(
        &self,
        request: Request<GetForecastRequest>,
    ) -> Result<Response<GetForecastResponse>, Status> {
        self.get(request).await.map(Response::new)
    }

    async fn watch_forecast(
        &self,
        request: Request<WatchForecastRequest>,
    ) -> Result<Response<Watched>, Status> {
        self.watch(request).await.map(Response::new)
    }

    async fn get_forecast_waterfall(
        &self,
        request: Request<GetForecastWaterfallRequest>,
    ) -> Result<Response<GetForecastWaterfallResponse>, Status> {
        self.explain(request).await.map(Response::new)
    }

    async fn get_forecast_history(
        &self,
        request: Request<GetForecastHistoryRequest>,
    ) -> Result<Response<GetForecastHistoryResponse>, Status> {
        self.history(request).await.map(Response::new)
    }

    async fn adjust_forecast(
        &self,
        request: Request<AdjustForecastRequest>,
    ) -> Result<Response<AdjustForecastResponse>, Status> {
        let (recorded, id) = self.adjust(request).await?;
        Ok(Response::new(AdjustForecastResponse { recorded, forecast_id: id.to_string() }))
    }

    async fn withdraw_forecast_adjustment(
        &self,
        request: Request<WithdrawForecastAdjustmentRequest>,
    ) -> Result<Response<WithdrawForecastAdjustmentResponse>, Status> {
        let recorded = self.withdraw(request).await?;
        Ok(Response::new(WithdrawForecastAdjustmentResponse { recorded }))
    }

    async fn submit_forecast(
        &self,
        request: Request<SubmitForecastRequest>,
    ) -> Result<Response<SubmitForecastResponse>, Status> {
        let (recorded, id) = self.submit(request).await?;
        Ok(Response::new(SubmitForecastResponse { recorded, forecast_id: id.to_string() }))
    }

    async fn unlock_forecast(
        &self,
        request: Request<UnlockForecastRequest>,
    ) -> Result<Response<UnlockForecastResponse>, Status> {
        let recorded = self.unlock(request).await?;
        Ok(Response::new(UnlockForecastResponse { recorded }))
    }

    async fn void_forecast_command(
        &self,
        request: Request<VoidForecastCommandRequest>,
    ) -> Result<Response<VoidForecastCommandResponse>, Status> {
        let recorded = self.void(request).await?;
        Ok(Response::new(VoidForecastCommandResponse { recorded }))
    }
}
