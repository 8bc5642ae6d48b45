//! The waterfall: why a number is another than it was, exactly, at any node.
//!
//! A deal goes from how it stood to how it stands one attribute at a time, in the order of
//! [`Bucket`]; what each step changes of the number is what the bucket gets. The steps of a deal
//! telescope, so start + buckets = end by construction, at every node, to the minor unit and to the
//! deal. Start and end are those of the rollup: the company's sum is rounded once in each category
//! and shared out over the hierarchy and on to the deals, and whatever that rounds otherwise at the
//! two instants is in the bucket of rates. Where nothing is converted, nothing is rounded.

use std::collections::BTreeMap;

use crate::{
    Currency, ForecastCategory, Hierarchy, Money, OpportunityId, Outcome, UserId,
    conversion::{ConversionError, Exact, Rate, share_out},
    forecast::Column,
    rollup::{apportion, place_of},
};

mod steps;

words! {
    /// Why a number changed, in the order in which a deal's attributes are changed.
    Bucket, "bucket of a waterfall";
    /// The deal did not exist; it counts as open first, with all else as it is now.
    New = "new",
    /// The deal exists no longer: taken back, or merged into another.
    Removed = "removed",
    /// A closed deal is open again.
    Reopened = "reopened",
    /// It was won.
    ClosedWon = "closed_won",
    /// It was lost.
    ClosedLost = "closed_lost",
    /// It ended without a decision.
    NoDecision = "no_decision",
    /// It was handed to somebody in scope.
    TransferredIn = "transferred_in",
    /// It was handed to somebody out of scope.
    TransferredOut = "transferred_out",
    /// Its owner came into scope.
    ReorganisedIn = "reorganised_in",
    /// Its owner went out of scope.
    ReorganisedOut = "reorganised_out",
    /// Its close date came into the window.
    PulledIn = "pulled_in",
    /// Its close date went out of the window.
    MovedOut = "moved_out",
    /// It is surer, and therefore counts or counts no longer.
    CategoryUp = "category_up",
    /// It is less sure, and therefore counts or counts no longer.
    CategoryDown = "category_down",
    /// It is expected to bring more.
    Increased = "increased",
    /// It is expected to bring less.
    Decreased = "decreased",
    /// The rates are others, or the sum is rounded otherwise.
    Fx = "fx",
}

/// How a deal stands at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Whether it is open, or how it ended.
    pub outcome: Outcome,
    /// Who owns it.
    pub owner: Option<UserId>,
    /// Whether its close date lies in the window that the number is of.
    pub in_window: bool,
    /// The category that its stage or a person gives it, as if it were open.
    pub category: ForecastCategory,
    /// What it comes to; `None` when that is not known.
    pub amount: Option<Money>,
    /// The rate into the currency of the number; `None` when there is none, and it counts as 0.
    pub rate: Option<Rate>,
}

/// A deal at the two instants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deal {
    /// Which.
    pub id: OpportunityId,
    /// How it stood; `None` when it did not exist.
    pub before: Option<Standing>,
    /// How it stands; `None` when it exists no longer.
    pub after: Option<Standing>,
}

/// Which number is explained.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// Which column: the deals that count in its categories.
    pub column: Column,
    /// In which currency.
    pub currency: Currency,
    /// The hierarchy at the first instant.
    pub before: &'a Hierarchy,
    /// The hierarchy at the second one; the same where a reorganisation is not to be seen.
    pub after: &'a Hierarchy,
}

/// A number and how many deals it is of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sum {
    /// Minor units.
    pub amount: i64,
    /// Deals: how many more, or fewer, in a bucket.
    pub count: i64,
}

/// Why the number of one node changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    /// The number at the first instant.
    pub start: Sum,
    /// Every bucket, in order; what leaves the number has a sign.
    pub buckets: Vec<Explanation>,
    /// The number at the second instant: start and all buckets.
    pub end: Sum,
}

/// What one bucket changed of a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// Why.
    pub bucket: Bucket,
    /// By how much in all.
    pub sum: Sum,
    /// Which deals, in the order in which they were given, and by how much each.
    pub deals: Vec<(OpportunityId, Sum)>,
}

/// Every deal with its amounts in whole minor units, ready to be asked about any node.
#[derive(Debug, Clone)]
pub struct Waterfall<'a> {
    question: Question<'a>,
    categories: Vec<ForecastCategory>,
    deals: Vec<Valued<'a>>,
}

/// A deal's amount in whole minor units: before, with the amount of after, and with its rate too.
#[derive(Debug, Clone, Copy)]
struct Valued<'a> {
    deal: &'a Deal,
    before: i64,
    restated: i64,
    after: i64,
}

