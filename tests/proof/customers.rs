//! A customer's whole life through both doors: account, contact, deal, meetings and contract, each
//! as of before and after and as known before and after.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

use api::{
    accounts::v1::{
        ActivityLink, ActivityParticipant, ActivityType, CreateContactRequest, Interval,
        LogActivityRequest, Recurring, WinBackContractRequest, activity_link::Entity,
        activity_participant::Who,
    },
    opportunities::v1::{ChangeOpportunityCloseDateRequest, GetOpportunityRequest, StageDirection},
};
use serde_json::Value;
use tests::{
    World,
    figures::{count, minor},
    hands::{at, day, usd},
};

/// What the tests below go back to.
struct Customer {
    account: String,
    contact: String,
    deal: String,
    contract: String,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_lives_through_everything_and_is_told_at_any_instant() {
    a_customers_life(&World::start().await).await;
}

pub async fn a_customers_life(world: &World) {
    world.define_catalog().await;
    let (account, contact) = found(world).await;
    let deal = sell(world, &account, &contact).await;
    let contract = serve(world, &account, &deal).await;
    let customer = Customer { account, contact, deal, contract };
    the_account_is_told_with_what_belongs_to_it(world, &customer).await;
    the_course_of_the_deal_is_told(world, &customer.deal).await;
    contracts_are_told_for_any_day(world, &customer).await;
    lists_are_told(world, &customer).await;
    histories_are_told(world, &customer).await;
    what_is_voided_is_gone_but_was_known(world, &customer).await;
    the_views_are_pure_folds(world).await;
}

/// Runs a command line that changes something; gives the answer.
async fn run(world: &World, line: &str) -> Value {
    let words: Vec<&str> = line.split(' ').collect();
    let done = world.cli(&words).await;
    assert_eq!(done["changed"], true, "{line}: {done}");
    done
}

fn id(done: &Value) -> String {
    done["id"].as_str().unwrap().to_owned()
}

/// Asks by a command line.
async fn ask(world: &World, line: &str) -> Value {
    let words: Vec<&str> = line.split(' ').collect();
    world.cli(&words).await
}

async fn found(world: &World) -> (String, String) {
    let create = "account create --name Acme --domain acme.example --segment enterprise";
    let account = id(&run(world, &format!("{create} --owner ann --at 2026-01-01")).await);
    let holding = id(&run(world, "account create --name Holding --at 2026-01-01").await);
    run(world, &format!("account parent {account} {holding} --at 2026-01-02")).await;
    run(world, &format!("account key {account} --at 2026-01-03")).await;
    let circle = format!("account parent {holding} {account}");
    let words: Vec<&str> = circle.split(' ').collect();
    let (code, why) = world.cli_fails(&words).await;
    assert_eq!(code, 4, "{why}");
    assert!(why.contains("ACCOUNT_CIRCLE"), "{why}");
    let request = CreateContactRequest {
        occurred_at: Some(at("2026-01-02T00:00:00Z")),
        account_id: account.clone(),
        name: "Mia Stone".into(),
        email: "mia@acme.example".into(),
        ..Default::default()
    };
    let created = world.contacts().create_contact(world.request(request)).await.unwrap();
    let contact = created.into_inner().contact_id;
    run(world, &format!("contact consent {contact} newsletter --at 2026-01-04")).await;
    (account, contact)
}

/// A deal with two pushes, the second into another quarter, a competitor and a contact role; won.
async fn sell(world: &World, account: &str, contact: &str) -> String {
    let open = "opportunity open --pipeline sales --name Cranes --owner ann --amount 1200USD";
    let more = format!("--close-date 2026-02-28 --account {account} --type new-business");
    let deal = id(&run(world, &format!("{open} {more} --at 2026-01-05")).await);
    push(world, &deal, "2026-03-15", "2026-01-10T00:00:00Z").await;
    push(world, &deal, "2026-04-02", "2026-01-12T00:00:00Z").await;
    run(world, &format!("opportunity move {deal} offer --at 2026-01-14")).await;
    run(world, &format!("opportunity move {deal} talks --at 2026-01-16")).await;
    run(world, &format!("opportunity competitor {deal} globex --at 2026-01-16")).await;
    run(world, &format!("opportunity role {deal} {contact} champion --at 2026-01-17")).await;
    run(world, &format!("opportunity win {deal} --at 2026-01-20")).await;
    deal
}

async fn push(world: &World, deal: &str, to: &str, when: &str) {
    let request = ChangeOpportunityCloseDateRequest {
        opportunity_id: deal.into(),
        occurred_at: Some(at(when)),
        close_date: Some(day(to)),
        ..Default::default()
    };
    let changed = world.opportunities().change_opportunity_close_date(world.request(request)).await;
    assert!(changed.unwrap().into_inner().recorded.unwrap().changed);
}

/// Activated, expanded, churned and won back.
async fn serve(world: &World, account: &str, deal: &str) -> String {
    let activate = format!("contract activate --account {account} --opportunity {deal}");
    let terms = "--product box --starts 2026-02-01 --ends 2027-02-01 --at 2026-01-21";
    let words =
        [activate.split(' ').collect(), vec!["--yearly", "1200 USD"], terms.split(' ').collect()];
    let words: Vec<&str> = words.concat();
    let contract = id(&world.cli(&words).await);
    let expand = format!("contract expand {contract} --effective 2026-03-01 --at 2026-02-10");
    let words: Vec<&str> = expand.split(' ').chain(["--monthly", "150 USD"]).collect();
    assert_eq!(world.cli(&words).await["changed"], true);
    let churn = format!("contract churn {contract} --effective 2026-05-01 --reason price");
    run(world, &format!("{churn} --at 2026-04-01")).await;
    let request = WinBackContractRequest {
        contract_id: contract.clone(),
        occurred_at: Some(at("2026-06-01T00:00:00Z")),
        recurring: Some(Recurring { amount: Some(usd(900)), interval: Interval::Yearly.into() }),
        effective: Some(day("2026-07-01")),
        ..Default::default()
    };
    let won_back = world.contracts().win_back_contract(world.request(request)).await.unwrap();
    assert!(won_back.into_inner().recorded.unwrap().changed);
    contract
}

async fn the_account_is_told_with_what_belongs_to_it(world: &World, customer: &Customer) {
    let Customer { account, contact, deal, contract } = customer;
    for (as_of, key, has_parent, contacts, open, contracts) in [
        ("2026-01-02", false, false, 0, 0, 0),
        ("2026-01-03", false, true, 1, 0, 0),
        ("2026-01-06", true, true, 1, 1, 0),
        ("2026-01-21", true, true, 1, 0, 0),
        ("2026-01-22", true, true, 1, 0, 1),
    ] {
        let told = ask(world, &format!("account get {account} --as-of {as_of}")).await;
        assert_eq!(told["account"]["key_account"], key, "{as_of}");
        assert_eq!(told["account"]["parent"].is_object(), has_parent, "{as_of}");
        assert_eq!(count(&told["contacts_count"]), contacts, "{as_of}");
        assert_eq!(count(&told["open_opportunities_count"]), open, "{as_of}");
        assert_eq!(count(&told["contracts_count"]), contracts, "{as_of}");
    }
    let before = ["account", "get", account, "--as-of", "2026-01-01"];
    assert_eq!(world.cli_fails(&before).await.0, 3, "as of is strictly before");
    let told = ask(world, &format!("account get {account} --day 2026-04-15")).await;
    assert_eq!(told["account"]["name"], "Acme");
    assert_eq!(told["account"]["parent"]["name"], "Holding");
    assert_eq!(told["contacts"][0]["id"], **contact);
    assert_eq!(told["contracts"][0]["id"], **contract);
    assert_eq!(told["contracts"][0]["churned"], false, "the notice came, the customer stays on");
    let shown = ask(world, &format!("opportunity get {deal}")).await;
    assert_eq!(shown["opportunity"]["account"]["name"], "Acme");
    assert_eq!(shown["opportunity"]["type"], "new_business");
    assert_eq!(shown["opportunity"]["competitors"][0], "globex");
    assert_eq!(shown["opportunity"]["contact_roles"][0]["contact"]["name"], "Mia Stone");
    let holding = told["account"]["parent"]["id"].as_str().unwrap();
    let holding = ask(world, &format!("account get {holding}")).await;
    assert_eq!(holding["children"][0]["name"], "Acme");
}

async fn the_course_of_the_deal_is_told(world: &World, deal: &str) {
    let told = ask(world, &format!("opportunity get {deal}")).await;
    let stays = told["stages"].as_array().unwrap().iter();
    let stays: Vec<_> = stays
        .map(|it| (it["stage"]["key"].clone(), it["days"].clone(), it["direction"].clone()))
        .collect();
    let expected = [("new", 9.0, None), ("offer", 2.0, Some("skip")), ("talks", 4.0, Some("back"))];
    let expected = expected.map(|(key, days, way)| (key.into(), days.into(), way.into()));
    assert_eq!(stays, expected);
    let request = GetOpportunityRequest {
        opportunity_id: deal.into(),
        read_at: Some(api::types::v1::ReadAt {
            as_of: Some(at("2026-01-15T00:00:00Z")),
            ..Default::default()
        }),
    };
    let then = world.opportunities().get_opportunity(world.request(request)).await.unwrap();
    let then = then.into_inner();
    let last = then.stages.last().unwrap();
    assert_eq!((last.direction(), last.left_at), (StageDirection::Skip, None), "it lasts");
    assert_eq!(last.time_in_stage.unwrap().seconds, 86_400, "up to the instant of the answer");
}

async fn contracts_are_told_for_any_day(world: &World, customer: &Customer) {
    let Customer { account, contract, .. } = customer;
    for (as_of, on, paid, interval, churned) in [
        ("2026-01-22", "2026-01-31", None, "", false),
        ("2026-01-22", "2026-02-01", Some(120_000), "yearly", false),
        ("2026-01-22", "2026-05-01", Some(120_000), "yearly", false),
        ("2026-02-11", "2026-02-28", Some(120_000), "yearly", false),
        ("2026-02-11", "2026-03-01", Some(15_000), "monthly", false),
        ("2026-04-02", "2026-04-30", Some(15_000), "monthly", false),
        ("2026-04-02", "2026-05-01", None, "", true),
        ("2026-06-02", "2026-06-30", None, "", true),
        ("2026-06-02", "2026-07-01", Some(90_000), "yearly", false),
    ] {
        let line = format!("contract get {contract} --as-of {as_of} --day {on}");
        let told = ask(world, &line).await;
        let recurring = &told["contract"]["recurring"];
        assert_eq!(recurring["amount"]["minor"].as_i64(), paid, "{line}");
        assert_eq!(recurring["interval"].as_str().unwrap_or_default(), interval, "{line}");
        assert_eq!(told["contract"]["churned"], churned, "{line}");
        let listed =
            format!("contract list --account {account} --running --as-of {as_of} --day {on}");
        let listed = ask(world, &listed).await;
        let running = listed["contracts"].as_array().unwrap();
        assert_eq!(running.len(), usize::from(paid.is_some()), "{line}");
        if let Some(paid) = paid {
            assert_eq!(minor(&running[0]["recurring"]["amount"]), paid, "{line}");
        }
    }
}

async fn lists_are_told(world: &World, customer: &Customer) {
    let Customer { account, contact, deal, .. } = customer;
    for (line, noun, found) in [
        ("account list --key", "accounts", Some(account)),
        ("account list --key --as-of 2026-01-03", "accounts", None),
        ("account list --segment enterprise --owner ann", "accounts", Some(account)),
        ("account list --segment smb", "accounts", None),
        ("account list --owner mia", "accounts", None),
        ("contact list --consented-to newsletter", "contacts", Some(contact)),
        ("contact list --consented-to newsletter --as-of 2026-01-04", "contacts", None),
        ("opportunity list --type new-business", "opportunities", Some(deal)),
        ("opportunity list --type renewal", "opportunities", None),
        (&format!("opportunity list --account {account}"), "opportunities", Some(deal)),
        (&format!("contact list --account {account}"), "contacts", Some(contact)),
        (&format!("contact list --account {contact}"), "contacts", None),
    ] {
        let listed = ask(world, line).await;
        let ids = listed[noun].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap());
        assert_eq!(
            ids.collect::<Vec<_>>(),
            found.map(String::as_str).into_iter().collect::<Vec<_>>(),
            "{line}"
        );
    }
    let first = ask(world, "account list --limit 1").await;
    let token = first["next_page_token"].as_str().unwrap();
    let second = ask(world, &format!("account list --limit 1 --page-token {token}")).await;
    assert_ne!(first["accounts"][0]["id"], second["accounts"][0]["id"]);
    assert!(second["next_page_token"].is_null(), "{second}");
}

