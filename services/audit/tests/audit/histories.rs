//! A history shows what each fact changed, when it happened, when it became known, and who said so.

use std::sync::Arc;

use api::{
    audit::v1::{FieldChange, GetHistoryRequest, GetHistoryResponse, HistoryEntry},
    types::v1::{ReadAt, read_at::KnownAt},
};
use domain::{Fact, Instant, Kind, PersonId, Personal, UserId, opportunity, opportunity::Command, user};
use runtime::{query::timestamp, runtime::Runtime};
use tempfile::TempDir;
use tonic::{Code, Status};
use uuid::Uuid;

use crate::house::{
    DAY, House, NEW_YEAR, PIPELINE, amounts, ask, auditor, moved, opened, request,
};

const DEAL: Uuid = Uuid::from_u128(0xD1);
const PERSON: Uuid = Uuid::from_u128(0xE1);

fn asking(kind: &str, id: impl ToString) -> GetHistoryRequest {
    GetHistoryRequest { kind: kind.to_owned(), id: id.to_string(), ..GetHistoryRequest::default() }
}

fn known_at(position: u64) -> ReadAt {
    ReadAt { known_at: Some(KnownAt::KnownAtPosition(position)), ..ReadAt::default() }
}

async fn get(
    runtime: &Arc<Runtime>,
    tenant: &str,
    message: GetHistoryRequest,
) -> Result<GetHistoryResponse, Status> {
    Ok(auditor(runtime).get_history(request(tenant, message)).await?.into_inner())
}

async fn history(runtime: &Arc<Runtime>, message: GetHistoryRequest) -> Vec<HistoryEntry> {
    get(runtime, "acme", message).await.unwrap().entries
}

/// Fact and changes of an entry: `stage: lead > demo`, with `-` for no value, `*` for an erased one.
fn told(entry: &HistoryEntry) -> String {
    let side = |value: &Option<String>, erased: bool| match (value, erased) {
        (Some(value), false) => value.clone(),
        (None, true) => "*".to_owned(),
        (None, false) => "-".to_owned(),
        (Some(value), true) => panic!("{value} is said to be erased"),
    };
    let change = |it: &FieldChange| {
        let before = side(&it.before, it.before_erased);
        format!("{}: {before} > {}", it.field, side(&it.after, it.after_erased))
    };
    let changes: Vec<String> = entry.changes.iter().map(change).collect();
    let (_, fact) = entry.fact.split_once('.').unwrap();
    format!("{fact} [{}]", changes.join(", "))
}

fn all_told(entries: &[HistoryEntry]) -> Vec<String> {
    entries.iter().map(told).collect()
}

fn handed_to(owner: Uuid) -> Command {
    Command::ChangeOwner(opportunity::OwnerChanged { owner: Some(UserId(owner)) })
}

/// Somebody who works here, with a name and a key that can be erased.
async fn employ(house: &House, runtime: &Runtime) -> Uuid {
    let id = runtime.vault.entity_id("acme", Kind::User, "", "grace");
    let defined = user::Defined {
        person: PersonId(PERSON),
        key: Personal::Plain("grace".to_owned()),
        name: Personal::plain("Grace H."),
        manager: None,
        office: "East".to_owned(),
        role: String::new(),
        retired: false,
    };
    runtime.vault.ensure_keys("acme", &[PERSON]).await.unwrap();
    let fact = Fact::User(user::Fact::Defined(defined));
    ask(runtime, house.define("acme", id, None, fact)).await.unwrap();
    id
}

