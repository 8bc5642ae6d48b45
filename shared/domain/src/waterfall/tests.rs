//! Waterfalls as rows, one for each bucket.

use super::{Bucket, Deal, Explained, Question, Standing, Sum, Waterfall};
use crate::{
    Decimal, ForecastCategory, Hierarchy, OpportunityId, Outcome, UserId,
    conversion::{ConversionError, Rate},
    forecast::Column,
    testing::{currency, id, money},
};

mod law;

fn user(number: u128) -> UserId {
    UserId(id(number))
}

fn rate(text: &str) -> Option<Rate> {
    Rate::of(Decimal::parse(text).unwrap())
}

/// Ada (1) leads Bob (2) and Cid (3).
fn team() -> Hierarchy {
    let pairs = [(1, None), (2, Some(1)), (3, Some(1))];
    Hierarchy::from_pairs(pairs.map(|(of, manager)| (user(of), manager.map(user))))
}

fn alone(category: ForecastCategory) -> Column {
    Column { category, cumulative: false }
}

fn with_surer(category: ForecastCategory) -> Column {
    Column { category, cumulative: true }
}

/// The whole open pipeline.
fn open_pipeline() -> Column {
    with_surer(ForecastCategory::Pipeline)
}

/// Bob's open deal of 100.
fn standing() -> Standing {
    Standing {
        outcome: Outcome::Open,
        owner: Some(user(2)),
        in_window: true,
        category: ForecastCategory::BestCase,
        amount: money(100, "USD"),
        rate: Some(Rate::ONE),
    }
}

fn deal(before: Option<Standing>, after: Option<Standing>) -> Deal {
    Deal { id: OpportunityId(id(1)), before, after }
}

fn explain(
    column: Column,
    hierarchies: (&Hierarchy, &Hierarchy),
    deals: &[Deal],
    node: Option<u128>,
) -> Explained {
    let (before, after) = hierarchies;
    let question = Question { column, currency: currency("USD"), before, after };
    Waterfall::of(question, deals).unwrap().at(node.map(user)).unwrap()
}

/// The buckets in which something is.
fn filled(explained: &Explained) -> Vec<(Bucket, i64, i64)> {
    let all = explained.buckets.iter();
    all.filter(|it| !it.deals.is_empty())
        .map(|it| (it.bucket, it.sum.amount, it.sum.count))
        .collect()
}

#[track_caller]
fn check(
    column: Column,
    node: Option<u128>,
    (before, after): (Option<Standing>, Option<Standing>),
    expected: &[(Bucket, i64, i64)],
) {
    let hierarchy = team();
    let deals = [deal(before, after)];
    let explained = explain(column, (&hierarchy, &hierarchy), &deals, node);
    assert_eq!(filled(&explained), expected);
}

#[test]
fn each_attribute_has_its_bucket() {
    let was = standing();
    let is = |outcome| Some(Standing { outcome, ..was });
    let amount = |minor| Some(Standing { amount: money(minor, "USD"), ..was });
    let away = Standing { in_window: false, ..was };
    let open = open_pipeline();
    for (before, after, expected) in [
        (None, Some(was), (Bucket::New, 100, 1)),
        (Some(was), None, (Bucket::Removed, -100, -1)),
        (is(Outcome::Lost), Some(was), (Bucket::Reopened, 100, 1)),
        (Some(was), is(Outcome::Won), (Bucket::ClosedWon, -100, -1)),
        (Some(was), is(Outcome::Lost), (Bucket::ClosedLost, -100, -1)),
        (Some(was), is(Outcome::NoDecision), (Bucket::NoDecision, -100, -1)),
        (Some(away), Some(was), (Bucket::PulledIn, 100, 1)),
        (Some(was), Some(away), (Bucket::MovedOut, -100, -1)),
        (Some(was), amount(130), (Bucket::Increased, 30, 0)),
        (Some(was), amount(70), (Bucket::Decreased, -30, 0)),
        (Some(Standing { amount: None, ..was }), Some(was), (Bucket::Increased, 100, 0)),
        (Some(was), Some(Standing { rate: rate("1.1"), ..was }), (Bucket::Fx, 10, 0)),
        (Some(Standing { rate: None, ..was }), Some(was), (Bucket::Fx, 100, 0)),
    ] {
        for node in [None, Some(1), Some(2)] {
            check(open, node, (before, after), &[expected]);
        }
        check(open, Some(3), (before, after), &[]);
    }
    check(open, None, (Some(was), Some(was)), &[]);
    check(open, None, (None, None), &[]);
    check(open, None, (Some(away), Some(Standing { amount: None, ..away })), &[]);
}

#[test]
fn a_deal_that_changes_hands_moves_between_scopes() {
    let was = standing();
    let is = Standing { owner: Some(user(3)), ..was };
    let moved = (Some(was), Some(is));
    check(open_pipeline(), Some(2), moved, &[(Bucket::TransferredOut, -100, -1)]);
    check(open_pipeline(), Some(3), moved, &[(Bucket::TransferredIn, 100, 1)]);
    check(open_pipeline(), Some(1), moved, &[]);
    let lost = (Some(was), Some(Standing { owner: None, ..was }));
    check(open_pipeline(), Some(1), lost, &[(Bucket::TransferredOut, -100, -1)]);
    check(open_pipeline(), None, lost, &[]);
}

