//! What a deal adds to a view as its life goes on, and how news of it changes that in hindsight.

use domain::{
    Entity, Entry, Fact, Instant, Known, Money, Timeline,
    opportunity::{self, Opportunity},
};
use uuid::Uuid;

use crate::{digest::Digest, timelines::EntityRef};

/// What a deal adds to a view between two of its facts.
pub trait Standing: Clone + PartialEq {
    /// What it adds after a fact, given what it added before; `None` for nothing.
    fn after(before: Option<&Self>, deal: &Opportunity, fact: &opportunity::Fact) -> Option<Self>;
    /// Appends all that it says to a row of a digest.
    fn write(&self, row: &mut Vec<u8>);
}

/// From this instant on, the deal adds this.
#[derive(Debug, Clone, PartialEq)]
pub struct Step<S> {
    /// From when on.
    pub at: Instant,
    /// What it adds; `None` for nothing.
    pub stands: Option<S>,
}

/// A signed change of what a view holds, on both axes.
#[derive(Debug, Clone, PartialEq)]
pub struct Signed<S> {
    /// When it happened.
    pub occurred_at: Instant,
    /// The position that brought it.
    pub position: u64,
    /// How many times it is added; below zero: taken away.
    pub sign: i32,
    /// What is added.
    pub stands: S,
}

/// What a commit taught of a deal: where its steps part from those that were known before.
#[derive(Debug, Clone, PartialEq)]
pub struct News<S> {
    /// What the deal adds up to there.
    stood: Option<S>,
    /// The steps from there on, as they were known before.
    before: Vec<Step<S>>,
    /// The same, as they are known now.
    after: Vec<Step<S>>,
}

/// A deal on its way through its facts.
struct Life<S> {
    deal: Opportunity,
    /// One step per instant at which something changed.
    steps: Vec<Step<S>>,
}

impl<S: Standing> Life<S> {
    fn new() -> Life<S> {
        Life { deal: Opportunity::default(), steps: Vec::new() }
    }

    fn of<'a>(entries: impl Iterator<Item = &'a Entry>) -> Vec<Step<S>> {
        let mut life = Life::new();
        entries.for_each(|entry| life.take(entry));
        life.steps
    }

    fn stands(&self) -> Option<&S> {
        self.steps.last().and_then(|step| step.stands.as_ref())
    }

    fn take(&mut self, entry: &Entry) {
        let Fact::Opportunity(fact) = &entry.fact else {
            return;
        };
        self.deal.evolve(&entry.moment, fact);
        let stands = S::after(self.stands(), &self.deal, fact);
        let at = entry.moment.occurred_at;
        // As of an instant is before all of its facts, so only what the last of them leaves counts.
        if self.steps.last().is_some_and(|step| step.at == at) {
            self.steps.pop();
        }
        if self.stands() != stands.as_ref() {
            self.steps.push(Step { at, stands });
        }
    }
}

/// The changes of a whole timeline up to a position, each at the position that brought it; and the
/// steps as they are known there.
pub fn load<S: Standing>(timeline: &Timeline, upto: u64) -> (Vec<Signed<S>>, Vec<Step<S>>) {
    if !timeline.is_plain() {
        return replay(timeline, upto);
    }
    // A fact leaves one step at most, and two changes.
    let most = timeline.entries().len();
    let (mut life, mut changes) = (Life::<S>::new(), Vec::with_capacity(2 * most));
    life.steps.reserve_exact(most);
    for entry in timeline.entries().iter().take_while(|entry| entry.position <= upto) {
        let before = life.stands().cloned();
        life.take(entry);
        let (occurred_at, position) = (entry.moment.occurred_at, entry.position);
        if before.as_ref() != life.stands() {
            let change = |sign| move |stands| Signed { occurred_at, position, sign, stands };
            changes.extend(before.map(change(-1)));
            changes.extend(life.stands().cloned().map(change(1)));
        }
    }
    (changes, life.steps)
}

/// Facts came late or were taken back: what each position taught, one after another.
fn replay<S: Standing>(timeline: &Timeline, upto: u64) -> (Vec<Signed<S>>, Vec<Step<S>>) {
    let known = timeline.entries().iter().map(|entry| entry.position);
    let mut positions: Vec<u64> = known.filter(|position| *position <= upto).collect();
    positions.sort_unstable();
    positions.dedup();
    let (mut changes, mut steps) = (Vec::new(), Vec::new());
    for position in positions {
        if !moves(timeline, position) {
            continue;
        }
        let known = Known { known_at: position, ..Known::NOW };
        let after = Life::of(timeline.live(known));
        changes.extend(News::between(None, &steps, &after).changes(position));
        steps = after;
    }
    (changes, steps)
}

/// Whether the facts at a position can change what any view holds: a note does not.
fn moves(timeline: &Timeline, position: u64) -> bool {
    let mut facts = timeline.entries().iter().filter(|entry| entry.position == position);
    facts.any(|entry| !matches!(&entry.fact, Fact::Opportunity(opportunity::Fact::Noted(_))))
}

