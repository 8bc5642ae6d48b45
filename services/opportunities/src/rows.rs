//! Views with one row for each entity: what lists filter and order by. Everything else is read from
//! timelines.

use std::collections::HashMap;

use domain::{Entity, Instant, Kind, Known, Timeline};
use event_log::Word;
use foldhash::fast::RandomState;
use runtime::{
    digest::Digest,
    query::Asked,
    runtime::Runtime,
    timelines::{EntityRef, TimelineError},
    view::{Shared, View},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use uuid::Uuid;

/// What a list needs to know of an entity. Holds ids; what they mean is applied when asked.
pub trait Row: Clone + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// What it is a row of.
    type Of: Entity;
    /// The view's name.
    const VIEW: &'static str;
    /// The one kind that the view reads.
    const KINDS: &'static [Kind];

    /// The row of a state.
    fn of(entity: &Self::Of) -> Self;
    /// What lists order by; `None` for an entity that no fact says exists.
    fn place(&self) -> Option<Instant>;
    /// Writes all that it holds, for its digest.
    fn write(&self, to: &mut Logical);
}

/// A row's logical bytes: parts that say what they are, and so cannot run into one another.
pub struct Logical(Vec<u8>);

/// What a part is. Before bytes stands how many they are.
#[derive(Clone, Copy)]
enum Part {
    Absent,
    Bytes,
    Id,
    Number,
}

impl Logical {
    fn of<R: Row>(id: Uuid, row: &R) -> Logical {
        let mut logical = Logical(Vec::with_capacity(192));
        logical.id(Some(id));
        row.write(&mut logical);
        logical
    }

    fn part(&mut self, part: Part, bytes: Option<&[u8]>) {
        self.0.push(bytes.map_or(Part::Absent, |_| part) as u8);
        self.0.extend_from_slice(bytes.unwrap_or_default());
    }

    /// Adds bytes that may be absent.
    pub fn add(&mut self, bytes: Option<&[u8]>) {
        let length = bytes.map(|bytes| (bytes.len() as u64).to_le_bytes());
        self.part(Part::Bytes, length.as_ref().map(|length| &length[..]));
        self.0.extend_from_slice(bytes.unwrap_or_default());
    }

    /// Adds an id that may be absent.
    pub fn id(&mut self, id: Option<Uuid>) {
        self.part(Part::Id, id.as_ref().map(|id| &id.as_bytes()[..]));
    }

    /// Adds a number that may be absent.
    pub fn number(&mut self, number: Option<i64>) {
        self.part(Part::Number, number.map(i64::to_le_bytes).as_ref().map(|bytes| &bytes[..]));
    }

    /// Adds a word.
    pub fn word(&mut self, word: &str) {
        self.add(Some(word.as_bytes()));
    }
}

/// Every tenant's rows of one kind.
#[derive(Serialize, Deserialize)]
pub struct Rows<R> {
    tenants: HashMap<Word, Tenant<R>, RandomState>,
}

#[derive(Serialize, Deserialize)]
struct Tenant<R> {
    /// In boxes, or the map would take their size twice over and move all of them when it grows.
    rows: HashMap<Uuid, Box<R>, RandomState>,
    digest: Digest,
}

impl<R> Default for Rows<R> {
    fn default() -> Rows<R> {
        Rows { tenants: HashMap::default() }
    }
}

impl<R> Default for Tenant<R> {
    fn default() -> Tenant<R> {
        Tenant { rows: HashMap::default(), digest: Digest::default() }
    }
}

impl<R: Row> Rows<R> {
    /// A tenant's rows.
    pub fn rows(&self, tenant: &str) -> impl Iterator<Item = (Uuid, &R)> {
        let rows = self.tenants.get(tenant).into_iter().flat_map(|tenant| &tenant.rows);
        rows.map(|(id, row)| (*id, &**row))
    }

    fn put(&mut self, entity: &EntityRef, state: &R::Of) {
        let tenant = self.tenants.entry(entity.tenant.clone()).or_default();
        let row = R::of(state);
        let before = tenant.rows.get(&entity.id).map(|before| &**before);
        if before == Some(&row) {
            return;
        }
        // What was taken back to its very beginning is no row: a digest is as if it had never been.
        if let Some(before) = before.filter(|row| row.place().is_some()) {
            tenant.digest.remove(&Logical::of(entity.id, before).0);
        }
        if row.place().is_some() {
            tenant.digest.add(&Logical::of(entity.id, &row).0);
        }
        tenant.rows.insert(entity.id, Box::new(row));
    }
}

impl<R: Row> View for Rows<R> {
    const NAME: &'static str = R::VIEW;
    const KINDS: &'static [Kind] = R::KINDS;

    fn load(&mut self, entity: &EntityRef, timeline: &Timeline, upto: u64) {
        if timeline.entries().iter().any(|entry| entry.position <= upto) {
            self.apply(entity, timeline, upto);
        }
    }

    fn apply(&mut self, entity: &EntityRef, timeline: &Timeline, position: u64) {
        let known = Known { known_at: position, ..Known::NOW };
        self.put(entity, &timeline.state(known));
    }

    fn digest(&self, tenant: &str) -> Digest {
        self.tenants.get(tenant).map(|tenant| tenant.digest).unwrap_or_default()
    }
}

/// The rows of entities that exist at a point and that somebody wants, and the position that they
/// reflect. The past is folded from timelines, the present is in the view.
pub fn find<R: Row>(
    runtime: &Runtime,
    view: &Shared<Rows<R>>,
    tenant: &Word,
    asked: &Asked,
    wants: impl Fn(&R) -> bool,
) -> Result<(u64, Vec<(Uuid, R)>), TimelineError> {
    let guard = view.read();
    let position = guard.position;
    let rows = guard.view.rows(tenant);
    let wanted = |row: &R| row.place().is_some() && wants(row);
    if asked.as_of.is_none() && asked.known_at.is_none() {
        let found = rows.filter(|(_, row)| wanted(row)).map(|(id, row)| (id, row.clone()));
        return Ok((position, found.collect()));
    }
    let ids: Vec<Uuid> = rows.map(|(id, _)| id).collect();
    // Commands must not wait for what is read from here on.
    drop(guard);
    let mut found = Vec::new();
    for id in ids {
        let entity = EntityRef { tenant: tenant.clone(), kind: R::Of::KIND, id };
        let state: R::Of = runtime.timelines.get(&entity)?.state(asked.known(position));
        let row = R::of(&state);
        if wanted(&row) {
            found.push((id, row));
        }
    }
    Ok((position, found))
}

#[cfg(test)]
pub mod tests;
