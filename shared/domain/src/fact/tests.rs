//! Facts of every name: written, read again, and refused when the bytes are not theirs.

use super::{Fact, FactError, Kind};
use crate::{
    Date, ExternalId, ForecastCategory, LeadId, OpportunityType, Outcome, PersonId, Personal,
    PersonalVoided, Reason, Voided, account, activity, calendar, contact, contract, exchange_rate,
    forecast, lead, opportunity,
    opportunity::{Command, Noted, Opened, Won},
    person, pipeline, product, quota, source,
    testing::{
        abandon, account as sold_to, adjusted, amount, because, category, close_date,
        commit_column, competitor, contact_role, fact, fiscal, id, lose, note, open, opened,
        opportunity_type, owner, quota_of, rate_of, reopen, sealed, stage, submitted, to, usd,
        void, win,
    },
    user,
};

mod entities;

/// One fact under each name, and one more with everything in it that a name may leave out.
fn every_fact() -> Vec<Fact> {
    let external = ExternalId { source: "crm".into(), key: "006".into() };
    let text = Some(sealed(b"text"));
    let full = Opened { external_ids: vec![external], name: text.clone(), ..opened() };
    let why = Reason { text, ..because("price") };
    let commit = category(Some(ForecastCategory::Commit));
    let deals = [open(), Command::Open(full), to("demo"), amount(usd(5)), note()];
    let moves = [close_date(Some(-1)), close_date(None), owner(Some(2)), commit, category(None)];
    let ends = [win(None), lose("price"), abandon(""), reopen(Some(stage("demo")))];
    let parties = [
        sold_to(Some(1)),
        opportunity_type(Some(OpportunityType::Renewal)),
        competitor("ajax", Some(sealed(b"cheaper"))),
        contact_role(1, Some("champion")),
        contact_role(1, None),
    ];
    let won = Command::Win(Won { amount: usd(5), reason: why });
    let deals = deals.into_iter().chain(moves).chain(ends).chain(parties).chain([won]);
    let deals = deals.map(fact).chain([void(1)]).chain(configuration());
    deals.chain(planning()).chain(entities::every_fact()).collect()
}

/// Calendars, rates, quotas and forecasts.
fn planning() -> Vec<Fact> {
    let reason = Reason { text: Some(sealed(b"text")), ..because("left") };
    let voided = Voided { command_id: id(1), reason: reason.clone() };
    let (level, column) = (forecast::Level::Owner, commit_column());
    let withdrawn = forecast::AdjustmentWithdrawn { level, column, reason: reason.clone() };
    vec![
        calendar::Fact::Defined(fiscal()).into(),
        exchange_rate::Fact::Set(rate_of("EUR", "USD", "1.0825")).into(),
        quota::Fact::Set(quota_of(500)).into(),
        quota::Fact::Withdrawn(quota::Withdrawn { reason: reason.clone() }).into(),
        quota::Fact::Voided(voided.clone()).into(),
        forecast::Fact::Adjusted(adjusted(forecast::Level::Manager, 500).into()).into(),
        forecast::Fact::Adjusted(
            forecast::Adjusted {
                expires: Some(Date(-5)),
                note: Some(sealed(b"text")),
                ..adjusted(level, -5)
            }
            .into(),
        )
        .into(),
        forecast::Fact::AdjustmentWithdrawn(withdrawn).into(),
        forecast::Fact::Submitted(submitted(500).into()).into(),
        forecast::Fact::Unlocked(forecast::Unlocked { reason }).into(),
        forecast::Fact::Voided(voided).into(),
    ]
}

fn configuration() -> [Fact; 5] {
    let (key, name) = ("key".to_owned(), "Name".to_owned());
    let lead = pipeline::StageDefinition {
        key: key.clone(),
        name: name.clone(),
        order: 1,
        probability_ppm: 100_000,
        category: ForecastCategory::BestCase,
        outcome: Outcome::Open,
    };
    [
        person::Fact::Erased(person::Erased { reason_code: key.clone() }).into(),
        pipeline::Fact::Defined(pipeline::Defined {
            key: key.clone(),
            name: name.clone(),
            furthest: true,
            stages: vec![lead],
            retired: false,
        })
        .into(),
        product::Fact::Defined(product::Defined {
            key: key.clone(),
            name: name.clone(),
            list_price: usd(5),
            retired: false,
        })
        .into(),
        source::Fact::Defined(source::Defined {
            key: key.clone(),
            name,
            label: "crm".to_owned(),
            retired: true,
        })
        .into(),
        user::Fact::Defined(
            user::Defined {
                person: PersonId(id(5)),
                key: sealed(b"ada"),
                name: Some(sealed(b"Ada")),
                manager: None,
                office: "Berlin".to_owned(),
                role: String::new(),
                retired: false,
            }
            .into(),
        )
        .into(),
    ]
}

#[test]
fn every_name_of_every_kind_is_written_and_read_again() {
    let facts = every_fact();
    for fact in &facts {
        let read = Fact::decode(fact.kind(), fact.name(), &fact.encode().unwrap());
        assert_eq!(read.as_ref(), Ok(fact));
    }
    for name in Kind::ALL.iter().flat_map(|kind| kind.fact_names()) {
        assert!(facts.iter().any(|fact| fact.name() == *name), "{name} is not among them");
    }
}

#[test]
fn a_name_says_its_kind_and_its_version() {
    for kind in Kind::ALL {
        assert_eq!(Kind::from_word(kind.word()), Some(*kind));
        assert_eq!(kind.to_string(), kind.word());
        for name in kind.fact_names() {
            assert!(name.starts_with(&format!("{kind}.")) && name.ends_with(".v1"), "{name}");
        }
    }
    assert_eq!(Kind::from_word("territory"), None);
}

