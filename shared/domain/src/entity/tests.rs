//! Judging as rows: a command or a void against what is on the timeline, later facts included.

use super::{faults_with, judge, judge_void};
use crate::{
    Instant, Kind, Rejection, Timeline,
    opportunity::{Command, Opportunity},
    testing::{
        amount, close_date, entry, eur, fact, history, id, lose, note, nth_stage, open, open_in,
        owner, reopen, timeline, to, to_nth, usd, void, win,
    },
};

fn reason<T>(judged: Result<T, Rejection>) -> Result<T, &'static str> {
    judged.map_err(|rejection| rejection.reason)
}

#[track_caller]
fn check(given: &Timeline, (at, when): (i64, Command), then: Result<usize, &'static str>) {
    let judged = judge::<Opportunity>(given, Instant(at), &when);
    assert_eq!(reason(judged.map(|facts| facts.len())), then);
}

#[track_caller]
fn check_void(given: &Timeline, command: u128, then: Result<usize, &'static str>) {
    let judged = judge_void::<Opportunity>(given, Instant(100), id(command), void(command));
    assert_eq!(reason(judged.map(|facts| facts.len())), then);
}

#[test]
fn a_command_is_judged_at_its_own_instant() {
    let deal = history([(10, open()), (20, win(None)), (30, reopen(None))]);
    check(&deal, (40, amount(usd(7))), Ok(1));
    check(&deal, (40, amount(usd(100))), Ok(0));
    check(&deal, (25, amount(usd(7))), Err("ALREADY_CLOSED"));
    check(&deal, (15, amount(usd(7))), Ok(1));
    check(&deal, (9, amount(usd(7))), Err("OPPORTUNITY_NOT_FOUND"));
    check(&Timeline::default(), (10, open()), Ok(1));
}

#[test]
fn a_backdated_command_leaves_the_later_facts_legal() {
    let deal = history([(10, open()), (20, close_date(Some(5))), (30, win(None))]);
    check(&deal, (15, close_date(Some(7))), Ok(1));
    check(&deal, (15, owner(Some(2))), Ok(1));
    check(&deal, (15, note()), Ok(1));
    check(&deal, (15, win(None)), Err("LATER_FACTS_CONFLICT"));
    check(&deal, (25, lose("price")), Err("LATER_FACTS_CONFLICT"));
    check(&deal, (5, open()), Err("LATER_FACTS_CONFLICT"));
}

#[test]
fn a_command_comes_after_what_happened_at_the_same_instant() {
    let deal = history([(10, open()), (20, lose("price")), (30, reopen(None))]);
    check(&deal, (10, amount(usd(7))), Ok(1));
    check(&deal, (10, amount(usd(100))), Ok(0));
    check(&deal, (20, lose("price")), Ok(0));
    check(&deal, (20, amount(usd(7))), Err("ALREADY_CLOSED"));
    check(&deal, (30, amount(usd(7))), Ok(1));
    check(&deal, (10, win(None)), Err("LATER_FACTS_CONFLICT"));
}

#[test]
fn a_fault_told_in_other_words_is_not_a_new_one() {
    let twice = history([(10, open()), (20, lose("price")), (30, win(None))]);
    check_void(&twice, 2, Ok(1));
    let thrice = [(10, open()), (20, lose("")), (30, win(None)), (40, lose(""))];
    check_void(&history(thrice), 3, Ok(1));
}

#[test]
fn a_backdated_amount_stays_in_the_currency_of_the_later_ones() {
    let unpriced = history([(10, open()), (20, amount(None)), (30, amount(usd(7)))]);
    check(&unpriced, (25, amount(usd(9))), Ok(1));
    check(&unpriced, (25, amount(eur(9))), Err("LATER_FACTS_CONFLICT"));
}

#[test]
fn a_backdated_move_past_later_stages_is_legal() {
    let deal = history([(10, open_in(nth_stage(1))), (30, to_nth(2))]);
    check(&deal, (20, to_nth(3)), Ok(1));
}

#[test]
fn faults_that_were_there_before_stand_in_nobodys_way() {
    let faulty = history([(5, note()), (10, open()), (20, open()), (30, note())]);
    check(&faulty, (15, to("demo")), Ok(1));
    check_void(&faulty, 4, Ok(1));
}

#[test]
fn a_refusal_tells_which_later_fact_stands_in_the_way() {
    let deal = history([(10, open()), (30, win(None))]);
    let refused = judge::<Opportunity>(&deal, Instant(20), &lose("price")).unwrap_err();
    assert!(refused.message.ends_with("won although already lost"), "{refused}");
}

#[test]
fn a_fault_comes_with_the_position_that_brings_it() {
    let deal = timeline([
        entry(10, 1, fact(open())),
        entry(30, 2, fact(amount(usd(7)))),
        entry(20, 3, fact(win(None))),
        entry(40, 4, fact(win(None))),
        entry(50, 5, void(3)),
        entry(60, 6, fact(note())),
    ]);
    let came = |position| -> Vec<&str> {
        faults_with::<Opportunity>(&deal, position).iter().map(|fault| fault.kind).collect()
    };
    assert_eq!(came(1), Vec::<&str>::new());
    assert_eq!(came(2), Vec::<&str>::new());
    assert_eq!(came(3), ["CHANGED_AFTER_CLOSING"], "on a fact that was there before");
    assert_eq!(came(4), ["CLOSED_TWICE"]);
    assert_eq!(came(5), Vec::<&str>::new(), "what goes does not come");
    assert_eq!(came(6), Vec::<&str>::new());
}

#[test]
fn a_command_is_voided_unless_later_facts_depend_on_it() {
    let deal = history([(10, open()), (20, lose("price")), (30, reopen(None)), (40, note())]);
    check_void(&deal, 1, Err("LATER_FACTS_DEPEND"));
    check_void(&deal, 2, Err("LATER_FACTS_DEPEND"));
    check_void(&deal, 3, Ok(1));
    check_void(&deal, 4, Ok(1));
    check_void(&history([(10, open())]), 1, Ok(1));
    check_void(&history([(10, open()), (20, note())]), 1, Err("LATER_FACTS_DEPEND"));
}

#[test]
fn what_depended_on_a_command_is_voided_first() {
    let depending = [entry(10, 1, fact(open())), entry(20, 2, fact(win(None)))];
    check_void(&timeline(depending.clone()), 1, Err("LATER_FACTS_DEPEND"));
    let freed = timeline(depending.into_iter().chain([entry(30, 3, void(2))]));
    check_void(&freed, 1, Ok(1));
}

#[test]
fn a_command_is_voided_once() {
    let voided =
        timeline([entry(10, 1, fact(open())), entry(20, 2, fact(note())), entry(30, 3, void(2))]);
    check_void(&voided, 2, Ok(0));
}

#[test]
fn a_void_cannot_be_voided() {
    let voided =
        timeline([entry(10, 1, fact(open())), entry(20, 2, fact(note())), entry(30, 3, void(2))]);
    check_void(&voided, 3, Err("VOID_OF_VOID"));
}

#[test]
fn only_a_command_that_is_here_can_be_voided() {
    check_void(&history([(10, open())]), 9, Err("COMMAND_NOT_FOUND"));
    check_void(&Timeline::default(), 1, Err("COMMAND_NOT_FOUND"));
}

#[test]
fn judged_facts_are_those_of_the_entity() {
    let facts = judge::<Opportunity>(&Timeline::default(), Instant(1), &open()).unwrap();
    assert_eq!(facts, [fact(open())]);
    assert_eq!(facts[0].kind(), Kind::Opportunity);
}
