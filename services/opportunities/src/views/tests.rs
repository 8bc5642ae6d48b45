//! The rows of deals beside a plain fold.

use domain::{
    Currency, Fact,
    opportunity::{
        Abandoned, AccountChanged, AmountChanged, CloseDateChanged, Fact as Said, Lost, Opened,
        OwnerChanged, Reopened, Stage, StageChanged, TypeChanged, Won,
    },
};
use proptest::{option, prelude::*, sample::select};
use runtime::view::any_order::{Counted, command, faults, few, id, reason, state, story};

use super::{
    AccountId, Date, Money, Opportunity, OpportunityType, Outcome, PipelineId, ProductId, Row,
    UserId,
};
use crate::rows::tests::check;

fn stage() -> impl Strategy<Value = Stage> {
    let plain = select(vec!["talks", "offer"]).prop_map(|key| (key.to_owned(), None));
    let ordered = (1..4_u32).prop_map(|order| (format!("stage_{order}"), Some(order)));
    prop_oneof![plain, ordered].prop_map(|(key, order)| Stage { key, order })
}

fn amount() -> impl Strategy<Value = Option<Money>> {
    option::of((-1..3_i64, select(vec!["USD", "USD", "EUR"]))).prop_map(|amount| {
        let (minor, code) = amount?;
        Some(Money { minor, currency: Currency::from_code(code)? })
    })
}

fn close_date() -> impl Strategy<Value = Option<Date>> {
    option::of((90..93_i32).prop_map(Date))
}

fn pipeline() -> impl Strategy<Value = Option<PipelineId>> {
    option::of((1..3_u128).prop_map(|number| PipelineId(id(number))))
}

fn owner() -> impl Strategy<Value = Option<UserId>> {
    option::of(few().prop_map(|number| UserId(id(number))))
}

fn account() -> impl Strategy<Value = Option<AccountId>> {
    option::of(few().prop_map(|number| AccountId(id(number))))
}

fn opportunity_type() -> impl Strategy<Value = Option<OpportunityType>> {
    option::of(select(OpportunityType::ALL.to_vec()))
}

fn opened() -> impl Strategy<Value = Said> {
    let whose = (owner(), account(), opportunity_type(), option::of(few()));
    ((pipeline(), stage()), amount(), close_date(), whose).prop_map(
        |((pipeline, stage), amount, close_date, (owner, account, opportunity_type, product))| {
            let opened = Opened {
                external_ids: Vec::new(),
                name: None,
                pipeline: pipeline.unwrap_or(PipelineId(id(1))),
                stage,
                amount,
                close_date,
                owner,
                product: product.map(|number| ProductId(id(number))),
                account,
                opportunity_type,
            };
            Said::Opened(opened.into())
        },
    )
}

fn closed() -> impl Strategy<Value = Said> {
    prop_oneof![
        2 => amount().prop_map(|amount| Said::Won(Won { amount, reason: reason("price") })),
        1 => Just(Said::Lost(Lost { reason: reason("price") })),
        1 => Just(Said::Abandoned(Abandoned { reason: reason("silence") })),
        2 => (pipeline(), option::of(stage())).prop_map(|(pipeline, stage)| {
            Said::Reopened(Reopened { stage, pipeline, reason: reason("") }.into())
        }),
    ]
}

pub fn fact() -> impl Strategy<Value = Fact> {
    let moved = (stage(), pipeline());
    let said = prop_oneof![
        6 => opened(),
        2 => moved.prop_map(|(stage, pipeline)| {
            Said::StageChanged(StageChanged { stage, pipeline })
        }),
        2 => amount().prop_map(|amount| Said::AmountChanged(AmountChanged { amount })),
        1 => close_date().prop_map(|close_date| {
            Said::CloseDateChanged(CloseDateChanged { close_date })
        }),
        1 => owner().prop_map(|owner| Said::OwnerChanged(OwnerChanged { owner })),
        1 => account().prop_map(|account| Said::AccountChanged(AccountChanged { account })),
        1 => opportunity_type().prop_map(|opportunity_type| {
            Said::TypeChanged(TypeChanged { opportunity_type })
        }),
        4 => closed(),
        4 => command().prop_map(|command_id| {
            Said::Voided(domain::Voided { command_id, reason: reason("mistake") })
        }),
    ];
    said.prop_map(Fact::Opportunity)
}

/// Everything from the last fact that speaks of it; the stage from the rules, for moves between
/// stages and pipelines are theirs.
fn told(facts: &Counted) -> Row {
    let deal: Opportunity = state(facts);
    let stage = deal.stage.map(|stage| stage.key).unwrap_or_default();
    let mut row = Row {
        opened_at: None,
        pipeline: None,
        stage: stage.into(),
        amount: None,
        close_date: None,
        owner: None,
        product: None,
        account: None,
        opportunity_type: None,
        outcome: Outcome::Open,
        faults: faults::<Opportunity>(facts),
    };
    let (mut expected, mut won) = (None, None);
    for (moment, fact) in facts {
        let Fact::Opportunity(fact) = fact else { continue };
        match fact {
            Said::Opened(it) => {
                row.opened_at = row.opened_at.or(Some(moment.occurred_at));
                (row.pipeline, row.product) = (Some(it.pipeline), it.product);
                (expected, row.close_date) = (it.amount, it.close_date);
                (row.owner, row.account) = (it.owner, it.account);
                row.opportunity_type = it.opportunity_type;
            }
            Said::StageChanged(it) => row.pipeline = it.pipeline.or(row.pipeline),
            Said::AmountChanged(it) => expected = it.amount,
            Said::CloseDateChanged(it) => row.close_date = it.close_date,
            Said::OwnerChanged(it) => row.owner = it.owner,
            Said::AccountChanged(it) => row.account = it.account,
            Said::TypeChanged(it) => row.opportunity_type = it.opportunity_type,
            Said::Won(it) => (row.outcome, won) = (Outcome::Won, it.amount),
            Said::Lost(_) => (row.outcome, won) = (Outcome::Lost, None),
            Said::Abandoned(_) => (row.outcome, won) = (Outcome::NoDecision, None),
            Said::Reopened(it) => {
                (row.outcome, won) = (Outcome::Open, None);
                row.pipeline = it.pipeline.or(row.pipeline);
            }
            _ => {}
        }
    }
    row.amount = won.or(expected);
    row
}

proptest! {
    #[test]
    fn rows_are_plain_folds_whatever_arrives_when(story in story(fact())) {
        check::<Row>(&story, told)?;
    }
}
