//! The connection to NATS, and what can come of a request over it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::message::StreamMessage;
use async_nats::jetstream::publish::PublishAck;
use async_nats::jetstream::response::Response;
use async_nats::jetstream::{self, Context, ErrorCode, stream};
use async_nats::{
    Client, ConnectOptions, Event, HeaderMap, Request, RequestError, RequestErrorKind, ServerAddr,
    header,
};
use bytes::Bytes;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::sync::watch;

use crate::append::Attempt;
use crate::jetstream::JetStreamLog;
use crate::keys::KeyStream;
use crate::log::{EventLog, ReadError, Stored};
use crate::streams::{self, Unsuitable};

/// What only one of several servers may say is asked so many times more, so far apart.
const DOUBTS: usize = 10;
const ASK_EVERY: Duration = Duration::from_millis(500);

/// How long it may take to hear that a stream is gone.
const GONE_IS_TOLD: Duration = Duration::from_millis(500);

/// How to connect; the default suits a single server on the same host.
#[derive(Debug, Clone)]
pub struct Options {
    /// The client's name, as shown by the server's monitoring.
    pub name: String,
    /// Servers that keep a copy of each stream.
    pub replicas: usize,
    /// A NATS credentials file.
    pub credentials: Option<PathBuf>,
    /// How long an answer is waited for before a request is taken as lost.
    pub answer_timeout: Duration,
}

/// A connection to NATS JetStream; clones share it.
#[derive(Debug, Clone)]
pub struct JetStream(Arc<Connection>);

#[derive(Debug)]
struct Connection {
    client: Client,
    context: Context,
    link: watch::Receiver<Link>,
    options: Options,
}

/// Why the log could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    #[error("{url} is not a NATS address: write it like nats://127.0.0.1:4222")]
    Address { url: String, source: std::io::Error },
    #[error("the credentials file {path} can not be used: check that it is a NATS .creds file")]
    Credentials { path: String, source: std::io::Error },
    #[error("can not connect to {url}: check that nats-server runs there and lets this user in")]
    Unreachable { url: String, source: async_nats::ConnectError },
    #[error(
        "the stream {stream} could not be opened ({reason}): check that JetStream is enabled there"
    )]
    Stream { stream: &'static str, reason: String },
    #[error(transparent)]
    Unsuitable(#[from] Unsuitable),
}

/// What is known of the connection, to let go of what an earlier one has lost.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Link {
    /// How often it was made.
    connected: u64,
    closed: bool,
}

/// Why a request has no good answer.
#[derive(Debug)]
pub(crate) enum Failure {
    Refused {
        status: usize,
        code: ErrorCode,
        reason: String,
    },
    /// No answer, so it may or may not have been carried out.
    Unanswered(String),
    NobodyListens,
    TooLarge,
    Closed,
}

#[derive(Deserialize)]
struct RawAnswer {
    message: stream::RawMessage,
}

impl JetStream {
    /// Connects to the servers in `url`, several separated by commas. From then on a lost
    /// connection is made again, however long it takes.
    pub async fn connect(url: &str, options: Options) -> Result<JetStream, ConnectError> {
        let servers = url.split(',').map(str::trim).map(str::parse);
        let servers: Vec<ServerAddr> = servers
            .collect::<Result<_, _>>()
            .map_err(|source| ConnectError::Address { url: url.to_owned(), source })?;
        let (sender, mut link) = watch::channel(Link::default());
        let client = connect_options(&options, sender)
            .await?
            .connect(servers)
            .await
            .map_err(|source| ConnectError::Unreachable { url: url.to_owned(), source })?;
        // News of the first connection come late and would pass for a second one.
        link.wait_for(|link| link.connected > 0).await.ok();
        let context = jetstream::new(client.clone());
        let connection = Connection { client, context, link, options };
        Ok(JetStream(Arc::new(connection)))
    }

    /// The log, created if it is not there.
    pub async fn log(&self) -> Result<EventLog, ConnectError> {
        streams::open(self, streams::log(self.0.options.replicas), streams::LOG).await?;
        Ok(EventLog::JetStream(JetStreamLog::new(self.clone())))
    }

    /// The keys, their stream created if it is not there.
    pub async fn keys(&self) -> Result<KeyStream, ConnectError> {
        streams::open(self, streams::keys(self.0.options.replicas), streams::KEYS).await?;
        Ok(KeyStream::jetstream(self.clone()))
    }

    /// The log, if it is there, on however many servers.
    pub async fn existing_log(&self) -> Result<Option<EventLog>, ConnectError> {
        let is_there = streams::find(self, streams::log, streams::LOG).await?;
        Ok(is_there.then(|| EventLog::JetStream(JetStreamLog::new(self.clone()))))
    }

