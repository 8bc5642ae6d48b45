//! The as-of index: signed changes on two axes of time, summed per leaf at any point of both.

use std::{collections::HashMap, hash::Hash};

/// Changes whose bounds of positions are kept together.
const BLOCK: usize = 1024;
/// The fewest changes between two checkpoints.
const CHECKPOINT_MIN: usize = 8 * BLOCK;
/// How many changes that came late are kept unsorted before they become a run.
const LATE_MAX: usize = 32 * BLOCK;
/// How many runs a question may have to look through.
const RUNS_MAX: usize = 16;

/// How many, and how much together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sum {
    /// How many.
    pub count: i64,
    /// How much; the sum of any number of `i64` amounts that memory can hold.
    pub amount: i128,
}

/// Values under small dense numbers, in the order in which they were first seen.
#[derive(Debug, Clone)]
pub struct Interner<T> {
    values: Vec<T>,
    ids: HashMap<T, u32>,
}

impl<T> Default for Interner<T> {
    fn default() -> Self {
        Interner {
            values: Vec::new(),
            ids: HashMap::new(),
        }
    }
}

impl<T: Clone + Eq + Hash> Interner<T> {
    /// The number of a value, the next one when it is new.
    pub fn id(&mut self, value: T) -> u32 {
        if let Some(id) = self.ids.get(&value) {
            return *id;
        }
        let id = u32::try_from(self.values.len()).unwrap_or(u32::MAX);
        self.ids.insert(value.clone(), id);
        self.values.push(value);
        id
    }

    /// The values; a value's place is its number.
    pub fn values(&self) -> &[T] {
        &self.values
    }
}

#[derive(Debug, Clone, Copy)]
struct Change {
    occurred_at: i64,
    position: u64,
    amount: i64,
    leaf: u32,
    count: i32,
}

/// Signed changes to leaves. A question is a point of both axes, and its answer is the sum of the
/// changes that happened strictly before an instant and stand at or before a position.
///
/// Nearly all changes arrive in the order in which they happened. They form one run in which time
/// and position rise together, so that any point of both axes cuts off a prefix of it, whose sum is
/// the nearest checkpoint and a short scan. Changes that come late are gathered, sorted into
/// further runs, and merged while these are many; the answer is exact however they came.
#[derive(Debug)]
pub struct Ledger<Leaf> {
    leaves: Interner<Leaf>,
    runs: Vec<Run>,
    late: Vec<Change>,
    /// Loaded in no order, to be sorted by `settle`.
    unsettled: Vec<Change>,
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
    pub fn insert(&mut self, at: i64, position: u64, leaf: Leaf, count: i32, amount: i128) {
        // A load is under way, and the order is made when it ends.
        let unsettled = !self.unsettled.is_empty();
        self.each_change(at, position, leaf, count, amount, |ledger, change| {
            if unsettled {
                ledger.unsettled.push(change);
            } else {
                ledger.arrange(change, LATE_MAX);
            }
        });
    }

    /// Adds a change in no order, to be followed by [`Ledger::settle`].
    pub fn load(&mut self, at: i64, position: u64, leaf: Leaf, count: i32, amount: i128) {
        self.each_change(at, position, leaf, count, amount, |ledger, change| {
            ledger.unsettled.push(change);
        });
    }

    /// Puts what was loaded in order.
    pub fn settle(&mut self) {
        let mut changes = std::mem::take(&mut self.unsettled);
        changes.sort_unstable_by_key(|change| (change.position, change.occurred_at));
        let late_max = LATE_MAX.max(changes.len() / (RUNS_MAX - 4));
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
        add_covered(&mut sums, &self.unsettled, point);
        self.leaves
            .values()
            .iter()
            .zip(sums)
            .filter(|(_, sum)| *sum != Sum::default())
    }

    /// How many changes it holds.
    pub fn len(&self) -> usize {
        let runs: usize = self.runs.iter().map(|run| run.changes.len()).sum();
        runs + self.late.len() + self.unsettled.len()
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
        leaf: Leaf,
        mut count: i32,
        mut rest: i128,
        mut add: impl FnMut(&mut Self, Change),
    ) {
        let leaf = self.leaves.id(leaf);
        while count != 0 || rest != 0 {
            let amount = rest.clamp(i64::MIN.into(), i64::MAX.into()) as i64;
            add(
                self,
                Change {
                    occurred_at,
                    position,
                    amount,
                    leaf,
                    count,
                },
            );
            rest -= i128::from(amount);
            count = 0;
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
        let Some(place) = pairs.min_by_key(|place| len(*place) + len(place + 1)) else { return };
        let mut merged = self.runs.remove(place + 1).changes;
        merged.append(&mut self.runs[place].changes);
        merged.sort_by_key(|change| (change.occurred_at, change.position));
        self.runs[place] = Run::of(merged, leaves);
    }
}

#[derive(Debug, Clone, Copy)]
struct Point {
    as_of: i64,
    known_at: u64,
}

/// Changes by rising time, and what is known of them together.
#[derive(Debug, Default)]
struct Run {
    changes: Vec<Change>,
    /// Of each full block that no longer changes: the least and the greatest position.
    blocks: Vec<(u64, u64)>,
    checkpoints: Vec<Checkpoint>,
}

/// The sums of the first `len` changes, whose positions are `most` at most.
#[derive(Debug)]
struct Checkpoint {
    len: usize,
    most: u64,
    sums: Vec<Sum>,
}

impl Run {
    /// A run of changes that are sorted.
    fn of(changes: Vec<Change>, leaves: usize) -> Run {
        let mut run = Run {
            changes,
            ..Run::default()
        };
        run.seal(leaves);
        run
    }

