//! The two streams: how they must be set up, created or compared.

use std::time::Duration;

use async_nats::Request;
use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::stream::{Config, DiscardPolicy, Info, RetentionPolicy, StorageType};

use serde_json::json;
use tokio::time::Instant;

use crate::connection::{ConnectError, Failure, JetStream};
use crate::log::ReadError;
use crate::pause::Pause;

pub(crate) const LOG: &str = "REVOPS_LOG";
pub(crate) const LOG_SUBJECT: &str = "revops.log";
pub(crate) const KEYS: &str = "REVOPS_KEYS";
pub(crate) const KEYS_SUBJECT: &str = "revops.keys";

/// How long servers that have just been started may take to agree on who leads.
const ELECTION: Duration = Duration::from_secs(120);

/// Twice the largest frame.
const MESSAGE_BYTES_MAX: i32 = 512 * 1024;

/// A stream is there, but could lose or change what is in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the stream {stream} has {setting} = {found} where {wanted} is needed: change the setting, or \
     copy the stream into one that has it"
)]
pub struct Unsuitable {
    pub stream: &'static str,
    pub setting: &'static str,
    pub wanted: String,
    pub found: String,
}

/// The log: nothing is ever taken out, replaced or expired.
pub(crate) fn log(replicas: usize) -> Config {
    Config {
        subjects: vec![LOG_SUBJECT.to_owned()],
        deny_delete: true,
        deny_purge: true,
        ..base(LOG, replicas)
    }
}

/// The keys: one message each, never replaced, but deletable for good.
pub(crate) fn keys(replicas: usize) -> Config {
    Config {
        subjects: vec![format!("{KEYS_SUBJECT}.*.*")],
        max_messages_per_subject: 1,
        discard_new_per_subject: true,
        ..base(KEYS, replicas)
    }
}

fn base(name: &str, replicas: usize) -> Config {
    Config {
        name: name.to_owned(),
        storage: StorageType::File,
        num_replicas: replicas,
        retention: RetentionPolicy::Limits,
        discard: DiscardPolicy::New,
        max_bytes: -1,
        max_messages: -1,
        max_messages_per_subject: -1,
        max_consumers: -1,
        max_message_size: MESSAGE_BYTES_MAX,
        allow_direct: true,
        ..Config::default()
    }
}

/// Creates the stream unless it is there, checks that it is as it must be, and waits until it
/// answers.
pub(crate) async fn open(
    connection: &JetStream,
    wanted: Config,
    stream: &'static str,
) -> Result<(), ConnectError> {
    let found = elected(stream, || create(connection, &wanted, stream)).await?;
    compare(stream, &wanted, &found.config)?;
    answers(connection, stream).await
}

/// Whether the stream is there; if so, it is as it must be, on however many servers, and answers.
pub(crate) async fn find(
    connection: &JetStream,
    wanted: fn(usize) -> Config,
    stream: &'static str,
) -> Result<bool, ConnectError> {
    let found = elected(stream, || async {
        match connection.info(stream).await {
            Ok(info) => Ok(Some(info)),
            Err(failure) if failure.is_unknown_stream() => Ok(None),
            Err(failure) => Err(failure),
        }
    });
    let found = match found.await? {
        Some(found) => found,
        None => match connection.stream(stream).await {
            Ok(found) => found,
            Err(ReadError::Gone { .. }) => return Ok(false),
            Err(error) => {
                return Err(ConnectError::Stream { stream, reason: error.to_string() });
            }
        },
    };
    compare(stream, &wanted(found.config.num_replicas), &found.config)?;
    answers(connection, stream).await.map(|()| true)
}

async fn create(connection: &JetStream, wanted: &Config, stream: &str) -> Result<Info, Failure> {
    let payload = serde_json::to_vec(wanted).expect("stream settings are plain data");
    let create = Request::new().payload(payload.into());
    match connection.request(format!("$JS.API.STREAM.CREATE.{stream}"), create).await {
        // It exists with other settings; some of them may not matter.
        Err(Failure::Refused { code: ErrorCode::STREAM_NAME_EXIST, .. }) => {
            connection.info(stream).await
        }
        created => created,
    }
}

/// A stream on several servers answers when one of them leads it.
async fn answers(connection: &JetStream, stream: &'static str) -> Result<(), ConnectError> {
    elected(stream, || async {
        let request = Request::new().payload(json!({ "seq": 1 }).to_string().into());
        let subject = format!("$JS.API.STREAM.MSG.GET.{stream}");
        match connection.request::<serde_json::Value>(subject, request).await {
            Ok(_) | Err(Failure::Refused { code: ErrorCode::NO_MESSAGE_FOUND, .. }) => Ok(()),
            Err(failure) => Err(failure),
        }
    })
    .await
}

/// Asks until somebody is elected who can answer, though not for ever.
async fn elected<T, F: Future<Output = Result<T, Failure>>>(
    stream: &'static str,
    ask: impl Fn() -> F,
) -> Result<T, ConnectError> {
    let deadline = Instant::now() + ELECTION;
    let mut pause = Pause::default();
    loop {
        match ask().await {
            Ok(answer) => return Ok(answer),
            Err(failure) if may_be_elected(&failure) && Instant::now() < deadline => {
                pause.wait().await;
            }
            Err(failure) => {
                let reason = failure.reading(stream).to_string();
                return Err(ConnectError::Stream { stream, reason });
            }
        }
    }
}

/// Whether it says no more than that servers have not found one another yet.
fn may_be_elected(failure: &Failure) -> bool {
    match failure {
        Failure::Unanswered(_) => true,
        Failure::Refused { code, .. } => [
            ErrorCode::CLUSTER_NOT_AVAILABLE,
            ErrorCode::CLUSTER_NOT_LEADER,
            ErrorCode::CLUSTER_NO_PEERS,
            ErrorCode::INSUFFICIENT_RESOURCES,
            // It was created a moment ago, which not every server has heard of.
            ErrorCode::STREAM_NOT_FOUND,
        ]
        .contains(code),
        Failure::NobodyListens | Failure::TooLarge | Failure::Closed => false,
    }
}

/// Names the first setting that endangers what is in the stream.
fn compare(stream: &'static str, wanted: &Config, found: &Config) -> Result<(), Unsuitable> {
    macro_rules! settings {
        ($($setting:ident),* $(,)?) => {
            [$((
                stringify!($setting),
                format!("{:?}", wanted.$setting),
                format!("{:?}", found.$setting),
            )),*]
        };
    }
    let settings = settings![
        subjects,
        storage,
        num_replicas,
        retention,
        discard,
        discard_new_per_subject,
        max_age,
        max_bytes,
        max_messages,
        max_messages_per_subject,
        max_message_size,
        deny_delete,
        deny_purge,
        allow_rollup,
        allow_message_ttl,
        allow_direct,
        no_ack,
        sealed,
        persist_mode,
        subject_transform,
        mirror,
        sources,
    ];
    match settings.into_iter().find(|(_, wanted, found)| wanted != found) {
        Some((setting, wanted, found)) => Err(Unsuitable { stream, setting, wanted, found }),
        None => Ok(()),
    }
}
