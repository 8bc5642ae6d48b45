//! The parts of the one binary: a whole cell on one machine, single services, and their settings.

pub mod cell;
pub mod config;
pub mod demo;
pub mod nats;
pub mod server;
pub mod up;

/// Facts are small, many, and often freed by another thread than made them, which the system's
/// allocator is slow at.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
