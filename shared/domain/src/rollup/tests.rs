//! Rollups as rows: what is owned, judged and to be brought, and what comes of it.

use std::sync::Arc;

use super::{Inputs, Leaf, Missing, NodeAdjustment, NodeQuota, Ratio, Rollup, roll_up};
use crate::{
    Decimal, ForecastCategory, Hierarchy, Kind, Known, PersonId, UserId,
    catalog::Catalog,
    conversion::{ConversionError, Rate},
    forecast::{Change, Column, Level},
    testing::{currency, entry, id, money, sealed, timeline},
    user,
};
use ForecastCategory::{BestCase, Closed, Commit, Omitted, Pipeline};

mod by_hand;

fn user(number: u128) -> UserId {
    UserId(id(number))
}

fn rate(text: &str) -> Rate {
    Rate::of(Decimal::parse(text).unwrap()).unwrap()
}

/// Ada (1) leads Bob (2) and Cid (3); Dan (4) works for Cid.
fn team() -> Hierarchy {
    let pairs = [(1, None), (2, Some(1)), (3, Some(1)), (4, Some(3))];
    Hierarchy::from_pairs(pairs.map(|(of, manager)| (user(of), manager.map(user))))
}

/// The same team after some have left.
fn team_without(retired: &[u128]) -> Hierarchy {
    let mut catalog = Catalog::default();
    for node in team().nodes() {
        let defined = user::Fact::Defined(user::Defined {
            person: PersonId(id(5)),
            key: sealed(b"key"),
            name: None,
            manager: team().manager(node.user),
            office: String::new(),
            role: String::new(),
            retired: retired.contains(&node.user.0.as_u128()),
        });
        catalog.put(Kind::User, node.user.0, Arc::new(timeline([entry(1, 1, defined)])));
    }
    Hierarchy::of(&catalog, Known::NOW)
}

fn leaf(owner: Option<u128>, category: ForecastCategory, minor: i64) -> Leaf {
    let amount = money(minor, "USD").unwrap();
    Leaf { owner: owner.map(user), category, amount, rate: Some(Rate::ONE), count: 1 }
}

fn adjustment(of: u128, level: Level, column: Column, change: Change, by: i64) -> NodeAdjustment {
    let amount = money(by, "USD").unwrap();
    NodeAdjustment { user: user(of), level, column, change, amount, rate: Rate::ONE }
}

fn rolled(hierarchy: &Hierarchy, inputs: Inputs<'_>) -> Rollup {
    roll_up(hierarchy, currency("USD"), inputs).unwrap()
}

fn alone(category: ForecastCategory) -> Column {
    Column { category, cumulative: false }
}

fn with_surer(category: ForecastCategory) -> Column {
    Column { category, cumulative: true }
}

/// The four amounts of a node's column.
#[track_caller]
fn amounts(rollup: &Rollup, node: Option<u128>, column: Column) -> [i64; 4] {
    let row = rollup.row(node.map(user)).unwrap();
    let cells = if column.cumulative { &row.cumulative } else { &row.individual };
    let cell = cells.of(column.category);
    [
        cell.owner_only_amount,
        cell.amount_without_adjustments,
        cell.amount_without_manager_adjustment,
        cell.forecast_amount,
    ]
}

#[test]
fn amounts_add_up_the_hierarchy() {
    let leaves = [
        leaf(Some(1), Commit, 10),
        leaf(Some(2), Commit, 20),
        leaf(Some(3), Commit, 30),
        leaf(Some(4), Commit, 40),
        leaf(Some(4), Closed, 5),
        leaf(None, Commit, 7),
        leaf(Some(9), Commit, 9),
        leaf(Some(2), Omitted, 1_000),
    ];
    let rollup = rolled(&team(), Inputs { leaves: &leaves, ..Inputs::default() });
    for (node, own, sum) in [
        (Some(1), 10, 100),
        (Some(2), 20, 20),
        (Some(3), 30, 70),
        (Some(4), 40, 40),
        (Some(9), 9, 9),
        (None, 7, 116),
    ] {
        assert_eq!(amounts(&rollup, node, alone(Commit)), [own, sum, sum, sum], "{node:?}");
    }
    assert_eq!(amounts(&rollup, Some(3), with_surer(Commit)), [30, 75, 75, 75]);
    assert_eq!(amounts(&rollup, Some(3), with_surer(Pipeline)), [30, 70, 70, 70], "open alone");
    assert_eq!(amounts(&rollup, Some(3), with_surer(BestCase)), [30, 75, 75, 75]);
    let cell = rollup.row(Some(user(1))).unwrap().individual.of(Commit);
    assert_eq!((cell.owner_only_count, cell.count), (1, 4));
    assert_eq!(rollup.total.cumulative.of(Pipeline).count, 6);
}

