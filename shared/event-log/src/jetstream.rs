//! The log in JetStream: frames in, frames out, and a reader that outlives its connection.

use std::fmt;
use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::jetstream::Message;
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, pull};
use bytes::Bytes;
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt};
use serde_json::json;
use tokio::sync::watch;
use tracing::debug;

use crate::append::Attempt;
use crate::connection::{JetStream, Link};
use crate::frame::FrameSummary;
use crate::log::{ReadError, Stored};
use crate::pause::{Pause, sleep};
use crate::streams::{LOG, LOG_SUBJECT};

/// Frames on their way from the server to a reader, at most. Large enough that a rebuild never
/// waits for the next request to reach the server.
const BATCH_FRAMES: usize = 5_000;
const BATCH_BYTES: usize = 32 * 1024 * 1024;

/// How long the server waits at the end of the log before a request must be made again.
const REQUEST_LIFE: Duration = Duration::from_secs(30);
/// A reader whose server died, while its connection is with another one, misses two of these.
const HEARTBEAT: Duration = Duration::from_secs(2);

/// How long the server remembers a reader that has gone.
const READER_LIFE: Duration = Duration::from_secs(60);

/// The log in NATS JetStream.
#[derive(Debug, Clone)]
pub struct JetStreamLog {
    connection: JetStream,
}

/// The log in JetStream, from some place on.
pub(crate) struct JetStreamFrames {
    connection: JetStream,
    after: u64,
    link: watch::Receiver<Link>,
    reader: Reader,
    pause: Pause,
}

enum Reader {
    Closed,
    /// Kept between calls, so that a caller who often gives up waiting gets somewhere too.
    Opening(BoxFuture<'static, Result<Option<pull::Stream>, ReadError>>),
    Open {
        messages: Box<pull::Stream>,
        /// Nothing has come through it yet.
        fresh: bool,
    },
}

impl JetStreamLog {
    pub(crate) fn new(connection: JetStream) -> JetStreamLog {
        JetStreamLog { connection }
    }

    pub(crate) async fn attempt(
        &self,
        guard: u64,
        body: &Bytes,
        summary: &FrameSummary,
    ) -> Attempt {
        let mut headers = HeaderMap::new();
        headers.insert("revops-first", summary.first.to_string());
        headers.insert("revops-commits", summary.commits.to_string());
        headers.insert("revops-facts", summary.facts.to_string());
        if let Some(traceparent) = &summary.traceparent {
            headers.insert("traceparent", traceparent.as_str());
        }
        let (subject, body) = (LOG_SUBJECT.to_owned(), body.clone());
        self.connection.publish(LOG, subject, guard, headers, body).await
    }

    pub(crate) async fn head(&self) -> Result<Option<Stored>, ReadError> {
        self.connection.read(LOG, json!({ "last_by_subj": LOG_SUBJECT })).await
    }

    pub(crate) async fn get(&self, sequence: u64) -> Result<Option<Stored>, ReadError> {
        // The server takes 0 for "not said" and refuses the request.
        match sequence {
            0 => Ok(None),
            _ => self.connection.read(LOG, json!({ "seq": sequence })).await,
        }
    }

    /// The last stream sequence, of a log that is known to have reached `after`.
    pub(crate) async fn end(&self, after: u64) -> Result<u64, ReadError> {
        self.connection.end(LOG, after).await
    }

    pub(crate) fn is_clustered(&self) -> bool {
        self.connection.is_clustered()
    }

