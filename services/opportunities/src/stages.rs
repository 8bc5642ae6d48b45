//! How a deal went: its stays in stages, and how its close date moved.

use api::opportunities::v1::{CloseDateMove, PushLedger, StageDirection, StageStay};
use domain::{
    Date, Instant, Timeline,
    calendar::{Level, Shape},
    opportunity::{Direction, Move, Stay, push_ledger, stage_history},
};
use runtime::{query::timestamp, to_proto::date};

use crate::reading::Reading;

/// The stays of a deal in stages, in order.
pub fn stays(timeline: &Timeline, reading: &Reading<'_>) -> Vec<StageStay> {
    let stays = stage_history(timeline, reading.known);
    let before = std::iter::once(None).chain(stays.iter().map(Some));
    stays.iter().zip(before).map(|(stay, before)| shown(stay, before, reading)).collect()
}

fn shown(stay: &Stay, before: Option<&Stay>, reading: &Reading<'_>) -> StageStay {
    // Without an instant, an answer does not depend on the clock.
    let asked = Some(reading.known.as_of).filter(|at| *at != Instant::END);
    let lasted = stay.left_at.or(asked).map(|until| until.0.saturating_sub(stay.entered_at.0));
    StageStay {
        pipeline: stay.pipeline.map(|id| reading.at.pipeline(id)),
        stage: Some(reading.at.stage(stay.pipeline, &stay.stage)),
        entered_at: Some(timestamp(stay.entered_at)),
        left_at: stay.left_at.map(timestamp),
        time_in_stage: lasted.map(|lasted| prost_types::Duration {
            seconds: lasted / 1_000_000,
            nanos: (lasted % 1_000_000) as i32 * 1_000,
        }),
        direction: direction(stay, before, reading) as i32,
    }
}

fn direction(stay: &Stay, before: Option<&Stay>, reading: &Reading<'_>) -> StageDirection {
    let from = before.filter(|before| before.pipeline == stay.pipeline);
    let pipeline = stay.pipeline.and_then(|id| reading.at.catalog.pipeline(id, reading.at.at));
    let way = from
        .zip(pipeline)
        .and_then(|(from, pipeline)| Direction::between(&pipeline, &from.stage, &stay.stage));
    match way {
        None => StageDirection::Unspecified,
        Some(Direction::Forward) => StageDirection::Forward,
        Some(Direction::Skip) => StageDirection::Skip,
        Some(Direction::Back) => StageDirection::Back,
    }
}

/// How a deal's close date moved while it was open.
pub fn pushes(timeline: &Timeline, reading: &Reading<'_>) -> PushLedger {
    let ledger = push_ledger(timeline, reading.known);
    let shape = quarters(reading);
    let quarter = |day| quarter(shape.as_ref(), day);
    PushLedger {
        first_close_date: ledger.first.map(date),
        push_count: ledger.pushes().count() as u64,
        days_pushed: ledger.days_pushed(),
        quarters_left_count: ledger.slips(quarter) as u64,
        moves: ledger.moves.iter().map(|it| moved(it, quarter)).collect(),
    }
}

fn moved(it: &Move, quarter: impl Fn(Date) -> i64) -> CloseDateMove {
    CloseDateMove {
        from: Some(date(it.from)),
        to: Some(date(it.to)),
        at: Some(timestamp(it.at)),
        days: it.days(),
        quarters: it.periods(quarter),
    }
}

/// The calendar whose quarters count: the only one in force that is not retired.
fn quarters(reading: &Reading<'_>) -> Option<Shape> {
    let used = reading.at.catalog.calendars(reading.at.at);
    let mut used = used.filter(|(_, calendar)| !calendar.retired);
    let (_, only) = used.next()?;
    used.next().is_none().then_some(only.shape)
}

/// The quarter that a day lies in, counted on: that of a calendar, or of the calendar year where
/// there is none or it has no quarters.
fn quarter(shape: Option<&Shape>, day: Date) -> i64 {
    let period = shape.and_then(|shape| shape.period_at(Level::Quarter, day));
    if let Some(period) = period {
        return i64::from(period.year) * 4 + i64::from(period.number) - 1;
    }
    let (year, month) = day.year_month();
    year * 4 + (i64::from(month) - 1) / 3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quarters_follow_one_another_across_years() {
        let of = |year, month| quarter(None, Date::first_of_month(year, month).unwrap());
        assert_eq!(of(2026, 1), of(2026, 3));
        assert_eq!(of(2026, 4), of(2026, 3) + 1);
        assert_eq!(of(2027, 1), of(2026, 12) + 1);
        assert_eq!(of(1969, 12), of(1970, 1) - 1);
    }
}
