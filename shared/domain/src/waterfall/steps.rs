//! The steps by which one deal goes from how it stood to how it stands.

use super::{Bucket, Standing, Sum, Valued, Waterfall};
use crate::{Hierarchy, Outcome, UserId, conversion::ConversionError};

/// A deal on its way: part of it as it was, part of it as it is.
#[derive(Clone, Copy)]
struct Halfway<'a> {
    standing: Standing,
    hierarchy: &'a Hierarchy,
    amount: i64,
}

impl<'a> Waterfall<'a> {
    /// What a deal was of the number of a node.
    pub(super) fn sum_before(&self, valued: &Valued<'_>, node: Option<UserId>) -> Sum {
        self.sum(self.halfway_before(valued), node)
    }

    /// What each step changes of the number of a node, without those that change nothing.
    pub(super) fn steps(
        &self,
        valued: &Valued<'_>,
        node: Option<UserId>,
    ) -> Result<Vec<(Bucket, Sum)>, ConversionError> {
        let mut steps = Vec::new();
        let mut last = self.sum_before(valued, node);
        // Most deals stand as they stood, and one whose owner stayed in scope took no step.
        let same = valued.deal.before == valued.deal.after && valued.before == valued.after;
        if same && self.sum_after(valued, node) == last {
            return Ok(steps);
        }
        for (rising, falling, halfway) in self.way(valued) {
            let next = self.sum(halfway, node);
            let change = next.minus(last)?;
            last = next;
            if change != Sum::default() {
                let falls = (change.count, change.amount) < (0, 0);
                steps.push((if falls { falling } else { rising }, change));
            }
        }
        Ok(steps)
    }

    fn sum_after(&self, valued: &Valued<'_>, node: Option<UserId>) -> Sum {
        let (hierarchy, amount) = (self.question.after, valued.after);
        self.sum(valued.deal.after.map(|standing| Halfway { standing, hierarchy, amount }), node)
    }

    fn halfway_before(&self, valued: &Valued<'_>) -> Option<Halfway<'a>> {
        let (hierarchy, amount) = (self.question.before, valued.before);
        valued.deal.before.map(|standing| Halfway { standing, hierarchy, amount })
    }

    /// Every step in order: the buckets that it belongs to when the number rises and when it falls,
    /// and how far the deal is after it.
    fn way(&self, valued: &Valued<'_>) -> Vec<(Bucket, Bucket, Option<Halfway<'a>>)> {
        let Some(after) = valued.deal.after else {
            return vec![(Bucket::Removed, Bucket::Removed, None)];
        };
        let closed = match after.outcome {
            Outcome::Open => Bucket::Reopened,
            Outcome::Won => Bucket::ClosedWon,
            Outcome::Lost => Bucket::ClosedLost,
            Outcome::NoDecision => Bucket::NoDecision,
        };
        let (hierarchy, amount) = (self.question.after, valued.after);
        let end = Halfway { standing: after, hierarchy, amount };
        let Some(start) = self.halfway_before(valued) else {
            let standing = Standing { outcome: Outcome::Open, ..after };
            let opened = Halfway { standing, ..end };
            return vec![(Bucket::New, Bucket::New, Some(opened)), (closed, closed, Some(end))];
        };
        let surer = after.category > start.standing.category;
        let judged = if surer { Bucket::CategoryUp } else { Bucket::CategoryDown };
        let mut at = start;
        let mut way = Vec::with_capacity(7);
        at.standing.outcome = after.outcome;
        way.push((closed, closed, Some(at)));
        at.standing.owner = after.owner;
        way.push((Bucket::TransferredIn, Bucket::TransferredOut, Some(at)));
        at.hierarchy = self.question.after;
        way.push((Bucket::ReorganisedIn, Bucket::ReorganisedOut, Some(at)));
        at.standing.in_window = after.in_window;
        way.push((Bucket::PulledIn, Bucket::MovedOut, Some(at)));
        at.standing.category = after.category;
        way.push((judged, judged, Some(at)));
        at.amount = valued.restated;
        way.push((Bucket::Increased, Bucket::Decreased, Some(at)));
        way.push((Bucket::Fx, Bucket::Fx, Some(end)));
        way
    }

    /// What a deal on its way is of the number of a node.
    fn sum(&self, deal: Option<Halfway<'_>>, node: Option<UserId>) -> Sum {
        let Some(Halfway { standing, hierarchy, amount }) = deal else { return Sum::default() };
        if self.counts(&standing) && hierarchy.is_in_scope(standing.owner, node) {
            Sum { amount, count: 1 }
        } else {
            Sum::default()
        }
    }
}
