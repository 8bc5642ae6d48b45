//! The deals of a tenant: what each counts as over its life, found by the days it may count on.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::{Date, Instant, Known, OpportunityId, calendar::Period};
use foldhash::fast::RandomState;
use read_model::Interner;
use runtime::steps::{Life, Signed};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::counted::{Class, Count, Counted};

/// So many days share a shelf mark: few enough that a quarter finds little else.
const DAYS_PER_MARK: i32 = 32;

/// All deals, and from when until when each may have counted on which days.
#[derive(Default, Serialize, Deserialize)]
#[serde(from = "Kept")]
pub struct Deals {
    classes: Interner<Class>,
    deals: Vec<Deal>,
    /// Where the deals of each mark lie. Days are those of UTC; a closing has the days beside its own
    /// too, for it may be one of those in another zone.
    marks: BTreeMap<i32, BTreeMap<u32, Stay>>,
    /// Where each deal lies.
    #[serde(skip)]
    places: HashMap<Uuid, u32, RandomState>,
}

/// What is kept of [`Deals`].
#[derive(Deserialize)]
struct Kept {
    classes: Interner<Class>,
    deals: Vec<Deal>,
    marks: BTreeMap<i32, BTreeMap<u32, Stay>>,
}

impl From<Kept> for Deals {
    fn from(Kept { classes, deals, marks }: Kept) -> Deals {
        let places = deals.iter().zip(0..).map(|(deal, place)| (deal.id.0, place)).collect();
        Deals { classes, deals, marks, places }
    }
}

/// A deal's life.
#[derive(Serialize, Deserialize)]
pub struct Deal {
    /// Which it is.
    pub id: OpportunityId,
    course: Course,
}

/// What a deal counted as, on both axes.
#[derive(Serialize, Deserialize)]
enum Course {
    /// News came in the order in which it happened: what is known of one place supersedes what was
    /// before.
    Straight(Vec<Step>),
    /// Something came late or was taken back: the sum of what is signed.
    Revised(Vec<Change>),
}

/// From a place on a deal counts as this; `None` for nothing.
#[derive(Serialize, Deserialize)]
struct Step {
    place: Place,
    count: Option<Count>,
}

/// A place on both axes.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Place {
    occurred_at: Instant,
    position: u64,
}

/// From a place on a deal counts as this once more, or once less.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Change {
    place: Place,
    sign: i32,
    count: Count,
}

/// A deal may count on a mark's days from a place on, until another.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Stay {
    since: Place,
    until: Option<Place>,
}

impl Stay {
    /// Of a deal whose places are in no order.
    const ALWAYS: Stay =
        Stay { since: Place { occurred_at: Instant(i64::MIN), position: 0 }, until: None };

    fn may_count(&self, at: Known) -> bool {
        self.since.is_covered(at) && !self.until.is_some_and(|until| until.is_covered(at))
    }
}

impl Place {
    fn is_covered(self, at: Known) -> bool {
        at.covers(self.occurred_at, self.position)
    }
}

impl Deals {
    /// Takes in the whole life of a deal that is new here.
    pub fn load(&mut self, id: Uuid, life: &Life<Counted>) {
        let turns = match life {
            Life::Straight(turns) if turns.is_empty() => return,
            Life::Straight(turns) => turns,
            Life::Revised { .. } => return self.take(id, &life.changes()),
        };
        // Deals are many, and most of them are over: none takes more memory than it needs.
        let mut steps = Vec::<Step>::with_capacity(turns.len());
        let mut known: Option<(&Class, u32)> = None;
        for turn in turns {
            let place = Place { occurred_at: turn.occurred_at, position: turn.position };
            let count = turn.stands.as_ref().map(|counted| {
                // From one turn to the next a deal mostly stays in its class.
                let same = known.filter(|(class, _)| **class == counted.class);
                let number = same.map_or_else(|| self.classes.id(&counted.class), |(_, it)| it);
                known = Some((&counted.class, number));
                Count::of(counted, number)
            });
            leave(&mut steps, Step { place, count });
        }
        self.shelve(id, |deal| deal.course = Course::Straight(steps));
    }

    /// Takes in what commits changed of a deal.
    pub fn take(&mut self, id: Uuid, changes: &[Signed<'_, Counted>]) {
        if changes.is_empty() {
            return;
        }
        let changes: Vec<Change> = changes
            .iter()
            .map(|Signed { occurred_at, position, sign, stands }| {
                let place = Place { occurred_at: *occurred_at, position: *position };
                let class = self.classes.id(&stands.class);
                Change { place, sign: *sign, count: Count::of(stands, class) }
            })
            .collect();
        self.shelve(id, |deal| deal.take(&changes));
    }

    /// Changes a deal, which may be new, and puts it where it is looked for.
    fn shelve(&mut self, id: Uuid, change: impl FnOnce(&mut Deal)) {
        let place = *self.places.entry(id).or_insert_with(|| {
            self.deals.push(Deal { id: OpportunityId(id), course: Course::Straight(Vec::new()) });
            u32::try_from(self.deals.len() - 1).unwrap_or(u32::MAX)
        });
        let deal = &mut self.deals[place as usize];
        change(deal);
        for (mark, stay) in deal.stays() {
            self.marks.entry(mark).or_default().insert(place, stay);
        }
    }

    /// The classes of all that its deals ever counted as; a class's place is its number.
    pub fn classes(&self) -> &[Class] {
        self.classes.values()
    }

    /// A deal.
    pub fn get(&self, id: OpportunityId) -> Option<&Deal> {
        self.deals.get(*self.places.get(&id.0)? as usize)
    }

    /// The deals that may count in a period at one of these points.
    pub fn of<'a>(
        &'a self,
        period: &Period,
        points: &[Known],
    ) -> impl Iterator<Item = &'a Deal> + use<'a> {
        let marks = self.marks.range(mark(period.starts)..=mark(period.ends));
        let stays = marks.flat_map(|(_, stays)| stays);
        let found = stays.filter(|(_, stay)| points.iter().any(|at| stay.may_count(*at)));
        let mut places: Vec<u32> = found.map(|(place, _)| *place).collect();
        // Each mark has its places in order, which a stable sort makes use of.
        places.sort();
        places.dedup();
        places.into_iter().map(|place| &self.deals[place as usize])
    }
}

