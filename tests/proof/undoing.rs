//! Taking back is exact: whatever a lead was before, a merge or a conversion that is taken back leaves
//! every view as if it had never been.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

use rand::{Rng, SeedableRng, rngs::SmallRng};
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

/// Half of a conversion is not taken back, from whichever side it is tried.
#[tokio::test(flavor = "multi_thread")]
async fn a_conversion_is_taken_back_whole_or_not_at_all() {
    let world = World::start().await;
    world.define_catalog().await;
    let there = lead(&world, &["--company", "Harbour"]).await;
    let there = run(&world, "convert", &there, &["--pipeline", "sales"]).await;
    let there = &there["lead"]["conversion"];
    let id = |field: &str| there[field].as_str().unwrap();
    let (account, contact) = (id("account_id"), id("contact_id"));
    let everything_new: &[&str] = &["--pipeline", "sales"];
    // Nothing but the lead's own fact says that the new deal was made by a conversion.
    let only_a_deal: &[&str] = &["--account", account, "--contact", contact, "--pipeline", "sales"];
    for words in [everything_new, only_a_deal] {
        let one = lead(&world, &["--email", "a@pier.example"]).await;
        let done = run(&world, "convert", &one, words).await;
        let command = done["command_id"].as_str().unwrap();
        let made = &done["lead"]["conversion"];
        let mut tried = 0;
        for noun in ["account", "contact", "opportunity"] {
            let id = made[format!("{noun}_id")].as_str().unwrap();
            let position = world.position().await;
            let void = [noun, "void", id, command, "--reason", "mistake"];
            let (code, why) = world.cli_fails(&void).await;
            let is_there = why.contains("TOUCHED_OTHERS");
            assert!(is_there || why.contains("COMMAND_NOT_FOUND"), "{noun}: {code} {why}");
            tried += usize::from(is_there);
            assert_eq!(world.position().await, position, "{noun}");
        }
        assert!(tried >= if words == everything_new { 3 } else { 1 }, "{words:?}: {tried}");
        run(&world, "unconvert", &one, &["--reason", "mistake"]).await;
    }
    // What was recorded by a command of its own is still taken back alone.
    let deal = there["opportunity_id"].as_str().unwrap();
    let noted = world.cli(&["opportunity", "note", deal, "called"]).await;
    let command = noted["command_id"].as_str().unwrap();
    let void = ["opportunity", "void", deal, command, "--reason", "mistake"];
    assert_eq!(world.cli(&void).await["changed"], true);
}

/// Steps that may happen to a lead, legal at that point or not.
const STEPS: [&[&str]; 10] = [
    &["assign", "ann"],
    &["work"],
    &["nurture", "--reason", "later"],
    &["hand-over"],
    &["accept"],
    &["reject", "--reason", "budget"],
    &["qualify"],
    &["disqualify", "--reason", "budget"],
    &["recycle", "--reason", "new_budget"],
    &["consent", "newsletter"],
];

/// A lead to which random steps were done, those that the rules allow.
async fn any_lead(world: &World, rng: &mut SmallRng) -> String {
    let id = lead(world, &["--email", "a@pier.example"]).await;
    for _ in 0..rng.random_range(0..7) {
        let step = STEPS[rng.random_range(0..STEPS.len())];
        world.words(&[&["lead", step[0], &id], &step[1..]].concat()).await;
    }
    id
}

/// A lead as it is shown, without what tells when it was last touched.
async fn shown(world: &World, id: &str) -> Value {
    let mut lead = world.cli(&["lead", "get", id]).await["lead"].clone();
    lead.as_object_mut().unwrap().remove("etag").unwrap();
    lead
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_a_lead_was_a_merge_or_conversion_taken_back_leaves_its_rows() {
    let world = World::start().await;
    world.define_catalog().await;
    let (mut merged, mut converted) = (0, 0);
    for seed in 0..12 {
        println!("seed {seed}");
        let mut rng = SmallRng::seed_from_u64(seed);
        let (one, other) = (any_lead(&world, &mut rng).await, any_lead(&world, &mut rng).await);
        let rows = [shown(&world, &one).await, shown(&world, &other).await];
        let before = views(&world).await;
        let tries: [(&[&str], &str, &mut i32); 2] = [
            (&["merge", &one, &other], "unmerge", &mut merged),
            (&["convert", &one, "--pipeline", "sales"], "unconvert", &mut converted),
        ];
        for (words, back, done) in tries {
            if world.words(&[&["lead"], words].concat()).await.code != 0 {
                continue;
            }
            *done += 1;
            assert_ne!(views(&world).await, before, "seed {seed}: {words:?} shows in no view");
            run(&world, back, &one, &["--reason", "mistake"]).await;
            assert_eq!(views(&world).await, before, "seed {seed}: {words:?} and back");
            let again = [shown(&world, &one).await, shown(&world, &other).await];
            assert_eq!(again, rows, "seed {seed}: {words:?} and back");
        }
    }
    assert!(merged > 3 && converted > 3, "{merged} merged, {converted} converted");
    assert_eq!(world.cli(&["projection", "verify"]).await["ok"], true);
}
