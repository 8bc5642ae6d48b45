//! Pushes as rows, and against the dates that a deal was ever expected on.

use proptest::{collection::vec, option, prelude::*, prop_assert_eq, proptest};

use super::{Move, push_ledger};
use crate::{
    Date, Instant, Known, Outcome,
    opportunity::{Command, Opened, Opportunity},
    testing::{close_date, deal, history, lose, opened, reopen, win},
};

fn open_on(day: Option<i32>) -> Command {
    Command::Open(Opened { close_date: day.map(Date), ..opened() })
}

/// What is done one after another, the first date and the moves with their instants that come of it.
#[track_caller]
fn check(given: &[Command], first: Option<i32>, moves: &[(i32, i32, i64)]) {
    let ledger = push_ledger(&history((1..).zip(given.iter().cloned())), Known::NOW);
    let moved = |(from, to, at): &(i32, i32, i64)| Move {
        from: Date(*from),
        to: Date(*to),
        at: Instant(*at),
    };
    assert_eq!(ledger.first, first.map(Date));
    assert_eq!(ledger.moves, moves.iter().map(moved).collect::<Vec<_>>());
}

#[test]
fn a_date_is_pushed_and_pulled() {
    check(&[open_on(None)], None, &[]);
    check(&[open_on(Some(90))], Some(90), &[]);
    check(&[open_on(None), close_date(Some(90))], Some(90), &[]);
    let given = [open_on(Some(90)), close_date(Some(120)), close_date(Some(100))];
    check(&given, Some(90), &[(90, 120, 2), (120, 100, 3)]);
    check(&[open_on(Some(90)), close_date(Some(90))], Some(90), &[]);
}

#[test]
fn a_date_taken_back_hides_no_push() {
    let given = [open_on(Some(90)), close_date(None), close_date(Some(120))];
    check(&given, Some(90), &[(90, 120, 3)]);
    check(&[open_on(Some(90)), close_date(None), close_date(Some(90))], Some(90), &[]);
}

#[test]
fn closing_rewrites_nothing() {
    for closing in [win(None), lose("price")] {
        let given = [open_on(Some(90)), close_date(Some(120)), closing.clone()];
        check(&given, Some(90), &[(90, 120, 2)]);
        let overwritten = [&given[..], &[close_date(Some(95))]].concat();
        check(&overwritten, Some(90), &[(90, 120, 2)]);
        let reopened = [&overwritten[..], &[reopen(None)]].concat();
        check(&reopened, Some(90), &[(90, 120, 2), (120, 95, 5)]);
    }
    check(&[open_on(None), win(None), close_date(Some(95))], None, &[]);
}

#[test]
fn pushes_are_counted_in_days_and_periods() {
    let given =
        [open_on(Some(80)), close_date(Some(89)), close_date(Some(95)), close_date(Some(70))];
    let more = [&given[..], &[close_date(Some(200))]].concat();
    let ledger = push_ledger(&history((1..).zip(more)), Known::NOW);
    let quarter = |day: Date| i64::from(day.0.div_euclid(90));
    assert_eq!(ledger.pushes().count(), 3);
    assert_eq!(ledger.days_pushed(), 9 + 6 + 130);
    assert_eq!(ledger.slips(quarter), 2);
    let periods: Vec<i64> = ledger.moves.iter().map(|it| it.periods(quarter)).collect();
    assert_eq!(periods, [0, 1, -1, 2]);
}

#[test]
fn a_ledger_is_as_of_an_instant() {
    let deal = history([(10, open_on(Some(90))), (20, close_date(Some(120)))]);
    let before = Known { as_of: Instant(20), ..Known::NOW };
    assert_eq!(push_ledger(&deal, before).moves, []);
    assert_eq!(push_ledger(&deal, Known::NOW).moves.len(), 1);
}

fn any_command() -> impl Strategy<Value = Command> {
    prop_oneof![
        1 => option::of(0..4).prop_map(open_on),
        6 => option::of(0..4).prop_map(close_date),
        1 => Just(win(None)),
        1 => Just(lose("price")),
        2 => Just(reopen(None)),
    ]
}

proptest! {
    #[test]
    fn a_ledger_tells_the_dates_of_the_open_deal(given in vec(any_command(), 0..16)) {
        // Every date on which the deal stood while open, found by folding each prefix anew.
        let mut dates: Vec<(i64, Date)> = Vec::new();
        for length in 1..=given.len() {
            let deal: Opportunity = deal(&given[..length]);
            let date = deal.close_date.filter(|_| deal.outcome == Outcome::Open);
            dates.extend(date.map(|date| (length as i64, date)));
        }
        dates.dedup_by_key(|(_, date)| *date);
        let ledger = push_ledger(&history((1..).zip(given)), Known::NOW);
        prop_assert_eq!(ledger.first, dates.first().map(|(_, date)| *date));
        let told: Vec<_> = ledger.moves.iter().map(|it| (it.from, it.to, it.at)).collect();
        let expected: Vec<_> =
            dates.windows(2).map(|pair| (pair[0].1, pair[1].1, Instant(pair[1].0))).collect();
        prop_assert_eq!(told, expected);
    }
}
