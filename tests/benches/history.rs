//! A generated history of a large sales team, as the frames that a cell would have written.

use bytes::Bytes;
use domain::{
    Currency, Date, Entity, Fact, Instant, Kind, Moment, Money, PipelineId, ProductId, Reason,
    UserId,
    opportunity::{
        self, AmountChanged, CloseDateChanged, Lost, Opened, Opportunity, OwnerChanged, Stage,
        StageChanged, Won,
    },
};
use event_log::{Chain, Commit, EntityFacts, Frame, FrameHash, Word};
use rand::{Rng, SeedableRng, rngs::SmallRng};
use uuid::Uuid;

use crate::{
    catalog::{self, Catalog, STAGES},
    cell::TENANT,
};

const SEED: u64 = 20_260_101;
const COMMITS_PER_FRAME: usize = 64;
const DAY: i64 = 86_400_000_000;
/// 2021-01-01, microseconds.
pub const FIRST_DAY: i64 = 1_609_459_200_000_000;
/// How many days deals are opened on.
pub const DAYS: i64 = 1_600;
/// One fact of so many is recorded up to a month after it happened.
const LATE_ONE_OF: u32 = 50;

/// A deal between two of its facts.
pub struct Version {
    /// The deal.
    pub deal: Uuid,
    /// From when on.
    pub since: Instant,
    /// Up to when; the end of time for the last.
    pub until: Instant,
    /// What it is.
    pub state: Opportunity,
}

/// One fact of a deal, small enough that millions can be sorted.
#[derive(Debug, Clone, Copy)]
pub struct Told {
    recorded_at: i64,
    occurred_at: i64,
    deal: u32,
    what: What,
    value: u16,
}

#[derive(Debug, Clone, Copy)]
enum What {
    Opened,
    Stage,
    Amount,
    CloseDate,
    Owner,
    Won,
    Lost,
}

/// A history that is told frame by frame.
pub struct History {
    told: Vec<Told>,
    next: usize,
    chain: Chain,
    catalog: Catalog,
    usd: Currency,
    words: Words,
}

/// Texts that recur.
struct Words {
    tenant: Word,
    kind: Word,
    actors: Vec<Word>,
}

impl History {
    /// The history of so many deals, to be written after this place in the log.
    pub fn new(deals: u32, catalog: Catalog, chain: Chain) -> anyhow::Result<History> {
        let mut random = SmallRng::seed_from_u64(SEED);
        let mut told = Vec::with_capacity(deals as usize * 12);
        for deal in 0..deals {
            tell(deal, &mut random, &mut told);
        }
        told.sort_by_key(|told| (told.recorded_at, told.deal));
        let usd = Currency::from_code("USD").ok_or_else(|| anyhow::anyhow!("no dollars"))?;
        let actors = (0..200).map(|rep| Word::from(format!("rep-{rep}"))).collect();
        let words = Words { tenant: TENANT.into(), kind: Kind::Opportunity.word().into(), actors };
        Ok(History { told, next: 0, chain, catalog, usd, words })
    }

    /// How many facts there are in all.
    pub fn events(&self) -> u64 {
        self.told.len() as u64
    }

    /// How many frames it takes.
    pub fn frames(&self) -> u64 {
        self.told.len().div_ceil(COMMITS_PER_FRAME) as u64
    }

    /// The next frame.
    pub fn next_frame(&mut self) -> anyhow::Result<Option<Bytes>> {
        let end = self.told.len().min(self.next + COMMITS_PER_FRAME);
        let told = &self.told[self.next..end];
        let Some(last) = told.last() else {
            return Ok(None);
        };
        let commits: Result<_, anyhow::Error> = (self.next as u64..)
            .zip(told)
            .map(|(number, told)| self.commit(number, told))
            .collect();
        let frame = Frame {
            first: self.chain.last + 1,
            previous: self.chain.hash,
            recorded_at: last.recorded_at,
            behind: 0,
            writer: Uuid::from_u128(1),
            commits: commits?,
        };
        let body = frame.encode()?;
        let hash = FrameHash::of(&body);
        self.chain = Chain { sequence: self.chain.sequence + 1, last: frame.last(), hash };
        self.next = end;
        Ok(Some(body))
    }

    /// Everybody with their manager.
    pub fn hierarchy(&self) -> impl Iterator<Item = (Uuid, Option<Uuid>)> {
        let owners = &self.catalog.owners;
        let managers = (0..owners.len()).map(|user| catalog::manager_of(user).map(|it| owners[it]));
        owners.iter().copied().zip(managers)
    }

    /// Everything that is told, deal by deal in the order in which it happened.
    pub fn by_deal(&self) -> Vec<Told> {
        let mut told = self.told.clone();
        told.sort_by_key(|told| (told.deal, told.occurred_at));
        told
    }

    /// What each deal was between two of its facts, as a table of versions has it.
    pub fn versions<'a>(&'a self, by_deal: &'a [Told]) -> impl Iterator<Item = Version> + 'a {
        by_deal.chunk_by(|one, next| one.deal == next.deal).flat_map(|life| self.life(life))
    }

