//! The binary as a process: settings from four places, logs as JSON without a name in them, and a
//! stop that waits for nobody.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at what it did not expect")]

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

fn revops() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_revops"));
    let ours = std::env::vars().map(|(name, _)| name).filter(|name| name.starts_with("REVOPS_"));
    for name in ours.filter(|name| name != "REVOPS_NATS_SERVER") {
        command.env_remove(name);
    }
    command
}

fn words(command: &mut Command, words: &[&str]) -> Output {
    command.args(words).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The line of a setting in what `config check` printed: its value, and where it comes from.
fn setting<'a>(printed: &'a str, key: &str) -> (&'a str, &'a str) {
    let start = format!("{key} = ");
    let line = printed.lines().find_map(|line| line.strip_prefix(&start));
    let line = line.unwrap_or_else(|| panic!("{key} is not in {printed}"));
    let (value, origin) = line.rsplit_once(" # ").unwrap();
    (value.trim(), origin)
}

#[test]
fn a_flag_beats_the_environment_and_that_the_file_and_that_the_default() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mine.toml");
    let said = "# of this machine\ncache_mib = 64\nlisten = '127.0.0.1:1'\nlog = 'info'\ndemo = true\n\
                to = ['leads=127.0.0.1:2', 'audit=127.0.0.1:3']\n";
    std::fs::write(&file, said).unwrap();
    let path = file.to_str().unwrap();
    let mut command = revops();
    command
        .env("REVOPS_LISTEN", "127.0.0.1:4")
        .env("REVOPS_LOG", "debug")
        .env("REVOPS_CONFIG", path);
    let output = words(&mut command, &["config", "check", "--log", "trace"]);
    let printed = text(&output.stdout);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(setting(&printed, "log"), ("\"trace\"", "command line"));
    assert_eq!(setting(&printed, "listen"), ("\"127.0.0.1:4\"", "environment REVOPS_LISTEN"));
    assert_eq!(setting(&printed, "cache_mib"), ("64", format!("{path} line 2").as_str()));
    assert_eq!(setting(&printed, "demo"), ("true", format!("{path} line 5").as_str()));
    assert_eq!(setting(&printed, "demo_seed"), ("7", "default"));
    assert!(printed.contains("# master_key_file is not set\n"), "{printed}");
    // What it prints is a settings file itself.
    let read: toml::Table = printed.parse().unwrap();
    assert_eq!(read["cache_mib"].as_integer(), Some(64));

    let route = words(&mut revops(), &["config", "check", "route", "--config", path]);
    let printed = text(&route.stdout);
    let (value, origin) = setting(&printed, "to");
    assert_eq!(value, r#"["leads=127.0.0.1:2", "audit=127.0.0.1:3"]"#);
    assert_eq!(origin, format!("{path} line 6"));
    let serve = words(&mut revops(), &["config", "check", "serve", "leads", "--config", path]);
    assert_eq!(setting(&text(&serve.stdout), "service"), ("\"leads\"", "command line"));
}

#[test]
fn the_file_in_the_data_folder_is_found_and_what_is_wrong_with_it_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    let check = |said: &str| {
        std::fs::write(folder.path().join("revops.toml"), said).unwrap();
        words(&mut revops(), &["config", "check", "--data", data])
    };
    let output = check("cache_mib = 99\n");
    assert_eq!(setting(&text(&output.stdout), "cache_mib").0, "99");
    for (said, expected) in [
        ("cache_mib = 1\n\ncashe = 2\n", ["line 3", "cashe"]),
        ("cache_mib = 'much'\n", ["revops.toml", "--cache-mib"]),
        ("cache_mib = 1\ncache_mib = 2\n", ["revops.toml", "duplicate key"]),
        ("config = 'other'\n", ["line 1", "config"]),
        ("listen = '0.0.0.0:1'\n", ["0.0.0.0:1", "loopback"]),
        ("[listen]\n", ["line 1", "a text"]),
    ] {
        let output = check(said);
        let why = text(&output.stderr);
        assert!(!output.status.success(), "{said:?} was taken");
        assert!(expected.iter().all(|words| why.contains(words)), "{said:?}: {why}");
    }
    let gone = words(&mut revops(), &["config", "check", "--config", "/nowhere/revops.toml"]);
    assert!(text(&gone.stderr).contains("/nowhere/revops.toml"), "{}", text(&gone.stderr));
}

