//! The supervised nats-server: found or started, kept alive, left alone or stopped, as it should.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at what it did not expect")]

use std::env;
use std::fs;
use std::future::Future;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use revops::nats::{NatsError, NatsOptions, NatsServers, SyncMode, find_binary};
use rustix::process::{Pid, Signal, getpgid, kill_process};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

/// Tells a copy of this test program to start a server in this folder and to hold it.
const HOLD: &str = "REVOPS_TEST_HOLD_NATS";

/// How many servers it is to hold.
const HELD_REPLICAS: &str = "REVOPS_TEST_HELD_REPLICAS";

/// A temporary folder; servers that still run in it at the end go with it.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn options(&self) -> NatsOptions {
        options(self.path())
    }

    fn three(&self) -> NatsOptions {
        NatsOptions { replicas: Some(3), ..self.options() }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        for home in ["", "2", "3"] {
            let noted = fs::read_to_string(self.path().join(home).join("pid")).unwrap_or_default();
            let Ok(pid) = noted.trim().parse() else {
                continue;
            };
            if command_of(pid).contains(&*self.path().to_string_lossy()) {
                kill(pid);
            }
        }
    }
}

fn options(data: &Path) -> NatsOptions {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let fetched = root.join(".tools/nats-server/nats-server");
    let binary = match env::var_os("REVOPS_NATS_SERVER") {
        Some(named) => PathBuf::from(named),
        None if fetched.exists() => fetched,
        None => find_binary(None).unwrap(),
    };
    NatsOptions { binary: Some(binary), ..NatsOptions::new(data) }
}

fn command_of(pid: u32) -> String {
    fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default()
}

fn to_pid(pid: u32) -> Pid {
    Pid::from_raw(i32::try_from(pid).unwrap()).unwrap()
}

fn kill(pid: u32) {
    kill_process(to_pid(pid), Signal::KILL).unwrap();
}