    fn life(&self, life: &[Told]) -> Vec<Version> {
        let mut state = Opportunity::default();
        let ends = life.iter().skip(1).map(|next| next.occurred_at).chain([i64::MAX]);
        let versions = life.iter().zip(ends).map(|(told, until)| {
            let (occurred_at, source_seq, command_id, index) =
                (Instant(told.occurred_at), 0, Uuid::nil(), 0);
            if let Fact::Opportunity(fact) = self.fact(told) {
                state.evolve(&Moment { occurred_at, source_seq, command_id, index }, &fact);
            }
            let (deal, since, until) = (deal_id(told.deal), occurred_at, Instant(until));
            Version { deal, since, until, state: state.clone() }
        });
        versions.collect()
    }

    fn commit(&self, number: u64, told: &Told) -> anyhow::Result<Commit> {
        let fact = self.fact(told);
        let command_id = Uuid::from_u64_pair(0x0190_0000_0000_7000, mixed(number));
        let facts = EntityFacts {
            kind: self.words.kind.clone(),
            id: deal_id(told.deal),
            facts: vec![event_log::Fact {
                name: fact.name().into(),
                occurred_at: told.occurred_at,
                source_seq: 0,
                body: fact.encode()?.into(),
            }],
        };
        Ok(Commit {
            tenant: self.words.tenant.clone(),
            command_id,
            fingerprint: *Uuid::from_u64_pair(number, mixed(number)).as_bytes(),
            actor: self.words.actors[told.deal as usize % self.words.actors.len()].clone(),
            origin: None,
            correlation_id: command_id,
            causation_id: None,
            entities: vec![facts],
        })
    }

    fn fact(&self, told: &Told) -> Fact {
        use opportunity::Fact as To;
        let pick = |ids: &[Uuid], value: u16| ids[usize::from(value) % ids.len()];
        let amount =
            Some(Money { minor: 100 * (1_000 + i64::from(told.value)), currency: self.usd });
        let stage = |value: u16| Stage { key: STAGES[usize::from(value)].to_owned(), order: None };
        let day = Instant(told.occurred_at + DAY * i64::from(told.value % 200)).date();
        let close_date: Option<Date> = Some(day);
        match told.what {
            What::Opened => To::Opened(Opened {
                external_ids: Vec::new(),
                name: None,
                pipeline: PipelineId(self.catalog.pipeline),
                stage: stage(0),
                amount,
                close_date,
                owner: Some(UserId(pick(&self.catalog.owners, told.value))),
                product: Some(ProductId(pick(&self.catalog.products, told.value))),
                account: None,
                opportunity_type: None,
            }),
            What::Stage => {
                To::StageChanged(StageChanged { stage: stage(told.value), pipeline: None })
            }
            What::Amount => To::AmountChanged(AmountChanged { amount }),
            What::CloseDate => To::CloseDateChanged(CloseDateChanged { close_date }),
            What::Owner => {
                let owner = Some(UserId(pick(&self.catalog.owners, told.value)));
                To::OwnerChanged(OwnerChanged { owner })
            }
            What::Won => To::Won(Won { amount: None, reason: reason(told.value) }),
            What::Lost => To::Lost(Lost { reason: reason(told.value) }),
        }
        .into()
    }
}

/// One deal's life: opened, moved on, re-estimated, put off, perhaps handed over, mostly closed.
fn tell(deal: u32, random: &mut SmallRng, told: &mut Vec<Told>) {
    let mut at = FIRST_DAY + random.random_range(0..DAYS * DAY);
    let mut say = |random: &mut SmallRng, occurred_at: i64, what: What, value: u16| {
        let late = random.random_ratio(1, LATE_ONE_OF);
        let delay = if late { random.random_range(DAY..30 * DAY) } else { 0 };
        told.push(Told { recorded_at: occurred_at + delay, occurred_at, deal, what, value });
    };
    let some = |random: &mut SmallRng| random.random_range(0..60_000);
    let step = |random: &mut SmallRng| random.random_range(DAY / 24..10 * DAY);
    let value = some(random);
    say(random, at, What::Opened, value);
    let stages = random.random_range(1..=4);
    for stage in 1..=stages {
        at += step(random);
        say(random, at, What::Stage, stage);
        for _ in 0..random.random_range(2..=3) {
            let what = match random.random_range(0..10) {
                0..=4 => What::Amount,
                5..=8 => What::CloseDate,
                _ => What::Owner,
            };
            at += step(random);
            let value = some(random);
            say(random, at, what, value);
        }
    }
    at += step(random);
    let value = random.random_range(0..6);
    match random.random_range(0..10) {
        0..=2 => say(random, at, What::Won, value),
        3..=7 => say(random, at, What::Lost, value),
        _ => {
            let value = some(random);
            say(random, at, What::Amount, value);
        }
    }
}

fn reason(value: u16) -> Reason {
    let code = ["price", "timing", "fit", "competitor", "budget", "silence"];
    Reason { code: code[usize::from(value) % code.len()].to_owned(), text: None }
}

fn deal_id(deal: u32) -> Uuid {
    let high = mixed(u64::from(deal)) & !0xf000 | 0x8000;
    Uuid::from_u64_pair(high, 0x8000_0000_0000_0000 | u64::from(deal))
}

/// Scatters numbers, as the hashes do that real ids are made of.
fn mixed(number: u64) -> u64 {
    let mut word = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}
