//! Taking back is exact: whatever a lead was before, a merge or a conversion that is taken back leaves
//! every view as if it had never been.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

use serde_json::Value;
use tests::World;

/// What is done to a lead before, step by step.
const STORIES: [&[&[&str]]; 7] = [
    &[],
    &[&["assign", "ann"], &["consent", "newsletter"]],
    &[&["work"], &["note", "called"]],
    &[&["nurture", "--reason", "later"]],
    &[&["hand-over"], &["accept"], &["qualify"]],
    &[&["hand-over"], &["reject", "--reason", "budget"], &["assign", "ann"]],
    &[&["work"], &["disqualify", "--reason", "budget"], &["recycle", "--reason", "new_budget"]],
];

#[tokio::test(flavor = "multi_thread")]
async fn what_is_taken_back_leaves_no_trace_in_any_view() {
    let world = World::start().await;
    world.define_catalog().await;
    let there = lead(&world, &["--company", "Harbour"]).await;
    let there = run(&world, "convert", &there, &["--pipeline", "sales"]).await;
    let there = &there["lead"]["conversion"];
    let id = |field: &str| there[field].as_str().unwrap();
    let (account, contact, deal) = (id("account_id"), id("contact_id"), id("opportunity_id"));
    let conversions: [&[&str]; 5] = [
        &[],
        &["--pipeline", "sales", "--amount", "10USD", "--account-name", "Pier"],
        &["--account", account],
        &["--account", account, "--contact", contact, "--opportunity", deal],
        &["--account", account, "--pipeline", "sales"],
    ];
    for story in STORIES {
        let one = lead(&world, &["--email", "a@pier.example"]).await;
        let other = lead(&world, &["--email", "A@pier.example"]).await;
        for step in story {
            run(&world, step[0], &one, &step[1..]).await;
        }
        let before = views(&world).await;
        for (first, second) in [(&one, &other), (&other, &one)] {
            run(&world, "merge", first, &[second]).await;
            assert_ne!(views(&world).await, before, "{story:?}: a merge shows in no view");
            run(&world, "unmerge", first, &["--reason", "mistake"]).await;
            assert_eq!(views(&world).await, before, "{story:?}: merged and un-merged");
        }
        for conversion in conversions {
            run(&world, "convert", &one, conversion).await;
            assert_ne!(views(&world).await, before, "{story:?}: a conversion shows in no view");
            run(&world, "unconvert", &one, &["--reason", "mistake"]).await;
            assert_eq!(views(&world).await, before, "{story:?}: {conversion:?} and back");
        }
    }
    assert_eq!(world.cli(&["projection", "verify"]).await["ok"], true);
}

async fn lead(world: &World, words: &[&str]) -> String {
    let done = world.cli(&[&["lead", "capture"], words].concat()).await;
    done["id"].as_str().unwrap().to_owned()
}

async fn run(world: &World, verb: &str, id: &str, words: &[&str]) -> Value {
    let done = world.cli(&[&["lead", verb, id], words].concat()).await;
    assert_eq!(done["changed"], true, "{verb} {words:?}: {done}");
    done
}

async fn views(world: &World) -> Vec<(String, String)> {
    let mut digests = world.digests().await;
    digests.retain(|(name, _)| !["catalog", "timelines"].contains(&name.as_str()));
    assert!(digests.len() >= 5, "{digests:?}");
    digests
}