    fn sealed(&self) -> usize {
        self.blocks.len() * BLOCK
    }

    /// Where a change of this instant belongs; `None` before what no longer changes.
    fn place(&self, occurred_at: i64) -> Option<usize> {
        if self
            .changes
            .last()
            .is_none_or(|last| last.occurred_at <= occurred_at)
        {
            return Some(self.changes.len());
        }
        let sealed = self.sealed();
        let open = &self.changes[sealed..];
        let place = sealed + open.partition_point(|change| change.occurred_at <= occurred_at);
        let fits = sealed == 0 || self.changes[sealed - 1].occurred_at <= occurred_at;
        fits.then_some(place)
    }

    fn insert(&mut self, place: usize, change: Change, leaves: usize) {
        self.changes.insert(place, change);
        self.seal(leaves);
    }

    /// Adds changes, of which the earliest has its place here.
    fn extend(&mut self, changes: Vec<Change>, leaves: usize) {
        let sealed = self.sealed();
        self.changes.extend(changes);
        self.changes[sealed..].sort_by_key(|change| change.occurred_at);
        self.seal(leaves);
    }

    /// Closes full blocks. The last one stays open, so that what comes a little late finds its
    /// place at the cost of moving a few others.
    fn seal(&mut self, leaves: usize) {
        while self.changes.len() >= self.sealed() + 2 * BLOCK {
            let block = &self.changes[self.sealed()..self.sealed() + BLOCK];
            let bounds = block.iter().fold((u64::MAX, 0), |(least, most), change| {
                (change.position.min(least), change.position.max(most))
            });
            self.blocks.push(bounds);
            let since = self
                .checkpoints
                .last()
                .map_or(0, |checkpoint| checkpoint.len);
            // As far apart as a checkpoint is large: then all of them together are no larger than
            // the changes themselves.
            if self.sealed() - since >= CHECKPOINT_MIN.max(leaves) {
                self.set_checkpoint(since, leaves);
            }
        }
    }

    fn set_checkpoint(&mut self, since: usize, leaves: usize) {
        let last = self.checkpoints.last();
        let mut sums = last.map_or_else(Vec::new, |checkpoint| checkpoint.sums.clone());
        sums.resize(leaves, Sum::default());
        let len = self.sealed();
        add(&mut sums, &self.changes[since..len]);
        let before = last.map_or(0, |checkpoint| checkpoint.most);
        let blocks = &self.blocks[since / BLOCK..];
        let most = blocks.iter().map(|(_, most)| *most).fold(before, u64::max);
        self.checkpoints.push(Checkpoint { len, most, sums });
    }

    fn add_to(&self, sums: &mut [Sum], point: Point) {
        let end = match point.as_of {
            i64::MAX => self.changes.len(),
            as_of => self
                .changes
                .partition_point(|change| change.occurred_at < as_of),
        };
        let covered = self.checkpoints.partition_point(|checkpoint| {
            checkpoint.len <= end && checkpoint.most <= point.known_at
        });
        let mut start = 0;
        if let Some(checkpoint) = covered
            .checked_sub(1)
            .and_then(|at| self.checkpoints.get(at))
        {
            start = checkpoint.len;
            for (sum, more) in sums.iter_mut().zip(&checkpoint.sums) {
                sum.count += more.count;
                sum.amount += more.amount;
            }
        }
        while start < end {
            let stop = (start + BLOCK).min(end);
            let changes = &self.changes[start..stop];
            match self.blocks.get(start / BLOCK) {
                Some((least, _)) if *least > point.known_at => {}
                Some((_, most)) if *most <= point.known_at => add(sums, changes),
                _ => add_covered(sums, changes, point),
            }
            start = stop;
        }
    }
}

fn add(sums: &mut [Sum], changes: &[Change]) {
    for change in changes {
        if let Some(sum) = sums.get_mut(change.leaf as usize) {
            sum.count += i64::from(change.count);
            sum.amount += i128::from(change.amount);
        }
    }
}

fn add_covered(sums: &mut [Sum], changes: &[Change], point: Point) {
    for change in changes {
        let happened = change.occurred_at < point.as_of || point.as_of == i64::MAX;
        if happened && change.position <= point.known_at {
            add(sums, std::slice::from_ref(change));
        }
    }
}

#[cfg(test)]
mod tests;
