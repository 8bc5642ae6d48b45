//! The rules of a deal as rows: what was recorded, what is asked, what comes of it.

use super::Command;
use crate::{
    Date, Entity, Fault, ForecastCategory, Instant, Outcome, RejectionKind,
    testing::{
        abandon, amount, category, close_date, deal, id, lose, money, note, nth_stage, open,
        open_in, open_with, owner, reopen, stage, to, usd, win,
    },
};
use Then::{Nothing, Recorded, Refused};

enum Then {
    /// The command's own fact is recorded, and fits.
    Recorded,
    /// It is so already.
    Nothing,
    /// The rules say no, for this reason.
    Refused(&'static str),
}

/// Decides, and asks again after everything that was recorded.
#[track_caller]
fn check(given: &[Command], when: Command, then: Then) {
    let decided = deal(given).decide(&when);
    match then {
        Nothing => assert_eq!(decided, Ok(Vec::new())),
        Refused(reason) => assert_eq!(decided.map_err(|no| no.reason), Err(reason)),
        Recorded => {
            assert_eq!(decided, Ok(vec![when.clone().reported()]));
            let after = deal(&[given, std::slice::from_ref(&when)].concat());
            assert_eq!(
                after.faults.len(),
                deal(given).faults.len(),
                "{:?}",
                after.faults
            );
            let again = after.decide(&when).map_err(|no| no.reason);
            match when {
                Command::Open(_) => assert_eq!(again, Err("OPPORTUNITY_EXISTS")),
                Command::Note(_) => assert_eq!(again, Ok(vec![when.reported()])),
                _ => assert_eq!(again, Ok(Vec::new()), "asked again"),
            }
        }
    }
}

// ── Commands ─────────────────────────────────────────────────────────────────────────────────

#[test]
fn a_deal_is_opened_once() {
    check(&[], open(), Recorded);
    check(&[], open_with(None), Recorded);
    check(
        &[open()],
        open_in(stage("demo")),
        Refused("OPPORTUNITY_EXISTS"),
    );
    check(
        &[open(), lose("price")],
        open(),
        Refused("OPPORTUNITY_EXISTS"),
    );
    check(&[], open_with(usd(-1)), Refused("NEGATIVE_AMOUNT"));
}

#[test]
fn a_deal_reported_in_part_is_opened_in_the_currency_that_it_has() {
    check(
        &[amount(money(5, "EUR"))],
        open_with(usd(5)),
        Refused("WRONG_CURRENCY"),
    );
    check(
        &[amount(money(5, "EUR"))],
        open_with(money(6, "EUR")),
        Recorded,
    );
}

#[test]
fn everything_but_opening_needs_a_deal() {
    let others = [
        to(stage("demo")),
        amount(usd(5)),
        close_date(Some(5)),
        owner(Some(2)),
        category(Some(ForecastCategory::Commit)),
        win(None),
        lose("price"),
        abandon("silence"),
        reopen(None),
        note(),
    ];
    for command in others {
        check(&[], command, Refused("OPPORTUNITY_NOT_FOUND"));
    }
}

#[test]
fn a_closed_deal_is_reopened_before_it_is_changed() {
    for closing in [win(None), lose("price"), abandon("silence")] {
        for change in [
            to(stage("demo")),
            amount(usd(5)),
            close_date(Some(5)),
            category(Some(ForecastCategory::Commit)),
        ] {
            check(
                &[open(), closing.clone()],
                change.clone(),
                Refused("ALREADY_CLOSED"),
            );
            check(&[open(), closing.clone(), reopen(None)], change, Recorded);
        }
    }
}

#[test]
fn a_deal_moves_to_any_other_stage() {
    check(&[open()], to(stage("demo")), Recorded);
    check(&[open()], to(stage("lead")), Nothing);
    check(&[open(), to(stage("demo"))], to(stage("lead")), Recorded);
}

#[test]
fn where_the_furthest_stage_counts_a_move_back_is_no_fact() {
    let reached = [open_in(nth_stage(1)), to(nth_stage(3))];
    check(&reached, to(nth_stage(4)), Recorded);
    check(&reached, to(nth_stage(3)), Nothing);
    check(&reached, to(nth_stage(2)), Nothing);
    assert_eq!(
        deal(&[&reached[..], &[to(nth_stage(2))]].concat()).stage,
        Some(nth_stage(3))
    );
}

#[test]
fn an_amount_stays_in_its_currency_and_above_zero() {
    check(&[open()], amount(usd(101)), Recorded);
    check(&[open()], amount(usd(0)), Recorded);
    check(&[open()], amount(None), Recorded);
    check(&[open()], amount(usd(100)), Nothing);
    check(&[open()], amount(usd(-1)), Refused("NEGATIVE_AMOUNT"));
    check(
        &[open()],
        amount(money(100, "EUR")),
        Refused("WRONG_CURRENCY"),
    );
    check(&[open_with(None)], amount(money(100, "EUR")), Recorded);
    check(&[open(), amount(None)], amount(money(100, "EUR")), Recorded);
}

#[test]
fn a_close_date_is_restated_or_taken_back() {
    check(&[open()], close_date(Some(91)), Recorded);
    check(&[open()], close_date(None), Recorded);
    check(&[open()], close_date(Some(90)), Nothing);
    check(&[open(), close_date(None)], close_date(None), Nothing);
}

#[test]
fn a_deal_changes_hands_even_when_it_is_closed() {
    check(&[open()], owner(Some(2)), Recorded);
    check(&[open()], owner(None), Recorded);
    check(&[open()], owner(Some(1)), Nothing);
    check(&[open(), win(None)], owner(Some(2)), Recorded);
    check(&[open(), lose("price")], owner(Some(1)), Nothing);
}

#[test]
fn a_category_is_judged_by_hand_and_the_judgement_taken_back() {
    let commit = || category(Some(ForecastCategory::Commit));
    check(&[open()], commit(), Recorded);
    check(&[open(), commit()], commit(), Nothing);
    check(&[open(), commit()], category(None), Recorded);
    check(&[open()], category(None), Nothing);
    check(
        &[open()],
        category(Some(ForecastCategory::Closed)),
        Refused("CATEGORY_CLOSED"),
    );
    let moved = deal(&[open(), commit(), to(stage("demo")), win(None), reopen(None)]);
    assert_eq!(
        moved.category_override,
        Some(ForecastCategory::Commit),
        "it outlives every move"
    );
}

#[test]
fn a_deal_is_won_with_the_expected_amount_or_another() {
    check(&[open()], win(None), Recorded);
    check(&[open()], win(usd(100)), Recorded);
    check(&[open()], win(usd(80)), Recorded);
    check(&[open_with(None)], win(usd(80)), Recorded);
    check(&[open()], win(usd(-1)), Refused("NEGATIVE_AMOUNT"));
    check(&[open()], win(money(100, "EUR")), Refused("WRONG_CURRENCY"));
}

#[test]
fn winning_again_says_nothing_new_unless_the_amount_differs() {
    check(&[open(), win(None)], win(usd(100)), Nothing);
    check(
        &[open(), win(None)],
        win(usd(80)),
        Refused("ALREADY_CLOSED"),
    );
    check(&[open(), win(usd(80))], win(None), Nothing);
    check(&[open(), win(usd(80))], win(usd(80)), Nothing);
    check(
        &[open(), win(usd(80))],
        win(usd(100)),
        Refused("ALREADY_CLOSED"),
    );
    check(
        &[open_with(None), win(None)],
        win(usd(80)),
        Refused("ALREADY_CLOSED"),
    );
}

#[test]
fn a_deal_ends_once_and_for_one_reason() {
    for (end, other) in [
        (lose as fn(&str) -> Command, win(None)),
        (abandon, lose("price")),
    ] {
        check(&[open()], end("price"), Recorded);
        check(&[open()], end(""), Recorded);
        check(&[open(), end("price")], end(""), Nothing);
        check(
            &[open(), end("price")],
            end("silence"),
            Refused("ALREADY_CLOSED"),
        );
        check(
            &[open(), end("price")],
            other.clone(),
            Refused("ALREADY_CLOSED"),
        );
        check(&[open(), other], end("price"), Refused("ALREADY_CLOSED"));
    }
}

#[test]
fn a_closed_deal_is_reopened() {
    for closing in [win(usd(80)), lose("price"), abandon("silence")] {
        check(&[open(), closing.clone()], reopen(None), Recorded);
        check(
            &[open(), closing.clone()],
            reopen(Some(stage("demo"))),
            Recorded,
        );
        check(&[open(), closing, reopen(None)], reopen(None), Nothing);
    }
    check(&[open()], reopen(None), Nothing);
}

#[test]
fn a_note_is_written_as_often_as_somebody_writes_it() {
    check(&[open()], note(), Recorded);
    check(&[open(), note()], note(), Recorded);
    check(&[open(), win(None)], note(), Recorded);
    assert_eq!(deal(&[open(), note(), note()]).notes, 2);
}

#[test]
fn a_refusal_names_its_kind_and_the_field_at_fault() {
    let commit = category(Some(ForecastCategory::Closed));
    for (given, when, kind, field) in [
        (vec![], win(None), RejectionKind::NotFound, "opportunity_id"),
        (
            vec![open()],
            open(),
            RejectionKind::Exists,
            "opportunity_id",
        ),
        (
            vec![open()],
            amount(usd(-1)),
            RejectionKind::Invalid,
            "amount",
        ),
        (
            vec![open()],
            win(money(1, "EUR")),
            RejectionKind::Invalid,
            "amount.currency_code",
        ),
        (vec![open()], commit, RejectionKind::Invalid, "category"),
        (
            vec![open(), win(None)],
            lose(""),
            RejectionKind::Precondition,
            "",
        ),
    ] {
        let refused = deal(&given).decide(&when).unwrap_err();
        assert_eq!((refused.kind, &*refused.field), (kind, field), "{refused}");
    }
}

// ── State ────────────────────────────────────────────────────────────────────────────────────

#[test]
fn an_opened_deal_is_what_its_opening_said() {
    let deal = deal(&[open()]);
    assert!(deal.is_open());
    assert_eq!(
        (deal.opened_at, deal.stage_entered_at),
        (Some(Instant(1)), Some(Instant(1)))
    );
    assert_eq!((deal.value(), deal.stage), (usd(100), Some(stage("lead"))));
    assert_eq!(
        (deal.close_date, deal.owner.map(|owner| owner.0)),
        (Some(Date(90)), Some(id(1)))
    );
    assert!(
        !super::Opportunity::default().is_open(),
        "what was never opened is not open"
    );
}

#[test]
fn a_stage_is_entered_when_it_changes() {
    let entered = |given: &[Command]| deal(given).stage_entered_at;
    assert_eq!(entered(&[open(), to(stage("lead"))]), Some(Instant(1)));
    assert_eq!(
        entered(&[open(), note(), to(stage("demo"))]),
        Some(Instant(3))
    );
    assert_eq!(
        entered(&[open_in(nth_stage(2)), to(nth_stage(1))]),
        Some(Instant(1))
    );
}

#[test]
fn a_closed_deal_knows_when_why_and_for_how_much() {
    let won = deal(&[open(), win(usd(80))]);
    assert_eq!(
        (won.outcome, won.closed_at),
        (Outcome::Won, Some(Instant(2)))
    );
    assert_eq!((won.value(), won.amount), (usd(80), usd(100)));
    let lost = deal(&[open(), lose("price")]);
    assert_eq!((lost.outcome, &*lost.reason_code), (Outcome::Lost, "price"));
    assert_eq!((lost.value(), lost.stage), (usd(100), Some(stage("lead"))));
    assert_eq!(
        deal(&[open(), abandon("silence")]).outcome,
        Outcome::NoDecision
    );
}

#[test]
fn a_reopened_deal_expects_again_what_it_expected() {
    let reopened = deal(&[open(), win(usd(80)), reopen(None)]);
    assert!(reopened.is_open());
    assert_eq!((reopened.value(), reopened.closed_at), (usd(100), None));
    assert_eq!(reopened.stage, Some(stage("lead")));
    let moved = deal(&[open(), lose("price"), reopen(Some(stage("demo")))]);
    assert_eq!(
        (moved.stage, moved.stage_entered_at),
        (Some(stage("demo")), Some(Instant(3)))
    );
    assert_eq!(
        (moved.reason_code, moved.reason_text),
        (String::new(), None)
    );
}

// ── Reports ──────────────────────────────────────────────────────────────────────────────────

#[track_caller]
fn check_faults(given: &[Command], then: &[&str]) {
    let kinds: Vec<&str> = deal(given).faults.iter().map(|fault| fault.kind).collect();
    assert_eq!(kinds, then);
}

#[test]
fn a_report_that_fits_leaves_no_fault() {
    let commit = category(Some(ForecastCategory::Commit));
    check_faults(
        &[
            open(),
            to(stage("demo")),
            amount(usd(5)),
            close_date(None),
            commit,
        ],
        &[],
    );
    check_faults(
        &[open(), win(usd(80)), owner(None), note(), reopen(None)],
        &[],
    );
}

#[test]
fn what_happened_before_the_opening_is_a_fault() {
    for early in [
        to(stage("demo")),
        amount(usd(5)),
        close_date(None),
        owner(None),
        category(None),
        win(None),
        lose(""),
        abandon(""),
        reopen(None),
        note(),
    ] {
        check_faults(&[early.clone()], &["NOT_OPENED"]);
        check_faults(&[early, open()], &["NOT_OPENED"]);
    }
}

#[test]
fn what_changes_a_closed_deal_is_a_fault() {
    for late in [
        to(stage("demo")),
        amount(usd(5)),
        close_date(None),
        category(None),
    ] {
        for closing in [win(None), lose(""), abandon("")] {
            check_faults(&[open(), closing, late.clone()], &["CHANGED_AFTER_CLOSING"]);
        }
    }
}

#[test]
fn each_fact_that_cannot_be_is_a_fault() {
    let closed = category(Some(ForecastCategory::Closed));
    check_faults(&[open(), open()], &["OPENED_TWICE"]);
    check_faults(&[open(), win(None), win(None)], &["CLOSED_TWICE"]);
    check_faults(&[open(), lose(""), abandon("")], &["CLOSED_TWICE"]);
    check_faults(&[open(), reopen(None)], &["NOT_CLOSED"]);
    check_faults(&[open(), closed], &["CATEGORY_CLOSED"]);
    check_faults(&[open_with(usd(-1))], &["NEGATIVE_AMOUNT"]);
    check_faults(&[open(), amount(usd(-1))], &["NEGATIVE_AMOUNT"]);
    check_faults(&[open(), win(usd(-1))], &["NEGATIVE_AMOUNT"]);
    check_faults(&[open(), amount(money(5, "EUR"))], &["CURRENCY_CHANGED"]);
    check_faults(&[open(), win(money(5, "EUR"))], &["CURRENCY_CHANGED"]);
    check_faults(
        &[open(), open_with(money(5, "EUR"))],
        &["OPENED_TWICE", "CURRENCY_CHANGED"],
    );
    check_faults(
        &[lose(""), win(usd(-1))],
        &[
            "NOT_OPENED",
            "NOT_OPENED",
            "CLOSED_TWICE",
            "NEGATIVE_AMOUNT",
        ],
    );
}

#[test]
fn a_report_counts_even_when_it_is_a_fault() {
    let changed = deal(&[open(), lose("price"), amount(money(-5, "EUR")), win(usd(7))]);
    assert_eq!((changed.outcome, changed.value()), (Outcome::Won, usd(7)));
    assert_eq!(changed.amount, money(-5, "EUR"));
    let again = deal(&[open(), open_in(stage("demo"))]);
    assert_eq!(
        (again.opened_at, again.stage),
        (Some(Instant(1)), Some(stage("demo")))
    );
}

#[test]
fn a_fault_says_what_when_and_by_whom() {
    let fault = Fault {
        kind: "CLOSED_TWICE",
        detail: "won although already lost".to_owned(),
        at: Instant(3),
        command_id: id(3),
    };
    assert_eq!(deal(&[open(), lose("price"), win(None)]).faults(), [fault]);
}
