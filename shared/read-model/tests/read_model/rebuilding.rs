//! A rebuild happens beside the live generation, and either takes its place or never was.

use read_model::{BulkLoad, EntityKey, Store, StoreError, VALUE_BYTES_MAX, Writer, swap};
use tempfile::TempDir;

use crate::{checkpoint, chunk, entity, folders, open, row_count, write_one_row};

fn sorted_rows(count: u32) -> Vec<(EntityKey, u32, Vec<u8>)> {
    let mut rows: Vec<_> = (0..count).map(|n| (entity(n), 0, vec![n as u8; 100])).collect();
    rows.sort();
    rows
}

fn load(live: &Store, rows: u32, position: u64) -> Store {
    let load = BulkLoad::begin(live).unwrap();
    assert_eq!(load.insert_sorted(sorted_rows(rows)).unwrap(), u64::from(rows));
    load.finish(&checkpoint(position)).unwrap()
}

#[test]
fn a_rebuild_takes_over_while_the_old_one_answers() {
    let root = TempDir::new().unwrap();
    let old = open(&root).store;
    let reader = old.clone();
    let new = load(&old, 1000, 50);
    swap(old, &new).unwrap();

    assert_eq!(row_count(&reader), 0);
    assert_eq!(folders(root.path()), ["timelines-3-1", "timelines-3-2"]);
    drop(reader);
    assert_eq!(folders(root.path()), ["timelines-3-2"]);

    let writer = Writer::start(new.clone()).unwrap();
    writer.send(chunk(51, vec![(entity(1000), 0, vec![])])).unwrap();
    drop(new);
    writer.flush_and_close().unwrap();
    let opened = open(&root);
    assert_eq!(opened.fresh, None);
    assert_eq!(opened.store.checkpoint().unwrap(), checkpoint(51));
    assert_eq!(row_count(&opened.store), 1001);
}

#[test]
fn an_abandoned_load_leaves_nothing_behind() {
    let root = TempDir::new().unwrap();
    let live = open(&root).store;
    let begun = BulkLoad::begin(&live).unwrap();
    begun.insert_sorted(sorted_rows(100)).unwrap();
    drop(begun);
    drop(load(&live, 100, 9));
    assert_eq!(folders(root.path()), ["timelines-3-1"]);
    write_one_row(live);
    assert_eq!(open(&root).store.checkpoint().unwrap().position, 1);
}

#[test]
fn a_killed_load_is_removed_by_the_next_opening() {
    let root = TempDir::new().unwrap();
    let live = open(&root).store;
    // A process that is killed drops nothing: its folder stays, and its lock does not.
    let other = TempDir::new().unwrap();
    let stranger = load(&open(&other).store, 100, 9);
    let left = root.path().join("timelines-3-2");
    std::fs::create_dir(&left).unwrap();
    let killed = other.path().join(stranger.generation().to_string());
    for file in ["conf", "db"] {
        std::fs::copy(killed.join(file), left.join(file)).unwrap();
    }
    write_one_row(live);

    let opened = open(&root);
    assert_eq!(opened.fresh, None);
    assert_eq!(row_count(&opened.store), 1);
    assert_eq!(folders(root.path()), ["timelines-3-1"]);
}

#[test]
fn a_load_refuses_what_the_writer_would_refuse() {
    let root = TempDir::new().unwrap();
    let load = BulkLoad::begin(&open(&root).store).unwrap();
    let refused = load.insert_sorted([(entity(1), 0, vec![0; VALUE_BYTES_MAX + 1])]);
    assert!(matches!(refused, Err(StoreError::ValueTooLarge { .. })));
}