async fn histories_are_told(world: &World, customer: &Customer) {
    let Customer { account, contact, deal, contract } = customer;
    for (kind, id, facts) in [
        ("account", account, "created parent_changed key_account_changed"),
        ("contact", contact, "created consent_changed"),
        ("contract", contract, "activated expanded churned won_back"),
        (
            "opportunity",
            deal,
            "opened close_date_changed close_date_changed stage_changed stage_changed \
             competitor_named contact_role_changed won",
        ),
    ] {
        let history = ask(world, &format!("history {kind} {id}")).await;
        let entries = history["entries"].as_array().unwrap();
        let names = entries.iter().map(|it| {
            let fact = it["fact"].as_str().unwrap();
            fact.split('.').nth(1).unwrap().to_owned()
        });
        assert_eq!(names.collect::<Vec<_>>().join(" "), facts, "{kind}");
        let changes = entries.iter().all(|it| {
            it["fact"] == "opportunity.won.v1" || !it["changes"].as_array().unwrap().is_empty()
        });
        assert!(changes, "{history}");
    }
    let history = ask(world, &format!("history contact {contact}")).await;
    let changes = history["entries"][0]["changes"].as_array().unwrap();
    let email = changes.iter().find(|change| change["field"] == "email").unwrap();
    assert_eq!(email["after"], "mia@acme.example");
}

