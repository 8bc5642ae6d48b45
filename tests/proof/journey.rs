//! A deal's whole life through both doors, and every question about it before and after.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

use api::{
    opportunities::v1::{
        GetOpportunityRequest, NoteOpportunityRequest, OverrideOpportunityCategoryRequest,
        WinOpportunityRequest,
    },
    types::v1::{ForecastCategory, Outcome, ReadAt},
};
use serde_json::Value;
use tests::{
    World,
    figures::{count, minor, row},
    hands::{at, usd},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_deal_lives_through_everything_and_is_told_at_any_instant() {
    a_deals_life(&World::start().await).await;
}

pub async fn a_deals_life(world: &World) {
    world.define_catalog().await;
    let deal = live(world).await;
    its_states_are_told(world, &deal).await;
    its_history_is_told(world, &deal).await;
    sums_are_told(world).await;
    lists_are_told(world, &deal).await;
    a_void_takes_it_all_back(world, &deal).await;
}

async fn run(world: &World, words: &[&str]) -> Value {
    let done = world.cli(&[&["opportunity"], words].concat()).await;
    assert_eq!(done["changed"], true, "{words:?}: {done}");
    done
}

/// Commands by hand and by program, each on a day of its own.
async fn live(world: &World) -> String {
    let open = ["open", "--pipeline", "sales", "--name", "Harbour crane", "--owner", "ann"];
    let more = ["--amount", "1200USD", "--close-date", "2026-02-28", "--product", "box"];
    let opened = run(world, &[open.as_slice(), &more, &["--at", "2026-01-01"]].concat()).await;
    let id = opened["id"].as_str().unwrap();
    run(world, &["move", id, "talks", "--at", "2026-01-05"]).await;
    run(world, &["close-date", id, "2026-03-31", "--at", "2026-01-10"]).await;
    let mut deals = world.opportunities();
    let judged = OverrideOpportunityCategoryRequest {
        opportunity_id: id.into(),
        occurred_at: Some(at("2026-01-12T00:00:00Z")),
        category: ForecastCategory::Commit.into(),
        reason_code: "signed".into(),
        reason: "they said yes on the phone".into(),
        ..Default::default()
    };
    deals.override_opportunity_category(world.request(judged)).await.unwrap();
    run(world, &["move", id, "offer", "--at", "2026-01-15"]).await;
    let won = WinOpportunityRequest {
        opportunity_id: id.into(),
        occurred_at: Some(at("2026-01-20T00:00:00Z")),
        amount: Some(usd(1_100)),
        reason_code: "price".into(),
        ..Default::default()
    };
    deals.win_opportunity(world.request(won)).await.unwrap();
    run(world, &["reopen", id, "--stage", "talks", "--at", "2026-02-01"]).await;
    run(world, &["owner", id, "mia", "--at", "2026-02-02"]).await;
    let lose = ["lose", id, "--reason", "budget", "--comment", "no money this year"];
    run(world, &[lose.as_slice(), &["--at", "2026-02-10"]].concat()).await;
    let note = NoteOpportunityRequest {
        opportunity_id: id.into(),
        occurred_at: Some(at("2026-02-11T00:00:00Z")),
        text: "ask again in autumn".into(),
        ..Default::default()
    };
    deals.note_opportunity(world.request(note)).await.unwrap();
    id.to_owned()
}

/// As of each day: stage, outcome, amount, close date, category, owner and notes.
async fn its_states_are_told(world: &World, id: &str) {
    for (as_of, stage, outcome, amount, closes, category, owner, notes) in [
        ("2026-01-02", "new", Outcome::Open, 1_200, 2, ForecastCategory::Pipeline, "ann", 0),
        ("2026-01-06", "talks", Outcome::Open, 1_200, 2, ForecastCategory::Pipeline, "ann", 0),
        ("2026-01-11", "talks", Outcome::Open, 1_200, 3, ForecastCategory::Pipeline, "ann", 0),
        ("2026-01-13", "talks", Outcome::Open, 1_200, 3, ForecastCategory::Commit, "ann", 0),
        ("2026-01-16", "offer", Outcome::Open, 1_200, 3, ForecastCategory::Commit, "ann", 0),
        ("2026-01-20", "offer", Outcome::Open, 1_200, 3, ForecastCategory::Commit, "ann", 0),
        ("2026-01-21", "offer", Outcome::Won, 1_100, 3, ForecastCategory::Commit, "ann", 0),
        ("2026-02-01", "offer", Outcome::Won, 1_100, 3, ForecastCategory::Commit, "ann", 0),
        ("2026-02-03", "talks", Outcome::Open, 1_200, 3, ForecastCategory::Commit, "mia", 0),
        ("2026-02-11", "talks", Outcome::Lost, 1_200, 3, ForecastCategory::Commit, "mia", 0),
        ("2026-02-12", "talks", Outcome::Lost, 1_200, 3, ForecastCategory::Commit, "mia", 1),
    ] {
        let as_of_time = at(&format!("{as_of}T00:00:00Z"));
        let read_at = Some(ReadAt { as_of: Some(as_of_time), ..Default::default() });
        let request = GetOpportunityRequest { opportunity_id: id.into(), read_at };
        let answer = world.opportunities().get_opportunity(world.request(request)).await;
        let deal = answer.unwrap().into_inner().opportunity.unwrap();
        let key = |it: &Option<api::types::v1::Reference>| it.as_ref().unwrap().key.clone();
        assert_eq!(key(&deal.stage), stage, "{as_of}");
        assert_eq!(deal.outcome(), outcome, "{as_of}");
        assert_eq!(deal.amount, Some(usd(amount)), "{as_of}");
        assert_eq!(deal.close_date.unwrap().month, closes, "{as_of}");
        if outcome == Outcome::Open {
            assert_eq!(deal.category(), category, "{as_of}");
        }
        assert_eq!(key(&deal.owner), owner, "{as_of}");
        assert_eq!(deal.notes_count, notes, "{as_of}");
        assert!(deal.faults.is_empty(), "{as_of}: {:?}", deal.faults);
    }
    let before = ["opportunity", "get", id, "--as-of", "2026-01-01"];
    assert_eq!(world.cli_fails(&before).await.0, 3, "as of is strictly before");
}

async fn its_history_is_told(world: &World, id: &str) {
    let history = world.cli(&["history", "opportunity", id]).await;
    let entries = history["entries"].as_array().unwrap();
    let told: Vec<String> = entries.iter().map(line).collect();
    let expected = [
        "opened by cli",
        "stage_changed by cli: stage new -> talks",
        "close_date_changed by cli: close_date 2026-02-28 -> 2026-03-31",
        "category_overridden by proof (signed: they said yes on the phone)",
        "stage_changed by cli: stage talks -> offer",
        "won by proof (price)",
        "reopened by cli",
        "owner_changed by cli: owner ann -> mia",
        "lost by cli (budget: no money this year)",
        "noted by proof",
    ];
    assert_eq!(told, expected);
    let times = |name: &str| entries.iter().map(|it| it[name].clone()).collect::<Vec<Value>>();
    let texts = |name| times(name).iter().map(Value::to_string).collect::<Vec<_>>();
    assert!(texts("occurred_at").is_sorted() && texts("recorded_at").is_sorted());
    assert!(times("position").iter().map(count).is_sorted());
    let early = world.cli(&["history", "opportunity", id, "--as-of", "2026-01-06"]).await;
    assert_eq!(early["entries"].as_array().unwrap().len(), 2);
}

/// A fact in a line: what, by whom, one change of a single field, and why.
fn line(entry: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let fact = text(&entry["fact"]).replace("opportunity.", "").replace(".v1", "");
    let mut line = format!("{fact} by {}", text(&entry["actor"]));
    let changes = entry["changes"].as_array().unwrap();
    if let [change] = changes.as_slice()
        && entry["reason_code"].is_null()
        && !change["before"].is_null()
        && ["stage", "close_date", "owner"].contains(&change["field"].as_str().unwrap())
    {
        let (before, after) = (text(&change["before"]), text(&change["after"]));
        line.push_str(&format!(": {} {before} -> {after}", text(&change["field"])));
    }
    match (entry["reason_code"].as_str(), entry["reason"].as_str()) {
        (Some(code), Some(words)) => line.push_str(&format!(" ({code}: {words})")),
        (Some(code), None) => line.push_str(&format!(" ({code})")),
        _ => {}
    }
    line
}

async fn sums_are_told(world: &World) {
    for (as_of, stage, open, dollars) in [
        ("2026-01-01", "new", 0, 0),
        ("2026-01-02", "new", 1, 1_200),
        ("2026-01-16", "offer", 1, 1_200),
        ("2026-01-21", "offer", 0, 0),
        ("2026-02-03", "talks", 1, 1_200),
        ("2026-02-11", "talks", 0, 0),
    ] {
        let pipeline = world.cli(&["pipeline", "--as-of", as_of]).await;
        assert_eq!(count(&pipeline["open"]), open, "{as_of}");
        assert_eq!(count(&row(&pipeline, stage)["count"]), open, "{as_of}");
        if open > 0 {
            assert_eq!(minor(&pipeline["open_amount"]), dollars * 100, "{as_of}");
        }
    }
    for (as_of, won, lost) in
        [("2026-01-20", 0, 0), ("2026-01-21", 1, 0), ("2026-02-03", 0, 0), ("2026-02-11", 0, 1)]
    {
        let metrics = world.cli(&["metrics", "--as-of", as_of]).await;
        assert_eq!(count(&metrics["deals_won"]["value"]), won, "{as_of}");
        assert_eq!(count(&metrics["deals_lost"]["value"]), lost, "{as_of}");
    }
    let won = world.cli(&["metrics", "--as-of", "2026-01-21", "--by", "owner"]).await;
    let ann = row(&won, "ann");
    assert_eq!(minor(&ann["revenue_won"]["value"]), 110_000);
    assert_eq!(ann["cycle_days_won_mean"]["value"], 19.0);
    let lost = world.cli(&["metrics", "--by", "reason"]).await;
    assert_eq!(lost["rows"][0]["reason"], "budget");
}

async fn lists_are_told(world: &World, id: &str) {
    for (filter, is_in) in [
        ("--outcome open --as-of 2026-01-16", true),
        ("--stage offer --as-of 2026-01-16", true),
        ("--stage talks --as-of 2026-01-16", false),
        ("--outcome won --as-of 2026-01-21", true),
        ("--outcome won", false),
        ("--outcome lost --owner mia", true),
        ("--owner ann", false),
        ("--owner ann --as-of 2026-01-21", true),
        ("--product box --pipeline sales", true),
        ("--close-from 2026-03-01 --close-to 2026-04-01", true),
        ("--close-from 2026-03-01 --as-of 2026-01-02", false),
        ("--faults", false),
    ] {
        let words: Vec<&str> =
            ["opportunity", "list"].into_iter().chain(filter.split(' ')).collect();
        let listed = world.cli(&words).await;
        let ids: Vec<_> = listed["opportunities"].as_array().unwrap().iter().collect();
        assert_eq!(ids.iter().any(|deal| deal["id"] == id), is_in, "{filter}");
    }
}

/// Taking the loss back leaves the deal open; the winning before it cannot go while the reopening
/// hangs on it.
async fn a_void_takes_it_all_back(world: &World, id: &str) {
    let history = world.cli(&["history", "opportunity", id]).await;
    let command = |fact: &str| {
        let entries = history["entries"].as_array().unwrap();
        let entry = entries.iter().find(|entry| entry["fact"] == fact).unwrap();
        entry["command_id"].as_str().unwrap().to_owned()
    };
    let (won, lost) = (command("opportunity.won.v1"), command("opportunity.lost.v1"));
    let (code, why) = world.cli_fails(&["opportunity", "void", id, &won, "--reason", "oops"]).await;
    assert_eq!(code, 4, "{why}");
    assert!(why.contains("LATER_FACTS_DEPEND"), "{why}");
    run(world, &["void", id, &lost, "--reason", "oops"]).await;
    let deal = world.cli(&["opportunity", "get", id]).await;
    assert_eq!(deal["opportunity"]["outcome"], "open");
    assert_eq!(count(&world.cli(&["pipeline"]).await["open"]), 1);
    let history = world.cli(&["history", "opportunity", id]).await;
    let entries = history["entries"].as_array().unwrap();
    let voided = entries.iter().find(|entry| entry["command_id"] == *lost).unwrap();
    assert!(voided["voided_by"].as_u64().is_some(), "{voided}");
}
