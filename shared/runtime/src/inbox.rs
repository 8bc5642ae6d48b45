//! The keeper's inbox: what may wait gathers while a frame is on its way, the rest wakes at once.
//!
//! Waking a thread costs more than deciding a command. While a frame is on its way nothing can be
//! sent anyhow, so commands that come meanwhile are decided together when it has arrived, or when
//! enough of them have gathered that the keeper should not idle.

use std::{
    collections::VecDeque,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// So many that may wait wake the receiver all the same.
const GATHERED_MAX: usize = 64;

/// How soon something wants to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Urgency {
    /// At once.
    Now,
    /// With whatever comes next, while the receiver gathers.
    WhenAwake,
}

struct Queue<T> {
    items: VecDeque<T>,
    /// The receiver does not want to be woken for what may wait.
    gathers: bool,
    /// Something is there that the receiver should wake for.
    due: bool,
    senders: usize,
    /// The receiver is gone.
    closed: bool,
}

struct Shared<T> {
    queue: Mutex<Queue<T>>,
    due: Condvar,
}

impl<T> Shared<T> {
    fn queue(&self) -> MutexGuard<'_, Queue<T>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The end that puts in.
pub struct Sender<T>(Arc<Shared<T>>);

/// The end that takes out.
pub struct Inbox<T>(Arc<Shared<T>>);

/// An inbox and the way to it.
pub fn inbox<T>() -> (Sender<T>, Inbox<T>) {
    let (items, gathers, due, senders, closed) = (VecDeque::new(), false, false, 1, false);
    let queue = Mutex::new(Queue { items, gathers, due, senders, closed });
    let shared = Arc::new(Shared { queue, due: Condvar::new() });
    (Sender(shared.clone()), Inbox(shared))
}

impl<T> Sender<T> {
    /// Puts something in; `false` when nobody will ever take it out.
    pub fn send(&self, item: T, urgency: Urgency) -> bool {
        let mut queue = self.0.queue();
        if queue.closed {
            return false;
        }
        queue.items.push_back(item);
        let wakes = urgency == Urgency::Now || !queue.gathers || queue.items.len() >= GATHERED_MAX;
        let wakes = wakes && !queue.due;
        queue.due |= wakes;
        drop(queue);
        if wakes {
            self.0.due.notify_one();
        }
        true
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        self.0.queue().senders += 1;
        Sender(self.0.clone())
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        let mut queue = self.0.queue();
        queue.senders -= 1;
        if queue.senders == 0 {
            queue.due = true;
            drop(queue);
            self.0.due.notify_one();
        }
    }
}

impl<T> Inbox<T> {
    /// Waits until something is due, or for so long, and takes out at most `max` of what is there:
    /// nothing after the wait was in vain, `None` when nothing can come any more. `gathers` says
    /// that what may wait should not end the wait.
    pub fn take(&self, gathers: bool, wait: Option<Duration>, max: usize) -> Option<Vec<T>> {
        let until = wait.map(|wait| Instant::now() + wait);
        let mut queue = self.0.queue();
        queue.gathers = gathers;
        queue.due |= !gathers && !queue.items.is_empty();
        while !queue.due {
            queue = match until.map(|until| until.saturating_duration_since(Instant::now())) {
                None => self.0.due.wait(queue).unwrap_or_else(PoisonError::into_inner),
                Some(Duration::ZERO) => break,
                Some(left) => {
                    let waited = self.0.due.wait_timeout(queue, left);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
        if queue.items.is_empty() && queue.senders == 0 {
            return None;
        }
        let taken = queue.items.len().min(max);
        let items = queue.items.drain(..taken).collect();
        queue.due = !queue.items.is_empty() || queue.senders == 0;
        Some(items)
    }
}

impl<T> Drop for Inbox<T> {
    /// Whoever still waits for something in here is told by its being dropped.
    fn drop(&mut self) {
        let mut queue = self.0.queue();
        queue.closed = true;
        let items = std::mem::take(&mut queue.items);
        drop(queue);
        drop(items);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOMENT: Option<Duration> = Some(Duration::from_millis(1));

    #[test]
    fn what_may_wait_comes_with_what_may_not() {
        let (sender, inbox) = inbox();
        sender.send(1, Urgency::WhenAwake);
        assert_eq!(inbox.take(false, None, 9), Some(vec![1]), "it wakes while nothing gathers");
        assert_eq!(inbox.take(true, MOMENT, 9), Some(vec![]));
        sender.send(2, Urgency::WhenAwake);
        sender.send(3, Urgency::Now);
        assert_eq!(inbox.take(true, None, 9), Some(vec![2, 3]), "in the order in which they came");
    }

    #[test]
    fn enough_of_them_wake_all_the_same_and_some_are_left_for_the_next_time() {
        let (sender, inbox) = inbox();
        assert_eq!(inbox.take(true, MOMENT, 9), Some(vec![]));
        (0..GATHERED_MAX).for_each(|number| assert!(sender.send(number, Urgency::WhenAwake)));
        assert_eq!(inbox.take(true, None, 2), Some(vec![0, 1]));
        assert_eq!(inbox.take(true, None, 1_000).map(|rest| rest.len()), Some(GATHERED_MAX - 2));
    }

    #[test]
    fn what_gathered_is_taken_when_the_wait_is_over() {
        let (sender, inbox) = inbox();
        assert_eq!(inbox.take(true, MOMENT, 9), Some(vec![]));
        sender.send(1, Urgency::WhenAwake);
        assert_eq!(inbox.take(true, MOMENT, 9), Some(vec![1]));
    }

    #[test]
    fn either_end_learns_that_the_other_is_gone() {
        let (sender, inbox) = inbox::<u8>();
        let other = sender.clone();
        drop(sender);
        other.send(1, Urgency::Now);
        drop(other);
        assert_eq!(inbox.take(true, None, 9), Some(vec![1]));
        assert_eq!(inbox.take(true, None, 9), None);
        let (sender, inbox) = super::inbox();
        drop(inbox);
        assert!(!sender.send(1, Urgency::Now));
    }
}
