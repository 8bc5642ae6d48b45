//! Stage history: how long a deal stood where, and which way it went.

use super::Opportunity;
use crate::{Entity, Instant, Known, Outcome, PipelineId, Timeline, pipeline};

/// One stay of an open deal in one stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stay {
    /// The pipeline; `None` while no fact says which.
    pub pipeline: Option<PipelineId>,
    /// The stage's key.
    pub stage: String,
    /// When it began.
    pub entered_at: Instant,
    /// When it ended: by a move, or because the deal was closed; `None` while it lasts.
    pub left_at: Option<Instant>,
}

/// Which way a deal went from one stage to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// To the next open stage, or out of the open ones.
    Forward,
    /// Past at least one open stage.
    Skip,
    /// To an earlier one.
    Back,
}

/// The stays of a deal as of an instant and as known at a position, in order. A closed deal stands
/// nowhere; one that is reopened begins a new stay.
pub fn stage_history(timeline: &Timeline, at: Known) -> Vec<Stay> {
    let mut deal = Opportunity::default();
    let mut stays: Vec<Stay> = Vec::new();
    for entry in timeline.live(at) {
        let Some(fact) = Opportunity::fact(&entry.fact) else { continue };
        deal.evolve(&entry.moment, fact);
        let now = entry.moment.occurred_at;
        let stands = deal.stage.as_ref().filter(|_| deal.outcome == Outcome::Open);
        let last = stays.last_mut().filter(|last| last.left_at.is_none());
        if let Some(last) = last {
            if stands.is_some_and(|it| it.key == last.stage && deal.pipeline == last.pipeline) {
                continue;
            }
            last.left_at = Some(now);
        }
        stays.extend(stands.map(|stage| Stay {
            pipeline: deal.pipeline,
            stage: stage.key.clone(),
            entered_at: now,
            left_at: None,
        }));
    }
    stays
}

impl Direction {
    /// Which way it is from one stage of a pipeline to another; `None` when it is the same one, or
    /// the pipeline has no such stage.
    pub fn between(pipeline: &pipeline::Defined, from: &str, to: &str) -> Option<Direction> {
        let (from, to) = (pipeline.stage(from)?.order, pipeline.stage(to)?.order);
        let between = |order: u32| from < order && order < to;
        match from.cmp(&to) {
            std::cmp::Ordering::Equal => None,
            std::cmp::Ordering::Greater => Some(Direction::Back),
            std::cmp::Ordering::Less if pipeline.open_stages().any(|it| between(it.order)) => {
                Some(Direction::Skip)
            }
            std::cmp::Ordering::Less => Some(Direction::Forward),
        }
    }
}

#[cfg(test)]
mod tests;
