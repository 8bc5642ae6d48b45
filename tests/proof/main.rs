//! The proof, one module per promise.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

mod chain;
mod child;
mod crash;
mod load;
mod replay;
mod writers;

#[tokio::test(flavor = "multi_thread")]
async fn smoke() {
    let mut world = tests::World::start().await;
    world.define_catalog().await;
    let (id, _) = world.open("x", 5, "2026-01-01T00:00:00Z").await;
    println!("{}", world.cli(&["opportunity", "get", &id]).await);
    world.restart().await;
    println!("{} {:?}", world.cli(&["pipeline"]).await, world.digests().await);
}
