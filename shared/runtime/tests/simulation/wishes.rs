//! What clients ask for, and the rules across entities: one deal per name, and no money from nothing.

use std::collections::BTreeMap;

use domain::{
    Currency, Entity, Fact, Instant, Kind, Known, Money, PipelineId, Reason, Rejection, Timeline,
    entity::{judge, judge_void},
    opportunity::{
        self, AmountChanged, Command, Lost, Opened, Opportunity, Reopened, Stage, StageChanged,
    },
    source,
};
use event_log::Word;
use runtime::{
    desk::{Decision, Desk, Undecided},
    order::Order,
};
use uuid::Uuid;

pub const TENANT: &str = "acme";
/// The entity that says which deal holds which name.
pub const REGISTER: Uuid = Uuid::from_u128(0x4E);
/// What every account has at first, in cents.
pub const ENDOWMENT: i64 = 1_000;

/// A command before anybody has decided it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// Starts a deal under a name that nobody else holds.
    Open {
        deal: Uuid,
        name: String,
    },
    /// Closes a deal and lets its name go.
    Lose {
        deal: Uuid,
    },
    /// Works a deal again, under another name perhaps.
    Reopen {
        deal: Uuid,
        name: String,
    },
    Move {
        deal: Uuid,
        stage: String,
    },
    Price {
        deal: Uuid,
        minor: i64,
    },
    /// Moves money from one account to another, if it is there.
    Transfer {
        from: Uuid,
        to: Uuid,
        minor: i64,
    },
    /// Takes a command back.
    Void {
        deal: Uuid,
        command: Uuid,
    },
}

impl Wish {
    /// The entity that remembers the command.
    pub fn entity(&self) -> Uuid {
        match self {
            Wish::Open { deal, .. }
            | Wish::Lose { deal }
            | Wish::Reopen { deal, .. }
            | Wish::Move { deal, .. }
            | Wish::Price { deal, .. }
            | Wish::Void { deal, .. } => *deal,
            Wish::Transfer { from, .. } => *from,
        }
    }

    /// The order that a process is handed; the same every time it is made.
    pub fn order(&self, command_id: Uuid, expected: Option<u64>) -> Order {
        let wish = self.clone();
        Order {
            tenant: Word::from(TENANT),
            kind: Kind::Opportunity,
            id: self.entity(),
            command_id,
            fingerprint: *blake3::hash(format!("{self:?}").as_bytes())
                .as_bytes()
                .first_chunk()
                .unwrap(),
            actor: Word::from("client"),
            origin: None,
            correlation_id: command_id,
            causation_id: None,
            expected,
            decide: Box::new(move |desk| wish.decide(desk)),
        }
    }

    fn decide(&self, desk: &Desk<'_>) -> Result<Vec<Decision>, Undecided> {
        match self {
            Wish::Open { deal, name } => {
                let opened = on(desk, *deal, &Command::Open(opened(0)))?;
                claim(desk, opened, *deal, name)
            }
            Wish::Reopen { deal, name } => {
                let reopened = Reopened { pipeline: None, stage: None, reason: Reason::default() };
                let reopened = on(desk, *deal, &Command::Reopen(reopened))?;
                claim(desk, reopened, *deal, name)
            }
            Wish::Lose { deal } => {
                let lost = Command::Lose(Lost { reason: Reason::default() });
                let mut decisions = on(desk, *deal, &lost)?;
                let held = desk.with(Kind::Source, REGISTER, holders)?;
                if let (false, Some((name, _))) =
                    (decisions.is_empty(), held.iter().find(|(_, holder)| *holder == deal))
                {
                    decisions.push(entry(desk, name, *deal, true)?);
                }
                Ok(decisions)
            }
            Wish::Move { deal, stage } => {
                let stage = Stage { key: stage.clone(), order: None };
                on(desk, *deal, &Command::ChangeStage(StageChanged { stage, pipeline: None }))
            }
            Wish::Price { deal, minor } => on(desk, *deal, &price(*minor)),
            Wish::Transfer { from, to, minor } => {
                let has = |id| Ok::<_, Undecided>(worth(&desk.state::<Opportunity>(id)?));
                let (left, more) = (has(*from)? - minor, has(*to)? + minor);
                if left < 0 {
                    return Err(Rejection::precondition("SHORT", "not enough").into());
                }
                let mut decisions = on(desk, *from, &price(left))?;
                decisions.extend(on(desk, *to, &price(more))?);
                Ok(decisions)
            }
            Wish::Void { deal, command } => void(desk, *deal, *command),
        }
    }
}

