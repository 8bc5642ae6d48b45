//! Whole commands, from the words typed to the words printed, against a server of fixed answers.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

mod server;

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use clap::{CommandFactory as _, Parser};
use cli::output::Output;

#[derive(Debug, Parser)]
struct Line {
    #[command(flatten)]
    globals: cli::Globals,
    #[command(subcommand)]
    command: cli::Command,
}

#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Buffer {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

/// Runs a command line; gives its exit code, its stdout and its stderr.
async fn run(server: &str, words: &[&str]) -> (u8, String, String) {
    let line = ["revops", "--server", server].into_iter().chain(words.iter().copied());
    let line = Line::try_parse_from(line).unwrap_or_else(|error| panic!("{error}"));
    let (data, notes) = (Buffer::default(), Buffer::default());
    let output = Output::new(line.globals.output, line.globals.quiet, data.clone(), notes.clone());
    let code = cli::execute(line.command, &line.globals, output).await;
    (code, data.text(), notes.text())
}

#[test]
fn the_tree_of_commands_is_sound() {
    Line::command().debug_assert();
}

#[test]
fn command_lines_are_taken_or_refused() {
    for (line, is_taken) in [
        ("opportunity open --pipeline sales --amount 10USD --close-date 2026-01-31", true),
        ("opportunity open --amount 10USD", false),
        ("opportunity open --pipeline sales --amount 10", false),
        ("opportunity move an-id proposal --at 2026-01-31 --etag e", true),
        ("opportunity move an-id", false),
        ("opportunity amount an-id 10USD", true),
        ("opportunity amount an-id -5USD", true),
        ("opportunity amount an-id --unknown", true),
        ("opportunity amount an-id", false),
        ("opportunity close-date an-id --unknown", true),
        ("opportunity close-date an-id 2026-02-30", false),
        ("opportunity owner an-id --nobody", true),
        ("opportunity owner an-id ann --nobody", false),
        ("opportunity category an-id best_case", true),
        ("opportunity lose an-id", false),
        ("opportunity lose an-id --reason price", true),
        ("opportunity void an-id a-command --reason mistake", true),
        ("opportunity list --outcome won --outcome no-decision --faults --all", true),
        ("opp list --faults false", true),
        ("opportunity list --all --limit 3", false),
        ("user define ann --name Ann --manager bob", true),
        ("catalog pipeline define sales --file f.toml --effective-at 2026-01-01", true),
        ("catalog product list --as-of 2026-01-01", true),
        ("pipeline --as-of 2017-07-01 --known-at 4711 --by month -o csv", true),
        ("pipeline --as-of yesterday", false),
        ("pipeline --by reason", false),
        ("metrics --from 2017-01-01 --to 2017-04-01T00:00:00Z --by reason", true),
        ("metrics --known-at 2017-01-01 --timeout 2m --min-revision 7 -q", true),
        ("metrics --timeout 0", false),
        ("history opportunity an-id", true),
        ("person erase an-id --reason asked", true),
        ("projection rebuild", false),
        ("projection verify", true),
        ("log verify", true),
        ("events tail --follow --kind lead --kind account", true),
        ("events tail --from 0", false),
        ("events tail --from 7 --limit 3 -o ndjson", true),
        ("top --once --every 200ms", true),
        ("doctor", true),
    ] {
        let words = ["revops"].into_iter().chain(line.split(' '));
        assert_eq!(Line::try_parse_from(words).is_ok(), is_taken, "{line}");
    }
}

#[tokio::test]
async fn a_question_is_answered_in_every_format() {
    let address = server::start().await.to_string();
    let (code, data, notes) = run(&address, &["pipeline", "--as-of", "2017-07-01"]).await;
    assert_eq!(code, 0, "{notes}");
    assert_eq!(
        data,
        "PIPELINE  KEY       NAME  COUNT  AMOUNT USD\n\
         sales     proposal        1,200   98,000.00\n\
         total                     1,200   98,000.00\n"
    );
    assert_eq!(notes, "revision 42 · as of 2017-07-01T00:00:00Z · lag 0\n");

    let (_, data, notes) = run(&address, &["pipeline", "-o", "json"]).await;
    let answer: serde_json::Value = serde_json::from_str(&data).unwrap();
    assert_eq!((&answer["revision"], &answer["open"]), (&42.into(), &1200.into()));
    assert_eq!(answer["rows"][0]["amount"]["minor"], 9_800_000);
    assert_eq!(notes, "");

    let (_, data, _) = run(&address, &["pipeline", "-o", "csv"]).await;
    assert_eq!(data, "pipeline,key,name,count,amount_usd\nsales,proposal,,1200,98000.00\n");

    let (_, data, notes) = run(&address, &["pipeline", "-o", "ndjson"]).await;
    let row: serde_json::Value = serde_json::from_str(data.strip_suffix('\n').unwrap()).unwrap();
    assert_eq!((&row["key"], &row["count"]), (&"proposal".into(), &1200.into()));
    assert_eq!(notes, "", "a line for each row, and nothing else");
}

