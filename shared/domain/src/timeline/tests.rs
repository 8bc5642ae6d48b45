//! Timelines as rows: what arrived in which order, and what is so at a point of the two axes.

use super::{Known, Timeline};
use crate::{
    Entry, Instant, Moment,
    opportunity::Opportunity,
    testing::{amount, entry, fact, history, id, note, open, timeline, usd, void, win},
};

fn at(as_of: i64, known_at: u64) -> Known {
    Known { as_of: Instant(as_of), known_at }
}

/// The numbers of the commands whose facts count.
fn live(timeline: &Timeline, at: Known) -> Vec<u128> {
    timeline.live(at).map(|entry| entry.moment.command_id.as_u128()).collect()
}

fn value(timeline: &Timeline, at: Known) -> Option<i64> {
    timeline.state::<Opportunity>(at).value().map(|value| value.minor)
}

fn placed(occurred_at: i64, source_seq: u64, command: u128, index: u32) -> Entry {
    let moment =
        Moment { occurred_at: Instant(occurred_at), source_seq, command_id: id(command), index };
    Entry { moment, ..entry(occurred_at, command, fact(note())) }
}

#[test]
fn facts_stand_in_the_order_in_which_they_happened() {
    let in_order = [
        placed(1, 9, 9, 9),
        placed(2, 0, 3, 0),
        placed(2, 0, 3, 1),
        placed(2, 0, 4, 0),
        placed(2, 1, 1, 0),
        placed(3, 0, 1, 0),
    ];
    let forwards = timeline(in_order.clone());
    let backwards = timeline(in_order.iter().rev().cloned());
    assert_eq!(forwards.entries(), in_order);
    assert_eq!(forwards, backwards);
}

#[test]
fn a_fact_that_is_already_there_is_left_alone() {
    let mut timeline = history([(1, open()), (5, note())]);
    let before = timeline.clone();
    assert!(!timeline.insert(entry(1, 1, fact(open()))));
    assert!(!timeline.insert(entry(5, 2, fact(note()))));
    assert_eq!(timeline, before);
    assert!(timeline.insert(entry(3, 3, fact(note()))));
}

#[test]
fn the_same_voids_are_the_same_timeline_in_whatever_order_they_came() {
    let entries = [entry(1, 1, fact(open())), entry(8, 2, void(1)), entry(9, 3, void(1))];
    let backwards = timeline(entries.iter().rev().cloned());
    assert_eq!(timeline(entries), backwards);
    assert_eq!(backwards.voided_at(id(1)), Some(2), "the first void took it");
}

#[test]
fn as_of_an_instant_is_strictly_before_it() {
    let timeline = history([(1, open()), (5, amount(usd(7)))]);
    for (as_of, expected) in [(1, None), (2, Some(100)), (5, Some(100)), (6, Some(7))] {
        assert_eq!(value(&timeline, at(as_of, u64::MAX)), expected, "as of {as_of}");
    }
}

#[test]
fn without_an_instant_even_the_last_one_counts() {
    let timeline = history([(i64::MIN, open()), (i64::MAX, amount(usd(7)))]);
    assert_eq!(value(&timeline, Known::NOW), Some(7));
    assert_eq!(value(&timeline, at(i64::MIN, u64::MAX)), None);
}

#[test]
fn what_was_known_is_what_was_recorded_up_to_a_position() {
    let timeline = history([(1, open()), (9, amount(usd(9))), (5, amount(usd(5)))]);
    for (as_of, known_at, expected) in [
        (10, 0, None),
        (10, 1, Some(100)),
        (10, 2, Some(9)),
        (10, 3, Some(9)),
        (9, 2, Some(100)),
        (9, 3, Some(5)),
    ] {
        assert_eq!(value(&timeline, at(as_of, known_at)), expected, "{as_of}, {known_at}");
    }
}

