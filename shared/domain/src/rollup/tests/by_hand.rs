//! Rollups of anything against their definitions, followed from each node anew.

use proptest::{
    collection::vec, option, prelude::*, prop_assert, prop_assert_eq, proptest, sample::select,
};

use super::{adjustment, alone, leaf, rate, rolled, user};
use crate::{
    ForecastCategory, Hierarchy, UserId,
    conversion::Exact,
    forecast::{Change, Column, Level},
    rollup::{Cell, Inputs, Leaf, NodeAdjustment, Rollup, Row},
    testing::{currency, money},
};

fn any_hierarchy() -> impl Strategy<Value = Hierarchy> {
    vec((1..8_u128, option::weighted(0.8, 1..9_u128)), 0..10).prop_map(|pairs| {
        Hierarchy::from_pairs(pairs.into_iter().map(|(of, to)| (user(of), to.map(user))))
    })
}

fn any_category() -> impl Strategy<Value = ForecastCategory> {
    select(ForecastCategory::ALL.to_vec())
}

fn any_leaf() -> impl Strategy<Value = Leaf> {
    let rates = vec!["1", "1", "0.33333333333334", "1.0825", "0.0067", "0.5"];
    let rated = (select(rates), select(vec!["USD", "EUR", "JPY"]));
    (option::weighted(0.9, 1..10_u128), any_category(), -300..1_000_i64, rated).prop_map(
        |(owner, category, minor, (at, code))| Leaf {
            amount: money(minor, code).unwrap(),
            rate: Some(rate(at)),
            ..leaf(owner, category, minor)
        },
    )
}

fn any_adjustment() -> impl Strategy<Value = NodeAdjustment> {
    let column = (any_category(), any::<bool>());
    let column = column.prop_map(|(category, cumulative)| Column { category, cumulative });
    (1..10_u128, select(Level::ALL), column, select(Change::ALL), -500..500_i64)
        .prop_map(|(of, level, column, change, by)| adjustment(of, level, column, change, by))
}

/// What the definitions say, climbing down the hierarchy from each node anew.
struct ByHand<'a> {
    hierarchy: &'a Hierarchy,
    rollup: &'a Rollup,
    adjustments: &'a [NodeAdjustment],
}

impl ByHand<'_> {
    fn owned(&self, node: Option<UserId>, column: Column) -> i64 {
        let row = self.rollup.row(node).unwrap();
        let own = |category: &ForecastCategory| row.individual.of(*category).owner_only_amount;
        column.categories().iter().map(own).sum()
    }

    fn below(&self, node: Option<UserId>) -> Vec<Option<UserId>> {
        self.hierarchy.children(node).map(Some).collect()
    }

    fn without(&self, node: Option<UserId>, column: Column) -> i64 {
        let below = self.below(node).into_iter().map(|below| self.without(below, column));
        self.owned(node, column) + below.sum::<i64>()
    }

    fn judged(&self, node: Option<UserId>, level: Level, column: Column, number: i64) -> i64 {
        let of = |it: &&NodeAdjustment| {
            Some(it.user) == node && (it.level, it.column) == (level, column)
        };
        match self.adjustments.iter().rev().find(of) {
            None => number,
            Some(it) if it.change == Change::To => it.amount.minor,
            Some(it) => number + it.amount.minor,
        }
    }

    fn own_judged(&self, node: Option<UserId>, column: Column) -> i64 {
        let number = if column.cumulative {
            let parts = column.categories();
            parts.iter().map(|part| self.own_judged(node, alone(*part))).sum()
        } else {
            self.owned(node, column)
        };
        self.judged(node, Level::Owner, column, number)
    }

    fn without_manager(&self, node: Option<UserId>, column: Column) -> i64 {
        let below = self.below(node).into_iter().map(|below| self.forecast(below, column));
        self.own_judged(node, column) + below.sum::<i64>()
    }

    fn forecast(&self, node: Option<UserId>, column: Column) -> i64 {
        let mut number = self.without_manager(node, column);
        if column.cumulative {
            for part in column.categories().into_iter().map(alone) {
                number += self.forecast(node, part) - self.without_manager(node, part);
            }
        }
        self.judged(node, Level::Manager, column, number)
    }
}

