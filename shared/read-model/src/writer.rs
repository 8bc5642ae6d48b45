//! The one thread that writes: chunk after chunk, each with the place in the log that it reaches.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use tokio::sync::watch;
use tracing::error;

use crate::error::in_words;
use crate::open::panic_message;
use crate::store::check_size;
use crate::{Checkpoint, EntityKey, Store, StoreError};

/// Where to cut a chunk, between two commits. A batch stops every read in the process, 200 puts
/// for some milliseconds; one commit that has more of them goes as one larger chunk all the same.
pub const CHUNK_PUTS_MAX: usize = 200;

/// How many chunks may wait to be written before a sender does.
const CHUNKS_WAITING_MAX: usize = 64;

/// What is written at once: after a crash all of it is there, or none of it.
#[derive(Debug, Clone)]
pub struct Chunk {
    /// Entity, block and its new bytes.
    pub puts: Vec<(EntityKey, u32, Vec<u8>)>,
    /// The place in the log that the rows reflect from then on.
    pub checkpoint: Checkpoint,
}

/// How far the writer has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// Position of the last commit whose rows can be read from the store. A crash of the process
    /// may take the last of them back, down to an earlier chunk and its checkpoint.
    pub position: u64,
    /// Why the writer has stopped, if it has: nothing is written from then on.
    pub failure: Option<String>,
}

/// The way to write to a store. There is one per store, or their checkpoints would be mixed up.
#[derive(Debug)]
pub struct Writer {
    chunks: mpsc::SyncSender<Chunk>,
    progress: watch::Receiver<Progress>,
    thread: JoinHandle<()>,
    store: Store,
}

impl Writer {
    pub fn start(store: Store) -> Result<Writer, StoreError> {
        let position = store.checkpoint()?.position;
        let (chunks, waiting) = mpsc::sync_channel(CHUNKS_WAITING_MAX);
        let (reached, progress) = watch::channel(Progress { position, failure: None });
        let written = store.clone();
        let thread = thread::Builder::new()
            .name("timeline-writer".into())
            .spawn(move || write_all(&written, waiting, &reached))
            .map_err(|error| StoreError::WriterStopped(error.to_string()))?;
        Ok(Writer { chunks, progress, thread, store })
    }

    /// Hands a chunk over, and waits only while too many others are before it.
    pub fn send(&self, chunk: Chunk) -> Result<(), StoreError> {
        check(&chunk)?;
        self.chunks.send(chunk).map_err(|_| self.stopped())
    }

    /// Tells of every step, and of the failure that ends them.
    pub fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.clone()
    }

    /// Writes what is waiting and flushes it. The folder is closed when this was the last handle
    /// to the store: let go of the others first.
    pub fn flush_and_close(self) -> Result<(), StoreError> {
        self.finish()?.flush()
    }

    /// Writes what is waiting, and gives back the store.
    pub fn finish(self) -> Result<Store, StoreError> {
        let Writer { chunks, progress, thread, store } = self;
        drop(chunks);
        if let Err(panic) = thread.join() {
            return Err(StoreError::WriterStopped(panic_message(&*panic)));
        }
        if let Some(failure) = progress.borrow().failure.clone() {
            return Err(StoreError::WriterStopped(failure));
        }
        Ok(store)
    }

    fn stopped(&self) -> StoreError {
        let failure = self.progress.borrow().failure.clone();
        StoreError::WriterStopped(failure.unwrap_or_else(|| "it is closed".into()))
    }
}

fn check(chunk: &Chunk) -> Result<(), StoreError> {
    chunk.puts.iter().try_for_each(|(entity, block, bytes)| check_size(entity, *block, bytes))
}

#[expect(clippy::needless_pass_by_value, reason = "senders learn that it has ended by its end")]
fn write_all(store: &Store, waiting: mpsc::Receiver<Chunk>, reached: &watch::Sender<Progress>) {
    while let Ok(chunk) = waiting.recv() {
        let position = chunk.checkpoint.position;
        if let Err(failure) = write(store, chunk) {
            error!(position, failure, "the read model is not written any more");
            reached.send_modify(|progress| progress.failure = Some(failure));
            return;
        }
        reached.send_modify(|progress| progress.position = position);
    }
}

/// sled panics over some errors of the disk; here that is a failure like any other.
fn write(store: &Store, chunk: Chunk) -> Result<(), String> {
    match catch_unwind(AssertUnwindSafe(|| store.apply(chunk.puts, &chunk.checkpoint))) {
        Ok(applied) => applied.map_err(|error| in_words(&error)),
        Err(panic) => Err(panic_message(&*panic)),
    }
}