/// The expansion cannot go while the churning stands on it; the winning back can.
async fn what_is_voided_is_gone_but_was_known(world: &World, customer: &Customer) {
    let Customer { account, contract, contact, .. } = customer;
    let history = ask(world, &format!("history contract {contract}")).await;
    let command = |place: usize| history["entries"][place]["command_id"].as_str().unwrap();
    let (activated, won_back) = (command(0).to_owned(), command(3).to_owned());
    let void = ["contract", "void", contract, &activated, "--reason", "oops"];
    let (code, why) = world.cli_fails(&void).await;
    assert_eq!(code, 4, "{why}");
    assert!(why.contains("LATER_FACTS_DEPEND"), "{why}");
    let known = world.position().await;
    run(world, &format!("contract void {contract} {won_back} --reason oops")).await;
    let now = format!("contract get {contract} --day 2026-07-01");
    assert_eq!(ask(world, &now).await["contract"]["churned"], true);
    let then = ask(world, &format!("{now} --known-at {known}")).await;
    assert_eq!(minor(&then["contract"]["recurring"]["amount"]), 90_000);
    let history = ask(world, &format!("history contact {contact}")).await;
    let consent = history["entries"][1]["command_id"].as_str().unwrap();
    run(world, &format!("contact void {contact} {consent} --reason oops")).await;
    let told = ask(world, &format!("account get {account}")).await;
    assert!(told["contacts"][0]["consents"].as_array().unwrap().is_empty());
    let then = ask(world, &format!("account get {account} --known-at {known}")).await;
    assert_eq!(then["contacts"][0]["consents"][0]["granted"], true);
}