impl Deal {
    /// What it counts as at a point of the two axes.
    pub fn at(&self, at: Known) -> Option<Count> {
        match &self.course {
            Course::Straight(steps) => {
                let before = steps.partition_point(|step| step.place.is_covered(at));
                steps.get(before.checked_sub(1)?)?.count
            }
            Course::Revised(changes) => {
                sum(changes.iter().filter(|change| change.place.is_covered(at)))
            }
        }
    }

    /// The positions between two points that changed what it counts as.
    pub fn positions(&self, from: Known, to: Known) -> Vec<u64> {
        let between = |place: &Place| place.is_covered(from) != place.is_covered(to);
        let positions: BTreeSet<u64> =
            self.places().filter(between).map(|place| place.position).collect();
        positions.into_iter().collect()
    }

    fn places(&self) -> impl Iterator<Item = Place> {
        let (steps, changes): (&[Step], &[Change]) = match &self.course {
            Course::Straight(steps) => (steps, &[]),
            Course::Revised(changes) => (&[], changes),
        };
        steps.iter().map(|step| step.place).chain(changes.iter().map(|change| change.place))
    }

    /// The marks of all days on which it ever counted, a few, each with how long it may have.
    fn stays(&self) -> Vec<(i32, Stay)> {
        let mut stays = Vec::<(i32, Stay)>::with_capacity(8);
        let mut stay = |mark, stay: Stay| match stays.iter_mut().find(|(it, _)| *it == mark) {
            Some((_, known)) => known.until = stay.until,
            None => stays.push((mark, stay)),
        };
        match &self.course {
            Course::Straight(steps) => {
                let next = steps.iter().skip(1).map(|step| Some(step.place)).chain([None]);
                for (Step { place, count }, until) in steps.iter().zip(next) {
                    for mark in count.iter().flat_map(marks) {
                        stay(mark, Stay { since: *place, until });
                    }
                }
            }
            Course::Revised(changes) => {
                for mark in changes.iter().flat_map(|change| marks(&change.count)) {
                    stay(mark, Stay::ALWAYS);
                }
            }
        }
        stays
    }

    fn take(&mut self, news: &[Change]) {
        if let Course::Straight(steps) = &mut self.course {
            if follow(steps, news) {
                return go_on(steps, news);
            }
            self.course = Course::Revised(signed(steps));
        }
        if let Course::Revised(changes) = &mut self.course {
            changes.extend_from_slice(news);
        }
    }
}

/// Whether each piece of news lies after the one before on both axes.
fn follow(known: &[Step], news: &[Change]) -> bool {
    let known = known.last().map(|step| step.place);
    let places = known.into_iter().chain(news.iter().map(|change| change.place));
    places.is_sorted_by(|one, next| {
        one.occurred_at <= next.occurred_at && one.position <= next.position
    })
}

/// What is left of changes: the first that was added more often than it was taken away.
fn sum<'a>(changes: impl Iterator<Item = &'a Change>) -> Option<Count> {
    let mut sums: Vec<(Count, i32)> = Vec::new();
    for change in changes {
        // Nearly always it is among the last.
        match sums.iter_mut().rev().find(|(known, _)| *known == change.count) {
            Some((_, sum)) => *sum += change.sign,
            None => sums.push((change.count, change.sign)),
        }
    }
    sums.into_iter().find(|(_, sum)| *sum > 0).map(|(left, _)| left)
}

/// What a commit left at an instant is what stood before it and what it added there, less what it
/// took away; or nothing.
fn go_on(steps: &mut Vec<Step>, news: &[Change]) {
    for news in news.chunk_by(|one, next| one.place == next.place) {
        let place = news[0].place;
        let before = steps.last().and_then(|step| step.count);
        let before = before.map(|count| Change { place, sign: 1, count });
        let count = sum(before.iter().chain(news));
        leave(steps, Step { place, count });
    }
}

/// Goes on with a step. A place has one: what was left there last.
fn leave(steps: &mut Vec<Step>, step: Step) {
    match steps.last_mut().filter(|last| last.place == step.place) {
        Some(last) => *last = step,
        None => steps.push(step),
    }
}

/// A straight course as signed changes.
fn signed(steps: &[Step]) -> Vec<Change> {
    let (mut changes, mut before) = (Vec::with_capacity(2 * steps.len()), None);
    for Step { place, count } in steps {
        let change = |sign| move |count| Change { place: *place, sign, count };
        changes.extend(std::mem::replace(&mut before, *count).map(change(-1)));
        changes.extend(count.map(change(1)));
    }
    changes
}

/// The marks of the days on which a deal may count.
fn marks(count: &Count) -> impl Iterator<Item = i32> + use<> {
    let closed = count.closed_at.map(Instant::date);
    let closed = closed.into_iter().flat_map(|day| [day.plus_days(-1), day.plus_days(1)]);
    count.close_date.into_iter().chain(closed).map(mark)
}

fn mark(day: Date) -> i32 {
    day.0.div_euclid(DAYS_PER_MARK)
}

#[cfg(test)]
pub mod tests;
