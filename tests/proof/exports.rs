//! Exports of Salesforce and HubSpot come in whole, with the histories of their deals, and stand on any
//! day as their rows say, in whatever order and however often the rows are read.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
};

use rand::{SeedableRng, rngs::StdRng, seq::SliceRandom};
use serde_json::Value;
use tests::{
    Options, World,
    data::{self, History},
    figures::{count, row},
};

/// The files of which every row has to be accounted for; in the others only values are looked up.
const SALESFORCE: [&str; 7] = [
    "sf_user_data.csv",
    "sf_account_data.csv",
    "sf_lead_data.csv",
    "sf_opportunity_data.csv",
    "sf_opportunity_history_data.csv",
    "sf_opportunity_line_item_data.csv",
    "sf_task_data.csv",
];
const HUBSPOT: [&str; 4] = [
    "hubspot_deal_data.csv",
    "hubspot_deal_pipeline_stage_data.csv",
    "hubspot_deal_stage_data.csv",
    "hubspot_deal_property_history_data.csv",
];

/// The exports, if this machine has them, to be read by one of the mappings.
fn export(mapping: &str) -> Option<History> {
    let history = data::history("crm_exports")?;
    Some(History { mapping: mapping_of(mapping), ..history })
}

/// A mapping that comes with the product.
pub fn mapping_of(name: &str) -> std::path::PathBuf {
    data::workspace().join("deploy/mappings").join(name).with_extension("toml")
}

type Rows = Vec<HashMap<String, String>>;

