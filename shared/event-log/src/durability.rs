//! Whether a server has written to disk what it acknowledges.

use std::time::Duration;

use serde::Deserialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
const ANSWER_BYTES_MAX: u64 = 1024 * 1024;

/// When a server writes to disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Before it acknowledges.
    Always,
    /// Now and then: what was acknowledged since may be lost with the power.
    Interval(Duration),
}

/// Why it could not be found out.
#[derive(Debug, thiserror::Error)]
pub enum DurabilityError {
    #[error("{url} is not a monitoring address: write it like http://127.0.0.1:8222")]
    Address { url: String },
    #[error("no answer from {url}: check that nats-server runs with its http port there")]
    Unreachable { url: String, source: std::io::Error },
    #[error("{url} took longer than {ANSWER_TIMEOUT:?} to answer: check the server there")]
    Late { url: String },
    #[error("{url} did not answer like a nats-server ({reason}): check the address")]
    Unreadable { url: String, reason: String },
    #[error("the server at {url} runs without JetStream: enable it in the server's configuration")]
    Disabled { url: String },
}

#[derive(Deserialize)]
struct JetStreamState {
    #[serde(default)]
    disabled: bool,
    #[serde(default)]
    config: Settings,
}

#[derive(Deserialize, Default)]
struct Settings {
    #[serde(default)]
    sync_always: bool,
    /// Nanoseconds; printed, with its default, even when every message is written at once.
    #[serde(default)]
    sync_interval: u64,
}

/// Asks one server through its monitoring address, e.g. `http://127.0.0.1:8222`.
pub async fn check(monitor_url: &str) -> Result<Durability, DurabilityError> {
    let url = monitor_url.to_owned();
    let Some(host) = host(monitor_url) else {
        return Err(DurabilityError::Address { url });
    };
    let answer = match timeout(ANSWER_TIMEOUT, get(host, "/jsz")).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(source)) => return Err(DurabilityError::Unreachable { url, source }),
        Err(_) => return Err(DurabilityError::Late { url }),
    };
    let body = match body(&answer) {
        Ok(body) => body,
        Err(reason) => return Err(DurabilityError::Unreadable { url, reason }),
    };
    let state: JetStreamState = serde_json::from_str(body).map_err(|error| {
        DurabilityError::Unreadable { url: url.clone(), reason: error.to_string() }
    })?;
    match state {
        JetStreamState { disabled: true, .. } => Err(DurabilityError::Disabled { url }),
        JetStreamState { config: Settings { sync_always: true, .. }, .. } => Ok(Durability::Always),
        JetStreamState { config, .. } => {
            Ok(Durability::Interval(Duration::from_nanos(config.sync_interval)))
        }
    }
}

/// Host and port; there is no usual port for monitoring.
fn host(url: &str) -> Option<&str> {
    let host = url.strip_prefix("http://")?.trim_end_matches('/');
    let plain = host.contains(':') && !host.contains(['/', ' ', '\r', '\n']);
    plain.then_some(host)
}

/// One request, HTTP/1.0 so that the answer is neither chunked nor kept open.
async fn get(host: &str, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(host).await?;
    let request = format!("GET {path} HTTP/1.0\r\nHost: {host}\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.take(ANSWER_BYTES_MAX).read_to_string(&mut answer).await?;
    Ok(answer)
}

fn body(answer: &str) -> Result<&str, String> {
    let status = answer.lines().next().unwrap_or_default();
    if status.split(' ').nth(1) != Some("200") {
        return Err(format!("it says {status:?}"));
    }
    let (_, body) = answer.split_once("\r\n\r\n").ok_or("it has no body")?;
    Ok(body)
}
