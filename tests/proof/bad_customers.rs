//! Commands on customers that cannot be right: a code, a stable reason and the field at fault, and
//! the log has not grown.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

use api::{
    accounts::v1::{
        ActivateContractRequest, ActivityLink, ActivityParticipant, ActivityType,
        ChangeAccountParentRequest, ChangeContactConsentRequest, ContractContractRequest,
        CountActivitiesRequest, CreateAccountRequest, CreateContactRequest, ExpandContractRequest,
        Interval, ListAccountsRequest, LogActivityRequest, RecordActivityOutcomeRequest, Recurring,
        activity_link::Entity, activity_participant::Who,
    },
    google::r#type::Money,
    opportunities::v1::{
        ChangeOpportunityAccountRequest, ChangeOpportunityContactRoleRequest,
        ChangeOpportunityTypeRequest, NameOpportunityCompetitorRequest,
    },
};
use tests::{
    World,
    hands::{at, day, usd},
};
use tonic::{Code, Status};

use crate::bad_input::{Row, refused, row};

/// An id that nobody has.
const NOBODY: &str = "00000000-0000-8000-8000-000000000007";

#[tokio::test(flavor = "multi_thread")]
async fn companies_and_people_are_not_taken_up_on_a_bad_request() {
    let world = World::start().await;
    world.define_catalog().await;
    let account = create(&world, |_| ()).await.unwrap();
    refused(&world, companies(&world, &account)).await;
    refused(&world, people(&world)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn contracts_activities_and_deals_take_no_bad_request() {
    let world = World::start().await;
    world.define_catalog().await;
    let account = create(&world, |_| ()).await.unwrap();
    let contract = activate(&world, &account, |_| ()).await.unwrap();
    refused(&world, contracts(&world, &account, &contract)).await;
    refused(&world, activities(&world)).await;
    let (deal, _) = world.open("deal", 1, "2026-01-01T00:00:00Z").await;
    refused(&world, deals(&world, &deal)).await;
}

/// A good account with something changed; gives its id.
async fn create(
    world: &World,
    change: impl FnOnce(&mut CreateAccountRequest),
) -> Result<String, Status> {
    let mut request = CreateAccountRequest {
        occurred_at: Some(at("2026-01-01T00:00:00Z")),
        owner: "ann".into(),
        ..Default::default()
    };
    change(&mut request);
    let created = world.accounts().create_account(world.request(request)).await?;
    Ok(created.into_inner().account_id)
}

async fn parent(world: &World, account: &str, parent: &str) -> Result<(), Status> {
    let request = ChangeAccountParentRequest {
        account_id: account.into(),
        parent_account_id: parent.into(),
        ..Default::default()
    };
    world.accounts().change_account_parent(world.request(request)).await.map(drop)
}

fn companies<'a>(world: &'a World, account: &'a str) -> Vec<Row<'a>> {
    vec![
        row!("a segment in capitals", InvalidArgument "CODE_INVALID" "segment",
            create(world, |it| it.segment = "Enterprise".into())),
        row!("a name without end", InvalidArgument "TEXT_TOO_LONG" "name",
            create(world, |it| it.name = "x".repeat(1_025))),
        row!("a domain without end", InvalidArgument "TEXT_TOO_LONG" "domain",
            create(world, |it| it.domain = "x".repeat(1_025))),
        row!("an unknown owner", InvalidArgument "USER_UNKNOWN" "owner",
            create(world, |it| it.owner = "nobody".into())),
        row!("a parent that is no id", InvalidArgument "ID_INVALID" "parent_account_id",
            create(world, |it| it.parent_account_id = "holding".into())),
        row!("an unknown parent", InvalidArgument "REFERENCE_UNKNOWN" "parent_account_id",
            create(world, |it| it.parent_account_id = NOBODY.into())),
        row!("a parent of later", InvalidArgument "REFERENCE_UNKNOWN" "parent_account_id",
        create(world, |it| {
            it.occurred_at = Some(at("2025-12-31T00:00:00Z"));
            it.parent_account_id = account.into();
        })),
        row!("an id that is taken", AlreadyExists "ACCOUNT_EXISTS" "account_id",
            create(world, |it| it.account_id = account.into())),
        row!("a company of the future", InvalidArgument "TIME_IN_FUTURE" "occurred_at",
            create(world, |it| it.occurred_at = Some(at("2199-01-01T00:00:00Z")))),
        row!("itself as its parent", InvalidArgument "ACCOUNT_CIRCLE" "parent_account_id",
            parent(world, account, account)),
        row!("a parent for nobody", NotFound "ACCOUNT_NOT_FOUND" "account_id",
            parent(world, NOBODY, "")),
        row!("a page of another question", InvalidArgument "PAGE_TOKEN_INVALID" "page_token", {
            let request = ListAccountsRequest { page_token: "ff".into(), ..Default::default() };
            let request = world.request(request);
            let mut accounts = world.accounts();
            async move { accounts.list_accounts(request).await }
        }),
    ]
}

async fn contact(
    world: &World,
    change: impl FnOnce(&mut CreateContactRequest),
) -> Result<(), Status> {
    let mut request = CreateContactRequest { name: "Mia Stone".into(), ..Default::default() };
    change(&mut request);
    world.contacts().create_contact(world.request(request)).await.map(drop)
}

async fn consent(world: &World, contact: &str, purpose: &str) -> Result<(), Status> {
    let request = ChangeContactConsentRequest {
        contact_id: contact.into(),
        purpose: purpose.into(),
        granted: true,
        ..Default::default()
    };
    world.contacts().change_contact_consent(world.request(request)).await.map(drop)
}

fn people(world: &World) -> Vec<Row<'_>> {
    vec![
        row!("an unknown account", InvalidArgument "REFERENCE_UNKNOWN" "account_id",
            contact(world, |it| it.account_id = NOBODY.into())),
        row!("an e-mail without end", InvalidArgument "TEXT_TOO_LONG" "email",
            contact(world, |it| it.email = "x".repeat(1_025))),
        row!("a title without end", InvalidArgument "TEXT_TOO_LONG" "title",
            contact(world, |it| it.title = "x".repeat(1_025))),
        row!("consent for nothing", InvalidArgument "CODE_INVALID" "purpose",
            consent(world, NOBODY, "")),
        row!("consent of nobody", NotFound "CONTACT_NOT_FOUND" "contact_id",
            consent(world, NOBODY, "newsletter")),
    ]
}

fn yearly(amount: Money) -> Option<Recurring> {
    Some(Recurring { amount: Some(amount), interval: Interval::Yearly.into() })
}

/// A good contract with something changed; gives its id.
async fn activate(
    world: &World,
    account: &str,
    change: impl FnOnce(&mut ActivateContractRequest),
) -> Result<String, Status> {
    let mut request = ActivateContractRequest {
        occurred_at: Some(at("2026-01-02T00:00:00Z")),
        account_id: account.into(),
        recurring: yearly(usd(1_200)),
        starts: Some(day("2026-02-01")),
        ..Default::default()
    };
    change(&mut request);
    let activated = world.contracts().activate_contract(world.request(request)).await?;
    Ok(activated.into_inner().contract_id)
}

async fn expand(
    world: &World,
    contract: &str,
    change: impl FnOnce(&mut ExpandContractRequest),
) -> Result<(), Status> {
    let mut request = ExpandContractRequest {
        contract_id: contract.into(),
        recurring: yearly(usd(1_300)),
        effective: Some(day("2026-03-01")),
        ..Default::default()
    };
    change(&mut request);
    world.contracts().expand_contract(world.request(request)).await.map(drop)
}

fn contracts<'a>(world: &'a World, account: &'a str, contract: &'a str) -> Vec<Row<'a>> {
    let euros = Money { currency_code: "EUR".into(), units: 2_000, nanos: 0 };
    vec![
        row!("nobody's contract", InvalidArgument "FIELD_MISSING" "account_id",
            activate(world, "", |_| ())),
        row!("an unknown deal", InvalidArgument "REFERENCE_UNKNOWN" "opportunity_id",
            activate(world, account, |it| it.opportunity_id = NOBODY.into())),
        row!("nothing paid", InvalidArgument "FIELD_MISSING" "recurring",
            activate(world, account, |it| it.recurring = None)),
        row!("paid who knows when", InvalidArgument "FIELD_MISSING" "recurring.interval",
        activate(world, account, |it| {
            it.recurring = Some(Recurring { amount: Some(usd(1)), interval: 0 });
        })),
        row!("paid every 99", InvalidArgument "INTERVAL_UNKNOWN" "recurring.interval",
        activate(world, account, |it| {
            it.recurring = Some(Recurring { amount: Some(usd(1)), interval: 99 });
        })),
        row!("a negative amount", InvalidArgument "NEGATIVE_AMOUNT" "recurring.amount",
            activate(world, account, |it| it.recurring = yearly(usd(-1)))),
        row!("no first day", InvalidArgument "FIELD_MISSING" "starts",
            activate(world, account, |it| it.starts = None)),
        row!("an end before the start", InvalidArgument "ENDS_BEFORE_START" "ends",
            activate(world, account, |it| it.ends = Some(day("2026-02-01")))),
        row!("an expansion to less", InvalidArgument "NOT_AN_INCREASE" "recurring.amount",
            expand(world, contract, |it| it.recurring = yearly(usd(1_100)))),
        row!("an expansion in euros", InvalidArgument "WRONG_CURRENCY"
            "recurring.amount.currency_code",
            expand(world, contract, |it| it.recurring = yearly(euros))),
        row!("an expansion before the start", InvalidArgument "BEFORE_START" "effective",
            expand(world, contract, |it| it.effective = Some(day("2026-01-31")))),
        row!("a contraction to more", InvalidArgument "NOT_A_DECREASE" "recurring.amount", {
            let request = ContractContractRequest {
                contract_id: contract.into(),
                recurring: yearly(usd(1_300)),
                effective: Some(day("2026-03-01")),
                ..Default::default()
            };
            let request = world.request(request);
            let mut contracts = world.contracts();
            async move { contracts.contract_contract(request).await }
        }),
    ]
}

