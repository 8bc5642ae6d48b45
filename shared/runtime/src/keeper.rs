//! The keeper: one task that owns the appender, fed by commands, acknowledgements and the log.

mod carriers;

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use event_log::{AppendError, Chain, EventLog, Frame, FrameHash};
use tokio::{
    runtime::Handle,
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot, watch},
    task::JoinHandle,
    time::{Instant, sleep},
};

use self::carriers::{Own, append, follow};
use crate::{
    appender::{Appender, Outgoing},
    order::{Answer, Order, Refusal, Reply},
};

/// How many commands may wait for a decision before callers are told to come again.
const WAITING_MAX: usize = 20_000;
/// How many events are handled before the next frame is looked for.
const BURST_MAX: usize = 2_048;
/// How long folded rows may stay unwritten while nothing happens.
const FLUSH_AFTER: Duration = Duration::from_millis(20);
/// How long they may stay so while a few busy entities are written again and again.
const FLUSH_LATEST: Duration = Duration::from_millis(200);
/// For how long frames of others are folded at a stretch.
const STRETCH_MAX: Duration = Duration::from_millis(1);

/// Something that only the keeper's task may do.
pub type Errand = Box<dyn FnOnce(&mut Appender) + Send>;

enum Event {
    Asked(Box<Order>, Reply),
    Appended(u64, Result<u64, AppendError>),
    Followed(Vec<(u64, FrameHash, Frame)>, OwnedSemaphorePermit),
    Broken(String),
    Errand(Errand),
    Stop,
}

/// The way to the keeper. Clones share it.
#[derive(Clone)]
pub struct Keeper {
    events: mpsc::UnboundedSender<Event>,
    waiting: Arc<Semaphore>,
    /// The last position that the log is known to hold.
    head: Arc<AtomicU64>,
    /// The last position that a caller was told of.
    told: Arc<AtomicU64>,
    /// Whether no more commands are taken; closed when the task has ended.
    stopped: watch::Receiver<bool>,
}

/// The keeper's task, to be waited for at the end.
pub struct KeeperTask(JoinHandle<Appender>);

impl Keeper {
    /// Starts the keeper and the two tasks that append and follow for it, on the runtime of `on`:
    /// best that of the log's connection. What decides and folds there may block for as long as
    /// the store does, and with it whatever else is served there.
    pub fn start(appender: Appender, log: EventLog, on: &Handle) -> (Keeper, KeeperTask) {
        let (events, inbox) = mpsc::unbounded_channel();
        let (outgoing, to_append) = mpsc::unbounded_channel();
        let place = appender.fold.applied().place;
        let whole = Chain { last: appender.fold.totals.whole, ..place };
        let head = Arc::new(AtomicU64::new(place.last));
        let waiting = Arc::new(Semaphore::new(WAITING_MAX));
        let (tell_stopped, stopped) = watch::channel(false);
        let keeper = Keeper {
            events: events.clone(),
            waiting,
            head: head.clone(),
            told: appender.told.clone(),
            stopped,
        };
        let task = on.spawn(run(appender, inbox, outgoing, tell_stopped));
        let own = Own::default();
        on.spawn(append(log.clone(), to_append, events.clone(), own.clone()));
        on.spawn(follow(log, whole, events, head, own));
        (keeper, KeeperTask(task))
    }

    /// Hands a command over and waits for what became of it. What it recorded is in the log then,
    /// and may be folded a moment later.
    pub async fn ask(&self, order: Order) -> Result<Answer, Refusal> {
        let permit = self.waiting.clone().try_acquire_owned().map_err(|_| Refusal::Busy)?;
        answer_of(self.hand_over(order, permit)).await
    }

    /// Hands a command over as soon as there is room; the answer is awaited apart, so that many
    /// can be on their way.
    pub async fn ask_patiently(
        &self,
        order: Order,
    ) -> Result<oneshot::Receiver<Result<Answer, Refusal>>, Refusal> {
        let permit = self.waiting.clone().acquire_owned().await.map_err(|_| Refusal::Busy)?;
        Ok(self.hand_over(order, permit))
    }

