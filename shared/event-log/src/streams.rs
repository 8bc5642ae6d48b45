//! The two streams: how they must be set up, created or compared.

use async_nats::Request;
use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::stream::{Config, DiscardPolicy, Info, RetentionPolicy, StorageType};

use crate::connection::{ConnectError, Failure, JetStream};

pub(crate) const LOG: &str = "REVOPS_LOG";
pub(crate) const LOG_SUBJECT: &str = "revops.log";
pub(crate) const KEYS: &str = "REVOPS_KEYS";
pub(crate) const KEYS_SUBJECT: &str = "revops.keys";

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

/// Creates the stream unless it is there, and checks that it is as it must be.
pub(crate) async fn open(
    connection: &JetStream,
    wanted: Config,
    stream: &'static str,
) -> Result<(), ConnectError> {
    let payload = serde_json::to_vec(&wanted).expect("stream settings are plain data");
    let create = Request::new().payload(payload.into());
    let subject = format!("$JS.API.STREAM.CREATE.{stream}");
    let found: Info = match connection.request(subject, create).await {
        Ok(info) => info,
        // It exists with other settings; some of them may not matter.
        Err(Failure::Refused { code: ErrorCode::STREAM_NAME_EXIST, .. }) => connection
            .stream(stream)
            .await
            .map_err(|error| ConnectError::Stream { stream, reason: error.to_string() })?,
        Err(failure) => {
            let reason = failure.reading(stream).to_string();
            return Err(ConnectError::Stream { stream, reason });
        }
    };
    Ok(compare(stream, &wanted, &found.config)?)
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
