//! The stage: a log that fails now and then, processes that die, and clients that do not give up.

use std::{
    cell::RefCell,
    path::PathBuf,
    sync::{Arc, atomic::AtomicI64},
    time::Duration,
};

use event_log::{EventLog, Faults, KeyStream, MemoryLog};
use rand::{Rng, SeedableRng, rngs::SmallRng};
use runtime::{
    clock::Clock,
    order::{Answer, Order, Refusal},
    vault::{Master, Vault},
};
use tempfile::TempDir;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use crate::{
    process::{self, Process},
    wishes::{Wish, endow},
};

pub const PROCESSES: usize = 3;
const CLIENTS: u64 = 6;
const COMMANDS_PER_CLIENT: u64 = 40;
const DEALS: u128 = 6;
const ACCOUNTS: u128 = 4;
const NAMES: [&str; 3] = ["north", "east", "south"];
/// 2026-01-01T00:00:00Z.
const NEW_YEAR: i64 = 1_767_225_600_000_000;
/// How far each process's clock is off, in microseconds.
const SKEWS: [i64; PROCESSES] = [0, -600_000_000, 90_000_000];

/// What became of a command.
#[derive(Debug, Clone)]
pub struct Record {
    pub command: Uuid,
    pub wish: Wish,
    pub expected: Option<u64>,
    /// Whether a try before the last went without an answer.
    pub in_doubt: bool,
    pub answer: Result<Answer, &'static str>,
}

/// All that a run consists of.
pub struct Scene {
    pub memory: MemoryLog,
    pub log: EventLog,
    vault: Arc<Vault>,
    folders: TempDir,
    clocks: Vec<(Clock, Arc<AtomicI64>)>,
    pub processes: RefCell<Vec<Option<Process>>>,
    pub records: RefCell<Vec<Record>>,
    pub crashes: RefCell<u64>,
    starts: RefCell<u128>,
}

impl Scene {
    /// Starts the processes and opens the accounts, while nothing fails yet.
    pub async fn begin() -> Scene {
        let memory = MemoryLog::new();
        let vault = Vault::open(Master::from_secret(&[7; 32]), KeyStream::memory()).await.unwrap();
        let scene = Scene {
            log: EventLog::Memory(memory.clone()),
            memory,
            vault: Arc::new(vault),
            folders: folders(),
            clocks: SKEWS.iter().map(|skew| process::clock(NEW_YEAR + skew)).collect(),
            processes: RefCell::default(),
            records: RefCell::default(),
            crashes: RefCell::default(),
            starts: RefCell::default(),
        };
        for number in 0..PROCESSES {
            let process = scene.start(number).await;
            scene.processes.borrow_mut().push(Some(process));
        }
        for account in 0..ACCOUNTS {
            let command = Uuid::from_u128(0xE0 + account);
            let asked = scene.ask(0, endow(self::account(account), command)).unwrap();
            assert!(asked.await.unwrap().unwrap().changed);
        }
        scene
    }

    pub fn folder(&self, number: usize) -> PathBuf {
        self.folders.path().join(number.to_string())
    }

    /// Lets everybody act on a log that fails as this seed says, until every client is done.
    pub async fn play(&self, seed: u64) {
        let mut dice = SmallRng::seed_from_u64(seed);
        self.memory.set_faults(Some(Faults {
            seed,
            delay_max: Duration::from_millis(30),
            delayed: dice.random_range(0.0..0.5),
            unacknowledged: dice.random_range(0.0..0.2),
            late: dice.random_range(0.0..0.2),
            lost: dice.random_range(0.0..0.2),
            slow_read: dice.random_range(0.0..0.5),
        }));
        let clients = (1..=CLIENTS)
            .map(|number| self.client(number, SmallRng::seed_from_u64(seed ^ (number << 40))));
        tokio::select! {
            _ = futures::future::join_all(clients) => {}
            () = self.misfortune(dice) => {}
        }
        self.memory.set_faults(None);
        // Whatever was still on its way to the log arrives or is lost.
        sleep(Duration::from_secs(5)).await;
        for number in 0..PROCESSES {
            let is_down = self.processes.borrow()[number].is_none();
            if is_down {
                let process = self.start(number).await;
                self.processes.borrow_mut()[number] = Some(process);
            }
        }
    }

    /// Kills processes and starts them again, for ever.
    async fn misfortune(&self, mut dice: SmallRng) {
        loop {
            sleep(Duration::from_millis(dice.random_range(20..400))).await;
            let number = dice.random_range(0..PROCESSES);
            let doomed = self.processes.borrow_mut()[number].take();
            doomed.unwrap().crash().await;
            *self.crashes.borrow_mut() += 1;
            sleep(Duration::from_millis(dice.random_range(0..200))).await;
            let process = self.start(number).await;
            self.processes.borrow_mut()[number] = Some(process);
        }
    }

    async fn start(&self, number: usize) -> Process {
        let clock = self.clocks[number].0.clone();
        *self.starts.borrow_mut() += 1;
        let writer = Uuid::from_u128(*self.starts.borrow());
        Process::start(&self.log, &self.vault, clock, &self.folder(number), writer).await
    }

    /// Hands an order to a process, if that is alive.
    fn ask(
        &self,
        number: usize,
        order: Order,
    ) -> Option<tokio::sync::oneshot::Receiver<Result<Answer, Refusal>>> {
        let processes = self.processes.borrow();
        let process = processes[number].as_ref()?;
        assert!(process.is_alive(), "process {number} died of itself");
        Some(process.ask(order))
    }

