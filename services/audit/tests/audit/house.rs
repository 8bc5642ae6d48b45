//! A log, its keys and a clock, and any number of processes over them.

use std::{
    collections::HashMap,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
};

use domain::{
    Currency, Fact, Instant, Kind, Known, Money, Outcome, Personal, PipelineId, Timeline,
    opportunity::{self, Command, Opened, Opportunity, Stage},
};
use event_log::{Commit, EventLog, Frame, FrameHash, KeyStream, MemoryLog, Word};
use runtime::{
    clock::Clock,
    desk::{Decision, Desk, Undecided},
    digest::Digest,
    order::{Answer, Order, Refusal},
    runtime::{Runtime, Settings, StartError},
    timelines::EntityRef,
    vault::Master,
    view::{Shared, View},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// 2024-01-01T00:00:00Z.
pub const NEW_YEAR: i64 = 1_704_067_200_000_000;
pub const DAY: i64 = 86_400_000_000;
pub const PIPELINE: Uuid = Uuid::from_u128(0xB1);

/// What all processes of a test share.
pub struct House {
    pub log: MemoryLog,
    keys: KeyStream,
    now: Arc<AtomicI64>,
    commands: AtomicU64,
}

impl House {
    pub fn new() -> House {
        House {
            log: MemoryLog::new(),
            keys: KeyStream::memory(),
            now: Arc::new(AtomicI64::new(NEW_YEAR)),
            commands: AtomicU64::new(0),
        }
    }

    /// Moves the clock on by a day and says what it shows.
    pub fn next_day(&self) -> Instant {
        Instant(self.now.fetch_add(DAY, Ordering::Relaxed) + DAY)
    }

    pub fn now(&self) -> Instant {
        Instant(self.now.load(Ordering::Relaxed))
    }

    pub async fn start(&self, folder: &Path) -> Arc<Runtime> {
        self.try_start(folder).await.unwrap()
    }

    pub async fn try_start(&self, folder: &Path) -> Result<Arc<Runtime>, StartError> {
        let settings = Settings {
            log: EventLog::Memory(self.log.clone()),
            log_thread: tokio::runtime::Handle::current(),
            keys: self.keys.clone(),
            master: Master::from_secret(&[7; 32]),
            read_model: folder.to_owned(),
            cache_bytes: 8 * 1024 * 1024,
            clock: Clock::Manual(self.now.clone()),
            default_tenant: None,
        };
        let views = vec![Box::new(Shared::<Stages>::empty()) as _];
        Runtime::start(settings, views).await.map(Arc::new)
    }

    /// The next id of a command.
    pub fn command(&self) -> Uuid {
        Uuid::from_u128(0xC0_0000 + u128::from(self.commands.fetch_add(1, Ordering::Relaxed)))
    }

    /// Appends the first commit of the last frame again, altered: what another program may write.
    pub async fn another_writes(&self, alter: impl FnOnce(&mut Commit)) {
        let log = EventLog::Memory(self.log.clone());
        let head = log.head().await.unwrap().unwrap();
        let last = Frame::decode(head.body.clone()).unwrap();
        let (first, previous) = (last.last() + 1, FrameHash::of(&head.body));
        let mut commit = last.commits[0].clone();
        commit.command_id = self.command();
        alter(&mut commit);
        let frame = Frame { first, previous, commits: vec![commit], ..last };
        log.append(head.sequence, frame.encode().unwrap(), frame.summary(None)).await.unwrap();
    }

    /// An order of a tenant on one entity.
    pub fn order(
        &self,
        tenant: &str,
        (kind, id): (Kind, Uuid),
        decide: impl Fn(&Desk<'_>) -> Result<Vec<Decision>, Undecided> + Send + 'static,
    ) -> Order {
        let command_id = self.command();
        Order {
            tenant: Word::from(tenant),
            kind,
            id,
            command_id,
            fingerprint: [1; 16],
            actor: Word::from("ada"),
            origin: None,
            correlation_id: command_id,
            causation_id: None,
            expected: None,
            decide: Box::new(decide),
        }
    }

    /// A command on a deal, at an instant or now.
    pub fn deal(&self, tenant: &str, id: Uuid, at: Option<Instant>, command: Command) -> Order {
        self.order(tenant, (Kind::Opportunity, id), move |desk| {
            desk.judge::<Opportunity>(id, at, &command)
        })
    }

    /// Takes a command back.
    pub fn void(&self, tenant: &str, id: Uuid, command_id: Uuid) -> Order {
        self.order(tenant, (Kind::Opportunity, id), move |desk| {
            let reason = domain::Reason { code: "typo".to_owned(), text: None };
            let void = domain::Voided { command_id, reason };
            let void = Fact::Opportunity(opportunity::Fact::Voided(void));
            let (occurred_at, facts) = desk.with(Kind::Opportunity, id, |timeline| {
                let at = desk.instant(None, timeline);
                (
                    at,
                    domain::entity::judge_void::<Opportunity>(
                        timeline,
                        at,
                        command_id,
                        void.clone(),
                    ),
                )
            })?;
            let kind = Kind::Opportunity;
            Ok(vec![Decision { kind, id, occurred_at, source_seq: 0, facts: facts? }])
        })
    }

    /// A definition of the catalog, from the beginning or from an instant on.
    pub fn define(&self, tenant: &str, id: Uuid, at: Option<Instant>, fact: Fact) -> Order {
        let kind = fact.kind();
        self.order(tenant, (kind, id), move |_| {
            let occurred_at = at.unwrap_or(Instant::BEGINNING);
            let facts = vec![fact.clone()];
            Ok(vec![Decision { kind, id, occurred_at, source_seq: 0, facts }])
        })
    }
}

pub fn usd(minor: i64) -> Option<Money> {
    Currency::from_code("USD").map(|currency| Money { minor, currency })
}

pub fn opened(stage: &str, minor: i64) -> Command {
    Command::Open(Opened {
        external_ids: Vec::new(),
        name: Personal::plain("Rocket for Ada"),
        pipeline: PipelineId(PIPELINE),
        stage: Stage { key: stage.to_owned(), order: None },
        amount: usd(minor),
        close_date: None,
        owner: None,
        product: None,
        account: None,
        opportunity_type: None,
    })
}

pub fn moved(stage: &str) -> Command {
    let stage = Stage { key: stage.to_owned(), order: None };
    Command::ChangeStage(opportunity::StageChanged { stage, pipeline: None })
}

pub fn amounts(minor: i64) -> Command {
    Command::ChangeAmount(opportunity::AmountChanged { amount: usd(minor) })
}

/// Makes the keys of what a command may seal, and hands it over.
pub async fn ask(runtime: &Runtime, order: Order) -> Result<Answer, Refusal> {
    runtime.vault.ensure_keys(&order.tenant, &[order.id]).await.unwrap();
    let answer = runtime.keeper.ask(order).await?;
    // As the next call would: what it was told of is folded a moment later.
    runtime.wait_for(answer.position).await.unwrap();
    Ok(answer)
}

/// Stops a process whose services are gone, and so closes its folder.
pub async fn stop(runtime: Arc<Runtime>) {
    let mut runtime = runtime;
    let runtime = loop {
        match Arc::try_unwrap(runtime) {
            Ok(runtime) => break runtime,
            // A stream that was read to its end lets go of it in a moment.
            Err(shared) => runtime = shared,
        }
        tokio::task::yield_now().await;
    };
    runtime.stop().await.unwrap();
}

/// A view for tests: the stage and value of every deal, as known last.
#[derive(Default, Serialize, Deserialize)]
pub struct Stages {
    rows: HashMap<EntityRef, Vec<u8>>,
    tenants: HashMap<Word, Digest>,
}

impl Stages {
    fn put(&mut self, entity: &EntityRef, timeline: &Timeline, known_at: u64) {
        let state: Opportunity = timeline.state(Known { known_at, ..Known::NOW });
        let stage = state.stage.as_ref().map(|stage| stage.key.as_str());
        let won = state.outcome == Outcome::Won;
        let row = format!("{entity} {stage:?} {:?} {won}", state.value()).into_bytes();
        let digest = self.tenants.entry(entity.tenant.clone()).or_default();
        digest.add(&row);
        if let Some(before) = self.rows.insert(entity.clone(), row) {
            digest.remove(&before);
        }
    }
}

impl View for Stages {
    const NAME: &'static str = "stages";
    const KINDS: &'static [Kind] = &[Kind::Opportunity];

    fn load(&mut self, entity: &EntityRef, timeline: &Timeline, upto: u64) {
        if timeline.entries().iter().any(|entry| entry.position <= upto) {
            self.put(entity, timeline, upto);
        }
    }

    fn apply(&mut self, entity: &EntityRef, timeline: &Timeline, position: u64) {
        self.put(entity, timeline, position);
    }

    fn digest(&self, tenant: &str) -> Digest {
        self.tenants.get(tenant).copied().unwrap_or_default()
    }
}
