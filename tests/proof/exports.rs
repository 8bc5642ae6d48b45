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
    figures::{count, minor, row},
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

fn mapping_of(name: &str) -> std::path::PathBuf {
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

/// A history that was made up: a deal that moves, is pushed, changes hands, is won and corrected; one
/// that is lost and taken up again; one in a stage that nobody defines, deleted; and one without history.
const STORY: [(&str, &str); 4] = [
    (
        "sf_user_data.csv",
        "id,name,manager_id,city,user_role_id,is_active\n\
        u1,Ann Lake,u2,Oslo,r1,true\nu2,Bo Ray,,Oslo,r1,TRUE\n",
    ),
    (
        "sf_opportunity_history_data.csv",
        "_fivetran_start,id,created_date,name,stage_name,amount,close_date,owner_id,account_id,is_closed,is_won,is_deleted,last_viewed_date\n\
        2024-01-10 09:00:00,d1,2024-01-10 08:59:58,One,Prospecting,1000,2024-03-31 00:00:00,u1,a1,false,false,false,\n\
        2024-02-01 10:00:00,d1,2024-01-10 08:59:58,One,Qualification,1000,2024-03-31 00:00:00,u1,a1,false,false,false,\n\
        2024-02-05 10:00:00.5,d1,2024-01-10 08:59:58,One,Qualification,1000,2024-03-31 00:00:00,u1,a1,false,false,false,x\n\
        2024-02-15 10:00:00,d1,2024-01-10 08:59:58,One,Qualification,1500.50,2024-06-30 00:00:00,u2,a1,false,false,false,\n\
        2024-03-01 10:00:00,d1,2024-01-10 08:59:58,One,Closed Won,1600,2024-03-01 00:00:00,u2,a1,true,true,false,\n\
        2024-01-20 09:00:00,d2,2024-01-20 09:00:00,Two,Prospecting,200,2024-02-20 00:00:00,u1,,false,false,false,\n\
        2024-02-10 09:00:00,d2,2024-01-20 09:00:00,Two,Closed Lost,200,2024-02-10 00:00:00,u1,,TRUE,false,false,\n\
        2024-02-20 09:00:00,d2,2024-01-20 09:00:00,Two,Needs Analysis,250,2024-05-01 00:00:00,u1,,false,false,false,\n\
        2024-01-25 09:00:00,d3,2024-01-25 08:00:00,Three,Magic,7,2024-02-25 00:00:00,u1,,false,false,false,\n\
        2024-02-12 09:00:00,d3,2024-01-25 08:00:00,Three,Magic,7,2024-02-25 00:00:00,u1,,false,false,true,\n",
    ),
    (
        "sf_opportunity_data.csv",
        "_fivetran_synced,id,created_date,name,stage_name,amount,close_date,owner_id,account_id,is_closed,is_won,is_deleted\n\
        2024-04-01 00:00:00,d1,2024-01-10 08:59:58,One,Closed Won,1600,2024-03-01 00:00:00,u2,a1,true,true,false\n\
        2024-04-01 00:00:00,d4,2023-12-20 15:00:00,Four,Closed Won,90,2023-12-20 00:00:00,u1,,true,true,false\n",
    ),
    (
        "sf_lead_data.csv",
        "_fivetran_synced,id,created_date,last_modified_date,name,email,phone,mobile_phone,company,title,lead_source,owner_id,status,is_converted,converted_date,converted_account_id,converted_contact_id,converted_opportunity_id,is_deleted\n\
        2024-04-01 00:00:00,00Q1,2024-01-05 12:00:00,2024-01-10 09:00:00,Cy Fox,cy@fox.example,,555,Fox,CEO,Web,u1,Closed - Converted,true,2024-01-05,a1,c1,d1,false\n\
        2024-04-01 00:00:00,00Q2,2024-01-06 12:00:00,2024-01-11 09:00:00,Di Elk,,,,Elk,,Web,u1,Unqualified,false,,,,,false\n\
        2024-04-01 00:00:00,00Q3,2024-01-07 12:00:00,2024-01-12 09:00:00,Ed Owl,,,,Owl,,Web,u1,Our own,false,,,,,false\n",
    ),
];

/// The files of which the story needs only a few rows.
const PROPS: [(&str, &str); 4] = [
    ("sf_user_role_data.csv", "id,name\nr1,Rep\n"),
    (
        "sf_account_data.csv",
        "_fivetran_synced,id,name,website,parent_id,owner_id,is_deleted\n\
        2024-01-01 00:00:00,a1,Fox,fox.example,,u1,false\n\
        2024-02-01 00:00:00,a1,Fox Ltd,fox.example,,u2,false\n",
    ),
    (
        "sf_opportunity_line_item_data.csv",
        "product_2_id,product_code,list_price,opportunity_id,created_date\n\
        p1,Plan A,100,d1,2024-01-10 09:00:00\n",
    ),
    (
        "sf_task_data.csv",
        "_fivetran_synced,id,created_date,last_modified_date,completed_date_time,activity_date,task_subtype,subject,description,owner_id,who_id,what_id,account_id,call_disposition,is_closed,is_deleted\n\
        2024-04-01 00:00:00,t1,2024-01-11 09:00:00,2024-01-12 09:00:00,2024-01-12 08:00:00,2024-01-12,Call,Hello,,u1,0031,0061,a1,Reached,true,false\n\
        2024-04-01 00:00:00,t2,2024-01-11 09:00:00,2024-01-12 09:00:00,,2024-01-20,Task,Write,soon,u1,00Q1,,,,false,false\n",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_salesforce_history_is_told_change_by_change() {
    let folder = tempfile::tempdir().unwrap();
    for (file, text) in STORY.iter().chain(&PROPS) {
        std::fs::write(folder.path().join(file), text).unwrap();
    }
    let history = History { folder: folder.path().to_owned(), mapping: mapping_of("salesforce") };
    let world = World::start().await;
    let answer = world.cli(&history.import(&[])).await;
    // The view that changed nothing, and the deal that the history has told already, say nothing new.
    let tally = ["rows_read", "applied", "already_there", "rejected"].map(|it| count(&answer[it]));
    assert_eq!(tally, [19, 17, 2, 0], "{answer}");
    assert_eq!(answer["unknown"][0]["key"], "Magic", "{answer}");
    for (before, stage, deals, amount) in [
        ("2024-01-11", "Prospecting", 1, 100_000),
        ("2024-02-01T10:00:00Z", "Prospecting", 2, 120_000),
        ("2024-02-01T10:00:00.000001Z", "Qualification", 1, 100_000),
        ("2024-02-16", "Qualification", 1, 150_050),
        ("2024-02-11", "Magic", 1, 700),
        ("2024-03-02", "Needs Analysis", 1, 25_000),
    ] {
        let pipeline = world.cli(&["pipeline", "--as-of", before]).await;
        let found = row(&pipeline, stage);
        assert_eq!((count(&found["count"]), minor(&found["amount"])), (deals, amount), "{before}");
    }
    for (before, open, won, lost, given_up) in [
        ("2023-12-20T15:00:00Z", 0, 0, 0, 0),
        ("2023-12-21", 0, 1, 0, 0),
        ("2024-02-11", 2, 1, 1, 0),
        ("2024-02-13", 1, 1, 1, 1),
        ("2024-02-21", 2, 1, 0, 1),
        ("2024-03-02", 1, 2, 0, 1),
    ] {
        let pipeline = world.cli(&["pipeline", "--as-of", before]).await;
        let metrics = world.cli(&["metrics", "--as-of", before]).await;
        let figure = |name: &str| count(&metrics[name]["value"]);
        let found = ["deals_won", "deals_lost", "deals_no_decision"].map(figure);
        assert_eq!(count(&pipeline["open"]), open, "{before}");
        assert_eq!(found, [won, lost, given_up], "{before}");
    }
    let metrics = world.cli(&["metrics", "--by", "owner"]).await;
    assert_eq!(minor(&row(&metrics, "u2")["revenue_won"]["value"]), 160_000);
    let faulty = world.cli(&["opportunity", "list", "--faults", "--all"]).await;
    assert_eq!(
        faulty["opportunities"].as_array().unwrap().len(),
        1,
        "only the magic one: {faulty}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn leads_accounts_and_tasks_of_salesforce_come_in_with_their_links() {
    let folder = tempfile::tempdir().unwrap();
    for (file, text) in STORY.iter().chain(&PROPS) {
        std::fs::write(folder.path().join(file), text).unwrap();
    }
    let history = History { folder: folder.path().to_owned(), mapping: mapping_of("salesforce") };
    let world = World::start().await;
    world.cli(&history.import(&[])).await;
    let leads = world.cli(&["lead", "conversion"]).await;
    let converted = &leads["total"]["converted"];
    assert_eq!((&converted["numerator"], &converted["denominator"]), (&1.into(), &3.into()));
    let accounts = world.cli(&["account", "list"]).await;
    let account = &accounts["accounts"][0];
    assert_eq!((&account["name"], &account["owner"]["key"]), (&"Fox Ltd".into(), &"u2".into()));
    let then = world.cli(&["account", "list", "--as-of", "2024-01-31"]).await;
    assert_eq!(then["accounts"][0]["name"], "Fox");
    let activities = world.cli(&["activity", "list"]).await;
    let mut types: Vec<&str> = activities["activities"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["type"].as_str().unwrap())
        .collect();
    types.sort_unstable();
    assert_eq!(types, ["call", "task"], "{activities}");
    let deals = world.cli(&["opportunity", "list", "--all"]).await;
    let deals = deals["opportunities"].as_array().unwrap();
    let one = deals.iter().find(|deal| deal["name"] == "One").unwrap();
    let one = world.cli(&["opportunity", "get", one["id"].as_str().unwrap()]).await;
    assert_eq!(one["opportunity"]["account"]["name"], "Fox Ltd", "{one}");
    assert_eq!(one["opportunity"]["product"]["key"], "p1", "{one}");
}
