//! The rules of an account as rows: what was recorded, what is asked, what comes of it.

use super::refuse_circle;
use crate::{
    AccountId,
    testing::{
        companies::{create, domain, key_account, note, owner, parent, rename, segment},
        id,
        rows::{
            Then::{Nothing, Recorded, Refused},
            check, stands,
        },
    },
};

#[test]
fn an_account_is_created_once() {
    check(&[], create(), Recorded);
    check(&[create()], create(), Refused("ACCOUNT_EXISTS"));
}

#[test]
fn what_is_known_of_an_account_is_restated_or_taken_back() {
    for (same, other, gone) in [
        (rename(Some(b"Acme")), rename(Some(b"Ajax")), rename(None)),
        (domain(Some(b"acme.com")), domain(Some(b"ajax.com")), domain(None)),
        (owner(Some(1)), owner(Some(2)), owner(None)),
        (segment("enterprise"), segment("smb"), segment("")),
        (parent(None), parent(Some(2)), parent(Some(3))),
    ] {
        check(&[], other.clone(), Refused("ACCOUNT_NOT_FOUND"));
        check(&[create()], same.clone(), Nothing);
        check(&[create()], other.clone(), Recorded);
        check(&[create()], gone.clone(), Recorded);
        check(&[create(), other.clone()], other.clone(), Nothing);
        check(&[create(), other], same, Recorded);
    }
}

#[test]
fn an_account_becomes_a_key_account_and_is_one_no_longer() {
    check(&[create()], key_account(false), Nothing);
    check(&[create()], key_account(true), Recorded);
    check(&[create(), key_account(true)], key_account(false), Recorded);
    check(&[], key_account(true), Refused("ACCOUNT_NOT_FOUND"));
}

#[test]
fn a_note_is_written_as_often_as_somebody_writes_it() {
    check(&[], note(), Refused("ACCOUNT_NOT_FOUND"));
    check(&[create()], note(), Recorded);
    assert_eq!(stands(&[create(), note(), note()]).notes, 2);
}

#[test]
fn a_text_knows_the_fact_that_it_is_sealed_in() {
    let account = stands(&[create(), domain(Some(b"ajax.com"))]);
    assert_eq!(account.name_fact, "account.created.v1");
    assert_eq!(account.domain_fact, "account.domain_changed.v1");
    assert_eq!(stands(&[create(), rename(None)]).name_fact, "account.renamed.v1");
}

#[test]
fn an_account_belongs_to_nothing_below_it() {
    // 2 and 3 belong to 1, 4 to 3; 8 and 9 to one another, as a report may have said.
    let above = [(2, 1), (3, 1), (4, 3), (8, 9), (9, 8)];
    let parent_of = |AccountId(of): AccountId| {
        let found = above.iter().find(|(account, _)| id(*account) == of);
        found.map(|(_, parent)| AccountId(id(*parent)))
    };
    for (account, parent, allowed) in [
        (1, 1, false),
        (1, 2, false),
        (1, 4, false),
        (3, 4, false),
        (4, 1, true),
        (2, 4, true),
        (5, 1, true),
        (1, 8, true),
        (8, 9, false),
    ] {
        let (account, parent) = (AccountId(id(account)), AccountId(id(parent)));
        let refused = refuse_circle(account, parent, parent_of).map_err(|no| no.reason);
        assert_eq!(refused, if allowed { Ok(()) } else { Err("ACCOUNT_CIRCLE") });
    }
}
