//! What is kept of a view when a process stops, and that nothing else is ever taken for it.

use std::{ops::Range, path::Path, sync::Arc};

use read_model::{Options, Pieces, Store};
use runtime::{digest::Digest, renewal, rows, runtime::Runtime};
use uuid::Uuid;

use crate::house::{House, amounts, ask, moved, opened, stop};

const VIEW: &str = "stages";

/// Opens some deals and moves them on.
async fn open(house: &House, runtime: &Runtime, deals: Range<u128>) {
    for deal in deals.clone() {
        let opened = house.deal("acme", Uuid::from_u128(deal), None, opened("new", 100));
        ask(runtime, opened).await.unwrap();
    }
    go_on(house, runtime, deals).await;
}

async fn go_on(house: &House, runtime: &Runtime, deals: Range<u128>) {
    for deal in deals {
        let minor = i64::try_from(house.command().as_u128() % 1000).unwrap();
        for command in [moved("late"), amounts(minor), moved("later")] {
            house.next_day();
            ask(runtime, house.deal("acme", Uuid::from_u128(deal), None, command)).await.unwrap();
        }
    }
}

async fn digests(runtime: &Runtime) -> Vec<(String, u64, Digest)> {
    let standings = runtime::projections::standings(runtime, "acme").await.unwrap();
    standings.into_iter().map(|it| (it.name, it.position, it.digest)).collect()
}

/// What is kept of the view in a folder that nobody has open: a head and the bytes.
fn kept(folder: &Path) -> (Vec<u8>, Vec<u8>) {
    kept_in(&Store::open(folder, Options::new(rows::schema())).unwrap().store)
}

fn kept_in(store: &Store) -> (Vec<u8>, Vec<u8>) {
    (store.snapshot_head(VIEW).unwrap().unwrap(), store.snapshot_bytes(VIEW).unwrap())
}

fn keep(folder: &Path, (head, bytes): &(Vec<u8>, Vec<u8>)) {
    let store = Store::open(folder, Options::new(rows::schema())).unwrap().store;
    store.keep_snapshot(VIEW, head, Pieces::from(bytes.as_slice())).unwrap();
}

async fn start_and_stop(
    house: &House,
    folder: &Path,
) -> (Vec<&'static str>, Vec<(String, u64, Digest)>) {
    let runtime = house.start(folder).await;
    let (restored, digests) = (runtime.restored.clone(), digests(&runtime).await);
    stop(runtime).await;
    (restored, digests)
}

/// A process that has lived and stopped, and how its views stood then.
async fn lived(house: &House, folder: &Path) -> Vec<(String, u64, Digest)> {
    let runtime: Arc<Runtime> = house.start(folder).await;
    let product = domain::product::Fact::Defined(domain::product::Defined {
        key: "rocket".to_owned(),
        name: "Rocket".to_owned(),
        list_price: None,
        retired: false,
    });
    let define = house.define("acme", Uuid::from_u128(0xD0), None, product.into());
    ask(&runtime, define).await.unwrap();
    open(house, &runtime, 1..20).await;
    let digests = digests(&runtime).await;
    stop(runtime).await;
    digests
}

#[tokio::test]
async fn a_view_is_there_again_without_folding() {
    let (house, folder) = (House::new(), tempfile::tempdir().unwrap());
    let before = lived(&house, folder.path()).await;
    let (mut restored, after) = start_and_stop(&house, folder.path()).await;
    restored.sort_unstable();
    assert_eq!(restored, ["catalog", VIEW]);
    assert_eq!(after, before);
}

#[tokio::test]
async fn what_came_after_is_folded_on_top() {
    let (house, folder) = (House::new(), tempfile::tempdir().unwrap());
    lived(&house, folder.path()).await;
    let earlier = kept(folder.path());
    let runtime = house.start(folder.path()).await;
    // Old deals and new ones, so that a timeline is ahead of what was kept.
    let voided = house.deal("acme", Uuid::from_u128(3), None, moved("won"));
    let command = voided.command_id;
    ask(&runtime, voided).await.unwrap();
    go_on(&house, &runtime, 15..20).await;
    open(&house, &runtime, 20..30).await;
    ask(&runtime, house.void("acme", Uuid::from_u128(3), command)).await.unwrap();
    let before = digests(&runtime).await;
    stop(runtime).await;
    keep(folder.path(), &earlier);
    let (restored, after) = start_and_stop(&house, folder.path()).await;
    assert!(restored.contains(&VIEW), "{restored:?}");
    assert_eq!(after, before);
}

