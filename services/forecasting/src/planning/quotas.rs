//! Quotas: set for exactly the days of a period, withdrawn, voided, and listed as of any instant.

use std::collections::BTreeMap;

use api::{
    planning::v1::{
        ListQuotasRequest, ListQuotasResponse, Quota as Shown, SetQuotaRequest,
        VoidQuotaCommandRequest, WithdrawQuotaRequest,
    },
    types::v1::Recorded,
};
use domain::{
    Date, Kind, Known, QuotaId, Rejection, UserId, Voided,
    calendar::Period,
    quota::{Command, Fact, Quota, Set, Withdrawn},
};
use runtime::{
    command::{Asked, Head},
    from_proto::{key, missing, money, optional_date, reason, uuid},
    page,
    point::{Point, look},
    query::{self, Caller, timestamp},
    status::rejected,
    to_proto::{self, Referring},
    vault::Place,
};
use tonic::{Request, Status};
use uuid::Uuid;

use super::from_proto::{measure, show_measure};
use crate::{Planning, calendars::Calendar, commands::Defined, sheets};

impl Planning {
    /// Sets a quota. There is one entity for each owner, range of days and measure.
    pub(crate) async fn quota(&self, request: Request<SetQuotaRequest>) -> Result<Defined, Status> {
        let message = request.get_ref();
        let asked = Asked {
            rpc: "SetQuotaRequest",
            request_id: &message.request_id,
            etag: &message.etag,
            at: message.occurred_at.as_ref().map(|at| ("occurred_at", at)),
        };
        let head = self.runtime.head(&request, &asked).map_err(rejected)?;
        self.runtime.refuse_future("occurred_at", head.at).map_err(rejected)?;
        let repeated = sheets::repeated(&self.runtime, &self.book, &head, Kind::Quota);
        if let Some(answer) = repeated.await? {
            return Ok(answer);
        }
        let (quota, calendar) = self.read(&head, message).map_err(rejected)?;
        let key =
            format!("{}/{}/{}/{}", quota.owner, quota.starts.0, quota.ends.0, quota.measure.word());
        let id = self.runtime.vault.entity_id(&head.caller.tenant, Kind::Quota, "", &key);
        let command = Command::Set { quota, calendar: calendar.defined };
        let recorded = sheets::record::<Quota>(&self.runtime, &head, id, command).await?;
        Ok((recorded, id))
    }

    fn read(&self, head: &Head, message: &SetQuotaRequest) -> Result<(Set, Calendar), Rejection> {
        let (_, catalog) = self.runtime.catalog(&head.caller.tenant);
        let tenant = (&*head.caller.tenant, &*catalog);
        let at = head.at.unwrap_or(self.runtime.clock.now());
        let at = Known { as_of: at.next(), ..Known::NOW };
        let calendar = Calendar::find(&self.runtime, tenant, at, &message.calendar)?;
        if message.owner.is_empty() {
            return Err(missing("owner"));
        }
        let owner = self.runtime.find(tenant, Kind::User, "owner", &message.owner)?;
        let amount = message.amount.as_ref().ok_or_else(|| missing("amount"))?;
        let (period, starts, ends) = days(&calendar, message)?;
        let quota = Set {
            owner: UserId(owner),
            calendar: calendar.id,
            period,
            starts,
            ends,
            measure: measure("measure", message.measure)?,
            amount: money("amount", amount)?,
        };
        Ok((quota, calendar))
    }

    /// Lets a quota hold no longer.
    pub(crate) async fn withdraw(
        &self,
        request: Request<WithdrawQuotaRequest>,
    ) -> Result<Option<Recorded>, Status> {
        let message = request.get_ref();
        let asked = Asked {
            rpc: "WithdrawQuotaRequest",
            request_id: &message.request_id,
            etag: &message.etag,
            at: message.occurred_at.as_ref().map(|at| ("occurred_at", at)),
        };
        let head = self.runtime.head(&request, &asked).map_err(rejected)?;
        self.runtime.refuse_future("occurred_at", head.at).map_err(rejected)?;
        let id = uuid("quota_id", &message.quota_id).map_err(rejected)?;
        let reason = reason(&message.reason_code, &message.reason, true).map_err(rejected)?;
        if reason.text.is_some() {
            sheets::seal_under(&self.runtime, &head, id).await?;
        }
        let command = Command::Withdraw(Withdrawn { reason });
        sheets::record::<Quota>(&self.runtime, &head, id, command).await
    }

    /// Takes a command's facts back.
    pub(crate) async fn void_quota(
        &self,
        request: Request<VoidQuotaCommandRequest>,
    ) -> Result<Option<Recorded>, Status> {
        let message = request.get_ref();
        let asked = Asked {
            rpc: "VoidQuotaCommandRequest",
            request_id: &message.request_id,
            etag: &message.etag,
            at: None,
        };
        let head = self.runtime.head(&request, &asked).map_err(rejected)?;
        let id = uuid("quota_id", &message.quota_id).map_err(rejected)?;
        let command_id = uuid("command_id", &message.command_id).map_err(rejected)?;
        let reason = reason(&message.reason_code, &message.reason, true).map_err(rejected)?;
        if reason.text.is_some() {
            sheets::seal_under(&self.runtime, &head, id).await?;
        }
        let fact = Fact::Voided(Voided { command_id, reason });
        sheets::void::<Quota>(&self.runtime, &head, id, command_id, fact.into()).await
    }

