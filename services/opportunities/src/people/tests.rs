//! The persons who were ever spoken of, beside a plain look at everything that arrived.

use std::collections::BTreeSet;

use domain::{
    Fact, PersonId, Personal, PersonalVoided, Reason, Sealed,
    contact::{self, AccountChanged},
    lead::{self, Absorbed, Captured, Converted, DetailsCorrected, Merged, Nurtured},
};
use proptest::{option, prelude::*};
use runtime::view::any_order::{Arrived, TENANTS, check, command, few, id, reason, story};

use super::People;

const PERSONS: std::ops::Range<u128> = 1..8;

fn person() -> impl Strategy<Value = PersonId> {
    PERSONS.prop_map(|number| PersonId(id(number)))
}

fn words() -> impl Strategy<Value = Option<Personal>> {
    let sealed = || Sealed { key: id(7), nonce: [7; 24], ciphertext: b"words".to_vec() };
    option::of(Just(()).prop_map(move |()| Personal::from(sealed())))
}

fn captured(person: PersonId) -> Fact {
    let captured = Captured {
        person,
        external_ids: Vec::new(),
        details: lead::Details::default(),
        channel: String::new(),
        campaign: String::new(),
        owner: None,
    };
    lead::Fact::Captured(captured.into()).into()
}

fn created(person: PersonId) -> Fact {
    let (external_ids, details) = (Vec::new(), contact::Details::default());
    let created = contact::Created { person, account: None, external_ids, details };
    contact::Fact::Created(created.into()).into()
}

/// Facts that bring somebody in or not, with words or without, and some that name another somebody.
fn fact() -> impl Strategy<Value = Fact> {
    let because = |text| Reason { text, ..reason("mistake") };
    prop_oneof![
        person().prop_map(captured),
        person().prop_map(created),
        (person(), words(), words()).prop_map(|(person, name, company)| {
            let details = lead::Details { name, company, ..lead::Details::default() };
            lead::Fact::DetailsCorrected(DetailsCorrected { person, details }.into()).into()
        }),
        (person(), words()).prop_map(move |(person, text)| {
            lead::Fact::Nurtured(Nurtured { person, reason: because(text) }).into()
        }),
        (few(), person()).prop_map(|(number, person)| {
            let lead = domain::LeadId(id(number));
            lead::Fact::Absorbed(Absorbed { lead, person }).into()
        }),
        few().prop_map(
            |number| lead::Fact::Merged(Merged { into: domain::LeadId(id(number)) }).into()
        ),
        few().prop_map(|number| {
            let (account, contact) = (domain::AccountId(id(number)), domain::ContactId(id(number)));
            lead::Fact::Converted(Converted { account, contact, opportunity: None }.into()).into()
        }),
        Just(contact::Fact::AccountChanged(AccountChanged { account: None }).into()),
        (person(), words(), command(), any::<bool>()).prop_map(
            move |(person, text, command_id, of_lead)| {
                let voided = PersonalVoided { command_id, person, reason: because(text) };
                if of_lead {
                    lead::Fact::Voided(voided).into()
                } else {
                    contact::Fact::Voided(voided).into()
                }
            }
        ),
    ]
}

/// Whom a fact brings in, or has words about; words about a company alone are about nobody.
fn spoken_of(fact: &Fact) -> Option<PersonId> {
    match fact {
        Fact::Lead(lead::Fact::Captured(it)) => Some(it.person),
        Fact::Lead(lead::Fact::DetailsCorrected(it)) => it.details.name.as_ref().map(|_| it.person),
        Fact::Lead(lead::Fact::Nurtured(it)) => it.reason.text.as_ref().map(|_| it.person),
        Fact::Contact(contact::Fact::Created(it)) => Some(it.person),
        Fact::Lead(lead::Fact::Voided(it)) | Fact::Contact(contact::Fact::Voided(it)) => {
            it.reason.text.as_ref().map(|_| it.person)
        }
        _ => None,
    }
}

type Persons = BTreeSet<(&'static str, PersonId)>;

fn by_hand(arrived: &[Arrived]) -> Persons {
    let of = |(_, entity, entries): &Arrived| -> Persons {
        let tenant = TENANTS.into_iter().find(|tenant| **tenant == *entity.tenant).unwrap();
        let found = entries.iter().filter_map(|entry| spoken_of(&entry.fact));
        found.map(|person| (tenant, person)).collect()
    };
    arrived.iter().flat_map(of).collect()
}

fn shown(view: &People) -> Persons {
    let all = TENANTS.into_iter().flat_map(|tenant| PERSONS.map(move |it| (tenant, it)));
    let all = all.map(|(tenant, number)| (tenant, PersonId(id(number))));
    all.filter(|(tenant, person)| view.has(tenant, *person)).collect()
}

proptest! {
    #[test]
    fn whoever_was_spoken_of_is_known_whatever_arrives_when(story in story(fact())) {
        check::<People, Persons>(&story, shown, by_hand, Persons::clone)?;
    }
}
