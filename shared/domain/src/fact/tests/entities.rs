//! Facts of leads, accounts, contacts, contracts and activities: one under each name.

use crate::{
    Fact, MatchedOn, PersonId,
    activity::{ActivityType, Command as Did, Logged},
    lead::{Captured, Command as Ask, Details},
    testing::{
        activities::{cancel, complete, log, logged, note as note_activity, outcome},
        companies::{
            contact_account, contact_consent, contact_note, correct_contact, create,
            create_contact, domain, key_account, note, owner, parent, rename, segment,
        },
        contracts::{activate, churn, contract, expand, monthly, renew, win_back, yearly},
        leads::{
            ADA, absorb, accept, assign, capture, captured, consent, convert, correct, dismiss,
            disqualify, find, hand_over, merge_into, note as note_lead, nurture, qualify, recycle,
            reject, work,
        },
        rows::{Asked, personal_voided, voided},
    },
};

fn told<C: Asked>(commands: impl IntoIterator<Item = C>) -> impl Iterator<Item = Fact> {
    commands.into_iter().map(Asked::told)
}

/// One fact under each name, and one more where a name may leave much out.
pub fn every_fact() -> Vec<Fact> {
    let found = MatchedOn::ALL.map(|on| find(2, on));
    let bare = Captured { external_ids: vec![], details: Details::default(), ..captured() };
    let leads = [capture(), Ask::Capture(bare), correct(ADA, b"Eve"), assign(Some(1)), work()];
    let steps = [nurture("early"), hand_over(), accept(), reject("small"), qualify()];
    let ends = [disqualify("junk"), recycle("later"), dismiss(2), merge_into(2), absorb(2)];
    let last = [convert(1, None), convert(1, Some(1)), consent("calls", true), note_lead(ADA)];
    let leads = told(leads.into_iter().chain(steps).chain(ends).chain(last).chain(found));
    let accounts = told([create(), rename(Some(b"Ajax")), rename(None), domain(Some(b"a.com"))]);
    let more = told([parent(Some(2)), segment("smb"), key_account(true), owner(None), note()]);
    let contacts = told([create_contact(), correct_contact(1, b"Eve"), contact_account(None)]);
    let said = told([contact_consent("calls", false), contact_note(1)]);
    let contracts = told([activate(None), activate(Some(20)), expand(yearly(5), 20)]);
    let changes = [contract(monthly(1), 20), renew(monthly(1), 20, None), churn("price", 20)];
    let changes = told(changes.into_iter().chain([win_back(monthly(1), 20, Some(30))]));
    let bare = Logged {
        about: vec![],
        participants: vec![],
        duration_minutes: None,
        calendar_hash: None,
        ..logged(ActivityType::Task)
    };
    let activities = ActivityType::ALL.into_iter().map(log).chain([Did::Log(bare)]);
    let results = [outcome("no_show"), complete(), cancel("ill"), note_activity()];
    let activities = told(activities.chain(results));
    let told = leads.chain(accounts).chain(more).chain(contacts).chain(said).chain(contracts);
    told.chain(changes).chain(activities).chain(voids()).collect()
}

fn voids() -> [Fact; 5] {
    [
        crate::account::Fact::Voided(voided(1)).into(),
        crate::activity::Fact::Voided(voided(1)).into(),
        crate::contact::Fact::Voided(personal_voided(1)).into(),
        crate::contract::Fact::Voided(voided(1)).into(),
        crate::lead::Fact::Voided(personal_voided(1)).into(),
    ]
}

fn slots(mut fact: Fact) -> Vec<(&'static str, Option<u128>)> {
    let number = |person: PersonId| person.0.as_u128();
    fact.personal().iter().map(|slot| (slot.field, slot.person.map(number))).collect()
}

#[test]
fn what_is_said_of_somebody_is_sealed_for_them_and_the_company_for_the_lead() {
    let all = [("name", Some(1)), ("email", Some(1)), ("phone", Some(1))];
    let [name, email, phone] = all;
    let (ids, title) = (("external_ids", Some(1)), ("title", Some(1)));
    let company = ("company", None);
    assert_eq!(slots(capture().told()), [ids, name, email, phone, company, title]);
    assert_eq!(slots(correct(1, b"Eve").told()), [name, email, phone, company, title]);
    assert_eq!(slots(create_contact().told()), [ids, name, email, phone, title]);
    assert_eq!(slots(correct_contact(1, b"Eve").told()), [name, email, phone, title]);
    assert_eq!(slots(note_lead(1).told()), [("text", Some(1))]);
    assert_eq!(slots(contact_note(1).told()), [("text", Some(1))]);
    assert_eq!(slots(dismiss(2).told()), [("reason", Some(1))]);
}

#[test]
fn what_is_said_of_nobody_in_particular_is_sealed_for_the_entity() {
    assert_eq!(slots(create().told()), [("name", None), ("domain", None)]);
    assert_eq!(slots(rename(Some(b"Ajax")).told()), [("name", None)]);
    assert_eq!(slots(domain(Some(b"a.com")).told()), [("domain", None)]);
    assert_eq!(slots(note().told()), [("text", None)]);
    assert_eq!(slots(log(ActivityType::Call).told()), [("subject", None)]);
    assert_eq!(slots(note_activity().told()), [("text", None)]);
}

#[test]
fn a_fact_without_text_has_no_place_for_it() {
    for fact in told([work(), hand_over(), absorb(2), find(2, MatchedOn::Email), convert(1, None)])
        .chain(told([rename(None), segment("smb"), key_account(true)]))
        .chain(told([contact_account(None), contact_consent("calls", true)]))
        .chain(told([activate(None), expand(monthly(1), 1), churn("price", 1)]))
        .chain(told([outcome("no_show"), complete(), cancel("ill")]))
    {
        assert_eq!(slots(fact.clone()), [], "{}", fact.name());
    }
}

#[test]
fn words_are_stored_and_never_numbers() {
    for (fact, word) in [
        (find(2, MatchedOn::CompanyDomain).told(), "company_domain"),
        (activate(None).told(), "monthly"),
        (expand(yearly(5), 20).told(), "yearly"),
        (log(ActivityType::Demo).told(), "demo"),
        (log(ActivityType::Call).told(), "opportunity"),
        (log(ActivityType::Call).told(), "user"),
    ] {
        let bytes = fact.encode().unwrap();
        let found = bytes.windows(word.len()).any(|window| window == word.as_bytes());
        assert!(found, "{word} is not in {}", fact.name());
    }
}
