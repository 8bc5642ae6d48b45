//! The table of exchange rates: which rate leads from one currency to another at an instant.

use std::collections::BTreeMap;

use crate::{
    Currency, Instant,
    catalog::Catalog,
    conversion::{ConversionError, Rate},
    exchange_rate::{Purpose, Set},
};

/// Every rate ever set, by the instant from which on it holds.
///
/// A rate is looked for in this order, so that the answer does not depend on what else was set:
/// the rate that was set from one currency to the other; the inverse of the one that was set the
/// other way round; the product of the rates into and out of the corporate currency, each found by
/// the first two rules. A currency in itself is one.
#[derive(Debug, Clone)]
pub struct RateTable {
    corporate: Currency,
    rates: BTreeMap<(Currency, Currency, Purpose), Vec<(Instant, Rate)>>,
}

impl RateTable {
    /// The rates that were known at a position of the log.
    pub fn of(catalog: &Catalog, known_at: u64, corporate: Currency) -> RateTable {
        let known = catalog.exchange_rates_set(known_at);
        RateTable::from_rates(known.map(|(since, set)| (since, *set)), corporate)
    }

    /// The rates of these settings. One that cannot be used is left out; of several for the same
    /// instant the last one given holds.
    pub fn from_rates(
        rates: impl IntoIterator<Item = (Instant, Set)>,
        corporate: Currency,
    ) -> RateTable {
        let mut table = RateTable { corporate, rates: BTreeMap::new() };
        for (since, set) in rates {
            if let Some(rate) = Rate::of(set.rate) {
                let key = (set.from, set.to, set.purpose);
                table.rates.entry(key).or_default().push((since, rate));
            }
        }
        for dated in table.rates.values_mut() {
            dated.sort_by_key(|(since, _)| *since);
        }
        table
    }

    /// The rate in force at an instant: the last that took effect strictly before it. For deals
    /// won, that is their close date (the end of its day where they were won); for open ones, the
    /// instant that is asked about; for quotas, the same under the purpose of planning.
    pub fn rate(
        &self,
        from: Currency,
        to: Currency,
        purpose: Purpose,
        as_of: Instant,
    ) -> Result<Rate, ConversionError> {
        let through = || {
            let into = self.between(from, self.corporate, purpose, as_of)?;
            into.times(self.between(self.corporate, to, purpose, as_of)?)
        };
        self.between(from, to, purpose, as_of)
            .or_else(through)
            .ok_or(ConversionError::NoRate { from, to })
    }

    /// As it was set, or the inverse of how it was set.
    fn between(
        &self,
        from: Currency,
        to: Currency,
        purpose: Purpose,
        as_of: Instant,
    ) -> Option<Rate> {
        if from == to {
            return Some(Rate::ONE);
        }
        self.set(from, to, purpose, as_of)
            .or_else(|| self.set(to, from, purpose, as_of).and_then(Rate::inverse))
    }

    fn set(&self, from: Currency, to: Currency, purpose: Purpose, as_of: Instant) -> Option<Rate> {
        let dated = self.rates.get(&(from, to, purpose))?;
        let past = dated.partition_point(|(since, _)| *since < as_of || as_of == Instant::END);
        past.checked_sub(1).map(|last| dated[last].1)
    }
}

#[cfg(test)]
mod tests;
