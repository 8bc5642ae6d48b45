//! Rows that were altered behind the writer's back are found and named, and a rebuild heals them.

use std::sync::Arc;

use domain::Kind;
use read_model::EntityKey;
use runtime::{
    rows::{self, Name, Row},
    runtime::Runtime,
};
use tempfile::TempDir;
use uuid::Uuid;

use crate::{
    calls::{rebuild, verify},
    house::{House, amounts, ask, moved, opened, stop},
};

fn deal(number: u128) -> Uuid {
    Uuid::from_u128(0xD000 + number)
}

fn key(id: Uuid) -> EntityKey {
    EntityKey {
        tenant: "acme".to_owned(),
        kind: Kind::Opportunity.word().to_owned(),
        id: *id.as_bytes(),
    }
}

async fn ten_deals(house: &House, runtime: &Runtime) {
    for number in 0..10 {
        let id = deal(number);
        ask(runtime, house.deal("acme", id, None, opened("lead", 100))).await.unwrap();
        ask(runtime, house.deal("acme", id, None, moved("demo"))).await.unwrap();
        ask(runtime, house.deal("acme", id, None, amounts(250))).await.unwrap();
    }
}

/// What verify says of the timelines: each difference, and how many there are.
async fn found(runtime: &Arc<Runtime>) -> (Vec<(String, String)>, u64) {
    let verdict = verify(runtime, "acme", "timelines").await.unwrap().remove(0);
    assert_eq!(verdict.ok, verdict.differences_total == 0, "{verdict:?}");
    let named = verdict.differences.into_iter().map(|row| (row.key, row.what)).collect();
    (named, verdict.differences_total)
}

/// The block of a deal with its last row left out.
fn without_last(block: &[u8]) -> Vec<u8> {
    let mut kept = vec![Vec::new()];
    rows::for_each::<rows::RowError>(block, |row| {
        let mut longer: Vec<u8> = kept[kept.len() - 1].clone();
        row.append_to(&mut longer);
        kept.push(longer);
        Ok(())
    })
    .unwrap();
    kept.remove(kept.len() - 2)
}

/// The rows of a block under another name that is known.
fn all_named(block: &[u8], name: &str) -> Vec<u8> {
    let (name, mut renamed) = (Name::of(name).unwrap(), Vec::new());
    rows::for_each::<rows::RowError>(block, |row| {
        Row { name, ..row }.append_to(&mut renamed);
        Ok(())
    })
    .unwrap();
    renamed
}

#[tokio::test]
async fn altered_missing_and_invented_rows_are_named() {
    let (house, folder) = (House::new(), TempDir::new().unwrap());
    let runtime = house.start(folder.path()).await;
    ten_deals(&house, &runtime).await;
    assert_eq!(found(&runtime).await, (Vec::new(), 0));

    let store = runtime.timelines.store();
    let block = store.read(&key(deal(1))).unwrap().remove(0);
    let altered = [&without_last(&block.bytes)[..], &{
        // The last row says another amount.
        let mut last = block.bytes[without_last(&block.bytes).len()..].to_vec();
        let amount = last.len() - 6;
        last[amount] ^= 2;
        last
    }]
    .concat();
    store.put_raw(&key(deal(1)), 0, &altered).unwrap();
    let shorter = without_last(&store.read(&key(deal(2))).unwrap()[0].bytes);
    store.put_raw(&key(deal(2)), 0, &shorter).unwrap();
    store.remove_raw(&key(deal(3)), 0).unwrap();
    store.put_raw(&key(deal(77)), 0, &block.bytes).unwrap();
    store.put_raw(&key(deal(4)), 0, &[0xFF; 20]).unwrap();
    let renamed = all_named(&store.read(&key(deal(5))).unwrap()[0].bytes, "lead.recycled.v1");
    store.put_raw(&key(deal(5)), 0, &renamed).unwrap();
    drop(store);

    let (named, total) = found(&runtime).await;
    let says = |number, what: &str| {
        let key = format!("opportunity/{}", deal(number));
        named.iter().filter(|(row, said)| *row == key && said.contains(what)).count()
    };
    assert_eq!(says(1, "amount_changed.v1: differs in body"), 1, "{named:#?}");
    assert_eq!(says(2, "amount_changed.v1: missing"), 1, "{named:#?}");
    assert_eq!(says(3, "missing"), 3, "{named:#?}");
    assert_eq!(says(77, "unexpected"), 3, "{named:#?}");
    assert_eq!(says(4, "cannot be read"), 1, "{named:#?}");
    assert_eq!(says(5, "differs in fact"), 3, "{named:#?}");
    assert_eq!((named.len(), total), (12, 12));
    let keys: Vec<&String> = named.iter().map(|(key, _)| key).collect();
    assert!(keys.is_sorted());

    // Another tenant sees neither the rows nor that there is something wrong with them.
    assert!(verify(&runtime, "other", "").await.unwrap().iter().all(|verdict| verdict.ok));

    rebuild(&runtime, "timelines").await.unwrap();
    assert_eq!(found(&runtime).await, (Vec::new(), 0));
    stop(runtime).await;
    let again = house.start(folder.path()).await;
    assert_eq!(found(&again).await, (Vec::new(), 0));
    assert!(verify(&again, "acme", "").await.unwrap().iter().all(|verdict| verdict.ok));
}

#[tokio::test]
async fn only_the_first_hundred_rows_are_named_and_all_are_counted() {
    let (house, folder) = (House::new(), TempDir::new().unwrap());
    let runtime = house.start(folder.path()).await;
    for number in 0..150 {
        ask(&runtime, house.deal("acme", deal(number), None, opened("lead", 1))).await.unwrap();
    }
    assert_eq!(found(&runtime).await.1, 0);
    let store = runtime.timelines.store();
    for number in 0..130 {
        store.remove_raw(&key(deal(number)), 0).unwrap();
    }
    let (named, total) = found(&runtime).await;
    assert_eq!((named.len(), total), (100, 130));
    assert_eq!(named[0].0, format!("opportunity/{}", deal(0)));
}
