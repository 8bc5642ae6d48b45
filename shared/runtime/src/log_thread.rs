//! The thread on which a process talks to its log and decides.
//!
//! Waking another thread costs more than deciding a command. The log's connection, the appending
//! and following of frames and the keeper all live on one thread, so that a frame's way to the log
//! and back wakes nobody else. Where one thread serves all calls it is that one: commands that come
//! in together are then decided together and leave in one frame.

use std::{io, thread::JoinHandle};

use tokio::{
    runtime::{Builder, Handle, RuntimeFlavor},
    sync::oneshot,
};

/// The thread. One of its own ends when this is dropped.
pub struct LogThread {
    handle: Handle,
    own: Option<Own>,
}

struct Own {
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl LogThread {
    /// The thread for a process whose calls are served there.
    pub fn beside(serving: &Handle) -> io::Result<LogThread> {
        if serving.runtime_flavor() == RuntimeFlavor::CurrentThread {
            return Ok(LogThread { handle: serving.clone(), own: None });
        }
        let tokio = Builder::new_current_thread().enable_all().build()?;
        let handle = tokio.handle().clone();
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = std::thread::Builder::new().name("log".into()).spawn(move || {
            // A sender that is gone means the same as one that has spoken.
            let _ = tokio.block_on(stopped);
        })?;
        Ok(LogThread { handle, own: Some(Own { stop, thread }) })
    }

    /// Where to spawn what should live there.
    pub fn handle(&self) -> &Handle {
        &self.handle
    }
}

impl Drop for LogThread {
    fn drop(&mut self) {
        let Some(Own { stop, thread }) = self.own.take() else { return };
        drop(stop);
        // If it has panicked, whoever waited for it has been told already.
        let _ = thread.join();
    }
}

#[cfg(test)]
mod tests {
    use std::thread::{ThreadId, current};

    use super::*;

    /// The thread on which this is asked, and that on which the log would be.
    async fn threads() -> (ThreadId, ThreadId) {
        let log_thread = LogThread::beside(&Handle::current()).unwrap();
        let its_thread = log_thread.handle().spawn(async { current().id() });
        (current().id(), its_thread.await.unwrap())
    }

    #[tokio::test]
    async fn the_thread_that_serves_all_calls_is_the_logs_too() {
        let (serving, its_thread) = threads().await;
        assert_eq!(serving, its_thread);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn where_several_serve_it_has_one_of_its_own() {
        let (serving, its_thread) = threads().await;
        assert_ne!(serving, its_thread);
    }
}
