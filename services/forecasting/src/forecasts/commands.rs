//! Commands on forecast sheets: parse, hand to the keeper, answer.

use api::{
    forecasting::v1::{
        AdjustForecastRequest, SubmitForecastRequest, UnlockForecastRequest,
        VoidForecastCommandRequest, WithdrawForecastAdjustmentRequest,
    },
    types::v1::Recorded,
};
use domain::{
    Currency, Kind, Known, Rejection, UserId, Voided,
    forecast::{Command, Fact, Forecast, Sheet, Unlocked},
};
use runtime::{
    command::{Asked, Head},
    from_proto::{missing, reason, uuid as parse_uuid},
    status::rejected,
};
use tonic::{Request, Status};
use uuid::Uuid;

use super::{Forecasts, from_proto};
use crate::{calendars::Calendar, sheets};

/// What a request says of itself, however its message is called.
macro_rules! asked {
    ($message:ident, $rpc:literal) => {
        Asked { at: $message.occurred_at.as_ref().map(|at| ("occurred_at", at)), ..asked!(@ $message, $rpc) }
    };
    (@ $message:ident, $rpc:literal) => {
        Asked { rpc: $rpc, request_id: &$message.request_id, etag: &$message.etag, at: None }
    };
}

/// The sheet that a request is about, and who acts.
struct Place {
    sheet: Sheet,
    by: UserId,
    calendar: Calendar,
}

impl Forecasts {
    /// Judges a number otherwise.
    pub(crate) async fn adjust(
        &self,
        request: Request<AdjustForecastRequest>,
    ) -> Result<(Option<Recorded>, Uuid), Status> {
        let message = request.get_ref();
        let head = self.head(&request, &asked!(message, "AdjustForecastRequest"))?;
        let repeated = sheets::repeated(&self.runtime, &self.book, &head, Kind::Forecast);
        if let Some(answer) = repeated.await? {
            return Ok(answer);
        }
        let currency = from_proto::currency_adjusted(message).map_err(rejected)?;
        let names = [&*message.owner, &*message.by, &*message.calendar, &*message.period];
        let Place { sheet, by, calendar } = self.place(&head, names, currency).map_err(rejected)?;
        let id = self.sheet_id(&head, &sheet);
        let adjusted = from_proto::adjusted(message, sheet, by).map_err(rejected)?;
        if adjusted.note.is_some() {
            sheets::seal_under(&self.runtime, &head, id).await?;
        }
        let command = Command::Adjust { adjusted, calendar: calendar.defined };
        Ok((sheets::record::<Forecast>(&self.runtime, &head, id, command).await?, id))
    }

    /// Stands for numbers and locks the sheet.
    pub(crate) async fn submit(
        &self,
        request: Request<SubmitForecastRequest>,
    ) -> Result<(Option<Recorded>, Uuid), Status> {
        let message = request.get_ref();
        let head = self.head(&request, &asked!(message, "SubmitForecastRequest"))?;
        let repeated = sheets::repeated(&self.runtime, &self.book, &head, Kind::Forecast);
        if let Some(answer) = repeated.await? {
            return Ok(answer);
        }
        self.refuse_unseen(message.seen_revision).map_err(rejected)?;
        let currency = from_proto::currency_submitted(message).map_err(rejected)?;
        let names = [&*message.owner, &*message.by, &*message.calendar, &*message.period];
        let Place { sheet, by, calendar } = self.place(&head, names, currency).map_err(rejected)?;
        let id = self.sheet_id(&head, &sheet);
        let submitted = from_proto::submitted(message, sheet, by).map_err(rejected)?;
        if submitted.note.is_some() {
            sheets::seal_under(&self.runtime, &head, id).await?;
        }
        let command = Command::Submit { submitted, calendar: calendar.defined };
        Ok((sheets::record::<Forecast>(&self.runtime, &head, id, command).await?, id))
    }

    /// Takes a judgement back.
    pub(crate) async fn withdraw(
        &self,
        request: Request<WithdrawForecastAdjustmentRequest>,
    ) -> Result<Option<Recorded>, Status> {
        let message = request.get_ref();
        let head = self.head(&request, &asked!(message, "WithdrawForecastAdjustmentRequest"))?;
        let id = parse_uuid("forecast_id", &message.forecast_id).map_err(rejected)?;
        let withdrawn = from_proto::withdrawn(message).map_err(rejected)?;
        if withdrawn.reason.text.is_some() {
            sheets::seal_under(&self.runtime, &head, id).await?;
        }
        let command = Command::WithdrawAdjustment(withdrawn);
        sheets::record::<Forecast>(&self.runtime, &head, id, command).await
    }

