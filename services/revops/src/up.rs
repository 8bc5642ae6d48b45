//! `revops up`, `serve` and `route`: start, say where things listen, wait for the end, stop cleanly.

use std::{io::Write, net::SocketAddr, path::Path};

use anyhow::Context;
use tokio::{
    net::TcpListener,
    signal::unix::{Signal, SignalKind, signal},
};
use tracing_subscriber::EnvFilter;

use crate::{
    cell::Cell,
    config::{Common, Durability, LogFormat, ProcessArgs, RouteArgs, ServeArgs, Service, UpArgs},
    demo,
    nats::{NatsOptions, NatsServers, SyncMode},
    route::Routing,
    server::Listening,
};

/// Runs a whole cell until it is told to stop.
pub async fn up(args: UpArgs) -> anyhow::Result<()> {
    begin(&args.common)?;
    let sync = match args.common.durability {
        Durability::Strict => SyncMode::Always,
        Durability::Relaxed => SyncMode::Interval,
    };
    let folder = args.common.data.join("nats");
    let options = NatsOptions {
        binary: args.nats_server.clone(),
        replicas: Some(args.common.replicas),
        sync,
        ..NatsOptions::new(folder)
    };
    // A port that is taken is told before anything runs that would have to be stopped.
    let listener = bind(args.common.listen).await?;
    let nats = NatsServers::start(options).await?;
    let tenant = Some(args.default_tenant.clone());
    let ran = async {
        let cell =
            Cell::open(&args.common, Service::All, &nats.url, &nats.monitor_url, tenant).await?;
        let listening =
            Listening::start(&cell, &args.common.process.web_origin, listener.0).await?;
        let stop = Stop::heard()?;
        announce(&args.common.data, listener.1, &nats)?;
        let ended = stay(&args, listener.1, stop).await;
        listening.stop().await?;
        cell.close().await?;
        ended
    };
    let ran = ran.await;
    nats.stop().await?;
    ran
}

/// Runs services against a NATS that is already there, until it is told to stop.
pub async fn serve(args: ServeArgs) -> anyhow::Result<()> {
    begin(&args.common)?;
    let (listener, address) = bind(args.common.listen).await?;
    let tenant = args.default_tenant.clone();
    let cell =
        Cell::open(&args.common, args.service, &args.nats, &args.nats_monitor, tenant).await?;
    let listening = Listening::start(&cell, &args.common.process.web_origin, listener).await?;
    let mut stop = Stop::heard()?;
    write_address(&args.common.data, address)?;
    say(&format!("listening on http://{address}"))?;
    stop.told().await;
    listening.stop().await?;
    cell.close().await
}

/// Forwards calls to services that run apart, until it is told to stop.
pub async fn route(args: RouteArgs) -> anyhow::Result<()> {
    args.check()?;
    start_log(&args.process)?;
    let (listener, address) = bind(args.listen).await?;
    let routing = Routing::start(&args.to, &args.process.web_origin, listener)?;
    let mut stop = Stop::heard()?;
    say(&format!("listening on http://{address}"))?;
    stop.told().await;
    routing.stop().await
}

fn start_log(args: &ProcessArgs) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&args.log).context("--log is not a filter")?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second subscriber in one process is a test's; the first one stays.
    let _ = match args.log_format {
        LogFormat::Text => log.try_init(),
        LogFormat::Json => log.json().flatten_event(true).try_init(),
    };
    Ok(())
}

fn begin(common: &Common) -> anyhow::Result<()> {
    common.check()?;
    start_log(&common.process)?;
    std::fs::create_dir_all(&common.data)
        .with_context(|| format!("cannot make {}", common.data.display()))
}

async fn bind(listen: SocketAddr) -> anyhow::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(listen)
        .await
        .with_context(|| format!("cannot listen on {listen}: choose another --listen"))?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

fn write_address(data: &Path, address: SocketAddr) -> anyhow::Result<()> {
    let file = data.join("address");
    std::fs::write(&file, format!("http://{address}\n"))
        .with_context(|| format!("cannot write {}", file.display()))
}

fn announce(data: &Path, address: SocketAddr, nats: &NatsServers) -> anyhow::Result<()> {
    write_address(data, address)?;
    say(&format!("listening on http://{address}"))?;
    say(&format!("log           {} (monitor {})", nats.url, nats.monitor_url))?;
    say(&format!("data          {}", data.display()))
}

/// Shows the demo, where it is wanted, and stays until it is told to stop.
async fn stay(args: &UpArgs, address: SocketAddr, mut stop: Stop) -> anyhow::Result<()> {
    if args.demo {
        tokio::select! {
            shown = show_demo(args, address) => shown?,
            () = stop.told() => return Ok(()),
        }
    }
    stop.told().await;
    Ok(())
}

async fn show_demo(args: &UpArgs, address: SocketAddr) -> anyhow::Result<()> {
    let server = format!("http://{address}");
    demo::load_and_show(&server, &args.default_tenant, args.demo_seed).await?;
    say(&format!("try           revops --server {server} pipeline --by owner"))?;
    say("stop          Ctrl-C")
}

/// Ctrl-C, or being terminated. Heard from when this is made on, so it is made before anybody is told
/// that there is something to stop.
pub(crate) struct Stop {
    terminate: Signal,
    interrupt: Signal,
}

impl Stop {
    /// Begins to listen.
    pub(crate) fn heard() -> anyhow::Result<Stop> {
        let hear = |kind| signal(kind).context("no signals");
        let (terminate, interrupt) =
            (hear(SignalKind::terminate())?, hear(SignalKind::interrupt())?);
        Ok(Stop { terminate, interrupt })
    }

    /// Waits for it.
    pub(crate) async fn told(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Says a line on stdout; a reader that has gone away does not stop a server.
fn say(line: &str) -> anyhow::Result<()> {
    match writeln!(std::io::stdout().lock(), "{line}") {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written?),
    }
}
