//! Rebuilding is routine: while commands run, and from nothing.

use std::{
    collections::HashSet,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use runtime::runtime::Runtime;
use tempfile::TempDir;
use tonic::Code;
use uuid::Uuid;

use crate::{
    calls::{digests, rebuild, standings, verify},
    house::{House, amounts, ask, moved, opened, stop, usd},
};

fn deal(number: u128) -> Uuid {
    Uuid::from_u128(0xD000_0000 + number * 0x0101)
}

/// Deals over two tenants, some of them moved, some of those taken back.
async fn fill(house: &House, runtime: &Runtime, deals: u128) {
    for number in 0..deals {
        let tenant = if number % 5 == 0 { "other" } else { "acme" };
        let id = deal(number);
        ask(runtime, house.deal(tenant, id, None, opened("lead", 100))).await.unwrap();
        let step = house.deal(tenant, id, None, moved("demo"));
        let command = step.command_id;
        ask(runtime, step).await.unwrap();
        if number % 3 == 0 {
            ask(runtime, house.void(tenant, id, command)).await.unwrap();
        }
    }
    let product = domain::product::Defined {
        key: "rocket".to_owned(),
        name: "Rocket".to_owned(),
        list_price: usd(500),
        retired: false,
    };
    let fact = domain::Fact::Product(domain::product::Fact::Defined(product));
    ask(runtime, house.define("acme", deal(9_999), None, fact)).await.unwrap();
}

/// Keeps changing the first deals, and opens new ones, until it is told to end.
async fn keep_busy(house: Arc<House>, runtime: Arc<Runtime>, done: Arc<AtomicBool>) -> u64 {
    let mut number = 0;
    while !done.load(Ordering::Relaxed) {
        let order = match number % 3 {
            0 => house.deal("acme", deal(100_000 + u128::from(number)), None, opened("lead", 7)),
            1 => house.deal("acme", deal(1), None, amounts(i64::try_from(number).unwrap())),
            _ => house.deal("acme", deal(2), None, moved(&format!("stage-{number}"))),
        };
        ask(&runtime, order).await.unwrap();
        number += 1;
    }
    number
}

async fn assert_sound(runtime: &Arc<Runtime>) {
    for tenant in ["acme", "other"] {
        let verdicts = verify(runtime, tenant, "").await.unwrap();
        let names: Vec<&str> = verdicts.iter().map(|verdict| verdict.name.as_str()).collect();
        assert_eq!(names, ["catalog", "stages", "timelines"]);
        for verdict in verdicts {
            assert!(verdict.ok, "{verdict:?}");
            assert_eq!(verdict.digest_expected, verdict.digest_found);
        }
    }
}

fn generations(root: &Path) -> usize {
    let entries = std::fs::read_dir(root).unwrap();
    let names: HashSet<String> =
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.iter().filter(|name| name.starts_with("timelines-")).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn projections_are_rebuilt_while_commands_run() {
    let (house, folder) = (Arc::new(House::new()), TempDir::new().unwrap());
    let runtime = house.start(folder.path()).await;
    fill(&house, &runtime, 300).await;
    let done = Arc::new(AtomicBool::new(false));
    let busy = tokio::spawn(keep_busy(house.clone(), runtime.clone(), done.clone()));
    for _ in 0..3 {
        for name in ["stages", "timelines", "catalog"] {
            let standing = rebuild(&runtime, name).await.unwrap();
            assert_eq!(standing.name, name);
            assert_sound(&runtime).await;
        }
    }
    done.store(true, Ordering::Relaxed);
    let commands = busy.await.unwrap();
    assert!(commands > 100, "only {commands} commands ran meanwhile");
    assert_sound(&runtime).await;

    let before = digests(&runtime, "acme").await;
    stop(runtime).await;
    assert_eq!(generations(folder.path()), 1, "the folders before are gone");
    let again = house.start(folder.path()).await;
    assert_eq!(again.started_over, None);
    assert_eq!(digests(&again, "acme").await, before);
    assert_sound(&again).await;
    stop(again).await;

    let elsewhere = TempDir::new().unwrap();
    let fresh = house.start(elsewhere.path()).await;
    assert_eq!(digests(&fresh, "acme").await, before);
    assert_sound(&fresh).await;
}

#[tokio::test]
async fn a_process_starts_again_where_it_ended_or_from_nothing() {
    let (house, folder) = (House::new(), TempDir::new().unwrap());
    let runtime = house.start(folder.path()).await;
    fill(&house, &runtime, 40).await;
    let (acme, other) = (digests(&runtime, "acme").await, digests(&runtime, "other").await);
    let zero = "0".repeat(64);
    assert!(acme.values().all(|digest| *digest != zero), "{acme:?}");
    assert_ne!(acme["timelines"], other["timelines"]);
    stop(runtime).await;

    let again = house.start(folder.path()).await;
    assert_eq!(again.started_over, None);
    assert_eq!(
        (digests(&again, "acme").await, digests(&again, "other").await),
        (acme.clone(), other)
    );
    stop(again).await;

    std::fs::remove_dir_all(folder.path()).unwrap();
    let fresh = house.start(folder.path()).await;
    assert_eq!(digests(&fresh, "acme").await, acme);
    assert_sound(&fresh).await;
}

#[tokio::test]
async fn one_rebuild_runs_at_a_time_and_its_name_is_known() {
    let (house, folder) = (House::new(), TempDir::new().unwrap());
    let runtime = house.start(folder.path()).await;
    fill(&house, &runtime, 20).await;
    for (name, another) in [("stages", "timelines"), ("timelines", "timelines")] {
        let both = futures::join!(rebuild(&runtime, name), rebuild(&runtime, another));
        let refusals: Vec<_> = [both.0, both.1].into_iter().filter_map(Result::err).collect();
        assert_eq!(refusals.len(), 1, "{name}, {another}");
        assert_eq!(refusals[0].code(), Code::FailedPrecondition);
    }

    let unknown = rebuild(&runtime, "ledgers").await.unwrap_err();
    assert_eq!(unknown.code(), Code::NotFound);
    assert!(unknown.message().contains("catalog, stages, timelines"), "{unknown}");
    assert_eq!(verify(&runtime, "acme", "ledgers").await.unwrap_err().code(), Code::NotFound);
    for standing in standings(&runtime, "acme").await {
        let last = runtime.applied().borrow().place.last;
        assert_eq!((standing.position, standing.health()), (last, health_ok()), "{standing:?}");
    }
}

fn health_ok() -> api::projections::v1::ProjectionHealth {
    api::projections::v1::ProjectionHealth::Ok
}