async fn eventually<F: Future<Output = bool>>(what: &str, check: impl Fn() -> F) {
    let met = async {
        while !check().await {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(Duration::from_secs(30), met).await.unwrap_or_else(|_| panic!("never: {what}"));
}

/// Whether a NATS client would be greeted.
async fn greets(url: &str) -> bool {
    let Ok(stream) = TcpStream::connect(url.trim_start_matches("nats://")).await else {
        return false;
    };
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).await.is_ok() && line.starts_with("INFO ")
}

/// A process that started a server and was then killed without a chance to stop it.
async fn orphan_in(folder: &Folder) -> u32 {
    abandon_servers_in(folder, "1").await;
    fs::read_to_string(folder.path().join("pid")).unwrap().trim().parse().unwrap()
}

async fn abandon_servers_in(folder: &Folder, replicas: &str) {
    let mut holder: Child = Command::new(env::current_exe().unwrap())
        .args(["holds_a_server_when_asked", "--exact"])
        .env(HOLD, folder.path())
        .env(HELD_REPLICAS, replicas)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let ready = folder.path().join("held");
    eventually("a held server", || async { ready.exists() }).await;
    holder.kill().unwrap();
    holder.wait().unwrap();
}

#[tokio::test]
async fn holds_a_server_when_asked() {
    let Some(data) = env::var_os(HOLD).map(PathBuf::from) else {
        return;
    };
    let replicas = env::var(HELD_REPLICAS).unwrap().parse().ok();
    let options = NatsOptions { replicas, ..options(&data) };
    let _server = NatsServers::start(options).await.unwrap();
    fs::write(data.join("held"), "").unwrap();
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn starts_healthy_on_loopback_and_stops_clean() {
    let folder = Folder::new();
    let server = NatsServers::start(folder.options()).await.unwrap();
    let (pid, url) = (server.pids()[0], server.url.clone());
    assert!(greets(&url).await);
    assert!(url.starts_with("nats://127.0.0.1:"), "{url}");
    assert!(server.monitor_url.starts_with("http://127.0.0.1:"), "{}", server.monitor_url);
    assert_eq!(server.restarts(), 0);

    let group = getpgid(Some(to_pid(pid))).unwrap();
    assert_eq!(group, to_pid(pid), "Ctrl-C in a terminal must not reach the server");
    let second = NatsServers::start(folder.options()).await.unwrap_err();
    assert!(matches!(second, NatsError::Locked { .. }), "{second}");

    server.stop().await.unwrap();
    assert_eq!(command_of(pid), "");
    assert!(!greets(&url).await);
    let log = fs::read_to_string(folder.path().join("server.log")).unwrap();
    assert!(log.contains("JetStream Shutdown"), "{log}");
}

#[tokio::test]
async fn comes_back_where_it_was_when_killed() {
    let folder = Folder::new();
    let server = NatsServers::start(folder.options()).await.unwrap();
    for round in 1..=2 {
        let before = server.pids()[0];
        kill(before);
        eventually("a restart", || async { server.pids()[0] != before }).await;
        eventually("an answer", || greets(&server.url)).await;
        assert_eq!(server.restarts(), round);
    }
    server.stop().await.unwrap();
}

#[tokio::test]
async fn adopts_what_a_crash_left_behind_and_keeps_it_alive() {
    let folder = Folder::new();
    let orphan = orphan_in(&folder).await;
    assert_ne!(command_of(orphan), "", "the server outlives us");

    let server = NatsServers::start(folder.options()).await.unwrap();
    assert_eq!((server.pids()[0], server.restarts()), (orphan, 0));
    kill(orphan);
    eventually("a restart", || async { server.pids()[0] != orphan }).await;
    eventually("an answer", || greets(&server.url)).await;
    server.stop().await.unwrap();
}

#[tokio::test]
async fn an_orphan_is_found_without_its_pid_file() {
    let folder = Folder::new();
    let orphan = orphan_in(&folder).await;
    fs::remove_file(folder.path().join("pid")).unwrap();
    let server = NatsServers::start(folder.options()).await.unwrap();
    assert_eq!(server.pids()[0], orphan);
    server.stop().await.unwrap();
    assert_eq!(command_of(orphan), "");
}

#[tokio::test]
async fn an_orphan_with_other_settings_is_replaced() {
    let folder = Folder::new();
    let orphan = orphan_in(&folder).await;
    let relaxed = NatsOptions { sync: SyncMode::Interval, ..folder.options() };
    let server = NatsServers::start(relaxed).await.unwrap();
    assert_ne!(server.pids()[0], orphan);
    assert_eq!(command_of(orphan), "");
    server.stop().await.unwrap();
}

#[tokio::test]
async fn ports_are_kept_until_a_stranger_takes_one() {
    let folder = Folder::new();
    let server = NatsServers::start(folder.options()).await.unwrap();
    let first = server.url.clone();
    server.stop().await.unwrap();

    let server = NatsServers::start(folder.options()).await.unwrap();
    assert_eq!(server.url, first);
    server.stop().await.unwrap();

    let stranger = TcpListener::bind(first.trim_start_matches("nats://")).unwrap();
    let server = NatsServers::start(folder.options()).await.unwrap();
    assert_ne!(server.url, first);
    assert!(greets(&server.url).await);
    drop(stranger);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_stranger_behind_an_old_pid_is_left_alone() {
    let folder = Folder::new();
    let mut stranger = Command::new("sleep").arg("600").spawn().unwrap();
    fs::write(folder.path().join("pid"), stranger.id().to_string()).unwrap();
    let server = NatsServers::start(folder.options()).await.unwrap();
    assert_ne!(server.pids()[0], stranger.id());
    server.stop().await.unwrap();
    assert!(stranger.try_wait().unwrap().is_none());
    stranger.kill().unwrap();
    stranger.wait().unwrap();
}

#[tokio::test]
async fn a_program_that_is_no_server_is_an_error() {
    let folder = Folder::new();
    let wrong = NatsOptions { binary: Some("/bin/false".into()), ..folder.options() };
    let error = NatsServers::start(wrong).await.unwrap_err();
    assert!(matches!(error, NatsError::Exited { .. }), "{error}");
}

#[tokio::test]
async fn three_come_up_together_and_stop_clean() {
    let folder = Folder::new();
    let servers = NatsServers::start(folder.three()).await.unwrap();
    let (pids, url) = (servers.pids(), servers.url.clone());
    assert_eq!((pids.len(), servers.replicas()), (3, 3));
    assert_eq!(servers.monitor_url.split(',').count(), 3);
    for url in url.split(',') {
        assert!(greets(url).await, "{url}");
    }
    servers.stop().await.unwrap();
    assert!(pids.iter().all(|pid| command_of(*pid).is_empty()));

    // What the folder has need not be said again, and all of it is where it was.
    let servers = NatsServers::start(folder.options()).await.unwrap();
    assert_eq!((servers.replicas(), &servers.url), (3, &url));
    servers.stop().await.unwrap();
}

#[tokio::test]
async fn each_of_three_comes_back_when_killed() {
    let folder = Folder::new();
    let servers = NatsServers::start(folder.three()).await.unwrap();
    for (number, url) in servers.url.split(',').enumerate() {
        let before = servers.pids();
        kill(before[number]);
        eventually("a restart", || async { servers.pids()[number] != before[number] }).await;
        eventually("an answer", || greets(url)).await;
        let after = servers.pids();
        let others = |pids: &[u32]| [&pids[..number], &pids[number + 1..]].concat();
        assert_eq!(others(&after), others(&before), "the others went on");
    }
    assert_eq!(servers.restarts(), 3);
    servers.stop().await.unwrap();
}

#[tokio::test]
async fn of_three_orphans_the_living_are_adopted_and_the_dead_replaced() {
    let folder = Folder::new();
    abandon_servers_in(&folder, "3").await;
    let noted = |home: &str| -> u32 {
        fs::read_to_string(folder.path().join(home).join("pid")).unwrap().trim().parse().unwrap()
    };
    let orphans = ["", "2", "3"].map(noted);
    kill(orphans[1]);
    eventually("a death", || async { command_of(orphans[1]).is_empty() }).await;
    let servers = NatsServers::start(folder.three()).await.unwrap();
    let pids = servers.pids();
    assert_eq!((pids[0], pids[2]), (orphans[0], orphans[2]));
    assert_ne!(pids[1], orphans[1]);
    servers.stop().await.unwrap();
}

#[tokio::test]
async fn how_many_servers_a_folder_has_can_not_change() {
    for (made, wanted) in [(1, 3), (3, 1)] {
        let folder = Folder::new();
        let with = |replicas| NatsOptions { replicas: Some(replicas), ..folder.options() };
        NatsServers::start(with(made)).await.unwrap().stop().await.unwrap();
        let refused = NatsServers::start(with(wanted)).await.unwrap_err();
        assert!(matches!(refused, NatsError::Replicas { .. }), "{refused}");
        let said = refused.to_string();
        assert!(said.contains("revops log copy"), "it says the way out: {said}");
        assert!(said.contains(&format!("--replicas {made}")), "{said}");
    }
}

#[tokio::test]
async fn a_folder_from_before_there_were_several_has_one_server() {
    let folder = Folder::new();
    NatsServers::start(folder.options()).await.unwrap().stop().await.unwrap();
    fs::create_dir_all(folder.path().join("jetstream")).unwrap();
    fs::remove_file(folder.path().join("topology.toml")).unwrap();
    let refused = NatsServers::start(folder.three()).await.unwrap_err();
    assert!(matches!(refused, NatsError::Replicas { found: 1, wanted: 3, .. }), "{refused}");
    NatsServers::start(folder.options()).await.unwrap().stop().await.unwrap();
}