#[test]
fn an_unknown_name_is_told_from_unreadable_bytes() {
    let unknown = |kind, name: &str| {
        assert_eq!(Fact::decode(kind, name, &[]), Err(FactError::UnknownName(name.to_owned())));
    };
    unknown(Kind::Opportunity, "opportunity.opened.v2");
    unknown(Kind::Opportunity, "person.erased.v1");
    unknown(Kind::Opportunity, "");
    let cut = Fact::decode(Kind::Opportunity, "opportunity.noted.v1", &[1, 2, 3]);
    assert!(matches!(cut, Err(FactError::Unreadable { .. })), "{cut:?}");
}

#[test]
fn bytes_too_few_or_too_many_were_written_by_another_shape() {
    for fact in every_fact() {
        let bytes = fact.encode().unwrap();
        let longer = [&bytes[..], &[0]].concat();
        // A fact without fields has no bytes at all.
        let shorter = bytes.len().checked_sub(1).map(|length| &bytes[..length]);
        for wrong in shorter.into_iter().chain([&*longer]) {
            let read = Fact::decode(fact.kind(), fact.name(), wrong);
            assert!(matches!(read, Err(FactError::Unreadable { .. })), "{read:?}");
        }
    }
}

#[test]
fn a_plain_text_is_not_written() {
    let plain = Noted { text: Personal::Plain("Ada called".to_owned()) };
    let refused = fact(Command::Note(plain)).encode().unwrap_err();
    assert!(matches!(refused, FactError::Unwritable { .. }), "{refused}");
    assert!(!refused.to_string().contains("Ada"), "{refused}");
}

#[test]
fn personal_text_is_found_with_its_field_and_the_owner_of_its_key() {
    let slots = |mut fact: Fact| -> Vec<_> {
        fact.personal().iter().map(|slot| (slot.field, slot.person)).collect()
    };
    let named = Opened { name: Some(sealed(b"Acme")), ..opened() };
    let ada = Some(PersonId(id(5)));
    assert_eq!(slots(fact(note())), [("text", None)]);
    assert_eq!(slots(fact(Command::Open(named))), [("name", None)]);
    assert_eq!(slots(fact(open())), []);
    assert_eq!(slots(fact(to("demo"))), []);
    let texts: Vec<_> = planning().into_iter().flat_map(slots).collect();
    assert!(texts.iter().all(|(field, key)| ["reason", "note"].contains(field) && key.is_none()));
    assert_eq!(texts.len(), 6);
    let [.., user] = configuration();
    assert_eq!(slots(user), [("key", ada), ("name", ada)]);
}

#[test]
fn every_reason_may_hold_personal_text() {
    let why = || Reason { code: String::new(), text: Some(sealed(b"because")) };
    let (person, command_id) = (PersonId(id(5)), id(1));
    let voided = || Voided { command_id, reason: why() };
    let personal = || PersonalVoided { command_id, person, reason: why() };
    let of_nobody: [Fact; 10] = [
        opportunity::Fact::CategoryOverridden(opportunity::CategoryOverridden {
            category: None,
            reason: why(),
        })
        .into(),
        opportunity::Fact::Won(Won { amount: None, reason: why() }).into(),
        opportunity::Fact::Lost(opportunity::Lost { reason: why() }).into(),
        opportunity::Fact::Abandoned(opportunity::Abandoned { reason: why() }).into(),
        opportunity::Fact::Reopened(
            opportunity::Reopened { pipeline: None, stage: None, reason: why() }.into(),
        )
        .into(),
        opportunity::Fact::Voided(voided()).into(),
        account::Fact::Voided(voided()).into(),
        activity::Fact::Voided(voided()).into(),
        activity::Fact::Cancelled(activity::Cancelled { reason: why() }).into(),
        contract::Fact::Voided(voided()).into(),
    ];
    let of_somebody: [Fact; 7] = [
        lead::Fact::Nurtured(lead::Nurtured { person, reason: why() }).into(),
        lead::Fact::Rejected(lead::Rejected { person, reason: why() }).into(),
        lead::Fact::Disqualified(lead::Disqualified { person, reason: why() }).into(),
        lead::Fact::Recycled(lead::Recycled { person, reason: why() }).into(),
        lead::Fact::DuplicateDismissed(lead::DuplicateDismissed {
            of: LeadId(id(1)),
            person,
            reason: why(),
        })
        .into(),
        lead::Fact::Voided(personal()).into(),
        contact::Fact::Voided(personal()).into(),
    ];
    let of_nobody = of_nobody.into_iter().map(|fact| (fact, None));
    for (mut fact, key) in of_nobody.chain(of_somebody.map(|fact| (fact, Some(person)))) {
        let name = fact.name();
        let slots: Vec<_> = fact.personal().iter().map(|it| (it.field, it.person)).collect();
        assert_eq!(slots, [("reason", key)], "{name}");
    }
}

#[test]
fn a_blanked_fact_is_the_same_whatever_its_text_was() {
    let noted = |ciphertext: &[u8]| fact(Command::Note(Noted { text: sealed(ciphertext) }));
    assert_ne!(noted(b"one"), noted(b"two"));
    assert_eq!(noted(b"one").blanked(), noted(b"two").blanked());
    assert!(noted(b"one").blanked().encode().is_ok());
    assert_eq!(fact(open()).blanked(), fact(open()), "a fact without text stays as it is");
}

#[test]
fn only_a_void_takes_a_command_back() {
    for fact in every_fact() {
        let expected = fact.name().ends_with(".voided.v1").then(|| id(1));
        assert_eq!(fact.voids(), expected, "{}", fact.name());
    }
}
