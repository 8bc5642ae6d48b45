//! The rows of contacts beside a plain fold.

use std::collections::BTreeMap;

use domain::{
    ConsentChanged,
    contact::{AccountChanged, Created, Details, DetailsCorrected, Fact as Said},
};
use proptest::{option, prelude::*, sample::select};
use runtime::view::any_order::{Counted, command, faults, few, id, reason, story};

use super::{AccountId, Contact, Fact, PersonId, PersonalVoided, Row};
use crate::rows::tests::check;

fn account(number: u128) -> AccountId {
    AccountId(id(number))
}

fn person() -> impl Strategy<Value = PersonId> {
    few().prop_map(|number| PersonId(id(number)))
}

pub fn fact() -> impl Strategy<Value = Fact> {
    let details = Details::default;
    let created = (person(), option::of(few())).prop_map(move |(person, number)| {
        let (account, external_ids) = (number.map(account), Vec::new());
        Said::Created(Created { person, account, external_ids, details: details() }.into())
    });
    let purpose = select(vec!["calls", "newsletter"]).prop_map(str::to_owned);
    let said = prop_oneof![
        4 => created,
        1 => person().prop_map(move |person| {
            Said::DetailsCorrected(DetailsCorrected { person, details: details() }.into())
        }),
        2 => option::of(few()).prop_map(|number| {
            Said::AccountChanged(AccountChanged { account: number.map(account) })
        }),
        3 => (purpose, any::<bool>()).prop_map(|(purpose, granted)| {
            Said::ConsentChanged(ConsentChanged { purpose, granted })
        }),
        3 => (person(), command()).prop_map(|(person, command_id)| {
            Said::Voided(PersonalVoided { command_id, person, reason: reason("mistake") })
        }),
    ];
    said.prop_map(Fact::Contact)
}

/// Everything from the last fact that speaks of it.
fn told(facts: &Counted) -> Row {
    let mut row = Row {
        created_at: None,
        person: None,
        account: None,
        consents: Vec::new(),
        faults: faults::<Contact>(facts),
    };
    let mut consents = BTreeMap::new();
    for (moment, fact) in facts {
        match fact {
            Fact::Contact(Said::Created(it)) => {
                row.created_at = row.created_at.or(Some(moment.occurred_at));
                (row.person, row.account) = (Some(it.person), it.account);
            }
            Fact::Contact(Said::AccountChanged(it)) => row.account = it.account,
            Fact::Contact(Said::ConsentChanged(it)) => {
                consents.insert(it.purpose.clone(), it.granted);
            }
            _ => {}
        }
    }
    row.consents = consents.into_iter().map(|(it, granted)| (it.into(), granted)).collect();
    row
}

proptest! {
    #[test]
    fn rows_are_plain_folds_whatever_arrives_when(story in story(fact())) {
        check::<Row>(&story, told)?;
    }
}