#[test]
fn an_owner_judges_what_is_owned_and_a_manager_all_of_it() {
    let leaves = [leaf(Some(3), Commit, 30), leaf(Some(4), Commit, 40), leaf(Some(1), Commit, 10)];
    let commit = alone(Commit);
    for (adjustments, cid, ada) in [
        (
            vec![adjustment(3, Level::Owner, commit, Change::To, 25)],
            [30, 70, 65, 65],
            [10, 80, 75, 75],
        ),
        (
            vec![adjustment(3, Level::Owner, commit, Change::By, -6)],
            [30, 70, 64, 64],
            [10, 80, 74, 74],
        ),
        (
            vec![adjustment(3, Level::Manager, commit, Change::To, 50)],
            [30, 70, 70, 50],
            [10, 80, 60, 60],
        ),
        (
            vec![adjustment(4, Level::Manager, commit, Change::By, 5)],
            [30, 70, 75, 75],
            [10, 80, 85, 85],
        ),
        (
            vec![
                adjustment(3, Level::Owner, commit, Change::To, 25),
                adjustment(3, Level::Manager, commit, Change::By, -5),
                adjustment(1, Level::Manager, commit, Change::To, 99),
            ],
            [30, 70, 65, 60],
            [10, 80, 70, 99],
        ),
    ] {
        let inputs = Inputs { leaves: &leaves, adjustments: &adjustments, quotas: &[] };
        let rollup = rolled(&team(), inputs);
        assert_eq!(amounts(&rollup, Some(3), commit), cid, "{adjustments:?}");
        assert_eq!(amounts(&rollup, Some(1), commit), ada, "{adjustments:?}");
        assert_eq!(amounts(&rollup, Some(3), with_surer(Commit)), cid, "nothing else is in it");
        assert_eq!(amounts(&rollup, None, commit)[3], ada[3]);
    }
}

#[test]
fn a_cumulative_column_is_judged_on_top_of_its_categories() {
    let leaves = [leaf(Some(2), Commit, 20), leaf(Some(2), Closed, 100)];
    let judged = adjustment(2, Level::Manager, alone(Commit), Change::By, 5);
    for (change, by, expected) in [(Change::To, 200, 200), (Change::By, 1, 126)] {
        let own = adjustment(2, Level::Manager, with_surer(Commit), change, by);
        let adjustments = [judged, own];
        let inputs = Inputs { leaves: &leaves, adjustments: &adjustments, quotas: &[] };
        let rollup = rolled(&team(), inputs);
        assert_eq!(amounts(&rollup, Some(2), alone(Commit)), [20, 20, 20, 25]);
        assert_eq!(amounts(&rollup, Some(2), with_surer(Commit)), [120, 120, 120, expected]);
        assert_eq!(amounts(&rollup, Some(1), with_surer(Commit)), [0, 120, expected, expected]);
    }
}

#[test]
fn a_judgement_in_another_currency_is_converted() {
    let amount = money(1_000, "EUR").unwrap();
    let adjustments = [NodeAdjustment {
        amount,
        rate: rate("1.08255"),
        ..adjustment(2, Level::Manager, alone(Commit), Change::To, 0)
    }];
    let rollup = rolled(&team(), Inputs { adjustments: &adjustments, ..Inputs::default() });
    assert_eq!(amounts(&rollup, Some(1), alone(Commit)), [0, 0, 1_083, 1_083]);
}

