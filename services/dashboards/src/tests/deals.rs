//! Deals built by hand, and what the views should say of them, folded the plain way.

use std::{collections::BTreeMap, sync::Arc};

use domain::{
    Currency, Date, Entity, Entry, Fact, Instant, Kind, Known, Moment, Money, Outcome, PipelineId,
    ProductId, Provenance, Reason, Timeline, UserId, Voided,
    opportunity::{
        self, Abandoned, AmountChanged, CloseDateChanged, Lost, Noted, Opened, Opportunity,
        OwnerChanged, Reopened, Stage, StageChanged, Won,
    },
};
use runtime::{timelines::EntityRef, view::View};
use uuid::Uuid;

use crate::{
    amounts::Amounts,
    outcomes::{Closing, Outcomes, Period},
    pipeline::{Month, OpenSum, Part, PartValue, PipelineLedger},
};

pub const TENANT: &str = "acme";
pub const ALWAYS: Period = Period { start: None, end: None };

pub fn deal(number: u128) -> EntityRef {
    EntityRef { tenant: TENANT.into(), kind: Kind::Opportunity, id: Uuid::from_u128(number) }
}

pub fn user(number: u128) -> UserId {
    UserId(Uuid::from_u128(number))
}

pub fn usd(minor: i64) -> Option<Money> {
    Currency::from_code("USD").map(|currency| Money { minor, currency })
}

pub fn eur(minor: i64) -> Option<Money> {
    Currency::from_code("EUR").map(|currency| Money { minor, currency })
}

pub fn stage(key: &str) -> Stage {
    Stage { key: key.to_owned(), order: None }
}

pub fn opened(key: &str, owner: u128, amount: Option<Money>) -> opportunity::Fact {
    opportunity::Fact::Opened(
        Opened {
            external_ids: Vec::new(),
            name: None,
            pipeline: PipelineId(Uuid::from_u128(1)),
            stage: stage(key),
            amount,
            close_date: Some(Date(17_257)),
            owner: Some(user(owner)),
            product: Some(ProductId(Uuid::from_u128(7))),
            account: None,
            opportunity_type: None,
        }
        .into(),
    )
}

pub fn reason(code: &str) -> Reason {
    Reason { code: code.to_owned(), text: None }
}

pub fn moved(key: &str) -> opportunity::Fact {
    opportunity::Fact::StageChanged(StageChanged { stage: stage(key), pipeline: None })
}

pub fn priced(amount: Option<Money>) -> opportunity::Fact {
    opportunity::Fact::AmountChanged(AmountChanged { amount })
}

pub fn planned(day: Option<i32>) -> opportunity::Fact {
    opportunity::Fact::CloseDateChanged(CloseDateChanged { close_date: day.map(Date) })
}

pub fn handed(owner: Option<u128>) -> opportunity::Fact {
    opportunity::Fact::OwnerChanged(OwnerChanged { owner: owner.map(user) })
}

pub fn won(amount: Option<Money>) -> opportunity::Fact {
    opportunity::Fact::Won(Won { amount, reason: reason("price") })
}

pub fn lost(code: &str) -> opportunity::Fact {
    opportunity::Fact::Lost(Lost { reason: reason(code) })
}

pub fn abandoned() -> opportunity::Fact {
    opportunity::Fact::Abandoned(Abandoned { reason: reason("") })
}

pub fn reopened(key: Option<&str>) -> opportunity::Fact {
    opportunity::Fact::Reopened(
        Reopened { pipeline: None, stage: key.map(stage), reason: reason("") }.into(),
    )
}

pub fn noted() -> opportunity::Fact {
    let text = domain::Personal::Plain("call back".to_owned());
    opportunity::Fact::Noted(Noted { text })
}

/// Takes back the command that was recorded as this number.
pub fn voided(command: u128) -> opportunity::Fact {
    let command_id = Uuid::from_u128(command);
    opportunity::Fact::Voided(Voided { command_id, reason: reason("") })
}

/// A fact that happened at an instant and was recorded at a position, by a command of this number.
pub fn entry(at: i64, position: u64, command: u128, fact: opportunity::Fact) -> Entry {
    let command_id = Uuid::from_u128(command);
    Entry {
        moment: Moment { occurred_at: Instant(at), source_seq: 0, command_id, index: 0 },
        position,
        recorded_at: Instant(0),
        provenance: Provenance {
            fingerprint: [0; 16],
            actor: Arc::from("ada"),
            origin: None,
            correlation_id: command_id,
            causation_id: None,
        },
        fact: Fact::Opportunity(fact),
    }
}

/// A timeline of facts that were recorded in this order, from position 1 on; the command of each
/// has its position as its number.
pub fn timeline(facts: Vec<(i64, opportunity::Fact)>) -> Timeline {
    let mut timeline = Timeline::default();
    for (position, (at, fact)) in (1..).zip(facts) {
        timeline.insert(entry(at, position, position.into(), fact));
    }
    timeline
}

pub fn at(as_of: i64, known_at: u64) -> Known {
    Known { as_of: Instant(as_of), known_at }
}

