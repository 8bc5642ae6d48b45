//! What was known then is answered as then: later facts about the past, voids and definitions
//! change nothing that is asked at a point of knowledge before them.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

use serde_json::Value;
use tests::World;

/// The deals of this story.
struct Deals {
    won: String,
    moving: String,
    priced: String,
}

/// What is learned late, in this order.
const LEARNED: [&str; 5] = ["a move", "an amount", "a void", "a definition", "a deal"];

#[tokio::test(flavor = "multi_thread")]
async fn every_question_is_answered_as_it_was_known() {
    let world = World::start().await;
    let deals = tell(&world).await;
    let questions = questions(&deals);
    // What every question was answered with, at each point of knowledge.
    let mut answers = vec![ask_all(&world, &questions, None).await];
    let mut positions = vec![world.position().await];
    for late in LEARNED {
        learn(&world, &deals, late).await;
        answers.push(ask_all(&world, &questions, None).await);
        positions.push(world.position().await);
    }
    for (known_at, before) in positions.iter().zip(&answers) {
        let position = known_at.to_string();
        let again = ask_all(&world, &questions, Some(&position)).await;
        compare(&questions, &again, before, &format!("known at position {position}"));
    }
    // By time: strictly before the next commit was recorded is up to the position before it.
    let recorded = recorded_at(&world).await;
    for (known_at, before) in positions.iter().zip(&answers).take(LEARNED.len()) {
        let next = &recorded.iter().find(|(position, _)| position > known_at).unwrap().1;
        let again = ask_all(&world, &questions, Some(next)).await;
        compare(&questions, &again, before, &format!("known before {next}"));
    }
    every_answer_moved(&questions, &answers);
    both_axes_at_once(&world, &deals, &positions).await;
}

async fn tell(world: &World) -> Deals {
    world.define_catalog().await;
    let (won, _) = world.open("won", 100, "2026-01-01T00:00:00Z").await;
    let (moving, _) = world.open("moving", 200, "2026-01-05T00:00:00Z").await;
    let (priced, _) = world.open("priced", 300, "2026-01-06T00:00:00Z").await;
    run(world, &["move", &moving, "offer", "--at", "2026-01-15"]).await;
    run(world, &["win", &won, "--at", "2026-02-01", "--reason", "price"]).await;
    Deals { won, moving, priced }
}

async fn run(world: &World, words: &[&str]) -> Value {
    let done = world.cli(&[&["opportunity"], words].concat()).await;
    assert_eq!(done["changed"], true, "{words:?}: {done}");
    done
}

async fn learn(world: &World, deals: &Deals, late: &str) {
    match late {
        "a move" => drop(run(world, &["move", &deals.moving, "talks", "--at", "2026-01-10"]).await),
        "an amount" => {
            drop(run(world, &["amount", &deals.priced, "350USD", "--at", "2026-01-08"]).await);
        }
        "a void" => {
            let command = command_of(world, &deals.won, "opportunity.won.v1").await;
            run(world, &["void", &deals.won, &command, "--reason", "mistake"]).await;
        }
        "a definition" => {
            let words = ["user", "define", "ann", "--name", "Ann Sea"];
            let since = ["--office", "South", "--effective-at", "2026-01-02"];
            world.cli(&[words.as_slice(), &since].concat()).await;
        }
        _ => drop(world.open("late", 400, "2026-01-03T00:00:00Z").await),
    }
}

async fn command_of(world: &World, deal: &str, fact: &str) -> String {
    let history = world.cli(&["history", "opportunity", deal]).await;
    let entries = history["entries"].as_array().unwrap();
    let entry = entries.iter().find(|entry| entry["fact"] == fact).unwrap();
    entry["command_id"].as_str().unwrap().to_owned()
}

