//! Arrival does not matter: shuffled, doubled and interrupted, two histories give the same answers
//! and the same digests as in order.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

use serde_json::Value;
use tests::{
    Options, World,
    data::{self, History},
};

/// The order of the facts in the other world.
const SEED: &str = "20121011";

#[tokio::test(flavor = "multi_thread")]
async fn a_history_in_any_order_is_the_same_history() {
    let histories: Vec<History> =
        ["maven_crm", "bpic2012"].into_iter().filter_map(data::history).collect();
    if histories.is_empty() {
        return;
    }
    println!("seed {SEED}");
    let in_order = World::start_with(Options::with_key_of('7')).await;
    let shuffled = World::start_with(Options::with_key_of('7')).await;
    for history in &histories {
        define_source(&in_order, history).await;
        define_source(&shuffled, history).await;
        in_order.cli(&history.import(&[])).await;
        break_off(&shuffled, history).await;
        let again = shuffled.cli(&history.import(&["--shuffle", SEED, "--repeat", "2"])).await;
        assert_ne!(again["already_there"], again["rows_read"], "nothing was left to continue with");
        assert_eq!(again["rejected"], 0);
    }
    assert_eq!(in_order.digests().await, shuffled.digests().await);
    for question in questions() {
        let words: Vec<&str> = question.split(' ').collect();
        let one = what_is_so(in_order.cli(&words).await);
        let other = what_is_so(shuffled.cli(&words).await);
        assert_eq!(one, other, "{question}");
    }
}

/// A digest tells commands apart by their ids. Reports make theirs from what they say; the source
/// is defined by a command, which is to have the same id in both worlds.
async fn define_source(world: &World, history: &History) {
    let key = history.folder.file_name().unwrap().to_str().unwrap();
    let id = ["--request-id", "01890000-0000-7000-8000-000000000001"];
    let define = ["catalog", "source", "define", key, "--name", key];
    world.cli(&[define.as_slice(), &id].concat()).await;
}

/// Begins to send in yet another order and goes away as soon as some of it is recorded.
async fn break_off(world: &World, history: &History) {
    let before = world.position().await;
    let words = history.import(&["--shuffle", "1"]);
    let mut applied = world.runtime().applied();
    // More than the catalog of either history has, so that deals are among it.
    let some = applied.wait_for(|applied| applied.place.last > before + 200);
    tokio::select! {
        whole = world.cli(&words) => panic!("all was there at once: {whole}"),
        some = some => drop(some.unwrap()),
    }
}

fn questions() -> Vec<String> {
    let days = ["2011-11-07", "2011-12-26", "2017-01-01", "2017-07-01", "2018-01-01"];
    let mut questions = Vec::new();
    for day in days {
        for by in ["stage", "owner", "manager", "office", "product", "month"] {
            questions.push(format!("pipeline --as-of {day} --by {by}"));
        }
        for by in ["owner", "manager", "office", "product", "month", "quarter", "reason"] {
            questions.push(format!("metrics --as-of {day} --by {by}"));
        }
        questions.push(format!("opportunity list --as-of {day} --outcome open --limit 200"));
    }
    questions
}

/// An answer without what tells where in which log it was given.
fn what_is_so(mut answer: Value) -> Value {
    for place in ["revision", "known_at", "lag", "log", "next_page_token"] {
        answer.as_object_mut().unwrap().remove(place);
    }
    for deal in answer["opportunities"].as_array_mut().into_iter().flatten() {
        deal.as_object_mut().unwrap().remove("etag");
    }
    answer
}
