//! Rows: what was logged, and what is counted.

use domain::{ContactId, activity::Participant};
use uuid::Uuid;

use super::{Activity, ActivityId, ActivityType, Count, Instant, Row, UserId, count};
use crate::rows::Row as _;

const NOW: Instant = Instant(1_000);

fn ann() -> Option<UserId> {
    Some(UserId(Uuid::from_u128(1)))
}

/// A meeting of Ann's with one contact at an instant.
fn meeting(at: i64) -> Activity {
    Activity {
        logged_at: Some(Instant(0)),
        activity_type: Some(ActivityType::Meeting),
        starts_at: Some(Instant(at)),
        participants: [Participant::Contact(ContactId(Uuid::from_u128(9)))].into(),
        owner: ann(),
        ..Activity::default()
    }
}

/// Logs what is given under ascending ids and counts the period from 100 to 200.
fn counted(activities: &[Activity]) -> Vec<(Option<UserId>, ActivityType, Count)> {
    let rows = activities.iter().zip(1..);
    let rows: Vec<_> =
        rows.map(|(it, id)| (ActivityId(Uuid::from_u128(id)), Row::of(it))).collect();
    let mut turned = rows.clone();
    turned.reverse();
    let period = Instant(100)..Instant(200);
    let counts = count(&rows, &period, NOW);
    assert_eq!(count(&turned, &period, NOW), counts, "the order makes no difference");
    counts.into_iter().map(|((owner, it), count)| (owner, it, count)).collect()
}

fn one(count: Count) -> Vec<(Option<UserId>, ActivityType, Count)> {
    vec![(ann(), ActivityType::Meeting, count)]
}

#[test]
fn a_meeting_logged_by_two_systems_counts_once() {
    let zoom = Activity { activity_type: Some(ActivityType::Call), owner: None, ..meeting(150) };
    let once = one(Count { took_place: 1, duplicates: 1, ..Count::default() });
    assert_eq!(counted(&[meeting(150), zoom.clone()]), once);
    let call = counted(&[zoom, meeting(150)]);
    assert_eq!(call[0].1, ActivityType::Call, "the first log says what it is");
    assert_eq!(call[0].0, ann(), "and another one whose, when the first does not");
}

#[test]
fn a_period_is_half_open_and_a_duplicate_does_not_count_in_the_next_one() {
    assert_eq!(counted(&[meeting(99), meeting(200)]), []);
    let took_place = |took_place, duplicates| Count { took_place, duplicates, ..Count::default() };
    assert_eq!(counted(&[meeting(100), meeting(199)]), one(took_place(2, 0)));
    let calendar = |at| Activity { calendar_hash: Some([7; 16]), ..meeting(at) };
    assert_eq!(counted(&[calendar(199), calendar(205)]), one(took_place(1, 1)));
    assert_eq!(counted(&[calendar(205), calendar(199)]), []);
}

#[test]
fn no_shows_cancelled_and_planned_ones_are_apart() {
    let no_show = Activity { outcome: "no_show".into(), ..meeting(150) };
    assert_eq!(
        counted(&[meeting(150), no_show]),
        one(Count { no_shows: 1, duplicates: 1, ..Count::default() })
    );
    let cancelled = Activity { cancelled_at: Some(Instant(120)), ..meeting(150) };
    let count = Count { cancelled: 1, ..Count::default() };
    assert_eq!(counted(std::slice::from_ref(&cancelled)), one(count));
    let kept = Count { took_place: 1, duplicates: 1, ..Count::default() };
    assert_eq!(counted(&[cancelled, meeting(150)]), one(kept), "one system knows better");
    let period = Instant(100)..Instant(2_000);
    let ahead = [(ActivityId(Uuid::from_u128(1)), Row::of(&meeting(1_000)))];
    assert_eq!(super::count(&ahead, &period, NOW).values().map(|it| it.planned).sum::<u64>(), 1);
}

#[test]
fn a_task_is_planned_until_it_is_done() {
    let task = Activity { activity_type: Some(ActivityType::Task), ..meeting(150) };
    let done = Activity { completed_at: Some(Instant(160)), ..task.clone() };
    assert_eq!(counted(&[task])[0].2, Count { planned: 1, ..Count::default() });
    assert_eq!(counted(&[done])[0].2, Count { took_place: 1, ..Count::default() });
}
