//! Each command of a random company as a call of its own, and its facts as reports.

use api::{
    forecasting::v1::{
        AdjustForecastRequest, AdjustmentChange, AdjustmentLevel, ColumnAmount, ForecastColumn,
        SubmitForecastRequest, UnlockForecastRequest, VoidForecastCommandRequest,
        WithdrawForecastAdjustmentRequest,
    },
    google::r#type::Decimal,
    opportunities::v1::VoidOpportunityCommandRequest,
    planning::v1::{
        CalendarDefinition, CalendarPattern, DefineCalendarRequest, RatePurpose,
        SetExchangeRateRequest, SetQuotaRequest, VoidQuotaCommandRequest, WithdrawQuotaRequest,
    },
};

use super::{
    asking::Call,
    calendar::date,
    company::{Amount, Change, Cut, Micros, Number, Sheet},
    recording::{Became, Telling, became, category, key, money, time},
};

fn column(number: Number) -> ForecastColumn {
    let category = category(number.category).into();
    ForecastColumn { category, cumulative: number.cumulative }
}

fn level(number: Number) -> i32 {
    if number.manager { AdjustmentLevel::Manager } else { AdjustmentLevel::Owner }.into()
}

/// Each command as a call of its own.
impl Telling<'_> {
    pub(super) fn cut(&self, at: Option<Micros>, cut: Cut) -> Call<'_, Became> {
        let pattern =
            if cut.weeks { CalendarPattern::FourFourFive } else { CalendarPattern::Months };
        let definition = CalendarDefinition {
            name: "Fiscal".into(),
            pattern: pattern.into(),
            first_month: cut.first_month,
            time_zone: cut.zone.0.into(),
            ..Default::default()
        };
        let request = self.request(DefineCalendarRequest {
            key: "fiscal".into(),
            effective_at: at.map(time),
            definition: Some(definition),
            ..Default::default()
        });
        Box::pin(async move {
            let done = self.world.planning().define_calendar(request).await;
            became(done.map(tonic::Response::into_inner).map(|it| (it.recorded, it.calendar_id)))
        })
    }

    pub(super) fn rate(
        &self,
        at: Option<Micros>,
        (from, to, plan): (&str, &str, bool),
        ten_thousandths: i64,
    ) -> Call<'_, Became> {
        let value = format!("{}.{:04}", ten_thousandths / 10_000, ten_thousandths % 10_000);
        let request = self.request(SetExchangeRateRequest {
            effective_at: at.map(time),
            from_currency: from.into(),
            to_currency: to.into(),
            purpose: if plan { RatePurpose::Plan } else { RatePurpose::Actual }.into(),
            rate: Some(Decimal { value }),
            ..Default::default()
        });
        Box::pin(async move {
            let done = self.world.planning().set_exchange_rate(request).await;
            became(
                done.map(tonic::Response::into_inner).map(|it| (it.recorded, it.exchange_rate_id)),
            )
        })
    }

    pub(super) fn quota(
        &self,
        at: Micros,
        owner: usize,
        period: &str,
        amount: Amount,
    ) -> Call<'_, Became> {
        let request = self.request(SetQuotaRequest {
            occurred_at: Some(time(at)),
            owner: key(owner),
            period: period.into(),
            amount: Some(money(amount)),
            ..Default::default()
        });
        Box::pin(async move {
            let done = self.world.planning().set_quota(request).await;
            became(done.map(tonic::Response::into_inner).map(|it| (it.recorded, it.quota_id)))
        })
    }

    pub(super) fn quota_withdrawn(&self, at: Micros, id: Option<String>) -> Call<'_, Became> {
        let Some(quota_id) = id else { return Box::pin(std::future::ready(None)) };
        let request = self.request(WithdrawQuotaRequest {
            quota_id: quota_id.clone(),
            occurred_at: Some(time(at)),
            reason_code: "replanned".into(),
            ..Default::default()
        });
        Box::pin(async move {
            let done = self.world.planning().withdraw_quota(request).await;
            became(done.map(|it| (it.into_inner().recorded, quota_id)))
        })
    }

    pub(super) fn adjusted(
        &self,
        at: Micros,
        on: &Sheet,
        number: Number,
        (change, expires): (Change, Option<i32>),
    ) -> Call<'_, Became> {
        let (change, minor) = match change {
            Change::To(minor) => (AdjustmentChange::To, minor),
            Change::By(minor) => (AdjustmentChange::By, minor),
        };
        let request = self.request(AdjustForecastRequest {
            occurred_at: Some(time(at)),
            owner: key(on.owner),
            period: on.period.clone(),
            level: level(number),
            column: Some(column(number)),
            change: change.into(),
            amount: Some(money((minor, on.currency))),
            expire_date: expires.map(date),
            ..Default::default()
        });
        Box::pin(async move {
            let done = self.world.forecasts().adjust_forecast(request).await;
            became(done.map(tonic::Response::into_inner).map(|it| (it.recorded, it.forecast_id)))
        })
    }

    pub(super) fn adjustment_withdrawn(
        &self,
        at: Micros,
        number: Number,
        id: Option<String>,
    ) -> Call<'_, Became> {
        let Some(forecast_id) = id else { return Box::pin(std::future::ready(None)) };
        let request = self.request(WithdrawForecastAdjustmentRequest {
            forecast_id: forecast_id.clone(),
            occurred_at: Some(time(at)),
            level: level(number),
            column: Some(column(number)),
            ..Default::default()
        });
        Box::pin(async move {
            let done = self.world.forecasts().withdraw_forecast_adjustment(request).await;
            became(done.map(|it| (it.into_inner().recorded, forecast_id)))
        })
    }

    pub(super) fn submitted(&self, at: Micros, on: &Sheet, minor: i64) -> Call<'_, Became> {
        let number = Number { manager: true, category: "commit", cumulative: true };
        let amount = Some(money((minor, on.currency)));
        let request = self.request(SubmitForecastRequest {
            occurred_at: Some(time(at)),
            owner: key(on.owner),
            period: on.period.clone(),
            amounts: vec![ColumnAmount { column: Some(column(number)), amount }],
            ..Default::default()
        });
        Box::pin(async move {
            let done = self.world.forecasts().submit_forecast(request).await;
            became(done.map(tonic::Response::into_inner).map(|it| (it.recorded, it.forecast_id)))
        })
    }

    pub(super) fn unlocked(&self, at: Micros, id: Option<String>) -> Call<'_, Became> {
        let Some(forecast_id) = id else { return Box::pin(std::future::ready(None)) };
        let request = self.request(UnlockForecastRequest {
            forecast_id: forecast_id.clone(),
            occurred_at: Some(time(at)),
            reason_code: "news".into(),
            ..Default::default()
        });
        Box::pin(async move {
            let done = self.world.forecasts().unlock_forecast(request).await;
            became(done.map(|it| (it.into_inner().recorded, forecast_id)))
        })
    }

    pub(super) fn void_deal(&self, opportunity_id: String, command_id: String) -> Call<'_, Became> {
        let request = self.request(VoidOpportunityCommandRequest {
            opportunity_id: opportunity_id.clone(),
            command_id,
            reason_code: "mistake".into(),
            ..Default::default()
        });
        Box::pin(async move {
            let done = self.world.opportunities().void_opportunity_command(request).await;
            became(done.map(|it| (it.into_inner().recorded, opportunity_id)))
        })
    }

    pub(super) fn void_quota(&self, quota_id: String, command_id: String) -> Call<'_, Became> {
        let request = self.request(VoidQuotaCommandRequest {
            quota_id: quota_id.clone(),
            command_id,
            reason_code: "mistake".into(),
            ..Default::default()
        });
        Box::pin(async move {
            let done = self.world.planning().void_quota_command(request).await;
            became(done.map(|it| (it.into_inner().recorded, quota_id)))
        })
    }

    pub(super) fn void_sheet(&self, forecast_id: String, command_id: String) -> Call<'_, Became> {
        let request = self.request(VoidForecastCommandRequest {
            forecast_id: forecast_id.clone(),
            command_id,
            reason_code: "mistake".into(),
            ..Default::default()
        });
        Box::pin(async move {
            let done = self.world.forecasts().void_forecast_command(request).await;
            became(done.map(|it| (it.into_inner().recorded, forecast_id)))
        })
    }
}
