//! What facts make of a deal as rows: what it is then, and what does not fit.

use crate::{
    Date, Entity, Fault, ForecastCategory, Instant, Outcome,
    opportunity::{Command, Opportunity},
    testing::{
        abandon, amount, category, close_date, deal, eur, id, lose, note, nth_stage, open, open_in,
        open_with, owner, reopen, stage, to, to_nth, usd, win,
    },
};

#[test]
fn an_opened_deal_is_what_its_opening_said() {
    let deal = deal(&[open()]);
    assert!(deal.is_open());
    assert_eq!((deal.opened_at, deal.stage_entered_at), (Some(Instant(1)), Some(Instant(1))));
    assert_eq!((deal.value(), deal.stage), (usd(100), Some(stage("lead"))));
    assert_eq!((deal.close_date, deal.owner.map(|owner| owner.0)), (Some(Date(90)), Some(id(1))));
    assert!(!Opportunity::default().is_open(), "what was never opened is not open");
}

#[test]
fn a_stage_is_entered_when_it_changes() {
    let entered = |given: &[Command]| deal(given).stage_entered_at;
    assert_eq!(entered(&[open(), to("lead")]), Some(Instant(1)));
    assert_eq!(entered(&[open(), note(), to("demo")]), Some(Instant(3)));
    assert_eq!(entered(&[open_in(nth_stage(2)), to_nth(1)]), Some(Instant(1)));
}

#[test]
fn a_closed_deal_knows_when_why_and_for_how_much() {
    let won = deal(&[open(), win(usd(80))]);
    assert_eq!((won.outcome, won.closed_at), (Outcome::Won, Some(Instant(2))));
    assert_eq!((won.value(), won.amount), (usd(80), usd(100)));
    let lost = deal(&[open(), lose("price")]);
    assert_eq!((lost.outcome, &*lost.reason_code), (Outcome::Lost, "price"));
    assert_eq!((lost.value(), lost.stage), (usd(100), Some(stage("lead"))));
    assert_eq!(deal(&[open(), abandon("silence")]).outcome, Outcome::NoDecision);
}

#[test]
fn a_reopened_deal_expects_again_what_it_expected() {
    let reopened = deal(&[open(), win(usd(80)), reopen(None)]);
    assert!(reopened.is_open());
    assert_eq!((reopened.value(), reopened.closed_at), (usd(100), None));
    assert_eq!(reopened.stage, Some(stage("lead")));
    let moved = deal(&[open(), lose("price"), reopen(Some(stage("demo")))]);
    assert_eq!((moved.stage, moved.stage_entered_at), (Some(stage("demo")), Some(Instant(3))));
    assert_eq!((moved.reason_code, moved.reason_text), (String::new(), None));
}

#[track_caller]
fn check_faults(given: &[Command], then: &[&str]) {
    let kinds: Vec<&str> = deal(given).faults.iter().map(|fault| fault.kind).collect();
    assert_eq!(kinds, then);
}

#[test]
fn a_report_that_fits_leaves_no_fault() {
    let commit = category(Some(ForecastCategory::Commit));
    check_faults(&[open(), to("demo"), amount(usd(5)), close_date(None), commit], &[]);
    check_faults(&[open(), win(usd(80)), owner(None), note(), reopen(None)], &[]);
}

#[test]
fn what_happened_before_the_opening_is_a_fault() {
    for early in [
        to("demo"),
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
        check_faults(std::slice::from_ref(&early), &["NOT_OPENED"]);
        check_faults(&[early, open()], &["NOT_OPENED"]);
    }
}

#[test]
fn what_changes_a_closed_deal_is_a_fault() {
    for late in [to("demo"), amount(usd(5)), close_date(None), category(None)] {
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
    check_faults(&[open(), amount(eur(5))], &["CURRENCY_CHANGED"]);
    check_faults(&[open(), win(eur(5))], &["CURRENCY_CHANGED"]);
    check_faults(&[open(), open_with(eur(5))], &["OPENED_TWICE", "CURRENCY_CHANGED"]);
    check_faults(
        &[lose(""), win(usd(-1))],
        &["NOT_OPENED", "NOT_OPENED", "CLOSED_TWICE", "NEGATIVE_AMOUNT"],
    );
}

#[test]
fn a_report_counts_even_when_it_is_a_fault() {
    let changed = deal(&[open(), lose("price"), amount(eur(-5)), win(usd(7))]);
    assert_eq!((changed.outcome, changed.value()), (Outcome::Won, usd(7)));
    assert_eq!(changed.amount, eur(-5));
    let again = deal(&[open(), open_in(stage("demo"))]);
    assert_eq!((again.opened_at, again.stage), (Some(Instant(1)), Some(stage("demo"))));
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
