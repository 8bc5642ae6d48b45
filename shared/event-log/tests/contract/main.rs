//! The rules of the log, run against every kind of log there is.

mod jetstream;
mod memory;
mod rules;
#[path = "../sample/mod.rs"]
mod sample;
mod server;