/// A process that dies spares the next one what it has folded, and need not stop for that.
#[tokio::test]
async fn a_view_that_had_to_be_folded_is_kept_while_commands_run() {
    let (house, folder) = (House::new(), tempfile::tempdir().unwrap());
    lived(&house, folder.path()).await;
    let store = Store::open(&folder, Options::new(rows::schema())).unwrap().store;
    store.drop_snapshots(|_| false).unwrap();
    drop(store);
    let runtime = house.start(folder.path()).await;
    assert_eq!(runtime.restored, [""; 0]);
    let store = runtime.timelines.store();
    for round in 0.. {
        if store.snapshot_head(VIEW).unwrap().is_some() {
            break;
        }
        assert!(round < 10_000, "nothing is kept");
        go_on(&house, &runtime, 1..2).await;
    }
    let kept = kept_in(&store);
    go_on(&house, &runtime, 5..8).await;
    let before = digests(&runtime).await;
    drop(store);
    stop(runtime).await;
    keep(folder.path(), &kept);
    let (restored, after) = start_and_stop(&house, folder.path()).await;
    assert!(restored.contains(&VIEW), "{restored:?}");
    assert_eq!(after, before);
}

/// A process may die after it has kept a view and before it has stored all that the view knows.
#[tokio::test]
async fn a_view_that_knows_more_than_the_store_is_folded_anew() {
    let (house, folder) = (House::new(), tempfile::tempdir().unwrap());
    lived(&house, folder.path()).await;
    let other = tempfile::tempdir().unwrap();
    let runtime = house.start(other.path()).await;
    go_on(&house, &runtime, 10..20).await;
    let before = digests(&runtime).await;
    stop(runtime).await;
    keep(folder.path(), &kept(other.path()));
    let (restored, after) = start_and_stop(&house, folder.path()).await;
    assert_eq!(restored, ["catalog"]);
    assert_eq!(after, before);
}

/// What was kept of a view may be why somebody has it made anew.
#[tokio::test]
async fn what_was_kept_of_a_view_that_is_made_anew_is_gone() {
    let (house, folder) = (House::new(), tempfile::tempdir().unwrap());
    let before = lived(&house, folder.path()).await;
    let runtime = house.start(folder.path()).await;
    assert!(runtime.restored.contains(&VIEW));
    renewal::renew(&runtime, VIEW, Arc::new(|_, _| ())).await.unwrap();
    assert_eq!(runtime.timelines.store().snapshot_head(VIEW).unwrap(), None);
    stop(runtime).await;
    let (restored, after) = start_and_stop(&house, folder.path()).await;
    assert!(restored.contains(&VIEW), "it is kept anew");
    assert_eq!(after, before);
}

#[tokio::test]
async fn what_is_not_what_was_kept_is_folded_anew() {
    let (house, folder) = (House::new(), tempfile::tempdir().unwrap());
    let before = lived(&house, folder.path()).await;
    let sound = kept(folder.path());
    let altered = |alter: &dyn Fn(&mut Vec<u8>, &mut Vec<u8>)| {
        let (mut head, mut bytes) = sound.clone();
        alter(&mut head, &mut bytes);
        (head, bytes)
    };
    let mut cases = vec![
        ("other bytes".to_owned(), altered(&|_, bytes| bytes[7] ^= 1)),
        ("cut off".to_owned(), altered(&|_, bytes| bytes.truncate(bytes.len() - 1))),
        ("longer".to_owned(), altered(&|_, bytes| bytes.push(0))),
        ("no head".to_owned(), altered(&|head, _| head.clear())),
    ];
    for place in 0..sound.0.len() {
        cases.push((format!("head at {place}"), altered(&|head, _| head[place] ^= 1)));
    }
    for (case, altered) in cases {
        keep(folder.path(), &altered);
        let (restored, after) = start_and_stop(&house, folder.path()).await;
        assert_eq!(restored, ["catalog"], "{case}");
        assert_eq!(after, before, "{case}");
        let (restored, after) = start_and_stop(&house, folder.path()).await;
        assert!(restored.contains(&VIEW), "{case}: it is kept anew");
        assert_eq!(after, before, "{case}");
    }
}

#[tokio::test]
async fn a_log_that_went_on_without_it_is_caught_up_with() {
    let (house, folder) = (House::new(), tempfile::tempdir().unwrap());
    lived(&house, folder.path()).await;
    let other = tempfile::tempdir().unwrap();
    let runtime = house.start(other.path()).await;
    go_on(&house, &runtime, 10..20).await;
    open(&house, &runtime, 20..40).await;
    let before = digests(&runtime).await;
    stop(runtime).await;
    let (restored, after) = start_and_stop(&house, folder.path()).await;
    assert!(restored.contains(&VIEW), "{restored:?}");
    assert_eq!(after, before);
}
