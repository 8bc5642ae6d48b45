//! Push ledger: how a deal's expected close date moved while it was open.

use super::Opportunity;
use crate::{Date, Entity, Instant, Known, Outcome, Timeline};

/// How the close date moved. Closing a deal changes nothing of it, whatever the date says then.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PushLedger {
    /// The first date that the deal was ever expected to close on.
    pub first: Option<Date>,
    /// Every move since, in order.
    pub moves: Vec<Move>,
}

/// One move of the close date. One that was taken back and given again moved by the difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Move {
    /// The date before.
    pub from: Date,
    /// The date after.
    pub to: Date,
    /// When it was moved.
    pub at: Instant,
}

impl Move {
    /// Days that it was pushed back by; negative when it was pulled forward.
    pub fn days(&self) -> i64 {
        i64::from(self.to.0) - i64::from(self.from.0)
    }

    /// Whether the deal is expected later than before.
    pub fn is_push(&self) -> bool {
        self.to > self.from
    }

    /// How many periods it was pushed back by, such as quarters of a fiscal calendar; negative when
    /// it was pulled forward. The period of a day is asked from outside.
    pub fn periods(&self, period_of: impl Fn(Date) -> i64) -> i64 {
        period_of(self.to) - period_of(self.from)
    }
}

impl PushLedger {
    /// The moves to a later date.
    pub fn pushes(&self) -> impl Iterator<Item = &Move> {
        self.moves.iter().filter(|it| it.is_push())
    }

    /// Days pushed back in total, whatever was pulled forward in between.
    pub fn days_pushed(&self) -> i64 {
        self.pushes().map(Move::days).sum()
    }

    /// The pushes that left their period, such as a quarter of a fiscal calendar.
    pub fn slips(&self, period_of: impl Fn(Date) -> i64) -> usize {
        self.pushes().filter(|it| it.periods(&period_of) > 0).count()
    }
}

/// The ledger of a deal as of an instant and as known at a position.
///
/// Only an open deal is expected to close: a date that a closed one was given counts from its
/// reopening on.
pub fn push_ledger(timeline: &Timeline, at: Known) -> PushLedger {
    let mut deal = Opportunity::default();
    let mut ledger = PushLedger::default();
    let mut last = None;
    for entry in timeline.live(at) {
        let Some(fact) = Opportunity::fact(&entry.fact) else { continue };
        deal.evolve(&entry.moment, fact);
        let Some(to) = deal.close_date.filter(|_| deal.outcome == Outcome::Open) else { continue };
        match last.replace(to) {
            None => ledger.first = Some(to),
            Some(from) if from == to => {}
            Some(from) => ledger.moves.push(Move { from, to, at: entry.moment.occurred_at }),
        }
    }
    ledger
}

#[cfg(test)]
mod tests;
