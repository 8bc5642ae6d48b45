//! Cells in processes of their own, to be killed: copies of this program, told to be `revops`.

use std::{
    env,
    future::Future,
    hash::{BuildHasher, RandomState},
    io::{Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use clap::Parser;
use revops::{
    config::{RouteArgs, ServeArgs, UpArgs},
    up,
};
use rustix::process::{Pid, Signal, kill_process};
use tests::line::{self, Said};
use tonic::transport::{Channel, Endpoint};
use tonic_health::{ServingStatus, pb::health_client::HealthClient};

/// Holds the words of a copy of this program, one a line.
const WORDS: &str = "REVOPS_TEST_CHILD";

#[derive(Debug, Parser)]
enum Words {
    Up(UpArgs),
    Serve(ServeArgs),
    Route(RouteArgs),
}

/// Not a test: what a copy of this program does that is told to.
#[tokio::test(flavor = "multi_thread")]
async fn becomes_a_cell_when_told_to() {
    let Some(words) = env::var_os(WORDS) else {
        return;
    };
    let words = words.into_string().unwrap();
    match Words::parse_from(["revops"].into_iter().chain(words.lines())) {
        Words::Up(args) => up::up(args).await.unwrap(),
        Words::Serve(args) => up::serve(args).await.unwrap(),
        Words::Route(args) => up::route(args).await.unwrap(),
    }
}

/// A process that serves, killed when it is dropped.
pub struct Server {
    child: Child,
    words: Vec<String>,
    port: u16,
}

impl Server {
    /// Starts a server and waits until it answers. It will listen on the same port for ever.
    pub async fn start(words: &[&str]) -> Server {
        let port = free_port();
        let listen = format!("127.0.0.1:{port}");
        let words: Vec<String> =
            words.iter().copied().chain(["--listen", &listen]).map(str::to_owned).collect();
        let server = Server { child: spawn(&words), words, port };
        server.answers().await;
        server
    }

    /// Ends the process by SIGKILL, whatever it is doing.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Has the process end of itself.
    pub fn stop(&mut self) {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        assert!(self.child.wait().unwrap().success(), "{:?} did not end well", self.words);
    }

    /// Starts it again and waits until it answers.
    pub async fn start_again(&mut self) {
        self.child = spawn(&self.words);
        self.answers().await;
    }

    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// A connection that comes back when the server does.
    pub fn channel(&self) -> Channel {
        let endpoint = Endpoint::from_shared(self.address()).unwrap();
        endpoint.tcp_nodelay(true).connect_lazy()
    }

    /// Runs a command line.
    pub async fn words(&self, words: &[&str]) -> Said {
        line::run(&self.address(), words).await
    }

    /// Waits until it says that it serves.
    pub async fn answers(&self) {
        let health = HealthClient::new(self.channel());
        eventually("a server that answers", || {
            let mut health = health.clone();
            async move {
                let asked = health.check(tonic_health::pb::HealthCheckRequest::default()).await;
                asked.is_ok_and(|it| it.into_inner().status == ServingStatus::Serving as i32)
            }
        })
        .await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(words: &[String]) -> Child {
    let quiet = || {
        if env::var_os("REVOPS_LOUD").is_some() { Stdio::inherit() } else { Stdio::null() }
    };
    Command::new(env::current_exe().unwrap())
        .args(["child::becomes_a_cell_when_told_to", "--exact", "--nocapture"])
        .env(WORDS, words.join("\n"))
        .stdin(Stdio::null())
        .stdout(quiet())
        .stderr(quiet())
        .spawn()
        .unwrap()
}

/// The nats-servers of a cell's folder, which outlive the cell; they end with this value.
pub struct Nats<'a>(pub &'a Path);

impl Nats<'_> {
    /// The processes of servers that run in it, by number.
    pub fn pids(&self) -> Vec<Option<u32>> {
        let more = (2..).map(|number| self.0.join("nats").join(number.to_string()));
        let more = more.take_while(|home| home.is_dir());
        std::iter::once(self.0.join("nats")).chain(more).map(|home| pid_in(&home)).collect()
    }

    /// Ends one by SIGKILL.
    pub fn kill(&self, number: usize) {
        self.signal(number, Signal::KILL);
    }

    /// Sends one a signal, if it runs.
    pub fn signal(&self, number: usize, signal: Signal) {
        let pid = self.pids()[number];
        if let Some(pid) = pid.and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?)) {
            // Between the look and the blow it may have ended of itself.
            let _ = kill_process(pid, signal);
        }
    }

    /// The one that decides what is in the log, as long as one does.
    pub fn leader(&self) -> Option<usize> {
        let text = std::fs::read_to_string(self.0.join("nats/topology.toml")).ok()?;
        let after = |word: &str| -> Vec<String> {
            let lines = text.lines().filter_map(|line| line.strip_prefix(word));
            lines.map(|rest| rest.trim_matches(['"', ' ', '=']).to_owned()).collect()
        };
        let (names, monitors) = (after("name"), after("monitor"));
        monitors.iter().find_map(|port| {
            let said = get(port, "/jsz?accounts=true&streams=true").ok()?;
            let said: serde_json::Value =
                serde_json::from_str(said.split_once("\r\n\r\n")?.1).ok()?;
            let streams = said.pointer("/account_details/0/stream_detail")?.as_array()?;
            let log = streams.iter().find(|stream| stream["name"] == "REVOPS_LOG")?;
            let leader = log.pointer("/cluster/leader")?.as_str()?;
            names.iter().position(|name| name == leader)
        })
    }
}

impl Drop for Nats<'_> {
    fn drop(&mut self) {
        for number in 0..self.pids().len() {
            self.kill(number);
        }
    }
}

/// The process that a server's folder names and that runs on it, if it runs.
fn pid_in(home: &Path) -> Option<u32> {
    let pid: u32 = std::fs::read_to_string(home.join("pid")).ok()?.trim().parse().ok()?;
    let runs = std::fs::read_to_string(format!("/proc/{pid}/cmdline")).ok()?;
    runs.contains(home.to_str()?).then_some(pid)
}

/// What a server's monitoring answers.
fn get(port: &str, path: &str) -> std::io::Result<String> {
    let port = port.parse().map_err(std::io::Error::other)?;
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(Duration::from_secs(2)))?;
    write!(stream, "GET {path} HTTP/1.0\r\n\r\n")?;
    let mut said = String::new();
    stream.read_to_string(&mut said)?;
    Ok(said)
}

/// Looks again and again, for a minute, until something is so.
pub async fn eventually<F: Future<Output = bool>>(what: &str, check: impl Fn() -> F) {
    let met = async {
        while !check().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), met)
        .await
        .unwrap_or_else(|_| panic!("never: {what}"));
}

/// A port below those that systems give to outgoing connections: a client that knocks while its
/// server is away could be given that very port, and talk to itself.
fn free_port() -> u16 {
    let start = RandomState::new().hash_one(0) % 20_000;
    (0..20_000)
        .map(|step| 10_000 + u16::try_from((start + step) % 20_000).unwrap())
        .find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
        .unwrap()
}
