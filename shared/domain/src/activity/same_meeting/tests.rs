//! What is the same meeting as rows, and against comparing everything with everything.

use proptest::{
    collection::{btree_set, vec},
    option,
    prelude::*,
    prop_assert_eq, proptest,
    sample::select,
};

use super::same_meetings;
use crate::{
    ActivityId, Instant,
    activity::{Activity, ActivityType, Participant},
    testing::{activities::user, id},
};

fn activity(
    activity_type: ActivityType,
    starts_at: i64,
    people: &[u128],
    calendar: Option<u8>,
) -> Activity {
    Activity {
        logged_at: Some(Instant(1)),
        activity_type: Some(activity_type),
        starts_at: Some(Instant(starts_at)),
        participants: people.iter().copied().map(user).collect(),
        calendar_hash: calendar.map(|byte| [byte; 16]),
        ..Activity::default()
    }
}

/// Activities numbered from 1, and the groups that come of them.
#[track_caller]
fn check(given: &[Activity], then: &[&[u128]]) {
    let mut numbered: Vec<_> =
        (1..).zip(given).map(|(number, it)| (ActivityId(id(number)), it)).collect();
    let expected: Vec<Vec<ActivityId>> =
        then.iter().map(|group| group.iter().map(|it| ActivityId(id(*it))).collect()).collect();
    assert_eq!(same_meetings(&numbered), expected);
    numbered.reverse();
    assert_eq!(same_meetings(&numbered), expected, "in the other order");
}

#[test]
fn the_same_people_at_the_same_time_met_once() {
    use ActivityType::{Call, Demo, Email, Meeting, Task};
    check(&[], &[]);
    let met = activity(Meeting, 100, &[1, 2], None);
    check(&[met.clone(), met.clone()], &[&[1, 2]]);
    check(&[met.clone(), activity(Meeting, 100, &[2, 1], None)], &[&[1, 2]]);
    check(&[met.clone(), activity(Meeting, 101, &[1, 2], None)], &[&[1], &[2]]);
    check(&[met.clone(), activity(Meeting, 100, &[1, 2, 3], None)], &[&[1], &[2]]);
    check(&[met.clone(), activity(Call, 100, &[1, 2], None)], &[&[1, 2]]);
    check(&[met.clone(), activity(Demo, 100, &[1, 2], None)], &[&[1, 2]]);
    check(&[met.clone(), activity(Email, 100, &[1, 2], None)], &[&[1], &[2]]);
    check(&[met, activity(Task, 100, &[1, 2], None)], &[&[1], &[2]]);
    let alone = activity(Meeting, 100, &[], None);
    check(&[alone.clone(), alone], &[&[1], &[2]]);
}

#[test]
fn one_occurrence_in_two_calendars_took_place_once() {
    use ActivityType::Meeting;
    let one = activity(Meeting, 100, &[1, 2], Some(1));
    check(&[one.clone(), activity(Meeting, 105, &[1], Some(1))], &[&[1, 2]]);
    check(&[one.clone(), activity(Meeting, 105, &[1], Some(2))], &[&[1], &[2]]);
    let bridge = activity(Meeting, 105, &[1], Some(1));
    check(&[one, activity(Meeting, 105, &[1], None), bridge], &[&[1, 2, 3]]);
}

#[test]
fn what_was_never_logged_did_not_take_place() {
    let met = activity(ActivityType::Meeting, 100, &[1], None);
    let voided = Activity { logged_at: None, ..met.clone() };
    check(&[met.clone(), voided, met], &[&[1, 3]]);
}

fn any_activity() -> impl Strategy<Value = Activity> {
    let people = btree_set(1..4_u128, 0..3);
    let calendar = option::weighted(0.3, 0..3_u8);
    (select(ActivityType::ALL.to_vec()), 0..3_i64, people, calendar).prop_map(
        |(activity_type, starts_at, people, calendar)| {
            let people: Vec<u128> = people.into_iter().collect();
            activity(activity_type, starts_at, &people, calendar)
        },
    )
}

/// Whether two activities are the same by themselves, said once more and plainly.
fn alike(one: &Activity, other: &Activity) -> bool {
    let talk = |it: &Activity| {
        it.activity_type.is_some_and(|it| !matches!(it, ActivityType::Email | ActivityType::Task))
    };
    let way = one.activity_type == other.activity_type || (talk(one) && talk(other));
    let people: Vec<&Participant> = one.participants.iter().collect();
    let same_people = !people.is_empty() && people == other.participants.iter().collect::<Vec<_>>();
    (one.calendar_hash.is_some() && one.calendar_hash == other.calendar_hash)
        || (way && same_people && one.starts_at == other.starts_at)
}

/// Joins groups as long as two of them hold activities that are alike.
fn by_hand(activities: &[(ActivityId, Activity)]) -> Vec<Vec<ActivityId>> {
    let mut groups: Vec<Vec<usize>> = (0..activities.len()).map(|index| vec![index]).collect();
    loop {
        let touching = |one: &Vec<usize>, other: &Vec<usize>| {
            one.iter().any(|a| other.iter().any(|b| alike(&activities[*a].1, &activities[*b].1)))
        };
        let found = (0..groups.len())
            .flat_map(|one| (0..one).map(move |other| (one, other)))
            .find(|(one, other)| touching(&groups[*one], &groups[*other]));
        let Some((one, other)) = found else { break };
        let joined = groups.remove(one);
        groups[other].extend(joined);
    }
    let named = |group: Vec<usize>| {
        let mut ids: Vec<ActivityId> = group.into_iter().map(|it| activities[it].0).collect();
        ids.sort();
        ids
    };
    let mut groups: Vec<Vec<ActivityId>> = groups.into_iter().map(named).collect();
    groups.sort();
    groups
}

proptest! {
    #[test]
    fn groups_are_those_found_by_comparing_everything(
        (activities, shuffled) in vec(any_activity(), 0..12).prop_flat_map(|activities| {
            let numbered: Vec<_> =
                (1..).zip(activities).map(|(n, it)| (ActivityId(id(n * 7 % 13)), it)).collect();
            (Just(numbered.clone()), Just(numbered).prop_shuffle())
        }),
    ) {
        let lent = |activities: &[(ActivityId, Activity)]| -> Vec<Vec<ActivityId>> {
            same_meetings(&activities.iter().map(|(id, it)| (*id, it)).collect::<Vec<_>>())
        };
        let groups = lent(&activities);
        prop_assert_eq!(&groups, &by_hand(&activities));
        prop_assert_eq!(groups, lent(&shuffled));
    }
}
