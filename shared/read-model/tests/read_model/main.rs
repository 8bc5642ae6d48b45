//! Opens, writes, rebuilds and damages read models on a real disk.

#![expect(clippy::unwrap_used, reason = "a test may stop at anything that it did not expect")]

mod dying;
mod opening;
mod rebuilding;
mod writing;

use std::fs;
use std::path::{Path, PathBuf};

use read_model::{Checkpoint, Chunk, EntityKey, Opened, Options, Store, StoreError, Writer};
use tempfile::TempDir;

const SCHEMA: u32 = 3;

fn options() -> Options {
    Options {
        cache_bytes: 16 * 1024 * 1024,
        boot_id: Some("this boot".into()),
        ..Options::new(SCHEMA)
    }
}

fn open(root: &TempDir) -> Opened {
    Store::open(root, options()).unwrap()
}

/// The `n`th of some entities that are spread over all slices.
fn entity(n: u32) -> EntityKey {
    let mut id = [0; 16];
    id[..4].copy_from_slice(&n.to_be_bytes());
    id[15] = (n.wrapping_mul(0x9E37_79B1) >> 24) as u8;
    EntityKey { tenant: "acme".into(), kind: "opportunity".into(), id }
}

fn checkpoint(position: u64) -> Checkpoint {
    Checkpoint { position, sequence: position, log: [1; 32], ..Checkpoint::empty(SCHEMA) }
}

fn chunk(position: u64, puts: Vec<(EntityKey, u32, Vec<u8>)>) -> Chunk {
    Chunk { puts, checkpoint: checkpoint(position) }
}

/// Writes one row at position 1 and closes the store.
fn write_one_row(store: Store) {
    let writer = Writer::start(store).unwrap();
    writer.send(chunk(1, vec![(entity(1), 0, b"first".to_vec())])).unwrap();
    writer.flush_and_close().unwrap();
}

fn row_count(store: &Store) -> usize {
    let mut count = 0;
    let counted = store.scan_slices(0..=255, |_| {
        count += 1;
        Ok::<_, StoreError>(())
    });
    counted.unwrap();
    count
}

/// The folders of the generations in a root, by name.
fn folders(root: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn live_folder(root: &TempDir) -> PathBuf {
    let current = fs::read_to_string(root.path().join("CURRENT")).unwrap();
    root.path().join(current.trim_end())
}
