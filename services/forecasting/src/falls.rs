//! The waterfall between two points: both scenes' deals side by side, explained at one node.

use std::collections::BTreeMap;

use domain::{
    Currency, Instant, OpportunityId, UserId,
    conversion::ConversionError,
    forecast::Column,
    waterfall::{Deal, Explained, Question, Waterfall},
};

use crate::numbers::Scene;

/// Why a number changed, and by which commits.
pub struct Fall {
    /// The number at both points and what lies between.
    pub explained: Explained,
    /// For each deal in a bucket: the positions that changed what it counts as.
    pub positions: BTreeMap<OpportunityId, Vec<u64>>,
}

/// Explains a column of a node. Both scenes are of the same period.
pub fn explain(
    (from, to): (&Scene<'_>, &Scene<'_>),
    column: Column,
    node: Option<UserId>,
    (currency, restated_to): (Currency, Option<Instant>),
) -> Result<Fall, ConversionError> {
    let (before, after) = (from.rates(currency), to.rates(currency));
    let deals = to.shelf.deals.of(&to.period).map(|deal| Deal {
        id: deal.id,
        before: from.standing(deal, &before, currency),
        after: to.standing(deal, &after, currency),
    });
    let in_window = |deal: &Deal| {
        [deal.before, deal.after].into_iter().flatten().any(|standing| standing.in_window)
    };
    let mut deals: Vec<Deal> = deals.filter(in_window).collect();
    deals.sort_unstable_by_key(|deal| deal.id);
    let (before, after) = (from.hierarchy(restated_to), to.hierarchy(restated_to));
    let question = Question { column, currency, before: &before, after: &after };
    let explained = Waterfall::of(question, &deals)?.at(node)?;
    let moved = explained.buckets.iter().flat_map(|bucket| &bucket.deals);
    let positions = moved.map(|(id, _)| {
        let deal = to.shelf.deals.get(*id);
        (*id, deal.map(|deal| deal.positions(from.at, to.at)).unwrap_or_default())
    });
    let positions = positions.collect();
    Ok(Fall { explained, positions })
}