#[test]
fn a_quota_is_attained_by_what_is_won_and_covered_by_what_is_open() {
    let leaves =
        [leaf(Some(4), Closed, 60), leaf(Some(4), Pipeline, 50), leaf(Some(3), Commit, 30)];
    let quota = |of, minor| {
        let amount = money(minor, "USD").unwrap();
        NodeQuota { user: user(of), amount, rate: Rate::ONE }
    };
    // Quotas of one node are parts of one.
    let quotas = [quota(3, 75), quota(4, 60), quota(2, 0), quota(1, 50), quota(3, 25)];
    let rollup = rolled(&team(), Inputs { leaves: &leaves, quotas: &quotas, adjustments: &[] });
    let nothing = Err(Missing::NothingToBring);
    for (node, gap, attainment, coverage) in [
        (Some(3), Some(40), Ok(0.6), Ok(2.0)),
        (Some(4), Some(0), Ok(1.0), nothing),
        (Some(2), Some(0), nothing, nothing),
        (Some(1), Some(-10), Ok(1.2), nothing),
        (None, None, Err(Missing::NoQuota), Err(Missing::NoQuota)),
    ] {
        let quota = rollup.row(node.map(user)).unwrap().quota;
        assert_eq!(quota.gap, gap, "{node:?}");
        assert_eq!(quota.attainment.value(), attainment, "{node:?}");
        assert_eq!(quota.coverage.value(), coverage, "{node:?}");
    }
    assert_eq!(
        rollup.row(Some(user(3))).unwrap().quota.coverage,
        Ratio { numerator: 80, denominator: Some(40) }
    );
}

#[test]
fn deals_without_a_rate_are_counted_and_left_out() {
    let leaves =
        [Leaf { rate: None, count: 3, ..leaf(Some(4), Commit, 99) }, leaf(Some(4), Commit, 1)];
    let rollup = rolled(&team(), Inputs { leaves: &leaves, ..Inputs::default() });
    let cell = rollup.row(Some(user(1))).unwrap().cumulative.of(BestCase);
    assert_eq!((cell.amount_without_adjustments, cell.count, cell.unconverted_count), (1, 1, 3));
}

#[test]
fn amounts_are_rounded_once_and_shared_out() {
    // A third of a cent each: the company has one cent, and of equals the first has it: Cid himself.
    let third = |owner| {
        let amount = money(1, "EUR").unwrap();
        Leaf { amount, rate: Some(rate("0.33333333333334")), ..leaf(Some(owner), Commit, 0) }
    };
    let leaves = [third(2), third(3), third(4)];
    let rollup = rolled(&team(), Inputs { leaves: &leaves, ..Inputs::default() });
    let sums = [None, Some(1), Some(2), Some(3), Some(4)]
        .map(|node| amounts(&rollup, node, alone(Commit))[1]);
    assert_eq!(sums, [1, 1, 0, 1, 0]);
}

#[test]
fn who_has_left_is_shown_while_numbers_are_left() {
    let hierarchy = team_without(&[3, 4]);
    let shown = |leaves: &[Leaf]| -> Vec<u128> {
        let rollup = rolled(&hierarchy, Inputs { leaves, ..Inputs::default() });
        rollup.rows.iter().filter_map(|row| row.user).map(|user| user.0.as_u128()).collect()
    };
    assert_eq!(shown(&[]), [1, 2]);
    assert_eq!(shown(&[leaf(Some(3), Commit, 1)]), [1, 2, 3]);
    assert_eq!(shown(&[leaf(Some(4), Commit, 0)]), [1, 2, 3, 4], "a manager of one who is shown");
}

#[test]
fn what_is_too_large_is_an_error() {
    let leaves = [leaf(Some(2), Commit, i64::MAX), leaf(Some(2), Closed, i64::MAX)];
    let inputs = Inputs { leaves: &leaves, ..Inputs::default() };
    let rollup = roll_up(&team(), currency("USD"), inputs);
    assert_eq!(rollup, Err(ConversionError::TooLarge), "the cumulative column");
}