    /// Lets a sheet be adjusted again.
    pub(crate) async fn unlock(
        &self,
        request: Request<UnlockForecastRequest>,
    ) -> Result<Option<Recorded>, Status> {
        let message = request.get_ref();
        let head = self.head(&request, &asked!(message, "UnlockForecastRequest"))?;
        let id = parse_uuid("forecast_id", &message.forecast_id).map_err(rejected)?;
        let reason = reason(&message.reason_code, &message.reason, true).map_err(rejected)?;
        if reason.text.is_some() {
            sheets::seal_under(&self.runtime, &head, id).await?;
        }
        let command = Command::Unlock(Unlocked { reason });
        sheets::record::<Forecast>(&self.runtime, &head, id, command).await
    }

    /// Takes a command's facts back.
    pub(crate) async fn void(
        &self,
        request: Request<VoidForecastCommandRequest>,
    ) -> Result<Option<Recorded>, Status> {
        let message = request.get_ref();
        let head = self.head(&request, &asked!(@ message, "VoidForecastCommandRequest"))?;
        let id = parse_uuid("forecast_id", &message.forecast_id).map_err(rejected)?;
        let command_id = parse_uuid("command_id", &message.command_id).map_err(rejected)?;
        let reason = reason(&message.reason_code, &message.reason, true).map_err(rejected)?;
        if reason.text.is_some() {
            sheets::seal_under(&self.runtime, &head, id).await?;
        }
        let fact = Fact::Voided(Voided { command_id, reason });
        sheets::void::<Forecast>(&self.runtime, &head, id, command_id, fact.into()).await
    }

    fn head<M: prost::Message>(
        &self,
        request: &Request<M>,
        asked: &Asked<'_>,
    ) -> Result<Head, Status> {
        let head = self.runtime.head(request, asked).map_err(rejected)?;
        self.runtime.refuse_future("occurred_at", head.at).map_err(rejected)?;
        Ok(head)
    }

    /// Finds what a request names, in the catalog as it is in force when the command happens.
    fn place(
        &self,
        head: &Head,
        [owner, by, calendar, period]: [&str; 4],
        currency: Currency,
    ) -> Result<Place, Rejection> {
        let (_, catalog) = self.runtime.catalog(&head.caller.tenant);
        let tenant = (&*head.caller.tenant, &*catalog);
        let at = head.at.unwrap_or(self.runtime.clock.now());
        let at = Known { as_of: at.next(), ..Known::NOW };
        let calendar = Calendar::find(&self.runtime, tenant, at, calendar)?;
        if owner.is_empty() {
            return Err(missing("owner"));
        }
        if period.is_empty() {
            return Err(missing("period"));
        }
        let user = |field, text| self.runtime.find(tenant, Kind::User, field, text).map(UserId);
        let owner = user("owner", owner)?;
        let by = if by.is_empty() { owner } else { user("by", by)? };
        let period = calendar.period(period)?;
        let sheet = Sheet {
            owner,
            calendar: calendar.id,
            period: period.key(),
            starts: period.starts,
            ends: period.ends,
            currency,
        };
        Ok(Place { sheet, by, calendar })
    }

    /// There is one sheet for each owner, range of days and currency.
    fn sheet_id(&self, head: &Head, sheet: &Sheet) -> Uuid {
        let Sheet { owner, starts, ends, currency, .. } = sheet;
        let key = format!("{owner}/{}/{}/{}", starts.0, ends.0, currency.code());
        self.runtime.vault.entity_id(&head.caller.tenant, Kind::Forecast, "", &key)
    }

    fn refuse_unseen(&self, revision: u64) -> Result<(), Rejection> {
        let reached = self.runtime.applied().borrow().place.last;
        if revision <= reached {
            return Ok(());
        }
        let message = format!("the log ends at {reached}: give the revision of an answer");
        Err(Rejection::invalid("REVISION_UNKNOWN", "seen_revision", message))
    }
}
