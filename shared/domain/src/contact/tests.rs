//! The rules of a contact as rows: what was recorded, what is asked, what comes of it.

use crate::testing::{
    companies::{contact_account, contact_consent, contact_note, correct_contact, create_contact},
    rows::{
        Then::{Nothing, Recorded, Refused},
        check, stands,
    },
};

#[test]
fn a_contact_is_created_once() {
    check(&[], create_contact(), Recorded);
    check(&[create_contact()], create_contact(), Refused("CONTACT_EXISTS"));
}

#[test]
fn everything_but_creating_needs_a_contact() {
    for command in [
        correct_contact(1, b"Eve"),
        contact_account(None),
        contact_consent("newsletter", true),
        contact_note(1),
    ] {
        check(&[], command.clone(), Refused("CONTACT_NOT_FOUND"));
        check(&[create_contact()], command, Recorded);
    }
}

#[test]
fn details_are_restated_in_full_for_the_person_behind_the_contact() {
    check(&[create_contact()], correct_contact(1, b"Ada"), Nothing);
    check(&[create_contact()], correct_contact(2, b"Eve"), Refused("WRONG_PERSON"));
    check(&[create_contact()], contact_note(2), Refused("WRONG_PERSON"));
    assert_eq!(stands(&[create_contact()]).details_fact, "contact.created.v1");
    let corrected = stands(&[create_contact(), correct_contact(1, b"Eve")]);
    assert_eq!(corrected.details_fact, "contact.details_corrected.v1");
}

#[test]
fn a_contact_changes_accounts() {
    check(&[create_contact()], contact_account(Some(1)), Nothing);
    check(&[create_contact()], contact_account(Some(2)), Recorded);
    check(&[create_contact(), contact_account(None)], contact_account(None), Nothing);
}

#[test]
fn consent_is_given_and_withdrawn_for_each_purpose() {
    let given = [create_contact(), contact_consent("newsletter", true)];
    check(&given, contact_consent("newsletter", true), Nothing);
    check(&given, contact_consent("newsletter", false), Recorded);
    check(&given, contact_consent("calls", true), Recorded);
}

#[test]
fn a_note_is_written_as_often_as_somebody_writes_it() {
    assert_eq!(stands(&[create_contact(), contact_note(1), contact_note(1)]).notes, 2);
}
