//! The house as it was drawn: who may know whom, and how every file looks.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::Command,
    sync::LazyLock,
};

use serde_json::Value;
use tests::data::workspace;

/// The longest that a file may become.
const LINES_MAX: usize = 500;

/// What `cargo metadata` says about the workspace and all that it stands on.
static METADATA: LazyLock<Value> = LazyLock::new(|| {
    let version = run_cargo(&["--version", "--verbose"]);
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap().to_owned();
    let words = ["metadata", "--format-version", "1", "--offline", "--locked", "--filter-platform"];
    serde_json::from_str(&run_cargo(&[words.as_slice(), &[&host]].concat())).unwrap()
});

fn run_cargo(words: &[&str]) -> String {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo).args(words).current_dir(workspace()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Crates of the workspace, in the order of their names.
fn members() -> Vec<&'static Value> {
    let ids = texts(&METADATA["workspace_members"]);
    let packages = METADATA["packages"].as_array().unwrap().iter();
    let mut members: Vec<_> =
        packages.filter(|package| ids.contains(&package["id"].as_str().unwrap())).collect();
    members.sort_by_key(|package| package["name"].as_str());
    members
}

fn texts(array: &'static Value) -> Vec<&'static str> {
    array.as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect()
}

/// The dependencies that a crate itself names, those of its tests and benches on request.
fn named(package: &'static Value, with_tests: bool) -> BTreeSet<&'static str> {
    let dependencies = package["dependencies"].as_array().unwrap().iter();
    dependencies
        .filter(|one| with_tests || one["kind"].as_str() != Some("dev"))
        .map(|one| one["name"].as_str().unwrap())
        .collect()
}

/// Whose code a program would run that depends on a crate: all that it stands on, tests aside.
fn stands_on(name: &str) -> BTreeSet<&'static str> {
    let packages = METADATA["packages"].as_array().unwrap();
    let names: BTreeMap<&str, &str> = packages
        .iter()
        .map(|package| (package["id"].as_str().unwrap(), package["name"].as_str().unwrap()))
        .collect();
    let nodes: BTreeMap<&str, &'static Value> = METADATA["resolve"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| (node["id"].as_str().unwrap(), node))
        .collect();
    let member = members().into_iter().find(|package| package["name"] == name).unwrap();
    let mut open = vec![member["id"].as_str().unwrap()];
    let mut seen = BTreeSet::new();
    while let Some(id) = open.pop() {
        for edge in nodes[id]["deps"].as_array().unwrap() {
            let runs = edge["dep_kinds"].as_array().unwrap().iter().any(|it| it["kind"].is_null());
            let id = edge["pkg"].as_str().unwrap();
            if runs && seen.insert(id) {
                open.push(id);
            }
        }
    }
    seen.into_iter().map(|id| names[id]).collect()
}

#[test]
fn crates_know_one_another_as_drawn() {
    let members = members();
    let names: BTreeSet<_> = members.iter().map(|it| it["name"].as_str().unwrap()).collect();
    let mut found = String::new();
    for package in &members {
        for known in named(package, false).intersection(&names) {
            found.push_str(&format!("{} -> {known}\n", package["name"].as_str().unwrap()));
        }
    }
    let drawn = workspace().join("tests/architecture/edges.txt");
    let drawn = std::fs::read_to_string(drawn).unwrap();
    assert_eq!(found, drawn, "an edge is new or gone: if it is meant, change edges.txt with it");
}

#[test]
fn services_do_not_know_one_another() {
    let members = members();
    let is_service =
        |package: &Value| package["manifest_path"].as_str().unwrap().contains("/services/");
    let services: BTreeSet<_> = members
        .iter()
        .filter(|package| is_service(package))
        .map(|package| package["name"].as_str().unwrap())
        .collect();
    assert!(services.len() > 5, "where are the services? {services:?}");
    for package in members.iter().filter(|package| is_service(package)) {
        let name = package["name"].as_str().unwrap();
        let known: Vec<_> = named(package, true).intersection(&services).copied().collect();
        assert!(name == "revops" || known.is_empty(), "{name} knows {known:?}");
    }
}

#[test]
fn the_domain_stands_on_nothing_that_waits_or_stores() {
    let below = stands_on("domain");
    assert!(below.contains("serde"), "the walk finds nothing: {below:?}");
    for stranger in ["tokio", "tonic", "prost", "sled", "async-nats", "chrono"] {
        assert!(!below.contains(stranger), "domain stands on {stranger}");
    }
    let api = stands_on("api");
    let own = |it: &&&str| ["domain", "event-log", "read-model", "runtime"].contains(*it);
    assert_eq!(api.iter().find(own), None);
}

#[test]
fn the_log_and_the_store_each_have_one_crate_that_names_them() {
    for (dependency, owner) in [("async-nats", "event-log"), ("sled", "read-model")] {
        for package in members() {
            let name = package["name"].as_str().unwrap();
            let names_it = named(package, false).contains(dependency);
            assert_eq!(names_it, name == owner, "{name} and {dependency}");
        }
    }
}

#[test]
fn every_crate_is_held_to_the_same_lints() {
    for package in members() {
        let manifest = package["manifest_path"].as_str().unwrap();
        let text = std::fs::read_to_string(manifest).unwrap();
        let lints = text.split("[lints]").nth(1).map(str::trim_start);
        assert!(
            lints.is_some_and(|rest| rest.starts_with("workspace = true")),
            "{manifest} is to say `[lints] workspace = true`"
        );
    }
}

/// Every Rust file of the workspace; what was built or fetched is nobody's work here.
fn sources() -> Vec<PathBuf> {
    let (mut open, mut found) = (vec![workspace()], Vec::new());
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if path.is_dir() && !name.starts_with('.') && name != "target" {
                open.push(path);
            } else if path.extension().is_some_and(|it| it == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

#[test]
fn every_file_says_what_it_is_and_stays_short() {
    let sources = sources();
    assert!(sources.iter().any(|file| file.ends_with("proof/architecture.rs")));
    // Not written out, so that this file does not hold it.
    let unfinished = concat!("to", "do!");
    let mut faults = Vec::new();
    for file in &sources {
        let text = std::fs::read_to_string(file).unwrap();
        let shown = file.strip_prefix(workspace()).unwrap().display();
        if !text.starts_with("//! ") {
            faults.push(format!("{shown} does not begin with what it is"));
        }
        if text.lines().count() > LINES_MAX {
            faults.push(format!("{shown} has {} lines", text.lines().count()));
        }
        if text.contains(unfinished) {
            faults.push(format!("{shown} is not finished"));
        }
        if says_nothing(file) {
            faults.push(format!("{shown} has a name that says nothing"));
        }
    }
    assert_eq!(faults, Vec::<String>::new());
}

fn says_nothing(file: &Path) -> bool {
    let stem = file.file_stem().unwrap().to_str().unwrap();
    let folder = file.parent().unwrap().file_name().unwrap().to_str().unwrap();
    let words = ["utils", "util", "common", "helpers", "helper", "misc"];
    words.iter().any(|word| *word == stem || *word == folder)
}
