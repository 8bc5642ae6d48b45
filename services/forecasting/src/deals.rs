//! The deals of a tenant: what each counts as over its life, found by the days it may count on.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::{Date, Instant, Known, OpportunityId, calendar::Period};
use foldhash::fast::RandomState;
use runtime::steps::Signed;
use serde::{Deserialize, Deserializer, Serialize};
use uuid::Uuid;

use crate::counted::Counted;

/// So many days share a shelf mark: few enough that a quarter finds little else.
const DAYS_PER_MARK: i32 = 32;

/// All deals, and which of them may ever have counted on which days.
#[derive(Default, Serialize, Deserialize)]
pub struct Deals {
    deals: Vec<Deal>,
    places: HashMap<Uuid, u32, RandomState>,
    /// Days are those of UTC, a day wider than any zone can make them.
    marks: BTreeMap<i32, Vec<u32>>,
}

/// A deal's life.
#[derive(Serialize, Deserialize)]
pub struct Deal {
    /// Which it is.
    pub id: OpportunityId,
    course: Course,
}

/// What a deal counted as, on both axes. Times lie apart, so that a search touches nothing else.
#[derive(Serialize, Deserialize)]
enum Course {
    /// News came in the order in which it happened: what is known of one place supersedes what was
    /// before; `None` for nothing.
    Straight {
        places: Vec<Place>,
        #[serde(deserialize_with = "sharing_stages")]
        stands: Vec<Option<Counted>>,
    },
    /// Something came late or was taken back: the sum of what is signed.
    Revised { changes: Vec<Change>, stands: Vec<Counted> },
}

/// A place on both axes.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Place {
    occurred_at: Instant,
    position: u64,
}

/// From here on it counts once more, or once less, as one of what it ever stood for.
#[derive(Serialize, Deserialize)]
struct Change {
    place: Place,
    sign: i32,
    stands: usize,
}

impl Place {
    fn of(change: &Signed<Counted>) -> Place {
        Place { occurred_at: change.occurred_at, position: change.position }
    }

    fn is_covered(self, at: Known) -> bool {
        at.covers(self.occurred_at, self.position)
    }
}

impl Deals {
    /// Takes in what a commit, or a whole timeline, changed of a deal.
    pub fn take(&mut self, id: Uuid, changes: Vec<Signed<Counted>>) {
        if changes.is_empty() {
            return;
        }
        let place = *self.places.entry(id).or_insert_with(|| {
            let id = OpportunityId(id);
            self.deals.push(Deal { id, course: Course::default() });
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

impl Default for Course {
    fn default() -> Course {
        Course::Straight { places: Vec::new(), stands: Vec::new() }
    }
}

impl Deal {
    /// What it counts as at a point of the two axes.
    pub fn at(&self, at: Known) -> Option<&Counted> {
        match &self.course {
            Course::Straight { places, stands } => {
                let before = places.partition_point(|place| place.is_covered(at));
                stands.get(before.checked_sub(1)?)?.as_ref()
            }
            Course::Revised { changes, stands } => {
                let mut sums = vec![0; stands.len()];
                for change in changes.iter().filter(|change| change.place.is_covered(at)) {
                    sums[change.stands] += change.sign;
                }
                stands.get(sums.iter().position(|sum| *sum > 0)?)
            }
        }
    }

    /// The positions between two points that changed what it counts as.
    pub fn positions(&self, from: Known, to: Known) -> Vec<u64> {
        let between = |place: &Place| place.is_covered(from) != place.is_covered(to);
        let positions: BTreeSet<u64> = match &self.course {
            Course::Straight { places, .. } => {
                places.iter().filter(|place| between(place)).map(|place| place.position).collect()
            }
            Course::Revised { changes, .. } => {
                let places = changes.iter().map(|change| &change.place);
                places.filter(|place| between(place)).map(|place| place.position).collect()
            }
        };
        positions.into_iter().collect()
    }

    /// Everything that it ever counted as.
    fn stands(&self) -> impl Iterator<Item = &Counted> {
        let (straight, revised): (&[Option<Counted>], &[Counted]) = match &self.course {
            Course::Straight { stands, .. } => (stands, &[]),
            Course::Revised { stands, .. } => (&[], stands),
        };
        straight.iter().flatten().chain(revised)
    }

    fn take(&mut self, news: Vec<Signed<Counted>>) {
        if let Course::Straight { places, stands } = &mut self.course {
            if follow(places, &news) {
                return go_on(places, stands, &news);
            }
            let signed = signed(std::mem::take(places), std::mem::take(stands));
            self.course = Course::Revised { changes: Vec::new(), stands: Vec::new() };
            self.take(signed);
        }
        if let Course::Revised { changes, stands } = &mut self.course {
            for change in news {
                let place = Place::of(&change);
                let known = stands.iter().position(|known| *known == change.stands);
                let number = known.unwrap_or(stands.len());
                if known.is_none() {
                    stands.push(change.stands);
                }
                changes.push(Change { place, sign: change.sign, stands: number });
            }
        }
    }
}

/// Reads what a deal stood for, with one copy of a stage that it stands in for longer.
fn sharing_stages<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Option<Counted>>, D::Error> {
    let mut stands = Vec::<Option<Counted>>::deserialize(from)?;
    for at in 1..stands.len() {
        let (before, after) = stands.split_at_mut(at);
        if let (Some(Some(before)), Some(Some(after))) = (before.last(), after.first_mut())
            && before.stage == after.stage
        {
            after.stage = before.stage.clone();
        }
    }
    Ok(stands)
}

/// Whether each piece of news lies after the one before on both axes.
fn follow(known: &[Place], news: &[Signed<Counted>]) -> bool {
    let places = known.last().copied().into_iter().chain(news.iter().map(Place::of));
    places.is_sorted_by(|one, next| {
        one.occurred_at <= next.occurred_at && one.position <= next.position
    })
}

/// What a commit left at an instant is what stood before it and what it added there, less what it
/// took away; or nothing.
fn go_on(places: &mut Vec<Place>, stands: &mut Vec<Option<Counted>>, news: &[Signed<Counted>]) {
    for news in news.chunk_by(|one, next| Place::of(one) == Place::of(next)) {
        let place = Place::of(&news[0]);
        let before = stands.last().and_then(Option::as_ref);
        let mut sums: Vec<(&Counted, i32)> = before.map(|before| (before, 1)).into_iter().collect();
        for change in news {
            match sums.iter_mut().find(|(known, _)| **known == change.stands) {
                Some((_, sum)) => *sum += change.sign,
                None => sums.push((&change.stands, change.sign)),
            }
        }
        let left = sums.into_iter().find(|(_, sum)| *sum > 0).map(|(left, _)| left.clone());
        match stands.last_mut().filter(|_| places.last() == Some(&place)) {
            Some(stands) => *stands = left,
            None => {
                places.push(place);
                stands.push(left);
            }
        }
    }
}

/// A straight course as signed changes.
fn signed(places: Vec<Place>, stands: Vec<Option<Counted>>) -> Vec<Signed<Counted>> {
    let (mut changes, mut before) = (Vec::with_capacity(2 * places.len()), None);
    for (Place { occurred_at, position }, stands) in places.into_iter().zip(stands) {
        let change = |sign| move |stands| Signed { occurred_at, position, sign, stands };
        changes.extend(std::mem::replace(&mut before, stands.clone()).map(change(-1)));
        changes.extend(stands.map(change(1)));
    }
    changes
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
