//! Asks a nats-server over HTTP who it is and whether it is ready.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(2);

/// More than the server's longest answer; a stranger on the port may send anything.
const LONGEST_ANSWER: u64 = 256 * 1024;

/// The name that the server on this port gives itself; nothing, if it is not a nats-server.
pub async fn server_name(monitor: u16) -> Option<String> {
    let (status, body) = get(monitor, "/varz").await.ok()?;
    let said: serde_json::Value = serde_json::from_str(&body).ok()?;
    let name = said.get("server_name")?.as_str()?;
    (status == 200).then(|| name.to_owned())
}

/// Whether the server on this port is the one of this name, with its store open and, if it is one of
/// several, with those that it needs to decide anything.
pub async fn is_ready(monitor: u16, name: &str) -> bool {
    let healthy = get(monitor, "/healthz?js-server-only=true").await;
    matches!(healthy, Ok((200, _))) && server_name(monitor).await.as_deref() == Some(name)
}

async fn get(port: u16, path: &str) -> io::Result<(u16, String)> {
    timeout(PATIENCE, exchange(port, path)).await?
}

/// HTTP/1.0, so that the answer is whole when the server closes: no chunks, no lengths.
async fn exchange(port: u16, path: &str) -> io::Result<(u16, String)> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.take(LONGEST_ANSWER).read_to_string(&mut answer).await?;
    parse(&answer).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "not an HTTP answer"))
}

fn parse(answer: &str) -> Option<(u16, String)> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.strip_prefix("HTTP/1.")?.split(' ').nth(1)?.parse().ok()?;
    Some((status, body.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_its_status_and_body() {
        let whole = "HTTP/1.0 503 Service Unavailable\r\nA: b\r\n\r\n{\"status\":\"x\"}\r\n\r\n";
        assert_eq!(parse(whole), Some((503, "{\"status\":\"x\"}\r\n\r\n".to_owned())));
        for broken in ["", "HTTP/1.1 200 OK", "SSH-2.0-x\r\n\r\n", "HTTP/1.1 abc\r\n\r\n"] {
            assert_eq!(parse(broken), None, "{broken:?}");
        }
    }
}