async fn log(world: &World, change: impl FnOnce(&mut LogActivityRequest)) -> Result<(), Status> {
    let mut request =
        LogActivityRequest { activity_type: ActivityType::Call.into(), ..Default::default() };
    change(&mut request);
    world.activities().log_activity(world.request(request)).await.map(drop)
}

fn about(entity: Option<Entity>) -> Vec<ActivityLink> {
    vec![ActivityLink { entity }]
}

async fn count_to(world: &World, end: &str) -> Result<(), Status> {
    let request = CountActivitiesRequest {
        period_start: Some(at("2026-01-01T00:00:00Z")),
        period_end: (!end.is_empty()).then(|| at(end)),
        ..Default::default()
    };
    world.activities().count_activities(world.request(request)).await.map(drop)
}

fn activities(world: &World) -> Vec<Row<'_>> {
    let nobody = || NOBODY.to_owned();
    vec![
        row!("no type", InvalidArgument "FIELD_MISSING" "activity_type",
            log(world, |it| it.activity_type = 0)),
        row!("an unknown type", InvalidArgument "TYPE_UNKNOWN" "activity_type",
            log(world, |it| it.activity_type = 99)),
        row!("about nothing", InvalidArgument "FIELD_MISSING" "about[0]",
            log(world, |it| it.about = about(None))),
        row!("about what is no id", InvalidArgument "ID_INVALID" "about[0].lead_id",
            log(world, |it| it.about = about(Some(Entity::LeadId("7".into()))))),
        row!("about nobody", InvalidArgument "REFERENCE_UNKNOWN" "about[0].account_id",
            log(world, move |it| it.about = about(Some(Entity::AccountId(nobody()))))),
        row!("about too much", InvalidArgument "TOO_MANY" "about",
            log(world, |it| it.about = vec![ActivityLink { entity: None }; 101])),
        row!("with nobody", InvalidArgument "FIELD_MISSING" "participants[0]",
            log(world, |it| it.participants = vec![ActivityParticipant { who: None }])),
        row!("with an unknown user", InvalidArgument "USER_UNKNOWN" "participants[0].user",
        log(world, |it| {
            let who = Some(Who::User("nobody".into()));
            it.participants = vec![ActivityParticipant { who }];
        })),
        row!("a call that is due", InvalidArgument "DUE_WITHOUT_TASK" "due",
            log(world, |it| it.due = Some(day("2026-01-01")))),
        row!("a call of a year and more", InvalidArgument "DURATION_TOO_LONG" "duration_minutes",
            log(world, |it| it.duration_minutes = Some(527_041))),
        row!("a calendar id without end", InvalidArgument "TEXT_TOO_LONG" "calendar_id",
            log(world, |it| it.calendar_id = "x".repeat(1_025))),
        row!("an outcome in words", InvalidArgument "CODE_INVALID" "outcome", {
            let request = RecordActivityOutcomeRequest {
                activity_id: nobody(),
                outcome: "no show".into(),
                ..Default::default()
            };
            let request = world.request(request);
            let mut activities = world.activities();
            async move { activities.record_activity_outcome(request).await }
        }),
        row!("a period without end", InvalidArgument "FIELD_MISSING" "period_end",
            count_to(world, "")),
        row!("an empty period", InvalidArgument "PERIOD_INVALID" "period_end",
            count_to(world, "2026-01-01T00:00:00Z")),
    ]
}

