//! The stream of wrapped keys: what can be erased when the log can not.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard};

use async_nats::jetstream::ErrorCode;
use async_nats::{HeaderMap, Request};
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::json;
use tracing::warn;
use uuid::Uuid;

use crate::append::Attempt;
use crate::connection::{Failure, JetStream};
use crate::key_copy;
use crate::log::{ReadError, Stored};
use crate::pause::Pause;
use crate::streams::{KEYS, KEYS_SUBJECT};

/// How many keys are on their way to the server at once.
const CREATIONS_IN_FLIGHT: usize = 256;

/// Wrapped keys by tenant and id; clones share them.
#[derive(Debug, Clone)]
pub struct KeyStream(Keeper);

#[derive(Debug, Clone)]
enum Keeper {
    JetStream(JetStream),
    Memory(Arc<Mutex<HashMap<String, Bytes>>>),
}

/// A key to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewKey {
    pub tenant: Arc<str>,
    pub id: Uuid,
    /// The key, encrypted under a master key that is not kept here.
    pub wrapped: Bytes,
}

/// What a creation found. Whoever creates a key uses the one that is there afterwards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Creation {
    Created,
    /// Another one was faster: its bytes.
    Existed(Bytes),
}

/// Why a key could not be created, read or erased.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error("tenant {tenant:?} can not name keys: use letters, digits, - and _")]
    Tenant { tenant: String },
    #[error("key {id} is too large with {bytes} bytes: store the wrapped key alone")]
    TooLarge { id: Uuid, bytes: usize },
    #[error("the stream refused key {id}: {reason}")]
    Refused { id: Uuid, reason: String },
    #[error("key {id} can not be reached")]
    Unreachable { id: Uuid, source: ReadError },
    #[error("the keys can not be listed: try again")]
    Unlisted(#[source] ReadError),
    #[error("the target has another key {id} than the source: copy into an empty target")]
    Differs { id: Uuid },
}

impl KeyStream {
    /// Keys that last as long as the process, for tests and simulation.
    pub fn memory() -> KeyStream {
        KeyStream(Keeper::Memory(Arc::default()))
    }

    pub(crate) fn jetstream(connection: JetStream) -> KeyStream {
        KeyStream(Keeper::JetStream(connection))
    }

    /// Stores a key unless there is one: of several that race, all end up with the same key.
    /// There is no deadline: a try whose outcome is unknown is repeated until it is known.
    pub async fn create(&self, key: &NewKey) -> Result<Creation, KeyError> {
        let subject = subject(&key.tenant, key.id)?;
        match &self.0 {
            Keeper::JetStream(connection) => create(connection, &subject, key).await,
            Keeper::Memory(keys) => Ok(match locked(keys).entry(subject) {
                Entry::Occupied(entry) => Creation::Existed(entry.get().clone()),
                Entry::Vacant(entry) => {
                    entry.insert(key.wrapped.clone());
                    Creation::Created
                }
            }),
        }
    }

    /// Stores many keys, a good number at a time; the answers are in the order of the keys.
    pub async fn create_many(&self, keys: &[NewKey]) -> Result<Vec<Creation>, KeyError> {
        stream::iter(keys.to_vec())
            .map(|key| async move { self.create(&key).await })
            .buffered(CREATIONS_IN_FLIGHT)
            .try_collect()
            .await
    }

    /// The key as it was created, from the server that decides; `None` if never or erased.
    pub async fn get(&self, tenant: &str, id: Uuid) -> Result<Option<Bytes>, KeyError> {
        let subject = subject(tenant, id)?;
        match &self.0 {
            Keeper::JetStream(connection) => {
                let found = read(connection, &subject).await;
                let found = found.map_err(|source| KeyError::Unreachable { id, source })?;
                Ok(found.map(|stored| stored.body))
            }
            Keeper::Memory(keys) => Ok(locked(keys).get(&subject).cloned()),
        }
    }

    /// Every key, in no order.
    pub(crate) async fn all(&self) -> Result<Vec<NewKey>, KeyError> {
        match &self.0 {
            Keeper::JetStream(connection) => {
                key_copy::all(connection).await.map_err(KeyError::Unlisted)
            }
            Keeper::Memory(keys) => {
                let keys = locked(keys);
                let listed = keys.iter().filter_map(|(subject, wrapped)| {
                    let (tenant, id) = key_copy::parse(subject)?;
                    Some(NewKey { tenant, id, wrapped: wrapped.clone() })
                });
                Ok(listed.collect())
            }
        }
    }

