//! The brute force's arithmetic: shares, sums up the hierarchy, and judgements on the way.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    company::{CATEGORIES, Change},
    money,
};

/// Judgements in force, in the currency of the answer: whose, whether the manager's, of which
/// category and whether with all that is surer.
pub type Judgements = BTreeMap<(usize, bool, usize, bool), Change>;

/// A person, or the whole company.
type Node = Option<usize>;

/// The four amounts and three counts of a node and column.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cell {
    pub own: i64,
    pub sum: i64,
    pub without_manager: i64,
    pub forecast: i64,
    pub own_count: u64,
    pub count: u64,
    pub unconverted: u64,
}

/// The numbers of a node.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Row {
    pub individual: [Cell; CATEGORIES.len()],
    pub cumulative: [Cell; CATEGORIES.len()],
    pub quota: Option<i64>,
}

/// The table that numbers are worked out in.
#[derive(Debug, Default)]
pub struct Sums {
    pub rows: BTreeMap<Node, Row>,
    below: BTreeMap<Node, Vec<usize>>,
}

/// What the two judgements of a cell change.
type Effect = (i64, i64);

impl Sums {
    pub fn new(people: impl Iterator<Item = usize>) -> Sums {
        let rows = people.map(Some).chain([None]).map(|node| (node, Row::default())).collect();
        Sums { rows, below: BTreeMap::new() }
    }

    /// Stands everybody below their managers, by their ids; whom nobody knows stands at the top.
    pub fn settle(
        &mut self,
        seen: &BTreeSet<usize>,
        manager: impl Fn(usize) -> Node,
        ids: &[String],
    ) {
        for person in seen {
            self.rows.entry(Some(*person)).or_default();
        }
        for person in self.rows.keys().flatten() {
            self.below.entry(manager(*person)).or_default().push(*person);
        }
        for people in self.below.values_mut() {
            people.sort_by_key(|person| &ids[*person]);
        }
    }

    fn below(&self, node: Node) -> Vec<usize> {
        self.below.get(&node).cloned().unwrap_or_default()
    }

    fn exact(&self, node: Node, own: &BTreeMap<Node, i128>) -> i128 {
        let below = self.below(node).into_iter().map(|it| self.exact(Some(it), own));
        own.get(&node).copied().unwrap_or_default() + below.sum::<i128>()
    }

    /// Rounds the company's sum and shares it out downwards; counts upwards.
    pub fn share(&mut self, category: usize, own: &BTreeMap<Node, i128>) {
        let total = money::rounded(self.exact(None, own));
        self.share_at(None, total, category, own);
    }

    fn share_at(&mut self, node: Node, sum: i64, category: usize, own: &BTreeMap<Node, i128>) {
        let below = self.below(node);
        let parts = below.iter().map(|it| self.exact(Some(*it), own));
        let own_part = own.get(&node).copied().unwrap_or_default();
        let parts: Vec<i128> = [own_part].into_iter().chain(parts).collect();
        let shares = money::share(sum, &parts);
        let (mut count, mut unconverted) = (0, 0);
        for (it, share) in below.iter().zip(&shares[1..]) {
            self.share_at(Some(*it), *share, category, own);
            let cell = &self.rows[&Some(*it)].individual[category];
            (count, unconverted) = (count + cell.count, unconverted + cell.unconverted);
        }
        let cell = &mut self.rows.entry(node).or_default().individual[category];
        cell.own = shares[0];
        cell.sum = sum;
        cell.count = cell.own_count + count;
        cell.unconverted += unconverted;
    }

    /// The cumulative columns before any judgement.
    pub fn accumulate(&mut self) {
        for row in self.rows.values_mut() {
            for category in 0..CATEGORIES.len() {
                let cell = &mut row.cumulative[category];
                for part in parts(category).iter().map(|part| row.individual[*part]) {
                    cell.own += part.own;
                    cell.sum += part.sum;
                    cell.own_count += part.own_count;
                    cell.count += part.count;
                    cell.unconverted += part.unconverted;
                }
            }
        }
    }

    /// Judgements, from those at the bottom to the whole company.
    pub fn judge(&mut self, said: &Judgements) {
        self.judge_at(None, said);
    }

    fn judge_at(&mut self, node: Node, said: &Judgements) {
        let below = self.below(node);
        below.iter().for_each(|it| self.judge_at(Some(*it), said));
        let mut effects = [Effect::default(); CATEGORIES.len()];
        for (cumulative, category) in
            [false, true].into_iter().flat_map(|it| (0..CATEGORIES.len()).map(move |at| (it, at)))
        {
            let pick = |row: &Row| if cumulative { row.cumulative } else { row.individual };
            let expected = below.iter().map(|it| pick(&self.rows[&Some(*it)])[category].forecast);
            let expected: i64 = expected.sum();
            let said = |manager: bool, number: i64, inherited: i64| {
                let key = node.map(|person| (person, manager, category, cumulative));
                match key.and_then(|key| said.get(&key)) {
                    Some(Change::To(to)) => *to,
                    Some(Change::By(by)) => number + inherited + by,
                    None => number + inherited,
                }
            };
            let inherited = parts(category).iter().map(|part| effects[*part]);
            let inherited = inherited.filter(|_| cumulative);
            let inherited = inherited.fold((0, 0), |sum, it| (sum.0 + it.0, sum.1 + it.1));
            let row = self.rows.entry(node).or_default();
            let cells = if cumulative { &mut row.cumulative } else { &mut row.individual };
            let cell = &mut cells[category];
            let own = said(false, cell.own, inherited.0);
            cell.without_manager = own + expected;
            cell.forecast = said(true, cell.without_manager, inherited.1);
            if !cumulative {
                effects[category] = (own - cell.own, cell.forecast - cell.without_manager);
            }
        }
    }
}

/// The categories that a cumulative column is the sum of.
fn parts(category: usize) -> &'static [usize] {
    [&[0][..], &[1, 2, 3, 4], &[2, 3, 4, 5], &[3, 4, 5], &[4, 5], &[5]][category]
}