    pub(crate) fn follow(&self, after: u64) -> JetStreamFrames {
        JetStreamFrames {
            connection: self.connection.clone(),
            after,
            link: self.connection.link(),
            reader: Reader::Closed,
            pause: Pause::default(),
        }
    }
}

impl JetStreamFrames {
    pub(crate) async fn next(&mut self) -> Result<Stored, ReadError> {
        loop {
            match &mut self.reader {
                Reader::Closed => {
                    self.link.mark_unchanged();
                    let connection = self.connection.clone();
                    let opening = open(connection, self.after, self.pause.next());
                    self.reader = Reader::Opening(Box::pin(opening));
                }
                Reader::Opening(opening) => {
                    // The library waits long for an answer that a broken connection has lost.
                    let opened = tokio::select! {
                        opened = opening => opened,
                        _ = self.link.changed() => Ok(None),
                    };
                    self.reader = Reader::Closed;
                    if let Some(messages) = opened? {
                        let (messages, fresh) = (Box::new(messages), true);
                        self.reader = Reader::Open { messages, fresh };
                    }
                }
                Reader::Open { messages, .. } => {
                    // What has arrived comes first: it is in order though the connection is gone.
                    let message = tokio::select! {
                        biased;
                        message = messages.next() => message,
                        _ = self.link.changed() => None,
                    };
                    if let Some(stored) = self.take(message) {
                        return Ok(stored);
                    }
                }
            }
        }
    }

    pub(crate) fn take_ready(&mut self) -> Option<Stored> {
        let Reader::Open { messages, .. } = &mut self.reader else {
            return None;
        };
        let message = messages.next().now_or_never()?;
        self.take(message)
    }

    /// Takes the next frame from what the reader gave, or closes the reader if it is not that:
    /// after a broken connection, a restart or an overrun it is cheapest to ask anew.
    fn take(&mut self, message: Option<Result<Message, pull::MessagesError>>) -> Option<Stored> {
        let stored = message.and_then(stored);
        if let (Some(stored), Reader::Open { fresh, .. }) = (stored, &mut self.reader) {
            // A gap right at the start is one in the log itself: the chain shall name it.
            let expected = self.after + 1;
            if stored.sequence == expected || (*fresh && stored.sequence > expected) {
                *fresh = false;
                self.after = stored.sequence;
                self.pause = Pause::default();
                return Some(stored);
            }
        }
        debug!(after = self.after, "the reader ended, opening another");
        self.reader = Reader::Closed;
        None
    }
}

fn stored(message: Result<Message, pull::MessagesError>) -> Option<Stored> {
    match message {
        Ok(message) => {
            let sequence = message.info().ok()?.stream_sequence;
            Some(Stored { sequence, body: message.message.payload })
        }
        Err(error) => {
            debug!(%error, "the reader failed");
            None
        }
    }
}

/// Opens a reader after the last frame that was taken; `None` if that does not work yet.
async fn open(
    connection: JetStream,
    after: u64,
    pause: Duration,
) -> Result<Option<pull::Stream>, ReadError> {
    sleep(pause).await;
    let head = match connection.end(LOG, after).await {
        Ok(head) => head,
        Err(ReadError::Unavailable { reason }) => {
            debug!(reason, after, "can not open a reader yet");
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    if head < after {
        return Err(ReadError::LostTail { after, head });
    }
    match request_messages(&connection, after).await {
        Ok(messages) => Ok(Some(messages)),
        Err(error) => {
            debug!(error, after, "can not open a reader yet");
            Ok(None)
        }
    }
}

async fn request_messages(
    connection: &JetStream,
    after: u64,
) -> Result<pull::Stream, async_nats::Error> {
    let config = pull::Config {
        deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: after + 1 },
        ack_policy: AckPolicy::None,
        inactive_threshold: READER_LIFE,
        // The reader knows its place itself; the server need not keep it on disk.
        memory_storage: true,
        num_replicas: 1,
        ..pull::Config::default()
    };
    let consumer = connection.context().create_consumer_on_stream(config, LOG).await?;
    let messages = consumer
        .stream()
        .max_messages_per_batch(BATCH_FRAMES)
        .max_bytes_per_batch(BATCH_BYTES)
        .expires(REQUEST_LIFE)
        .heartbeat(HEARTBEAT)
        .messages()
        .await?;
    Ok(messages)
}

impl fmt::Debug for JetStreamFrames {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("JetStreamFrames").field("after", &self.after).finish_non_exhaustive()
    }
}
