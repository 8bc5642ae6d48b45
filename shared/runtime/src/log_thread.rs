//! The thread on which a process talks to its log and decides.
//!
//! Waking another thread costs more than deciding a command. The log's connection, the appending
//! and following of frames and the keeper all live on one thread, so that a frame's way to the log
//! and back wakes nobody else.

use std::{io, thread::JoinHandle};

use tokio::{
    runtime::{Builder, Handle},
    sync::oneshot,
};

/// The thread; it ends when this is dropped.
pub struct LogThread {
    handle: Handle,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl LogThread {
    /// Starts it.
    pub fn start() -> io::Result<LogThread> {
        let tokio = Builder::new_current_thread().enable_all().build()?;
        let handle = tokio.handle().clone();
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = std::thread::Builder::new().name("log".into()).spawn(move || {
            // A sender that is gone means the same as one that has spoken.
            let _ = tokio.block_on(stopped);
        })?;
        Ok(LogThread { handle, stop: Some(stop), thread: Some(thread) })
    }

    /// Where to spawn what should live there.
    pub fn handle(&self) -> &Handle {
        &self.handle
    }
}

impl Drop for LogThread {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // If it has panicked, whoever waited for it has been told already.
            let _ = thread.join();
        }
    }
}
