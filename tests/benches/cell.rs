//! A cell in a process of its own, so that whoever loads it does not share its threads.

use std::{
    io::{Read, Write},
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use revops::{
    cell::Cell,
    config::{Common, Durability, ProcessArgs, Service},
    nats::NatsServers,
    server::Listening,
};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::TcpListener,
    process::{Child, Command},
};
use tonic::transport::{Channel, Endpoint};

/// The word that makes this program a cell instead of a measurement.
pub const SERVE: &str = "serve-a-cell";
/// The tenant of everything that is measured.
pub const TENANT: &str = "bench";

/// A cell in another process.
pub struct OtherProcess {
    child: Child,
    /// Where it listens.
    address: String,
    /// How long it took from opening the read model until it could answer.
    pub opened: Duration,
}

impl OtherProcess {
    /// Starts a cell over a log, with its read model in this folder.
    pub async fn start(nats: &NatsServers, data: &Path, relaxed: bool) -> anyhow::Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg(SERVE)
            .arg(data)
            .args([&nats.url, &nats.monitor_url, &nats.replicas().to_string()])
            .arg(if relaxed { "relaxed" } else { "strict" })
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("the cell's process cannot be started")?;
        let stdout = child.stdout.take().context("no stdout")?;
        let line = BufReader::new(stdout).lines().next_line().await?;
        let line = line.context("the cell ended before it could answer")?;
        let (address, micros) = line.split_once(' ').context("what does the cell say?")?;
        let (address, opened) = (address.to_owned(), Duration::from_micros(micros.parse()?));
        Ok(Self { child, address, opened })
    }

    /// Where it listens, `http://host:port`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// How much of a processor it has used so far.
    pub fn processor(&self) -> anyhow::Result<Duration> {
        processor_of(self.child.id().context("the cell has ended")?)
    }

    /// One connection to it.
    pub async fn channel(&self) -> anyhow::Result<Channel> {
        let endpoint = Endpoint::from_shared(self.address.clone())?.tcp_nodelay(true);
        Ok(endpoint.connect().await?)
    }

    /// Ends it cleanly.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        drop(self.child.stdin.take());
        let status = self.child.wait().await?;
        if !status.success() {
            bail!("the cell ended with {status}");
        }
        Ok(())
    }
}

/// How much of a processor a process has used so far.
pub fn processor_of(pid: u32) -> anyhow::Result<Duration> {
    // The kernel counts in hundredths of a second, whatever its own clock is.
    const TICKS_A_SECOND: u64 = 100;
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let (_, fields) = stat.rsplit_once(')').context("what does the kernel say?")?;
    let ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<u64>);
    let ticks: u64 = ticks.sum::<Result<u64, _>>()?;
    Ok(Duration::from_millis(ticks * 1_000 / TICKS_A_SECOND))
}

/// Is the cell: answers until stdin is closed.
pub async fn serve(words: Vec<String>) -> anyhow::Result<()> {
    let [data, nats, monitor, replicas, durability] = words.as_slice() else {
        bail!("which cell?")
    };
    let durability = match durability.as_str() {
        "relaxed" => Durability::Relaxed,
        _ => Durability::Strict,
    };
    let common = Common {
        data: PathBuf::from(data),
        listen: "127.0.0.1:0".parse()?,
        durability,
        replicas: replicas.parse()?,
        cache_mib: 256,
        master_key_file: None,
        process: ProcessArgs::default(),
    };
    std::fs::create_dir_all(data)?;
    if std::env::var_os("REVOPS_BENCH_LOG").is_some() {
        tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    }
    let started = Instant::now();
    let cell = Cell::open(&common, Service::All, nats, monitor, Some(TENANT.to_owned())).await?;
    let opened = started.elapsed().as_micros();
    let listener = TcpListener::bind(common.listen).await?;
    let address = listener.local_addr()?;
    let listening = Listening::start(&cell, &[], listener).await?;
    writeln!(std::io::stdout().lock(), "http://{address} {opened}")?;
    tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await??;
    listening.stop().await?;
    cell.close().await
}