    async fn client(&self, number: u64, mut dice: SmallRng) {
        for count in 0..COMMANDS_PER_CLIENT {
            let command = Uuid::from_u128((u128::from(number) << 32) + u128::from(count));
            let wish = self.wish(&mut dice);
            let expected = if dice.random_bool(0.1) { self.seen(&wish, &mut dice) } else { None };
            let (answer, in_doubt) = self.insist(&mut dice, &wish, command, expected).await;
            let record = Record { command, wish, expected, in_doubt, answer };
            self.records.borrow_mut().push(record);
            if dice.random_bool(0.3) {
                self.ask_again(&mut dice).await;
            }
            sleep(Duration::from_millis(dice.random_range(0..25))).await;
        }
    }

    /// Asks until somebody answers, whichever process that is.
    async fn insist(
        &self,
        dice: &mut SmallRng,
        wish: &Wish,
        command: Uuid,
        expected: Option<u64>,
    ) -> (Result<Answer, &'static str>, bool) {
        let mut in_doubt = false;
        loop {
            let number = dice.random_range(0..PROCESSES);
            process::pass(&self.clocks[number].1, dice.random_range(0..5_000));
            if let Some(asked) = self.ask(number, wish.order(command, expected)) {
                match timeout(Duration::from_secs(20), asked).await {
                    Ok(Ok(Ok(answer))) => return (Ok(answer), in_doubt),
                    Ok(Ok(Err(Refusal::Rejected(why)))) => return (Err(why.reason), in_doubt),
                    Ok(Ok(Err(other))) => panic!("refused by process {number}: {other}"),
                    // It died before it could answer.
                    Ok(Err(_)) => in_doubt = true,
                    Err(_) => panic!("process {number} makes no progress"),
                }
            }
            sleep(Duration::from_millis(dice.random_range(1..40))).await;
        }
    }

    /// Repeats a command that was recorded, of any client, at any process.
    async fn ask_again(&self, dice: &mut SmallRng) {
        let Some((record, first)) = self.recorded(dice) else {
            return;
        };
        let number = dice.random_range(0..PROCESSES);
        let knows = self.processes.borrow()[number]
            .as_ref()
            .is_some_and(|it| it.applied.borrow().place.last >= first.position);
        let other = Wish::Price { deal: record.wish.entity(), minor: -1 };
        let is_same = dice.random_bool(0.8);
        let wish = if is_same { &record.wish } else { &other };
        let Some(asked) = self.ask(number, wish.order(record.command, record.expected)) else {
            return;
        };
        let Ok(again) = timeout(Duration::from_secs(20), asked).await.unwrap() else {
            return;
        };
        match again {
            Ok(again) => {
                assert!(is_same, "{record:?} and {other:?} have one id");
                assert_eq!(again, Answer { repeated: true, ..first }, "{record:?}");
            }
            Err(Refusal::Rejected(why)) if is_same => {
                assert!(!knows, "{record:?} was refused when it was asked again: {why}");
            }
            Err(Refusal::Rejected(why)) => {
                assert!(!knows || why.reason == "REQUEST_ID_REUSED", "{why:?}");
            }
            Err(other) => panic!("{other}"),
        }
    }

    fn recorded(&self, dice: &mut SmallRng) -> Option<(Record, Answer)> {
        let records = self.records.borrow();
        let record = records.get(dice.random_range(0..records.len().max(1)))?;
        let answer = record.answer.as_ref().ok().filter(|answer| answer.changed)?;
        Some((record.clone(), *answer))
    }

    fn wish(&self, dice: &mut SmallRng) -> Wish {
        let deal = Uuid::from_u128(0xD0 + dice.random_range(0..DEALS));
        let name = NAMES[dice.random_range(0..NAMES.len())].to_owned();
        match dice.random_range(0..16) {
            0 | 1 => Wish::Open { deal, name },
            2 => Wish::Lose { deal },
            3 => Wish::Reopen { deal, name },
            4..=6 => {
                let stage = ["new", "talks", "offer"][dice.random_range(0..3)].to_owned();
                Wish::Move { deal, stage }
            }
            7..=9 => Wish::Price { deal, minor: dice.random_range(0..1_000) },
            10 => match self.recorded(dice) {
                Some((Record { wish: Wish::Price { deal, .. }, command, .. }, _)) => {
                    Wish::Void { deal, command }
                }
                _ => Wish::Price { deal, minor: 5 },
            },
            _ => {
                let from = dice.random_range(0..ACCOUNTS);
                let to = (from + dice.random_range(1..ACCOUNTS)) % ACCOUNTS;
                let minor = dice.random_range(1..600);
                Wish::Transfer { from: account(from), to: account(to), minor }
            }
        }
    }

    /// A position at which somebody has seen the entity: the latest, or an older one.
    fn seen(&self, wish: &Wish, dice: &mut SmallRng) -> Option<u64> {
        let records = self.records.borrow();
        let of_it = records.iter().filter(|record| record.wish.entity() == wish.entity());
        let mut etags: Vec<u64> =
            of_it.filter_map(|record| record.answer.as_ref().ok()).map(|it| it.etag).collect();
        etags.sort_unstable();
        let back = dice.random_range(0..3).min(etags.len().checked_sub(1)?);
        Some(etags[etags.len() - 1 - back])
    }
}

/// Where there is a disk in memory, that: what a disk forgets is not played here.
fn folders() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

pub fn account(number: u128) -> Uuid {
    Uuid::from_u128(0xA0 + number)
}

pub fn is_account(id: Uuid) -> bool {
    (0..ACCOUNTS).any(|number| account(number) == id)
}
