//! Reading rows: one entity's blocks, or all rows in slices.

use std::ops::RangeInclusive;
use std::sync::Arc;

use tracing::warn;

use crate::folder::Folder;
use crate::generation::Root;
use crate::{Checkpoint, EntityKey, Generation, StoreError, keys};

/// The most bytes that a row may have. sled would put much larger ones into files of their own.
pub const VALUE_BYTES_MAX: usize = 64 * 1024;

/// One part of an entity's timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    pub number: u32,
    pub bytes: Vec<u8>,
}

/// One row of a scan. The blocks of an entity come one after another, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntityRow<'a> {
    pub key: &'a EntityKey,
    pub number: u32,
    pub bytes: &'a [u8],
}

/// An open generation of rows. Clones are handles to the same one; when the last goes, the folder
/// is closed cleanly, or removed if another one has become the live one.
#[derive(Debug, Clone)]
pub struct Store {
    open: Arc<Open>,
}

#[derive(Debug)]
struct Open {
    /// Fields drop in this order: first sled, then the folder around it.
    db: sled::Db,
    folder: Folder,
}

impl Drop for Open {
    fn drop(&mut self) {
        if let Err(error) = self.db.flush() {
            warn!(folder = %self.folder.generation, %error, "rows could not be flushed at the end");
            self.folder.sound = false;
        }
    }
}

impl Store {
    pub(crate) fn new(db: sled::Db, folder: Folder) -> Store {
        Store { open: Arc::new(Open { db, folder }) }
    }

    /// The blocks of one entity in order; none if it has no rows.
    pub fn read(&self, entity: &EntityKey) -> Result<Vec<Block>, StoreError> {
        let rows = self.db().scan_prefix(entity.encode());
        rows.map(|row| {
            let (key, bytes) = row?;
            let (_, number) = split_row(&key)?;
            Ok(Block { number, bytes: bytes.to_vec() })
        })
        .collect()
    }

    /// The place in the log that the rows reflect.
    pub fn checkpoint(&self) -> Result<Checkpoint, StoreError> {
        let stored = self.db().get(keys::CHECKPOINT)?;
        stored.map_or(Err(StoreError::Checkpoint("is missing")), |bytes| Checkpoint::decode(&bytes))
    }

    /// Visits every row of these slices, in order, until the visitor fails. Give [`slices`] to
    /// several threads to scan everything at once.
    ///
    /// A scan does not stand still in time: rows that are written meanwhile may be seen or not.
    /// Pause the writer where that matters.
    ///
    /// [`slices`]: crate::slices
    pub fn scan_slices<E: From<StoreError>>(
        &self,
        slices: RangeInclusive<u8>,
        mut visit: impl FnMut(EntityRow<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        if slices.is_empty() {
            return Ok(());
        }
        // Most rows belong to the same entity as the one before.
        let mut last: Option<(Vec<u8>, EntityKey)> = None;
        for row in self.db().range(keys::slice_bounds(&slices)) {
            let (row_key, bytes) = row.map_err(StoreError::from)?;
            let (prefix, number) = split_row(&row_key)?;
            let (_, key) = match &mut last {
                Some(last) if last.0 == prefix => last,
                last => {
                    let key = EntityKey::decode(prefix).ok_or_else(|| unknown(&row_key))?;
                    last.insert((prefix.to_vec(), key))
                }
            };
            visit(EntityRow { key, number, bytes: &bytes })?;
        }
        Ok(())
    }

    /// The bytes of the files, a small multiple of the bytes of the rows.
    pub fn size_on_disk(&self) -> Result<u64, StoreError> {
        Ok(self.db().size_on_disk()?)
    }

    /// Which life of the read model this is.
    pub fn generation(&self) -> Generation {
        self.open.folder.generation
    }

    pub(crate) fn root(&self) -> &Arc<Root> {
        &self.open.folder.root
    }

    /// Writes rows and checkpoint so that all of them are there after a crash, or none.
    pub(crate) fn apply(
        &self,
        puts: Vec<(EntityKey, u32, Vec<u8>)>,
        checkpoint: &Checkpoint,
    ) -> Result<(), StoreError> {
        let mut batch = sled::Batch::default();
        for (entity, block, bytes) in puts {
            batch.insert(keys::row(&entity, block), bytes);
        }
        batch.insert(keys::CHECKPOINT, checkpoint.encode()?);
        Ok(self.db().apply_batch(batch)?)
    }

    /// Writes one row. Other rows and readers go on meanwhile, which a batch would not let them.
    pub(crate) fn put(
        &self,
        entity: &EntityKey,
        block: u32,
        bytes: &[u8],
    ) -> Result<(), StoreError> {
        self.db().insert(keys::row(entity, block), bytes)?;
        Ok(())
    }

    pub(crate) fn put_checkpoint(&self, checkpoint: &Checkpoint) -> Result<(), StoreError> {
        self.db().insert(keys::CHECKPOINT, checkpoint.encode()?)?;
        Ok(())
    }

    /// Hands everything to the operating system; closing the folder brings it to the disk.
    pub fn flush(&self) -> Result<(), StoreError> {
        self.db().flush()?;
        Ok(())
    }

    pub(crate) fn db(&self) -> &sled::Db {
        &self.open.db
    }
}

/// What no program does, so that tests can see whether it is noticed.
#[cfg(any(test, feature = "tamper"))]
impl Store {
    /// Alters or adds a row and leaves the checkpoint as it was.
    pub fn put_raw(&self, entity: &EntityKey, block: u32, bytes: &[u8]) -> Result<(), StoreError> {
        self.put(entity, block, bytes)
    }

    /// Takes a row away and leaves the checkpoint as it was.
    pub fn remove_raw(&self, entity: &EntityKey, block: u32) -> Result<(), StoreError> {
        self.db().remove(keys::row(entity, block))?;
        Ok(())
    }
}

/// Refuses a row that sled would not keep beside the others.
pub(crate) fn check_size(entity: &EntityKey, block: u32, bytes: &[u8]) -> Result<(), StoreError> {
    if bytes.len() <= VALUE_BYTES_MAX {
        return Ok(());
    }
    let (kind, id) = (entity.kind.clone(), entity.id);
    Err(StoreError::ValueTooLarge { kind, id, block, bytes: bytes.len() })
}

fn split_row(key: &[u8]) -> Result<(&[u8], u32), StoreError> {
    keys::split_row(key).ok_or_else(|| unknown(key))
}

fn unknown(key: &[u8]) -> StoreError {
    StoreError::UnknownKey(key.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Options;

    #[test]
    fn a_row_can_be_altered_behind_the_checkpoint() {
        let root = tempfile::tempdir().unwrap();
        let store = Store::open(&root, Options::new(1)).unwrap().store;
        let entity = EntityKey { tenant: "acme".into(), kind: "lead".into(), id: [0; 16] };
        store.put_raw(&entity, 0, b"altered").unwrap();
        assert_eq!(store.read(&entity).unwrap()[0].bytes, b"altered");
        store.remove_raw(&entity, 0).unwrap();
        assert_eq!(store.read(&entity).unwrap(), []);
        assert_eq!(store.checkpoint().unwrap(), Checkpoint::empty(1));
    }
}