    /// A page of quotas.
    pub(crate) async fn page_of_quotas(
        &self,
        request: Request<ListQuotasRequest>,
    ) -> Result<ListQuotasResponse, Status> {
        let default = self.runtime.default_tenant.as_deref();
        let caller = query::caller(request.metadata(), default).map_err(rejected)?;
        let message = request.into_inner();
        let size = page::size(message.page_size).map_err(rejected)?;
        let asked = self.runtime.ask_at(message.read_at.as_ref()).await?;
        let words = format!(
            "{}/quotas/{:?}/{}/{}/{}",
            caller.tenant, message.read_at, message.owner, message.calendar, message.period
        );
        let words = [words.as_bytes()];
        let after: Option<(i32, Uuid)> =
            page::after(&self.runtime, &words, &message.page_token).map_err(rejected)?;
        let runtime = self.runtime.clone();
        let looking =
            look(&self.runtime, &self.book, (&caller, asked), move |book, tenant, point| {
                let (owner, period) = filters(&runtime, tenant, point, &message)?;
                let mut found = BTreeMap::new();
                if let Some(shelf) = book.shelf(tenant) {
                    let is_asked_for = |set: &Set| {
                        owner.is_none_or(|owner| set.owner == owner)
                            && period
                                .is_none_or(|it| (it.starts, it.ends) == (set.starts, set.ends))
                    };
                    for (id, quota, etag) in shelf.all_quotas(point.at) {
                        let Some(set) = quota.set.as_ref().filter(|set| is_asked_for(set)) else {
                            continue;
                        };
                        found.insert((set.starts.0, id), (quota, etag));
                    }
                }
                Ok(found)
            });
        let (point, found) = looking.await?;
        let found = found.map_err(rejected)?;
        let mut rest = found.into_iter().filter(|(key, _)| after.is_none_or(|after| *key > after));
        let shown: Vec<_> = rest.by_ref().take(size).collect();
        let last = shown.last().map(|(key, _)| *key);
        let next_page_token = match (last, rest.next()) {
            (Some(last), Some(_)) => page::token(&self.runtime, &words, last),
            _ => String::new(),
        };
        let referring = point.referring(&self.runtime, &caller);
        let mut quotas = Vec::with_capacity(shown.len());
        for ((_, id), (quota, etag)) in shown {
            quotas.extend(show(QuotaId(id), &quota, etag, &referring, &caller).await?);
        }
        let reflected = Some(self.runtime.reflected(&asked, point.position));
        Ok(ListQuotasResponse { reflected, quotas, next_page_token })
    }
}

/// The period's key and days, of which a request names one or both.
fn days(calendar: &Calendar, message: &SetQuotaRequest) -> Result<(String, Date, Date), Rejection> {
    let starts = optional_date("start_date", message.start_date.as_ref())?;
    let ends = optional_date("end_date", message.end_date.as_ref())?;
    match (starts, ends, &*message.period) {
        (None, None, "") => Err(missing("period")),
        (None, None, key) => {
            let period = calendar.period(key)?;
            Ok((period.key(), period.starts, period.ends))
        }
        (Some(starts), Some(ends), "") => {
            // Days of no period have no key; the rules refuse them and name the nearest.
            let period = calendar.defined.shape.exactly(starts, ends);
            Ok((period.map(|period| period.key()).unwrap_or_default(), starts, ends))
        }
        (Some(starts), Some(ends), period) => Ok((key("period", period)?, starts, ends)),
        (Some(_), None, _) => Err(missing("end_date")),
        (None, Some(_), _) => Err(missing("start_date")),
    }
}

/// What a list is narrowed to.
fn filters(
    runtime: &runtime::runtime::Runtime,
    tenant: &str,
    point: &Point,
    message: &ListQuotasRequest,
) -> Result<(Option<UserId>, Option<Period>), Rejection> {
    let catalog = (tenant, &*point.catalog);
    let owner = match &*message.owner {
        "" => None,
        text => Some(UserId(runtime.find(catalog, Kind::User, "owner", text)?)),
    };
    let period = match &*message.period {
        "" => None,
        key => {
            let calendar = Calendar::find(runtime, catalog, point.in_force, &message.calendar)?;
            Some(calendar.period(key)?)
        }
    };
    Ok((owner, period))
}

async fn show(
    id: QuotaId,
    quota: &Quota,
    etag: u64,
    at: &Referring<'_>,
    caller: &Caller,
) -> Result<Option<Shown>, Status> {
    let Some(set) = &quota.set else { return Ok(None) };
    let reason = match &quota.withdrawn_for.text {
        Some(text) => {
            let (kind, fact, field) = (Kind::Quota, "quota.withdrawn.v1", "reason");
            let place = Place { tenant: &caller.tenant, kind, entity: id.0, fact, field };
            let read = at.runtime.vault.read(place, text).await;
            Some(to_proto::personal(read.map_err(runtime::query::QueryError::from)?))
        }
        None => None,
    };
    Ok(Some(Shown {
        id: id.to_string(),
        owner: Some(at.user(set.owner).await?),
        calendar_id: set.calendar.to_string(),
        period: set.period.clone(),
        start_date: Some(to_proto::date(set.starts)),
        end_date: Some(to_proto::date(set.ends)),
        measure: show_measure(set.measure),
        amount: Some(to_proto::money(set.amount)),
        set_at: quota.set_at.map(timestamp),
        withdrawn_at: quota.withdrawn_at.map(timestamp),
        reason_code: quota.withdrawn_for.code.clone(),
        reason,
        faults: quota.faults.iter().map(|fault| fault.kind.to_owned()).collect(),
        etag: at.runtime.etag(etag),
    }))
}
