//! Growing pauses between tries: none, then 2 ms, 4 ms and so on up to a second.

use std::time::Duration;

const SHORTEST: Duration = Duration::from_millis(2);
const LONGEST: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
pub(crate) struct Pause(Duration);

impl Pause {
    pub(crate) async fn wait(&mut self) {
        sleep(self.next()).await;
    }

    /// How long to wait this time.
    pub(crate) fn next(&mut self) -> Duration {
        let now = self.0;
        self.0 = (now * 2).clamp(SHORTEST, LONGEST);
        now
    }
}

/// Waits, but does without a timer, which is coarse, when there is nothing to wait for.
pub(crate) async fn sleep(pause: Duration) {
    if !pause.is_zero() {
        tokio::time::sleep(pause).await;
    }
}