    /// The keys, if their stream is there, on however many servers.
    pub async fn existing_keys(&self) -> Result<Option<KeyStream>, ConnectError> {
        let is_there = streams::find(self, streams::keys, streams::KEYS).await?;
        Ok(is_there.then(|| KeyStream::jetstream(self.clone())))
    }

    pub(crate) fn context(&self) -> &Context {
        &self.0.context
    }

    /// Whether the server is one of several.
    pub(crate) fn is_clustered(&self) -> bool {
        self.0.client.server_info().cluster.is_some()
    }

    /// Changes when the connection was lost and made again.
    pub(crate) fn link(&self) -> watch::Receiver<Link> {
        self.0.link.clone()
    }

    /// Sends one request and waits for its answer, but not beyond the life of the connection.
    pub(crate) async fn request<T: DeserializeOwned>(
        &self,
        subject: String,
        request: Request,
    ) -> Result<T, Failure> {
        let mut link = self.link();
        link.mark_unchanged();
        let request = request.timeout(Some(self.0.options.answer_timeout));
        let answer = tokio::select! {
            answer = self.0.client.send_request(subject, request) => {
                answer.map_err(|error| self.failure(&error))?
            }
            _ = link.changed() => return Err(self.lost()),
        };
        match serde_json::from_slice(&answer.payload) {
            Ok(Response::Ok(value)) => Ok(value),
            Ok(Response::Err { error }) => Err(Failure::Refused {
                status: error.code(),
                code: error.error_code(),
                reason: error.to_string(),
            }),
            Err(error) => Err(Failure::Unanswered(format!("unreadable answer: {error}"))),
        }
    }

    /// Publishes to `subject` if `guard` is still the sequence of the last message there.
    pub(crate) async fn publish(
        &self,
        stream: &'static str,
        subject: String,
        guard: u64,
        mut headers: HeaderMap,
        body: Bytes,
    ) -> Attempt {
        headers.insert(header::NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, guard.to_string());
        let request = Request::new().headers(headers).payload(body);
        match self.request::<PublishAck>(subject, request).await {
            Ok(ack) => Attempt::Stored(ack.sequence),
            Err(Failure::Refused { status, code, reason }) => match code {
                // 10164 is a replicated stream's word for it while another write is on its way.
                ErrorCode::STREAM_WRONG_LAST_SEQUENCE
                | ErrorCode::STREAM_WRONG_LAST_SEQUENCE_CONSTANT
                | ErrorCode::STREAM_DUPLICATE_MESSAGE_CONFLICT => Attempt::Conflict,
                ErrorCode::STREAM_MESSAGE_EXCEEDS_MAXIMUM
                | ErrorCode::STREAM_HEADER_EXCEEDS_MAXIMUM => Attempt::TooLarge,
                // The server is in trouble or overloaded, which passes.
                _ if status >= 500 || status == 429 => Attempt::Unknown(reason),
                _ => Attempt::Refused(reason),
            },
            Err(Failure::Unanswered(reason)) => Attempt::Unknown(reason),
            Err(Failure::NobodyListens) => {
                // While nobody leads, nobody says so: a stream that is gone is told at once.
                if let Ok(Err(failure)) =
                    tokio::time::timeout(GONE_IS_TOLD, self.info(stream)).await
                    && let error @ ReadError::Gone { .. } = self.reading(failure, stream).await
                {
                    return Attempt::Refused(error.to_string());
                }
                Attempt::Unknown("no server takes it at the moment".to_owned())
            }
            Err(Failure::TooLarge) => Attempt::TooLarge,
            Err(Failure::Closed) => Attempt::Closed,
        }
    }

    /// The stream's settings and state, from its leader.
    pub(crate) async fn stream(&self, stream: &'static str) -> Result<stream::Info, ReadError> {
        match self.info(stream).await {
            Ok(info) => Ok(info),
            Err(failure) => Err(self.reading(failure, stream).await),
        }
    }

    /// The same, from whoever answers first, right or wrong.
    pub(crate) async fn info(&self, stream: &str) -> Result<stream::Info, Failure> {
        self.request(format!("$JS.API.STREAM.INFO.{stream}"), Request::new()).await
    }

