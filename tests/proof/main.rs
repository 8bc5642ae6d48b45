//! The proof, one module per promise.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

mod architecture;
mod arrival;
mod bpic;
mod chain;
mod child;
mod crash;
mod golden;
mod load;
mod maven;
mod replay;
mod stranger;
mod writers;
