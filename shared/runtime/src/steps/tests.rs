//! What commits taught, beside whole lives before and after them.

use domain::{
    Currency, Kind, PipelineId, Voided,
    opportunity::{AmountChanged, Lost, Noted, Opened, Reopened, Stage},
};
use proptest::{option, prelude::*};

use super::*;
use crate::view::any_order::{Arrived, command, id, reason, story};

/// The amount of an open deal.
#[derive(Debug, Clone, PartialEq)]
struct Open(Option<Money>);

impl Standing for Open {
    fn after(_: Option<&Open>, deal: &Opportunity, _: &opportunity::Fact) -> Option<Open> {
        deal.is_open().then_some(Open(deal.amount))
    }

    fn write(&self, row: &mut Vec<u8>) {
        write_amount(row, self.0);
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
        let known = |known_at| {
            Life::<Open>::of(timeline.live(Known { known_at, ..Known::NOW }))
        };
        let (mut digest, mut changes) = (Digest::default(), Vec::new());
        for position in positions.iter().copied() {
            let news = taught::<Open>(&timeline, position);
            let whole = News::between(None, &known(position - 1), &known(position));
            prop_assert_eq!(news.changes(position), whole.changes(position));
            news.restate(&mut digest, &deal);
            let mut plain = Digest::default();
            add_rows(&mut plain, &deal, &known(position));
            prop_assert_eq!(digest, plain, "at {}", position);
            changes.extend(news.changes(position));
        }
        let last = positions.last().copied().unwrap_or_default();
        let (replayed, steps) = replay::<Open>(&timeline, last);
        prop_assert_eq!(changes, replayed);
        prop_assert_eq!(steps, known(last));
        prop_assert_eq!(deal.kind, Kind::Opportunity);
    }
}
