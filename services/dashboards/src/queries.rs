//! Questions of dashboards: who asks, as of when, look, name, answer.

use api::dashboards::v1::{
    GetMetricsRequest, GetMetricsResponse, GetPipelineRequest, GetPipelineResponse,
    dashboard_service_server::DashboardService,
};
use domain::Rejection;
use runtime::{
    point::look,
    query::{self, Caller},
    status::rejected,
};
use tonic::{Request, Response, Status};

use crate::{Dashboards, figures, metrics, open_deals, outcomes::Period};

#[tonic::async_trait]
impl DashboardService for Dashboards {
    async fn get_pipeline(
        &self,
        request: Request<GetPipelineRequest>,
    ) -> Result<Response<GetPipelineResponse>, Status> {
        let (caller, message) = self.asked_by(request)?;
        let by = open_deals::by(message.by).map_err(rejected)?;
        let asked = self.runtime.ask_at(message.read_at.as_ref()).await?;
        let looking =
            look(&self.runtime, &self.pipeline, (&caller, asked), move |view, tenant, point| {
                open_deals::grouped(view, tenant, point, by)
            });
        let (point, rows) = looking.await?;
        let answer = open_deals::answer(rows, &point.referring(&self.runtime, &caller)).await?;
        let reflected = Some(self.runtime.reflected(&asked, point.position));
        Ok(Response::new(GetPipelineResponse { reflected, ..answer }))
    }

    async fn get_metrics(
        &self,
        request: Request<GetMetricsRequest>,
    ) -> Result<Response<GetMetricsResponse>, Status> {
        let (caller, message) = self.asked_by(request)?;
        let by = metrics::by(message.by).map_err(rejected)?;
        let period = period(&message).map_err(rejected)?;
        let asked = self.runtime.ask_at(message.read_at.as_ref()).await?;
        let looking =
            look(&self.runtime, &self.outcomes, (&caller, asked), move |view, tenant, point| {
                metrics::measure(view, tenant, point, by, period)
            });
        let (point, measured) = looking.await?;
        let answer = figures::answer(measured, &point.referring(&self.runtime, &caller)).await?;
        let reflected = Some(self.runtime.reflected(&asked, point.position));
        Ok(Response::new(GetMetricsResponse { reflected, ..answer }))
    }
}

impl Dashboards {
    fn asked_by<M>(&self, request: Request<M>) -> Result<(Caller, M), Status> {
        let tenant = self.runtime.default_tenant.as_deref();
        let caller = query::caller(request.metadata(), tenant).map_err(rejected)?;
        Ok((caller, request.into_inner()))
    }
}

/// The period of closing that is asked about.
fn period(message: &GetMetricsRequest) -> Result<Period, Rejection> {
    let read = |field, at: &Option<_>| at.as_ref().map(|at| query::instant(field, at)).transpose();
    let start = read("start_time", &message.start_time)?;
    let end = read("end_time", &message.end_time)?;
    if start.zip(end).is_some_and(|(start, end)| end < start) {
        let message = "the period ends before it starts";
        return Err(Rejection::invalid("PERIOD_INVALID", "end_time", message));
    }
    Ok(Period { start, end })
}
