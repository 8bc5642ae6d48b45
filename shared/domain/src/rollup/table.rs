//! The table that a rollup is worked out in: leaves go in, sums go up, rows come out.

use std::collections::BTreeMap;

use super::{Cell, Cells, Inputs, Leaf, NodeQuota, Quota, Rollup, Row, place_of, sum};
use crate::{
    Currency, ForecastCategory, Hierarchy, Money, UserId,
    conversion::{ConversionError, Exact},
};

/// A row for each node, and the whole company behind them.
pub(super) struct Table<'a> {
    pub(super) hierarchy: &'a Hierarchy,
    pub(super) rows: Vec<Row>,
}

impl<'a> Table<'a> {
    pub(super) fn new(hierarchy: &'a Hierarchy) -> Table<'a> {
        let row = |user: Option<UserId>, retired| Row {
            user,
            manager: user.and_then(|user| hierarchy.manager(user)),
            retired,
            individual: Cells::default(),
            cumulative: Cells::default(),
            quota: Quota::default(),
        };
        let nodes = hierarchy.nodes().iter().map(|node| row(Some(node.user), node.retired));
        Table { hierarchy, rows: nodes.chain([row(None, false)]).collect() }
    }

    /// The place above; the whole company stands above those at the top.
    pub(super) fn above(&self, place: usize) -> usize {
        let manager = self.hierarchy.nodes().get(place).and_then(|node| node.manager);
        manager.unwrap_or(self.rows.len() - 1)
    }

    /// Every place but that of the whole company, those below before their managers.
    pub(super) fn upwards(&self) -> impl Iterator<Item = usize> + use<> {
        (0..self.rows.len() - 1).rev()
    }

    pub(super) fn count<'l>(
        &mut self,
        category: ForecastCategory,
        leaves: impl Iterator<Item = &'l Leaf>,
    ) {
        for leaf in leaves {
            let place = place_of(self.hierarchy, leaf.owner);
            let cell = self.rows[place].individual.of_mut(category);
            if leaf.rate.is_some() {
                cell.owner_only_count += leaf.count;
                cell.count += leaf.count;
            } else {
                cell.unconverted_count += leaf.count;
            }
        }
        for place in self.upwards() {
            let below = *self.rows[place].individual.of(category);
            let above = self.above(place);
            let cell = self.rows[above].individual.of_mut(category);
            cell.count += below.count;
            cell.unconverted_count += below.unconverted_count;
        }
    }

    pub(super) fn add_up(
        &mut self,
        category: ForecastCategory,
        own: &[i64],
    ) -> Result<(), ConversionError> {
        for (row, own) in self.rows.iter_mut().zip(own) {
            let cell = row.individual.of_mut(category);
            cell.owner_only_amount = *own;
            cell.amount_without_adjustments = *own;
        }
        for place in self.upwards() {
            let below = self.rows[place].individual.of(category).amount_without_adjustments;
            let above = self.above(place);
            let cell = self.rows[above].individual.of_mut(category);
            cell.amount_without_adjustments = sum([cell.amount_without_adjustments, below])?;
        }
        Ok(())
    }

    /// Fills what the cumulative columns have before any judgement.
    pub(super) fn accumulate(&mut self) -> Result<(), ConversionError> {
        for row in &mut self.rows {
            for category in ForecastCategory::ALL {
                let parts = || category.accumulated().iter().map(|part| row.individual.of(*part));
                *row.cumulative.of_mut(category) = Cell {
                    owner_only_amount: sum(parts().map(|cell| cell.owner_only_amount))?,
                    amount_without_adjustments: sum(
                        parts().map(|cell| cell.amount_without_adjustments)
                    )?,
                    owner_only_count: parts().map(|cell| cell.owner_only_count).sum(),
                    count: parts().map(|cell| cell.count).sum(),
                    unconverted_count: parts().map(|cell| cell.unconverted_count).sum(),
                    ..Cell::default()
                };
            }
        }
        Ok(())
    }

    pub(super) fn bind(
        &mut self,
        currency: Currency,
        quotas: &[NodeQuota],
    ) -> Result<(), ConversionError> {
        let mut sums: BTreeMap<usize, Exact> = BTreeMap::new();
        for quota in quotas {
            let place = place_of(self.hierarchy, Some(quota.user));
            let Money { minor, currency: from } = quota.amount;
            let amount = Exact::converted(minor, from, currency, quota.rate)?;
            let sum = sums.entry(place).or_default();
            *sum = sum.plus(amount)?;
        }
        for (place, sum) in sums {
            self.rows[place].quota = Quota::of(sum.rounded()?);
        }
        for row in &mut self.rows {
            let won = row.individual.of(ForecastCategory::Closed).amount_without_adjustments;
            let open = row.cumulative.of(ForecastCategory::Pipeline).amount_without_adjustments;
            row.quota.measure(won, open)?;
        }
        Ok(())
    }

    /// Leaves out those who are retired and have no numbers, nor anybody below with any.
    pub(super) fn into_rollup(mut self, currency: Currency, inputs: Inputs<'_>) -> Rollup {
        let mut kept: Vec<bool> = self.hierarchy.nodes().iter().map(|node| !node.retired).collect();
        let owners = inputs.leaves.iter().filter_map(|leaf| leaf.owner);
        let adjusted = inputs.adjustments.iter().map(|adjustment| adjustment.user);
        let bound = inputs.quotas.iter().map(|quota| quota.user);
        for user in owners.chain(adjusted).chain(bound) {
            if let Some(place) = self.hierarchy.place(user) {
                kept[place] = true;
            }
        }
        for place in self.upwards() {
            let above = self.hierarchy.nodes()[place].manager.filter(|_| kept[place]);
            if let Some(above) = above {
                kept[above] = true;
            }
        }
        let company = self.rows.len() - 1;
        let total = self.rows.remove(company);
        let rows = self.rows.into_iter().zip(kept).filter_map(|(row, kept)| kept.then_some(row));
        Rollup { currency, total, rows: rows.collect(), faults: self.hierarchy.faults().to_vec() }
    }
}
