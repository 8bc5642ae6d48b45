//! How timelines lie in the store: entries in the order of arrival, in blocks of a few kilobytes.

mod name;

use std::{borrow::Cow, sync::Arc};

use domain::{Entry, Fact, FactError, Instant, Kind, Moment, Origin, Provenance};
use event_log::Commit;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use self::name::Name;

/// Changes whenever the layout of an entry does.
const LAYOUT: &[u8] = b"4";

/// What a store was written by: the layout of its entries, and the kinds and names of the facts that
/// it may hold. A store of another schema is rebuilt: a program which knows a new kind has all of it
/// then, and a number means the same name only under the same list.
pub fn schema() -> u32 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(LAYOUT);
    for word in Kind::ALL.iter().map(|kind| kind.word()).chain(Name::all()) {
        hasher.update(&[0]).update(word.as_bytes());
    }
    let [a, b, c, d, ..] = *hasher.finalize().as_bytes();
    u32::from_le_bytes([a, b, c, d])
}

/// A block that has grown past this is full, so that a busy entity is not rewritten per commit.
pub const BLOCK_BYTES: usize = 4 * 1024;

/// An entry as it lies in a block. Disposable: the log is the truth.
#[derive(Debug, Serialize, Deserialize)]
pub struct Row<'a> {
    /// The log position of its commit.
    pub position: u64,
    /// The writer's clock, microseconds UTC.
    pub recorded_at: i64,
    /// When it happened, microseconds UTC.
    pub occurred_at: i64,
    /// The source's order among facts of one instant.
    pub source_seq: u64,
    /// The command.
    pub command_id: Uuid,
    /// Its place among that command's facts for this entity.
    pub index: u32,
    /// Keyed hash of the request.
    #[serde(with = "sixteen")]
    pub fingerprint: [u8; 16],
    /// Who asked.
    pub actor: &'a str,
    /// The source of a report and the rule that made it.
    #[serde(borrow)]
    pub origin: Option<(&'a str, &'a str)>,
    /// What the command belongs to; `None` for itself.
    pub correlation_id: Option<Uuid>,
    /// The command that led to it.
    pub causation_id: Option<Uuid>,
    /// The fact's stable name.
    pub name: Name,
    /// The fact's bytes.
    #[serde(with = "plain_bytes")]
    pub body: &'a [u8],
}

mod plain_bytes {
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(bytes)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<&'de [u8], D::Error> {
        <&[u8]>::deserialize(deserializer)
    }
}

/// Sixteen bytes at once: an array would go byte by byte, and rows are many.
mod sixteen {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(bytes: &[u8; 16], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(bytes)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[u8; 16], D::Error> {
        let bytes = <&[u8]>::deserialize(deserializer)?;
        bytes.try_into().map_err(|_| D::Error::invalid_length(bytes.len(), &"sixteen bytes"))
    }
}

/// A row of the store that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum RowError {
    /// The bytes are not a sequence of entries.
    #[error("a stored block cannot be read ({0}): rebuild the timelines")]
    Unreadable(postcard::Error),
    /// A fact is unknown.
    #[error("at position {position}: {why}")]
    Fact {
        /// The log position.
        position: u64,
        /// What is wrong.
        why: FactError,
    },
}

