//! Stored rows beside those that the log gives: which of them differ, and in what.

use std::{
    collections::{BTreeMap, HashSet},
    ops::RangeInclusive,
};

use read_model::{EntityKey, Store};

use crate::{
    digest::Digest,
    rebuild::{Gathered, RebuildError},
    rows::{self, Row, RowError},
    timelines::EntityRef,
};

/// How many rows are named.
const NAMED_MAX: usize = 100;

/// Rows that are not what the log makes them: how many, and the first by their keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Differences {
    /// How many there are.
    pub total: u64,
    named: BTreeMap<(String, u64), String>,
}

impl Differences {
    /// The first of them by key: `kind/id` and what is wrong.
    pub fn named(&self) -> impl Iterator<Item = (&str, &str)> {
        self.named.iter().map(|((key, _), what)| (key.as_str(), what.as_str()))
    }

    pub(crate) fn add(&mut self, key: String, position: u64, what: &str) {
        self.total += 1;
        self.name((key, position), what);
    }

    fn name(&mut self, place: (String, u64), what: &str) {
        let text = self.named.entry(place).or_default();
        if !text.is_empty() {
            text.push_str("; ");
        }
        text.push_str(what);
        if self.named.len() > NAMED_MAX {
            self.named.pop_last();
        }
    }

    fn merge(&mut self, other: Differences) {
        self.total += other.total;
        for (place, what) in other.named {
            self.name(place, &what);
        }
    }
}

/// What comparing has found so far.
#[derive(Debug, Default)]
pub(crate) struct Comparison {
    pub(crate) differences: Differences,
    /// The digest of the stored rows.
    pub(crate) digest: Digest,
    seen: HashSet<EntityRef>,
}

impl Comparison {
    pub(crate) fn merge(&mut self, other: Comparison) {
        self.differences.merge(other.differences);
        self.digest.merge(&other.digest);
        self.seen.extend(other.seen);
    }

    /// Names the entities of which nothing is stored.
    pub(crate) fn find_missing(
        &mut self,
        gathered: &Gathered,
        tenant: &str,
    ) -> Result<(), RebuildError> {
        for entity in gathered.entities().filter(|entity| &*entity.tenant == tenant) {
            if !self.seen.contains(entity) {
                let blocks = gathered.packed(entity).blocks;
                let expected = Rows::read(&blocks, u64::MAX)?;
                for ((position, _), row) in &expected.rows {
                    let what = format!("position {position}, {}: missing", row.name);
                    self.differences.add(name_of(&entity.key()), *position, &what);
                }
            }
        }
        Ok(())
    }

    /// Compares the stored blocks of one entity.
    fn take(
        &mut self,
        key: &EntityKey,
        blocks: &[Vec<u8>],
        gathered: &Gathered,
    ) -> Result<(), RebuildError> {
        let upto = gathered.applied().place.last;
        let Ok(entity) = EntityRef::from_key(key) else {
            self.differences.add(name_of(key), 0, "unexpected: there is no such kind");
            return Ok(());
        };
        let expected = gathered.packed(&entity).blocks;
        match Rows::read(blocks, upto) {
            Ok(found) => {
                for row in found.rows.values() {
                    if let Ok(logical) = row.logical(entity.kind, &entity.tenant, entity.id) {
                        self.digest.add(&logical);
                    }
                }
                if expected != blocks {
                    self.differ(&name_of(key), &Rows::read(&expected, upto)?, &found);
                }
            }
            Err(why) => self.differences.add(name_of(key), 0, &why.to_string()),
        }
        self.seen.insert(entity);
        Ok(())
    }

    fn differ(&mut self, key: &str, expected: &Rows<'_>, found: &Rows<'_>) {
        for (place, row) in &expected.rows {
            let what = match found.rows.get(place) {
                None => "missing".to_owned(),
                Some(stored) => match differing(row, stored) {
                    fields if fields.is_empty() => continue,
                    fields => format!("differs in {}", fields.join(", ")),
                },
            };
            let what = format!("position {}, {}: {what}", place.0, row.name);
            self.differences.add(key.to_owned(), place.0, &what);
        }
        for (place, row) in &found.rows {
            if !expected.rows.contains_key(place) {
                let what = format!("position {}, {}: unexpected", place.0, row.name);
                self.differences.add(key.to_owned(), place.0, &what);
            }
        }
        for place in &found.twice {
            let what = format!("position {}: unexpected, it is there twice", place.0);
            self.differences.add(key.to_owned(), place.0, &what);
        }
    }
}

/// An entity's rows by position and place in the commit.
#[derive(Default)]
struct Rows<'a> {
    rows: BTreeMap<(u64, u32), Row<'a>>,
    twice: Vec<(u64, u32)>,
}

impl<'a> Rows<'a> {
    /// Reads the rows of blocks, leaving out those of later positions.
    fn read(blocks: &'a [Vec<u8>], upto: u64) -> Result<Rows<'a>, RowError> {
        let mut read = Rows::default();
        for block in blocks {
            rows::for_each(block, |row| {
                let place = (row.position, row.index);
                if row.position <= upto && read.rows.insert(place, row).is_some() {
                    read.twice.push(place);
                }
                Ok::<_, RowError>(())
            })?;
        }
        Ok(read)
    }
}

/// Compares the rows of a tenant in some slices of the store.
pub(crate) fn compare(
    store: &Store,
    range: RangeInclusive<u8>,
    gathered: &Gathered,
    tenant: &str,
) -> Result<Comparison, RebuildError> {
    let mut found = Comparison::default();
    let mut open: Option<(EntityKey, Vec<Vec<u8>>)> = None;
    store.scan_slices::<RebuildError>(range, |row| {
        if row.key.tenant != tenant {
            return Ok(());
        }
        match &mut open {
            Some((key, blocks)) if key == row.key => blocks.push(row.bytes.to_vec()),
            open => {
                let next = (row.key.clone(), vec![row.bytes.to_vec()]);
                if let Some((key, blocks)) = open.replace(next) {
                    found.take(&key, &blocks, gathered)?;
                }
            }
        }
        Ok(())
    })?;
    if let Some((key, blocks)) = open {
        found.take(&key, &blocks, gathered)?;
    }
    Ok(found)
}

/// The name of an entity within its tenant.
fn name_of(key: &EntityKey) -> String {
    format!("{}/{}", key.kind, uuid::Uuid::from_bytes(key.id))
}

fn differing(expected: &Row<'_>, stored: &Row<'_>) -> Vec<&'static str> {
    let same = [
        ("recorded_at", expected.recorded_at == stored.recorded_at),
        ("occurred_at", expected.occurred_at == stored.occurred_at),
        ("source_seq", expected.source_seq == stored.source_seq),
        ("command_id", expected.command_id == stored.command_id),
        ("fingerprint", expected.fingerprint == stored.fingerprint),
        ("actor", expected.actor == stored.actor),
        ("origin", expected.origin == stored.origin),
        ("correlation_id", expected.correlation_id == stored.correlation_id),
        ("causation_id", expected.causation_id == stored.causation_id),
        ("fact", expected.name == stored.name),
        ("body", expected.body == stored.body),
    ];
    same.into_iter().filter(|(_, same)| !same).map(|(field, _)| field).collect()
}
