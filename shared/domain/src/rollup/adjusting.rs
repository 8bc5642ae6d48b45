//! Judgements in a rollup: from the bottom up, each node's own first and then its manager's.
//!
//! - own as judged = the owner's judgement of the column, else what the node owns;
//! - without the manager's = own as judged + what those below are expected to bring;
//! - forecast = the manager's judgement of the column, else without it.
//!
//! A cumulative column takes the effects of the judgements of its categories before its own, so
//! where nobody judges cumulative columns, each is the sum of its categories.

use std::collections::BTreeMap;

use super::{Cell, NodeAdjustment, place_of, sum, table::Table};
use crate::{
    Currency, ForecastCategory, Money,
    conversion::{ConversionError, Exact},
    forecast::{Change, Column, Level},
};

/// The judgements of a node, level and column, in the rollup's minor units.
type Judgements = BTreeMap<(usize, Level, Column), (Change, i64)>;

/// What two judgements of a cell make of it.
#[derive(Clone, Copy, Default)]
struct Effect {
    owner: i64,
    manager: i64,
}

impl Table<'_> {
    pub(super) fn adjust(
        &mut self,
        currency: Currency,
        adjustments: &[NodeAdjustment],
    ) -> Result<(), ConversionError> {
        let mut judgements = Judgements::new();
        for adjustment in adjustments {
            let Money { minor, currency: from } = adjustment.amount;
            let amount = Exact::converted(minor, from, currency, adjustment.rate)?.rounded()?;
            let place = place_of(self.hierarchy, Some(adjustment.user));
            let key = (place, adjustment.level, adjustment.column);
            judgements.insert(key, (adjustment.change, amount));
        }
        // Sums of what those below are expected to bring arrive before their manager's turn.
        for place in self.upwards() {
            self.adjust_node(place, &judgements)?;
            let (below, above) = (self.rows[place].clone(), self.above(place));
            for category in ForecastCategory::ALL {
                let above = &mut self.rows[above];
                expect(above.individual.of_mut(category), below.individual.of(category))?;
                expect(above.cumulative.of_mut(category), below.cumulative.of(category))?;
            }
        }
        self.adjust_node(self.rows.len() - 1, &judgements)
    }

    fn adjust_node(&mut self, node: usize, said: &Judgements) -> Result<(), ConversionError> {
        let row = &mut self.rows[node];
        let mut effects = [Effect::default(); ForecastCategory::ALL.len()];
        for category in ForecastCategory::ALL {
            let column = Column { category, cumulative: false };
            let cell = row.individual.of_mut(category);
            effects[super::place(category)] = judge(cell, node, column, Effect::default(), said)?;
        }
        for category in ForecastCategory::ALL {
            let parts = || category.accumulated().iter().map(|part| effects[super::place(*part)]);
            let inherited = Effect {
                owner: sum(parts().map(|effect| effect.owner))?,
                manager: sum(parts().map(|effect| effect.manager))?,
            };
            let column = Column { category, cumulative: true };
            judge(row.cumulative.of_mut(category), node, column, inherited, said)?;
        }
        Ok(())
    }
}

/// Adds what one of those below is expected to bring.
fn expect(above: &mut Cell, below: &Cell) -> Result<(), ConversionError> {
    above.amount_without_manager_adjustment =
        sum([above.amount_without_manager_adjustment, below.forecast_amount])?;
    Ok(())
}

/// Works the judgements of a column into its cell, which holds the sum of those below, and says
/// what they changed.
fn judge(
    cell: &mut Cell,
    node: usize,
    column: Column,
    inherited: Effect,
    said: &Judgements,
) -> Result<Effect, ConversionError> {
    let judged = |level: Level, amount: i64, inherited: i64| match said.get(&(node, level, column))
    {
        Some((Change::To, to)) => Ok(*to),
        Some((Change::By, by)) => sum([amount, inherited, *by]),
        None => sum([amount, inherited]),
    };
    let own = cell.owner_only_amount;
    let own_judged = judged(Level::Owner, own, inherited.owner)?;
    cell.amount_without_manager_adjustment =
        sum([cell.amount_without_manager_adjustment, own_judged])?;
    let before = cell.amount_without_manager_adjustment;
    cell.forecast_amount = judged(Level::Manager, before, inherited.manager)?;
    Ok(Effect {
        owner: sum([own_judged, own.checked_neg().ok_or(ConversionError::TooLarge)?])?,
        manager: sum([
            cell.forecast_amount,
            before.checked_neg().ok_or(ConversionError::TooLarge)?,
        ])?,
    })
}