fn cell(row: &Row, column: Column) -> &Cell {
    if column.cumulative {
        row.cumulative.of(column.category)
    } else {
        row.individual.of(column.category)
    }
}

/// The sum of a node's leaves, found by looking at all of them.
fn exact(hierarchy: &Hierarchy, node: Option<UserId>, leaves: &[Leaf], column: Column) -> Exact {
    let mut sum = Exact::ZERO;
    for leaf in leaves {
        if column.category == leaf.category && hierarchy.is_in_scope(leaf.owner, node) {
            let (from, to) = (leaf.amount.currency, currency("USD"));
            let part = Exact::converted(leaf.amount.minor, from, to, leaf.rate.unwrap());
            sum = sum.plus(part.unwrap()).unwrap();
        }
    }
    sum
}

proptest! {
    #[test]
    fn every_node_has_what_the_definitions_say(
        hierarchy in any_hierarchy(),
        leaves in vec(any_leaf(), 0..20),
        adjustments in vec(any_adjustment(), 0..12),
    ) {
        let inputs = Inputs { leaves: &leaves, adjustments: &adjustments, quotas: &[] };
        let rollup = rolled(&hierarchy, inputs);
        let owners = leaves.iter().filter_map(|leaf| leaf.owner);
        let hierarchy = hierarchy.with(owners.chain(adjustments.iter().map(|it| it.user)));
        let by_hand = ByHand { hierarchy: &hierarchy, rollup: &rollup, adjustments: &adjustments };
        prop_assert_eq!(rollup.rows.len(), hierarchy.nodes().len());
        for row in rollup.rows.iter().chain([&rollup.total]) {
            for (category, cumulative) in
                ForecastCategory::ALL.into_iter().flat_map(|it| [(it, false), (it, true)])
            {
                let column = Column { category, cumulative };
                let found = cell(row, column);
                prop_assert_eq!(found.owner_only_amount, by_hand.owned(row.user, column));
                let without = by_hand.without(row.user, column);
                prop_assert_eq!(found.amount_without_adjustments, without);
                let without = by_hand.without_manager(row.user, column);
                prop_assert_eq!(found.amount_without_manager_adjustment, without);
                prop_assert_eq!(found.forecast_amount, by_hand.forecast(row.user, column));
            }
        }
    }

    #[test]
    fn every_sum_is_the_exact_one_rounded_and_the_companys_is_rounded_half_even(
        hierarchy in any_hierarchy(), leaves in vec(any_leaf(), 0..20),
    ) {
        let rollup = rolled(&hierarchy, Inputs { leaves: &leaves, ..Inputs::default() });
        let hierarchy = hierarchy.with(leaves.iter().filter_map(|leaf| leaf.owner));
        for category in ForecastCategory::ALL {
            for row in &rollup.rows {
                let exact = exact(&hierarchy, row.user, &leaves, alone(category));
                let nearest = exact.rounded().unwrap();
                let found = row.individual.of(category).amount_without_adjustments;
                prop_assert!((found - nearest).abs() <= 1);
            }
            let exact = exact(&hierarchy, None, &leaves, alone(category));
            let found = rollup.total.individual.of(category).amount_without_adjustments;
            prop_assert_eq!(found, exact.rounded().unwrap());
            let count = leaves.iter().filter(|leaf| leaf.category == category).count() as u64;
            prop_assert_eq!(rollup.total.individual.of(category).count, count);
        }
    }

    #[test]
    fn the_order_of_leaves_makes_no_difference(
        hierarchy in any_hierarchy(),
        (leaves, shuffled) in vec(any_leaf(), 0..12)
            .prop_flat_map(|leaves| (Just(leaves.clone()), Just(leaves).prop_shuffle())),
    ) {
        let rolled = |leaves| rolled(&hierarchy, Inputs { leaves, ..Inputs::default() });
        prop_assert_eq!(rolled(&leaves), rolled(&shuffled));
    }
}
