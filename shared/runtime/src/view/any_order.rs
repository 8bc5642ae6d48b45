//! For tests of views: any facts, legal or not, in any order of arrival, some of them twice. A view
//! has to stand where a plain fold of what arrived stands, whichever way it was fed.

use std::{
    collections::{BTreeMap, HashSet},
    fmt::Debug,
    sync::Arc,
};

use domain::{Entity, Entry, Fact, Instant, Moment, Provenance, Reason, Timeline};
use proptest::{collection::vec, prelude::*};
use uuid::Uuid;

use super::View;
use crate::{digest::Digest, timelines::EntityRef};

/// Whether a law held.
pub type Checked = Result<(), TestCaseError>;

/// A commit's facts of one entity, at the commit's position.
pub type Arrived = (u64, EntityRef, Vec<Entry>);

/// The facts of an entity that count, in the order in which they happened.
pub type Counted = BTreeMap<Moment, Fact>;

/// The tenants of every story. The entities with the number 3 are the second one's.
pub const TENANTS: [&str; 2] = ["acme", "ajax"];

/// What one command said at an instant, of which entities.
#[derive(Debug, Clone)]
struct Said {
    command: u128,
    at: i64,
    source_seq: u64,
    facts: Vec<(u128, Fact)>,
}

/// What was said, and the order in which it arrived.
#[derive(Debug, Clone)]
pub struct Story {
    said: Vec<Said>,
    arrivals: Vec<usize>,
}

/// The id with this number.
pub fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

/// Few numbers, so that ids meet again.
pub fn few() -> impl Strategy<Value = u128> {
    1..4_u128
}

/// A command that a void may name: there or not, of this entity or not.
pub fn command() -> impl Strategy<Value = Uuid> {
    (1..12_u128).prop_map(id)
}

/// A reason without words.
pub fn reason(code: &str) -> Reason {
    Reason { code: code.to_owned(), text: None }
}

/// Commands at few instants, each of which says something of one entity or of several.
pub fn story(fact: impl Strategy<Value = Fact> + 'static) -> impl Strategy<Value = Story> {
    let said = vec((0..6_i64, 0..2_u64, vec((few(), fact), 1..4)), 1..12).prop_map(|said| {
        let said = (1..).zip(said);
        let said =
            said.map(|(command, (at, source_seq, facts))| Said { command, at, source_seq, facts });
        said.collect::<Vec<_>>()
    });
    said.prop_flat_map(|said| {
        let many = said.len();
        let arrivals = vec(0..many, 0..=many / 2).prop_flat_map(move |again| {
            Just((0..many).chain(again).collect::<Vec<_>>()).prop_shuffle()
        });
        (Just(said), arrivals).prop_map(|(said, arrivals)| Story { said, arrivals })
    })
}

impl Story {
    /// One more command, which arrives last. Gives its id, which none of those before has or names.
    pub fn say(&mut self, at: i64, facts: Vec<(u128, Fact)>) -> Uuid {
        let command = 1_000 + self.said.len() as u128;
        self.arrivals.push(self.said.len());
        self.said.push(Said { command, at, source_seq: 0, facts });
        id(command)
    }

    /// What arrived, late and twice.
    pub fn arrived(&self) -> Vec<Arrived> {
        self.arrived_as(&self.arrivals)
    }

    /// The same, as if everything had arrived once and in the order of its commands.
    pub fn in_order(&self) -> Vec<Arrived> {
        let order: Vec<usize> = (0..self.said.len()).collect();
        self.arrived_as(&order)
    }

