//! The rollup: what each node of the hierarchy has, adjusts and expects of one period.
//!
//! Amounts are summed exactly in their own currencies' conversions, rounded once for the whole
//! company in each category, and shared out from there by largest remainder: so every node is the
//! sum of its children and of what it owns, to the minor unit. Adjustments are worked in after that,
//! from the bottom up, in whole minor units.

use crate::{
    Currency, ForecastCategory, Hierarchy, Money, UserId,
    conversion::{ConversionError, Exact, Rate, share_out},
    forecast::{Change, Column, Level},
    hierarchy::HierarchyFault,
};

mod adjusting;
mod ratios;
mod table;

pub use ratios::{Missing, Quota, Ratio};

use table::Table;

/// Deals of one owner and category that are converted alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leaf {
    /// Who owns them; `None` for deals of nobody, which count for the whole company alone.
    pub owner: Option<UserId>,
    /// Their category.
    pub category: ForecastCategory,
    /// What they come to.
    pub amount: Money,
    /// The rate into the rollup's currency; `None` when there is none, and they are left out.
    pub rate: Option<Rate>,
    /// How many they are.
    pub count: u64,
}

/// A judgement in force on a node's sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NodeAdjustment {
    /// Whose sheet it is on.
    pub user: UserId,
    /// Which number it is of.
    pub level: Level,
    /// Of which column.
    pub column: Column,
    /// Whether the amount replaces the number or is added to it.
    pub change: Change,
    /// The amount, in the currency of the sheet.
    pub amount: Money,
    /// The rate into the rollup's currency.
    pub rate: Rate,
}

/// A node's quota. A manager's is the manager's own, not the sum of those below.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NodeQuota {
    /// Whose it is.
    pub user: UserId,
    /// How much.
    pub amount: Money,
    /// The plan rate into the rollup's currency.
    pub rate: Rate,
}

/// What a rollup is made of, beside the hierarchy.
#[derive(Debug, Clone, Copy, Default)]
pub struct Inputs<'a> {
    /// Deals. Those of a category left out of forecasts belong to their own column alone.
    pub leaves: &'a [Leaf],
    /// Judgements; of two of the same node, level and column the last one counts.
    pub adjustments: &'a [NodeAdjustment],
    /// Quotas; several of one node are the parts of one, summed exactly and rounded once.
    pub quotas: &'a [NodeQuota],
}

/// The whole forest, and each node of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rollup {
    /// The currency of every amount.
    pub currency: Currency,
    /// The whole company: those at the top, and deals of nobody.
    pub total: Row,
    /// Every node, managers before those below. Somebody who has left is among them only with
    /// numbers of their own or below.
    pub rows: Vec<Row>,
    /// What is wrong with the hierarchy.
    pub faults: Vec<HierarchyFault>,
}

impl Rollup {
    /// The row of a node; for `None` the whole company.
    pub fn row(&self, user: Option<UserId>) -> Option<&Row> {
        match user {
            None => Some(&self.total),
            Some(_) => self.rows.iter().find(|row| row.user == user),
        }
    }
}

/// The numbers of one node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Who; `None` for the whole company.
    pub user: Option<UserId>,
    /// Whom they report to.
    pub manager: Option<UserId>,
    /// No longer works here.
    pub retired: bool,
    /// Each category alone.
    pub individual: Cells,
    /// Each category with all that are surer.
    pub cumulative: Cells,
    /// What the node is to bring, and how far it is.
    pub quota: Quota,
}

/// A cell for each category.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cells([Cell; ForecastCategory::ALL.len()]);

impl Cells {
    /// The cell of a category.
    pub fn of(&self, category: ForecastCategory) -> &Cell {
        &self.0[place(category)]
    }

    fn of_mut(&mut self, category: ForecastCategory) -> &mut Cell {
        &mut self.0[place(category)]
    }
}

