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

/// After a fact of its life, the deal adds this.
#[derive(Debug, Clone, PartialEq)]
pub struct Turn<S> {
    /// When the fact happened.
    pub occurred_at: Instant,
    /// The position that brought it.
    pub position: u64,
    /// What the deal adds; `None` for nothing.
    pub stands: Option<S>,
}

/// A signed change of what a view holds, on both axes.
#[derive(Debug, Clone, PartialEq)]
pub struct Signed<'a, S> {
    /// When it happened.
    pub occurred_at: Instant,
    /// The position that brought it.
    pub position: u64,
    /// How many times it is added; below zero: taken away.
    pub sign: i32,
    /// What is added.
    pub stands: &'a S,
}

/// All that a timeline says up to a position.
#[derive(Debug, Clone, PartialEq)]
pub enum Life<S> {
    /// Facts came in the order in which they happened and none was taken back: the turns that the
    /// deal took, one after another on both axes.
    Straight(Vec<Turn<S>>),
    /// What each position taught, and the steps that are known after all of them.
    Revised {
        /// Positions with their news.
        news: Vec<(u64, News<S>)>,
        /// What is known now.
        steps: Vec<Step<S>>,
    },
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
struct Walk<S> {
    deal: Opportunity,
    /// One step per instant at which something changed.
    steps: Vec<Step<S>>,
}

impl<S: Standing> Walk<S> {
    fn new() -> Walk<S> {
        Walk { deal: Opportunity::default(), steps: Vec::new() }
    }

    fn over<'a>(entries: impl Iterator<Item = &'a Entry>) -> Walk<S> {
        let mut walk = Walk::new();
        entries.for_each(|entry| walk.take(entry));
        walk
    }

    /// Walks on over what happened after all else, and says what that changed.
    fn go_on<'a>(&mut self, entries: impl Iterator<Item = &'a Entry>) -> News<S> {
        // The ways part at the last step, whose instant the news may share.
        let last = self.steps.len().saturating_sub(1);
        let stood = self.steps[..last].last().and_then(|step| step.stands.clone());
        let before = self.steps[last..].to_vec();
        entries.for_each(|entry| self.take(entry));
        News::between(stood.as_ref(), &before, &self.steps[last..])
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

/// A deal's life up to a position.
pub fn life<S: Standing>(timeline: &Timeline, upto: u64) -> Life<S> {
    if !timeline.is_plain() {
        return replay(timeline, upto);
    }
    let mut deal = Opportunity::default();
    let mut turns = Vec::<Turn<S>>::with_capacity(timeline.entries().len());
    for entry in timeline.entries().iter().take_while(|entry| entry.position <= upto) {
        let Fact::Opportunity(fact) = &entry.fact else { continue };
        deal.evolve(&entry.moment, fact);
        let before = turns.last().and_then(|turn| turn.stands.as_ref());
        let stands = S::after(before, &deal, fact);
        if before != stands.as_ref() {
            let (occurred_at, position) = (entry.moment.occurred_at, entry.position);
            turns.push(Turn { occurred_at, position, stands });
        }
    }
    Life::Straight(turns)
}

/// Facts came late or were taken back: what each position taught, one after another.
fn replay<S: Standing>(timeline: &Timeline, upto: u64) -> Life<S> {
    let entries = timeline.entries();
    let mut arrivals: Vec<(u64, usize)> =
        entries.iter().map(|entry| entry.position).zip(0..).filter(|(it, _)| *it <= upto).collect();
    arrivals.sort_unstable();
    // How far the walk has come, and how much of the timeline it need not walk again.
    let (mut walk, mut end, mut news) = (Walk::new(), 0, Vec::new());
    for commit in arrivals.chunk_by(|one, next| one.0 == next.0) {
        let (position, first) = commit[0];
        let facts = || commit.iter().map(|(_, place)| &entries[*place]);
        if !facts().any(can_move) {
            continue;
        }
        let goes_on = first >= end
            && facts()
                .all(|it| it.fact.voids().is_none() && !timeline.is_voided(it.moment.command_id));
        if goes_on {
            news.push((position, walk.go_on(facts())));
        } else {
            let before = std::mem::replace(&mut walk, Walk::over(known(timeline, position)));
            news.push((position, News::between(None, &before.steps, &walk.steps)));
        }
        end = commit.iter().fold(end, |end, (_, place)| end.max(place + 1));
    }
    Life::Revised { news, steps: walk.steps }
}

/// The facts that count at a position, in the order in which they happened.
fn known(timeline: &Timeline, position: u64) -> impl Iterator<Item = &Entry> {
    timeline.live(Known { known_at: position, ..Known::NOW })
}

impl<S: Standing> Life<S> {
    /// The signed changes that its facts were, each at the position that brought it.
    pub fn changes(&self) -> Vec<Signed<'_, S>> {
        let turns = match self {
            Life::Straight(turns) => turns,
            Life::Revised { news, .. } => {
                return news.iter().flat_map(|(position, news)| news.changes(*position)).collect();
            }
        };
        let (mut changes, mut before) = (Vec::with_capacity(2 * turns.len()), None);
        for Turn { occurred_at, position, stands } in turns {
            let (occurred_at, position) = (*occurred_at, *position);
            let change = |sign| move |stands| Signed { occurred_at, position, sign, stands };
            changes.extend(before.map(change(-1)));
            before = stands.as_ref();
            changes.extend(before.map(change(1)));
        }
        changes
    }

    /// Adds the deal's steps to a digest of a tenant. Each is one row of it: positions are left out,
    /// and an instant has one step, so the digest is the same whatever order facts came in.
    pub fn add_to(&self, digest: &mut Digest, entity: &EntityRef) {
        let turns = match self {
            Life::Straight(turns) => turns,
            Life::Revised { steps, .. } => return add_rows(digest, entity, steps),
        };
        let (mut row, mut before) = (Vec::with_capacity(128), None);
        // Only what the last fact of an instant leaves counts, if it differs from what was before.
        for turns in turns.chunk_by(|one, next| one.occurred_at == next.occurred_at) {
            let Some(Turn { occurred_at, stands, .. }) = turns.last() else { continue };
            if before != stands.as_ref() {
                before = stands.as_ref();
                write_step(&mut row, entity.id, *occurred_at, before);
                digest.add(&row);
            }
        }
    }
}

