//! A small Salesforce export that was made up: its history is told change by change, and its leads,
//! accounts and tasks come in with their links.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

use tests::{
    World,
    data::History,
    figures::{count, minor, row},
};

use crate::exports::mapping_of;

/// A history that was made up: a deal that moves, is pushed, changes hands, is won and corrected; one
/// that is lost and taken up again; one in a stage that nobody defines, deleted and restored; and one without history.
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
        2024-02-12 09:00:00,d3,2024-01-25 08:00:00,Three,Magic,7,2024-02-25 00:00:00,u1,,false,false,true,\n\
        2024-02-25 09:00:00,d3,2024-01-25 08:00:00,Three,Magic,7,2024-02-25 00:00:00,u1,,false,false,false,\n",
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
    assert_eq!(tally, [20, 18, 2, 0], "{answer}");
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
        ("2024-02-26", 3, 1, 0, 0),
        ("2024-03-02", 2, 2, 0, 0),
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

/// A day that is written as a midnight begins in the tenant's zone, and belongs to the quarter that
/// begins with it.
#[tokio::test(flavor = "multi_thread")]
async fn a_close_date_of_salesforce_is_a_day_of_the_fiscal_calendar() {
    let folder = tempfile::tempdir().unwrap();
    for (file, text) in STORY.iter().chain(&PROPS) {
        let text = match *file {
            "sf_opportunity_data.csv" => text.replace("2023-12-20 00:00:00", "2024-04-01 00:00:00"),
            _ => (*text).to_owned(),
        };
        std::fs::write(folder.path().join(file), text).unwrap();
    }
    let history = History { folder: folder.path().to_owned(), mapping: mapping_of("salesforce") };
    let world = World::start().await;
    let calendar = ["calendar", "define", "fiscal", "--name", "Fiscal", "--pattern", "months"];
    world.cli(&[&calendar[..], &["--time-zone", "America/New_York"]].concat()).await;
    world.cli(&history.import(&[])).await;
    for (before, won) in [
        ("2024-04-01T00:00:00.000001Z", 1),
        ("2024-04-01", 1),
        ("2024-04-01T04:00:00.000001Z", 2),
        ("2024-04-02", 2),
    ] {
        let metrics = world.cli(&["metrics", "--as-of", before]).await;
        assert_eq!(count(&metrics["deals_won"]["value"]), won, "{before}");
    }
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
