//! A person can be forgotten: no file, no log and no answer has a trace of them afterwards, and
//! nothing that is counted, summed or proved has moved.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

use std::path::{Path, PathBuf};

use serde_json::Value;
use tests::World;

/// Who is to be forgotten. Nothing else on a machine is called so.
const NAME: &str = "Zebulon Quarrington";
const KEY: &str = "zq.quarrington-77";
/// What is said of a deal. It belongs to the deal and stays readable, yet no file has it.
const DEAL: &str = "Vexillum refit";
const NOTE: &str = "prefers marmalade on Tuesdays";
/// What is nobody's name and is stored as it is: the search has to find it.
const OFFICE: &str = "Kirkjubaejarklaustur";

/// All that no file may hold, ever.
const PERSONAL: [&str; 6] = [NAME, "Zebulon", "Quarrington", KEY, DEAL, NOTE];

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_forgotten_and_nothing_else() {
    let mut world = World::start().await;
    let deal = tell(&world).await;
    let person = world.cli(&["user", "get", KEY]).await["user"]["person_id"].clone();
    let person = person.as_str().unwrap().to_owned();
    let owner = world.cli(&["opportunity", "get", &deal]).await["opportunity"]["owner"].clone();
    assert_eq!((&owner["key"], &owner["name"]), (&KEY.into(), &NAME.into()));
    let user = owner["id"].as_str().unwrap().to_owned();

    let key = wrapped_key(&world, &person).await.expect("a key to seal under");
    world.stop().await;
    no_file_names_anybody(world.data(), &PERSONAL, (OFFICE, &["nats", "read-model"]));
    assert!(is_in_a_file(world.data(), &key), "the key would be found, were it there");
    world.resume().await;

    let before = Numbers::of(&world, &deal, &user).await;
    let erased = world.cli(&["person", "erase", &person, "--reason", "asked"]).await;
    assert_eq!(erased["changed"], true);
    nobody_is_named(&world, &deal, &user).await;
    assert_eq!(Numbers::of(&world, &deal, &user).await, before);
    it_stays_so(&world, &person).await;
    let digests = world.digests().await;
    assert_eq!(wrapped_key(&world, &person).await, None);

    world.stop().await;
    no_file_names_anybody(world.data(), &PERSONAL, (OFFICE, &["nats", "read-model"]));
    assert!(!is_in_a_file(world.data(), &key), "the person's key is still on disk");
    std::fs::remove_dir_all(world.read_model()).unwrap();
    world.resume().await;

    nobody_is_named(&world, &deal, &user).await;
    assert_eq!(Numbers::of(&world, &deal, &user).await, before);
    assert_eq!(world.digests().await, digests, "the rebuilt read model differs");
    let verified = world.cli(&["projection", "verify"]).await;
    assert!(verified["verdicts"].as_array().unwrap().len() >= 5, "{verified}");
    assert_eq!(verified["ok"], true, "{verified}");
    assert_eq!(world.cli(&["log", "verify"]).await["ok"], true);
}

/// Defines the person, gives them a deal of that name and a note, and moves it on.
async fn tell(world: &World) -> String {
    world.define_catalog().await;
    let define = ["user", "define", KEY, "--name", NAME, "--office", OFFICE];
    world.cli(&[define.as_slice(), &["--manager", "mia"]].concat()).await;
    // Somebody reports to them too: a name is shown in more than one place.
    let report = ["user", "define", "bo", "--name", "Bo", "--manager", KEY];
    world.cli(&report).await;
    let open = ["opportunity", "open", "--pipeline", "sales", "--owner", KEY, "--name", DEAL];
    let opened = world.cli(&[open.as_slice(), &["--amount", "900USD"]].concat()).await;
    let deal = opened["id"].as_str().unwrap().to_owned();
    world.cli(&["opportunity", "note", &deal, NOTE]).await;
    world.cli(&["opportunity", "owner", &deal, "ann"]).await;
    world.cli(&["opportunity", "owner", &deal, KEY]).await;
    let (won, _) = world.open("won", 100, "2026-01-01T00:00:00Z").await;
    world.cli(&["opportunity", "owner", &won, KEY, "--at", "2026-01-02"]).await;
    world.cli(&["opportunity", "win", &won, "--at", "2026-01-03"]).await;
    deal
}

/// What must not move: counts, amounts, positions of facts, and digests of all views of deals.
#[derive(Debug, PartialEq)]
struct Numbers {
    pipeline: (Value, Value),
    metrics: Vec<Value>,
    positions: Vec<(Value, Value)>,
    digests: Vec<(String, String)>,
}

