//! The rows of contracts beside a plain fold.

use domain::{
    Currency, Money, OpportunityId,
    contract::{
        Activated, Churned, Contracted, Expanded, Fact as Said, Interval, Recurring, Renewed,
        WonBack,
    },
};
use proptest::{option, prelude::*, sample::select};
use runtime::view::any_order::{Counted, command, faults, few, id, reason, state, story};

use super::{AccountId, Contract, Date, Fact, ProductId, Row, Voided};
use crate::rows::tests::check;

fn day() -> impl Strategy<Value = Date> {
    (8..14_i32).prop_map(Date)
}

fn recurring() -> impl Strategy<Value = Recurring> {
    let code = select(vec!["USD", "USD", "EUR"]);
    let interval = select(Interval::ALL.to_vec());
    (-1..4_i64, code, interval).prop_map(|(minor, code, interval)| {
        let currency = Currency::from_code(code).unwrap();
        Recurring { amount: Money { minor, currency }, interval }
    })
}

fn activated() -> impl Strategy<Value = Said> {
    let ids = (few(), option::of(few()), option::of(few()));
    (ids, recurring(), day(), option::of(day())).prop_map(|(ids, recurring, starts, ends)| {
        let activated = Activated {
            external_ids: Vec::new(),
            account: AccountId(id(ids.0)),
            opportunity: ids.1.map(|number| OpportunityId(id(number))),
            product: ids.2.map(|number| ProductId(id(number))),
            recurring,
            starts,
            ends,
        };
        Said::Activated(activated.into())
    })
}

fn fact() -> impl Strategy<Value = Fact> {
    let change = || (recurring(), day());
    let terms = || (recurring(), day(), option::of(day()));
    let said = prop_oneof![
        4 => activated(),
        1 => change().prop_map(|(recurring, effective)| {
            Said::Expanded(Expanded { recurring, effective })
        }),
        1 => change().prop_map(|(recurring, effective)| {
            Said::Contracted(Contracted { recurring, effective })
        }),
        1 => terms().prop_map(|(recurring, effective, ends)| {
            Said::Renewed(Renewed { recurring, ends, effective })
        }),
        1 => day().prop_map(|effective| {
            Said::Churned(Churned { reason: reason("price"), effective })
        }),
        1 => terms().prop_map(|(recurring, effective, ends)| {
            Said::WonBack(WonBack { recurring, effective, ends })
        }),
        3 => command().prop_map(|command_id| {
            Said::Voided(Voided { command_id, reason: reason("mistake") })
        }),
    ];
    said.prop_map(Fact::Contract)
}

/// Whose it is and what for from the fact that activated it last; what is agreed from the rules,
/// beside which the domain holds a fold of its own.
fn told(facts: &Counted) -> Row {
    let plan = state::<Contract>(facts).plan;
    let mut row = Row {
        activated_at: None,
        account: None,
        product: None,
        plan: plan.into(),
        faults: faults::<Contract>(facts),
    };
    for (moment, fact) in facts {
        if let Fact::Contract(Said::Activated(it)) = fact {
            row.activated_at = row.activated_at.or(Some(moment.occurred_at));
            (row.account, row.product) = (Some(it.account), it.product);
        }
    }
    row
}

proptest! {
    #[test]
    fn rows_are_plain_folds_whatever_arrives_when(story in story(fact())) {
        check::<Row>(&story, told)?;
    }
}
