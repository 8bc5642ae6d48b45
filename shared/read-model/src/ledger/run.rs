//! Runs: changes by rising time, with checkpoints from which a prefix is summed in a short scan.

use serde::{Deserialize, Serialize, Serializer};

use super::Sum;

/// Changes whose bounds of positions are kept together.
pub(super) const BLOCK: usize = 1024;
/// The fewest changes between two checkpoints.
const CHECKPOINT_MIN: usize = 8 * BLOCK;

#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(super) struct Change {
    pub(super) occurred_at: i64,
    pub(super) position: u64,
    pub(super) amount: i64,
    pub(super) leaf: u32,
    pub(super) count: i32,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Point {
    pub(super) as_of: i64,
    pub(super) known_at: u64,
}

/// Changes by rising time, and what is known of them together.
#[derive(Debug, Default)]
pub(super) struct Run {
    pub(super) changes: Vec<Change>,
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
    pub(super) fn of(changes: Vec<Change>, leaves: usize) -> Run {
        let mut run = Run { changes, ..Run::default() };
        run.seal(leaves);
        run
    }

    /// A run of changes that are given by rising position, and those that came too late for it. It
    /// lies where they lay: changes are many, and memory need not hold them twice.
    pub(super) fn of_arrivals(mut changes: Vec<Change>, leaves: usize) -> (Run, Vec<Change>) {
        let (mut len, mut late) = (0, Vec::new());
        for next in 0..changes.len() {
            let change = changes[next];
            match place_among(&changes[..len], sealed_of(len), change.occurred_at) {
                Some(place) => {
                    changes.copy_within(place..len, place + 1);
                    changes[place] = change;
                    len += 1;
                }
                None => late.push(change),
            }
        }
        changes.truncate(len);
        changes.shrink_to_fit();
        (Run::of(changes, leaves), late)
    }

    fn sealed(&self) -> usize {
        self.blocks.len() * BLOCK
    }

    /// Where a change of this instant belongs; `None` before what no longer changes.
    pub(super) fn place(&self, occurred_at: i64) -> Option<usize> {
        place_among(&self.changes, self.sealed(), occurred_at)
    }

    pub(super) fn insert(&mut self, place: usize, change: Change, leaves: usize) {
        self.changes.insert(place, change);
        self.seal(leaves);
    }

    /// Adds changes, of which the earliest has its place here.
    pub(super) fn extend(&mut self, changes: Vec<Change>, leaves: usize) {
        let sealed = self.sealed();
        self.changes.extend(changes);
        self.changes[sealed..].sort_by_key(|change| change.occurred_at);
        self.seal(leaves);
    }

    /// Closes full blocks. The last one stays open, so that what comes a little late finds its
    /// place at the cost of moving a few others.
    fn seal(&mut self, leaves: usize) {
        while self.sealed() < sealed_of(self.changes.len()) {
            let block = &self.changes[self.sealed()..self.sealed() + BLOCK];
            let bounds = block.iter().fold((u64::MAX, 0), |(least, most), change| {
                (change.position.min(least), change.position.max(most))
            });
            self.blocks.push(bounds);
            let since = self.checkpoints.last().map_or(0, |checkpoint| checkpoint.len);
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

    pub(super) fn add_to(&self, sums: &mut [Sum], point: Point) {
        let end = match point.as_of {
            i64::MAX => self.changes.len(),
            as_of => self.changes.partition_point(|change| change.occurred_at < as_of),
        };
        let covered = self.checkpoints.partition_point(|checkpoint| {
            checkpoint.len <= end && checkpoint.most <= point.known_at
        });
        let mut start = 0;
        if let Some(checkpoint) = covered.checked_sub(1).and_then(|at| self.checkpoints.get(at)) {
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

/// How many of so many changes no longer change: all but the last block, and what begins another.
fn sealed_of(len: usize) -> usize {
    (len / BLOCK).saturating_sub(1) * BLOCK
}

/// Where among changes by rising time one of this instant belongs; `None` before what no longer
/// changes.
fn place_among(changes: &[Change], sealed: usize, occurred_at: i64) -> Option<usize> {
    if changes.last().is_none_or(|last| last.occurred_at <= occurred_at) {
        return Some(changes.len());
    }
    let open = &changes[sealed..];
    let place = sealed + open.partition_point(|change| change.occurred_at <= occurred_at);
    let fits = sealed == 0 || changes[sealed - 1].occurred_at <= occurred_at;
    fits.then_some(place)
}

/// A change as it is kept: how far from the one before on both axes, the amount, the leaf, the count.
type Difference = (i64, i64, i64, u32, i32);

/// A run is kept as its changes, from which all else follows. Neighbours lie close on both axes, so
/// differences are short.
impl Serialize for Run {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let start = Change::default();
        let before = std::iter::once(&start).chain(&self.changes);
        let differences = self.changes.iter().zip(before).map(|(change, before)| {
            let occurred_at = change.occurred_at.wrapping_sub(before.occurred_at);
            let position = change.position.wrapping_sub(before.position).cast_signed();
            (occurred_at, position, change.amount, change.leaf, change.count)
        });
        to.collect_seq(differences)
    }
}

/// The changes of a run that was kept.
#[derive(Deserialize)]
#[serde(from = "Vec<Difference>")]
pub(super) struct Kept(pub(super) Vec<Change>);

impl From<Vec<Difference>> for Kept {
    fn from(differences: Vec<Difference>) -> Kept {
        let mut before = Change::default();
        let changes =
            differences.into_iter().map(|(occurred_at, position, amount, leaf, count)| {
                let occurred_at = before.occurred_at.wrapping_add(occurred_at);
                let position = before.position.wrapping_add_signed(position);
                before = Change { occurred_at, position, amount, leaf, count };
                before
            });
        Kept(changes.collect())
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

pub(super) fn add_covered(sums: &mut [Sum], changes: &[Change], point: Point) {
    for change in changes {
        let happened = change.occurred_at < point.as_of || point.as_of == i64::MAX;
        if happened && change.position <= point.known_at {
            add(sums, std::slice::from_ref(change));
        }
    }
}