/// What the commit at a position taught.
pub fn taught<S: Standing>(timeline: &Timeline, position: u64) -> News<S> {
    let here = |entry: &Entry| entry.position == position;
    if !moves(timeline, position) {
        return News { stood: None, before: Vec::new(), after: Vec::new() };
    }
    let known = Known { known_at: position, ..Known::NOW };
    let voids = timeline.entries().iter().any(|entry| here(entry) && entry.fact.voids().is_some());
    if voids {
        let before = Known { known_at: position.saturating_sub(1), ..Known::NOW };
        let (before, after) = (timeline.live(before), timeline.live(known));
        return News::between(None, &Life::of(before), &Life::of(after));
    }
    let live: Vec<&Entry> = timeline.live(known).collect();
    let first = live.iter().position(|entry| here(entry)).unwrap_or(live.len());
    let (past, rest) = live.split_at(first);
    if !rest.iter().all(|entry| here(entry)) {
        let before = live.iter().copied().filter(|entry| !here(entry));
        return News::between(None, &Life::of(before), &Life::of(live.iter().copied()));
    }
    // Nearly always: news of what happened last. One pass knows both, and they part at the last step,
    // whose instant the news may share.
    let mut life = Life::new();
    past.iter().for_each(|entry| life.take(entry));
    let last = life.steps.len().saturating_sub(1);
    let before = life.steps[last..].to_vec();
    rest.iter().for_each(|entry| life.take(entry));
    let after = life.steps.split_off(last);
    News::between(life.stands(), &before, &after)
}

impl<S: Standing> News<S> {
    /// The way from some steps to others, on both of which `stood` is what came before.
    fn between(stood: Option<&S>, before: &[Step<S>], after: &[Step<S>]) -> News<S> {
        let same = before.iter().zip(after).take_while(|(old, new)| old == new).count();
        let stood = before[..same].last().map_or(stood, |step| step.stands.as_ref());
        let (before, after) = (before[same..].to_vec(), after[same..].to_vec());
        News { stood: stood.cloned(), before, after }
    }

    /// The signed changes that lead from what was known to what is known now.
    pub fn changes(&self, position: u64) -> Vec<Signed<S>> {
        let mut was = self.stood.as_ref();
        let mut is = was;
        let (mut old, mut new) = (self.before.iter().peekable(), self.after.iter().peekable());
        let mut changes = Vec::new();
        loop {
            let next = old.peek().into_iter().chain(new.peek()).map(|step| step.at);
            let Some(occurred_at) = next.min() else {
                return changes;
            };
            let at = |step: &&Step<S>| step.at == occurred_at;
            let (was_before, is_before) = (was, is);
            was = old.next_if(at).map_or(was, |step| step.stands.as_ref());
            is = new.next_if(at).map_or(is, |step| step.stands.as_ref());
            let mut net: Vec<(i32, &S)> = Vec::with_capacity(4);
            for (sign, stands) in [(-1, is_before), (1, was_before), (-1, was), (1, is)] {
                let Some(stands) = stands else { continue };
                match net.iter_mut().find(|(_, other)| *other == stands) {
                    Some((sum, _)) => *sum += sign,
                    None => net.push((sign, stands)),
                }
            }
            net.retain(|(sign, _)| *sign != 0);
            changes.extend(net.into_iter().map(|(sign, stands)| Signed {
                occurred_at,
                position,
                sign,
                stands: stands.clone(),
            }));
        }
    }

    /// Lets a digest of a tenant stand for what is known now instead of what was known before. News
    /// of what happened last changes one row, however long a deal has lived.
    pub fn restate(&self, digest: &mut Digest, entity: &EntityRef) {
        let mut row = Vec::with_capacity(128);
        for step in &self.before {
            write_step(&mut row, entity.id, step);
            digest.remove(&row);
        }
        add_rows(digest, entity, &self.after);
    }
}

/// Adds a deal's steps to a digest of a tenant. Each is one row of it: positions are left out, and an
/// instant has one step, so the digest is the same whatever order facts came in.
pub fn add_rows<S: Standing>(digest: &mut Digest, entity: &EntityRef, steps: &[Step<S>]) {
    let mut row = Vec::with_capacity(128);
    for step in steps {
        write_step(&mut row, entity.id, step);
        digest.add(&row);
    }
}

fn write_step<S: Standing>(row: &mut Vec<u8>, deal: Uuid, step: &Step<S>) {
    row.clear();
    row.extend_from_slice(deal.as_bytes());
    row.extend_from_slice(&step.at.0.to_le_bytes());
    row.push(u8::from(step.stands.is_some()));
    if let Some(stands) = &step.stands {
        stands.write(row);
    }
}

/// Appends a text with its length, so that no two rows read alike.
pub fn write_text(row: &mut Vec<u8>, text: &str) {
    row.extend_from_slice(&(text.len() as u32).to_le_bytes());
    row.extend_from_slice(text.as_bytes());
}

/// Appends an id that may be absent.
pub fn write_id(row: &mut Vec<u8>, id: Option<Uuid>) {
    row.push(u8::from(id.is_some()));
    row.extend_from_slice(id.unwrap_or_default().as_bytes());
}

/// Appends an amount that may be absent.
pub fn write_amount(row: &mut Vec<u8>, amount: Option<Money>) {
    row.push(u8::from(amount.is_some()));
    if let Some(amount) = amount {
        row.extend_from_slice(amount.currency.code().as_bytes());
        row.extend_from_slice(&amount.minor.to_le_bytes());
    }
}

#[cfg(test)]
mod tests;