#[tokio::test]
async fn every_fact_shows_what_it_changed() {
    let (house, folder) = (House::new(), TempDir::new().unwrap());
    let runtime = house.start(folder.path()).await;
    let grace = employ(&house, &runtime).await;
    let open = house.deal("acme", DEAL, None, opened("lead", 10_000));
    let opening = open.command_id;
    ask(&runtime, open).await.unwrap();
    house.next_day();
    let step = house.deal("acme", DEAL, None, moved("demo"));
    let (moving, moved_at) = (step.command_id, ask(&runtime, step).await.unwrap().position);
    house.next_day();
    ask(&runtime, house.deal("acme", DEAL, None, handed_to(grace))).await.unwrap();
    let note = opportunity::Noted { text: Personal::plain("call Ada").unwrap() };
    ask(&runtime, house.deal("acme", DEAL, None, Command::Note(note))).await.unwrap();
    // A late fact stands where it happened.
    let noon = Instant(NEW_YEAR + DAY / 2);
    let late = house.deal("acme", DEAL, Some(noon), amounts(9_999));
    let late_at = ask(&runtime, late).await.unwrap().position;

    let entries = history(&runtime, asking("opportunity", DEAL)).await;
    let pipeline = PIPELINE.to_string();
    let first = format!(
        "opened.v1 [name: - > Rocket for Ada, pipeline: - > {pipeline}, stage: - > lead, \
         amount: - > 100.00 USD, outcome: - > open]"
    );
    assert_eq!(
        all_told(&entries),
        [
            first.as_str(),
            "amount_changed.v1 [amount: 100.00 USD > 99.99 USD]",
            "stage_changed.v1 [stage: lead > demo]",
            "owner_changed.v1 [owner: - > grace]",
            "noted.v1 [note: - > call Ada]",
        ]
    );
    assert_eq!(entries[3].changes[0].after_id, grace.to_string());
    assert_eq!(entries[0].command_id, opening.to_string());
    assert_eq!((entries[0].actor.as_str(), entries[0].source.as_str()), ("ada", ""));
    assert_eq!(entries[1].occurred_at, Some(timestamp(noon)));
    assert_eq!(entries[1].recorded_at, Some(timestamp(house.now())));
    assert_eq!(entries[1].position, late_at);

    // What is taken back stays visible, changes nothing, and points at the void.
    let voided = ask(&runtime, house.void("acme", DEAL, moving)).await.unwrap();
    let entries = history(&runtime, asking("opportunity", DEAL)).await;
    assert_eq!(told(&entries[2]), "stage_changed.v1 []");
    assert_eq!(entries[2].voided_by, voided.position);
    let last = entries.last().unwrap();
    assert_eq!((told(last).as_str(), last.reason_code.as_str()), ("voided.v1 []", "typo"));
    assert_eq!(entries.iter().filter(|entry| entry.voided_by > 0).count(), 1);

    // Before each of them became known, it was not there.
    let then = GetHistoryRequest {
        read_at: Some(known_at(voided.position - 1)),
        ..asking("opportunity", DEAL)
    };
    let then = history(&runtime, then).await;
    assert_eq!(told(&then[2]), "stage_changed.v1 [stage: lead > demo]");
    assert!(then.iter().all(|entry| entry.voided_by == 0 && !entry.fact.contains("voided")));
    let earlier = GetHistoryRequest { read_at: Some(known_at(moved_at)), ..asking("opportunity", DEAL) };
    assert_eq!(history(&runtime, earlier).await.len(), 2);
    let as_of = ReadAt { as_of: Some(timestamp(Instant(NEW_YEAR + 1))), ..ReadAt::default() };
    let young = GetHistoryRequest { read_at: Some(as_of), ..asking("opportunity", DEAL) };
    assert_eq!(all_told(&history(&runtime, young).await), [first]);
}