/// Every command that asks, at instants before, between and after what is learned late; and what
/// it is that changes the answer, one of them for each, to be sure that there is something to keep.
fn questions(deals: &Deals) -> Vec<(String, Option<&'static str>)> {
    let Deals { won, moving, priced } = deals;
    // What changes the answer as of a day in between, and what changes it as of now.
    let between = [
        ("pipeline".into(), Some("a move"), Some("a void")),
        ("pipeline --by office".into(), Some("a definition"), Some("a definition")),
        ("pipeline --by owner".into(), Some("an amount"), Some("an amount")),
        ("pipeline --by manager".into(), Some("a definition"), Some("a definition")),
        ("pipeline --by product".into(), Some("a deal"), Some("a deal")),
        ("pipeline --by month".into(), Some("a deal"), Some("a deal")),
        (format!("opportunity get {moving}"), Some("a move"), Some("a move")),
        (format!("opportunity get {priced}"), Some("an amount"), Some("an amount")),
        ("opportunity list --all".into(), Some("a deal"), Some("a deal")),
        ("opportunity list --stage talks".into(), Some("a move"), None),
        ("opportunity list --order amount --descending".into(), Some("an amount"), Some("a void")),
        (format!("history opportunity {moving}"), Some("a move"), Some("a move")),
        (format!("history opportunity {priced}"), Some("an amount"), Some("an amount")),
        ("history user ann".into(), Some("a definition"), Some("a definition")),
        ("user get ann".into(), Some("a definition"), Some("a definition")),
        ("user list".into(), Some("a definition"), Some("a definition")),
        ("catalog pipeline list".into(), None, None),
        ("catalog product get box".into(), None, None),
    ];
    let between = between.into_iter().flat_map(|(command, then, now): (String, _, _)| {
        [(format!("{command} --as-of 2026-01-12"), then), (command, now)]
    });
    let closed = [
        "metrics".to_owned(),
        "metrics --by owner".into(),
        "metrics --by office".into(),
        "metrics --by month".into(),
        "metrics --by reason".into(),
        "metrics --from 2026-01-01 --to 2026-03-01 --by quarter".into(),
        "opportunity list --outcome won".into(),
        format!("opportunity get {won}"),
        format!("history opportunity {won}"),
    ];
    let closed = closed.into_iter().flat_map(|command| {
        let then = format!("{command} --as-of 2026-02-15");
        [(then, Some("a void")), (command, Some("a void"))]
    });
    between.chain(closed).collect()
}

async fn ask_all(
    world: &World,
    questions: &[(String, Option<&str>)],
    known_at: Option<&str>,
) -> Vec<Value> {
    let mut answers = Vec::new();
    for (question, _) in questions {
        let mut words: Vec<&str> = question.split(' ').collect();
        if let Some(known_at) = known_at {
            words.extend(["--known-at", known_at]);
        }
        answers.push(without_now(world.cli(&words).await));
    }
    answers
}

/// An answer without what tells when it was given: where the log stands now, and what now is.
fn without_now(mut answer: Value) -> Value {
    for now in ["revision", "as_of", "lag"] {
        answer.as_object_mut().unwrap().remove(now);
    }
    answer
}

fn compare(questions: &[(String, Option<&str>)], found: &[Value], expected: &[Value], when: &str) {
    for (((question, _), found), expected) in questions.iter().zip(found).zip(expected) {
        assert_eq!(found, expected, "{question}, {when}");
    }
}

/// Nothing would be kept if nothing had changed.
fn every_answer_moved(questions: &[(String, Option<&str>)], answers: &[Vec<Value>]) {
    let plain = |mut answer: Value| {
        answer.as_object_mut().unwrap().remove("known_at");
        answer
    };
    for (place, (question, what)) in questions.iter().enumerate() {
        let Some(what) = what else { continue };
        let step = LEARNED.iter().position(|late| late == what).unwrap();
        let (before, after) = (&answers[step][place], &answers[step + 1][place]);
        assert_ne!(plain(before.clone()), plain(after.clone()), "{what} did not change {question}");
    }
}

/// Positions and the instants at which they were recorded, from the log itself.
async fn recorded_at(world: &World) -> Vec<(u64, String)> {
    let log = &world.runtime().log;
    let head = log.head().await.unwrap().unwrap().sequence;
    let mut recorded = Vec::new();
    for sequence in 1..=head {
        let stored = log.get(sequence).await.unwrap().unwrap();
        let frame = event_log::Frame::decode(stored.body).unwrap();
        let at = chrono::DateTime::from_timestamp_micros(frame.recorded_at).unwrap();
        let at = at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
        recorded.extend((frame.first..=frame.last()).map(|position| (position, at.clone())));
    }
    recorded
}

/// One deal's stage on both axes: what had happened, and what was known of it.
async fn both_axes_at_once(world: &World, deals: &Deals, positions: &[u64]) {
    for (as_of, known_at, stage) in [
        ("2026-01-08", positions[0], "new"),
        ("2026-01-12", positions[0], "new"),
        ("2026-01-12", positions[1], "talks"),
        ("2026-01-20", positions[0], "offer"),
        ("2026-01-20", positions[1], "offer"),
    ] {
        let known_at = known_at.to_string();
        let words =
            ["opportunity", "get", &deals.moving, "--as-of", as_of, "--known-at", &known_at];
        let seen = world.cli(&words).await;
        assert_eq!(
            seen["opportunity"]["stage"]["key"], stage,
            "as of {as_of}, known at {known_at}"
        );
        assert_eq!(seen["known_at"].to_string(), known_at);
    }
    // Before anything was known of it, a deal is not there.
    let unknown = ["opportunity", "get", &deals.moving, "--known-at", "1"];
    assert_eq!(world.cli_fails(&unknown).await.0, 3);
}
