//! A client that shares no code with us works a deal, knowing nothing but the address.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

use tests::{World, data::workspace};
use tokio::process::Command;

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_finds_its_way_by_reflection() {
    if std::env::var("REVOPS_SKIP_PYTHON").as_deref() == Ok("1") {
        println!("skipped: REVOPS_SKIP_PYTHON=1, so no Python client has tried the server");
        return;
    }
    a_strangers_way(&World::start().await).await;
}

pub async fn a_strangers_way(world: &World) {
    let address = world.address().trim_start_matches("http://");
    let run = workspace().join("tests/stranger/run");
    let output = Command::new(run).args(["stranger.py", address]).output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    let deal = said.trim().rsplit(' ').next().unwrap();
    let history = world.cli(&["--tenant", "stranger", "history", "opportunity", deal]).await;
    let facts: Vec<_> = history["entries"].as_array().unwrap().iter().collect();
    let told: Vec<_> = facts.iter().map(|fact| fact["fact"].as_str().unwrap()).collect();
    assert_eq!(
        told,
        ["opportunity.opened.v1", "opportunity.stage_changed.v1", "opportunity.won.v1"]
    );
    assert!(facts.iter().all(|fact| fact["actor"] == "python"), "{facts:?}");
}
