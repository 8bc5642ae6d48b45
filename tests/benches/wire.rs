//! Calls written straight into HTTP/2: clients share the processor with what they measure, so they
//! take as little of it as a load generator can.

use std::sync::Arc;

use anyhow::{Context, ensure};
use bytes::{Buf, BufMut, Bytes, BytesMut};
use h2::client::SendRequest;
use http::{Method, Request, Uri, Version, header};
use prost::Message;
use tokio::net::TcpStream;

/// What stands before a message: whether it is compressed, and its length.
const PREFIX_BYTES: usize = 5;

/// A connection that many calls share. Clones share it too.
#[derive(Clone)]
pub struct Wire {
    requests: SendRequest<Bytes>,
    address: Arc<str>,
}

impl Wire {
    /// Connects to a cell at `http://host:port`.
    pub async fn connect(address: &str) -> anyhow::Result<Wire> {
        let host = address.strip_prefix("http://").context("not a plain address")?;
        let stream = TcpStream::connect(host).await?;
        stream.set_nodelay(true)?;
        let (requests, connection) = h2::client::handshake(stream).await?;
        // It ends with the last clone; why it ended before, its calls say.
        tokio::spawn(connection);
        Ok(Wire { requests, address: address.into() })
    }

    /// Makes one call, `/package.Service/Method`, and gives its answer.
    pub async fn call<A: Message + Default>(
        self,
        method: &'static str,
        asked: &impl Message,
    ) -> anyhow::Result<A> {
        let request = Request::builder()
            .method(Method::POST)
            .version(Version::HTTP_2)
            .uri(format!("{}{method}", self.address).parse::<Uri>()?)
            .header(header::TE, "trailers")
            .header(header::CONTENT_TYPE, "application/grpc")
            .body(())?;
        let mut requests = self.requests.ready().await?;
        let (answer, mut stream) = requests.send_request(request, false)?;
        stream.send_data(framed(asked)?, true)?;
        let (head, mut body) = answer.await?.into_parts();
        let mut message = BytesMut::new();
        while let Some(part) = body.data().await.transpose()? {
            body.flow_control().release_capacity(part.len())?;
            message.extend_from_slice(&part);
        }
        // A refusal is nothing but a head; otherwise the status stands behind the message.
        let trailers = body.trailers().await?.unwrap_or(head.headers);
        let said =
            |name| trailers.get(name).and_then(|said| said.to_str().ok()).unwrap_or_default();
        let status = said("grpc-status");
        let why = said("grpc-message");
        ensure!(status == "0", "{method}: {} with gRPC status {status:?}: {why}", head.status);
        ensure!(message.len() >= PREFIX_BYTES, "{method}: no message came");
        let (compressed, length) = (message.get_u8(), message.get_u32());
        ensure!(
            compressed == 0 && length as usize == message.len(),
            "{method}: another message came"
        );
        Ok(A::decode(message)?)
    }
}

fn framed(message: &impl Message) -> anyhow::Result<Bytes> {
    let length = message.encoded_len();
    let mut frame = BytesMut::with_capacity(PREFIX_BYTES + length);
    frame.put_u8(0);
    frame.put_u32(u32::try_from(length)?);
    message.encode(&mut frame)?;
    Ok(frame.freeze())
}