#[tokio::test]
async fn events_come_one_by_one_in_every_format() {
    let address = server::start().await.to_string();
    let tail = ["events", "tail", "--from", "7", "--kind", "lead"];
    let (code, data, notes) = run(&address, &tail).await;
    assert_eq!(code, 0, "{notes}");
    let lines: Vec<&str> = data.lines().collect();
    assert_eq!(lines.len(), 2);
    assert!(lines[0].starts_with("        7 ") && lines[1].ends_with("an-id"), "{data}");

    let (_, data, _) = run(&address, &[&tail[..], &["-o", "ndjson"]].concat()).await;
    let (_, json, _) = run(&address, &[&tail[..], &["-o", "json"]].concat()).await;
    assert_eq!(json, data, "an object on each line, for there is no end of a list to wait for");
    let events = data.lines().map(|line| serde_json::from_str(line).unwrap());
    let events: Vec<serde_json::Value> = events.collect();
    let positions: Vec<u64> =
        events.iter().map(|event| event["position"].as_u64().unwrap()).collect();
    assert_eq!((positions, &events[0]["kind"]), (vec![7, 8], &"lead".into()));

    let (_, data, _) = run(&address, &[&tail[..], &["-o", "csv"]].concat()).await;
    let lines: Vec<&str> = data.lines().collect();
    assert_eq!(lines.len(), 3, "one header: {data}");
    assert!(lines[0].starts_with("kind,id,") && lines[2].starts_with("lead,an-id,"), "{data}");
}

#[tokio::test]
async fn groups_are_read_at_the_point_of_the_whole() {
    let address = server::start().await.to_string();
    let (code, data, notes) = run(&address, &["metrics", "--by", "owner", "-o", "json"]).await;
    assert_eq!(code, 0, "{notes}");
    let answer: serde_json::Value = serde_json::from_str(&data).unwrap();
    assert_eq!(answer["deals_won"]["value"], 3);
    assert_eq!(answer["rows"][1]["key"], "bob");
    assert_eq!(answer["rows"][1]["deals_won"]["value"], 1);
}

#[tokio::test]
async fn errors_are_explained_and_have_their_exit_codes() {
    let address = server::start().await.to_string();
    let (code, data, notes) = run(&address, &["history", "opportunity", "x"]).await;
    assert_eq!((code, data.as_str()), (3, ""));
    assert!(notes.starts_with("error: there is no such deal\n  reason: ENTITY_UNKNOWN\n"));

    let (code, _, notes) = run(&address, &["--tenant", "other", "pipeline"]).await;
    assert_eq!(code, 4, "{notes}");

    let (code, _, notes) = run(&address, &["person", "erase", "x", "--request-id", "r"]).await;
    assert_eq!(code, 6);
    assert!(notes.contains("--request-id r"), "{notes}");

    let (code, _, notes) =
        run(&address, &["--tenant", "slow", "--timeout", "50ms", "pipeline"]).await;
    assert_eq!(code, 7, "{notes}");

    let (code, _, notes) = run(&address, &["--tenant", "t\u{7f}", "pipeline"]).await;
    assert_eq!(code, 2, "{notes}");

    let (code, _, notes) = run("127.0.0.1:1", &["pipeline"]).await;
    assert_eq!(code, 6);
    assert!(notes.contains("revops up"), "{notes}");
}

#[tokio::test]
async fn a_broken_log_is_named_and_fails() {
    let address = server::start().await.to_string();
    let (code, data, notes) = run(&address, &["log", "verify", "-o", "json"]).await;
    let answer: serde_json::Value = serde_json::from_str(&data).unwrap();
    assert_eq!((code, &answer["ok"], &answer["broken"]["sequence"]), (1, &false.into(), &8.into()));
    assert!(notes.contains("broken at frame 8, position 100"), "{notes}");
}

#[tokio::test]
async fn a_reader_that_has_gone_ends_it_quietly() {
    struct Closed;
    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let address = server::start().await.to_string();
    let line = Line::try_parse_from(["revops", "--server", &address, "pipeline"]).unwrap();
    let notes = Buffer::default();
    let output = Output::new(line.globals.output, false, Closed, notes.clone());
    let code = cli::execute(line.command, &line.globals, output).await;
    assert_eq!((code, notes.text().as_str()), (0, ""));
}
