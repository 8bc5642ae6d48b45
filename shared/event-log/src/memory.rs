//! The log in memory: the same rules, with seeded faults for simulation and ways to tamper.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use bytes::Bytes;
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use tokio::sync::watch;

use crate::append::Attempt;
use crate::log::{ReadError, Stored};
use crate::pause::sleep;

/// A log for tests and simulation; clones share it.
#[derive(Debug, Clone, Default)]
pub struct MemoryLog(Arc<Shared>);

/// How often things go wrong, as probabilities from 0 to 1 per append or read.
///
/// The dice are seeded: under a paused clock on one thread the same program meets the same faults.
#[derive(Debug, Clone, PartialEq)]
pub struct Faults {
    pub seed: u64,
    /// The longest that anything is delayed, and how long a lost answer is waited for.
    pub delay_max: Duration,
    /// The append takes a while.
    pub delayed: f64,
    /// The frame is stored, but the writer does not hear of it.
    pub unacknowledged: f64,
    /// The writer gives up on the try, and the frame is stored, or refused, only afterwards.
    pub late: f64,
    /// The frame does not get to the log, and the writer can not tell.
    pub lost: f64,
    /// A read takes a while.
    pub slow_read: f64,
}

/// The log in memory, from some place on.
#[derive(Debug)]
pub(crate) struct MemoryFrames {
    log: MemoryLog,
    after: u64,
    changes: watch::Receiver<()>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changes: watch::Sender<()>,
}

#[derive(Debug, Default)]
struct State {
    /// Frames by stream sequence less one; `None` is a hole.
    frames: Vec<Option<Bytes>>,
    faults: Option<(Faults, SmallRng)>,
}

enum Fate {
    Clean,
    Unacknowledged,
    Late,
    Lost,
}

impl MemoryLog {
    pub fn new() -> MemoryLog {
        MemoryLog::default()
    }

    pub fn with_faults(faults: Faults) -> MemoryLog {
        let log = MemoryLog::new();
        log.set_faults(Some(faults));
        log
    }

    /// Changes how often things go wrong from now on; `None`: never.
    pub fn set_faults(&self, faults: Option<Faults>) {
        self.state().faults = faults.map(|faults| {
            let dice = SmallRng::seed_from_u64(faults.seed);
            (faults, dice)
        });
    }

    pub(crate) async fn attempt(&self, guard: u64, body: &Bytes) -> Attempt {
        let (fate, delay, delay_max) = self.state().roll_append();
        sleep(delay).await;
        match fate {
            Fate::Clean => self.store(guard, body),
            Fate::Unacknowledged => match self.store(guard, body) {
                Attempt::Stored(_) => {
                    sleep(delay_max).await;
                    Attempt::Unknown("the acknowledgement was lost".to_owned())
                }
                refused => refused,
            },
            Fate::Late => {
                let (log, body) = (self.clone(), body.clone());
                tokio::spawn(async move {
                    sleep(delay_max).await;
                    log.store(guard, &body);
                });
                Attempt::Unknown("the answer takes too long".to_owned())
            }
            Fate::Lost => {
                sleep(delay_max).await;
                Attempt::Unknown("the frame was lost".to_owned())
            }
        }
    }

    pub(crate) async fn head(&self) -> Option<Stored> {
        self.read_delay().await;
        let state = self.state();
        (1..=state.head()).rev().find_map(|sequence| state.stored(sequence))
    }

    pub(crate) async fn get(&self, sequence: u64) -> Option<Stored> {
        self.read_delay().await;
        self.state().stored(sequence)
    }

    pub(crate) fn follow(&self, after: u64) -> MemoryFrames {
        MemoryFrames { log: self.clone(), after, changes: self.0.changes.subscribe() }
    }

    fn store(&self, guard: u64, body: &Bytes) -> Attempt {
        let mut state = self.state();
        if guard != state.head() {
            return Attempt::Conflict;
        }
        state.frames.push(Some(body.clone()));
        self.0.changes.send_replace(());
        Attempt::Stored(guard + 1)
    }

    async fn read_delay(&self) {
        let delay = self.state().roll_read();
        sleep(delay).await;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().expect("nothing panics while it holds the lock")
    }
}

