//! The rows of accounts beside a plain fold.

use domain::account::{
    Created, Fact as Said, KeyAccountChanged, OwnerChanged, ParentChanged, Renamed, SegmentChanged,
};
use proptest::{option, prelude::*, sample::select};
use runtime::view::any_order::{Counted, command, faults, few, id, reason, story};

use super::{Account, AccountId, Fact, Row, UserId, Voided};
use crate::rows::tests::check;

fn segment() -> impl Strategy<Value = String> {
    select(vec!["", "enterprise", "public"]).prop_map(str::to_owned)
}

fn created() -> impl Strategy<Value = Said> {
    let (parent, owner) = (option::of(few()), option::of(few()));
    (parent, segment(), any::<bool>(), owner).prop_map(|(parent, segment, key_account, owner)| {
        let (parent, owner) = (parent.map(account), owner.map(user));
        Said::Created(Created { parent, segment, key_account, owner, ..Created::default() }.into())
    })
}

fn account(number: u128) -> AccountId {
    AccountId(id(number))
}

fn user(number: u128) -> UserId {
    UserId(id(number))
}

pub fn fact() -> impl Strategy<Value = Fact> {
    let said = prop_oneof![
        4 => created(),
        1 => Just(Said::Renamed(Renamed { name: None })),
        2 => option::of(few()).prop_map(|parent| {
            Said::ParentChanged(ParentChanged { parent: parent.map(account) })
        }),
        2 => segment().prop_map(|segment| Said::SegmentChanged(SegmentChanged { segment })),
        1 => any::<bool>().prop_map(|key_account| {
            Said::KeyAccountChanged(KeyAccountChanged { key_account })
        }),
        2 => option::of(few()).prop_map(|owner| {
            Said::OwnerChanged(OwnerChanged { owner: owner.map(user) })
        }),
        3 => command().prop_map(|command_id| {
            Said::Voided(Voided { command_id, reason: reason("mistake") })
        }),
    ];
    said.prop_map(Fact::Account)
}

/// Everything from the last fact that speaks of it.
fn told(facts: &Counted) -> Row {
    let mut row = Row {
        created_at: None,
        parent: None,
        segment: "".into(),
        key_account: false,
        owner: None,
        faults: faults::<Account>(facts),
    };
    for (moment, fact) in facts {
        match fact {
            Fact::Account(Said::Created(it)) => {
                row.created_at = row.created_at.or(Some(moment.occurred_at));
                (row.parent, row.owner) = (it.parent, it.owner);
                (row.segment, row.key_account) = (it.segment.as_str().into(), it.key_account);
            }
            Fact::Account(Said::ParentChanged(it)) => row.parent = it.parent,
            Fact::Account(Said::SegmentChanged(it)) => row.segment = it.segment.as_str().into(),
            Fact::Account(Said::KeyAccountChanged(it)) => row.key_account = it.key_account,
            Fact::Account(Said::OwnerChanged(it)) => row.owner = it.owner,
            _ => {}
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
