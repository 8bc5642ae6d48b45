//! A process without threads of its own: an appender, a follower and a folder, on virtual time.

use std::{
    collections::VecDeque,
    future::Future,
    path::Path,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use event_log::{AppendError, Chain, EventLog, FrameHash};
use read_model::{Options, Store, StoreError, Writer};
use runtime::{
    appender::{Appender, Outgoing},
    catalogs::Catalogs,
    clock::Clock,
    fold::{Applied, Fold, Totals},
    order::{Answer, Order, Refusal, Reply},
    rebuild, rows,
    timelines::Timelines,
    vault::Vault,
    view::{Projection, Shared},
};
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinHandle,
    time::{Instant, sleep_until},
};
use uuid::Uuid;

/// How long folded rows stay unwritten, and a refused frame waits for the one that won.
const IDLE: Duration = Duration::from_millis(20);

type Appended = Pin<Box<dyn Future<Output = (u64, Result<u64, AppendError>)> + Send>>;

enum Event {
    Asked(Order, Reply),
    Close(oneshot::Sender<Appender>),
}

/// A running process.
pub struct Process {
    events: mpsc::UnboundedSender<Event>,
    task: JoinHandle<()>,
    /// What it has taken in.
    pub applied: watch::Receiver<Applied>,
    /// Its timelines.
    pub timelines: Arc<Timelines>,
    /// Its catalogs.
    pub catalogs: Arc<Shared<Catalogs>>,
}

impl Process {
    /// Opens a folder as it was left, and follows and appends from there.
    ///
    /// No two starts have the same writer's id: it is what keeps two frames of one place, one
    /// instant and one command apart, so that only one of their writers takes it for its own.
    pub async fn start(
        log: &EventLog,
        vault: &Arc<Vault>,
        clock: Clock,
        folder: &Path,
        writer: Uuid,
    ) -> Process {
        let store = open(folder).await;
        let checkpoint = store.checkpoint().unwrap();
        let totals: Totals = postcard::from_bytes(&checkpoint.totals).unwrap_or_default();
        let catalogs = Shared::<Catalogs>::empty();
        let projections: Vec<Box<dyn Projection>> = vec![Box::new(catalogs.clone())];
        let mut views: Vec<_> = projections.iter().map(|view| view.fresh()).collect();
        rebuild::fold_store(&store, checkpoint.position, &mut views, |_| ()).unwrap();
        let place = Chain {
            sequence: checkpoint.sequence,
            last: totals.whole,
            hash: FrameHash::from_bytes(checkpoint.frame_hash),
        };
        for view in views {
            drop(view.install(checkpoint.position, place));
        }
        let log_is = FrameHash::from_bytes(checkpoint.log);
        let (publish, applied) =
            watch::channel(Applied { place, latest: totals.latest, log: log_is });
        let timelines = Arc::new(Timelines::new(store.clone()));
        let fold = Fold::new(
            timelines.clone(),
            Arc::new(projections),
            vault.clone(),
            Writer::start(store).unwrap(),
            publish,
            totals,
            checkpoint.position,
        );
        let appender = Appender::new(fold, vault.clone(), clock, writer);
        let (events, inbox) = mpsc::unbounded_channel();
        let task = tokio::spawn(live(appender, log.clone(), place, inbox));
        Process { events, task, applied, timelines, catalogs }
    }

    /// Hands a command over. The answer never comes when the process dies first.
    pub fn ask(&self, order: Order) -> oneshot::Receiver<Result<Answer, Refusal>> {
        let (reply, receiver) = Reply::new();
        // To a process that has died it is lost, and with it the reply.
        let _ = self.events.send(Event::Asked(order, reply));
        receiver
    }

    /// Whether it is still alive.
    pub fn is_alive(&self) -> bool {
        !self.task.is_finished()
    }

    /// Dies where it stands: what was not written is gone, and so is every answer.
    pub async fn crash(self) {
        self.task.abort();
        // The abort is what was asked for.
        let _ = self.task.await;
    }

    /// Writes everything and closes the folder.
    pub async fn close(self) {
        let Process { events, task, timelines, .. } = self;
        let (sender, closed) = oneshot::channel();
        assert!(events.send(Event::Close(sender)).is_ok(), "the process has died");
        let appender = closed.await.unwrap();
        assert_eq!(appender.stopped(), None);
        task.await.unwrap();
        drop(timelines);
        aside(|| appender.close()).unwrap();
    }

    /// Waits until it has taken in a stream sequence.
    pub async fn reach(&mut self, sequence: u64) {
        self.applied.wait_for(|applied| applied.place.sequence >= sequence).await.unwrap();
    }
}

/// Handing rows to the store may wait for it, which the thread of this runtime must not.
fn aside<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| scope.spawn(work).join()).unwrap()
}

/// A clock that is off by so much, and stands still until it is moved.
pub fn clock(now: i64) -> (Clock, Arc<AtomicI64>) {
    let hand = Arc::new(AtomicI64::new(now));
    (Clock::Manual(hand.clone()), hand)
}

/// Moves a clock on.
pub fn pass(hand: &AtomicI64, micros: i64) {
    hand.fetch_add(micros, Ordering::Relaxed);
}

/// The rows of a folder are let go of a moment after the process that had them open has died.
pub async fn open(folder: &Path) -> Store {
    loop {
        match Store::open(folder, Options { cache_bytes: 1 << 20, ..Options::new(rows::schema()) })
        {
            Ok(opened) => return opened.store,
            Err(StoreError::InUse { .. }) => std::thread::yield_now(),
            Err(error) => panic!("{error}"),
        }
    }
}

/// What a keeper and its two tasks do, in one task, in an order that the seed alone decides.
async fn live(
    mut appender: Appender,
    log: EventLog,
    mut chain: Chain,
    mut inbox: mpsc::UnboundedReceiver<Event>,
) {
    let mut frames = log.follow(chain.sequence);
    let mut outgoing: VecDeque<Outgoing> = VecDeque::new();
    let mut appending: Option<Appended> = None;
    let mut idle_at = Instant::now() + IDLE;
    loop {
        tokio::select! {
            biased;
            event = inbox.recv() => match event {
                Some(Event::Asked(order, reply)) => appender.ask(order, reply),
                Some(Event::Close(sender)) => {
                    aside(|| appender.flush());
                    let _ = sender.send(appender);
                    return;
                }
                None => return,
            },
            (guard, result) = async { appending.as_mut().unwrap().await }, if appending.is_some() => {
                appending = None;
                aside(|| appender.appended(guard, result));
            }
            read = frames.next_many(4) => {
                for stored in read.unwrap() {
                    let frame = chain.accept(stored.sequence, stored.body).unwrap();
                    aside(|| appender.follow(stored.sequence, chain.hash, &frame));
                }
            }
            () = sleep_until(idle_at) => {
                aside(|| appender.flush());
                appender.decide_again_if_refused();
                idle_at = Instant::now() + IDLE;
            }
        }
        outgoing.extend(appender.next_frame());
        appender.tell();
        tokio::task::yield_now().await;
        aside(|| appender.take_in());
        if appending.is_none()
            && let Some(Outgoing { guard, body, summary, .. }) = outgoing.pop_front()
        {
            let log = log.clone();
            appending =
                Some(Box::pin(async move { (guard, log.append(guard, body, summary).await) }));
        }
    }
}
