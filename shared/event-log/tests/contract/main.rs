//! The rules of the log, run against every kind of log there is.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

mod copying;
mod jetstream;
mod memory;
mod rules;
#[path = "../sample/mod.rs"]
mod sample;
mod server;
mod three;