async fn the_views_are_pure_folds(world: &World) {
    let names: Vec<String> = world.digests().await.into_iter().map(|(name, _)| name).collect();
    for view in ["accounts", "contacts", "contracts", "activities"] {
        assert!(names.iter().any(|name| name == view), "{view} is not among {names:?}");
    }
    let said = world.words(&["projection", "verify"]).await;
    assert_eq!(said.code, 0, "{}", said.notes);
}

/// Others overwrite the close date when a deal closes, or keep only the last one.
#[tokio::test(flavor = "multi_thread")]
async fn the_first_close_date_outlives_closing_and_reopening() {
    let world = World::start().await;
    world.define_catalog().await;
    let (deal, _) = world.open("Cranes", 1_200, "2026-01-05T00:00:00Z").await;
    push(&world, &deal, "2026-04-30", "2026-01-10T00:00:00Z").await;
    run(&world, &format!("opportunity win {deal} --at 2026-01-20")).await;
    let told = ask(&world, &format!("opportunity get {deal}")).await;
    assert_eq!(told["pushes"]["first_close_date"], "2026-03-31");
    assert_eq!(told["opportunity"]["close_date"], "2026-04-30", "closing leaves the date alone");
    run(&world, &format!("opportunity reopen {deal} --at 2026-02-01")).await;
    push(&world, &deal, "2026-05-31", "2026-02-02T00:00:00Z").await;
    let told = ask(&world, &format!("opportunity get {deal}")).await;
    assert_eq!(told["pushes"]["first_close_date"], "2026-03-31");
    assert_eq!(count(&told["pushes"]["push_count"]), 2);
}

