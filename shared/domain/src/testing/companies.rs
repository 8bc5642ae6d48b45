//! The words in which the tests of accounts and contacts are told.

use super::{id, leads::person, sealed};
use crate::{
    AccountId, ConsentChanged, ExternalId, PersonalExternalId, UserId,
    account::{
        Command as Ask, Created, DomainChanged, KeyAccountChanged, Noted, OwnerChanged,
        ParentChanged, Renamed, SegmentChanged,
    },
    contact,
};

pub fn created() -> Created {
    Created {
        external_ids: vec![ExternalId { source: "crm".to_owned(), key: "001".to_owned() }],
        name: Some(sealed(b"Acme")),
        domain: Some(sealed(b"acme.com")),
        parent: None,
        segment: "enterprise".to_owned(),
        key_account: false,
        owner: Some(UserId(id(1))),
    }
}

pub fn create() -> Ask {
    Ask::Create(created())
}

pub fn rename(name: Option<&[u8]>) -> Ask {
    Ask::Rename(Renamed { name: name.map(sealed) })
}

pub fn domain(domain: Option<&[u8]>) -> Ask {
    Ask::ChangeDomain(DomainChanged { domain: domain.map(sealed) })
}

pub fn parent(number: Option<u128>) -> Ask {
    Ask::ChangeParent(ParentChanged { parent: number.map(|number| AccountId(id(number))) })
}

pub fn segment(code: &str) -> Ask {
    Ask::ChangeSegment(SegmentChanged { segment: code.to_owned() })
}

pub fn key_account(key_account: bool) -> Ask {
    Ask::ChangeKeyAccount(KeyAccountChanged { key_account })
}

pub fn owner(number: Option<u128>) -> Ask {
    Ask::ChangeOwner(OwnerChanged { owner: number.map(|number| UserId(id(number))) })
}

pub fn note() -> Ask {
    Ask::Note(Noted { text: sealed(b"called") })
}

// Contacts.

pub fn contact_details(name: &[u8]) -> contact::Details {
    contact::Details {
        name: Some(sealed(name)),
        email: Some(sealed(b"mail")),
        phone: Some(sealed(b"phone")),
        title: Some(sealed(b"title")),
    }
}

pub fn create_contact() -> contact::Command {
    contact::Command::Create(contact::Created {
        person: person(1),
        account: Some(AccountId(id(1))),
        external_ids: vec![PersonalExternalId { source: "crm".to_owned(), key: sealed(b"003") }],
        details: contact_details(b"Ada"),
    })
}

pub fn correct_contact(person_number: u128, name: &[u8]) -> contact::Command {
    let (person, details) = (person(person_number), contact_details(name));
    contact::Command::CorrectDetails(contact::DetailsCorrected { person, details })
}

pub fn contact_account(number: Option<u128>) -> contact::Command {
    let account = number.map(|number| AccountId(id(number)));
    contact::Command::ChangeAccount(contact::AccountChanged { account })
}

pub fn contact_consent(purpose: &str, granted: bool) -> contact::Command {
    contact::Command::ChangeConsent(ConsentChanged { purpose: purpose.to_owned(), granted })
}

pub fn contact_note(person_number: u128) -> contact::Command {
    let (person, text) = (person(person_number), sealed(b"called"));
    contact::Command::Note(contact::Noted { person, text })
}
