//! Which activities are one and the same, logged by several systems: each counts once.

use std::collections::{BTreeMap, BTreeSet};

use super::{Activity, ActivityType, Participant};
use crate::{ActivityId, Instant};

/// What two activities have to share to be the same. One key is enough.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Key<'a> {
    /// One occurrence of a meeting has one id in every calendar.
    Calendar([u8; 16]),
    /// The same people, at the same time, in the same way.
    People(Way, Instant, &'a BTreeSet<Participant>),
}

/// One system's call is another one's meeting, but no e-mail or task is.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    Talk,
    Email,
    Task,
}

/// Puts together what is the same: every activity is in one group, which counts once, and stands
/// under its smallest id. Whatever the order of the activities, the groups are the same.
///
/// Same is transitive: what shares a calendar's id with one and the people with another joins both.
/// An activity whose logging was voided is in no group; whether one that was cancelled counts is
/// for the caller to say.
pub fn same_meetings(activities: &[(ActivityId, &Activity)]) -> Vec<Vec<ActivityId>> {
    let mut leaders: BTreeMap<ActivityId, ActivityId> = BTreeMap::new();
    let mut holders: BTreeMap<Key<'_>, ActivityId> = BTreeMap::new();
    for (id, activity) in activities.iter().filter(|(_, it)| it.logged_at.is_some()) {
        leaders.entry(*id).or_insert(*id);
        for key in keys(activity) {
            let holder = *holders.entry(key).or_insert(*id);
            join(&mut leaders, holder, *id);
        }
    }
    let mut groups: BTreeMap<ActivityId, Vec<ActivityId>> = BTreeMap::new();
    let ids: Vec<ActivityId> = leaders.keys().copied().collect();
    for id in ids {
        groups.entry(leader(&mut leaders, id)).or_default().push(id);
    }
    groups.into_values().collect()
}

fn keys(activity: &Activity) -> impl Iterator<Item = Key<'_>> {
    let calendar = activity.calendar_hash.map(Key::Calendar);
    let way = activity.activity_type.map(|activity_type| match activity_type {
        ActivityType::Call | ActivityType::Meeting | ActivityType::Demo => Way::Talk,
        ActivityType::Email => Way::Email,
        ActivityType::Task => Way::Task,
    });
    let somebody = Some(&activity.participants).filter(|people| !people.is_empty());
    let people = match (way, activity.starts_at, somebody) {
        (Some(way), Some(at), Some(people)) => Some(Key::People(way, at, people)),
        _ => None,
    };
    calendar.into_iter().chain(people)
}

/// The smaller id leads, so that who came first makes no difference.
fn join(leaders: &mut BTreeMap<ActivityId, ActivityId>, one: ActivityId, other: ActivityId) {
    let (one, other) = (leader(leaders, one), leader(leaders, other));
    leaders.insert(one.max(other), one.min(other));
}

/// Follows the chain to its end, and shortens it for the next one who asks.
fn leader(leaders: &mut BTreeMap<ActivityId, ActivityId>, id: ActivityId) -> ActivityId {
    let mut last = id;
    while let Some(next) = leaders.get(&last).filter(|next| **next != last) {
        last = *next;
    }
    let mut step = id;
    while step != last {
        step = leaders.insert(step, last).unwrap_or(last);
    }
    last
}

#[cfg(test)]
mod tests;