impl Numbers {
    async fn of(world: &World, deal: &str, user: &str) -> Numbers {
        let pipeline = world.cli(&["pipeline", "--by", "owner"]).await;
        let rows = pipeline["rows"].as_array().unwrap();
        let of_user = rows.iter().find(|row| row["id"] == user).unwrap();
        let metrics = world.cli(&["metrics"]).await;
        let figures = ["deals_won", "revenue_won", "win_rate"];
        let mut positions = Vec::new();
        for (kind, id) in [("opportunity", deal), ("user", user)] {
            let history = world.cli(&["history", kind, id]).await;
            let entries = history["entries"].as_array().unwrap().iter();
            positions.extend(entries.map(|it| (it["position"].clone(), it["fact"].clone())));
        }
        // The erasure is a fact of its own: what is made of people and definitions gains it.
        let mut digests = world.digests().await;
        digests.retain(|(name, _)| !["catalog", "timelines"].contains(&name.as_str()));
        assert!(digests.len() >= 3, "{digests:?}");
        Numbers {
            pipeline: (of_user["count"].clone(), of_user["amount"].clone()),
            metrics: figures.iter().map(|name| metrics[name]["value"].clone()).collect(),
            positions,
            digests,
        }
    }
}

/// Every answer that would name the person, now and in the past, in every form.
async fn nobody_is_named(world: &World, deal: &str, user: &str) {
    for command in [
        vec!["opportunity", "get", deal],
        vec!["opportunity", "list", "--all"],
        vec!["opportunity", "list", "--owner", user],
        vec!["history", "opportunity", deal],
        vec!["history", "user", user],
        vec!["history", "user", "bo"],
        vec!["user", "get", user],
        vec!["user", "get", "bo"],
        vec!["user", "list"],
        vec!["pipeline", "--by", "owner"],
        vec!["pipeline", "--by", "manager"],
        vec!["metrics", "--by", "owner"],
        vec!["metrics", "--by", "manager"],
        vec!["log", "verify"],
        vec!["projection", "list"],
        vec!["doctor"],
    ] {
        for format in ["table", "json", "csv"] {
            let said = world.words(&[command.as_slice(), &["-o", format]].concat()).await;
            assert_eq!(said.code, 0, "{command:?}: {}", said.notes);
            for trace in [NAME, "Zebulon", "Quarrington", KEY] {
                assert!(!said.data.contains(trace), "{command:?} says {trace}: {}", said.data);
                assert!(!said.notes.contains(trace), "{command:?} notes {trace}");
            }
        }
    }
    let shown = world.cli(&["user", "get", user]).await;
    assert_eq!(shown["user"]["name_erased"], true, "{shown}");
    let shown = world.cli(&["opportunity", "get", deal]).await;
    let owner = &shown["opportunity"]["owner"];
    assert_eq!(
        (&owner["id"], &owner["key"], &owner["name"]),
        (&user.into(), &Value::Null, &Value::Null)
    );
    assert_eq!((&owner["known"], &owner["erased"]), (&true.into(), &true.into()), "{owner}");
    let table = world.words(&["user", "get", user]).await.data;
    assert!(table.contains("(erased)"), "{table}");
    // What belongs to the deal is still there.
    assert_eq!(shown["opportunity"]["name"], DEAL);
}

/// The same person is not defined again, neither by a command nor by a report; and to erase them
/// again changes nothing.
async fn it_stays_so(world: &World, person: &str) {
    let position = world.position().await;
    let again = ["user", "define", KEY, "--name", NAME];
    let (code, why) = world.cli_fails(&again).await;
    assert_eq!(code, 4, "{why}");
    assert!(why.contains("PERSON_ERASED"), "{why}");
    let erased = world.cli(&["person", "erase", person, "--reason", "asked"]).await;
    assert_eq!(erased["changed"], false);
    assert_eq!(world.position().await, position);
}

/// The key that a person's texts are sealed under, as the log's server keeps it.
pub async fn wrapped_key(world: &World, person: &str) -> Option<bytes::Bytes> {
    let options = event_log::Options::default();
    let stream = event_log::JetStream::connect(&world.nats().url, options).await.unwrap();
    let keys = stream.keys().await.unwrap();
    keys.get("default", person.parse().unwrap()).await.unwrap()
}

/// Whether any file has these bytes.
pub fn is_in_a_file(folder: &Path, bytes: &[u8]) -> bool {
    let holds = |file: PathBuf| {
        let content = std::fs::read(file).unwrap();
        content.windows(bytes.len()).any(|window| window == bytes)
    };
    files(folder).into_iter().any(holds)
}

/// Reads every file of a folder: none has a `personal` text, and the `plain` one, which is no secret,
/// is found in each of these parts of it.
pub fn no_file_names_anybody(folder: &Path, personal: &[&str], (plain, parts): (&str, &[&str])) {
    let files = files(folder);
    let holds = |file: &PathBuf, text: &str| {
        let bytes = std::fs::read(file).unwrap();
        bytes.windows(text.len()).any(|window| window == text.as_bytes())
    };
    for file in &files {
        for text in personal {
            assert!(!holds(file, text), "{} holds {text:?}", file.display());
        }
    }
    // The same search finds what is no secret.
    for part in parts {
        let mut part = files.iter().filter(|file| file.starts_with(folder.join(part)));
        assert!(part.any(|file| holds(file, plain)), "the search finds nothing");
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let (mut open, mut found) = (vec![folder.to_owned()], Vec::new());
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { open.push(path) } else { found.push(path) }
        }
    }
    found
}
