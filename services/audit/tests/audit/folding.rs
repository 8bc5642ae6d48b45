//! The log folded anew, all at once: the same blocks and views as one by one, or an error.

use std::path::Path;

use bytes::Bytes;
use domain::Kind;
use event_log::EventLog;
use read_model::{Checkpoint, Options, Store};
use runtime::{
    rebuild::{Gathered, RebuildError, gather, store_and_fold},
    rows,
    runtime::Runtime,
    view::{Fresh, Projection, Shared},
};
use tempfile::TempDir;
use uuid::Uuid;

use crate::house::{House, Stages, amounts, ask, moved, opened, stop};

/// More than travel together between threads.
const DEALS: u128 = 600;

fn deal(number: u128) -> Uuid {
    Uuid::from_u128((number << 64) + number)
}

/// Two tenants, many deals, and one of them so busy that it fills several blocks.
async fn a_company(house: &House, runtime: &Runtime) {
    for number in 0..DEALS {
        let tenant = if number % 7 == 0 { "bravo" } else { "acme" };
        ask(runtime, house.deal(tenant, deal(number), None, opened("lead", 100))).await.unwrap();
    }
    ask(runtime, house.deal("acme", deal(1), None, moved("demo"))).await.unwrap();
    for minor in 0..100 {
        ask(runtime, house.deal("acme", deal(1), None, amounts(minor))).await.unwrap();
    }
}

async fn gathered(house: &House) -> Result<Gathered, RebuildError> {
    let log = EventLog::Memory(house.log.clone());
    let head = log.head().await.unwrap().unwrap().sequence;
    gather(&log, head, |_| ()).await
}

/// What was gathered, in a fresh generation of a folder that nobody has open, and in a fresh view.
fn folded(live: &Store, gathered: Gathered) -> Result<(Store, Box<dyn Fresh>), RebuildError> {
    let stages: Box<dyn Projection> = Box::new(Shared::<Stages>::empty());
    let mut views = vec![stages.fresh()];
    let store = store_and_fold(live, gathered, &mut views)?;
    Ok((store, views.remove(0)))
}

fn reopened(folder: &Path) -> (Store, Checkpoint) {
    let store = Store::open(folder, Options::new(rows::schema())).unwrap().store;
    let checkpoint = store.checkpoint().unwrap();
    (store, checkpoint)
}

#[tokio::test]
async fn all_at_once_is_as_one_by_one() {
    let (house, folder) = (House::new(), TempDir::new().unwrap());
    let runtime = house.start(folder.path()).await;
    a_company(&house, &runtime).await;
    let projection = runtime.projections.iter().find(|view| view.name() == "stages").unwrap();
    let digests = ["acme", "bravo"].map(|tenant| projection.digest(tenant).1);
    stop(runtime).await;

    let all = gathered(&house).await.unwrap();
    let (live, checkpoint) = reopened(folder.path());
    let (fresh, view) = folded(&live, gathered(&house).await.unwrap()).unwrap();
    assert_eq!(fresh.checkpoint().unwrap(), checkpoint);
    assert_eq!(["acme", "bravo"].map(|tenant| view.digest(tenant)), digests);
    let (mut entities, mut most_blocks) = (0, 0);
    for entity in all.entities() {
        let blocks = fresh.read(&entity.key()).unwrap();
        assert_eq!(blocks, live.read(&entity.key()).unwrap(), "{entity}");
        let bytes: Vec<Vec<u8>> = blocks.into_iter().map(|block| block.bytes).collect();
        assert_eq!(bytes, all.packed(entity).blocks, "{entity}");
        (entities, most_blocks) = (entities + 1, bytes.len().max(most_blocks));
    }
    assert!(entities >= DEALS && most_blocks > 1, "{entities} {most_blocks}");
}

#[tokio::test]
async fn a_fact_that_cannot_be_read_ends_it() {
    let (house, folder) = (House::new(), TempDir::new().unwrap());
    let runtime = house.start(folder.path()).await;
    a_company(&house, &runtime).await;
    ask(&runtime, house.deal("acme", deal(2), None, moved("demo"))).await.unwrap();
    stop(runtime).await;
    house.another_writes(|it| it.entities[0].facts[0].body = Bytes::from_static(&[0xFF; 9])).await;

    let gathered = gathered(&house).await.unwrap();
    let (live, before) = reopened(folder.path());
    let position = before.position + 1;
    let why = folded(&live, gathered).err().map(|why| why.to_string()).unwrap();
    assert!(why.contains(&format!("at position {position}: ")), "{why}");
    drop(live);
    assert_eq!(reopened(folder.path()).1, before);
}

#[tokio::test]
async fn a_name_that_is_not_known_ends_it_whatever_the_kind() {
    for kind in [Kind::Opportunity, Kind::Pipeline] {
        let (house, folder) = (House::new(), TempDir::new().unwrap());
        let runtime = house.start(folder.path()).await;
        ask(&runtime, house.deal("acme", deal(1), None, opened("lead", 100))).await.unwrap();
        house
            .another_writes(|commit| {
                commit.entities[0].kind = kind.word().into();
                commit.entities[0].facts[0].name = format!("{kind}.taught.v9").into();
            })
            .await;
        let told = format!("at position 2: unknown fact \"{kind}.taught.v9\"");
        let why = gathered(&house).await.err().map(|why| why.to_string()).unwrap();
        assert!(why.contains(&told), "{why}");
        // The process that follows stops there too, and says so to whoever asks.
        runtime.keeper.stopped().await;
        let order = house.deal("acme", deal(1), None, moved("demo"));
        let refused = runtime.keeper.ask(order).await.unwrap_err();
        assert!(format!("{refused:?}").contains("taught.v9"), "{refused:?}");
    }
}
