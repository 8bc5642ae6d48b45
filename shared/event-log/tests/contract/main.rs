//! The rules of the log, run against every kind of log there is.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

// Its macros are for those below.
#[macro_use]
mod rules;

mod copying;
mod jetstream;
mod memory;
#[path = "../sample/mod.rs"]
mod sample;
mod server;
mod three;