impl<'a> Waterfall<'a> {
    /// Prepares an answer. The deals are all of the company's that count at one of the instants, and
    /// any others, each once: a node's share of what is rounded depends on all of them.
    pub fn of(question: Question<'a>, deals: &'a [Deal]) -> Result<Waterfall<'a>, ConversionError> {
        let categories = question.column.categories();
        let waterfall = Waterfall { question, categories, deals: Vec::new() };
        let before: Vec<_> = deals.iter().map(|deal| (deal.id, deal.before)).collect();
        let after: Vec<_> = deals.iter().map(|deal| (deal.id, deal.after)).collect();
        let before = waterfall.minor_units(question.before, &before)?;
        let after = waterfall.minor_units(question.after, &after)?;
        let valued = deals.iter().zip(before).zip(after).map(|((deal, before), after)| {
            let restated = waterfall.restated(deal, before, after)?;
            Ok(Valued { deal, before, restated, after })
        });
        let deals = valued.collect::<Result<_, ConversionError>>()?;
        Ok(Waterfall { deals, ..waterfall })
    }

    /// Why the number of a node changed; without a node, that of the whole company.
    pub fn at(&self, node: Option<UserId>) -> Result<Explained, ConversionError> {
        let mut start = Sum::default();
        let mut buckets: BTreeMap<Bucket, Explanation> =
            Bucket::ALL.iter().map(|bucket| (*bucket, Explanation::empty(*bucket))).collect();
        for valued in &self.deals {
            start.add(self.sum_before(valued, node))?;
            for (bucket, sum) in self.steps(valued, node)? {
                if let Some(explanation) = buckets.get_mut(&bucket) {
                    explanation.sum.add(sum)?;
                    explanation.deals.push((valued.deal.id, sum));
                }
            }
        }
        let buckets: Vec<Explanation> = buckets.into_values().collect();
        let mut end = start;
        for explanation in &buckets {
            end.add(explanation.sum)?;
        }
        Ok(Explained { start, buckets, end })
    }

    /// Whether a deal that stands so counts, whoever owns it.
    fn counts(&self, standing: &Standing) -> bool {
        let category = standing.category.counted(standing.outcome);
        standing.in_window && category.is_some_and(|category| self.categories.contains(&category))
    }

    /// What each deal comes to at one of the instants: its share of the company's rounded sum when
    /// it counts, its own amount rounded when it does not.
    fn minor_units(
        &self,
        hierarchy: &Hierarchy,
        deals: &[(OpportunityId, Option<Standing>)],
    ) -> Result<Vec<i64>, ConversionError> {
        let standings = || deals.iter().filter_map(|(_, standing)| *standing);
        let hierarchy = hierarchy.with(standings().filter_map(|standing| standing.owner));
        let mut minor = Vec::with_capacity(deals.len());
        let mut counted: BTreeMap<ForecastCategory, BTreeMap<usize, Vec<usize>>> = BTreeMap::new();
        for (index, (_, standing)) in deals.iter().enumerate() {
            minor.push(self.exact(standing.as_ref())?.rounded()?);
            let Some(standing) = standing.filter(|standing| self.counts(standing)) else {
                continue;
            };
            if let Some(category) = standing.category.counted(standing.outcome) {
                let place = place_of(&hierarchy, standing.owner);
                counted.entry(category).or_default().entry(place).or_default().push(index);
            }
        }
        for places in counted.values_mut() {
            let mut own = vec![Exact::ZERO; hierarchy.nodes().len() + 1];
            for (place, counted) in places.iter_mut() {
                counted.sort_by_key(|index| deals[*index].0);
                for index in counted {
                    own[*place] = own[*place].plus(self.exact(deals[*index].1.as_ref())?)?;
                }
            }
            let own = apportion(&hierarchy, &own)?;
            for (place, counted) in places {
                let exact = |index: &usize| self.exact(deals[*index].1.as_ref());
                let parts = counted.iter().map(exact).collect::<Result<Vec<_>, _>>()?;
                for (index, share) in counted.iter().zip(share_out(own[*place], &parts)?) {
                    minor[*index] = share;
                }
            }
        }
        Ok(minor)
    }

    /// What a deal comes to, not rounded.
    fn exact(&self, standing: Option<&Standing>) -> Result<Exact, ConversionError> {
        let known = standing.and_then(|standing| standing.amount.zip(standing.rate));
        known.map_or(Ok(Exact::ZERO), |(amount, rate)| self.converted(amount, rate))
    }

    fn converted(&self, amount: Money, rate: Rate) -> Result<Exact, ConversionError> {
        Exact::converted(amount.minor, amount.currency, self.question.currency, rate)
    }

    /// What the amount of after comes to at the rate of before. An amount in another currency is
    /// another amount, whatever the rates; so is one that was not known.
    fn restated(&self, deal: &Deal, before: i64, after: i64) -> Result<i64, ConversionError> {
        let (Some(was), Some(is)) = (&deal.before, &deal.after) else { return Ok(after) };
        if was.amount == is.amount {
            return Ok(before);
        }
        let same_currency = was.amount.map(|it| it.currency) == is.amount.map(|it| it.currency);
        match (is.amount, was.rate) {
            (Some(amount), Some(rate)) if same_currency && is.rate != was.rate => {
                self.converted(amount, rate)?.rounded()
            }
            (Some(_), None) if same_currency => Ok(before),
            _ => Ok(after),
        }
    }
}

impl Explanation {
    fn empty(bucket: Bucket) -> Explanation {
        Explanation { bucket, sum: Sum::default(), deals: Vec::new() }
    }
}

impl Sum {
    fn add(&mut self, other: Sum) -> Result<(), ConversionError> {
        self.amount = self.amount.checked_add(other.amount).ok_or(ConversionError::TooLarge)?;
        self.count += other.count;
        Ok(())
    }

    fn minus(self, other: Sum) -> Result<Sum, ConversionError> {
        let amount = self.amount.checked_sub(other.amount).ok_or(ConversionError::TooLarge)?;
        Ok(Sum { amount, count: self.count - other.count })
    }
}

#[cfg(test)]
mod tests;
