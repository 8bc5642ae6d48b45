//! A lead's whole life through both doors: found twice, merged, converted, and all of it taken back,
//! each told as of before and after and as known before and after; then its person is forgotten.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

use api::leads::v1::{CaptureLeadRequest, CaptureLeadsRequest, capture_lead_answer};
use serde_json::Value;
use tests::{World, figures::count, hands::at};

const NAME: &str = "Zephyrine Quillfeather";
const EMAIL: &str = "Zephyrine@Quillworks.example";
const PHONE: &str = "+49 30 5550 1234";
const NOTE: &str = "prefers quills on Thursdays";

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_lives_through_everything_and_is_told_at_any_instant() {
    a_leads_life(&World::start().await).await;
}

pub async fn a_leads_life(world: &World) {
    world.define_catalog().await;
    let (first, second) = found_twice(world).await;
    let apart = views(world).await;
    let merged = run(world, &["merge", &second, &first, "--at", "2026-01-06"]).await;
    let together = views(world).await;
    worked(world, &first).await;
    let qualified = views(world).await;
    let converted = converted(world, &first).await;
    its_states_are_told(world, &first, &second).await;
    conversion_is_told(world).await;
    its_history_is_told(world, &first).await;
    nothing_hangs_in_the_air(world, &first, &converted).await;
    let undone = run(world, &["unconvert", &first, "--reason", "too_early"]).await;
    assert_eq!(views(world).await, qualified, "un-converting leaves a trace in a view");
    known_before_and_after(world, &first, &undone, ("converted", "qualified")).await;
    let words = ["lead", "unconvert", &first, "--reason", "too_early"];
    let (_, why) = world.cli_fails(&words).await;
    assert!(why.contains("NOT_CONVERTED"), "{why}");
    steps_are_taken_back(world, &first).await;
    assert_eq!(views(world).await, together);
    let unmerged = run(world, &["unmerge", &second, "--reason", "namesake"]).await;
    assert_eq!(views(world).await, apart, "un-merging leaves a trace in a view");
    known_before_and_after(world, &second, &unmerged, ("merged", "new")).await;
    assert_eq!(unmerged["lead"]["merged_into"], Value::Null);
    assert_ne!(merged["command_id"], unmerged["command_id"]);
    the_person_is_forgotten(world, &first, &second).await;
}

async fn run(world: &World, words: &[&str]) -> Value {
    let done = world.cli(&[&["lead"], words].concat()).await;
    assert_eq!(done["changed"], true, "{words:?}: {done}");
    done
}

async fn lead(world: &World, id: &str, when: &[&str]) -> Value {
    world.cli(&[&["lead", "get", id], when].concat()).await["lead"].clone()
}

/// The digests of all views: what is made of everything that was ever said is left out.
async fn views(world: &World) -> Vec<(String, String)> {
    let mut digests = world.digests().await;
    digests.retain(|(name, _)| !["catalog", "people", "timelines"].contains(&name.as_str()));
    assert!(digests.iter().any(|(name, _)| name == "leads"), "{digests:?}");
    digests
}

/// A campaign brings somebody, and a form brings them again.
async fn found_twice(world: &World) -> (String, String) {
    let who = ["capture", "--name", NAME, "--email", EMAIL, "--phone", PHONE];
    let from = ["--company", "Quillworks", "--campaign", "spring", "--channel", "landing_page"];
    let first = run(world, &[&who[..], &from, &["--at", "2026-01-01"]].concat()).await;
    let first = first["id"].as_str().unwrap().to_owned();
    let again = CaptureLeadRequest {
        occurred_at: Some(at("2026-01-05T00:00:00Z")),
        email: EMAIL.to_lowercase(),
        phone: "0049 (0)30 55501234".into(),
        channel: "form".into(),
        ..Default::default()
    };
    let answer = world.leads().capture_lead(world.request(again)).await.unwrap().into_inner();
    let found: Vec<_> = answer
        .duplicates
        .iter()
        .map(|it| (it.lead_id.as_str(), it.matched_on().as_str_name()))
        .collect();
    assert_eq!(found, [(first.as_str(), "LEAD_MATCH_EMAIL")]);
    let second = answer.lead_id;
    let shown = lead(world, &second, &[]).await;
    assert_eq!(shown["duplicates"][0]["lead_id"], first.as_str());
    assert_eq!(shown["duplicates"][0]["matched_on"], "email");
    // The one that was there first is not told: the later one knows.
    assert_eq!(lead(world, &first, &[]).await["duplicates"], Value::Array(vec![]));
    let scan = world.cli(&["lead", "duplicates"]).await;
    assert_eq!((&scan["pairs"], count(&scan["looked_at"])), (&Value::Array(vec![]), 2));
    (first, second)
}

