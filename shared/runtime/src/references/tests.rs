//! References beside all facts that count, looked at from both ends.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    AccountId, ContactId, Currency, Date, Fact, Instant, Kind, LeadId, Money, OpportunityId,
    PersonId, PersonalVoided, PipelineId, UserId, Voided,
    account::{self, ParentChanged},
    activity::{self, ActivityType, Completed, Link, Logged, Participant},
    contact,
    contract::{self, Activated, Churned, Interval, Recurring},
    lead::{self, Converted, Merged},
    opportunity::{self, ContactRoleChanged, Lost, Opened, Stage},
};
use proptest::{collection::vec, option, prelude::*, sample::select};

use super::{Id, References};
use crate::view::any_order::{
    Arrived, TENANTS, check, check_taken_back, command, counted, few, id, reason, story,
};

fn company(number: Option<u128>) -> Option<AccountId> {
    number.map(|number| AccountId(id(number)))
}

fn person() -> PersonId {
    PersonId(id(1))
}

fn of_accounts() -> impl Strategy<Value = Fact> {
    (option::of(few()), any::<bool>()).prop_map(|(number, is_new)| {
        let parent = company(number);
        let created = account::Created { parent, ..account::Created::default() };
        let changed = account::Fact::ParentChanged(ParentChanged { parent });
        if is_new { account::Fact::Created(created.into()).into() } else { changed.into() }
    })
}

fn of_contacts() -> impl Strategy<Value = Fact> {
    (option::of(few()), any::<bool>()).prop_map(|(number, is_new)| {
        let account = company(number);
        let (external_ids, details) = (Vec::new(), contact::Details::default());
        let created = contact::Created { person: person(), account, external_ids, details };
        let changed = contact::Fact::AccountChanged(contact::AccountChanged { account });
        if is_new { contact::Fact::Created(created.into()).into() } else { changed.into() }
    })
}

fn of_contracts() -> impl Strategy<Value = Fact> {
    let activated = (few(), option::of(few())).prop_map(|(whose, deal)| {
        let currency = Currency::from_code("USD").unwrap();
        let amount = Money { minor: 100, currency };
        let activated = Activated {
            external_ids: Vec::new(),
            account: AccountId(id(whose)),
            opportunity: deal.map(|number| OpportunityId(id(number))),
            product: None,
            recurring: Recurring { amount, interval: Interval::Monthly },
            starts: Date(10),
            ends: None,
        };
        contract::Fact::Activated(activated.into())
    });
    let churned = Churned { reason: reason("price"), effective: Date(20) };
    prop_oneof![3 => activated, 1 => Just(contract::Fact::Churned(churned))].prop_map(Fact::from)
}

fn of_leads() -> impl Strategy<Value = Fact> {
    let converted = (few(), few(), option::of(few())).prop_map(|(account, contact, deal)| {
        let (account, contact) = (AccountId(id(account)), ContactId(id(contact)));
        let opportunity = deal.map(|number| OpportunityId(id(number)));
        lead::Fact::Converted(Converted { account, contact, opportunity }.into())
    });
    let merged = few().prop_map(|number| lead::Fact::Merged(Merged { into: LeadId(id(number)) }));
    prop_oneof![3 => converted, 1 => merged].prop_map(Fact::from)
}

fn of_deals() -> impl Strategy<Value = Fact> {
    let opened = |account| {
        let opened = Opened {
            external_ids: Vec::new(),
            name: None,
            pipeline: PipelineId(id(1)),
            stage: Stage { key: "talks".to_owned(), order: None },
            amount: None,
            close_date: None,
            owner: Some(UserId(id(1))),
            product: None,
            account,
            opportunity_type: None,
        };
        opportunity::Fact::Opened(opened.into())
    };
    let changed =
        |account| opportunity::Fact::AccountChanged(opportunity::AccountChanged { account });
    let role = (few(), any::<bool>()).prop_map(|(number, plays)| {
        let (contact, role) = (ContactId(id(number)), plays.then(|| "champion".to_owned()));
        opportunity::Fact::ContactRoleChanged(ContactRoleChanged { contact, role })
    });
    let lost = opportunity::Fact::Lost(Lost { reason: reason("price") });
    let said = prop_oneof![
        2 => option::of(few()).prop_map(move |number| opened(company(number))),
        2 => option::of(few()).prop_map(move |number| changed(company(number))),
        2 => role,
        1 => Just(lost),
    ];
    said.prop_map(Fact::from)
}

fn of_activities() -> impl Strategy<Value = Fact> {
    let link = (0..4, few()).prop_map(|(kind, number)| match kind {
        0 => Link::Lead(LeadId(id(number))),
        1 => Link::Account(AccountId(id(number))),
        2 => Link::Contact(ContactId(id(number))),
        _ => Link::Opportunity(OpportunityId(id(number))),
    });
    let who = (0..3, few()).prop_map(|(kind, number)| match kind {
        0 => Participant::User(UserId(id(number))),
        1 => Participant::Contact(ContactId(id(number))),
        _ => Participant::Lead(LeadId(id(number))),
    });
    let logged = (vec(link, 0..4), vec(who, 0..3)).prop_map(|(about, participants)| {
        let logged = Logged {
            external_ids: Vec::new(),
            activity_type: ActivityType::Meeting,
            about,
            starts_at: Instant(5),
            duration_minutes: None,
            participants,
            calendar_hash: None,
            subject: None,
            owner: None,
            due: None,
        };
        activity::Fact::Logged(logged.into())
    });
    let completed = Just(activity::Fact::Completed(Completed));
    prop_oneof![3 => logged, 1 => completed].prop_map(Fact::from)
}

