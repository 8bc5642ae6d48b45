//! The parts of the one binary: a whole cell on one machine, single services, and their settings.

pub mod cell;
pub mod config;
pub mod demo;
pub mod edge;
pub mod help;
pub mod line;
pub mod log_copy;
pub mod metrics;
pub mod nats;
pub mod route;
pub mod server;
pub mod settings;
pub mod up;

/// Facts are small, many, and often freed by another thread than made them, which the system's
/// allocator is slow at.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Where a program's calls are served: on every core but one, which is left to the log's thread and
/// to the server that it waits for. One core alone is better off without a scheduler for several,
/// which would send each answer on its way by itself instead of those that are ready together; the
/// log is then served on the same thread.
pub fn tokio() -> std::io::Result<tokio::runtime::Runtime> {
    use tokio::runtime::Builder;
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    match cores.saturating_sub(1) {
        0 | 1 => Builder::new_current_thread().enable_all().build(),
        workers => Builder::new_multi_thread().worker_threads(workers).enable_all().build(),
    }
}
