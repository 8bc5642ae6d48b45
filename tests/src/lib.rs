//! A whole cell for a test: its own folder, nats-server and port, and the hands to use it.
//!
//! | to | use |
//! |---|---|
//! | run a cell | [`World::start`], [`World::start_with`], [`World::start_in`] |
//! | type a command | [`World::cli`], [`World::cli_fails`], [`World::words`] |
//! | call it | [`World::opportunities`] and its like, with [`World::request`] |
//! | give it a catalog and deals | [`hands`] |
//! | find the data that is not part of the project | [`data::history`] |
#![allow(clippy::print_stdout, reason = "a test that is skipped says so")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

pub mod data;
pub mod figures;
pub mod hands;
pub mod line;
mod world;

pub use world::{Options, World};
