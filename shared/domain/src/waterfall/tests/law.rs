//! Waterfalls of anything against the rollups at both instants: start and all buckets are the end.

use proptest::{
    collection::vec, option, prelude::*, prop_assert, prop_assert_eq, proptest, sample::select,
};

use super::{explain, filled, rate, user};
use crate::{
    ForecastCategory, Hierarchy, OpportunityId, Outcome, UserId,
    forecast::Column,
    rollup::{Inputs, Leaf, Rollup, roll_up},
    testing::{currency, id, money},
    waterfall::{Bucket, Deal, Question, Standing, Sum, Waterfall},
};

fn any_hierarchy() -> impl Strategy<Value = Hierarchy> {
    vec((1..6_u128, option::weighted(0.8, 1..7_u128)), 0..8).prop_map(|pairs| {
        Hierarchy::from_pairs(pairs.into_iter().map(|(of, to)| (user(of), to.map(user))))
    })
}

fn any_standing(rates: Vec<Option<&'static str>>) -> impl Strategy<Value = Standing> {
    let amount = (select(vec![-7, 0, 1, 1, 5, 99, 100, 1_001]), select(vec!["USD", "EUR", "JPY"]));
    (
        select(Outcome::ALL.to_vec()),
        option::weighted(0.9, 1..8_u128),
        any::<bool>(),
        select(ForecastCategory::ALL.to_vec()),
        option::weighted(0.9, amount),
        select(rates),
    )
        .prop_map(|(outcome, owner, in_window, category, amount, at)| Standing {
            outcome,
            owner: owner.map(user),
            in_window,
            category,
            amount: amount.and_then(|(minor, code)| money(minor, code)),
            rate: at.and_then(rate),
        })
}

const RATES: &[Option<&str>] =
    &[Some("1"), Some("0.33333333333334"), Some("1.0825"), Some("0.5"), None];

fn any_deals(rates: &[Option<&'static str>]) -> impl Strategy<Value = Vec<Deal>> {
    let one = || any_standing(rates.to_vec());
    let changed = (option::of(one()), option::of(one()));
    let same = option::of(one()).prop_map(|standing| (standing, standing));
    let either = prop_oneof![changed, same];
    vec(either, 0..24).prop_map(|both| {
        let numbered = (1..).zip(both);
        numbered
            .map(|(number, (before, after))| Deal {
                id: OpportunityId(id(number * 7_919 % 1_009)),
                before,
                after,
            })
            .collect()
    })
}

fn any_column() -> impl Strategy<Value = Column> {
    (select(ForecastCategory::ALL.to_vec()), any::<bool>())
        .prop_map(|(category, cumulative)| Column { category, cumulative })
}

/// The rollup of the deals that are in the window at one instant.
fn rollup_of(hierarchy: &Hierarchy, standings: impl Iterator<Item = Option<Standing>>) -> Rollup {
    let in_window = standings.flatten().filter(|standing| standing.in_window);
    let leaves: Vec<Leaf> = in_window
        .filter_map(|standing| {
            let category = standing.category.counted(standing.outcome)?;
            let amount = standing.amount.or(money(0, "USD")).unwrap();
            Some(Leaf { owner: standing.owner, category, amount, rate: standing.rate, count: 1 })
        })
        .collect();
    let inputs = Inputs { leaves: &leaves, ..Inputs::default() };
    roll_up(hierarchy, currency("USD"), inputs).unwrap()
}

fn number_of(rollup: &Rollup, node: Option<UserId>, column: Column) -> Sum {
    let Some(row) = rollup.row(node) else { return Sum::default() };
    let cells = if column.cumulative { &row.cumulative } else { &row.individual };
    let cell = cells.of(column.category);
    let count = (cell.count + cell.unconverted_count) as i64;
    Sum { amount: cell.amount_without_adjustments, count }
}

proptest! {
    #[test]
    fn start_and_all_buckets_are_the_end_at_every_node(
        before in any_hierarchy(),
        after in any_hierarchy(),
        deals in any_deals(RATES),
        column in any_column(),
    ) {
        let question = Question { column, currency: currency("USD"), before: &before, after: &after };
        let waterfall = Waterfall::of(question, &deals).unwrap();
        let was = rollup_of(&before, deals.iter().map(|deal| deal.before));
        let is = rollup_of(&after, deals.iter().map(|deal| deal.after));
        for node in (1..9).map(|number| Some(user(number))).chain([None]) {
            let explained = waterfall.at(node).unwrap();
            prop_assert_eq!(explained.start, number_of(&was, node, column));
            let mut end = explained.start;
            for bucket in &explained.buckets {
                let amounts: i64 = bucket.deals.iter().map(|(_, sum)| sum.amount).sum();
                let counts: i64 = bucket.deals.iter().map(|(_, sum)| sum.count).sum();
                prop_assert_eq!(bucket.sum, Sum { amount: amounts, count: counts });
                end = Sum { amount: end.amount + amounts, count: end.count + counts };
            }
            prop_assert_eq!(end, number_of(&is, node, column));
            prop_assert_eq!(end, explained.end);
        }
    }

    #[test]
    fn without_conversion_nothing_is_rounded(
        hierarchy in any_hierarchy(), deals in any_deals(&[Some("1")]), column in any_column(),
    ) {
        let dollars = |standing: Option<Standing>| {
            let it = standing?;
            let amount = it.amount.and_then(|amount| money(amount.minor, "USD"));
            Some(Standing { amount, ..it })
        };
        let deals: Vec<Deal> = deals
            .into_iter()
            .map(|it| Deal { before: dollars(it.before), after: dollars(it.after), ..it })
            .collect();
        let explained = explain(column, (&hierarchy, &hierarchy), &deals, None);
        prop_assert!(filled(&explained).iter().all(|(bucket, ..)| *bucket != Bucket::Fx));
    }

    #[test]
    fn a_deal_that_stands_as_it_stood_is_at_most_rounded_otherwise(
        hierarchy in any_hierarchy(), deals in any_deals(RATES), column in any_column(),
    ) {
        let explained = explain(column, (&hierarchy, &hierarchy), &deals, None);
        let same = |of: &OpportunityId| {
            deals.iter().any(|deal| deal.id == *of && deal.before == deal.after)
        };
        for bucket in explained.buckets {
            for (_, sum) in bucket.deals.iter().filter(|(of, _)| same(of)) {
                prop_assert_eq!(bucket.bucket, Bucket::Fx);
                prop_assert!(sum.amount.abs() <= 1 && sum.count == 0);
            }
        }
    }
}
