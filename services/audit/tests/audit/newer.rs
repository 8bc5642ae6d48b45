//! A program meets facts of a kind that only a newer one knows: it goes on, and says so.

use std::sync::Arc;

use bytes::Bytes;
use event_log::{EntityFacts, Fact};
use runtime::runtime::Runtime;
use tempfile::TempDir;
use uuid::Uuid;

use crate::{
    calls::{digests, standings, verify},
    house::{House, ask, opened, stop},
};

const DEAL: Uuid = Uuid::from_u128(0xD1);
const LATER_DEAL: Uuid = Uuid::from_u128(0xD2);

/// Appends what a newer program would: facts of a deal, and of a kind that is unknown here, in the
/// same commit.
async fn a_newer_program_writes(house: &House) {
    let unknown = |name: &str| Fact {
        name: name.into(),
        occurred_at: 0,
        source_seq: 0,
        body: Bytes::from_static(b"unreadable here"),
    };
    let facts = vec![unknown("hologram.lit.v1"), unknown("hologram.dimmed.v9")];
    let id = Uuid::from_u128(0xA1);
    house
        .another_writes(|commit| {
            commit.entities[0].id = LATER_DEAL;
            commit.entities.push(EntityFacts { kind: "hologram".into(), id, facts });
        })
        .await;
}

async fn detail(runtime: &Arc<Runtime>) -> String {
    let standings = standings(runtime, "acme").await;
    standings.into_iter().find(|it| it.name == "timelines").unwrap().detail
}

#[tokio::test]
async fn a_kind_from_the_future_passes_by_and_is_shown() {
    let (house, folders) = (House::new(), [TempDir::new().unwrap(), TempDir::new().unwrap()]);
    let runtime = house.start(folders[0].path()).await;
    ask(&runtime, house.deal("acme", DEAL, None, opened("lead", 5))).await.unwrap();
    assert_eq!(detail(&runtime).await, "");

    a_newer_program_writes(&house).await;
    runtime.wait_for(2).await.unwrap();
    // It still decides, on top of what it cannot read.
    ask(&runtime, house.deal("acme", Uuid::from_u128(0xD3), None, opened("lead", 5)))
        .await
        .unwrap();
    let told = "facts of newer kinds pass by (2 of hologram): upgrade to read them";
    assert_eq!(detail(&runtime).await, told);
    let live = digests(&runtime, "acme").await;
    assert!(verify(&runtime, "acme", "").await.unwrap().iter().all(|verdict| verdict.ok));
    stop(runtime).await;

    // The same after a restart, and in a folder where nothing was folded yet.
    for folder in &folders {
        let runtime = house.start(folder.path()).await;
        assert_eq!(digests(&runtime, "acme").await, live);
        assert_eq!(detail(&runtime).await, told);
        stop(runtime).await;
    }
}