/// Whether a fact can change what any view holds: a note does not.
fn can_move(entry: &Entry) -> bool {
    !matches!(&entry.fact, Fact::Opportunity(opportunity::Fact::Noted(_)))
}

/// What the commit at a position taught.
pub fn taught<S: Standing>(timeline: &Timeline, position: u64) -> News<S> {
    let here = |entry: &Entry| entry.position == position;
    let facts = || timeline.entries().iter().filter(|entry| here(entry));
    if !facts().any(can_move) {
        return News { stood: None, before: Vec::new(), after: Vec::new() };
    }
    if facts().any(|entry| entry.fact.voids().is_some()) {
        let before = Walk::over(known(timeline, position.saturating_sub(1)));
        return News::between(None, &before.steps, &Walk::over(known(timeline, position)).steps);
    }
    let live: Vec<&Entry> = known(timeline, position).collect();
    let first = live.iter().position(|entry| here(entry)).unwrap_or(live.len());
    let (past, rest) = live.split_at(first);
    if !rest.iter().all(|entry| here(entry)) {
        let before = Walk::over(live.iter().copied().filter(|entry| !here(entry)));
        return News::between(None, &before.steps, &Walk::over(live.iter().copied()).steps);
    }
    // Nearly always: news of what happened last. One walk knows both.
    Walk::over(past.iter().copied()).go_on(rest.iter().copied())
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
    pub fn changes(&self, position: u64) -> Vec<Signed<'_, S>> {
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
                stands,
            }));
        }
    }

    /// Lets a digest of a tenant stand for what is known now instead of what was known before. News
    /// of what happened last changes one row, however long a deal has lived.
    pub fn restate(&self, digest: &mut Digest, entity: &EntityRef) {
        let mut row = Vec::with_capacity(128);
        for step in &self.before {
            write_step(&mut row, entity.id, step.at, step.stands.as_ref());
            digest.remove(&row);
        }
        add_rows(digest, entity, &self.after);
    }
}

/// Adds steps to a digest of a tenant, each as a row.
fn add_rows<S: Standing>(digest: &mut Digest, entity: &EntityRef, steps: &[Step<S>]) {
    let mut row = Vec::with_capacity(128);
    for step in steps {
        write_step(&mut row, entity.id, step.at, step.stands.as_ref());
        digest.add(&row);
    }
}

fn write_step<S: Standing>(row: &mut Vec<u8>, deal: Uuid, at: Instant, stands: Option<&S>) {
    row.clear();
    row.extend_from_slice(deal.as_bytes());
    row.extend_from_slice(&at.0.to_le_bytes());
    row.push(u8::from(stands.is_some()));
    if let Some(stands) = stands {
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
