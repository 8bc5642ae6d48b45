//! The facts of accounts, contacts, contracts and activities, and of the customer of a deal.

use domain::{
    AccountId, ConsentChanged, ContactId, Date, ExternalId, Fact, Instant, LeadId, OpportunityId,
    OpportunityType, PersonId, PersonalExternalId, PersonalVoided, ProductId, Reason, UserId,
    Voided, account, activity,
    activity::{ActivityType, Link, Participant},
    contact, contract,
    contract::{Interval, Recurring},
    opportunity::{self, AccountChanged, CompetitorNamed, ContactRoleChanged, TypeChanged},
};

use super::{id, reason, sealed, usd};

/// A fact under each name with everything in it.
pub fn full() -> Vec<Fact> {
    [of_accounts(), of_contacts(), of_contracts(), of_activities(), of_deals()].concat()
}

/// One without them, where parts may be absent.
pub fn bare() -> Vec<Fact> {
    [bare_companies(), bare_contracts(), bare_activities()].concat()
}

fn external(key: &str) -> ExternalId {
    ExternalId { source: "crm".into(), key: key.into() }
}

fn voided(reason: Reason) -> Voided {
    Voided { command_id: id(b'c'), reason }
}

fn personal_voided(reason: Reason) -> PersonalVoided {
    PersonalVoided { command_id: id(b'c'), person: PersonId(id(b'h')), reason }
}

fn recurring(minor: i64, interval: Interval) -> Recurring {
    Recurring { amount: usd(minor).unwrap(), interval }
}

fn of_accounts() -> Vec<Fact> {
    use account::Fact as Account;
    let created = account::Created {
        external_ids: vec![external("001A"), external("001B")],
        name: Some(sealed()),
        domain: Some(sealed()),
        parent: Some(AccountId(id(b'a'))),
        segment: "enterprise".into(),
        key_account: true,
        owner: Some(UserId(id(b'u'))),
    };
    let facts = [
        Account::Created(created.into()),
        Account::Renamed(account::Renamed { name: Some(sealed()) }),
        Account::DomainChanged(account::DomainChanged { domain: Some(sealed()) }),
        Account::ParentChanged(account::ParentChanged { parent: Some(AccountId(id(b'a'))) }),
        Account::SegmentChanged(account::SegmentChanged { segment: "smb".into() }),
        Account::KeyAccountChanged(account::KeyAccountChanged { key_account: true }),
        Account::OwnerChanged(account::OwnerChanged { owner: Some(UserId(id(b'u'))) }),
        Account::Noted(account::Noted { text: sealed() }),
        Account::Voided(voided(reason())),
    ];
    facts.map(Fact::from).into()
}

fn of_contacts() -> Vec<Fact> {
    use contact::Fact as Contact;
    let person = PersonId(id(b'h'));
    let external_id = PersonalExternalId { source: "crm".into(), key: sealed() };
    let details = contact::Details {
        name: Some(sealed()),
        email: Some(sealed()),
        phone: Some(sealed()),
        title: Some(sealed()),
    };
    let created = contact::Created {
        person,
        account: Some(AccountId(id(b'a'))),
        external_ids: vec![external_id],
        details: details.clone(),
    };
    let consent = ConsentChanged { purpose: "newsletter".into(), granted: true };
    let facts = [
        Contact::Created(created.into()),
        Contact::DetailsCorrected(contact::DetailsCorrected { person, details }.into()),
        Contact::AccountChanged(contact::AccountChanged { account: Some(AccountId(id(b'a'))) }),
        Contact::ConsentChanged(consent),
        Contact::Noted(contact::Noted { person, text: sealed() }),
        Contact::Voided(personal_voided(reason())),
    ];
    facts.map(Fact::from).into()
}

fn of_contracts() -> Vec<Fact> {
    use contract::Fact as Contract;
    let (effective, ends) = (Date(20_600), Some(Date(20_965)));
    let (monthly, yearly) = (recurring(9_900, Interval::Monthly), recurring(1, Interval::Yearly));
    let activated = contract::Activated {
        external_ids: vec![external("800A")],
        account: AccountId(id(b'a')),
        opportunity: Some(OpportunityId(id(b'o'))),
        product: Some(ProductId(id(b'q'))),
        recurring: monthly,
        starts: Date(20_543),
        ends,
    };
    let facts = [
        Contract::Activated(activated.into()),
        Contract::Expanded(contract::Expanded { recurring: monthly, effective }),
        Contract::Contracted(contract::Contracted { recurring: yearly, effective }),
        Contract::Renewed(contract::Renewed { recurring: yearly, ends, effective }),
        Contract::Churned(contract::Churned { reason: reason(), effective }),
        Contract::WonBack(contract::WonBack { recurring: monthly, effective, ends }),
        Contract::Voided(voided(reason())),
    ];
    facts.map(Fact::from).into()
}

