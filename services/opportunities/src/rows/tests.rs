//! Views of rows beside plain folds: what holds for each, and that a conversion which is taken back
//! leaves the rows of all that it touched.

use std::{collections::BTreeMap, fmt::Debug};

use domain::{
    AccountId, ContactId, Fact, PersonId, PersonalVoided, Voided, account, contact,
    opportunity::{self, ContactRoleChanged},
};
use proptest::prelude::*;
use runtime::view::any_order::{
    self, Checked, Counted, Story, TENANTS, counted, digests, id, joined, reason, story,
};
use uuid::Uuid;

use super::{Row, Rows};
use crate::{accounts, contacts, views};

type Standing<R> = BTreeMap<(String, Uuid), R>;

fn standing<R: Row>(view: &Rows<R>) -> Standing<R> {
    let of = |tenant: &'static str| {
        view.rows(tenant).map(move |(id, row)| ((tenant.to_owned(), id), row.clone()))
    };
    TENANTS.into_iter().flat_map(of).collect()
}

/// The rows of what exists; in lists and digests the others are as if they were not there.
fn existing<R: Row>(rows: &Standing<R>) -> Standing<R> {
    let existing = rows.iter().filter(|(_, row)| row.place().is_some());
    existing.map(|(id, row)| (id.clone(), row.clone())).collect()
}

/// Holds a view of rows against `told`, which makes a row of the facts that count.
pub fn check<R: Row + Debug>(story: &Story, told: impl Fn(&Counted) -> R) -> Checked {
    let tells = |arrived: &[any_order::Arrived]| -> Standing<R> {
        let counted = counted(arrived).into_iter();
        counted.map(|(of, facts)| ((of.tenant.to_string(), of.id), told(&facts))).collect()
    };
    any_order::check(story, standing, tells, existing)?;
    any_order::check_taken_back(story, |view: &Rows<R>| existing(&standing(view)))
}

/// What a conversion records beside the lead: something new, or more about what is there.
fn conversion() -> impl Strategy<Value = Vec<(u128, Fact)>> {
    let numbers = (1..6_u128, 1..6_u128, prop::option::of(1..6_u128), any::<bool>());
    numbers.prop_map(|(company, somebody, deal, is_known)| {
        let created = account::Fact::Created(account::Created::default().into());
        let details = contact::Details::default();
        let (person, account) = (PersonId(id(9)), Some(AccountId(id(company))));
        let external_ids = Vec::new();
        let met = contact::Created { person, account, external_ids, details };
        let met = contact::Fact::Created(met.into());
        let role = ContactRoleChanged { contact: ContactId(id(somebody)), role: None };
        let role = opportunity::Fact::ContactRoleChanged(role);
        let mut facts = vec![(somebody, met.into())];
        if !is_known {
            facts.push((company, created.into()));
        }
        facts.extend(deal.map(|deal| (deal, role.into())));
        facts
    })
}

/// The voids of a command on all that it touched.
fn taken_back(command_id: Uuid, facts: &[(u128, Fact)]) -> Vec<(u128, Fact)> {
    let of = |fact: &Fact| -> Fact {
        let voided = Voided { command_id, reason: reason("mistake") };
        match fact {
            Fact::Account(_) => account::Fact::Voided(voided).into(),
            Fact::Contact(_) => {
                let (person, reason) = (PersonId(id(9)), voided.reason);
                contact::Fact::Voided(PersonalVoided { command_id, person, reason }).into()
            }
            _ => opportunity::Fact::Voided(voided).into(),
        }
    };
    facts.iter().map(|(number, fact)| (*number, of(fact))).collect()
}

fn check_same<R: Row + Debug>(before: &Story, after: &Story) -> Checked {
    let (before, after): (Rows<R>, Rows<R>) =
        (joined(&before.arrived(), 0), joined(&after.arrived(), 0));
    prop_assert_eq!(existing(&standing(&after)), existing(&standing(&before)));
    prop_assert_eq!(digests(&after), digests(&before));
    Ok(())
}

proptest! {
    #[test]
    fn a_conversion_that_is_taken_back_leaves_the_rows_of_all_that_it_touched(
        before in story(prop_oneof![
            accounts::tests::fact(),
            contacts::tests::fact(),
            views::tests::fact(),
        ]),
        conversion in conversion(),
        at in 0..7_i64,
    ) {
        let mut after = before.clone();
        let command = after.say(at, conversion.clone());
        let contacts = |story: &Story| digests(&joined::<contacts::Contacts>(&story.arrived(), 0));
        let somebody = conversion.first().map(|(number, _)| id(*number));
        let is_known = before.arrived().iter().any(|(_, entity, _)| Some(entity.id) == somebody);
        // What is told of somebody known may be what is there already.
        prop_assert!(is_known || contacts(&after) != contacts(&before), "it shows in no row");
        after.say(7, taken_back(command, &conversion));
        check_same::<accounts::Row>(&before, &after)?;
        check_same::<contacts::Row>(&before, &after)?;
        check_same::<views::Row>(&before, &after)?;
    }
}
