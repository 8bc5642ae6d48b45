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
/// to the server that it waits for. With two cores or fewer that is one thread, which is better off
/// without a scheduler for several: that would send each answer on its way by itself instead of those
/// that are ready together. The log is then served there too.
pub fn tokio() -> std::io::Result<tokio::runtime::Runtime> {
    use tokio::runtime::Builder;
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    if cores <= 2 {
        return Builder::new_current_thread().enable_all().build();
    }
    Builder::new_multi_thread().worker_threads(cores - 1).enable_all().build()
}