/// An account with its endowment.
pub fn opened(minor: i64) -> Opened {
    Opened {
        external_ids: Vec::new(),
        name: None,
        pipeline: PipelineId(Uuid::from_u128(0xB1)),
        stage: Stage { key: "new".to_owned(), order: None },
        amount: usd(minor),
        close_date: None,
        owner: None,
        product: None,
        account: None,
        opportunity_type: None,
    }
}

/// An order that opens an account.
pub fn endow(account: Uuid, command_id: Uuid) -> Order {
    let wish = Wish::Price { deal: account, minor: ENDOWMENT };
    let decide = move |desk: &Desk<'_>| on(desk, account, &Command::Open(opened(ENDOWMENT)));
    Order { decide: Box::new(decide), ..wish.order(command_id, None) }
}

/// Cents.
pub fn worth(deal: &Opportunity) -> i64 {
    deal.amount.map_or(0, |amount| amount.minor)
}

/// Who holds each name, by the register.
pub fn holders(register: &Timeline) -> BTreeMap<String, Uuid> {
    let mut held = BTreeMap::new();
    for entry in register.live(Known::NOW) {
        if let Some(source::Fact::Defined(defined)) = source::Source::fact(&entry.fact) {
            if defined.retired {
                held.remove(&defined.key);
            } else {
                held.insert(defined.key.clone(), defined.name.parse().unwrap());
            }
        }
    }
    held
}

fn usd(minor: i64) -> Option<Money> {
    Currency::from_code("USD").map(|currency| Money { minor, currency })
}

fn price(minor: i64) -> Command {
    Command::ChangeAmount(AmountChanged { amount: usd(minor) })
}

fn on(desk: &Desk<'_>, deal: Uuid, command: &Command) -> Result<Vec<Decision>, Undecided> {
    let (occurred_at, judged) = desk.with(Kind::Opportunity, deal, |timeline| {
        let at = desk.instant(None, timeline);
        (at, judge::<Opportunity>(timeline, at, command))
    })?;
    let facts = judged?;
    let decision =
        Decision { kind: Kind::Opportunity, id: deal, occurred_at, source_seq: 0, facts };
    Ok(if decision.facts.is_empty() { Vec::new() } else { vec![decision] })
}

fn claim(
    desk: &Desk<'_>,
    mut decisions: Vec<Decision>,
    deal: Uuid,
    name: &str,
) -> Result<Vec<Decision>, Undecided> {
    if decisions.is_empty() {
        return Ok(decisions);
    }
    let held = desk.with(Kind::Source, REGISTER, holders)?;
    if held.contains_key(name) {
        return Err(Rejection::exists("NAME_TAKEN", "name", "another deal has it").into());
    }
    decisions.push(entry(desk, name, deal, false)?);
    Ok(decisions)
}

fn entry(desk: &Desk<'_>, name: &str, deal: Uuid, retired: bool) -> Result<Decision, Undecided> {
    let occurred_at: Instant =
        desk.with(Kind::Source, REGISTER, |timeline| desk.instant(None, timeline))?;
    let defined = source::Defined {
        key: name.to_owned(),
        name: deal.to_string(),
        label: String::new(),
        retired,
    };
    let facts = vec![Fact::Source(source::Fact::Defined(defined))];
    Ok(Decision { kind: Kind::Source, id: REGISTER, occurred_at, source_seq: 0, facts })
}

fn void(desk: &Desk<'_>, deal: Uuid, command_id: Uuid) -> Result<Vec<Decision>, Undecided> {
    let reason = Reason { code: "typo".to_owned(), text: None };
    let fact = Fact::Opportunity(opportunity::Fact::Voided(domain::Voided { command_id, reason }));
    let (occurred_at, judged) = desk.with(Kind::Opportunity, deal, |timeline| {
        let at = desk.instant(None, timeline);
        (at, judge_void::<Opportunity>(timeline, at, command_id, fact))
    })?;
    let facts = judged?;
    Ok(vec![Decision { kind: Kind::Opportunity, id: deal, occurred_at, source_seq: 0, facts }])
}
