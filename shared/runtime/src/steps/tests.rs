//! What commits taught, beside whole lives before and after them.

use domain::{
    Currency, Kind, PipelineId, Voided,
    opportunity::{AmountChanged, Lost, Noted, Opened, Reopened, Stage},
};
use proptest::{option, prelude::*};

use super::*;
use crate::view::any_order::{Arrived, command, id, reason, story};

/// The amount of an open deal, and the one with which it was opened or opened again.
#[derive(Debug, Clone, PartialEq)]
struct Open {
    amount: Option<Money>,
    first: Option<Money>,
}

impl Standing for Open {
    fn after(before: Option<&Open>, deal: &Opportunity, _: &opportunity::Fact) -> Option<Open> {
        let first = before.map_or(deal.amount, |before| before.first);
        deal.is_open().then_some(Open { amount: deal.amount, first })
    }

    fn write(&self, row: &mut Vec<u8>) {
        write_amount(row, self.amount);
        write_amount(row, self.first);
    }
}

fn usd(minor: Option<i64>) -> Option<Money> {
    minor.map(|minor| Money { minor, currency: Currency::from_code("USD").unwrap() })
}

fn opened(amount: Option<Money>) -> Opened {
    Opened {
        external_ids: Vec::new(),
        name: None,
        pipeline: PipelineId(id(1)),
        stage: Stage { key: "talks".to_owned(), order: None },
        amount,
        close_date: None,
        owner: None,
        product: None,
        account: None,
        opportunity_type: None,
    }
}

fn fact() -> impl Strategy<Value = Fact> {
    let amount = || option::of(0..2_i64).prop_map(usd);
    let opened = amount().prop_map(|amount| opportunity::Fact::Opened(opened(amount).into()));
    let priced =
        amount().prop_map(|amount| opportunity::Fact::AmountChanged(AmountChanged { amount }));
    let reopened = Reopened { pipeline: None, stage: None, reason: reason("price") };
    let text = domain::Personal::Plain("call back".to_owned());
    let voided = command().prop_map(|command_id| {
        opportunity::Fact::Voided(Voided { command_id, reason: reason("typo") })
    });
    prop_oneof![
        3 => opened,
        3 => priced,
        1 => Just(opportunity::Fact::Lost(Lost { reason: reason("price") })),
        1 => Just(opportunity::Fact::Reopened(reopened.into())),
        1 => Just(opportunity::Fact::Noted(Noted { text })),
        2 => voided,
    ]
    .prop_map(Fact::from)
}

/// The timeline of one deal as it grew, and the positions at which it did.
fn grown(arrived: &[Arrived]) -> (EntityRef, Timeline, Vec<u64>) {
    let deal = arrived[0].1.clone();
    let (mut timeline, mut positions) = (Timeline::default(), Vec::new());
    for (position, _, entries) in arrived.iter().filter(|(_, entity, _)| *entity == deal) {
        let new = entries.iter().filter(|entry| timeline.insert((*entry).clone())).count();
        positions.extend((new > 0).then_some(*position));
    }
    (deal, timeline, positions)
}

proptest! {
    #[test]
    fn news_leads_from_what_was_known_to_what_is(story in story(fact())) {
        let (deal, timeline, positions) = grown(&story.arrived());
        let known = |position| Walk::<Open>::over(known(&timeline, position)).steps;
        let (mut digest, mut told) = (Digest::default(), Vec::new());
        for position in positions.iter().copied() {
            let news = taught::<Open>(&timeline, position);
            let whole = News::between(None, &known(position - 1), &known(position));
            prop_assert_eq!(news.changes(position), whole.changes(position));
            news.restate(&mut digest, &deal);
            let mut plain = Digest::default();
            add_rows(&mut plain, &deal, &known(position));
            prop_assert_eq!(digest, plain, "at {}", position);
            told.push((position, news));
        }
        let last = positions.last().copied().unwrap_or_default();
        let replayed = replay::<Open>(&timeline, last);
        let changes: Vec<_> =
            told.iter().flat_map(|(position, news)| news.changes(*position)).collect();
        prop_assert_eq!(changes, replayed.changes());
        let mut whole = Digest::default();
        replayed.add_to(&mut whole, &deal);
        prop_assert_eq!(digest, whole);
        prop_assert_eq!(deal.kind, Kind::Opportunity);
    }

    #[test]
    fn a_straight_life_is_what_its_commits_taught(story in story(fact())) {
        let (deal, timeline, _) = grown(&story.arrived());
        let straight = straightened(&timeline);
        prop_assert!(straight.is_plain());
        for upto in 0..=straight.last_position() {
            let (life, replayed) = (life::<Open>(&straight, upto), replay::<Open>(&straight, upto));
            prop_assert!(matches!(life, Life::Straight(_)));
            prop_assert_eq!(net(&life), net(&replayed), "up to {}", upto);
            let (mut digest, mut other) = (Digest::default(), Digest::default());
            life.add_to(&mut digest, &deal);
            replayed.add_to(&mut other, &deal);
            prop_assert_eq!(digest, other, "up to {}", upto);
        }
    }
}

/// The same facts as if they had come in the order in which they happened, two with each commit, and
/// none had been taken back.
fn straightened(timeline: &Timeline) -> Timeline {
    let mut straight = Timeline::default();
    let facts = timeline.entries().iter().filter(|entry| entry.fact.voids().is_none());
    for (number, entry) in facts.enumerate() {
        straight.insert(Entry { position: number as u64 / 2 + 1, ..entry.clone() });
    }
    straight
}

/// What changes come to at each place on both axes.
fn net(life: &Life<Open>) -> Vec<(Instant, u64, Open, i32)> {
    let mut net: Vec<(Instant, u64, Open, i32)> = Vec::new();
    for Signed { occurred_at, position, sign, stands } in life.changes() {
        let same = |it: &&mut (Instant, u64, Open, i32)| {
            (it.0, it.1, &it.2) == (occurred_at, position, stands)
        };
        match net.iter_mut().find(same) {
            Some((.., sum)) => *sum += sign,
            None => net.push((occurred_at, position, stands.clone(), sign)),
        }
    }
    net.retain(|(.., sum)| *sum != 0);
    net.sort_by_key(|(at, position, open, _)| (*at, *position, open.amount, open.first));
    net
}
