//! The keeper: one task that owns the appender, fed by commands, acknowledgements and the log.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use event_log::{AppendError, Chain, EventLog, Frame, FrameHash, Stored};
use tokio::{
    runtime::Handle,
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot, watch},
    task::JoinHandle,
};

use crate::{
    appender::{Appender, Outgoing},
    clock,
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
/// How many frames of its own a process remembers until the log gives them back.
const OWN_MAX: usize = 256;
/// How many frames are asked of the log at once.
const FRAMES_PER_READ: usize = 256;
/// How many batches of frames may wait for the keeper.
const BATCHES_WAITING_MAX: usize = 16;

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
    let mut flushed = Instant::now();
    let mut burst = Vec::with_capacity(BURST_MAX);
    loop {
        if flushed.elapsed() > FLUSH_LATEST {
            appender.flush();
            flushed = Instant::now();
        }
        let arriving = inbox.recv_many(&mut burst, BURST_MAX);
        let arrived = if appender.fold.is_dirty() || appender.is_refused() {
            tokio::time::timeout(FLUSH_AFTER, arriving).await
        } else {
            Ok(arriving.await)
        };
        match arrived {
            Ok(0) => return appender,
            Ok(_) => {}
            Err(_) => {
                appender.flush();
                // The frame for whose sake ours was refused may never come.
                appender.decide_again_if_refused();
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

/// Frames that are known to be in the log because this process put them there: the follower need
/// not decode them again.
type Own = Arc<Mutex<VecDeque<OwnFrame>>>;

struct OwnFrame {
    previous: FrameHash,
    first: u64,
    place: Chain,
    body: Bytes,
}

async fn append(
    log: EventLog,
    mut frames: mpsc::UnboundedReceiver<Outgoing>,
    events: mpsc::UnboundedSender<Event>,
    own: Own,
) {
    let mut losses = 0;
    while let Some(Outgoing { guard, body, hash, previous, summary }) = frames.recv().await {
        let (first, commits) = (summary.first, summary.commits as u64);
        let pause = backoff(losses);
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
        let result = tokio::select! {
            result = log.append(guard, body.clone(), summary) => result,
            () = events.closed() => return,
        };
        losses = if matches!(result, Err(AppendError::Conflict { .. })) { losses + 1 } else { 0 };
        if let Ok(sequence) = result {
            let place = Chain { sequence, last: first + commits - 1, hash };
            let own = &mut own.lock().unwrap_or_else(PoisonError::into_inner);
            // What is forgotten is decoded again.
            if own.len() == OWN_MAX {
                own.pop_front();
            }
            own.push_back(OwnFrame { previous, first, place, body });
        }
        if events.send(Event::Appended(guard, result)).is_err() {
            return;
        }
    }
}

/// A process that keeps losing waits a little, each for another while, so that all get through.
fn backoff(losses: u32) -> Duration {
    const LOSSES_FREE: u32 = 2;
    const DOUBLINGS_MAX: u32 = 5;
    let Some(doublings) = losses.checked_sub(LOSSES_FREE) else {
        return Duration::ZERO;
    };
    let most = 1_000_u64 << doublings.min(DOUBLINGS_MAX);
    let chance = clock::random_bytes().map_or(most, u64::from_le_bytes);
    Duration::from_micros(chance % most)
}

async fn follow(
    log: EventLog,
    mut chain: Chain,
    events: mpsc::UnboundedSender<Event>,
    head: Arc<AtomicU64>,
    own: Own,
) {
    let room = Arc::new(Semaphore::new(BATCHES_WAITING_MAX));
    let mut frames = log.follow(chain.sequence);
    loop {
        let Ok(permit) = room.clone().acquire_owned().await else {
            return;
        };
        let batch = tokio::select! {
            batch = frames.next_many(FRAMES_PER_READ) => batch,
            () = events.closed() => return,
        };
        let accepted = match batch {
            Ok(batch) => accept(&mut chain, &own, batch),
            Err(error) => Err(error.to_string()),
        };
        head.fetch_max(chain.last, Ordering::Relaxed);
        let event = match accepted {
            Ok(batch) if batch.is_empty() => continue,
            Ok(batch) => Event::Followed(batch, permit),
            Err(why) => Event::Broken(why),
        };
        let broken = matches!(event, Event::Broken(_));
        if events.send(event).is_err() || broken {
            return;
        }
    }
}

/// Takes frames in, and gives those that others have written.
fn accept(
    chain: &mut Chain,
    own: &Own,
    batch: Vec<Stored>,
) -> Result<Vec<(u64, FrameHash, Frame)>, String> {
    let mut foreign = Vec::new();
    for Stored { sequence, body } in batch {
        if !is_own(chain, own, sequence, &body) {
            let frame = chain.accept(sequence, body).map_err(|error| error.to_string())?;
            foreign.push((sequence, chain.hash, frame));
        }
    }
    Ok(foreign)
}

/// Takes in the very frame that this process appended there, if it did.
fn is_own(chain: &mut Chain, own: &Own, sequence: u64, body: &[u8]) -> bool {
    let mut own = own.lock().unwrap_or_else(PoisonError::into_inner);
    while own.front().is_some_and(|frame| frame.place.sequence < sequence) {
        own.pop_front();
    }
    let Some(frame) = own.pop_front_if(|frame| frame.place.sequence == sequence) else {
        return false;
    };
    let follows = sequence == chain.sequence + 1
        && frame.first == chain.last + 1
        && frame.previous == chain.hash;
    let same = follows && *body == frame.body;
    if same {
        *chain = frame.place;
    }
    same
}