    /// Has something done by the keeper, between two commands.
    pub async fn errand<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Appender) -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        let (sender, receiver) = oneshot::channel();
        let errand: Errand = Box::new(move |appender| {
            // Whoever asked may have gone away meanwhile.
            let _ = sender.send(work(appender));
        });
        self.send(Event::Errand(errand));
        receiver.await.map_err(|_| Refusal::Stopped("the process is stopping".to_owned()))
    }

    /// The last position that the log is known to hold.
    pub fn head(&self) -> u64 {
        self.head.load(Ordering::Relaxed)
    }

    /// The last position that a caller was told of. It may not be folded yet: whoever looks at
    /// timelines or views waits for it, so that nobody reads less than was promised.
    pub fn told(&self) -> u64 {
        self.told.load(Ordering::Acquire)
    }

    /// How many commands wait for a decision or for the log.
    pub fn waiting(&self) -> usize {
        WAITING_MAX - self.waiting.available_permits()
    }

    /// Waits until no more commands are taken, for whatever reason.
    pub async fn stopped(&self) {
        let mut stopped = self.stopped.clone();
        // A closed channel means that the thread has ended, which is the same.
        let _ = stopped.wait_for(|stopped| *stopped).await;
    }

    /// Asks the keeper to end after what it is doing.
    pub fn stop(&self) {
        self.send(Event::Stop);
    }

    fn hand_over(
        &self,
        order: Order,
        permit: OwnedSemaphorePermit,
    ) -> oneshot::Receiver<Result<Answer, Refusal>> {
        let (reply, receiver) = Reply::in_place(permit);
        self.send(Event::Asked(Box::new(order), reply));
        receiver
    }

    fn send(&self, event: Event) {
        // A keeper that has ended drops the event, and with it the reply: the caller is told.
        let _ = self.events.send(event);
    }
}

/// Waits for the answer to a command that was handed over.
pub async fn answer_of(
    receiver: oneshot::Receiver<Result<Answer, Refusal>>,
) -> Result<Answer, Refusal> {
    receiver.await.unwrap_or_else(|_| Err(Refusal::Stopped("the process is stopping".to_owned())))
}

impl KeeperTask {
    /// Waits for the task to end, and gives back what it owned.
    pub async fn join(self) -> Option<Appender> {
        self.0.await.ok()
    }
}

async fn run(
    mut appender: Appender,
    mut inbox: mpsc::UnboundedReceiver<Event>,
    outgoing: mpsc::UnboundedSender<Outgoing>,
    tell_stopped: watch::Sender<bool>,
) -> Appender {
    let mut burst = Vec::with_capacity(BURST_MAX);
    let (mut flushed, mut quiet_since) = (Instant::now(), Instant::now());
    // Setting a timer wakes the thread that waits for it, so it is not set anew at every turn.
    let mut quiet = pin!(sleep(FLUSH_AFTER));
    loop {
        if flushed.elapsed() > FLUSH_LATEST {
            appender.flush();
            flushed = Instant::now();
        }
        let unfinished = appender.fold.is_dirty() || appender.is_refused();
        tokio::select! {
            biased;
            arrived = inbox.recv_many(&mut burst, BURST_MAX) => if arrived == 0 {
                return appender;
            },
            () = &mut quiet, if unfinished => {
                let due = quiet_since + FLUSH_AFTER;
                if Instant::now() < due {
                    quiet.as_mut().reset(due);
                    continue;
                }
                appender.flush();
                // The frame for whose sake ours was refused may never come.
                appender.decide_again_if_refused();
                quiet.as_mut().reset(Instant::now() + FLUSH_AFTER);
            }
        }
        // Who asked while a frame was on its way leaves with the very next one.
        burst.sort_by_key(|event| !matches!(event, Event::Asked(..)));
        for event in burst.drain(..) {
            if matches!(event, Event::Stop) {
                appender.stop("the process is stopping");
                appender.flush();
                return appender;
            }
            handle(&mut appender, event, &outgoing).await;
        }
        send_next(&mut appender, &outgoing);
        if appender.stopped().is_some() {
            tell_stopped.send_replace(true);
        }
        quiet_since = Instant::now();
    }
}

fn send_next(appender: &mut Appender, outgoing: &mpsc::UnboundedSender<Outgoing>) {
    if let Some(frame) = appender.next_frame() {
        // The appending task lives as long as this one.
        let _ = outgoing.send(frame);
    }
}

async fn handle(appender: &mut Appender, event: Event, outgoing: &mpsc::UnboundedSender<Outgoing>) {
    match event {
        Event::Asked(order, reply) => appender.ask(*order, reply),
        Event::Appended(guard, result) => {
            appender.appended(guard, result);
            send_next(appender, outgoing);
            if appender.tell() {
                // Answers and the next frame leave first; folding fills the time of their way.
                tokio::task::yield_now().await;
            }
            appender.take_in();
        }
        Event::Followed(frames, _permit) => {
            let mut since = Instant::now();
            for (sequence, hash, frame) in &frames {
                appender.follow(*sequence, *hash, frame);
                // A process that catches up still answers, be it on the same thread.
                if since.elapsed() > STRETCH_MAX {
                    tokio::task::yield_now().await;
                    since = Instant::now();
                }
            }
        }
        Event::Broken(why) => appender.fail(&why),
        Event::Errand(work) => work(appender),
        Event::Stop => {}
    }
}
