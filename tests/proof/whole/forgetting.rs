//! The person asks to be forgotten. Afterwards no answer, no history and no byte on disk tells of them,
//! and nothing that is counted, summed or proved has moved.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

use serde_json::Value;
use tests::World;

use super::{
    by_python,
    lead::{CAMPAIGN, EMAIL, NAME, PHONE},
    story::Met,
    subject::{ERASED, QUARTER},
    telling::{Reading, all_are_told},
    undoing::views,
};
use crate::{
    apart::Apart,
    erasure::{is_in_a_file, no_file_names_anybody, wrapped_key},
    forecast::asking::Call,
};

/// All that is theirs, in every way in which it was written.
const TRACES: [&str; 8] =
    [NAME, "Thessaly", "Marrowbank", EMAIL, "T.MARROWBANK", "t.marrowbank", PHONE, "493077704321"];

/// Forgets the person and looks for them everywhere, also when all has been built anew.
pub fn the_person_is_forgotten<'a>(
    world: &'a mut World,
    met: &'a Met,
    readings: &'a [Reading],
) -> Call<'a, ()> {
    Box::pin(async move {
        let people = people(world, met).await;
        let mut keys = Vec::new();
        for person in &people {
            keys.push(wrapped_key(world, person).await.expect("a key to seal under"));
        }
        the_search_would_find_them(world, readings).await;
        stopped_no_file_tells(world).await;
        assert!(keys.iter().all(|key| is_in_a_file(world.data(), key)), "there until it is erased");
        world.resume().await;

        let before = they_are_erased(world, met, readings, &people).await;
        let digests = world.digests().await;

        stopped_no_file_tells(world).await;
        assert!(!keys.iter().any(|key| is_in_a_file(world.data(), key)), "a key is still on disk");
        std::fs::remove_dir_all(world.read_model()).unwrap();
        world.resume().await;
        nobody_tells(world, met, readings).await;
        assert_eq!(Numbers::of(world, met).await, before, "rebuilding moved a number");
        assert_eq!(world.digests().await, digests, "the rebuilt read model differs");
        assert_eq!(world.cli(&["projection", "verify"]).await["ok"], true);
        assert_eq!(world.cli(&["log", "verify"]).await["ok"], true);
    })
}

/// The same where every service runs in processes of its own, each with files of its own.
pub async fn every_process_forgets(apart: &mut Apart, met: &Met, readings: &[Reading]) {
    let people = people(&apart.world, met).await;
    let before = they_are_erased(&apart.world, met, readings, &people).await;
    for person in &people {
        assert_eq!(wrapped_key(&apart.world, person).await, None, "{person} still has a key");
    }
    for folder in apart.stop_replicas() {
        no_file_names_anybody(&folder, &TRACES, (CAMPAIGN, &["read-model"]));
        std::fs::remove_dir_all(folder.join("read-model")).unwrap();
    }
    apart.start_replicas().await;
    nobody_tells(&apart.world, met, readings).await;
    assert_eq!(Numbers::of(&apart.world, met).await, before, "rebuilding moved a number");
}

/// Erases them; gives the numbers, which that does not move.
async fn they_are_erased(
    world: &World,
    met: &Met,
    readings: &[Reading],
    people: &[String],
) -> Numbers {
    let before = Numbers::of(world, met).await;
    for person in people {
        let erased = world.cli(&["person", "erase", person, "--reason", "asked"]).await;
        assert_eq!(erased["changed"], true);
    }
    nobody_tells(world, met, readings).await;
    assert_eq!(Numbers::of(world, met).await, before, "erasing moved a number");
    before
}

/// Each lead was captured as somebody of its own; the contact is who the first one was.
async fn people(world: &World, met: &Met) -> [String; 2] {
    let person = |lead: Value| lead["lead"]["person_id"].as_str().unwrap().to_owned();
    let first = person(world.cli(&["lead", "get", &met.first]).await);
    let second = person(world.cli(&["lead", "get", &met.second]).await);
    let contact = world.cli(&["contact", "get", &met.contact]).await;
    assert_eq!(contact["contact"]["person_id"], first.as_str());
    assert_ne!(first, second);
    [first, second]
}

/// Stops the world and reads all of its files: logs of the servers too.
async fn stopped_no_file_tells(world: &mut World) {
    world.stop().await;
    no_file_names_anybody(world.data(), &TRACES, (CAMPAIGN, &["nats", "read-model"]));
}