fn rows(folder: &Path, file: &str) -> Rows {
    let mut reader = csv::Reader::from_path(folder.join(file)).unwrap();
    reader.deserialize().map(Result::unwrap).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_row_of_an_export_is_accounted_for() {
    for (mapping, files) in [("salesforce", &SALESFORCE[..]), ("hubspot", &HUBSPOT[..])] {
        let Some(history) = export(mapping) else { return };
        let (world, lists) = (World::start().await, tempfile::tempdir().unwrap());
        let list = lists.path().join("rejects.csv");
        let import = history.import(&["--rejects", list.to_str().unwrap()]);
        let first = world.cli(&import).await;
        let read: usize = files.iter().map(|file| rows(&history.folder, file).len()).sum();
        let read = read as u64;
        assert_eq!(total(&first, "rows_read"), read, "{mapping}: {first}");
        let rejected = always_closed(&history, mapping);
        let said = std::fs::read_to_string(&list).unwrap();
        assert_eq!(total(&first, "rejected"), rejected, "{mapping}: {first} {said}");
        assert_eq!(said.matches("PIPELINE_INVALID").count() as u64, rejected, "{said}");
        let known = total(&first, "applied") + total(&first, "already_there");
        assert_eq!(known + rejected, read, "{mapping}: {first}");
        let position = world.position().await;
        let again = world.cli(&import).await;
        assert_eq!(total(&again, "already_there"), read - rejected, "{mapping}: {again}");
        assert_eq!(world.position().await, position, "{mapping}: something was recorded twice");
    }
}

/// The stages of pipelines in which no deal can be open. Those are no pipelines to us, and the one
/// thing of the exports that is rejected.
fn always_closed(history: &History, mapping: &str) -> u64 {
    if mapping != "hubspot" {
        return 0;
    }
    let stages = rows(&history.folder, "hubspot_deal_pipeline_stage_data.csv");
    let mut pipelines: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for stage in &stages {
        let (all, open) = pipelines.entry(&stage["pipeline_id"]).or_default();
        *all += 1;
        let is_open = stage["is_closed"] == "FALSE" && stage["closed_won"] == "FALSE";
        *open += u64::from(is_open);
    }
    pipelines.values().filter(|(_, open)| *open == 0).map(|(all, _)| all).sum()
}

fn total(answer: &Value, name: &str) -> u64 {
    count(&answer[name]) + count(&answer["catalog_rows"][name])
}

/// What an export does not define is said at once, and stands as a fault on the deals.
#[tokio::test(flavor = "multi_thread")]
async fn stages_that_nothing_defines_are_named() {
    let Some(history) = export("salesforce") else { return };
    let world = World::start().await;
    let answer = world.cli(&history.import(&[])).await;
    let said = answer["unknown"].as_array().unwrap().iter();
    let mut said: Vec<&str> =
        said.filter(|it| it["what"] == "stage").map(|it| it["key"].as_str().unwrap()).collect();
    let deals = rows(&history.folder, "sf_opportunity_history_data.csv");
    let mut stages: Vec<&str> = deals.iter().map(|row| &*row["stage_name"]).collect();
    stages.sort_unstable();
    stages.dedup();
    said.sort_unstable();
    assert_eq!(said, stages);
    let listed = world.cli(&["opportunity", "list", "--faults", "--all"]).await;
    assert_eq!(listed["opportunities"].as_array().unwrap().len(), deals.len());
}

/// How deals stand before an instant, by the rows of a Salesforce history that has one row for each.
#[derive(Debug, Default, PartialEq, Eq)]
struct Standing {
    open: BTreeMap<String, (u64, i64)>,
    won: u64,
    lost: u64,
}

fn standing(deals: &Rows, before: &str) -> Standing {
    let mut standing = Standing::default();
    for deal in deals {
        let (created, close) = (&*deal["created_date"], &*deal["close_date"]);
        let closed = deal["is_closed"] == "true" && created.max(close) < before;
        let deleted = deal["is_closed"] == "false"
            && deal["is_deleted"] == "true"
            && *deal["_fivetran_start"] < *before;
        if created >= before || deleted {
            continue;
        }
        match (closed, &*deal["is_won"]) {
            (true, "true") => standing.won += 1,
            (true, _) => standing.lost += 1,
            (false, _) => {
                let units: i64 = deal["amount"].parse().unwrap_or(0);
                let open = standing.open.entry(deal["stage_name"].clone()).or_default();
                *open = (open.0 + 1, open.1 + units * 100);
            }
        }
    }
    standing
}

#[tokio::test(flavor = "multi_thread")]
async fn a_salesforce_export_stands_as_its_rows_say_on_any_day() {
    let Some(history) = export("salesforce") else { return };
    let deals = rows(&history.folder, "sf_opportunity_history_data.csv");
    let world = World::start().await;
    world.cli(&history.import(&[])).await;
    let mut open = 0;
    for day in [
        "2018-10-31",
        "2018-11-01",
        "2018-11-15",
        "2018-12-11",
        "2018-12-14",
        "2018-12-18",
        "2018-12-19",
        "2018-12-20",
        "2019-04-04",
        "2019-10-18",
        "2020-01-01",
    ] {
        let expected = standing(&deals, day);
        let pipeline = world.cli(&["pipeline", "--as-of", day]).await;
        for (stage, (deals, amount)) in &expected.open {
            let found = row(&pipeline, stage);
            assert_eq!(
                (count(&found["count"]), found["amount"]["minor"].as_i64().unwrap_or(0)),
                (*deals, *amount),
                "{day} {stage}: {pipeline}"
            );
        }
        let deals: u64 = expected.open.values().map(|(deals, _)| deals).sum();
        assert_eq!(count(&pipeline["open"]), deals, "{day}: {pipeline}");
        open += deals;
        let metrics = world.cli(&["metrics", "--as-of", day]).await;
        let figure = |name: &str| count(&metrics[name]["value"]);
        let (won, lost) = (figure("deals_won"), figure("deals_lost"));
        assert_eq!((won, lost), (expected.won, expected.lost), "{day}");
    }
    assert!(open > 0, "on none of the days a deal was open");
}

#[tokio::test(flavor = "multi_thread")]
async fn hubspot_deals_are_open_and_owned_as_their_rows_say() {
    let Some(history) = export("hubspot") else { return };
    let (world, lists) = (World::start().await, tempfile::tempdir().unwrap());
    let list = lists.path().join("rejects.csv");
    world.cli(&history.import(&["--rejects", list.to_str().unwrap()])).await;
    let deals = rows(&history.folder, "hubspot_deal_data.csv");
    for before in ["2019-10-09", "2019-11-01", "2020-06-01"] {
        let mut owners: BTreeMap<&str, u64> = BTreeMap::new();
        for deal in deals.iter().filter(|deal| *deal["property_createdate"] < *before) {
            *owners.entry(&deal["owner_id"]).or_default() += 1;
        }
        let pipeline = world.cli(&["pipeline", "--as-of", before, "--by", "owner"]).await;
        assert_eq!(count(&pipeline["open"]), owners.values().sum::<u64>(), "{before}");
        for (owner, deals) in owners.iter().filter(|(owner, _)| !owner.is_empty()) {
            assert_eq!(count(&row(&pipeline, owner)["count"]), *deals, "{before} {owner}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn exports_in_any_order_and_twice_are_the_same() {
    for (mapping, files) in [("salesforce", &SALESFORCE[..]), ("hubspot", &HUBSPOT[..])] {
        let Some(history) = export(mapping) else { return };
        let in_order = World::start_with(Options::with_key_of('7')).await;
        let shuffled = World::start_with(Options::with_key_of('7')).await;
        define_source(&in_order, mapping).await;
        define_source(&shuffled, mapping).await;
        let lists = tempfile::tempdir().unwrap();
        let list = lists.path().join("rejects.csv");
        in_order.cli(&history.import(&["--rejects", list.to_str().unwrap()])).await;
        let folder = shuffled_and_doubled(&history.folder, files);
        let other = History { folder: folder.path().to_owned(), ..history };
        let list = folder.path().join("rejects.csv");
        let list = ["--rejects", list.to_str().unwrap()];
        break_off(&shuffled, &other, list).await;
        let trial = [&list[..], &["--shuffle", "11", "--repeat", "2"]].concat();
        let answer = shuffled.cli(&other.import(&trial)).await;
        assert_eq!(total(&answer, "rejected"), always_closed(&other, mapping), "{answer}");
        assert_eq!(in_order.digests().await, shuffled.digests().await, "{mapping}");
    }
}

/// A digest tells commands apart by their ids, and the import would give its definition of the source
/// a new one each time.
async fn define_source(world: &World, key: &str) {
    let id = ["--request-id", "01890000-0000-7000-8000-000000000001"];
    let define = ["catalog", "source", "define", key, "--name", key];
    world.cli(&[define.as_slice(), &id].concat()).await;
}

/// Begins to send and goes away as soon as some of it is recorded.
async fn break_off(world: &World, history: &History, list: [&str; 2]) {
    let before = world.position().await;
    let words = history.import(&[&list[..], &["--shuffle", "1"]].concat());
    let mut applied = world.runtime().applied();
    let some = applied.wait_for(|applied| applied.place.last > before + 3);
    // Exports are small: it may be over before it is broken off, and then is only repeated.
    tokio::select! {
        whole = world.cli(&words) => drop(whole),
        some = some => drop(some.unwrap()),
    }
}

/// The same export with every row twice, in another order; files that are only looked up in stay.
fn shuffled_and_doubled(from: &Path, files: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut dice = StdRng::seed_from_u64(7);
    for entry in std::fs::read_dir(from).unwrap() {
        let (path, name) = entry.map(|entry| (entry.path(), entry.file_name())).unwrap();
        let to = folder.path().join(&name);
        if !files.contains(&name.to_str().unwrap()) {
            std::fs::write(to, std::fs::read(path).unwrap()).unwrap();
            continue;
        }
        let mut reader = csv::Reader::from_path(path).unwrap();
        let header = reader.headers().unwrap().clone();
        let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        let mut rows = [rows.clone(), rows].concat();
        rows.shuffle(&mut dice);
        let mut writer = csv::Writer::from_path(to).unwrap();
        writer.write_record(&header).unwrap();
        rows.iter().for_each(|row| writer.write_record(row).unwrap());
        writer.flush().unwrap();
    }
    folder
}