    /// Deletes a key and overwrites its bytes where they were stored. Says whether there was one;
    /// erasing again does no harm. There is no deadline, as with a creation.
    pub async fn erase(&self, tenant: &str, id: Uuid) -> Result<bool, KeyError> {
        let subject = subject(tenant, id)?;
        match &self.0 {
            Keeper::JetStream(connection) => erase(connection, &subject, id).await,
            Keeper::Memory(keys) => Ok(locked(keys).remove(&subject).is_some()),
        }
    }
}

async fn create(connection: &JetStream, subject: &str, key: &NewKey) -> Result<Creation, KeyError> {
    let NewKey { id, wrapped, .. } = key;
    let id = *id;
    let mut pause = Pause::default();
    loop {
        let (subject_owned, headers) = (subject.to_owned(), HeaderMap::new());
        match connection.publish(KEYS, subject_owned, 0, headers, wrapped.clone()).await {
            Attempt::Stored(_) => return Ok(Creation::Created),
            Attempt::Conflict => match read(connection, subject).await {
                // An earlier try of ours, whose answer was lost.
                Ok(Some(found)) if found.body == *wrapped => return Ok(Creation::Created),
                Ok(Some(found)) => return Ok(Creation::Existed(found.body)),
                // Another creation is on its way there, or the key was just erased.
                Ok(None) => {}
                Err(ReadError::Unavailable { reason }) => {
                    warn!(%id, reason, "could not read the key that exists, trying again");
                }
                Err(source) => return Err(KeyError::Unreachable { id, source }),
            },
            Attempt::Unknown(reason) => {
                warn!(%id, reason, "key was not acknowledged, sending it again");
            }
            Attempt::TooLarge => {
                return Err(KeyError::TooLarge { id, bytes: wrapped.len() });
            }
            Attempt::Refused(reason) => return Err(KeyError::Refused { id, reason }),
            Attempt::Closed => {
                return Err(KeyError::Unreachable { id, source: ReadError::Closed });
            }
        }
        pause.wait().await;
    }
}

async fn erase(connection: &JetStream, subject: &str, id: Uuid) -> Result<bool, KeyError> {
    let mut existed = false;
    let mut pause = Pause::default();
    loop {
        let failure = match read(connection, subject).await {
            Ok(None) => return Ok(existed),
            Ok(Some(found)) => {
                existed = true;
                match delete(connection, found.sequence).await {
                    Ok(()) => return Ok(true),
                    // Somebody else was faster.
                    Err(Failure::Refused { code: ErrorCode::NO_MESSAGE_FOUND, .. }) => continue,
                    Err(failure) => connection.reading(failure, KEYS).await,
                }
            }
            Err(error) => error,
        };
        match failure {
            ReadError::Unavailable { reason } => {
                warn!(%id, reason, "key was not erased, trying again");
            }
            source => return Err(KeyError::Unreachable { id, source }),
        }
        pause.wait().await;
    }
}

async fn read(connection: &JetStream, subject: &str) -> Result<Option<Stored>, ReadError> {
    connection.read(KEYS, json!({ "last_by_subj": subject })).await
}

async fn delete(connection: &JetStream, sequence: u64) -> Result<(), Failure> {
    // Without `no_erase` the server overwrites the message with random bytes.
    let payload = json!({ "seq": sequence, "no_erase": false }).to_string();
    let request = Request::new().payload(payload.into());
    let subject = format!("$JS.API.STREAM.MSG.DELETE.{KEYS}");
    connection.request::<serde_json::Value>(subject, request).await.map(|_| ())
}

fn subject(tenant: &str, id: Uuid) -> Result<String, KeyError> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if tenant.is_empty() || !tenant.bytes().all(fits) {
        return Err(KeyError::Tenant { tenant: tenant.to_owned() });
    }
    Ok(format!("{KEYS_SUBJECT}.{tenant}.{}", id.simple()))
}

fn locked(keys: &Mutex<HashMap<String, Bytes>>) -> MutexGuard<'_, HashMap<String, Bytes>> {
    keys.lock().expect("nothing panics while it holds the lock")
}