    /// What it means for a reader. Of several servers, one that has just come back does not know yet
    /// which streams there are; so one that is gone is believed only when that is said again and
    /// again.
    pub(crate) async fn reading(&self, failure: Failure, stream: &'static str) -> ReadError {
        let error = failure.reading(stream);
        if self.is_clustered() && matches!(error, ReadError::Gone { .. }) {
            for _ in 0..DOUBTS {
                tokio::time::sleep(ASK_EVERY).await;
                if !self.info(stream).await.is_err_and(|failure| failure.is_unknown_stream()) {
                    let reason = "a server that has just come back does not know its streams yet";
                    return ReadError::Unavailable { reason: reason.to_owned() };
                }
            }
        }
        error
    }

    /// The last sequence of a stream that is known to have reached `after`. Of several servers, one
    /// that led until it was held up may believe for a moment that it still does, and answer from
    /// what it had then; so less than `after` is believed only when it is said again and again.
    pub(crate) async fn end(&self, stream: &'static str, after: u64) -> Result<u64, ReadError> {
        let mut asked = 0;
        loop {
            let last = self.stream(stream).await?.state.last_sequence;
            if last >= after || !self.is_clustered() || asked == DOUBTS {
                return Ok(last);
            }
            asked += 1;
            tokio::time::sleep(ASK_EVERY).await;
        }
    }

    /// A message from the stream's leader: followers, which answer direct reads, may lag.
    pub(crate) async fn read(
        &self,
        stream: &'static str,
        which: serde_json::Value,
    ) -> Result<Option<Stored>, ReadError> {
        let subject = format!("$JS.API.STREAM.MSG.GET.{stream}");
        let request = Request::new().payload(which.to_string().into());
        let message = match self.request::<RawAnswer>(subject, request).await {
            Ok(answer) => StreamMessage::try_from(answer.message),
            Err(Failure::Refused { code: ErrorCode::NO_MESSAGE_FOUND, .. }) => return Ok(None),
            Err(failure) => return Err(self.reading(failure, stream).await),
        };
        let message =
            message.map_err(|error| ReadError::Unavailable { reason: error.to_string() })?;
        Ok(Some(Stored { sequence: message.sequence, body: message.payload }))
    }

    fn failure(&self, error: &RequestError) -> Failure {
        match error.kind() {
            RequestErrorKind::NoResponders => Failure::NobodyListens,
            RequestErrorKind::MaxPayloadExceeded => Failure::TooLarge,
            _ if self.0.link.borrow().closed => Failure::Closed,
            _ => Failure::Unanswered(error.to_string()),
        }
    }

    fn lost(&self) -> Failure {
        if self.0.link.borrow().closed {
            return Failure::Closed;
        }
        Failure::Unanswered("the connection was lost".to_owned())
    }
}

impl Failure {
    /// Whether the server that answered knows no such stream.
    pub(crate) fn is_unknown_stream(&self) -> bool {
        matches!(self, Failure::Refused { code: ErrorCode::STREAM_NOT_FOUND, .. })
    }

    pub(crate) fn reading(self, stream: &'static str) -> ReadError {
        if self.is_unknown_stream() {
            return ReadError::Gone { stream };
        }
        let reason = match self {
            Failure::Closed => return ReadError::Closed,
            Failure::Refused { reason, .. } | Failure::Unanswered(reason) => reason,
            Failure::NobodyListens => "no server takes requests at the moment".to_owned(),
            Failure::TooLarge => "the request is too large for the server".to_owned(),
        };
        ReadError::Unavailable { reason }
    }
}

impl Default for Options {
    fn default() -> Self {
        Options {
            name: "revops".to_owned(),
            replicas: 1,
            credentials: None,
            answer_timeout: Duration::from_secs(5),
        }
    }
}

async fn connect_options(
    options: &Options,
    link: watch::Sender<Link>,
) -> Result<ConnectOptions, ConnectError> {
    const RECONNECT_MAX: Duration = Duration::from_millis(500);
    // A server that vanished without a word is given up after two of these.
    const PING_INTERVAL: Duration = Duration::from_secs(4);
    let connect = match &options.credentials {
        None => ConnectOptions::new(),
        Some(path) => ConnectOptions::with_credentials_file(path).await.map_err(|source| {
            ConnectError::Credentials { path: path.display().to_string(), source }
        })?,
    };
    Ok(connect
        .name(&options.name)
        .ping_interval(PING_INTERVAL)
        .reconnect_delay_callback(|attempts| {
            Duration::from_millis(1 << attempts.min(9)).min(RECONNECT_MAX)
        })
        .event_callback(move |event| {
            match event {
                Event::Connected => link.send_modify(|link| link.connected += 1),
                Event::Closed => link.send_modify(|link| link.closed = true),
                other => tracing::debug!(%other, "connection to the log"),
            }
            std::future::ready(())
        }))
}
