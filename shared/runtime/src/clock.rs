//! The edge of time and chance: the only place that reads the clock or makes a random id.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use domain::Instant;
use uuid::Uuid;

/// Where now comes from: the machine, or a test's hand.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// Stands still until a test moves it; microseconds since 1970 UTC.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// The present instant.
    #[expect(clippy::disallowed_methods, reason = "this is the edge where time enters")]
    pub fn now(&self) -> Instant {
        match self {
            Clock::System => Instant(chrono::Utc::now().timestamp_micros()),
            Clock::Manual(micros) => Instant(micros.load(Ordering::Relaxed)),
        }
    }
}

/// A new time-ordered id (UUIDv7).
#[expect(clippy::disallowed_methods, reason = "this is the edge where chance enters")]
pub fn new_id() -> Uuid {
    Uuid::now_v7()
}

/// Random bytes from the operating system, for keys.
#[expect(clippy::disallowed_methods, reason = "this is the edge where chance enters")]
pub fn random_bytes<const N: usize>() -> Result<[u8; N], getrandom::Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}
