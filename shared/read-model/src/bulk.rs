//! Rebuilding: rows go into a fresh folder while the live one answers, then the two are swapped.

use crate::open::open_generation;
use crate::store::check_size;
use crate::{Checkpoint, EntityKey, Store, StoreError};

/// A generation in the making. Nobody reads it; dropped or interrupted, it goes away.
#[derive(Debug)]
pub struct BulkLoad {
    store: Store,
}

impl BulkLoad {
    /// Begins a fresh generation beside the live one, which stays in force.
    pub fn begin(live: &Store) -> Result<BulkLoad, StoreError> {
        let generation = live.root().next()?;
        Ok(BulkLoad { store: open_generation(live.root(), generation)? })
    }

    /// Adds rows and tells how many. Single inserts in key order are the fastest way into sled,
    /// and they do not stop the readers of the live store, as batches would; any other order is
    /// right too, but slower. Several threads may add at once.
    pub fn insert_sorted<Bytes: AsRef<[u8]>>(
        &self,
        rows: impl IntoIterator<Item = (EntityKey, u32, Bytes)>,
    ) -> Result<u64, StoreError> {
        let mut count = 0;
        for (entity, block, bytes) in rows {
            let bytes = bytes.as_ref();
            check_size(&entity, block, bytes)?;
            self.store.put(&entity, block, bytes)?;
            count += 1;
        }
        Ok(count)
    }

    /// Ends the load with the place in the log that its rows reflect. Until [`swap`] the store is
    /// not the live one, so that it can catch up first.
    pub fn finish(self, checkpoint: &Checkpoint) -> Result<Store, StoreError> {
        self.store.put_checkpoint(checkpoint)?;
        self.store.flush()?;
        Ok(self.store)
    }
}

/// Makes the new store the live one. The old one still answers those who hold it, and its folder
/// is removed when the last of them lets go.
pub fn swap(old: Store, new: &Store) -> Result<(), StoreError> {
    new.root().make_current(new.generation())?;
    drop(old);
    Ok(())
}
