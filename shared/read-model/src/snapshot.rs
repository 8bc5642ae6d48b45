//! Snapshots: what a fold of the rows came to, kept beside them under a name. Bytes, in pieces.

use std::io;

use crate::{Store, StoreError};

/// How much of a snapshot is one value. sled would put much larger ones into files of their own.
const PIECE_BYTES: usize = 32 * 1024;

/// Where a snapshot's head stands, before its pieces. It is written last: a snapshot without it is
/// not whole.
const HEAD: &[u8] = b"";

/// How the name of each snapshot's tree begins.
const TREE: &str = "snapshot/";

/// A snapshot's bytes while they are written: in pieces, which nothing moves when more come.
#[derive(Debug, Default)]
pub struct Pieces {
    full: Vec<Vec<u8>>,
    last: Vec<u8>,
}

impl Pieces {
    /// The pieces in order.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.full.iter().chain([&self.last]).map(Vec::as_slice)
    }

    fn add(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            bytes = &bytes[self.fill(bytes)..];
        }
    }

    /// Adds as many bytes as the last piece has room for, at least one.
    fn fill(&mut self, bytes: &[u8]) -> usize {
        if self.last.len() == PIECE_BYTES {
            self.full.push(std::mem::take(&mut self.last));
        }
        self.last.reserve_exact(PIECE_BYTES - self.last.len());
        let fitting = bytes.len().min(PIECE_BYTES - self.last.len());
        self.last.extend_from_slice(&bytes[..fitting]);
        fitting
    }
}

impl io::Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(self.fill(bytes))
    }

    /// Whoever serialises writes nearly every byte by itself, so that the way of one is short.
    #[inline]
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        if !self.last.is_empty() && bytes.len() <= PIECE_BYTES - self.last.len() {
            self.last.extend_from_slice(bytes);
        } else {
            self.add(bytes);
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl From<&[u8]> for Pieces {
    fn from(bytes: &[u8]) -> Pieces {
        let mut pieces = Pieces::default();
        pieces.add(bytes);
        pieces
    }
}

impl Store {
    /// Keeps a head and bytes under a name, in place of any before. A crash on the way leaves none.
    pub fn keep_snapshot(&self, name: &str, head: &[u8], bytes: Pieces) -> Result<(), StoreError> {
        let tree = self.db().open_tree(format!("{TREE}{name}"))?;
        tree.remove(HEAD)?;
        let mut next = 0u32;
        for piece in bytes.full.into_iter().chain([bytes.last]).filter(|piece| !piece.is_empty()) {
            tree.insert(next.to_be_bytes(), piece)?;
            next += 1;
        }
        for left_over in tree.range(next.to_be_bytes()..) {
            tree.remove(left_over?.0)?;
        }
        tree.insert(HEAD, head)?;
        Ok(())
    }

    /// The head that is kept under a name.
    pub fn snapshot_head(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(tree) = self.snapshot(name)? else { return Ok(None) };
        Ok(tree.get(HEAD)?.map(|head| head.to_vec()))
    }

    /// The bytes that are kept under a name. Whether they are those that were kept is for the caller
    /// to check.
    pub fn snapshot_bytes(&self, name: &str) -> Result<Vec<u8>, StoreError> {
        let mut bytes = Vec::new();
        if let Some(tree) = self.snapshot(name)? {
            let last = tree
                .last()?
                .and_then(|(key, _)| Some(u32::from_be_bytes(key[..].try_into().ok()?)));
            bytes.reserve_exact(
                last.map_or(0, |last| (last as usize + 1).saturating_mul(PIECE_BYTES)),
            );
            for piece in tree.range(0u32.to_be_bytes()..).values() {
                bytes.extend_from_slice(&piece?);
            }
        }
        Ok(bytes)
    }

    /// Lets go of the snapshot of a name, which somebody may be about to keep.
    pub fn forget_snapshot(&self, name: &str) -> Result<(), StoreError> {
        if let Some(tree) = self.snapshot(name)? {
            tree.remove(HEAD)?;
        }
        Ok(())
    }

    /// Lets go of every snapshot whose name is not wanted.
    pub fn drop_snapshots(&self, wanted: impl Fn(&str) -> bool) -> Result<(), StoreError> {
        for tree in self.db().tree_names() {
            let name = str::from_utf8(&tree).ok().and_then(|it| it.strip_prefix(TREE));
            if name.is_some_and(|name| !wanted(name)) {
                self.db().drop_tree(tree)?;
            }
        }
        Ok(())
    }

    /// The tree of a name, which is not made by looking.
    fn snapshot(&self, name: &str) -> Result<Option<sled::Tree>, StoreError> {
        let name = format!("{TREE}{name}");
        if !self.db().tree_names().iter().any(|tree| **tree == *name.as_bytes()) {
            return Ok(None);
        }
        Ok(Some(self.db().open_tree(name)?))
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
            let pieces = Pieces::from(bytes(length).as_slice());
            store.keep_snapshot("deals", &length.to_be_bytes(), pieces).unwrap();
            store.keep_snapshot("leads", b"head", Pieces::from(&b"other"[..])).unwrap();
            drop(store);
            let store = Store::open(&root, Options::new(1)).unwrap().store;
            assert_eq!(store.snapshot_head("deals").unwrap().unwrap(), length.to_be_bytes());
            assert_eq!(store.snapshot_bytes("deals").unwrap(), bytes(length));
            assert_eq!(store.snapshot_bytes("leads").unwrap(), b"other");
            assert_eq!(store.snapshot_head("quotas").unwrap(), None);
        }
    }

    #[test]
    fn what_is_written_bit_by_bit_is_in_the_same_pieces() {
        for length in [0, 1, PIECE_BYTES, 3 * PIECE_BYTES + 7] {
            let (whole, mut written) = (bytes(length), Pieces::default());
            for part in whole.chunks(1000) {
                io::Write::write_all(&mut written, part).unwrap();
            }
            assert!(
                written
                    .iter()
                    .eq(whole.chunks(PIECE_BYTES).chain((length == 0).then_some(&[][..]))),
                "{length}"
            );
        }
    }

    #[test]
    fn what_nobody_wants_goes() {
        let root = tempfile::tempdir().unwrap();
        let store = Store::open(&root, Options::new(1)).unwrap().store;
        for name in ["deals", "leads"] {
            store.keep_snapshot(name, b"head", Pieces::from(&b"bytes"[..])).unwrap();
        }
        store.drop_snapshots(|name| name == "leads").unwrap();
        assert_eq!(store.snapshot_head("deals").unwrap(), None);
        assert_eq!(store.snapshot_head("leads").unwrap().unwrap(), b"head");
        store.forget_snapshot("leads").unwrap();
        assert_eq!(store.snapshot_head("leads").unwrap(), None);
        assert_eq!(store.checkpoint().unwrap().position, 0, "rows are something else");
    }
}