/// A cell in a process, ended with its folder.
struct Cell {
    child: Child,
    address: String,
    folder: TempDir,
}

impl Cell {
    fn start(more: &[&str]) -> Cell {
        let folder = tempfile::tempdir().unwrap();
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        let data = folder.path().join("data");
        let mut child = revops()
            .args(["up", "--listen", "127.0.0.1:0", "--data", data.to_str().unwrap()])
            .args(more)
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address =
            lines.find_map(|line| line.unwrap().strip_prefix("listening on ").map(str::to_owned));
        // What it says further goes nowhere, which does not stop it.
        Cell { child, address: address.expect("it starts"), folder }
    }

    fn cli(&self, more: &[&str]) -> Output {
        words(revops().args(["--server", &self.address]), more)
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    /// Tells it to stop, and says how long it took.
    fn stop(&mut self) -> Duration {
        let began = Instant::now();
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        kill_process(pid, Signal::TERM).unwrap();
        assert!(self.child.wait().unwrap().success());
        began.elapsed()
    }
}

impl Drop for Cell {
    fn drop(&mut self) {
        if self.child.try_wait().unwrap().is_none() {
            self.stop();
        }
    }
}

#[test]
fn a_process_logs_json_and_names_nobody() {
    let mut cell = Cell::start(&["--log-format", "json", "--log", "debug"]);
    let capture = ["lead", "capture", "--name", "Zephyrine Quillfeather"];
    let more = ["--email", "zephyrine@quillworks.example", "--channel", "fair", "-o", "json"];
    let captured = cell.cli(&[capture.as_slice(), &more].concat());
    assert!(captured.status.success(), "{}", text(&captured.stderr));
    let told: Value = serde_json::from_slice(&captured.stdout).unwrap();
    let id = told["id"].as_str().unwrap();
    let noted = cell.cli(&["lead", "note", id, "prefers quills on Thursdays"]);
    assert!(noted.status.success(), "{}", text(&noted.stderr));
    // What is refused is no reason to write it down either.
    let refused = cell.cli(&["lead", "capture", "--email", "not-quillworks", "--owner", "nobody"]);
    assert!(!refused.status.success());
    cell.stop();
    let log = cell.log();
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect();
    assert!(lines.len() > 2, "{log}");
    for line in &lines {
        assert!(line["timestamp"].is_string() && line["level"].is_string(), "{line}");
        assert!(line["target"].is_string(), "{line}");
    }
    assert!(
        lines.iter().any(|line| line["target"].as_str().unwrap().starts_with("revops")),
        "{log}"
    );
    for trace in ["Zephyrine", "zephyrine", "quillworks", "prefers quills"] {
        assert!(!log.contains(trace), "{trace} is in the log");
    }
}

/// A stream that would stay open for ever ends when the process does.
#[test]
fn an_open_stream_does_not_hold_up_a_stop() {
    let mut cell = Cell::start(&["--log", "warn"]);
    let watch = open_stream(&cell.address);
    let took = cell.stop();
    assert!(took < Duration::from_secs(4), "it took {took:?}");
    let status = watch.join().unwrap();
    assert_eq!(status.code(), tonic::Code::Unavailable, "{status}");
    assert!(status.message().contains("stopping"), "{status}");
    assert!(Path::new(cell.folder.path()).exists());
}

/// Nor does a demo that is still being loaded, and one signal is enough.
#[test]
fn a_demo_on_its_way_does_not_hold_up_a_stop() {
    Cell::start(&["--log", "warn", "--demo"]).stop();
}

/// Watches the health of a process until that ends; gives what it is told at the end.
fn open_stream(address: &str) -> std::thread::JoinHandle<tonic::Status> {
    use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};
    let (address, (open, opened)) = (address.to_owned(), std::sync::mpsc::channel());
    let watching = std::thread::spawn(move || {
        let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        tokio.block_on(async {
            let endpoint = tonic::transport::Endpoint::from_shared(address).unwrap();
            let mut health = HealthClient::new(endpoint.connect().await.unwrap());
            let watched = health.watch(HealthCheckRequest::default()).await.unwrap();
            let mut told = watched.into_inner();
            told.message().await.unwrap().unwrap();
            open.send(()).unwrap();
            loop {
                if let Err(status) = told.message().await {
                    return status;
                }
            }
        })
    });
    opened.recv().unwrap();
    watching
}
