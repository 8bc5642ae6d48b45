//! The rules of an activity as rows: what was recorded, what is asked, what comes of it.

use super::{ActivityType, Command, Link, Logged, Participant};
use crate::{
    Date,
    testing::{
        activities::{cancel, complete, log, logged, note, outcome, user},
        id,
        rows::{
            Then::{Nothing, Recorded, Refused},
            check, stands,
        },
    },
};

#[test]
fn an_activity_is_logged_once() {
    for activity_type in ActivityType::ALL {
        check(&[], log(activity_type), Recorded);
        check(&[log(activity_type)], log(activity_type), Refused("ACTIVITY_EXISTS"));
        assert_eq!(ActivityType::from_word(activity_type.word()), Some(activity_type));
    }
    assert_eq!(ActivityType::from_word("fax"), None);
}

#[test]
fn only_a_task_is_due_on_a_day() {
    for activity_type in ActivityType::ALL {
        let due = Command::Log(Logged { due: Some(Date(5)), ..logged(activity_type) });
        let task = activity_type == ActivityType::Task;
        check(&[], due, if task { Recorded } else { Refused("DUE_WITHOUT_TASK") });
    }
}

#[test]
fn everything_but_logging_needs_an_activity() {
    for command in [outcome("connected"), complete(), cancel("ill"), note()] {
        check(&[], command.clone(), Refused("ACTIVITY_NOT_FOUND"));
        check(&[log(ActivityType::Call)], command, Recorded);
    }
}

#[test]
fn an_outcome_is_restated_or_taken_back() {
    let given = [log(ActivityType::Call), outcome("connected")];
    check(&given, outcome("connected"), Nothing);
    check(&given, outcome("no_show"), Recorded);
    check(&given, outcome(""), Recorded);
    check(&given[..1], outcome(""), Nothing);
}

#[test]
fn what_is_done_is_not_cancelled_and_what_is_cancelled_not_done() {
    let done = [log(ActivityType::Task), complete()];
    check(&done, complete(), Nothing);
    check(&done, outcome("connected"), Recorded);
    check(&done, cancel("ill"), Refused("ACTIVITY_COMPLETED"));
    let cancelled = [log(ActivityType::Task), cancel("ill")];
    check(&cancelled, cancel("ill"), Nothing);
    check(&cancelled, cancel(""), Nothing);
    check(&cancelled, cancel("late"), Refused("ACTIVITY_CANCELLED"));
    check(&cancelled, complete(), Refused("ACTIVITY_CANCELLED"));
    check(&cancelled, outcome("no_show"), Refused("ACTIVITY_CANCELLED"));
    check(&cancelled, note(), Recorded);
}

#[test]
fn who_takes_part_is_a_set() {
    let twice =
        Logged { participants: vec![user(2), user(1), user(2)], ..logged(ActivityType::Call) };
    let activity = stands(&[Command::Log(twice)]);
    assert_eq!(activity.participants.into_iter().collect::<Vec<_>>(), [user(1), user(2)]);
}

#[test]
fn links_and_participants_have_their_words() {
    for word in ["lead", "account", "contact", "opportunity"] {
        let link = Link::from_word(word, id(1)).unwrap();
        assert_eq!((link.word(), link.id()), (word, id(1)));
    }
    for word in ["user", "contact", "lead"] {
        let participant = Participant::from_word(word, id(1)).unwrap();
        assert_eq!((participant.word(), participant.id()), (word, id(1)));
    }
    let elsewhere = postcard::to_stdvec(&user(1)).unwrap();
    assert!(postcard::from_bytes::<Link>(&elsewhere).is_err(), "a user is nothing to be about");
    assert_eq!(Link::from_word("user", id(1)), None);
    assert_eq!(Participant::from_word("account", id(1)), None);
}
