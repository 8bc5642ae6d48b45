//! A history shows what each fact changed, when it happened, when it became known, and who said so.

use api::{
    audit::v1::{GetHistoryRequest, HistoryEntry},
    types::v1::{ReadAt, read_at::KnownAt},
};
use domain::{Instant, Kind, Personal, opportunity, opportunity::Command};
use runtime::{query::timestamp, runtime::Runtime};
use tempfile::TempDir;
use tonic::Code;
use uuid::Uuid;

use crate::{
    calls::auditor,
    house::{DAY, House, NEW_YEAR, PIPELINE, amounts, ask, moved, opened},
    telling::{DEAL, PERSON, all_told, asking, employ, get, handed_to, history, told},
};

const NOON: Instant = Instant(NEW_YEAR + DAY / 2);

/// A deal that was opened, moved and handed to somebody, with a note and a late fact; the command
/// that moved it.
async fn a_deal_with_a_past(house: &House, runtime: &Runtime) -> Uuid {
    let grace = employ(house, runtime).await;
    let open = house.deal("acme", DEAL, None, opened("lead", 10_000));
    ask(runtime, open).await.unwrap();
    house.next_day();
    let step = house.deal("acme", DEAL, None, moved("demo"));
    let moving = step.command_id;
    ask(runtime, step).await.unwrap();
    house.next_day();
    let owner = house.deal("acme", DEAL, None, handed_to(grace));
    ask(runtime, owner).await.unwrap();
    let text = Personal::plain("call Ada").unwrap();
    let note = Command::Note(opportunity::Noted { text });
    let note = house.deal("acme", DEAL, None, note);
    ask(runtime, note).await.unwrap();
    let late = house.deal("acme", DEAL, Some(NOON), amounts(9_999));
    ask(runtime, late).await.unwrap();
    moving
}

#[tokio::test]
async fn every_fact_shows_what_it_changed() {
    let (house, folder) = (House::new(), TempDir::new().unwrap());
    let runtime = house.start(folder.path()).await;
    a_deal_with_a_past(&house, &runtime).await;
    let entries = history(&runtime, asking("opportunity", &DEAL)).await;
    let first = format!(
        "opened.v1 [name: - > Rocket for Ada, pipeline: - > {PIPELINE}, stage: - > lead, \
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
    let grace = runtime.vault.entity_id("acme", Kind::User, "", "grace");
    assert_eq!(entries[3].changes[0].after_id, grace.to_string());
    assert_eq!((&*entries[0].actor, &*entries[0].source), ("ada", ""));
    assert_eq!(entries[1].occurred_at, Some(timestamp(NOON)));
    assert_eq!(entries[1].recorded_at, Some(timestamp(house.now())));
    assert_eq!(entries[1].position, 6, "it stands where it happened");

    let as_of = Some(timestamp(Instant(NEW_YEAR + 1)));
    let read_at = Some(ReadAt { as_of, ..ReadAt::default() });
    let young = GetHistoryRequest { read_at, ..asking("opportunity", &DEAL) };
    assert_eq!(all_told(&history(&runtime, young).await), [first]);
}

#[tokio::test]
async fn what_was_taken_back_changes_nothing_from_then_on() {
    let (house, folder) = (House::new(), TempDir::new().unwrap());
    let runtime = house.start(folder.path()).await;
    let moving = a_deal_with_a_past(&house, &runtime).await;
    let void = house.void("acme", DEAL, moving);
    let voided = ask(&runtime, void).await.unwrap().position;

    let entries = history(&runtime, asking("opportunity", &DEAL)).await;
    let (taken_back, last) = (&entries[2], entries.last().unwrap());
    assert_eq!(told(taken_back), "stage_changed.v1 []");
    assert_eq!((taken_back.voided_by, &*taken_back.command_id), (voided, &*moving.to_string()));
    assert_eq!((&*told(last), &*last.reason_code), ("voided.v1 []", "typo"));
    assert_eq!(entries.iter().filter(|entry| entry.voided_by > 0).count(), 1);

    // Before each of them became known, it was not there.
    let known_at = |position| {
        let known_at = Some(KnownAt::KnownAtPosition(position));
        let read_at = Some(ReadAt { known_at, ..ReadAt::default() });
        GetHistoryRequest { read_at, ..asking("opportunity", &DEAL) }
    };
    let then = history(&runtime, known_at(voided - 1)).await;
    assert_eq!(told(&then[2]), "stage_changed.v1 [stage: lead > demo]");
    let nothing_voided =
        |entry: &HistoryEntry| entry.voided_by == 0 && !entry.fact.contains("void");
    assert!(then.iter().all(nothing_voided));
    assert_eq!(history(&runtime, known_at(3)).await.len(), 2);
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
    let whole = history(&runtime, asking("opportunity", &DEAL)).await;
    let (mut pages, mut token) = (Vec::new(), String::new());
    loop {
        let page =
            GetHistoryRequest { page_size: 3, page_token: token, ..asking("opportunity", &DEAL) };
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

    let first = GetHistoryRequest { page_size: 3, ..asking("opportunity", &DEAL) };
    let token = get(&runtime, "acme", first).await.unwrap().next_page_token;
    let other = GetHistoryRequest { page_token: token.clone(), ..asking("product", &DEAL) };
    let elsewhere = GetHistoryRequest { page_token: token, ..asking("opportunity", &DEAL) };
    let torn = GetHistoryRequest { page_token: "é0".to_owned(), ..asking("opportunity", &DEAL) };
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
    let young = GetHistoryRequest { read_at: Some(before), ..asking("opportunity", &DEAL) };
    for (tenant, message, code) in [
        ("acme", asking("opportunity", &Uuid::nil()), Code::NotFound),
        ("beta", asking("opportunity", &DEAL), Code::NotFound),
        ("acme", young, Code::NotFound),
        ("acme", asking("user", &"nobody"), Code::NotFound),
        ("acme", asking("person", &PERSON), Code::NotFound),
        ("acme", asking("opportunity", &"a key"), Code::InvalidArgument),
        ("acme", asking("deal", &DEAL), Code::InvalidArgument),
        (
            "acme",
            GetHistoryRequest { page_size: -1, ..asking("opportunity", &DEAL) },
            Code::InvalidArgument,
        ),
    ] {
        let refused = get(&runtime, tenant, message.clone()).await.unwrap_err();
        assert_eq!(refused.code(), code, "{message:?}: {refused}");
    }
    let nameless = tonic::Request::new(asking("opportunity", &DEAL));
    let refused = auditor(&runtime).get_history(nameless).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
}
