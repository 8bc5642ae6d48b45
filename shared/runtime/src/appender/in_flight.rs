//! Commands that wait for a frame, and the frame that is on its way.

use event_log::{Commit, Frame, FrameHash};

use crate::order::{Answer, Order, Refusal, Reply};

/// A command and the way back.
pub(super) struct Asked {
    pub(super) order: Order,
    pub(super) reply: Reply,
}

/// A command that was decided and waits for its frame.
pub(super) struct Pending {
    pub(super) asked: Asked,
    /// Nothing to record, but decided upon facts that are still on their way.
    pub(super) decided: Result<Option<Commit>, Refusal>,
}

/// A frame that was sent to the log.
pub(super) struct InFlight {
    /// Stream sequence of the frame before.
    pub(super) guard: u64,
    pub(super) hash: FrameHash,
    pub(super) frame: Frame,
    pub(super) awaited: Awaited,
    /// The log said that another frame stands there.
    pub(super) refused: bool,
}

/// Who waits for a frame.
#[derive(Default)]
pub(super) struct Awaited {
    /// Those whose commits are in it, in their order, until they are told.
    pub(super) recorded: Vec<Asked>,
    /// Those who have nothing in it, or were refused upon facts that are in it or before.
    pub(super) others: Vec<(Asked, Result<(), Refusal>)>,
}

impl InFlight {
    /// Answers those whose commits are in the frame, which is in the log.
    pub(super) fn tell(&mut self) {
        for (position, asked) in (self.frame.first..).zip(self.awaited.recorded.drain(..)) {
            let answer = Answer { position, etag: position, changed: true, repeated: false };
            asked.reply.send(Ok(answer));
        }
    }
}

impl Awaited {
    pub(super) fn all(self) -> impl Iterator<Item = Asked> {
        self.recorded.into_iter().chain(self.others.into_iter().map(|(asked, _)| asked))
    }

    pub(super) fn refuse(self, refusal: &Refusal) {
        self.all().for_each(|asked| asked.reply.send(Err(refusal.clone())));
    }
}