/// Others group by the close date of today, so that a push moves what was expected back then.
#[tokio::test(flavor = "multi_thread")]
async fn a_push_does_not_rewrite_what_was_expected_before_it() {
    let world = World::start().await;
    world.define_catalog().await;
    let (deal, _) = world.open("Cranes", 1_200, "2026-01-05T00:00:00Z").await;
    let known = world.position().await;
    push(&world, &deal, "2026-04-02", "2026-01-12T00:00:00Z").await;
    push(&world, &deal, "2026-03-01", "2026-01-14T00:00:00Z").await;
    push(&world, &deal, "2026-04-15", "2026-01-15T00:00:00Z").await;
    for (when, closes, pushes, days, quarters) in [
        ("", "2026-04-15", 2, 47, 2),
        (" --as-of 2026-01-13", "2026-04-02", 1, 2, 1),
        (" --as-of 2026-01-12", "2026-03-31", 0, 0, 0),
        (&format!(" --known-at {known}"), "2026-03-31", 0, 0, 0),
    ] {
        let told = ask(&world, &format!("opportunity get {deal}{when}")).await;
        assert_eq!(told["opportunity"]["close_date"], closes, "{when}");
        let ledger = &told["pushes"];
        assert_eq!(ledger["first_close_date"], "2026-03-31", "{when}");
        assert_eq!(count(&ledger["push_count"]), pushes, "{when}");
        assert_eq!(ledger["days_pushed"], days, "{when}");
        assert_eq!(count(&ledger["quarters_left_count"]), quarters, "{when}");
        let listed =
            format!("opportunity list --close-from 2026-03-31 --close-to 2026-04-01{when}");
        let listed = ask(&world, &listed).await;
        let expected = usize::from(closes == "2026-03-31");
        assert_eq!(listed["opportunities"].as_array().unwrap().len(), expected, "{when}");
    }
    let moves = ask(&world, &format!("opportunity get {deal}")).await;
    let back = &moves["pushes"]["moves"][1];
    assert_eq!((&back["days"], &back["quarters"]), (&(-32).into(), &(-1).into()), "{back}");
}

/// Others count what every connected system logged.
#[tokio::test(flavor = "multi_thread")]
async fn a_meeting_from_two_systems_counts_once() {
    a_meeting_from_two_systems(&World::start().await).await;
}

pub async fn a_meeting_from_two_systems(world: &World) {
    world.define_catalog().await;
    let (account, contact) = found(world).await;
    let known = world.position().await;
    let zoom = log(world, &account, &contact, "m-1@calendar.example").await;
    let outreach = log(world, &account, &contact, "").await;
    let counts = "activity count --from 2026-01-12 --to 2026-01-13";
    let told = ask(world, counts).await;
    let row = &told["rows"][0];
    assert_eq!((count(&row["took_place"]), count(&row["duplicates"])), (1, 1), "{told}");
    assert_eq!(
        (row["owner"]["key"].as_str(), row["type"].as_str()),
        (Some("ann"), Some("meeting"))
    );
    let about = format!("activity list --about account:{account}");
    assert_eq!(ask(world, &about).await["activities"].as_array().unwrap().len(), 2);
    let next = ask(world, "activity count --from 2026-01-13 --to 2026-01-14").await;
    assert!(next["rows"].as_array().unwrap().is_empty(), "periods are half-open: {next}");
    for before in ["--as-of 2026-01-12".to_owned(), format!("--known-at {known}")] {
        let told = ask(world, &format!("{counts} {before}")).await;
        assert!(told["rows"].as_array().unwrap().is_empty(), "{before}: {told}");
    }
    run(world, &format!("activity outcome {zoom} no_show --at 2026-01-13")).await;
    let told = ask(world, counts).await;
    assert_eq!(count(&told["rows"][0]["no_shows"]), 1, "{told}");
    run(world, &format!("activity cancel {zoom} --reason ill --at 2026-01-14")).await;
    let told = ask(world, counts).await;
    assert_eq!(count(&told["rows"][0]["took_place"]), 1, "the other system knows of none: {told}");
    let then = ask(world, &format!("{counts} --as-of 2026-01-14")).await;
    assert_eq!(count(&then["rows"][0]["no_shows"]), 1, "{then}");
    run(world, &format!("activity cancel {outreach} --reason ill --at 2026-01-14")).await;
    let told = ask(world, counts).await;
    assert_eq!(count(&told["rows"][0]["cancelled"]), 1, "{told}");
    let shown = ask(world, &format!("activity get {zoom}")).await;
    assert_eq!(shown["activity"]["has_calendar_id"], true);
    assert_eq!(shown["activity"]["subject"], "Kick-off");
}

/// Ann's meeting with a contact, as some system logs it; gives its id.
async fn log(world: &World, account: &str, contact: &str, calendar_id: &str) -> String {
    let who = [Who::User("ann".into()), Who::ContactId(contact.into())];
    let request = LogActivityRequest {
        occurred_at: Some(at("2026-01-12T10:00:00Z")),
        activity_type: ActivityType::Meeting.into(),
        about: vec![ActivityLink { entity: Some(Entity::AccountId(account.into())) }],
        starts_at: Some(at("2026-01-12T09:00:00Z")),
        participants: who.map(|who| ActivityParticipant { who: Some(who) }).into(),
        calendar_id: calendar_id.into(),
        subject: "Kick-off".into(),
        owner: "ann".into(),
        ..Default::default()
    };
    let logged = world.activities().log_activity(world.request(request)).await;
    logged.unwrap().into_inner().activity_id
}