#[test]
fn a_void_takes_a_command_back_at_every_instant_from_its_position_on() {
    let timeline = timeline([
        entry(1, 1, fact(open())),
        entry(2, 2, fact(amount(usd(7)))),
        entry(9, 3, void(2)),
    ]);
    for (as_of, known_at, expected) in
        [(3, 2, Some(7)), (3, 3, Some(100)), (9, 3, Some(100)), (10, 2, Some(7)), (2, 3, Some(100))]
    {
        assert_eq!(value(&timeline, at(as_of, known_at)), expected, "{as_of}, {known_at}");
    }
    assert_eq!(timeline.voided_at(id(2)), Some(3));
    assert!(timeline.is_voided(id(2)) && !timeline.is_voided(id(1)));
}

#[test]
fn all_facts_of_a_voided_command_are_gone_and_no_void_ever_counts() {
    let second = Entry { moment: placed(2, 0, 2, 1).moment, ..entry(2, 2, fact(note())) };
    let voided = timeline([
        entry(1, 1, fact(open())),
        entry(2, 2, fact(amount(usd(7)))),
        second,
        entry(3, 3, void(2)),
    ]);
    assert_eq!(live(&voided, Known::NOW), [1]);
    assert_eq!(live(&voided, at(9, 2)), [1, 2, 2]);
    assert_eq!(voided.entries().len(), 4, "nothing is lost");
}

#[test]
fn a_command_finds_its_first_answer() {
    let second = Entry { moment: placed(2, 0, 2, 1).moment, ..entry(2, 2, fact(note())) };
    let timeline = timeline([entry(1, 1, fact(open())), second, entry(2, 2, fact(win(None)))]);
    let answer = timeline.answer_to(id(2)).unwrap();
    assert_eq!((answer.moment.index, answer.position), (0, 2));
    assert_eq!(timeline.answer_to(id(3)), None);
}

#[test]
fn a_timeline_is_plain_while_facts_come_as_they_happen_and_stay() {
    assert!(Timeline::default().is_plain());
    assert!(history([(1, open()), (1, note()), (2, note())]).is_plain());
    assert!(!history([(2, open()), (1, note())]).is_plain(), "one came late");
    let voided = [entry(1, 1, fact(open())), entry(2, 2, void(1))];
    assert!(!timeline(voided).is_plain(), "one was taken back");
}

#[test]
fn a_timeline_knows_its_last_instant_and_its_newest_position() {
    let empty = Timeline::default();
    assert!(empty.is_empty());
    assert_eq!((empty.last_instant(), empty.last_position()), (None, 0));
    let late = history([(9, open()), (5, note())]);
    assert_eq!((late.last_instant(), late.last_position()), (Some(Instant(9)), 2));
}

#[test]
fn the_sequence_after_an_instant_is_above_all_that_happened_then() {
    let timeline = timeline([placed(5, 0, 1, 0), placed(5, 3, 2, 0), placed(9, 8, 3, 0)]);
    assert_eq!(timeline.sequence_after(Instant(5)), 4);
    assert_eq!(timeline.sequence_after(Instant(6)), 0);
    assert_eq!(Timeline::default().sequence_after(Instant(5)), 0);
}

#[test]
fn a_supposed_fact_comes_last_of_its_instant_and_after_all_that_is_known() {
    let late = placed(5, 3, 4, 0);
    let mut trial = history([(5, open()), (5, note()), (9, note())]);
    trial.insert(late);
    trial.suppose(Instant(5), &[fact(amount(usd(7))), fact(note())]);
    assert_eq!(live(&trial, Known::NOW), [1, 2, 4, u128::MAX, u128::MAX, 3]);
    assert_eq!(value(&trial, Known::NOW), Some(7));
    assert_eq!(value(&trial, at(10, 4)), Some(100));
}

#[test]
fn a_supposed_void_takes_its_command_back() {
    let mut trial = history([(1, open()), (2, amount(usd(7)))]);
    trial.suppose(Instant(3), &[void(2)]);
    assert_eq!(value(&trial, Known::NOW), Some(100));
}