/// Ways to tamper, for tests of those who should notice. Sequences that do not exist are ignored.
impl MemoryLog {
    /// Puts other bytes in a frame's place.
    pub fn replace(&self, sequence: u64, body: Bytes) {
        self.tamper(|frames| {
            if let Some(frame) = slot(frames, sequence) {
                frames[frame] = Some(body);
            }
        });
    }

    /// Takes a frame out and leaves a hole, as a server that lost a block of its disk.
    pub fn remove(&self, sequence: u64) {
        self.tamper(|frames| {
            if let Some(frame) = slot(frames, sequence) {
                frames[frame] = None;
            }
        });
    }

    /// Puts a frame in at a sequence and moves the others on, as in a log that was rewritten.
    pub fn insert(&self, sequence: u64, body: Bytes) {
        self.tamper(|frames| {
            if let Some(frame) = slot(frames, sequence) {
                frames.insert(frame, Some(body));
            }
        });
    }

    /// Forgets everything after a sequence.
    pub fn truncate(&self, sequence: u64) {
        self.tamper(|frames| frames.truncate(usize::try_from(sequence).unwrap_or(usize::MAX)));
    }

    fn tamper(&self, change: impl FnOnce(&mut Vec<Option<Bytes>>)) {
        change(&mut self.state().frames);
        self.0.changes.send_replace(());
    }
}

fn slot(frames: &[Option<Bytes>], sequence: u64) -> Option<usize> {
    let index = usize::try_from(sequence.checked_sub(1)?).ok()?;
    (index < frames.len()).then_some(index)
}

impl MemoryFrames {
    pub(crate) async fn next(&mut self) -> Result<Stored, ReadError> {
        self.log.read_delay().await;
        loop {
            self.changes.mark_unchanged();
            if let Some(stored) = self.take_ready() {
                return Ok(stored);
            }
            let head = self.log.state().head();
            if head < self.after {
                return Err(ReadError::LostTail { after: self.after, head });
            }
            // The sender lives as long as the log, and this holds the log.
            self.changes.changed().await.map_err(|_| ReadError::Closed)?;
        }
    }

    pub(crate) fn take_ready(&mut self) -> Option<Stored> {
        let state = self.log.state();
        let next = (self.after.saturating_add(1)..=state.head())
            .find_map(|sequence| state.stored(sequence))?;
        drop(state);
        self.after = next.sequence;
        Some(next)
    }
}

impl State {
    fn head(&self) -> u64 {
        self.frames.len() as u64
    }

    fn stored(&self, sequence: u64) -> Option<Stored> {
        let body = self.frames[slot(&self.frames, sequence)?].clone()?;
        Some(Stored { sequence, body })
    }

    fn roll_append(&mut self) -> (Fate, Duration, Duration) {
        let Some((faults, dice)) = &mut self.faults else {
            return (Fate::Clean, Duration::ZERO, Duration::ZERO);
        };
        let delay = roll_delay(dice, faults.delayed, faults.delay_max);
        let fate = if roll(dice, faults.unacknowledged) {
            Fate::Unacknowledged
        } else if roll(dice, faults.late) {
            Fate::Late
        } else if roll(dice, faults.lost) {
            Fate::Lost
        } else {
            Fate::Clean
        };
        (fate, delay, faults.delay_max)
    }

    fn roll_read(&mut self) -> Duration {
        match &mut self.faults {
            Some((faults, dice)) => roll_delay(dice, faults.slow_read, faults.delay_max),
            None => Duration::ZERO,
        }
    }
}

impl Default for Faults {
    /// Nothing goes wrong.
    fn default() -> Self {
        Faults {
            seed: 0,
            delay_max: Duration::from_millis(20),
            delayed: 0.0,
            unacknowledged: 0.0,
            late: 0.0,
            lost: 0.0,
            slow_read: 0.0,
        }
    }
}

fn roll(dice: &mut SmallRng, probability: f64) -> bool {
    dice.random_bool(probability.clamp(0.0, 1.0))
}

fn roll_delay(dice: &mut SmallRng, probability: f64, delay_max: Duration) -> Duration {
    if roll(dice, probability) { delay_max.mul_f64(dice.random()) } else { Duration::ZERO }
}