async fn worked(world: &World, id: &str) {
    run(world, &["assign", id, "ann", "--at", "2026-01-07"]).await;
    run(world, &["work", id, "--at", "2026-01-08"]).await;
    run(world, &["hand-over", id, "--at", "2026-01-09"]).await;
    let reject = ["reject", id, "--reason", "no_budget", "--comment", "ask again"];
    run(world, &[&reject[..], &["--at", "2026-01-10"]].concat()).await;
    run(world, &["hand-over", id, "--at", "2026-01-11"]).await;
    run(world, &["accept", id, "--at", "2026-01-12"]).await;
    run(world, &["qualify", id, "--at", "2026-01-13"]).await;
    run(world, &["consent", id, "newsletter", "--at", "2026-01-13"]).await;
    run(world, &["note", id, NOTE, "--at", "2026-01-13"]).await;
}

async fn converted(world: &World, id: &str) -> Value {
    let convert = ["convert", id, "--pipeline", "sales", "--amount", "1200USD"];
    let done = run(world, &[&convert[..], &["--at", "2026-01-14"]].concat()).await;
    let conversion = done["lead"]["conversion"].clone();
    let deal = conversion["opportunity_id"].as_str().unwrap();
    let deal = world.cli(&["opportunity", "get", deal]).await["opportunity"].clone();
    assert_eq!((&deal["stage"]["key"], &deal["owner"]["key"]), (&"new".into(), &"ann".into()));
    let pipeline = world.cli(&["pipeline"]).await;
    assert_eq!(count(&pipeline["open"]), 1);
    conversion
}

/// As of each day: where the first stands, and where the second.
async fn its_states_are_told(world: &World, first: &str, second: &str) {
    for (as_of, one, other) in [
        ("2026-01-02", "new", ""),
        ("2026-01-06", "new", "new"),
        ("2026-01-07", "new", "merged"),
        ("2026-01-08", "assigned", "merged"),
        ("2026-01-09", "working", "merged"),
        ("2026-01-10", "handed_over", "merged"),
        ("2026-01-11", "working", "merged"),
        ("2026-01-12", "handed_over", "merged"),
        ("2026-01-13", "accepted", "merged"),
        ("2026-01-14", "qualified", "merged"),
        ("2026-01-15", "converted", "merged"),
    ] {
        let when = ["--as-of", as_of];
        assert_eq!(lead(world, first, &when).await["status"], one, "{as_of}");
        if other.is_empty() {
            let words = ["lead", "get", second, "--as-of", as_of];
            assert_eq!(world.cli_fails(&words).await.0, 3, "{as_of}");
        } else {
            assert_eq!(lead(world, second, &when).await["status"], other, "{as_of}");
        }
        let listed = world.cli(&["lead", "list", "--status", one, "--as-of", as_of]).await;
        let listed = listed["leads"].as_array().unwrap();
        assert!(listed.iter().any(|it| it["id"] == first), "{as_of}: {listed:?}");
    }
    let shown = lead(world, first, &[]).await;
    assert_eq!((&shown["name"], &shown["email"]), (&NAME.into(), &EMAIL.into()));
    assert_eq!(shown["absorbed"], Value::Array(vec![second.into()]));
    assert_eq!(shown["consents"][0]["purpose"], "newsletter");
    assert_eq!(count(&shown["notes_count"]), 1);
    assert_eq!(shown["rejected_at"], Value::Null, "the last offer was accepted");
}

