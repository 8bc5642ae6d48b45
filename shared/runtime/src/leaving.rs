//! The end of a process's calls. A stream that would go on for as long as somebody listens ends when
//! it comes, so that stopping waits for nobody's attention.

use std::sync::Arc;

use tokio::sync::watch;

/// Whether the process is about to stop answering. Clones share it.
#[derive(Debug, Clone)]
pub struct Leaving(Arc<watch::Sender<bool>>);

impl Default for Leaving {
    fn default() -> Self {
        Leaving(Arc::new(watch::Sender::new(false)))
    }
}

impl Leaving {
    /// Tells every stream to end.
    pub fn begin(&self) {
        self.0.send_replace(true);
    }

    /// Waits until streams have to end.
    pub async fn begun(&self) {
        // The sender lives as long as this handle, so the channel cannot close before.
        let _ = self.0.subscribe().wait_for(|begun| *begun).await;
    }
}
