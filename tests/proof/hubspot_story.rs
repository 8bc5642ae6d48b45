//! A small HubSpot export that was made up: a deal that was deleted is given up, whatever its history
//! holds.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

use tests::{World, data::History, figures::count};

use crate::exports::mapping_of;

/// One deal that is won and one that is open; and deleted ones: won, lost and reopened by moves, won and
/// lost by properties, and won as it stands.
const STORY: [(&str, &str); 5] = [
    ("hubspot_deal_pipeline_data.csv", "pipeline_id,label\np,Sales\n"),
    (
        "hubspot_deal_pipeline_stage_data.csv",
        "stage_id,pipeline_id,label,display_order,probability,is_closed,closed_won\n\
        new,p,New,0,0.2,FALSE,FALSE\nwon,p,Won,1,1.0,TRUE,TRUE\nlost,p,Lost,2,0.0,TRUE,FALSE\n",
    ),
    (
        "hubspot_deal_data.csv",
        "deal_id,is_deleted,deal_pipeline_id,deal_pipeline_stage_id,owner_id,property_dealname,property_description,property_amount,property_closedate,property_createdate\n\
        1,false,p,won,o,One,,10,,2024-01-01 08:00:00\n\
        2,FALSE,p,new,o,Two,,20,,2024-01-02 08:00:00\n\
        3,true,p,won,o,Three,,30,,2024-01-03 08:00:00\n\
        4,TRUE,p,new,o,Four,,40,,2024-01-04 08:00:00\n\
        5,true,p,won,o,Five,,50,,2024-01-05 08:00:00\n\
        6,True,p,lost,o,Six,,60,,2024-01-06 08:00:00\n\
        7,true,p,won,o,Seven,,70,2024-02-07 08:00:00,2024-01-07 08:00:00\n",
    ),
    (
        "hubspot_deal_stage_data.csv",
        "deal_id,date_entered,value\n\
        1,2024-01-01 08:00:00,new\n1,2024-02-01 08:00:00,won\n\
        3,2024-01-03 08:00:00,new\n3,2024-02-03 08:00:00,won\n\
        4,2024-01-04 08:00:00,new\n4,2024-02-04 08:00:00,lost\n4,2024-02-05 08:00:00,new\n",
    ),
    (
        "hubspot_deal_property_history_data.csv",
        "deal_id,timestamp,name,value\n\
        5,2024-01-05 08:00:00,dealstage,new\n5,2024-02-05 08:00:00,dealstage,won\n\
        6,2024-01-06 08:00:00,dealstage,new\n6,2024-02-06 08:00:00,dealstage,lost\n\
        6,2024-02-07 08:00:00,dealstage,new\n",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_deal_is_given_up_whatever_its_history_holds() {
    let folder = tempfile::tempdir().unwrap();
    for (file, text) in STORY {
        std::fs::write(folder.path().join(file), text).unwrap();
    }
    let history = History { folder: folder.path().to_owned(), mapping: mapping_of("hubspot") };
    let world = World::start().await;
    let answer = world.cli(&history.import(&[])).await;
    let tally = ["rows_read", "rejected"].map(|name| count(&answer[name]));
    assert_eq!(tally, [19, 0], "{answer}");
    for (before, open, won, given_up) in
        [("2024-01-04", 2, 0, 1), ("2024-01-31", 2, 0, 5), ("2024-03-01", 1, 1, 5)]
    {
        let pipeline = world.cli(&["pipeline", "--as-of", before]).await;
        let metrics = world.cli(&["metrics", "--as-of", before]).await;
        let figure = |name: &str| count(&metrics[name]["value"]);
        let found = ["deals_won", "deals_lost", "deals_no_decision"].map(figure);
        assert_eq!(count(&pipeline["open"]), open, "{before}");
        assert_eq!(found, [won, 0, given_up], "{before}");
    }
}