impl<'a> Row<'a> {
    /// The row of one fact of a commit; fails on a name that this program does not know.
    pub fn of(
        commit: &'a Commit,
        position: u64,
        recorded_at: i64,
        index: u32,
        fact: &'a event_log::Fact,
    ) -> Result<Row<'a>, RowError> {
        let name = Name::of(&fact.name).ok_or_else(|| {
            let why = FactError::UnknownName(fact.name.to_string());
            RowError::Fact { position, why }
        })?;
        Ok(Row {
            position,
            recorded_at,
            occurred_at: fact.occurred_at,
            source_seq: fact.source_seq,
            command_id: commit.command_id,
            index,
            fingerprint: commit.fingerprint,
            actor: &commit.actor,
            origin: commit.origin.as_ref().map(|origin| (&*origin.source, &*origin.rule)),
            correlation_id: (commit.correlation_id != commit.command_id)
                .then_some(commit.correlation_id),
            causation_id: commit.causation_id,
            name,
            body: &fact.body,
        })
    }

    /// The row that an entry came from, with the bytes of its fact.
    pub fn again(entry: &'a Entry, body: &'a [u8]) -> Row<'a> {
        let (moment, who) = (&entry.moment, &entry.provenance);
        Row {
            position: entry.position,
            recorded_at: entry.recorded_at.0,
            occurred_at: moment.occurred_at.0,
            source_seq: moment.source_seq,
            command_id: moment.command_id,
            index: moment.index,
            fingerprint: who.fingerprint,
            actor: &who.actor,
            origin: who.origin.as_ref().map(|origin| (&*origin.source, &*origin.rule)),
            correlation_id: (who.correlation_id != moment.command_id).then_some(who.correlation_id),
            causation_id: who.causation_id,
            name: Name::of_fact(&entry.fact),
            body,
        }
    }

    /// Appends the row to a block.
    pub fn append_to(&self, block: &mut Vec<u8>) {
        let appended = postcard::to_extend(self, std::mem::take(block));
        *block = appended.expect("writing to a vector cannot fail, and every field serialises");
    }

    /// The entry that the row holds.
    pub fn entry(&self, kind: Kind) -> Result<Entry, RowError> {
        self.entry_after(None, kind)
    }

    /// The same, beside the entry before it: mostly the same person asked or the same source
    /// reported, and is named once.
    pub fn entry_after(&self, before: Option<&Entry>, kind: Kind) -> Result<Entry, RowError> {
        let before = before.map(|before| &before.provenance);
        let actor = before.map(|who| &who.actor).filter(|it| ***it == *self.actor);
        let origin = before.and_then(|who| who.origin.as_ref());
        let position = self.position;
        let fact = Fact::decode(kind, self.name.as_str(), self.body)
            .map_err(|why| RowError::Fact { position, why })?;
        Ok(Entry {
            moment: Moment {
                occurred_at: Instant(self.occurred_at),
                source_seq: self.source_seq,
                command_id: self.command_id,
                index: self.index,
            },
            position,
            recorded_at: Instant(self.recorded_at),
            provenance: Provenance {
                fingerprint: self.fingerprint,
                actor: actor.cloned().unwrap_or_else(|| Arc::from(self.actor)),
                origin: self.origin.map(|(source, rule)| match origin {
                    Some(same) if *same.source == *source && *same.rule == *rule => same.clone(),
                    _ => Origin { source: Arc::from(source), rule: Arc::from(rule) },
                }),
                correlation_id: self.correlation_id.unwrap_or(self.command_id),
                causation_id: self.causation_id,
            },
            fact,
        })
    }

    /// What a digest may depend on: nothing of when we learned it, and no sealed text.
    pub fn logical(&self, kind: Kind, tenant: &str, entity: Uuid) -> Result<Vec<u8>, RowError> {
        let name = self.name.as_str();
        let body = if may_be_personal(kind, name) {
            let position = self.position;
            let wrap = |why| RowError::Fact { position, why };
            let fact = Fact::decode(kind, name, self.body).map_err(wrap)?;
            Cow::from(fact.blanked().encode().map_err(wrap)?)
        } else {
            Cow::from(self.body)
        };
        let mut row = Vec::with_capacity(96 + name.len() + body.len());
        row.extend_from_slice(tenant.as_bytes());
        row.push(0);
        row.extend_from_slice(entity.as_bytes());
        row.extend_from_slice(&self.occurred_at.to_le_bytes());
        row.extend_from_slice(&self.source_seq.to_le_bytes());
        row.extend_from_slice(self.command_id.as_bytes());
        row.extend_from_slice(&self.index.to_le_bytes());
        row.extend_from_slice(name.as_bytes());
        row.push(0);
        row.extend_from_slice(&body);
        Ok(row)
    }
}

/// Facts that never carry text keep their bytes; the others are blanked for digests.
fn may_be_personal(kind: Kind, name: &str) -> bool {
    match kind {
        Kind::Opportunity => !matches!(
            name,
            "opportunity.stage_changed.v1"
                | "opportunity.amount_changed.v1"
                | "opportunity.close_date_changed.v1"
                | "opportunity.owner_changed.v1"
        ),
        Kind::User
        | Kind::Lead
        | Kind::Account
        | Kind::Contact
        | Kind::Contract
        | Kind::Activity
        | Kind::Quota
        | Kind::Forecast => true,
        Kind::Person => name != "person.erased.v1",
        Kind::Pipeline | Kind::Product | Kind::Source | Kind::Calendar | Kind::ExchangeRate => {
            false
        }
    }
}

/// Calls `each` for every row of a block.
pub fn for_each<'a, E: From<RowError>>(
    mut block: &'a [u8],
    mut each: impl FnMut(Row<'a>) -> Result<(), E>,
) -> Result<(), E> {
    while !block.is_empty() {
        let (row, rest) = postcard::take_from_bytes::<Row<'_>>(block)
            .map_err(|error| E::from(RowError::Unreadable(error)))?;
        each(row)?;
        block = rest;
    }
    Ok(())
}