/// The four amounts of a node in one column (the names are Salesforce's), in minor units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cell {
    /// What the node owns itself.
    pub owner_only_amount: i64,
    /// What it owns and what everybody below owns.
    pub amount_without_adjustments: i64,
    /// What it owns, as its owner judges that, and what those below are expected to bring.
    pub amount_without_manager_adjustment: i64,
    /// What it is expected to bring: the same as a manager judges it.
    pub forecast_amount: i64,
    /// How many deals the node owns itself.
    pub owner_only_count: u64,
    /// How many deals it and everybody below own.
    pub count: u64,
    /// How many more deals, of those, are left out of the amounts for want of a rate.
    pub unconverted_count: u64,
}

/// Rolls deals, judgements and quotas of one period up the hierarchy, into one currency.
pub fn roll_up(
    hierarchy: &Hierarchy,
    currency: Currency,
    inputs: Inputs<'_>,
) -> Result<Rollup, ConversionError> {
    let owners = inputs.leaves.iter().filter_map(|leaf| leaf.owner);
    let adjusted = inputs.adjustments.iter().map(|adjustment| adjustment.user);
    let bound = inputs.quotas.iter().map(|quota| quota.user);
    let hierarchy = hierarchy.with(owners.chain(adjusted).chain(bound));
    let mut table = Table::new(&hierarchy);
    for category in ForecastCategory::ALL {
        let leaves = || inputs.leaves.iter().filter(|leaf| leaf.category == category);
        let own = own_amounts(&hierarchy, currency, leaves())?;
        table.count(category, leaves());
        table.add_up(category, &apportion(&hierarchy, &own)?)?;
    }
    table.accumulate()?;
    table.adjust(currency, inputs.adjustments)?;
    table.bind(currency, inputs.quotas)?;
    Ok(table.into_rollup(currency, inputs))
}

/// What each node owns itself, not rounded; behind them what nobody owns.
fn own_amounts<'a>(
    hierarchy: &Hierarchy,
    currency: Currency,
    leaves: impl Iterator<Item = &'a Leaf>,
) -> Result<Vec<Exact>, ConversionError> {
    let mut own = vec![Exact::ZERO; hierarchy.nodes().len() + 1];
    for leaf in leaves {
        let Some(rate) = leaf.rate else { continue };
        let Money { minor, currency: from } = leaf.amount;
        let place = place_of(hierarchy, leaf.owner);
        own[place] = own[place].plus(Exact::converted(minor, from, currency, rate)?)?;
    }
    Ok(own)
}

/// Where an owner's own amounts stand: at their node, or behind all nodes.
pub(crate) fn place_of(hierarchy: &Hierarchy, owner: Option<UserId>) -> usize {
    owner.and_then(|owner| hierarchy.place(owner)).unwrap_or(hierarchy.nodes().len())
}

/// Rounds the whole company's sum once and shares it out from the top down, so that what each node
/// owns comes to whole minor units and every sum on the way is rounded down or up at most.
pub(crate) fn apportion(hierarchy: &Hierarchy, own: &[Exact]) -> Result<Vec<i64>, ConversionError> {
    let nodes = hierarchy.nodes();
    let company = nodes.len();
    let mut sums = own.to_vec();
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); company + 1];
    for (place, node) in nodes.iter().enumerate().rev() {
        let manager = node.manager.unwrap_or(company);
        sums[manager] = sums[manager].plus(sums[place])?;
        children[manager].push(place);
    }
    let mut rounded = vec![0; company + 1];
    rounded[company] = sums[company].rounded()?;
    for place in std::iter::once(company).chain(0..company) {
        let below = children[place].iter().rev();
        let parts: Vec<Exact> =
            std::iter::once(own[place]).chain(below.clone().map(|below| sums[*below])).collect();
        let shares = share_out(rounded[place], &parts)?;
        rounded[place] = shares[0];
        for (below, share) in below.zip(&shares[1..]) {
            rounded[*below] = *share;
        }
    }
    Ok(rounded)
}

/// Where a category's cell stands.
fn place(category: ForecastCategory) -> usize {
    category as usize
}

fn sum(amounts: impl IntoIterator<Item = i64>) -> Result<i64, ConversionError> {
    let sum: i128 = amounts.into_iter().map(i128::from).sum();
    i64::try_from(sum).map_err(|_| ConversionError::TooLarge)
}

#[cfg(test)]
mod tests;
