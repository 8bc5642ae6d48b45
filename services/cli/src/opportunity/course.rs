//! How a deal went, as JSON and tables show it: its stays in stages, and its pushes.

use api::opportunities::v1 as sent;
use serde::Serialize;

use crate::grid::Cell;
use crate::times;
use crate::wording::{Reference, label, lower};

const SECONDS_PER_DAY: f64 = 86_400.0;

/// Where a deal stood how long, and how its close date moved.
#[derive(Debug, Serialize)]
pub struct Course {
    stages: Vec<Stay>,
    pushes: Pushes,
}

#[derive(Debug, Serialize)]
struct Stay {
    pipeline: Option<Reference>,
    stage: Option<Reference>,
    entered_at: Option<String>,
    left_at: Option<String>,
    days: Option<f64>,
    direction: Option<String>,
}

#[derive(Debug, Default, Serialize)]
struct Pushes {
    first_close_date: Option<String>,
    push_count: u64,
    days_pushed: i64,
    quarters_left_count: u64,
    moves: Vec<Move>,
}

#[derive(Debug, Serialize)]
struct Move {
    from: Option<String>,
    to: Option<String>,
    at: Option<String>,
    days: i64,
    quarters: i64,
}

impl Course {
    /// The course of a deal, as the server sends it.
    pub fn of(stages: Vec<sent::StageStay>, pushes: Option<sent::PushLedger>) -> Self {
        Self {
            stages: stages.into_iter().map(Stay::from).collect(),
            pushes: pushes.map(Pushes::from).unwrap_or_default(),
        }
    }

    /// Its lines below the fields of the deal.
    pub fn fields(&self) -> Vec<(String, Cell)> {
        let mut fields = Vec::new();
        for (index, stay) in self.stages.iter().enumerate() {
            let way = stay.direction.as_deref().map(|it| format!(" ({it})")).unwrap_or_default();
            let from = stay.entered_at.as_deref().unwrap_or_default();
            let lasted = stay.days.map(|days| format!(" for {days:.1} days")).unwrap_or_default();
            let text = format!("{} since {from}{lasted}{way}", label(stay.stage.as_ref()));
            fields.push((format!("stage_{}", index + 1), Cell::text(text)));
        }
        let pushes = &self.pushes;
        if let Some(first) = &pushes.first_close_date {
            fields.push(("first_close_date".into(), Cell::text(first)));
            let Pushes { push_count, days_pushed, quarters_left_count, .. } = pushes;
            let text =
                format!("{push_count}, {days_pushed} days, {quarters_left_count} out of a quarter");
            fields.push(("pushes".into(), Cell::text(text)));
        }
        for (index, it) in pushes.moves.iter().enumerate() {
            let text = |day: &Option<String>| day.clone().unwrap_or_default();
            let (from, to, at, days) = (text(&it.from), text(&it.to), text(&it.at), it.days);
            let line = format!("{from} -> {to} at {at}: {days:+} days");
            fields.push((format!("move_{}", index + 1), Cell::text(line)));
        }
        fields
    }
}

impl From<sent::StageStay> for Stay {
    fn from(stay: sent::StageStay) -> Self {
        let days = |lasted: prost_types::Duration| {
            (lasted.seconds as f64 + f64::from(lasted.nanos) / 1e9) / SECONDS_PER_DAY
        };
        Self {
            direction: lower(stay.direction().as_str_name(), "STAGE_DIRECTION_"),
            pipeline: stay.pipeline.map(Reference::from),
            stage: stay.stage.map(Reference::from),
            entered_at: stay.entered_at.as_ref().map(times::show),
            left_at: stay.left_at.as_ref().map(times::show),
            days: stay.time_in_stage.map(days),
        }
    }
}

impl From<sent::PushLedger> for Pushes {
    fn from(ledger: sent::PushLedger) -> Self {
        let moves = ledger.moves.into_iter().map(|it| Move {
            from: it.from.as_ref().map(times::show_day),
            to: it.to.as_ref().map(times::show_day),
            at: it.at.as_ref().map(times::show),
            days: it.days,
            quarters: it.quarters,
        });
        Self {
            first_close_date: ledger.first_close_date.as_ref().map(times::show_day),
            push_count: ledger.push_count,
            days_pushed: ledger.days_pushed,
            quarters_left_count: ledger.quarters_left_count,
            moves: moves.collect(),
        }
    }
}
