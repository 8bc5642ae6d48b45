//! The as-of index: signed changes on two axes of time, summed per leaf at any point of both.

mod run;

use std::{collections::HashMap, hash::Hash};

use foldhash::fast::RandomState;
use serde::{Deserialize, Serialize};

use run::{BLOCK, Change, Point, Run, add_covered};

/// How many changes that came late are kept unsorted before they become a run.
const LATE_MAX: usize = 32 * BLOCK;
/// How many changes of a load lie together, at most, until it ends.
const PIECE: usize = 64 * BLOCK;
/// How many runs a question may have to look through.
const RUNS_MAX: usize = 16;

/// How many, and how much together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sum {
    /// How many.
    pub count: i64,
    /// How much; the sum of any number of `i64` amounts that memory can hold.
    pub amount: i128,
}

/// Values under small dense numbers, in the order in which they were first seen.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(from = "Vec<T>", into = "Vec<T>")]
#[serde(bound(
    deserialize = "T: Deserialize<'de> + Clone + Eq + Hash",
    serialize = "T: Serialize + Clone"
))]
pub struct Interner<T> {
    values: Vec<T>,
    ids: HashMap<T, u32, RandomState>,
}

impl<T> Default for Interner<T> {
    fn default() -> Self {
        Interner { values: Vec::new(), ids: HashMap::default() }
    }
}

impl<T: Clone + Eq + Hash> From<Vec<T>> for Interner<T> {
    fn from(values: Vec<T>) -> Interner<T> {
        let mut interner = Interner::default();
        values.into_iter().for_each(|value| {
            interner.id(&value);
        });
        interner
    }
}

impl<T> From<Interner<T>> for Vec<T> {
    fn from(interner: Interner<T>) -> Vec<T> {
        interner.values
    }
}

impl<T: Clone + Eq + Hash> Interner<T> {
    /// The number of a value, the next one when it is new.
    pub fn id(&mut self, value: &T) -> u32 {
        if let Some(id) = self.ids.get(value) {
            return *id;
        }
        let id = u32::try_from(self.values.len()).unwrap_or(u32::MAX);
        self.ids.insert(value.clone(), id);
        self.values.push(value.clone());
        id
    }

    /// The values; a value's place is its number.
    pub fn values(&self) -> &[T] {
        &self.values
    }
}

/// Signed changes to leaves. A question is a point of both axes, and its answer is the sum of the
/// changes that happened strictly before an instant and stand at or before a position.
///
/// Nearly all changes arrive in the order in which they happened. They form one run in which time
/// and position rise together, so that any point of both axes cuts off a prefix of it, whose sum is
/// the nearest checkpoint and a short scan. Changes that come late are gathered, sorted into
/// further runs, and merged while these are many; the answer is exact however they came.
#[derive(Debug, Serialize, Deserialize)]
#[serde(from = "Kept<Leaf>")]
#[serde(bound(
    deserialize = "Leaf: Deserialize<'de> + Clone + Eq + Hash",
    serialize = "Leaf: Serialize + Clone"
))]
pub struct Ledger<Leaf> {
    leaves: Interner<Leaf>,
    runs: Vec<Run>,
    late: Vec<Change>,
    /// Loaded in no order, to be sorted by `settle`. In pieces: one vector that doubles now and then
    /// would be moved as a whole each time, and a load is mostly this.
    unsettled: Vec<Vec<Change>>,
}

/// What is kept of a [`Ledger`].
#[derive(Deserialize)]
#[serde(bound(deserialize = "Leaf: Deserialize<'de> + Clone + Eq + Hash"))]
struct Kept<Leaf> {
    leaves: Interner<Leaf>,
    runs: Vec<run::Kept>,
    late: Vec<Change>,
    unsettled: Vec<Vec<Change>>,
}

impl<Leaf> From<Kept<Leaf>> for Ledger<Leaf> {
    fn from(Kept { leaves, runs, late, unsettled }: Kept<Leaf>) -> Ledger<Leaf> {
        let runs = runs.into_iter().map(|kept| Run::of(kept.0, leaves.values.len())).collect();
        Ledger { leaves, runs, late, unsettled }
    }
}

impl<Leaf> Default for Ledger<Leaf> {
    fn default() -> Self {
        Ledger {
            leaves: Interner::default(),
            runs: vec![Run::default()],
            late: Vec::new(),
            unsettled: Vec::new(),
        }
    }
}

impl<Leaf: Clone + Eq + Hash> Ledger<Leaf> {
    /// Adds a change, best in the order of positions.
    pub fn insert(&mut self, at: i64, position: u64, leaf: &Leaf, count: i32, amount: i128) {
        // A load is under way, and the order is made when it ends.
        let unsettled = !self.unsettled.is_empty();
        self.each_change(at, position, leaf, count, amount, |ledger, change| {
            if unsettled {
                ledger.put_off(change);
            } else {
                ledger.arrange(change, LATE_MAX);
            }
        });
    }