fn of_activities() -> Vec<Fact> {
    use activity::Fact as Activity;
    let logged = activity::Logged {
        external_ids: vec![external("00U1")],
        activity_type: ActivityType::Task,
        about: vec![
            Link::Lead(LeadId(id(b'l'))),
            Link::Account(AccountId(id(b'a'))),
            Link::Contact(ContactId(id(b't'))),
            Link::Opportunity(OpportunityId(id(b'o'))),
        ],
        starts_at: Instant(1_767_225_600_000_000),
        duration_minutes: Some(300),
        participants: vec![
            Participant::User(UserId(id(b'u'))),
            Participant::Contact(ContactId(id(b't'))),
            Participant::Lead(LeadId(id(b'l'))),
        ],
        calendar_hash: Some(*b"0123456789abcdef"),
        subject: Some(sealed()),
        owner: Some(UserId(id(b'u'))),
        due: Some(Date(20_543)),
    };
    let facts = [
        Activity::Logged(logged.into()),
        Activity::OutcomeRecorded(activity::OutcomeRecorded { outcome: "no_show".into() }),
        Activity::Completed(activity::Completed),
        Activity::Cancelled(activity::Cancelled { reason: reason() }),
        Activity::Noted(activity::Noted { text: sealed() }),
        Activity::Voided(voided(reason())),
    ];
    facts.map(Fact::from).into()
}

fn of_deals() -> Vec<Fact> {
    use opportunity::Fact as Deal;
    let contact = ContactId(id(b't'));
    let facts = [
        Deal::AccountChanged(AccountChanged { account: Some(AccountId(id(b'a'))) }),
        Deal::TypeChanged(TypeChanged { opportunity_type: Some(OpportunityType::Renewal) }),
        Deal::CompetitorNamed(CompetitorNamed { competitor: "acme".into(), text: Some(sealed()) }),
        Deal::ContactRoleChanged(ContactRoleChanged { contact, role: Some("champion".into()) }),
    ];
    facts.map(Fact::from).into()
}

fn bare_companies() -> Vec<Fact> {
    use account::Fact as Account;
    use contact::Fact as Contact;
    use opportunity::Fact as Deal;
    let (person, details) = (PersonId(id(b'h')), contact::Details::default());
    let created =
        contact::Created { person, account: None, external_ids: vec![], details: details.clone() };
    let deals = [
        Deal::AccountChanged(AccountChanged { account: None }),
        Deal::TypeChanged(TypeChanged { opportunity_type: None }),
        Deal::CompetitorNamed(CompetitorNamed { competitor: "acme".into(), text: None }),
        Deal::ContactRoleChanged(ContactRoleChanged { contact: ContactId(id(b't')), role: None }),
    ];
    let accounts = [
        Account::Created(account::Created::default().into()),
        Account::Renamed(account::Renamed { name: None }),
        Account::DomainChanged(account::DomainChanged { domain: None }),
        Account::ParentChanged(account::ParentChanged { parent: None }),
        Account::SegmentChanged(account::SegmentChanged { segment: String::new() }),
        Account::KeyAccountChanged(account::KeyAccountChanged { key_account: false }),
        Account::OwnerChanged(account::OwnerChanged { owner: None }),
        Account::Voided(voided(Reason::default())),
    ];
    let consent = ConsentChanged { purpose: "newsletter".into(), granted: false };
    let contacts = [
        Contact::Created(created.into()),
        Contact::DetailsCorrected(contact::DetailsCorrected { person, details }.into()),
        Contact::AccountChanged(contact::AccountChanged { account: None }),
        Contact::ConsentChanged(consent),
        Contact::Voided(personal_voided(Reason::default())),
    ];
    let accounts = accounts.map(Fact::from).into_iter();
    accounts.chain(contacts.map(Fact::from)).chain(deals.map(Fact::from)).collect()
}

fn bare_contracts() -> Vec<Fact> {
    use contract::Fact as Contract;
    let (effective, yearly) = (Date(20_600), recurring(0, Interval::Yearly));
    let activated = contract::Activated {
        external_ids: vec![],
        account: AccountId(id(b'a')),
        opportunity: None,
        product: None,
        recurring: yearly,
        starts: effective,
        ends: None,
    };
    let facts = [
        Contract::Activated(activated.into()),
        Contract::Renewed(contract::Renewed { recurring: yearly, ends: None, effective }),
        Contract::Churned(contract::Churned { reason: Reason::default(), effective }),
        Contract::WonBack(contract::WonBack { recurring: yearly, effective, ends: None }),
        Contract::Voided(voided(Reason::default())),
    ];
    facts.map(Fact::from).into()
}

fn bare_activities() -> Vec<Fact> {
    use activity::Fact as Activity;
    let logged = activity::Logged {
        external_ids: vec![],
        activity_type: ActivityType::Call,
        about: vec![],
        starts_at: Instant(0),
        duration_minutes: None,
        participants: vec![],
        calendar_hash: None,
        subject: None,
        owner: None,
        due: None,
    };
    let facts = [
        Activity::Logged(logged.into()),
        Activity::Cancelled(activity::Cancelled { reason: Reason::default() }),
        Activity::Voided(voided(Reason::default())),
    ];
    facts.map(Fact::from).into()
}