async fn conversion_is_told(world: &World) {
    for (as_of, numerator, denominator, merged) in [
        ("2026-01-02", 0, 1, 0),
        ("2026-01-06", 0, 2, 0),
        ("2026-01-14", 0, 1, 1),
        ("2026-01-15", 1, 1, 1),
    ] {
        let told = world.cli(&["lead", "conversion", "--as-of", as_of]).await["total"].clone();
        let rate = &told["with_opportunity"];
        let figures = (count(&rate["numerator"]), count(&rate["denominator"]));
        assert_eq!(figures, (numerator, denominator), "{as_of}");
        assert_eq!(told["excluded"]["MERGED"].as_u64().unwrap_or(0), merged, "{as_of}");
    }
    let by_owner = world.cli(&["lead", "conversion", "--by", "owner"]).await;
    assert_eq!(by_owner["rows"][1]["key"], "ann", "{by_owner}");
    assert_eq!(by_owner["rows"][1]["with_opportunity"]["value"], 1.0);
}

async fn its_history_is_told(world: &World, id: &str) {
    let history = world.cli(&["history", "lead", id]).await;
    let entries = history["entries"].as_array().unwrap();
    let facts: Vec<&str> = entries
        .iter()
        .map(|it| it["fact"].as_str().unwrap())
        .map(|it| it.strip_prefix("lead.").unwrap().strip_suffix(".v1").unwrap())
        .collect();
    let expected = [
        "captured",
        "absorbed",
        "assigned",
        "worked",
        "handed_over",
        "rejected",
        "handed_over",
        "accepted",
        "qualified",
        "consent_changed",
        "noted",
        "converted",
    ];
    let (mut told, mut wanted) = (facts.clone(), expected.to_vec());
    // Facts of one instant stand in the order of their commands' ids.
    told.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(told, wanted, "{facts:?}");
    let rejected = entries.iter().find(|it| it["fact"] == "lead.rejected.v1").unwrap();
    assert_eq!(
        (&rejected["reason_code"], &rejected["reason"]),
        (&"no_budget".into(), &"ask again".into())
    );
    let text = history.to_string();
    assert!(text.contains(NOTE) && text.contains(EMAIL), "{text}");
}

/// What was made is not taken back while something refers to it, whichever side that is on.
async fn nothing_hangs_in_the_air(world: &World, first: &str, conversion: &Value) {
    let id = |field: &str| conversion[field].as_str().unwrap().to_owned();
    let (account, deal) = (id("account_id"), id("opportunity_id"));
    let refused = async |lead: &str| {
        let position = world.position().await;
        let words = ["lead", "unconvert", lead, "--reason", "too_early"];
        let (code, why) = world.cli_fails(&words).await;
        assert!(code == 4 && why.contains("LATER_FACTS_DEPEND"), "{why}");
        assert_eq!(world.position().await, position);
    };
    let noted = world.cli(&["opportunity", "note", &deal, "called"]).await;
    refused(first).await;
    let command = noted["command_id"].as_str().unwrap();
    world.cli(&["opportunity", "void", &deal, command, "--reason", "mistake"]).await;
    let other = run(world, &["capture", "--channel", "fair", "--at", "2026-01-10"]).await;
    let other = other["id"].as_str().unwrap();
    let convert = ["convert", other, "--account", &account, "--at", "2026-01-15"];
    let done = run(world, &convert).await;
    assert_eq!(done["lead"]["conversion"]["opportunity_id"], Value::Null);
    refused(first).await;
    // Half of it is not taken back either.
    let command = done["command_id"].as_str().unwrap();
    let words = ["lead", "void", other, command, "--reason", "mistake"];
    let (_, why) = world.cli_fails(&words).await;
    assert!(why.contains("TOUCHED_OTHERS"), "{why}");
    run(world, &["unconvert", other, "--reason", "mistake"]).await;
    let captured = world.cli(&["history", "lead", other]).await["entries"][0].clone();
    let command = captured["command_id"].as_str().unwrap();
    run(world, &["void", other, command, "--reason", "mistake"]).await;
    assert_eq!(world.cli_fails(&["lead", "get", other]).await.0, 3);
}

