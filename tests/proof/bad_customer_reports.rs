//! Reports about accounts, contacts, contracts and activities: recorded with their faults where our
//! rules would have refused them, known again, and rejected by name where they cannot be read.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

use api::{
    accounts::v1::{ActivityType, Interval, Recurring},
    ingest::v1::{
        AccountCreated, AccountNoted, AccountOwnerChanged, AccountParentChanged, AccountRenamed,
        ActivityCancelled, ActivityCompleted, ActivityLogged, ActivityNoted,
        ActivityOutcomeRecorded, ContactAccountChanged, ContactConsentChanged, ContactCreated,
        ContactDetailsCorrected, ContactNoted, ContractActivated, ContractChurned,
        ContractContracted, ContractExpanded, ContractRenewed, ContractWonBack, KeyAccountChanged,
        ReportStatus, ReportedLink, ReportedParticipant, report::Fact,
        reported_link::Entity as About, reported_participant::Who,
    },
};
use tests::hands::{day, usd};

use crate::bad_reports::{Unreadable, kinds, on, refuses, report, send, world};

fn monthly(units: i64) -> Option<Recurring> {
    Some(Recurring { amount: Some(usd(units)), interval: Interval::Monthly.into() })
}

fn created() -> Fact {
    let name = "Acme".to_owned();
    Fact::AccountCreated(AccountCreated { name, owner: "ann".into(), ..Default::default() })
}

fn known() -> Fact {
    let name = "Bea Lind".to_owned();
    Fact::ContactCreated(ContactCreated { name, account: "acme".into(), ..Default::default() })
}

fn activated(change: impl FnOnce(&mut ContractActivated)) -> Fact {
    let mut fact = ContractActivated {
        account: "acme".into(),
        recurring: monthly(10),
        starts: Some(day("2026-01-01")),
        ..Default::default()
    };
    change(&mut fact);
    Fact::ContractActivated(fact)
}

fn logged(change: impl FnOnce(&mut ActivityLogged)) -> Fact {
    let mut fact = ActivityLogged {
        activity_type: ActivityType::Call.into(),
        about: vec![ReportedLink { entity: Some(About::Account("acme".into())) }],
        participants: vec![ReportedParticipant { who: Some(Who::Contact("bea".into())) }],
        owner: "ann".into(),
        ..Default::default()
    };
    change(&mut fact);
    Fact::ActivityLogged(fact)
}

