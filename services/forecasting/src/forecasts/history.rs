//! The whole chain of judgements and submissions of an owner and period, with what was taken back.

use api::{
    forecasting::v1::{
        Adjustment, AdjustmentWithdrawal, ForecastEvent, GetForecastHistoryRequest,
        GetForecastHistoryResponse, Submission, Unlocking, Voiding, forecast_event::Event,
    },
    types::v1::PersonalText,
};
use domain::{
    Entry, Fact, Kind, Known, Personal, Timeline, UserId,
    forecast::{self, Adjusted, Submitted},
};
use event_log::Word;
use runtime::{
    from_proto::missing,
    point::look,
    query::{QueryError, timestamp},
    status::rejected,
    to_proto::{self, Referring, personal},
    vault::Place,
};
use tonic::{Request, Status};
use uuid::Uuid;

use super::{
    Forecasts,
    from_proto::{show_change, show_level},
    queries::Wanted,
    to_proto::{column_amount, period, show_column},
};

/// A fact of a sheet, and the position of the void that took it back.
struct Visible {
    sheet: Uuid,
    entry: Entry,
    voided_by: u64,
}

impl Forecasts {
    /// Everything that happened to the sheets of an owner and period.
    pub(crate) async fn history(
        &self,
        request: Request<GetForecastHistoryRequest>,
    ) -> Result<GetForecastHistoryResponse, Status> {
        let caller = self.caller(&request)?;
        let message = request.into_inner();
        for (field, text) in [("owner", &message.owner), ("period", &message.period)] {
            if text.is_empty() {
                return Err(rejected(missing(field)));
            }
        }
        let wanted = Wanted {
            calendar: message.calendar,
            period: message.period,
            node: message.owner,
            ..Wanted::default()
        };
        let asked = self.runtime.ask_at(message.read_at.as_ref()).await?;
        let runtime = self.runtime.clone();
        let looking =
            look(&self.runtime, &self.book, (&caller, asked), move |book, tenant, point| {
                let named = wanted.find(&runtime, tenant, point).map_err(|mut why| {
                    // The contract calls the node of this question its owner.
                    why.field = why.field.replace("node", "owner");
                    why
                })?;
                let sheets =
                    book.shelf(tenant).into_iter().flat_map(|it| it.sheet_timelines(&named.period));
                let own =
                    sheets.filter(|(_, timeline)| named.node.is_some_and(|it| owns(timeline, it)));
                let mut events: Vec<Visible> =
                    own.flat_map(|(id, timeline)| visible(id, timeline, point.at)).collect();
                events.sort_by_key(|event| (event.entry.moment, event.sheet));
                Ok((named, events))
            });
        let (point, found) = looking.await?;
        let (named, visible) = found.map_err(rejected)?;
        let at = point.referring(&self.runtime, &caller);
        let mut events = Vec::with_capacity(visible.len());
        for event in &visible {
            events.push(Teller { at: &at, tenant: &caller.tenant }.event(event).await?);
        }
        let reflected = Some(self.runtime.reflected(&asked, point.position));
        Ok(GetForecastHistoryResponse { reflected, period: Some(period(&named)), events })
    }
}

fn owns(timeline: &Timeline, owner: UserId) -> bool {
    timeline.entries().iter().any(|entry| match &entry.fact {
        Fact::Forecast(forecast::Fact::Adjusted(it)) => it.sheet.owner == owner,
        Fact::Forecast(forecast::Fact::Submitted(it)) => it.sheet.owner == owner,
        _ => false,
    })
}

fn visible(sheet: Uuid, timeline: &Timeline, at: Known) -> Vec<Visible> {
    let entries = timeline.entries().iter();
    let entries = entries.filter(|entry| at.covers(entry.moment.occurred_at, entry.position));
    entries
        .map(|entry| {
            let voided = timeline.voided_at(entry.moment.command_id);
            let voided = voided.filter(|it| *it <= at.known_at && entry.fact.voids().is_none());
            Visible { sheet, entry: entry.clone(), voided_by: voided.unwrap_or(0) }
        })
        .collect()
}