    /// Adds a change in no order, to be followed by [`Ledger::settle`].
    pub fn load(&mut self, at: i64, position: u64, leaf: &Leaf, count: i32, amount: i128) {
        self.each_change(at, position, leaf, count, amount, |ledger, change| {
            ledger.put_off(change);
        });
    }

    /// Puts what was loaded in order.
    pub fn settle(&mut self) {
        let pieces = std::mem::take(&mut self.unsettled);
        let mut changes = Vec::with_capacity(pieces.iter().map(Vec::len).sum());
        pieces.into_iter().for_each(|piece| changes.extend(piece));
        changes.sort_unstable_by_key(|change| (change.position, change.occurred_at));
        let late_max = LATE_MAX.max(changes.len() / (RUNS_MAX - 4));
        if self.runs[0].changes.is_empty() {
            (self.runs[0], changes) = Run::of_arrivals(changes, self.leaves.values().len());
        }
        for change in changes {
            self.arrange(change, late_max);
        }
        if self.late.len() >= LATE_MAX {
            self.sort_late();
        }
    }

    /// The sums that are not zero, of what happened before `as_of` (at `i64::MAX`: of everything)
    /// and stands at `known_at` or before.
    pub fn sums(&self, as_of: i64, known_at: u64) -> impl Iterator<Item = (&Leaf, Sum)> {
        let mut sums = vec![Sum::default(); self.leaves.values().len()];
        let point = Point { as_of, known_at };
        for run in &self.runs {
            run.add_to(&mut sums, point);
        }
        add_covered(&mut sums, &self.late, point);
        self.unsettled.iter().for_each(|piece| add_covered(&mut sums, piece, point));
        self.leaves.values().iter().zip(sums).filter(|(_, sum)| *sum != Sum::default())
    }

    /// How many changes it holds.
    pub fn len(&self) -> usize {
        let runs: usize = self.runs.iter().map(|run| run.changes.len()).sum();
        runs + self.late.len() + self.unsettled.iter().map(Vec::len).sum::<usize>()
    }

    /// Whether nothing was ever added.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Cuts an amount into what a stored change can hold, nearly always one.
    fn each_change(
        &mut self,
        occurred_at: i64,
        position: u64,
        leaf: &Leaf,
        mut count: i32,
        mut rest: i128,
        mut add: impl FnMut(&mut Self, Change),
    ) {
        // What comes to nothing makes no leaf.
        if count == 0 && rest == 0 {
            return;
        }
        let leaf = self.leaves.id(leaf);
        while count != 0 || rest != 0 {
            let amount = rest.clamp(i64::MIN.into(), i64::MAX.into()) as i64;
            add(self, Change { occurred_at, position, amount, leaf, count });
            rest -= i128::from(amount);
            count = 0;
        }
    }

    fn put_off(&mut self, change: Change) {
        match self.unsettled.last_mut() {
            Some(piece) if piece.len() < PIECE => piece.push(change),
            Some(_) => {
                let mut piece = Vec::with_capacity(PIECE);
                piece.push(change);
                self.unsettled.push(piece);
            }
            // A first piece may be the only one, and small.
            None => self.unsettled.push(vec![change]),
        }
    }

    fn arrange(&mut self, change: Change, late_max: usize) {
        let leaves = self.leaves.values().len();
        if let Some(place) = self.runs[0].place(change.occurred_at) {
            self.runs[0].insert(place, change, leaves);
            return;
        }
        self.late.push(change);
        if self.late.len() >= late_max {
            self.sort_late();
        }
    }

    /// Late changes may be another source's history, in order by itself: it goes on in one run.
    fn sort_late(&mut self) {
        let leaves = self.leaves.values().len();
        let mut late = std::mem::take(&mut self.late);
        late.sort_unstable_by_key(|change| (change.occurred_at, change.position));
        let first = late.first().map_or(0, |change| change.occurred_at);
        match self.runs[1..].iter_mut().find(|run| run.place(first).is_some()) {
            Some(run) => run.extend(late, leaves),
            None => self.runs.push(Run::of(late, leaves)),
        }
        if self.runs.len() > RUNS_MAX {
            self.merge_two(leaves);
        }
    }

    /// Merges the two smallest neighbours. Runs stand in the order of their arrival, and while
    /// they do, a position cuts through one of them and leaves the others whole. The first run
    /// stays what it is.
    fn merge_two(&mut self, leaves: usize) {
        let len = |place: usize| self.runs[place].changes.len();
        let pairs = 1..self.runs.len() - 1;
        let Some(place) = pairs.min_by_key(|place| len(*place) + len(place + 1)) else {
            return;
        };
        let mut merged = self.runs.remove(place + 1).changes;
        merged.append(&mut self.runs[place].changes);
        merged.sort_by_key(|change| (change.occurred_at, change.position));
        self.runs[place] = Run::of(merged, leaves);
    }
}

#[cfg(test)]
mod tests;