/// The command lines that would name them, of now, of an instant in the past and as known before.
fn lines(met: &Met) -> Vec<String> {
    let Met { first, second, account, contact, deal, meetings: [zoom, outreach], contract, known } =
        met;
    let mut lines = vec![
        format!("lead get {first}"),
        format!("lead get {second}"),
        "lead list --all".into(),
        format!("account get {account}"),
        format!("contact get {contact}"),
        "contact list".into(),
        format!("opportunity get {deal}"),
        "opportunity list --all".into(),
        format!("activity get {zoom}"),
        format!("activity get {outreach}"),
        "activity list".into(),
        format!("contract get {contract}"),
    ];
    for (kind, id) in things(met) {
        lines.push(format!("history {kind} {id}"));
    }
    let now = lines.clone();
    lines.extend(now.iter().map(|line| format!("{line} --as-of 2026-04-01")));
    let then = format!("--as-of 2026-04-01 --known-at {known}");
    lines.extend(now.iter().map(|line| format!("{line} {then}")));
    lines.extend(["lead duplicates --dry-run".into(), "projection list".into(), "doctor".into()]);
    lines
}

/// Everything that has a history.
fn things(met: &Met) -> Vec<(&'static str, &String)> {
    let [zoom, outreach] = &met.meetings;
    vec![
        ("lead", &met.first),
        ("lead", &met.second),
        ("account", &met.account),
        ("contact", &met.contact),
        ("opportunity", &met.deal),
        ("activity", zoom),
        ("activity", outreach),
        ("contract", &met.contract),
    ]
}

/// A search that finds nothing says something only where it would find something.
async fn the_search_would_find_them(world: &World, readings: &[Reading]) {
    let said = world.words(&["lead", "list", "--all", "-o", "json"]).await;
    assert!(said.data.contains(NAME) && said.data.contains(EMAIL), "{}", said.data);
    if let Some(answers) = by_python::answers(world, readings).await {
        let told = Value::from(answers).to_string();
        assert!(told.contains(NAME) && told.contains(EMAIL), "Python read no name");
    }
}

/// No door tells anything of them, of any past; all else is told as it ever was.
async fn nobody_tells(world: &World, met: &Met, readings: &[Reading]) {
    for line in lines(met) {
        for format in ["table", "json", "csv"] {
            let words: Vec<&str> = line.split(' ').chain(["-o", format]).collect();
            let said = world.words(&words).await;
            assert_eq!(said.code, 0, "{line}: {}", said.notes);
            for trace in TRACES {
                assert!(!said.data.contains(trace), "{line} says {trace}: {}", said.data);
                assert!(!said.notes.contains(trace), "{line} notes {trace}: {}", said.notes);
            }
        }
    }
    all_are_told(world, readings, |told| told.replace(NAME, ERASED)).await;
    if let Some(answers) = by_python::answers(world, readings).await {
        let told = Value::from(answers).to_string();
        for trace in TRACES {
            assert!(!told.contains(trace), "Python reads {trace}");
        }
    }
}

/// What must not move: counts, amounts, positions of facts, and the digests of the views.
#[derive(Debug, PartialEq)]
struct Numbers {
    figures: Vec<(&'static str, Value)>,
    positions: Vec<(Value, Value)>,
    digests: Vec<(String, String)>,
}

impl Numbers {
    async fn of(world: &World, met: &Met) -> Numbers {
        let mut figures = Vec::new();
        for line in [
            "pipeline",
            "pipeline --by owner --as-of 2026-02-01",
            "metrics",
            "lead conversion",
            "lead conversion --by campaign",
            "activity count --from 2026-01-01 --to 2027-01-01",
            "forecast show --currency USD --period",
            "contract list --day 2026-12-31",
            "quota list",
        ] {
            let period = line.ends_with("--period").then_some(QUARTER);
            let mut answer = world.cli(&line.split(' ').chain(period).collect::<Vec<_>>()).await;
            // Where the log stands now, and what now is: the erasures are commits like all others.
            for now in ["revision", "as_of", "known_at", "lag"] {
                answer.as_object_mut().unwrap().remove(now);
            }
            figures.push((line, answer));
        }
        let mut positions = Vec::new();
        for (kind, id) in things(met) {
            let history = world.cli(&["history", kind, id]).await;
            let entries = history["entries"].as_array().unwrap().iter();
            positions.extend(entries.map(|it| (it["position"].clone(), it["fact"].clone())));
        }
        assert!(positions.len() > 15, "{positions:?}");
        Numbers { figures, positions, digests: views(world).await }
    }
}
