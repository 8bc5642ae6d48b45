//! The ritual: what is sound is opened again, and all else is put away for a fresh start.

use std::fs::{self, File};
use std::mem;

use read_model::{FreshReason, Options, Store, StoreError, Writer};
use tempfile::TempDir;

use crate::{
    checkpoint, chunk, entity, folders, live_folder, open, options, row_count, write_one_row,
};

/// A root whose live generation has one row and was closed cleanly.
fn root_with_a_row() -> TempDir {
    let root = TempDir::new().unwrap();
    let opened = open(&root);
    assert_eq!(opened.fresh, Some(FreshReason::First));
    write_one_row(opened.store);
    root
}

/// Asserts that the next opening finds the row, under whichever boot of the host.
#[track_caller]
fn finds_the_row(root: &TempDir) {
    let opened = open(root);
    assert_eq!(opened.fresh, None);
    assert_eq!(opened.store.checkpoint().unwrap(), checkpoint(1));
    assert_eq!(opened.store.read(&entity(1)).unwrap()[0].bytes, b"first");
}

/// Asserts that the next opening starts empty and leaves a root that opens again.
#[track_caller]
fn starts_empty(root: &TempDir, options: Options) -> FreshReason {
    let opened = Store::open(root, options.clone()).unwrap();
    assert_eq!(row_count(&opened.store), 0);
    assert_eq!(opened.store.checkpoint().unwrap().position, 0);
    assert_eq!(opened.store.checkpoint().unwrap().schema, options.schema);
    drop(opened.store);
    assert_eq!(Store::open(root, options).unwrap().fresh, None);
    opened.fresh.unwrap()
}

/// Leaves the root as a host does that goes down: nothing is closed, yet nothing is locked.
fn host_goes_down(root: &TempDir) -> TempDir {
    let opened = open(root);
    let after = TempDir::new().unwrap();
    let copy = after.path().join(live_folder(root).file_name().unwrap());
    fs::create_dir(&copy).unwrap();
    fs::copy(root.path().join("CURRENT"), after.path().join("CURRENT")).unwrap();
    for entry in fs::read_dir(live_folder(root)).unwrap().map(|entry| entry.unwrap()) {
        if entry.path().is_file() {
            fs::copy(entry.path(), copy.join(entry.file_name())).unwrap();
        }
    }
    drop(opened);
    after
}

#[test]
fn what_was_closed_is_there_again() {
    finds_the_row(&root_with_a_row());
}

#[test]
fn a_clean_close_outlives_the_host() {
    let root = root_with_a_row();
    let other_boot = Options { boot_id: Some("another boot".into()), ..options() };
    assert_eq!(Store::open(&root, other_boot).unwrap().fresh, None);
}

#[test]
fn an_unclean_close_does_not_outlive_the_host() {
    let root = root_with_a_row();
    for boot_id in [Some("another boot".into()), None] {
        let after = host_goes_down(&root);
        let reason = starts_empty(&after, Options { boot_id, ..options() });
        assert_eq!(reason, FreshReason::HostWentDown);
    }
}

#[test]
fn an_unclean_close_under_the_same_boot_is_fine() {
    finds_the_row(&host_goes_down(&root_with_a_row()));
}

#[test]
fn a_root_belongs_to_one_store() {
    let root = root_with_a_row();
    let opened = open(&root);
    let refused = Store::open(&root, options()).unwrap_err();
    assert!(matches!(&refused, StoreError::InUse { root: named } if named == root.path()));
    assert!(refused.to_string().contains(&*root.path().to_string_lossy()), "{refused}");
    drop(opened);
    finds_the_row(&root);
}

#[test]
fn a_half_written_snapshot_is_swept_away() {
    let root = root_with_a_row();
    fs::write(live_folder(&root).join("snap.FFFFFFFFFFFFFFFF.generating"), b"half").unwrap();
    finds_the_row(&root);
}

#[test]
fn a_truncated_database_is_set_aside() {
    let root = TempDir::new().unwrap();
    let writer = Writer::start(open(&root).store).unwrap();
    for position in 1..=100 {
        let puts = (0..100).map(|n| (entity(n * position as u32), 0, vec![7; 500])).collect();
        writer.send(chunk(position, puts)).unwrap();
    }
    writer.flush_and_close().unwrap();
    // An opening writes a snapshot, which then refers to what is cut off.
    drop(open(&root));
    let damaged = live_folder(&root);
    let database = File::options().write(true).open(damaged.join("db")).unwrap();
    database.set_len(database.metadata().unwrap().len() / 2).unwrap();
    drop(database);

    let reason = starts_empty(&root, options());
    assert!(matches!(reason, FreshReason::Unusable { .. }), "{reason}");
    let aside = format!("{}.set-aside", damaged.file_name().unwrap().to_string_lossy());
    assert!(reason.to_string().contains(&aside), "{reason}");
    assert_eq!(folders(root.path()), [aside.as_str(), "timelines-3-2"]);
}

#[test]
fn a_damaged_snapshot_is_set_aside_and_only_the_latest_is_kept() {
    let root = root_with_a_row();
    for number in 1..=3 {
        fs::write(live_folder(&root).join("snap.FFFFFFFFFFFFFFFF"), b"").unwrap();
        assert!(matches!(starts_empty(&root, options()), FreshReason::Unusable { .. }));
        let aside = format!("timelines-3-{number}.set-aside");
        assert_eq!(folders(root.path()), [aside, format!("timelines-3-{}", number + 1)]);
    }
}

#[test]
fn a_missing_or_unknown_generation_is_replaced() {
    let root = root_with_a_row();
    fs::remove_dir_all(live_folder(&root)).unwrap();
    assert!(matches!(starts_empty(&root, options()), FreshReason::NoneLive { .. }));
    fs::write(root.path().join("CURRENT"), "../elsewhere\n").unwrap();
    assert!(matches!(starts_empty(&root, options()), FreshReason::NoneLive { .. }));
}

#[test]
fn another_schema_starts_over_and_removes_the_old_rows() {
    let root = root_with_a_row();
    let newer = Options { schema: 4, ..options() };
    assert_eq!(starts_empty(&root, newer), FreshReason::Schema { found: 3 });
    assert_eq!(folders(root.path()), ["timelines-4-2"]);
}

#[test]
fn only_generations_are_ever_removed() {
    let root = root_with_a_row();
    for name in ["timelines", "timelines-3", "timelines-3-1.old", "sled"] {
        fs::create_dir(root.path().join(name)).unwrap();
    }
    fs::create_dir(root.path().join("timelines-3-7")).unwrap();
    finds_the_row(&root);
    let kept = ["sled", "timelines", "timelines-3", "timelines-3-1", "timelines-3-1.old"];
    assert_eq!(folders(root.path()), kept);
}

#[test]
fn the_last_handle_closes_the_folder() {
    let root = root_with_a_row();
    let mark = live_folder(&root).join("IN-USE");
    let store = open(&root).store;
    let reader = store.clone();
    mem::drop(store);
    assert!(mark.exists());
    assert_eq!(row_count(&reader), 1);
    mem::drop(reader);
    assert!(!mark.exists());
}