/// Everything that can be said of a customer, each once and with nothing wrong.
fn a_whole_story() -> Vec<(&'static str, Fact)> {
    let effective = |text| Some(day(text));
    let churned = ContractChurned { effective: effective("2026-05-01"), ..Default::default() };
    vec![
        ("acme", created()),
        ("acme", Fact::AccountRenamed(AccountRenamed { name: "Acme Ltd".into() })),
        ("acme", Fact::KeyAccountChanged(KeyAccountChanged { key_account: true })),
        ("acme", Fact::AccountParentChanged(AccountParentChanged { parent: "group".into() })),
        ("acme", Fact::AccountOwnerChanged(AccountOwnerChanged::default())),
        ("acme", Fact::AccountNoted(AccountNoted { text: "pays late".into() })),
        ("bea", known()),
        ("bea", Fact::ContactAccountChanged(ContactAccountChanged::default())),
        (
            "bea",
            Fact::ContactDetailsCorrected(ContactDetailsCorrected {
                name: "Bea Lund".into(),
                ..Default::default()
            }),
        ),
        (
            "bea",
            Fact::ContactConsentChanged(ContactConsentChanged {
                purpose: "newsletter".into(),
                granted: true,
            }),
        ),
        ("bea", Fact::ContactNoted(ContactNoted { text: "met in May".into() })),
        ("c", activated(|_| ())),
        (
            "c",
            Fact::ContractExpanded(ContractExpanded {
                recurring: monthly(20),
                effective: effective("2026-02-01"),
            }),
        ),
        (
            "c",
            Fact::ContractContracted(ContractContracted {
                recurring: monthly(15),
                effective: effective("2026-03-01"),
            }),
        ),
        (
            "c",
            Fact::ContractRenewed(ContractRenewed {
                recurring: monthly(15),
                effective: effective("2026-04-01"),
                ends: None,
            }),
        ),
        ("c", Fact::ContractChurned(churned)),
        (
            "c",
            Fact::ContractWonBack(ContractWonBack {
                recurring: monthly(9),
                effective: effective("2026-06-01"),
                ends: None,
            }),
        ),
        ("call", logged(|_| ())),
        (
            "call",
            Fact::ActivityOutcomeRecorded(ActivityOutcomeRecorded { outcome: "connected".into() }),
        ),
        ("call", Fact::ActivityCompleted(ActivityCompleted {})),
        ("call", Fact::ActivityNoted(ActivityNoted { text: "wants an offer".into() })),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customers_story_is_recorded_once_and_can_be_read() {
    let world = world().await;
    let story = || {
        let told = (1..).zip(a_whole_story());
        told.map(|(day, (key, fact))| report(key, on(day), fact)).collect::<Vec<_>>()
    };
    let first = send(&world, story()).await;
    for answer in &first {
        assert_eq!(answer.status(), ReportStatus::Applied, "{answer:?}");
    }
    let position = world.position().await;
    for answer in send(&world, story()).await {
        assert_eq!(answer.status(), ReportStatus::AlreadyThere, "{answer:?}");
    }
    assert_eq!(world.position().await, position, "a repeat recorded something");

    let shown = |verb: &'static str, index: usize| (verb, first[index].entity_id.clone());
    let [account, contact, contract, activity] =
        [shown("account", 0), shown("contact", 6), shown("contract", 11), shown("activity", 17)];
    for (verb, id) in [&account, &contact, &contract, &activity] {
        let answer = world.cli(&[verb, "get", id]).await;
        assert_eq!(kinds(&answer[*verb]), Vec::<&str>::new(), "{answer}");
        let external = &answer[*verb]["external_ids"][0];
        assert_eq!(external["source"], "crm", "{answer}");
    }
    let account = world.cli(&["account", "get", &account.1]).await;
    assert_eq!(
        (&account["account"]["name"], &account["account"]["key_account"]),
        (&"Acme Ltd".into(), &true.into())
    );
    let contact = world.cli(&["contact", "get", &contact.1]).await;
    assert_eq!(contact["contact"]["name"], "Bea Lund");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customers_story_that_does_not_fit_is_recorded_with_its_faults() {
    let world = world().await;
    let cancelled = || Fact::ActivityCancelled(ActivityCancelled::default());
    let done = || Fact::ActivityCompleted(ActivityCompleted {});
    let due = logged(|it| it.due = Some(day("2026-03-01")));
    for (verb, given, facts, fault) in [
        ("account", "created twice", vec![created(), created()], "ACCOUNT_EXISTS"),
        (
            "account",
            "noted before it was there",
            vec![Fact::AccountNoted(AccountNoted { text: "x".into() })],
            "ACCOUNT_NOT_FOUND",
        ),
        ("contact", "taken up twice", vec![known(), known()], "CONTACT_EXISTS"),
        ("contract", "agreed twice", vec![activated(|_| ()), activated(|_| ())], "CONTRACT_EXISTS"),
        ("activity", "logged twice", vec![logged(|_| ()), logged(|_| ())], "ACTIVITY_EXISTS"),
        ("activity", "a call that is due", vec![due], "DUE_WITHOUT_TASK"),
        (
            "activity",
            "done, then cancelled",
            vec![logged(|_| ()), done(), cancelled()],
            "ACTIVITY_COMPLETED",
        ),
        (
            "activity",
            "cancelled, then done",
            vec![logged(|_| ()), cancelled(), done()],
            "ACTIVITY_CANCELLED",
        ),
    ] {
        let reports = (1..).zip(facts).map(|(day, fact)| report(given, on(day), fact));
        let answers = send(&world, reports.collect()).await;
        for answer in &answers {
            assert_eq!(answer.status(), ReportStatus::Applied, "{given}: {answer:?}");
        }
        let shown = world.cli(&[verb, "get", &answers[0].entity_id]).await;
        assert_eq!(kinds(&shown[verb]), [fault], "{given}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_of_a_customer_is_rejected_by_name() {
    let world = world().await;
    let rows = [of_companies(), of_contracts(), of_activities()].concat();
    refuses(&world, &rows).await;
}

fn row(
    (given, fact, reason, field): (&'static str, Fact, &'static str, &'static str),
) -> Unreadable {
    (given, report("bad", on(1), fact), reason, field)
}

fn of_companies() -> Vec<Unreadable> {
    let long = || "x".repeat(1_025);
    let segment = AccountCreated { segment: "x".repeat(129), ..Default::default() };
    let email = ContactCreated { email: long(), ..Default::default() };
    let purpose = ContactConsentChanged::default();
    let rows = [
        (
            "a name without end",
            Fact::AccountRenamed(AccountRenamed { name: long() }),
            "TEXT_TOO_LONG",
            "account_renamed.name",
        ),
        (
            "a segment without end",
            Fact::AccountCreated(segment),
            "KEY_INVALID",
            "account_created.segment",
        ),
        (
            "a parent of two lines",
            Fact::AccountParentChanged(AccountParentChanged { parent: "a\nb".into() }),
            "KEY_INVALID",
            "account_parent_changed.parent",
        ),
        (
            "a note of nothing",
            Fact::AccountNoted(AccountNoted::default()),
            "FIELD_MISSING",
            "account_noted.text",
        ),
        (
            "an address without end",
            Fact::ContactCreated(email),
            "TEXT_TOO_LONG",
            "contact_created.email",
        ),
        (
            "consent to nothing",
            Fact::ContactConsentChanged(purpose),
            "KEY_INVALID",
            "contact_consent_changed.purpose",
        ),
        (
            "nothing about a contact",
            Fact::ContactNoted(ContactNoted::default()),
            "FIELD_MISSING",
            "contact_noted.text",
        ),
    ];
    rows.into_iter().map(row).collect()
}

fn of_contracts() -> Vec<Unreadable> {
    let recurring = Recurring { amount: Some(usd(1)), interval: 0 };
    let effective = Some(day("2026-01-01"));
    let reason_code = "No, thanks".to_owned();
    let churned = ContractChurned { reason_code, effective, ..Default::default() };
    let rows = [
        (
            "nobody's contract",
            activated(|it| it.account.clear()),
            "FIELD_MISSING",
            "contract_activated.account",
        ),
        (
            "a contract for nothing",
            activated(|it| it.recurring = None),
            "FIELD_MISSING",
            "contract_activated.recurring",
        ),
        (
            "a contract now and then",
            activated(|it| it.recurring = Some(recurring)),
            "FIELD_MISSING",
            "contract_activated.recurring.interval",
        ),
        (
            "a contract without a first day",
            activated(|it| it.starts = None),
            "FIELD_MISSING",
            "contract_activated.starts",
        ),
        (
            "more, some day",
            Fact::ContractExpanded(ContractExpanded { recurring: monthly(1), effective: None }),
            "FIELD_MISSING",
            "contract_expanded.effective",
        ),
        (
            "less of nothing",
            Fact::ContractContracted(ContractContracted { recurring: None, effective }),
            "FIELD_MISSING",
            "contract_contracted.recurring",
        ),
        (
            "a renewal, some day",
            Fact::ContractRenewed(ContractRenewed { recurring: monthly(1), ..Default::default() }),
            "FIELD_MISSING",
            "contract_renewed.effective",
        ),
        (
            "back for nothing",
            Fact::ContractWonBack(ContractWonBack { effective, ..Default::default() }),
            "FIELD_MISSING",
            "contract_won_back.recurring",
        ),
        (
            "a reason of words",
            Fact::ContractChurned(churned),
            "REASON_INVALID",
            "contract_churned.reason_code",
        ),
    ];
    rows.into_iter().map(row).collect()
}

fn of_activities() -> Vec<Unreadable> {
    let nobody = || ReportedParticipant { who: None };
    let cancelled = ActivityCancelled { reason_code: "Ill".into(), ..Default::default() };
    let rows = [
        (
            "an activity of no type",
            logged(|it| it.activity_type = 0),
            "FIELD_MISSING",
            "activity_logged.activity_type",
        ),
        (
            "an unknown type",
            logged(|it| it.activity_type = 99),
            "TYPE_UNKNOWN",
            "activity_logged.activity_type",
        ),
        (
            "about nothing",
            logged(|it| it.about = vec![ReportedLink { entity: None }]),
            "FIELD_MISSING",
            "activity_logged.about[0]",
        ),
        (
            "about an account without a key",
            logged(|it| it.about[0].entity = Some(About::Account(String::new()))),
            "KEY_INVALID",
            "activity_logged.about[0].account",
        ),
        (
            "with nobody",
            logged(|it| it.participants.push(nobody())),
            "FIELD_MISSING",
            "activity_logged.participants[1]",
        ),
        (
            "with the whole world",
            logged(|it| it.participants = vec![nobody(); 1_001]),
            "TOO_MANY",
            "activity_logged.participants",
        ),
        (
            "longer than a year",
            logged(|it| it.duration_minutes = Some(527_041)),
            "DURATION_TOO_LONG",
            "activity_logged.duration_minutes",
        ),
        (
            "an outcome of nothing",
            Fact::ActivityOutcomeRecorded(ActivityOutcomeRecorded::default()),
            "KEY_INVALID",
            "activity_outcome_recorded.outcome",
        ),
        (
            "cancelled in words",
            Fact::ActivityCancelled(cancelled),
            "REASON_INVALID",
            "activity_cancelled.reason_code",
        ),
        (
            "nothing about it",
            Fact::ActivityNoted(ActivityNoted::default()),
            "FIELD_MISSING",
            "activity_noted.text",
        ),
    ];
    rows.into_iter().map(row).collect()
}