fn deals<'a>(world: &'a World, deal: &'a str) -> Vec<Row<'a>> {
    let opportunity_id = || deal.to_owned();
    vec![
        row!("an unknown account", InvalidArgument "REFERENCE_UNKNOWN" "account_id", {
            let request = ChangeOpportunityAccountRequest {
                opportunity_id: opportunity_id(),
                account_id: NOBODY.into(),
                ..Default::default()
            };
            let request = world.request(request);
            let mut deals = world.opportunities();
            async move { deals.change_opportunity_account(request).await }
        }),
        row!("an unknown type of deal", InvalidArgument "TYPE_UNKNOWN" "opportunity_type", {
            let request = ChangeOpportunityTypeRequest {
                opportunity_id: opportunity_id(),
                opportunity_type: 99,
                ..Default::default()
            };
            let request = world.request(request);
            let mut deals = world.opportunities();
            async move { deals.change_opportunity_type(request).await }
        }),
        row!("a competitor in words", InvalidArgument "CODE_INVALID" "competitor", {
            let request = NameOpportunityCompetitorRequest {
                opportunity_id: opportunity_id(),
                competitor: "Globex Inc.".into(),
                ..Default::default()
            };
            let request = world.request(request);
            let mut deals = world.opportunities();
            async move { deals.name_opportunity_competitor(request).await }
        }),
        row!("a part of nobody", InvalidArgument "REFERENCE_UNKNOWN" "contact_id", {
            let request = ChangeOpportunityContactRoleRequest {
                opportunity_id: opportunity_id(),
                contact_id: NOBODY.into(),
                role: "champion".into(),
                ..Default::default()
            };
            let request = world.request(request);
            let mut deals = world.opportunities();
            async move { deals.change_opportunity_contact_role(request).await }
        }),
    ]
}
