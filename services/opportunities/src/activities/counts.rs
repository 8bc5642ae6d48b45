//! Counting what people did: the same meeting from two systems counts once, no-shows, cancelled and
//! planned ones apart.

use std::{
    collections::{BTreeMap, HashMap},
    ops::Range,
};

use domain::{
    ActivityId, Instant, UserId,
    activity::{Activity, ActivityType, same_meetings},
};

use super::Row;

/// The outcome of a meeting to which nobody came.
const NO_SHOW: &str = "no_show";

/// What is counted of one type and one owner.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    pub took_place: u64,
    pub no_shows: u64,
    pub cancelled: u64,
    pub planned: u64,
    pub duplicates: u64,
}

/// Whose, and of what type.
pub type Key = (Option<UserId>, ActivityType);

/// How an activity stands.
enum Standing {
    TookPlace,
    NoShow,
    Cancelled,
    Planned,
}

/// Counts what starts in a half-open period, as seen at an instant. All logs have to be given: what
/// one system dates into the period another may date out of it.
pub fn count(
    rows: &[(ActivityId, Row)],
    period: &Range<Instant>,
    now: Instant,
) -> BTreeMap<Key, Count> {
    let activities: Vec<(ActivityId, Activity)> =
        rows.iter().map(|(id, row)| (*id, activity(row))).collect();
    let given: Vec<_> = activities.iter().map(|(id, it)| (*id, it)).collect();
    let by_id: HashMap<ActivityId, &Activity> = given.iter().copied().collect();
    let mut counts: BTreeMap<Key, Count> = BTreeMap::new();
    for group in same_meetings(&given) {
        let logs: Vec<&Activity> = group.iter().filter_map(|id| by_id.get(id).copied()).collect();
        let Some((first, standing)) = standing(&logs, now) else { continue };
        let (Some(activity_type), Some(starts_at)) = (first.activity_type, first.starts_at) else {
            continue;
        };
        if !period.contains(&starts_at) {
            continue;
        }
        let owner = first.owner.or_else(|| logs.iter().find_map(|it| it.owner));
        let count = counts.entry((owner, activity_type)).or_default();
        match standing {
            Standing::TookPlace => count.took_place += 1,
            Standing::NoShow => count.no_shows += 1,
            Standing::Cancelled => count.cancelled += 1,
            Standing::Planned => count.planned += 1,
        }
        count.duplicates += logs.len() as u64 - 1;
    }
    counts
}

/// The log that the group counts for, and how it stands. What one system cancelled took place all
/// the same when another says so.
fn standing<'a>(logs: &[&'a Activity], now: Instant) -> Option<(&'a Activity, Standing)> {
    let mut kept = logs.iter().copied().filter(|it| it.cancelled_at.is_none());
    let Some(first) = kept.clone().next() else {
        return Some((logs.first()?, Standing::Cancelled));
    };
    let to_be_done = match first.activity_type {
        Some(ActivityType::Task) => kept.clone().all(|it| it.completed_at.is_none()),
        _ => first.starts_at.is_some_and(|at| at >= now),
    };
    let standing = if kept.any(|it| it.outcome == NO_SHOW) {
        Standing::NoShow
    } else if to_be_done {
        Standing::Planned
    } else {
        Standing::TookPlace
    };
    Some((first, standing))
}

fn activity(row: &Row) -> Activity {
    Activity {
        logged_at: row.logged_at,
        activity_type: row.activity_type,
        starts_at: row.starts_at,
        participants: row.participants.iter().copied().collect(),
        calendar_hash: row.calendar_hash,
        owner: row.owner,
        outcome: row.outcome.to_string(),
        completed_at: row.completed_at,
        cancelled_at: row.cancelled_at,
        ..Activity::default()
    }
}

#[cfg(test)]
mod tests;
