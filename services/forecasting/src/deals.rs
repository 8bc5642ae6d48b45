//! The deals of a tenant: what each counts as over its life, found by the days it may count on.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::{Date, Instant, Known, OpportunityId, calendar::Period};
use foldhash::fast::RandomState;
use runtime::steps::Signed;
use uuid::Uuid;

use crate::counted::Counted;

/// So many days share a shelf mark: few enough that a quarter finds little else.
const DAYS_PER_MARK: i32 = 32;

/// All deals, and which of them may ever have counted on which days.
#[derive(Default)]
pub struct Deals {
    deals: Vec<Deal>,
    places: HashMap<Uuid, u32, RandomState>,
    /// Days are those of UTC, a day wider than any zone can make them.
    marks: BTreeMap<i32, Vec<u32>>,
}

/// A deal's life.
pub struct Deal {
    /// Which it is.
    pub id: OpportunityId,
    course: Course,
}

/// What a deal counted as, on both axes.
enum Course {
    /// News came in the order in which it happened, so that each supersedes what was before.
    Straight(Vec<Turn>),
    /// Something came late or was taken back: the sum of what is signed.
    Revised(Vec<Signed<Counted>>),
}

/// What a deal counts as from here on, both in time and in the log; `None` for nothing.
struct Turn {
    occurred_at: Instant,
    position: u64,
    stands: Option<Counted>,
}

impl Deals {
    /// Takes in what a commit, or a whole timeline, changed of a deal.
    pub fn take(&mut self, id: Uuid, changes: Vec<Signed<Counted>>) {
        if changes.is_empty() {
            return;
        }
        let place = *self.places.entry(id).or_insert_with(|| {
            let id = OpportunityId(id);
            self.deals.push(Deal { id, course: Course::Straight(Vec::new()) });
            u32::try_from(self.deals.len() - 1).unwrap_or(u32::MAX)
        });
        let deal = &mut self.deals[place as usize];
        let known: BTreeSet<i32> = deal.stands().flat_map(marks).collect();
        let fresh: BTreeSet<i32> =
            changes.iter().flat_map(|change| marks(&change.stands)).collect();
        for mark in fresh.difference(&known) {
            self.marks.entry(*mark).or_default().push(place);
        }
        deal.take(changes);
    }

    /// A deal.
    pub fn get(&self, id: OpportunityId) -> Option<&Deal> {
        self.deals.get(*self.places.get(&id.0)? as usize)
    }

    /// The deals that may ever have counted in a period.
    pub fn of(&self, period: &Period) -> impl Iterator<Item = &Deal> {
        let (first, last) = (mark(period.starts), mark(period.ends));
        let mut places: Vec<u32> =
            self.marks.range(first..=last).flat_map(|(_, places)| places).copied().collect();
        places.sort_unstable();
        places.dedup();
        places.into_iter().map(|place| &self.deals[place as usize])
    }
}

impl Deal {
    /// What it counts as at a point of the two axes.
    pub fn at(&self, at: Known) -> Option<&Counted> {
        match &self.course {
            Course::Straight(turns) => {
                let covered = |turn: &Turn| at.covers(turn.occurred_at, turn.position);
                let before = turns.partition_point(covered);
                turns[..before].last()?.stands.as_ref()
            }
            Course::Revised(changes) => sum_at(changes, at),
        }
    }

    /// The positions between two points that changed what it counts as.
    pub fn positions(&self, from: Known, to: Known) -> Vec<u64> {
        let between = |occurred_at: Instant, position: u64| {
            let covers = |at: Known| at.covers(occurred_at, position);
            (covers(from) != covers(to)).then_some(position)
        };
        let positions: BTreeSet<u64> = match &self.course {
            Course::Straight(turns) => {
                turns.iter().filter_map(|turn| between(turn.occurred_at, turn.position)).collect()
            }
            Course::Revised(changes) => {
                let between = |it: &Signed<Counted>| between(it.occurred_at, it.position);
                changes.iter().filter_map(between).collect()
            }
        };
        positions.into_iter().collect()
    }

    /// Everything that it ever counted as.
    fn stands(&self) -> impl Iterator<Item = &Counted> {
        let (turns, changes): (&[Turn], &[Signed<Counted>]) = match &self.course {
            Course::Straight(turns) => (turns, &[]),
            Course::Revised(changes) => (&[], changes),
        };
        let straight = turns.iter().filter_map(|turn| turn.stands.as_ref());
        straight.chain(changes.iter().map(|change| &change.stands))
    }

    fn take(&mut self, changes: Vec<Signed<Counted>>) {
        match &mut self.course {
            Course::Straight(turns) if follow(turns, &changes) => add_turns(turns, changes),
            Course::Straight(turns) => {
                let mut revised = signed(std::mem::take(turns));
                revised.extend(changes);
                self.course = Course::Revised(revised);
            }
            Course::Revised(revised) => revised.extend(changes),
        }
    }
}

/// Whether each change lies after the one before on both axes.
fn follow(turns: &[Turn], changes: &[Signed<Counted>]) -> bool {
    let before = turns.iter().map(|turn| (turn.occurred_at, turn.position)).next_back();
    let places = before.into_iter().chain(changes.iter().map(|it| (it.occurred_at, it.position)));
    places.is_sorted_by(|one, next| one.0 <= next.0 && one.1 <= next.1)
}

/// What a commit left at an instant is what it added there, or nothing.
fn add_turns(turns: &mut Vec<Turn>, changes: Vec<Signed<Counted>>) {
    for Signed { occurred_at, position, sign, stands } in changes {
        let stands = (sign > 0).then_some(stands);
        match turns.last_mut() {
            Some(turn) if (turn.occurred_at, turn.position) == (occurred_at, position) => {
                turn.stands = stands.or(turn.stands.take());
            }
            _ => turns.push(Turn { occurred_at, position, stands }),
        }
    }
}

/// The same course as signed changes.
fn signed(turns: Vec<Turn>) -> Vec<Signed<Counted>> {
    let (mut changes, mut before) = (Vec::with_capacity(2 * turns.len()), None);
    for Turn { occurred_at, position, stands } in turns {
        let change = |sign| move |stands| Signed { occurred_at, position, sign, stands };
        changes.extend(std::mem::replace(&mut before, stands.clone()).map(change(-1)));
        changes.extend(stands.map(change(1)));
    }
    changes
}

/// The sum of all changes before a point.
fn sum_at(changes: &[Signed<Counted>], at: Known) -> Option<&Counted> {
    let mut net: Vec<(&Counted, i32)> = Vec::with_capacity(4);
    for change in changes.iter().filter(|it| at.covers(it.occurred_at, it.position)) {
        match net.iter().position(|(stands, _)| *stands == &change.stands) {
            Some(place) if net[place].1 + change.sign == 0 => {
                net.swap_remove(place);
            }
            Some(place) => net[place].1 += change.sign,
            None => net.push((&change.stands, change.sign)),
        }
    }
    net.into_iter().find(|(_, sum)| *sum > 0).map(|(stands, _)| stands)
}

/// The marks of the days on which a deal may count.
fn marks(stands: &Counted) -> impl Iterator<Item = i32> + use<> {
    let closed = stands.closed_at.map(Instant::date);
    let closed = closed.into_iter().flat_map(|day| [day.plus_days(-1), day.plus_days(1)]);
    stands.close_date.into_iter().chain(closed).map(mark)
}

fn mark(day: Date) -> i32 {
    day.0.div_euclid(DAYS_PER_MARK)
}

#[cfg(test)]
mod tests;