/// Now it is as it was before; known at the position before, it is as it was then.
async fn known_before_and_after(world: &World, id: &str, undone: &Value, told: (&str, &str)) {
    let position = count(&undone["revision"]);
    let before = (position - 1).to_string();
    assert_eq!(lead(world, id, &["--known-at", &before]).await["status"], told.0);
    assert_eq!(lead(world, id, &["--known-at", &position.to_string()]).await["status"], told.1);
    assert_eq!(lead(world, id, &[]).await["status"], told.1);
}

/// Takes the steps of a lead back from the last to the first, one by one.
async fn steps_are_taken_back(world: &World, id: &str) {
    let history = world.cli(&["history", "lead", id]).await;
    let steps = history["entries"].as_array().unwrap().iter().rev();
    let undone = ["lead.captured.v1", "lead.absorbed.v1", "lead.converted.v1", "lead.voided.v1"];
    let mut tried = 0;
    for step in steps.filter(|it| !undone.contains(&it["fact"].as_str().unwrap())) {
        let command = step["command_id"].as_str().unwrap();
        run(world, &["void", id, command, "--reason", "mistake"]).await;
        tried += 1;
    }
    assert_eq!(tried, 9);
}

/// No answer names them, now or in any past; what is counted has not moved.
async fn the_person_is_forgotten(world: &World, first: &str, second: &str) {
    for id in [first, second] {
        let person = lead(world, id, &[]).await["person_id"].as_str().unwrap().to_owned();
        let before = world.cli(&["lead", "conversion"]).await["total"].clone();
        let erased = world.cli(&["person", "erase", &person, "--reason", "asked"]).await;
        assert_eq!(erased["changed"], true);
        assert_eq!(world.cli(&["lead", "conversion"]).await["total"], before);
        assert_eq!(lead(world, id, &[]).await["erased"], true);
        let note = ["lead", "note", id, "here again"];
        let (_, why) = world.cli_fails(&note).await;
        assert!(why.contains("PERSON_ERASED"), "{why}");
    }
    let (_, why) = world.cli_fails(&["person", "erase", first]).await;
    assert!(why.contains("PERSON_NOT_FOUND"), "{why}");
    for command in [
        vec!["lead", "get", first],
        vec!["lead", "get", second],
        vec!["lead", "get", first, "--as-of", "2026-01-15"],
        vec!["lead", "list", "--all"],
        vec!["lead", "duplicates"],
        vec!["history", "lead", first],
        vec!["history", "lead", second],
    ] {
        for format in ["table", "json", "csv"] {
            let said = world.words(&[command.as_slice(), &["-o", format]].concat()).await;
            assert_eq!(said.code, 0, "{command:?}: {}", said.notes);
            for trace in [NAME, EMAIL, PHONE, NOTE, "zephyrine", "ask again", "55501234"] {
                assert!(!said.data.contains(trace), "{command:?} says {trace}: {}", said.data);
                assert!(!said.notes.contains(trace), "{command:?} notes {trace}");
            }
        }
    }
    // Somebody of the same address is nobody's duplicate any more.
    let again = ["capture", "--email", EMAIL, "--channel", "form"];
    assert_eq!(run(world, &again).await["lead"]["duplicates"], Value::Array(vec![]));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_leads_at_once_find_each_other_and_a_scan_finds_the_rest() {
    let mut world = World::start().await;
    let one = |email: &str, phone: &str| CaptureLeadRequest {
        email: email.into(),
        phone: phone.into(),
        ..Default::default()
    };
    let mut leads = vec![
        one("ann@harbour.example", ""),
        one("ANN@harbour.example", ""),
        one("", "+1 555 010 0100"),
        one("", "+15550100100"),
        one("bo@gmail.com", ""),
        one("cy@gmail.com", ""),
    ];
    leads[4].owner = "nobody".into();
    let request = CaptureLeadsRequest { leads };
    let answer = world.leads().capture_leads(world.request(request)).await.unwrap().into_inner();
    let mut pairs = Vec::new();
    for (index, answer) in answer.answers.into_iter().enumerate() {
        match answer.result.unwrap() {
            capture_lead_answer::Result::Captured(it) => {
                pairs.extend(it.duplicates.iter().map(|found| found.matched_on().as_str_name()));
            }
            capture_lead_answer::Result::Refused(why) => {
                assert_eq!((index, why.field.as_str()), (4, "leads[4].owner"));
                assert_eq!(why.reason, "USER_UNKNOWN");
            }
        }
    }
    pairs.sort_unstable();
    assert_eq!(pairs, ["LEAD_MATCH_EMAIL", "LEAD_MATCH_PHONE"]);
    // Nothing is lost with the process: what leads are compared by is opened again.
    world.restart().await;
    let again = run(&world, &["capture", "--email", "ann@harbour.example"]).await;
    assert_eq!(again["lead"]["duplicates"].as_array().unwrap().len(), 2, "{again}");
    a_scan_finds_what_reports_brought(&world).await;
}

/// A report is recorded as it is; only the scan looks for others like it.
async fn a_scan_finds_what_reports_brought(world: &World) {
    let folder = tempfile::tempdir().unwrap();
    let mapping = folder.path().join("forms.toml");
    let text = "[source]\nkey = \"forms\"\nname = \"Forms\"\n\
                [table.t]\nfile = \"t.csv\"\nkey = \"id\"\nat = { value = \"2026-01-01\" }\n\
                [[rule]]\nname = \"captured\"\ntable = \"t\"\nfact = \"lead_captured\"\n\
                fields = { email = \"email\", name = \"name\" }\n\
                [[rule]]\nname = \"done\"\ntable = \"t\"\nfact = \"lead_disqualified\"\n\
                when = { done = \"yes\" }\nstep = 1\nfields = { reason_code = { value = \"junk\" } }\n";
    std::fs::write(&mapping, text).unwrap();
    let rows = "id,email,name,done\n1,di@pier.example,Di,no\n2,DI@pier.example,Di,yes\n";
    std::fs::write(folder.path().join("t.csv"), rows).unwrap();
    let (mapping, from) = (mapping.to_str().unwrap(), folder.path().to_str().unwrap());
    let words = ["import", "--mapping", mapping, "--from", from];
    assert_eq!(count(&world.cli(&words).await["applied"]), 2);
    let position = world.position().await;
    let found = world.cli(&["lead", "duplicates", "--dry-run"]).await;
    assert_eq!(found["pairs"].as_array().unwrap().len(), 1, "{found}");
    assert_eq!(world.position().await, position, "a dry run recorded something");
    let recorded = world.cli(&["lead", "duplicates"]).await;
    assert_eq!(recorded["pairs"], found["pairs"]);
    let (later, of) = (&found["pairs"][0]["lead_id"], &found["pairs"][0]["of"]);
    let shown = lead(world, later.as_str().unwrap(), &[]).await;
    assert_eq!(&shown["duplicates"][0]["lead_id"], of);
    let nothing = world.cli(&["lead", "duplicates"]).await;
    assert_eq!(nothing["pairs"], Value::Array(vec![]));
    let dismiss = ["dismiss", later.as_str().unwrap(), of.as_str().unwrap()];
    run(world, &dismiss).await;
    let nothing = world.cli(&["lead", "duplicates"]).await;
    assert_eq!(nothing["pairs"], Value::Array(vec![]), "a dismissed pair came back");
    let told = world.cli(&["lead", "conversion"]).await["total"].clone();
    assert_eq!(told["excluded"]["JUNK"], 1, "{told}");
}
