//! Un-merge and un-convert as rows: a command is voided, unless later facts hang on it.

use super::{
    ADA, Asked, Command, Instant, Lead, MatchedOn, Rejection, Status, Timeline, absorb, accept,
    capture, convert, correct, entry, find, hand_over, id, judge, judge_void, merge_into, note,
    qualify, recycle, stands, timeline, work,
};
use crate::{Entity, Known};

/// A lead on which one thing happened after another; the number of each is its command's id.
fn told(given: &[Command]) -> Timeline {
    let numbered = (1..).zip(given.iter().cloned());
    timeline(numbered.map(|(number, command)| entry(number, number as u128, command.told())))
}

fn void(given: &[Command], command: u128) -> Result<Timeline, &'static str> {
    let mut timeline = told(given);
    let judged: Result<_, Rejection> =
        judge_void::<Lead>(&timeline, Instant(100), id(command), Command::void(command));
    for fact in judged.map_err(|refused| refused.reason)? {
        timeline.insert(entry(100, 100, fact));
    }
    Ok(timeline)
}

/// What is left is the lead as if the command had never been given.
#[track_caller]
fn check_undone(given: &[Command], command: u128) {
    let undone: Lead = void(given, command).unwrap().state(Known::NOW);
    let mut numbered: Vec<_> = (1_u128..).zip(given.iter().cloned()).collect();
    numbered.retain(|(number, _)| *number != command);
    let without = numbered.into_iter().map(|(number, it)| entry(number as i64, number, it.told()));
    assert_eq!(undone, timeline(without).state(Known::NOW));
    assert_eq!(undone.faults(), []);
}

#[test]
fn a_merge_is_taken_back_on_both_sides() {
    check_undone(&[capture(), work(), merge_into(2)], 3);
    check_undone(&[capture(), work(), absorb(2)], 3);
    check_undone(&[capture(), absorb(2), correct(ADA, b"Eve"), qualify(), convert(1, None)], 2);
    let back: Lead = void(&[capture(), work(), merge_into(2)], 3).unwrap().state(Known::NOW);
    assert_eq!(back.status(), Status::Working);
}

#[test]
fn a_merge_stays_while_words_hang_on_the_person_that_it_brought() {
    for hanging in [note(200), correct(200, b"Eve")] {
        let refused = void(&[capture(), absorb(2), hanging], 2);
        assert_eq!(refused, Err("LATER_FACTS_DEPEND"));
    }
}

#[test]
fn a_conversion_is_taken_back() {
    check_undone(&[capture(), qualify(), convert(1, Some(1))], 3);
    let back: Lead = void(&[capture(), qualify(), convert(1, None)], 3).unwrap().state(Known::NOW);
    assert_eq!((back.status(), back.conversion), (Status::Qualified, None));
    check_undone(&[capture(), convert(1, None), find(2, MatchedOn::Email), note(ADA)], 2);
}

#[test]
fn a_step_stays_while_the_next_one_hangs_on_it() {
    for (given, command) in [
        (vec![capture(), work()], 1),
        (vec![capture(), hand_over(), accept()], 2),
        (vec![capture(), hand_over(), accept(), recycle("later")], 3),
    ] {
        assert_eq!(void(&given, command), Err("LATER_FACTS_DEPEND"), "{given:?}");
    }
    check_undone(&[capture(), hand_over(), accept()], 3);
}

#[test]
fn a_backdated_step_leaves_the_later_ones_legal() {
    let ask = |given: &[Command], at, when: Command| {
        let judged = judge::<Lead>(&told(given), Instant(at), &when);
        judged.map(|facts| facts.len()).map_err(|refused| refused.reason)
    };
    let given = [capture(), work(), hand_over(), accept()];
    assert_eq!(ask(&given, 2, hand_over()), Ok(1));
    assert_eq!(ask(&given, 2, qualify()), Err("LATER_FACTS_CONFLICT"));
    assert_eq!(ask(&given, 3, merge_into(2)), Err("LATER_FACTS_CONFLICT"));
    assert_eq!(ask(&given, 0, note(ADA)), Err("LEAD_NOT_FOUND"));
    assert_eq!(stands(&given).status(), Status::Accepted);
}
