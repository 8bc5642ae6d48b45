//! Carrying the keys of a log to where the log was carried.

use std::collections::HashSet;
use std::sync::Arc;

use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, pull};
use futures::TryStreamExt;
use uuid::Uuid;

use crate::connection::JetStream;
use crate::keys::{Creation, KeyError, KeyStream, NewKey};
use crate::log::ReadError;
use crate::pause::Pause;
use crate::streams::{KEYS, KEYS_SUBJECT};

/// How many keys are stored between two words of progress.
const KEYS_AT_ONCE: usize = 1_000;

/// What was carried.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct KeysReport {
    /// Keys that the target did not have.
    pub copied: u64,
    /// Keys that it had, from an earlier run.
    pub there: u64,
    /// Keys that it has and the source has not: of persons who were erased meanwhile. Whichever
    /// process starts on the target erases them, as the log says.
    pub left_over: u64,
}

/// Carries every key of `from` into `to`. Keys have no order and no place: whatever their stream
/// sequences are, in the target they are others.
///
/// To be called when the log is there: then every key that a frame needs exists, unless it was
/// erased.
pub async fn copy_keys(
    from: &KeyStream,
    to: &KeyStream,
    mut progress: impl FnMut(u64, u64),
) -> Result<KeysReport, KeyError> {
    let keys = from.all().await?;
    let mut report = KeysReport::default();
    for some in keys.chunks(KEYS_AT_ONCE) {
        for (key, creation) in some.iter().zip(to.create_many(some).await?) {
            match creation {
                Creation::Created => report.copied += 1,
                Creation::Existed(found) if found == key.wrapped => report.there += 1,
                Creation::Existed(_) => return Err(KeyError::Differs { id: key.id }),
            }
        }
        progress(report.copied + report.there, keys.len() as u64);
    }
    let known: HashSet<(&str, Uuid)> = keys.iter().map(|key| (&*key.tenant, key.id)).collect();
    let after = to.all().await?;
    let left_over = after.iter().filter(|key| !known.contains(&(&*key.tenant, key.id)));
    report.left_over = left_over.count() as u64;
    Ok(report)
}

/// All keys in the stream, read until there are as many as its leader counts: a server that keeps
/// a copy may be a moment behind.
pub(crate) async fn all(connection: &JetStream) -> Result<Vec<NewKey>, ReadError> {
    const TRIES: usize = 20;
    let mut pause = Pause::default();
    let mut reason = String::new();
    for _ in 0..TRIES {
        let counted = connection.stream(KEYS).await?.state.messages;
        match read(connection).await {
            Ok(keys) if keys.len() as u64 == counted => return Ok(keys),
            Ok(keys) => reason = format!("{} of {counted} keys came", keys.len()),
            // On several servers a reader that was just made may not be known everywhere.
            Err(error) => reason = error.to_string(),
        }
        pause.wait().await;
    }
    Err(ReadError::Unavailable { reason })
}

async fn read(connection: &JetStream) -> Result<Vec<NewKey>, async_nats::Error> {
    let config = pull::Config {
        deliver_policy: DeliverPolicy::All,
        ack_policy: AckPolicy::None,
        memory_storage: true,
        num_replicas: 1,
        ..pull::Config::default()
    };
    let consumer = connection.context().create_consumer_on_stream(config, KEYS).await?;
    let mut keys = Vec::new();
    loop {
        let before = keys.len();
        let mut messages = consumer.fetch().max_messages(KEYS_AT_ONCE).messages().await?;
        while let Some(message) = messages.try_next().await? {
            let (tenant, id) = parse(&message.subject)
                .ok_or_else(|| format!("{} names no key", message.subject))?;
            keys.push(NewKey { tenant, id, wrapped: message.message.payload });
        }
        if keys.len() == before {
            return Ok(keys);
        }
    }
}

/// What `keys::subject` wrote.
pub(crate) fn parse(subject: &str) -> Option<(Arc<str>, Uuid)> {
    let (tenant, id) = subject.strip_prefix(KEYS_SUBJECT)?.strip_prefix('.')?.split_once('.')?;
    Some((tenant.into(), id.parse().ok()?))
}