#[tokio::test]
async fn pages_are_of_one_point_of_knowledge() {
    let (house, folder) = (House::new(), TempDir::new().unwrap());
    let runtime = house.start(folder.path()).await;
    ask(&runtime, house.deal("acme", DEAL, None, opened("lead", 1))).await.unwrap();
    for number in 0..6 {
        house.next_day();
        ask(&runtime, house.deal("acme", DEAL, None, moved(&format!("s{number}")))).await.unwrap();
    }
    let whole = history(&runtime, asking("opportunity", DEAL)).await;
    let (mut pages, mut token) = (Vec::new(), String::new());
    loop {
        let page = GetHistoryRequest {
            page_size: 3,
            page_token: token,
            ..asking("opportunity", DEAL)
        };
        let answer = get(&runtime, "acme", page).await.unwrap();
        assert_eq!(answer.reflected.unwrap().known_at, 7);
        pages.extend(answer.entries);
        token = answer.next_page_token;
        if token.is_empty() {
            break;
        }
        // A fact from long ago arrives between two pages.
        let late = Instant(NEW_YEAR + 1 + i64::try_from(pages.len()).unwrap());
        ask(&runtime, house.deal("acme", DEAL, Some(late), amounts(5 + pages.len() as i64)))
            .await
            .unwrap();
    }
    assert_eq!(pages, whole);

    let first = GetHistoryRequest { page_size: 3, ..asking("opportunity", DEAL) };
    let token = get(&runtime, "acme", first).await.unwrap().next_page_token;
    let other = GetHistoryRequest { page_token: token.clone(), ..asking("product", DEAL) };
    let elsewhere = GetHistoryRequest { page_token: token, ..asking("opportunity", DEAL) };
    let torn = GetHistoryRequest { page_token: "é0".to_owned(), ..asking("opportunity", DEAL) };
    for (tenant, message) in [("acme", other), ("beta", elsewhere), ("acme", torn)] {
        let refused = get(&runtime, tenant, message).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{refused}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let (house, folder) = (House::new(), TempDir::new().unwrap());
    let runtime = house.start(folder.path()).await;
    ask(&runtime, house.deal("acme", DEAL, None, opened("lead", 1))).await.unwrap();
    let before = ReadAt { as_of: Some(timestamp(Instant(NEW_YEAR))), ..ReadAt::default() };
    let young = GetHistoryRequest { read_at: Some(before), ..asking("opportunity", DEAL) };
    for (tenant, message, code) in [
        ("acme", asking("opportunity", Uuid::nil()), Code::NotFound),
        ("beta", asking("opportunity", DEAL), Code::NotFound),
        ("acme", young, Code::NotFound),
        ("acme", asking("user", "nobody"), Code::NotFound),
        ("acme", asking("person", PERSON), Code::NotFound),
        ("acme", asking("opportunity", "a key"), Code::InvalidArgument),
        ("acme", asking("deal", DEAL), Code::InvalidArgument),
        ("acme", GetHistoryRequest { page_size: -1, ..asking("opportunity", DEAL) }, Code::InvalidArgument),
    ] {
        let refused = get(&runtime, tenant, message.clone()).await.unwrap_err();
        assert_eq!(refused.code(), code, "{message:?}: {refused}");
    }
    let nameless = tonic::Request::new(asking("opportunity", DEAL));
    let refused = auditor(&runtime).get_history(nameless).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
}

#[tokio::test]
async fn what_was_erased_is_said_to_be() {
    let (house, folder) = (House::new(), TempDir::new().unwrap());
    let runtime = house.start(folder.path()).await;
    let grace = employ(&house, &runtime).await;
    ask(&runtime, house.deal("acme", DEAL, None, opened("lead", 1))).await.unwrap();
    ask(&runtime, house.deal("acme", DEAL, None, handed_to(grace))).await.unwrap();
    let by_key = history(&runtime, asking("user", "grace")).await;
    let said = format!(
        "defined.v1 [key: - > grace, name: - > Grace H., office: - > East, \
         person_id: - > {PERSON}, retired: - > false]"
    );
    assert_eq!(all_told(&by_key), [said.clone()]);
    assert_eq!(by_key[0].occurred_at, None, "a first definition holds from the beginning");

    runtime.vault.erase("acme", PERSON).await.unwrap();
    let erased = domain::person::Erased { reason_code: "asked".to_owned() };
    let erased = Fact::Person(domain::person::Fact::Erased(erased));
    ask(&runtime, house.define("acme", PERSON, Some(house.now()), erased)).await.unwrap();

    let by_id = history(&runtime, asking("user", grace)).await;
    assert_eq!(all_told(&by_id), [said.replace("grace", "*").replace("Grace H.", "*")]);
    let deal = history(&runtime, asking("opportunity", DEAL)).await;
    assert_eq!(told(&deal[1]), "owner_changed.v1 [owner: - > *]");
    assert_eq!(deal[1].changes[0].after_id, grace.to_string());
    let person = history(&runtime, asking("person", PERSON)).await;
    assert_eq!(all_told(&person), ["erased.v1 [erased_at: - > 2024-01-01T00:00:00Z]"]);
    assert_eq!(person[0].reason_code, "asked");
}
