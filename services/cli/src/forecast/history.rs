//! `forecast history`: every judgement and submission of an owner, with what was taken back.

use api::forecasting::v1::{self as sent, GetForecastHistoryRequest, forecast_event};
use serde::Serialize;

use super::answer::Window;
use super::column::{self, Submitted};
use crate::grid::{Cell, Grid};
use crate::money::Money;
use crate::output::{Answer, one_a_line};
use crate::session::Session;
use crate::standing::Standing;
use crate::times;
use crate::when::When;
use crate::wording::{Reference, given, label, lower, text_shown};

/// Whose sheets of which period.
#[derive(Debug, clap::Args)]
pub struct HistoryArgs {
    /// Whose sheets: a user, by key or id
    owner: String,

    /// The period's key, such as 2026-Q2
    #[arg(long, value_name = "P")]
    period: String,

    /// The calendar, by key or id [default: the only one]
    #[arg(long, default_value = "", hide_default_value = true)]
    calendar: String,

    #[command(flatten)]
    when: When,
}

#[derive(Debug, Serialize)]
struct History {
    #[serde(flatten)]
    standing: Standing,
    period: Window,
    events: Vec<Event>,
}

#[derive(Debug, Default, Serialize)]
struct Event {
    position: u64,
    recorded_at: Option<String>,
    occurred_at: Option<String>,
    command_id: String,
    actor: String,
    forecast_id: String,
    event: &'static str,
    level: Option<String>,
    by: Option<Reference>,
    column: Option<String>,
    change: Option<String>,
    amount: Option<Money>,
    expires: Option<String>,
    submitted: Vec<Submitted>,
    seen_revision: Option<u64>,
    on_behalf: bool,
    voids: Option<String>,
    reason_code: Option<String>,
    text: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    text_erased: bool,
    voided_by: Option<u64>,
}

impl From<sent::ForecastEvent> for Event {
    fn from(event: sent::ForecastEvent) -> Self {
        let head = Self {
            position: event.position,
            recorded_at: event.recorded_at.as_ref().map(times::show),
            occurred_at: event.occurred_at.as_ref().map(times::show),
            command_id: event.command_id,
            actor: event.actor,
            forecast_id: event.forecast_id,
            voided_by: Some(event.voided_by).filter(|position| *position > 0),
            ..Self::default()
        };
        match event.event {
            None => head,
            Some(forecast_event::Event::Adjusted(it)) => head.adjusted(it),
            Some(forecast_event::Event::AdjustmentWithdrawn(it)) => Self {
                event: "adjustment_withdrawn",
                level: lower(it.level().as_str_name(), "ADJUSTMENT_LEVEL_"),
                column: it.column.as_ref().map(column::name),
                ..head.because(it.reason_code, it.reason)
            },
            Some(forecast_event::Event::Submitted(it)) => Self {
                event: "submitted",
                by: it.by.map(Reference::from),
                submitted: it.amounts.iter().map(Submitted::from).collect(),
                seen_revision: Some(it.seen_revision).filter(|revision| *revision > 0),
                on_behalf: it.on_behalf,
                ..head.because(String::new(), it.note)
            },
            Some(forecast_event::Event::Unlocked(it)) => {
                Self { event: "unlocked", ..head.because(it.reason_code, it.reason) }
            }
            Some(forecast_event::Event::Voided(it)) => Self {
                event: "voided",
                voids: Some(it.command_id),
                ..head.because(it.reason_code, it.reason)
            },
        }
    }
}

impl Event {
    fn adjusted(self, it: sent::Adjustment) -> Self {
        Self {
            event: "adjusted",
            level: lower(it.level().as_str_name(), "ADJUSTMENT_LEVEL_"),
            change: lower(it.change().as_str_name(), "ADJUSTMENT_CHANGE_"),
            column: it.column.as_ref().map(column::name),
            by: it.by.map(Reference::from),
            amount: it.amount.as_ref().map(Money::from),
            expires: it.expire_date.as_ref().map(times::show_day),
            ..self.because(String::new(), it.note)
        }
    }

    fn because(self, code: String, text: Option<api::types::v1::PersonalText>) -> Self {
        let text = text.unwrap_or_default();
        Self { reason_code: given(code), text_erased: text.erased, text: given(text.text), ..self }
    }

    /// What was said, in a few words.
    fn said(&self) -> String {
        let submitted = self
            .submitted
            .iter()
            .filter_map(|it| it.amount.as_ref().map(|amount| format!("{} {amount}", it.column)));
        let judged = self.column.as_ref().map(|column| {
            let amount = self.amount.as_ref().map(ToString::to_string).unwrap_or_default();
            let change = self.change.as_deref().unwrap_or_default();
            format!("{column} {change} {amount}").trim().to_owned()
        });
        judged.into_iter().chain(submitted).collect::<Vec<_>>().join(", ")
    }
}

impl Answer for History {
    fn standing(&self) -> Option<&Standing> {
        Some(&self.standing)
    }

    fn items(&self) -> anyhow::Result<Vec<String>> {
        one_a_line(&self.events)
    }

    fn grid(&self) -> Grid {
        let mut grid = Grid::new([
            "occurred_at",
            "position",
            "event",
            "level",
            "by",
            "said",
            "reason",
            "text",
            "voided_by",
        ]);
        for event in &self.events {
            let maybe = |text: &Option<String>| Cell::text(text.as_deref().unwrap_or_default());
            grid.push(vec![
                maybe(&event.occurred_at),
                Cell::text(event.position.to_string()),
                Cell::text(event.event),
                maybe(&event.level),
                Cell::text(label(event.by.as_ref())),
                Cell::text(event.said()),
                maybe(&event.reason_code),
                Cell::text(text_shown(event.text.as_deref(), event.text_erased)),
                Cell::text(event.voided_by.map(|it| it.to_string()).unwrap_or_default()),
            ]);
        }
        grid
    }
}

/// Asks and answers.
pub async fn run(args: HistoryArgs, session: &Session) -> anyhow::Result<()> {
    let request = GetForecastHistoryRequest {
        calendar: args.calendar,
        period: args.period,
        owner: args.owner,
        read_at: Some(args.when.read_at(session)),
    };
    let answer = session.forecasts().get_forecast_history(session.request(request)).await?;
    let answer = answer.into_inner();
    session.output.answer(&History {
        standing: Standing::of(answer.reflected),
        period: Window::from(answer.period.unwrap_or_default()),
        events: answer.events.into_iter().map(Event::from).collect(),
    })
}
