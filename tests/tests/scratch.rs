#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]
#[path = "../proof/chain.rs"]
mod chain;
#[path = "../proof/child.rs"]
mod child;
#[path = "../proof/crash.rs"]
mod crash;
#[path = "../proof/load.rs"]
mod load;
#[path = "../proof/replay.rs"]
mod replay;
#[path = "../proof/writers.rs"]
mod writers;