/// Shows events: opens what is sealed, and names people.
struct Teller<'a> {
    at: &'a Referring<'a>,
    tenant: &'a Word,
}

impl Teller<'_> {
    async fn event(&self, visible: &Visible) -> Result<ForecastEvent, QueryError> {
        let Visible { sheet, entry, voided_by } = visible;
        let event = match &entry.fact {
            Fact::Forecast(fact) => Some(self.fact(*sheet, entry.fact.name(), fact).await?),
            _ => None,
        };
        Ok(ForecastEvent {
            position: entry.position,
            recorded_at: Some(timestamp(entry.recorded_at)),
            occurred_at: Some(timestamp(entry.moment.occurred_at)),
            command_id: entry.moment.command_id.to_string(),
            actor: entry.provenance.actor.to_string(),
            forecast_id: sheet.to_string(),
            voided_by: *voided_by,
            event,
        })
    }

    async fn fact(
        &self,
        sheet: Uuid,
        name: &'static str,
        fact: &forecast::Fact,
    ) -> Result<Event, QueryError> {
        let opened = |field, text| self.opened(sheet, (name, field), text);
        Ok(match fact {
            forecast::Fact::Adjusted(it) => {
                let note = opened("note", it.note.as_ref()).await?;
                Event::Adjusted(self.adjusted(it, note).await?)
            }
            forecast::Fact::AdjustmentWithdrawn(it) => {
                Event::AdjustmentWithdrawn(AdjustmentWithdrawal {
                    level: show_level(it.level),
                    column: Some(show_column(it.column)),
                    reason_code: it.reason.code.clone(),
                    reason: opened("reason", it.reason.text.as_ref()).await?,
                })
            }
            forecast::Fact::Submitted(it) => {
                let note = opened("note", it.note.as_ref()).await?;
                Event::Submitted(self.submitted(it, note).await?)
            }
            forecast::Fact::Unlocked(it) => Event::Unlocked(Unlocking {
                reason_code: it.reason.code.clone(),
                reason: opened("reason", it.reason.text.as_ref()).await?,
            }),
            forecast::Fact::Voided(it) => Event::Voided(Voiding {
                command_id: it.command_id.to_string(),
                reason_code: it.reason.code.clone(),
                reason: opened("reason", it.reason.text.as_ref()).await?,
            }),
        })
    }

    async fn adjusted(
        &self,
        fact: &Adjusted,
        note: Option<PersonalText>,
    ) -> Result<Adjustment, QueryError> {
        Ok(Adjustment {
            level: show_level(fact.level),
            by: Some(self.at.user(fact.by).await?),
            column: Some(show_column(fact.column)),
            change: show_change(fact.change),
            amount: Some(to_proto::money(fact.amount)),
            expire_date: fact.expires.map(to_proto::date),
            note,
        })
    }

    async fn submitted(
        &self,
        fact: &Submitted,
        note: Option<PersonalText>,
    ) -> Result<Submission, QueryError> {
        let amounts = fact.amounts.iter().map(|it| column_amount(it.column, it.amount));
        Ok(Submission {
            by: Some(self.at.user(fact.by).await?),
            amounts: amounts.collect(),
            note,
            seen_revision: fact.seen_revision,
            on_behalf: fact.is_on_behalf(),
        })
    }

    async fn opened(
        &self,
        sheet: Uuid,
        (fact, field): (&str, &str),
        text: Option<&Personal>,
    ) -> Result<Option<PersonalText>, QueryError> {
        let Some(text) = text else { return Ok(None) };
        let (tenant, kind) = (self.tenant, Kind::Forecast);
        let place = Place { tenant, kind, entity: sheet, fact, field };
        Ok(Some(personal(self.at.runtime.vault.read(place, text).await?)))
    }
}
