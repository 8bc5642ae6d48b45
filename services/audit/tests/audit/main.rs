//! AuditService and ProjectionService over real runtimes and a log in memory.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that goes wrong says so by panicking"
)]

mod appending;
mod calls;
mod erasures;
mod folding;
mod histories;
mod house;
mod newer;
mod proofs;
mod renewals;
mod snapshots;
mod tailing;
mod tampering;
mod telling;