#[test]
fn an_owner_who_moves_takes_the_deals_along() {
    let pairs = [(1, None), (2, Some(3)), (3, Some(1))];
    let after = Hierarchy::from_pairs(pairs.map(|(of, manager)| (user(of), manager.map(user))));
    let deals = [deal(Some(standing()), Some(standing()))];
    let at = |hierarchies, node| filled(&explain(open_pipeline(), hierarchies, &deals, Some(node)));
    let before = team();
    assert_eq!(at((&before, &after), 3), [(Bucket::ReorganisedIn, 100, 1)]);
    assert_eq!(at((&after, &before), 3), [(Bucket::ReorganisedOut, -100, -1)]);
    assert_eq!(at((&before, &after), 1), []);
    assert_eq!(at((&before, &after), 2), []);
}

#[test]
fn a_category_matters_where_the_number_is_of_one() {
    let was = standing();
    let commit = Standing { category: ForecastCategory::Commit, ..was };
    let up = (Some(was), Some(commit));
    let down = (Some(commit), Some(was));
    check(alone(ForecastCategory::BestCase), None, up, &[(Bucket::CategoryUp, -100, -1)]);
    check(alone(ForecastCategory::Commit), None, up, &[(Bucket::CategoryUp, 100, 1)]);
    check(alone(ForecastCategory::Commit), None, down, &[(Bucket::CategoryDown, -100, -1)]);
    check(with_surer(ForecastCategory::BestCase), None, up, &[]);
}

#[test]
fn a_deal_won_leaves_the_pipeline_and_enters_what_is_closed() {
    let was = standing();
    let won = Standing { outcome: Outcome::Won, amount: money(80, "USD"), ..was };
    let closed = (Some(was), Some(won));
    check(open_pipeline(), None, closed, &[(Bucket::ClosedWon, -100, -1)]);
    let into = [(Bucket::ClosedWon, 100, 1), (Bucket::Decreased, -20, 0)];
    check(alone(ForecastCategory::Closed), None, closed, &into);
    check(with_surer(ForecastCategory::Commit), None, closed, &into);
    check(with_surer(ForecastCategory::BestCase), None, closed, &[(Bucket::Decreased, -20, 0)]);
}

#[test]
fn a_deal_opened_and_closed_in_between_is_new_first() {
    let won = Some(Standing { outcome: Outcome::Won, ..standing() });
    let both = [(Bucket::New, 100, 1), (Bucket::ClosedWon, -100, -1)];
    check(open_pipeline(), None, (None, won), &both);
    check(alone(ForecastCategory::Closed), None, (None, won), &[(Bucket::ClosedWon, 100, 1)]);
}

#[test]
fn attributes_change_one_after_another() {
    let was = Standing { in_window: false, ..standing() };
    let is =
        Standing { owner: Some(user(3)), amount: money(150, "USD"), rate: rate("2"), ..standing() };
    let changed = (Some(was), Some(is));
    let after_entering =
        [(Bucket::PulledIn, 100, 1), (Bucket::Increased, 50, 0), (Bucket::Fx, 150, 0)];
    check(open_pipeline(), Some(1), changed, &after_entering);
    check(open_pipeline(), Some(3), changed, &after_entering);
    check(open_pipeline(), Some(2), changed, &[]);
}

#[test]
fn an_amount_in_another_currency_is_another_amount() {
    let euros = Standing { amount: money(50, "EUR"), rate: rate("1.2"), ..standing() };
    check(open_pipeline(), None, (Some(standing()), Some(euros)), &[(Bucket::Decreased, -40, 0)]);
}

#[test]
fn a_bucket_lists_its_deals() {
    let numbered = |number, before, after| Deal { id: OpportunityId(id(number)), before, after };
    let small = Standing { amount: money(5, "USD"), ..standing() };
    let unknown = Standing { amount: None, ..standing() };
    let deals = [
        numbered(3, None, Some(standing())),
        numbered(1, None, Some(small)),
        numbered(2, None, Some(unknown)),
    ];
    let hierarchy = team();
    let explained = explain(open_pipeline(), (&hierarchy, &hierarchy), &deals, Some(1));
    let new = &explained.buckets[0];
    let listed: Vec<_> = new.deals.iter().map(|(id, sum)| (id.0.as_u128(), sum.amount)).collect();
    assert_eq!(listed, [(3, 100), (1, 5), (2, 0)]);
    assert_eq!(new.sum, Sum { amount: 105, count: 3 });
    assert_eq!(explained.buckets.len(), Bucket::ALL.len());
}

#[test]
fn what_is_too_large_is_an_error() {
    let most = |minor| Some(Standing { amount: money(minor, "USD"), ..standing() });
    let hierarchy = team();
    let question = Question {
        column: open_pipeline(),
        currency: currency("USD"),
        before: &hierarchy,
        after: &hierarchy,
    };
    let deals = [deal(most(i64::MIN), most(i64::MAX))];
    let explained = Waterfall::of(question, &deals).unwrap().at(None);
    assert_eq!(explained, Err(ConversionError::TooLarge));
}
