//! Snapshots: what a fold of the rows came to, kept beside them under a name. Bytes, in pieces.

use crate::{Store, StoreError};

/// How much of a snapshot is one value. sled would put much larger ones into files of their own.
const PIECE_BYTES: usize = 32 * 1024;

/// Where a snapshot's length stands, before its pieces. A snapshot without it is not whole.
const LENGTH: &[u8] = b"";

impl Store {
    /// Keeps these bytes under a name, in place of any before. A crash on the way leaves none.
    pub fn keep_snapshot(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let tree = self.snapshots(name)?;
        tree.remove(LENGTH)?;
        let mut next = 0u32;
        for piece in bytes.chunks(PIECE_BYTES) {
            tree.insert(next.to_be_bytes(), piece)?;
            next += 1;
        }
        for left_over in tree.range(next.to_be_bytes()..) {
            tree.remove(left_over?.0)?;
        }
        tree.insert(LENGTH, &(bytes.len() as u64).to_be_bytes())?;
        Ok(())
    }

    /// The bytes kept under a name, if they are there as a whole. Whether they are those that were
    /// kept is for the caller to check.
    pub fn snapshot(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let tree = self.snapshots(name)?;
        let Some(length) = tree.get(LENGTH)?.and_then(|it| it.as_ref().try_into().ok()) else {
            return Ok(None);
        };
        let length = u64::from_be_bytes(length);
        let mut bytes = Vec::new();
        for piece in tree.range(0u32.to_be_bytes()..).values() {
            bytes.extend_from_slice(&piece?);
        }
        Ok((bytes.len() as u64 == length).then_some(bytes))
    }

    fn snapshots(&self, name: &str) -> Result<sled::Tree, StoreError> {
        Ok(self.db().open_tree(format!("snapshot/{name}"))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Options;

    fn bytes(length: usize) -> Vec<u8> {
        (0..length).map(|at| (at * 31 % 251) as u8).collect()
    }

    #[test]
    fn the_latest_snapshot_is_there_after_closing() {
        let root = tempfile::tempdir().unwrap();
        for length in [0, 1, PIECE_BYTES, 5 * PIECE_BYTES + 7, 2 * PIECE_BYTES] {
            let store = Store::open(&root, Options::new(1)).unwrap().store;
            store.keep_snapshot("deals", &bytes(length)).unwrap();
            store.keep_snapshot("leads", b"other").unwrap();
            drop(store);
            let store = Store::open(&root, Options::new(1)).unwrap().store;
            assert_eq!(store.snapshot("deals").unwrap(), Some(bytes(length)));
            assert_eq!(store.snapshot("leads").unwrap().unwrap(), b"other");
            assert_eq!(store.snapshot("quotas").unwrap(), None);
        }
    }

    #[test]
    fn half_a_snapshot_is_none() {
        let root = tempfile::tempdir().unwrap();
        let store = Store::open(&root, Options::new(1)).unwrap().store;
        store.keep_snapshot("deals", &bytes(3 * PIECE_BYTES)).unwrap();
        let tree = store.snapshots("deals").unwrap();
        tree.remove(1u32.to_be_bytes()).unwrap();
        assert_eq!(store.snapshot("deals").unwrap(), None);
        store.keep_snapshot("deals", &bytes(3 * PIECE_BYTES)).unwrap();
        tree.remove(LENGTH).unwrap();
        assert_eq!(store.snapshot("deals").unwrap(), None);
    }
}