/// Feeds a view timelines as they arrive, commit by commit.
pub fn live<V: View>(timelines: &BTreeMap<EntityRef, Timeline>) -> V {
    let mut view = V::default();
    apply_after(&mut view, timelines, 0);
    view
}

/// Feeds a view the commits after a position. The timelines hold later ones already.
pub fn apply_after<V: View>(view: &mut V, timelines: &BTreeMap<EntityRef, Timeline>, after: u64) {
    let mut touches: Vec<(u64, &EntityRef)> = timelines
        .iter()
        .flat_map(|(entity, timeline)| {
            timeline.entries().iter().map(move |entry| (entry.position, entity))
        })
        .filter(|(position, _)| *position > after)
        .collect();
    touches.sort();
    touches.dedup();
    for (position, entity) in touches {
        view.apply(entity, &timelines[entity], position);
    }
}

/// Loads a view with whole timelines up to a position.
pub fn loaded<V: View>(timelines: &BTreeMap<EntityRef, Timeline>, upto: u64) -> V {
    let mut view = V::default();
    for (entity, timeline) in timelines {
        view.load(entity, timeline, upto);
    }
    view
}

fn label(value: PartValue<'_>) -> String {
    format!("{value:?}")
}

pub const PARTS: [Part; 4] = [Part::Stage, Part::Owner, Part::Product, Part::Month];

/// What the view says is open.
pub fn open(view: &PipelineLedger, at: Known, part: Part) -> BTreeMap<String, OpenSum> {
    view.open(TENANT, at, part, label)
}

/// What is open by folding every timeline.
pub fn open_by_hand(
    timelines: &BTreeMap<EntityRef, Timeline>,
    at: Known,
    part: Part,
) -> BTreeMap<String, OpenSum> {
    let mut sums = BTreeMap::<String, OpenSum>::new();
    for timeline in timelines.values() {
        let deal: Opportunity = timeline.state(at);
        if !deal.is_open() {
            continue;
        }
        let stage = crate::pipeline::StageRef {
            pipeline: deal.pipeline.unwrap(),
            key: deal.stage.clone().unwrap().key.into(),
        };
        let label = label(match part {
            Part::Stage => PartValue::Stage(&stage),
            Part::Owner => PartValue::Owner(deal.owner),
            Part::Product => PartValue::Product(deal.product),
            Part::Month => PartValue::Month(deal.close_date.map(Month::of)),
        });
        let sum = sums.entry(label).or_default();
        sum.count += 1;
        if let Some(amount) = deal.value() {
            sum.amounts.add(amount.currency, amount.minor.into());
        }
    }
    sums
}

/// What a deal that closed says, without its place among the interned reasons.
pub type Ended = (Uuid, i64, i64, Outcome, Option<UserId>, Option<Money>, String);

/// What the view says has closed.
pub fn closed(view: &Outcomes, at: Known, period: Period) -> Vec<Ended> {
    let mut ended = Vec::new();
    let reasons = view.reasons(TENANT);
    view.for_each(TENANT, at, period, |it: &Closing| {
        let reason = reasons[it.reason as usize].clone();
        let times = (it.closed_at.0, it.opened_at.0);
        ended.push((it.deal, times.0, times.1, it.outcome, it.owner, it.amount, reason));
    });
    ended.sort();
    ended
}

/// What has closed by folding every timeline: as it stood at the last fact that closed the deal,
/// or when it was opened, where a source says that this came after.
pub fn closed_by_hand(timelines: &BTreeMap<EntityRef, Timeline>, at: Known) -> Vec<Ended> {
    let mut ended = Vec::new();
    for (entity, timeline) in timelines {
        let state: Opportunity = timeline.state(at);
        if state.outcome == Outcome::Open || state.opened_at.is_none() {
            continue;
        }
        let facts: Vec<&Entry> = timeline.live(at).collect();
        let closes = |entry: &&Entry| {
            let name = entry.fact.name();
            name.ends_with("won.v1") || name.ends_with("lost.v1") || name.ends_with("abandoned.v1")
        };
        let last = facts.iter().rposition(closes).unwrap();
        let (mut deal, mut counted) = (Opportunity::default(), None);
        for (place, entry) in facts.iter().enumerate() {
            deal.evolve(&entry.moment, Opportunity::fact(&entry.fact).unwrap());
            if place >= last && deal.opened_at.is_some() && counted.is_none() {
                counted = Some(deal.clone());
            }
        }
        let then = counted.unwrap();
        let times = (then.closed_at.unwrap().0, then.opened_at.unwrap().0);
        let reason = then.reason_code.clone();
        ended.push((entity.id, times.0, times.1, then.outcome, then.owner, then.value(), reason));
    }
    ended.sort();
    ended
}

pub fn sum(count: u64, minor: i64) -> OpenSum {
    let mut amounts = Amounts::default();
    usd(minor).into_iter().for_each(|usd| amounts.add(usd.currency, usd.minor.into()));
    OpenSum { count, amounts }
}