    fn arrived_as(&self, order: &[usize]) -> Vec<Arrived> {
        let mut arrived = Vec::new();
        for (position, which) in (1..).zip(order) {
            let Said { command, at, source_seq, facts } = &self.said[*which];
            let mut commit = BTreeMap::<EntityRef, Vec<Entry>>::new();
            for (number, fact) in facts {
                let tenant = TENANTS[usize::from(*number == 3)].into();
                let entity = EntityRef { tenant, kind: fact.kind(), id: id(*number) };
                let entries = commit.entry(entity).or_default();
                let moment = Moment {
                    occurred_at: Instant(*at),
                    source_seq: *source_seq,
                    command_id: id(*command),
                    index: entries.len() as u32,
                };
                entries.push(entry(moment, position, fact));
            }
            arrived.extend(commit.into_iter().map(|(entity, entries)| (position, entity, entries)));
        }
        arrived
    }
}

fn entry(moment: Moment, position: u64, fact: &Fact) -> Entry {
    Entry {
        moment,
        position,
        recorded_at: Instant(0),
        provenance: Provenance {
            fingerprint: [0; 16],
            actor: Arc::from("ada"),
            origin: None,
            correlation_id: moment.command_id,
            causation_id: None,
        },
        fact: fact.clone(),
    }
}

// ── How a view is fed ────────────────────────────────────────────────────────────────────────

/// Every entity's timeline.
pub type Timelines = BTreeMap<EntityRef, Timeline>;

fn insert<V: View>(timelines: &mut Timelines, commit: &[Arrived]) {
    for (_, entity, entries) in commit.iter().filter(|(_, it, _)| V::KINDS.contains(&it.kind)) {
        let timeline = timelines.entry(entity.clone()).or_default();
        for entry in entries {
            timeline.insert(entry.clone());
        }
    }
}

fn apply<V: View>(view: &mut V, timelines: &Timelines, commit: &[Arrived]) {
    for (position, entity, _) in commit {
        if let Some(timeline) = timelines.get(entity) {
            view.apply(entity, timeline, *position);
        }
    }
}

/// A view that was there from the beginning, looked at after each position.
pub fn followed<V: View>(
    arrived: &[Arrived],
    mut look: impl FnMut(u64, &V) -> Checked,
) -> Result<V, TestCaseError> {
    let (mut view, mut timelines) = (V::default(), Timelines::new());
    for commit in arrived.chunk_by(|one, next| one.0 == next.0) {
        insert::<V>(&mut timelines, commit);
        apply(&mut view, &timelines, commit);
        look(commit[0].0, &view)?;
    }
    Ok(view)
}

/// A view that was loaded up to a position, from timelines that hold what came later already.
pub fn loaded<V: View>(arrived: &[Arrived], upto: u64) -> V {
    let (mut view, mut timelines) = (V::default(), Timelines::new());
    insert::<V>(&mut timelines, arrived);
    for (entity, timeline) in &timelines {
        view.load(entity, timeline, upto);
    }
    view.settle();
    view
}

/// The same, after it has caught up with what came later.
pub fn joined<V: View>(arrived: &[Arrived], upto: u64) -> V {
    caught_up(loaded(arrived, upto), arrived, upto)
}

/// The same, but between loading and catching up it was kept over the end of a process.
pub fn kept<V: View>(arrived: &[Arrived], upto: u64) -> V {
    let mut timelines = Timelines::new();
    insert::<V>(&mut timelines, arrived);
    caught_up(restored(&loaded::<V>(arrived, upto), &timelines, upto), arrived, upto)
}

fn caught_up<V: View>(mut view: V, arrived: &[Arrived], since: u64) -> V {
    let mut timelines = Timelines::new();
    insert::<V>(&mut timelines, arrived);
    let later = arrived.iter().filter(|(position, ..)| *position > since).cloned();
    apply(&mut view, &timelines, &later.collect::<Vec<_>>());
    view
}

/// A view that was kept at a position, as the next life of the process has it.
pub fn restored<V: View>(view: &V, timelines: &Timelines, position: u64) -> V {
    let bytes = postcard::to_stdvec(view).expect("a view serialises");
    let mut restored: V = postcard::from_bytes(&bytes).expect("and is read back");
    for entity in view.left_out() {
        restored.load(&entity, &timelines[&entity], position);
    }
    restored
}

