//! What happens to deals, told one by one.

use std::collections::BTreeMap;

use domain::{
    Outcome, PipelineId, Timeline,
    opportunity::{self, Stage},
};
use runtime::{timelines::EntityRef, view::View};
use uuid::Uuid;

use super::deals::*;
use crate::{
    outcomes::{Outcomes, Period},
    pipeline::{Part, PartValue, PipelineLedger, StageRef},
};

const END: i64 = i64::MAX;

fn one(facts: Vec<(i64, opportunity::Fact)>) -> BTreeMap<EntityRef, Timeline> {
    BTreeMap::from([(deal(1), timeline(facts))])
}

fn stage_label(key: &str) -> String {
    let pipeline = PipelineId(Uuid::from_u128(1));
    format!("{:?}", PartValue::Stage(&StageRef { pipeline, key: key.into() }))
}

/// How many are open in a stage, and for how much.
fn stands(view: &PipelineLedger, key: &str, as_of: i64, known_at: u64) -> crate::pipeline::OpenSum {
    open(view, at(as_of, known_at), Part::Stage).remove(&stage_label(key)).unwrap_or_default()
}

#[test]
fn as_of_is_strictly_before() {
    let deals = one(vec![(10, opened("new", 10, usd(5))), (20, moved("offer"))]);
    let view: PipelineLedger = live(&deals);
    assert_eq!(stands(&view, "new", 10, 9), Default::default());
    assert_eq!(stands(&view, "new", 11, 9), sum(1, 5));
    assert_eq!(stands(&view, "new", 20, 9), sum(1, 5));
    assert_eq!(stands(&view, "offer", 20, 9), Default::default());
    assert_eq!(stands(&view, "offer", 21, 9), sum(1, 5));
    assert_eq!(stands(&view, "new", END, 9), Default::default());
}

#[test]
fn a_late_fact_changes_the_past_from_its_position_on() {
    let deals =
        one(vec![(10, opened("new", 10, usd(5))), (30, moved("offer")), (20, priced(usd(8)))]);
    for view in [live::<PipelineLedger>(&deals), loaded(&deals, 3)] {
        assert_eq!(stands(&view, "new", 25, 2), sum(1, 5));
        assert_eq!(stands(&view, "new", 25, 3), sum(1, 8));
        assert_eq!(stands(&view, "offer", END, 2), sum(1, 5));
        assert_eq!(stands(&view, "offer", END, 3), sum(1, 8));
    }
}

#[test]
fn a_void_takes_a_fact_back_at_every_instant_but_not_what_was_known() {
    let deals = one(vec![(10, opened("new", 10, usd(5))), (20, won(usd(9))), (30, voided(2))]);
    for view in [live::<PipelineLedger>(&deals), loaded(&deals, 3)] {
        assert_eq!(stands(&view, "new", 25, 2), Default::default());
        assert_eq!(stands(&view, "new", 25, 3), sum(1, 5));
    }
    for view in [live::<Outcomes>(&deals), loaded(&deals, 3)] {
        assert_eq!(closed(&view, at(25, 2), ALWAYS).len(), 1);
        assert_eq!(closed(&view, at(END, 3), ALWAYS), []);
    }
    let never = one(vec![(10, opened("new", 10, usd(5)))]);
    let digest = live::<Outcomes>(&deals).digest(TENANT);
    assert_eq!(digest, live::<Outcomes>(&never).digest(TENANT));
}

#[test]
fn a_reopened_deal_stands_exactly_as_before_it_closed() {
    let deals = one(vec![
        (10, opened("offer", 10, usd(5))),
        (20, won(usd(9))),
        (30, reopened(None)),
        (40, lost("price")),
    ]);
    let view: PipelineLedger = live(&deals);
    assert_eq!(stands(&view, "offer", 20, 9), sum(1, 5));
    assert_eq!(stands(&view, "offer", 30, 9), Default::default());
    assert_eq!(stands(&view, "offer", 40, 9), sum(1, 5));
    assert_eq!(stands(&view, "offer", END, 9), Default::default());

    let view: Outcomes = live(&deals);
    let ended =
        |as_of| closed(&view, at(as_of, 9), ALWAYS).into_iter().map(|it| (it.1, it.3, it.5));
    assert_eq!(ended(30).collect::<Vec<_>>(), [(20, Outcome::Won, usd(9))]);
    assert_eq!(ended(40).collect::<Vec<_>>(), []);
    assert_eq!(ended(END).collect::<Vec<_>>(), [(40, Outcome::Lost, usd(5))]);
    let first = Period { start: None, end: Some(domain::Instant(40)) };
    assert_eq!(closed(&view, at(END, 9), first), []);
}

#[test]
fn a_closing_counts_for_whoever_owned_the_deal_then() {
    let deals = one(vec![
        (10, opened("new", 10, usd(5))),
        (15, handed(Some(11))),
        (20, won(None)),
        (30, handed(Some(12))),
        (18, handed(Some(13))),
    ]);
    let view: Outcomes = live(&deals);
    let owner = |known_at| closed(&view, at(END, known_at), ALWAYS)[0].4;
    assert_eq!(owner(4), Some(user(11)));
    assert_eq!(owner(5), Some(user(13)));

    let owners = |as_of| {
        let open = open(&live(&deals), at(as_of, 4), Part::Owner);
        open.into_keys().collect::<Vec<_>>()
    };
    assert_eq!(owners(15), [format!("{:?}", PartValue::Owner(Some(user(10))))]);
    assert_eq!(owners(16), [format!("{:?}", PartValue::Owner(Some(user(11))))]);
}

#[test]
fn the_furthest_stage_reached_counts_where_facts_carry_their_order() {
    let reach = |key: &str, order| {
        let stage = Stage { key: key.to_owned(), order: Some(order) };
        opportunity::Fact::StageChanged(opportunity::StageChanged { stage, pipeline: None })
    };
    let deals = one(vec![
        (10, opened("new", 10, usd(5))),
        (20, reach("sent", 5)),
        (30, reach("checked", 3)),
    ]);
    let view: PipelineLedger = live(&deals);
    assert_eq!(stands(&view, "sent", END, 9), sum(1, 5));
    assert_eq!(stands(&view, "checked", END, 9), Default::default());
}

#[test]
fn a_deal_that_a_source_closed_before_opening_it_counts_once_it_is_opened() {
    let deals = one(vec![(20, won(usd(9))), (30, opened("new", 10, usd(5)))]);
    let view: Outcomes = live(&deals);
    assert_eq!(closed(&view, at(30, 9), ALWAYS), []);
    let ended = closed(&view, at(END, 9), ALWAYS);
    assert_eq!((ended[0].1, ended[0].2, ended[0].4), (20, 30, Some(user(10))));
    assert_eq!(open(&live(&deals), at(END, 9), Part::Stage), BTreeMap::new());
}

#[test]
fn tenants_do_not_meet() {
    let deals = one(vec![(10, opened("new", 10, usd(5)))]);
    let view: PipelineLedger = live(&deals);
    let others = view.open("globex", at(END, 9), Part::Stage, |_| 0);
    assert_eq!(others, BTreeMap::new());
    assert_eq!(view.digest("globex"), Default::default());
    assert_ne!(view.digest(TENANT), Default::default());
}
