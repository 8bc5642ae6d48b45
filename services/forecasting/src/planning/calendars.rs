//! Calendars: defined, shown as of any instant, and their periods listed.

use api::planning::v1::{
    Calendar as Shown, DefineCalendarRequest, GetCalendarRequest, ListCalendarsRequest,
    ListPeriodsRequest, ListPeriodsResponse, PeriodLevel,
};
use domain::{
    CalendarId, Kind, Rejection,
    calendar::{self, Level, Period},
};
use runtime::{command::Asked, status::rejected};
use tonic::{Request, Status};
use uuid::Uuid;

use super::from_proto::{self, show_calendar, show_period};
use crate::{Planning, calendars::Calendar, commands::Defined, queries::Question};

impl Planning {
    /// Defines a calendar.
    pub(crate) async fn calendar(
        &self,
        request: Request<DefineCalendarRequest>,
    ) -> Result<Defined, Status> {
        let message = request.get_ref();
        let asked = Asked {
            rpc: "DefineCalendarRequest",
            request_id: &message.request_id,
            etag: &message.etag,
            at: message.effective_at.as_ref().map(|at| ("effective_at", at)),
        };
        let head = self.runtime.head(&request, &asked).map_err(rejected)?;
        let definition = message.definition.as_ref();
        let defined = from_proto::calendar(&message.key, definition).map_err(rejected)?;
        let id = self.id(&head, Kind::Calendar, &message.key, &message.id).map_err(rejected)?;
        self.define::<calendar::Calendar>(&head, id, calendar::Command::Define(defined)).await
    }

    /// One calendar.
    pub(crate) fn get_calendar(
        &self,
        question: &Question,
        request: &GetCalendarRequest,
    ) -> Result<Option<Shown>, Status> {
        let id = self.named(question, Kind::Calendar, "calendar", &request.calendar)?;
        self.show_calendar(question, CalendarId(id))
    }

    /// A page of the calendars; the one that is built in when there are none.
    pub(crate) fn list_calendars(
        &self,
        question: &Question,
        request: &ListCalendarsRequest,
    ) -> Result<(Vec<Shown>, String), Status> {
        let defined = question.catalog.calendars(question.at());
        let keys: Vec<(String, Uuid)> = defined.map(|(id, it)| (it.key, id.0)).collect();
        if keys.is_empty() {
            return Ok((
                vec![show_calendar(&Calendar::built_in(), None, String::new())],
                String::new(),
            ));
        }
        let page = (request.page_size, &*request.page_token, request.read_at.as_ref());
        let (ids, token) = self.page(question, Kind::Calendar, keys, page)?;
        let mut shown = Vec::with_capacity(ids.len());
        for id in ids {
            shown.extend(self.show_calendar(question, CalendarId(id))?);
        }
        Ok((shown, token))
    }

    /// The periods of a fiscal year.
    pub(crate) fn list_periods(
        &self,
        question: &Question,
        request: &ListPeriodsRequest,
    ) -> Result<ListPeriodsResponse, Status> {
        let tenant = (&*question.caller.tenant, &*question.catalog);
        let calendar = Calendar::find(&self.runtime, tenant, question.at(), &request.calendar)
            .map_err(rejected)?;
        let shape = &calendar.defined.shape;
        let year = match request.fiscal_year {
            0 => {
                let today = calendar.day_of(question.asked.as_of.unwrap_or(question.asked.now));
                shape.period_at(Level::Year, today).map_or(0, |period| period.year)
            }
            year => year,
        };
        let levels = match request.level {
            level if level == PeriodLevel::Unspecified as i32 => Level::ALL.to_vec(),
            level => vec![from_proto::level("level", level).map_err(rejected)?],
        };
        let periods: Vec<Period> =
            levels.into_iter().flat_map(|level| shape.periods_of(level, year)).collect();
        if periods.is_empty() {
            let message = "the calendar has no such periods in that year; years are 1 to 9999";
            let why = Rejection::invalid("PERIOD_UNKNOWN", "fiscal_year", message);
            return Err(rejected(why));
        }
        let shown = match calendar.is_built_in() {
            true => Some(show_calendar(&calendar, None, String::new())),
            false => self.show_calendar(question, calendar.id)?,
        };
        Ok(ListPeriodsResponse {
            reflected: self.reflected(question),
            calendar: shown,
            periods: periods.iter().map(|period| show_period(&calendar, period)).collect(),
        })
    }

    fn show_calendar(&self, question: &Question, id: CalendarId) -> Result<Option<Shown>, Status> {
        let Some(defined) = question.catalog.calendar(id, question.at()) else {
            return Ok(None);
        };
        let calendar = Calendar::new(id, defined).map_err(rejected)?;
        let (effective_at, etag) = question.since(Kind::Calendar, id.0);
        Ok(Some(show_calendar(&calendar, effective_at, self.runtime.etag(etag))))
    }
}
