//! The quotas of a period: set for exactly its days, or else the sum of those of its parts.

use std::collections::BTreeMap;

use domain::{
    Known, Money, UserId,
    calendar::{Level, Period, Shape},
};

use crate::book::Shelf;

/// A quota that is in force, and the period that it was set for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Of what it is the quota, or a part of it.
    pub period: Period,
    /// How much.
    pub amount: Money,
}

/// Everybody's quotas of a period. Who has none for exactly its days has those of its parts: the
/// halves of a year, the quarters of a half and so on, each of which may again be in parts. All
/// parts have to be there: some quarters of a year are not the year's quota.
pub fn quotas(
    shelf: &Shelf,
    shape: &Shape,
    period: &Period,
    at: Known,
) -> BTreeMap<UserId, Vec<Part>> {
    let exact = shelf.quotas(period, at).filter_map(|(_, quota, _)| {
        let set = quota.in_force()?;
        Some((set.owner, vec![Part { period: *period, amount: set.amount }]))
    });
    let mut found: BTreeMap<UserId, Vec<Part>> = exact.collect();
    let mut parts = parts(shape, period).into_iter().map(|part| quotas(shelf, shape, &part, at));
    let Some(first) = parts.next() else { return found };
    let rest: Vec<_> = parts.collect();
    for (owner, mut sum) in first {
        let others: Option<Vec<&Vec<Part>>> = rest.iter().map(|part| part.get(&owner)).collect();
        let Some(others) = others else { continue };
        sum.extend(others.into_iter().flatten());
        found.entry(owner).or_insert(sum);
    }
    found
}

/// The longest shorter periods that make up a period without anything left over.
fn parts(shape: &Shape, period: &Period) -> Vec<Period> {
    let shorter = Level::ALL.iter().skip_while(|level| **level != period.level).skip(1);
    let cut = shorter.map(|level| shape.between(*level, period.starts, period.ends).collect());
    let fits = |parts: &Vec<Period>| {
        let ends = (parts.first(), parts.last());
        matches!(ends, (Some(first), Some(last))
            if first.starts == period.starts && last.ends == period.ends)
    };
    cut.into_iter().find(fits).unwrap_or_default()
}