/// The digests of both tenants.
pub fn digests<V: View>(view: &V) -> [Digest; 2] {
    TENANTS.map(|tenant| view.digest(tenant))
}

// ── What it must say ─────────────────────────────────────────────────────────────────────────

/// What counts of each entity once all of this has arrived, found by looking at all of it.
pub fn counted(arrived: &[Arrived]) -> BTreeMap<EntityRef, Counted> {
    let mut known = BTreeMap::<EntityRef, Counted>::new();
    for (_, entity, entries) in arrived {
        let facts = known.entry(entity.clone()).or_default();
        facts.extend(entries.iter().map(|entry| (entry.moment, entry.fact.clone())));
    }
    for facts in known.values_mut() {
        let voided: HashSet<Uuid> = facts.values().filter_map(Fact::voids).collect();
        facts.retain(|moment, fact| fact.voids().is_none() && !voided.contains(&moment.command_id));
    }
    known
}

/// The state after facts, one after another.
pub fn state<E: Entity>(facts: &Counted) -> E {
    let mut state = E::default();
    for (moment, fact) in facts {
        if let Some(fact) = E::fact(fact) {
            state.evolve(moment, fact);
        }
    }
    state
}

/// How many facts do not fit those before them.
pub fn faults<E: Entity>(facts: &Counted) -> u32 {
    state::<E>(facts).faults().len() as u32
}

/// Holds what a view shows against what a plain fold of all that arrived tells, at every position
/// and whichever way it was fed. A digest moves when `exists` of that does, and only then.
pub fn check<V: View, T: PartialEq + Debug>(
    story: &Story,
    shows: impl Fn(&V) -> T,
    tells: impl Fn(&[Arrived]) -> T,
    exists: impl Fn(&T) -> T,
) -> Checked {
    let arrived = story.arrived();
    let mut before = (exists(&tells(&[])), digests(&V::default()));
    let view = followed(&arrived, |position, view: &V| {
        let told = tells(&arrived[..arrived.partition_point(|it| it.0 <= position)]);
        prop_assert_eq!(&shows(view), &told, "followed up to {}", position);
        let half: V = loaded(&arrived, position);
        prop_assert_eq!(&shows(&half), &told, "loaded up to {}", position);
        prop_assert_eq!(digests(&half), digests(view), "loaded up to {}", position);
        let now = (exists(&told), digests(view));
        prop_assert_eq!(now.0 == before.0, now.1 == before.1, "the digest at {}", position);
        before = now;
        Ok(())
    })?;
    for upto in 0..=arrived.last().map_or(0, |it| it.0) {
        let other: V = joined(&arrived, upto);
        prop_assert_eq!(shows(&other), shows(&view), "loaded up to {} and caught up", upto);
        prop_assert_eq!(digests(&other), digests(&view), "loaded up to {} and caught up", upto);
        let other: V = kept(&arrived, upto);
        prop_assert_eq!(shows(&other), shows(&view), "kept at {}", upto);
        prop_assert_eq!(digests(&other), digests(&view), "kept at {}", upto);
    }
    let other: V = joined(&story.in_order(), 0);
    prop_assert_eq!(shows(&other), shows(&view), "in order");
    prop_assert_eq!(digests(&other), digests(&view), "in order");
    Ok(())
}

/// What was taken back might as well never have arrived, as far as something exists.
pub fn check_taken_back<V: View, T: PartialEq + Debug>(
    story: &Story,
    exists: impl Fn(&V) -> T,
) -> Checked {
    let arrived = story.arrived();
    let counted = counted(&arrived);
    let mut never = arrived.clone();
    for (_, entity, entries) in &mut never {
        entries.retain(|entry| counted[entity].contains_key(&entry.moment));
    }
    never.retain(|(_, _, entries)| !entries.is_empty());
    let (view, other): (V, V) = (joined(&arrived, 0), joined(&never, 0));
    prop_assert_eq!(exists(&view), exists(&other), "never taken back");
    prop_assert_eq!(digests(&view), digests(&other), "never taken back");
    Ok(())
}
