//! The waterfall between two points: both scenes' deals side by side, explained at one node, and a
//! page of the deals that explain it.

use std::cmp::Reverse;

use domain::{
    Currency, Instant, OpportunityId, UserId,
    conversion::ConversionError,
    forecast::Column,
    waterfall::{Bucket, Deal, Explained, Question, Sum, Waterfall},
};

use crate::numbers::Scene;

/// Why a number changed, and by which commits.
pub struct Fall {
    /// The number at both points and what lies between, of all deals.
    pub explained: Explained,
    /// The deals of the page.
    pub page: Vec<Moved>,
    /// How many deals all pages have.
    pub total: usize,
}

/// What a deal changed of the number for one reason.
pub struct Moved {
    /// Why.
    pub bucket: Bucket,
    /// The deal.
    pub id: OpportunityId,
    /// By how much.
    pub sum: Sum,
    /// The positions that changed what it counts as.
    pub positions: Vec<u64>,
}

/// Which deals a page lists: so many, after so many.
#[derive(Debug, Clone, Copy)]
pub struct Cut {
    /// How many deals the pages before have listed.
    pub shown: usize,
    /// How many this one lists at most.
    pub size: usize,
}

/// Explains a column of a node. Both scenes are of the same period.
pub fn explain(
    (from, to): (&Scene<'_>, &Scene<'_>),
    column: Column,
    node: Option<UserId>,
    (currency, restated_to): (Currency, Option<Instant>),
    cut: Cut,
) -> Result<Fall, ConversionError> {
    let (before, after) = (from.rates(currency), to.rates(currency));
    let deals = to.shelf.deals.of(&to.period, &[from.at, to.at]).map(|deal| Deal {
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
    let moved = largest_first(&explained);
    let total = moved.len();
    let page = moved.into_iter().skip(cut.shown).take(cut.size);
    let page = page.map(|(bucket, id, sum)| {
        let deal = to.shelf.deals.get(id);
        let positions = deal.map(|deal| deal.positions(from.at, to.at)).unwrap_or_default();
        Moved { bucket, id, sum, positions }
    });
    let page = page.collect();
    Ok(Fall { explained, page, total })
}

/// Every deal of every bucket in the order of pages. A deal that is in two buckets by the same
/// amount has them in their own order.
fn largest_first(explained: &Explained) -> Vec<(Bucket, OpportunityId, Sum)> {
    let of = |bucket: Bucket| move |(id, sum): &(OpportunityId, Sum)| (bucket, *id, *sum);
    let buckets = explained.buckets.iter();
    let mut moved: Vec<_> = buckets.flat_map(|it| it.deals.iter().map(of(it.bucket))).collect();
    moved.sort_unstable_by_key(|(bucket, id, sum)| {
        (Reverse(sum.amount.unsigned_abs()), *id, *bucket)
    });
    moved
}