fn voids() -> impl Strategy<Value = Fact> {
    let kinds = select(<References as crate::view::View>::KINDS.to_vec());
    (kinds, command()).prop_map(|(kind, command_id)| {
        let voided = Voided { command_id, reason: reason("mistake") };
        let personal = PersonalVoided { command_id, person: person(), reason: reason("mistake") };
        match kind {
            Kind::Account => account::Fact::Voided(voided).into(),
            Kind::Activity => activity::Fact::Voided(voided).into(),
            Kind::Contact => contact::Fact::Voided(personal).into(),
            Kind::Contract => contract::Fact::Voided(voided).into(),
            Kind::Lead => lead::Fact::Voided(personal).into(),
            _ => opportunity::Fact::Voided(voided).into(),
        }
    })
}

fn fact() -> impl Strategy<Value = Fact> {
    prop_oneof![
        1 => of_accounts(),
        1 => of_contacts(),
        1 => of_contracts(),
        1 => of_leads(),
        1 => of_deals(),
        1 => of_activities(),
        2 => voids(),
    ]
}

/// Whether a fact names an account, a contact or a deal, asked of every such thing by itself.
fn names(fact: &Fact, (kind, it): Id) -> bool {
    let is = |of: Kind, named: Option<uuid::Uuid>| kind == of && named == Some(it);
    let is_account = |named: Option<AccountId>| is(Kind::Account, named.map(|id| id.0));
    let is_contact = |named: ContactId| is(Kind::Contact, Some(named.0));
    let is_deal = |named: Option<OpportunityId>| is(Kind::Opportunity, named.map(|id| id.0));
    match fact {
        Fact::Account(account::Fact::Created(fact)) => is_account(fact.parent),
        Fact::Account(account::Fact::ParentChanged(fact)) => is_account(fact.parent),
        Fact::Contact(contact::Fact::Created(fact)) => is_account(fact.account),
        Fact::Contact(contact::Fact::AccountChanged(fact)) => is_account(fact.account),
        Fact::Contract(contract::Fact::Activated(fact)) => {
            is_account(Some(fact.account)) || is_deal(fact.opportunity)
        }
        Fact::Lead(lead::Fact::Converted(fact)) => {
            is_account(Some(fact.account)) || is_contact(fact.contact) || is_deal(fact.opportunity)
        }
        Fact::Opportunity(opportunity::Fact::Opened(fact)) => is_account(fact.account),
        Fact::Opportunity(opportunity::Fact::AccountChanged(fact)) => is_account(fact.account),
        Fact::Opportunity(opportunity::Fact::ContactRoleChanged(fact)) => is_contact(fact.contact),
        Fact::Activity(activity::Fact::Logged(fact)) => {
            fact.about.iter().any(|link| match link {
                Link::Lead(_) => false,
                Link::Account(id) => is_account(Some(*id)),
                Link::Contact(id) => is_contact(*id),
                Link::Opportunity(id) => is_deal(Some(*id)),
            }) || fact.participants.iter().any(|who| match who {
                Participant::Contact(id) => is_contact(*id),
                Participant::User(_) | Participant::Lead(_) => false,
            })
        }
        _ => false,
    }
}

/// Everything that may be referred to in a story.
fn targets() -> impl Iterator<Item = (&'static str, Id)> {
    let kinds = [Kind::Account, Kind::Contact, Kind::Opportunity];
    let ids = kinds.into_iter().flat_map(|kind| (1..4).map(move |number| (kind, id(number))));
    ids.flat_map(|id| TENANTS.map(|tenant| (tenant, id)))
}

/// Who refers to what: by tenant and by what is referred to.
type Referring = BTreeMap<(&'static str, Id), BTreeSet<Id>>;

fn shown(view: &References) -> Referring {
    let found = targets().map(|(tenant, to)| {
        let from = view.to(tenant, to);
        let once = BTreeSet::from_iter(from.iter().copied());
        assert_eq!(once.len(), from.len(), "{from:?} refer to {to:?}");
        ((tenant, to), once)
    });
    found.collect()
}

fn told(arrived: &[Arrived]) -> Referring {
    let counted = counted(arrived);
    let found = targets().map(|(tenant, to)| {
        let here = counted.iter().filter(|(from, _)| *from.tenant == *tenant);
        let from = here.filter(|(_, facts)| facts.values().any(|fact| names(fact, to)));
        ((tenant, to), from.map(|(from, _)| (from.kind, from.id)).collect())
    });
    found.collect()
}

/// What a timeline mentions, as the view keeps it from the other end.
fn mentions(view: &References) -> Referring {
    let mut found: Referring = targets().map(|to| (to, BTreeSet::new())).collect();
    for tenant in TENANTS {
        let from = view.tenants.get(tenant).into_iter().flat_map(|tenant| &tenant.from);
        for (from, to) in from.flat_map(|(from, to)| to.iter().map(move |to| (from, to))) {
            found.entry((tenant, *to)).or_default().insert(*from);
        }
    }
    found
}

proptest! {
    #[test]
    fn references_are_those_of_all_facts_that_count(story in story(fact())) {
        check(&story, shown, told, Referring::clone)?;
        check_taken_back(&story, shown)?;
    }

    #[test]
    fn references_are_the_same_from_both_ends(story in story(fact())) {
        check(&story, mentions, told, Referring::clone)?;
    }
}
