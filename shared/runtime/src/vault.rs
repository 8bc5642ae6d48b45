//! The vault: seals personal text, opens it again, and forgets a person for good.

mod keyring;
mod master;

pub use master::Master;

use std::{
    collections::HashSet,
    path::PathBuf,
    sync::{PoisonError, RwLock},
    time::Duration,
};

use bytes::Bytes;
use chacha20poly1305::{
    XChaCha20Poly1305, XNonce,
    aead::{Aead, KeyInit, Payload},
};
use domain::{Fact, Kind, Personal, Sealed};
use event_log::{Creation, KeyStream, NewKey};
use tokio::sync::mpsc;
use uuid::Uuid;
use zeroize::Zeroizing;

use self::keyring::Keyring;
use crate::clock;

const NONCE_BYTES: usize = 24;
const KEY_BYTES: usize = 32;
/// How long the key stream may take to answer a caller.
const ANSWER_MAX: Duration = Duration::from_secs(20);
/// Not a tenant's name: the record that proves that a master key belongs to this log.
const CELL: &str = "_cell";
const CANARY: &[u8; KEY_BYTES] = b"revops master key canary, v1....";

type Key = Zeroizing<[u8; KEY_BYTES]>;

/// Why a key or a text cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The file is not there although the log already has sealed text.
    #[error(
        "the master key {0} is missing, and the log has text sealed under it: \
         restore the file from your backup"
    )]
    MasterMissing(PathBuf),
    /// The file holds something else.
    #[error("the master key {path} cannot be used: {why}")]
    MasterUnusable {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// The file is another log's.
    #[error("the master key is not the one that this log was written with: restore the right one")]
    MasterOfAnotherLog,
    /// The key stream did not answer.
    #[error("the key stream cannot be reached: {0}")]
    Keys(String),
    /// A key is needed that was not ensured, or so long ago that it is no longer at hand.
    #[error("no key {0} at hand for sealing: ask again")]
    NoKey(Uuid),
    /// Somebody was forgotten: nothing is sealed for them any more.
    #[error("person {0} was erased; nothing can be recorded under their name again")]
    Erased(Uuid),
    /// A stored key or text was altered.
    #[error("{0} does not open: it was altered, or belongs to something else")]
    Altered(String),
    /// The operating system gave no randomness.
    #[error("no randomness: {0}")]
    Random(#[from] getrandom::Error),
}

/// Whose text it is and where it stands: bound to the ciphertext, so that it cannot be moved.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The tenant.
    pub tenant: &'a str,
    /// The entity's kind.
    pub kind: Kind,
    /// The entity.
    pub entity: Uuid,
    /// The fact's stable name.
    pub fact: &'a str,
    /// The field.
    pub field: &'a str,
}

impl Place<'_> {
    fn associated_data(&self) -> Vec<u8> {
        let words = [self.tenant, self.kind.word(), self.fact, self.field];
        let mut data = self.entity.as_bytes().to_vec();
        for word in words {
            data.extend_from_slice(word.as_bytes());
            data.push(0);
        }
        data
    }
}

/// Seals, opens and forgets.
pub struct Vault {
    master: Master,
    keys: KeyStream,
    known: RwLock<Keyring>,
    /// Whose key is gone for good, whatever the key stream may say.
    forgotten: RwLock<HashSet<(String, Uuid)>>,
    /// Keys that have to be destroyed, whoever asked for it and whatever became of them.
    doomed: mpsc::UnboundedSender<(String, Uuid)>,
}

impl Vault {
    /// Opens the vault, after proving that the master key belongs to this log.
    pub async fn open(master: Master, keys: KeyStream) -> Result<Vault, VaultError> {
        let (doomed, sentences) = mpsc::unbounded_channel();
        tokio::spawn(destroy(keys.clone(), sentences));
        let (known, forgotten) = (RwLock::default(), RwLock::default());
        let vault = Vault { master, keys, known, forgotten, doomed };
        let fresh = vault.wrap(CELL, Uuid::nil(), CANARY)?;
        let canary = NewKey { tenant: CELL.into(), id: Uuid::nil(), wrapped: fresh };
        match vault.keys.create(&canary).await {
            Ok(Creation::Created) => Ok(vault),
            Ok(Creation::Existed(wrapped)) => match vault.unwrap(CELL, Uuid::nil(), &wrapped) {
                Ok(canary) if canary.as_slice() == CANARY => Ok(vault),
                _ => Err(VaultError::MasterOfAnotherLog),
            },
            Err(error) => Err(VaultError::Keys(error.to_string())),
        }
    }

    /// The id of an entity that a source names by a key; gives the key away to nobody.
    pub fn entity_id(&self, tenant: &str, kind: Kind, source: &str, key: &str) -> Uuid {
        let hash = keyed(&self.master.ids, &[tenant, kind.word(), source, key].map(str::as_bytes));
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&hash.as_bytes()[..16]);
        Uuid::new_v8(bytes)
    }

    /// The id of the person behind an entity.
    pub fn person_id(&self, tenant: &str, kind: Kind, entity: Uuid) -> Uuid {
        self.entity_id(tenant, Kind::Person, kind.word(), &entity.to_string())
    }

    /// A keyed hash of the id that one occurrence of a meeting has in every calendar, which may hold
    /// an address. It gives the id away to nobody.
    pub fn calendar_hash(&self, tenant: &str, id: &str) -> [u8; 16] {
        let hash = keyed(&self.master.ids, &["calendar", tenant, id].map(str::as_bytes));
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&hash.as_bytes()[..16]);
        bytes
    }

    /// Tells two requests under one id apart.
    pub fn fingerprint(&self, parts: &[&[u8]]) -> [u8; 16] {
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&keyed(&self.master.fingerprints, parts).as_bytes()[..16]);
        bytes
    }

    /// The id of a report's command: the same row is the same report, a changed row a new one.
    pub fn report_id(&self, tenant: &str, source: &str, key: &str, rule: &str, row: &[u8]) -> Uuid {
        let parts = [tenant.as_bytes(), source.as_bytes(), key.as_bytes(), rule.as_bytes(), row];
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&keyed(&self.master.ids, &parts).as_bytes()[..16]);
        Uuid::new_v8(bytes)
    }

    /// Makes sure that keys of these ids are at hand; new ones are made and kept in the stream.
    pub async fn ensure_keys(&self, tenant: &str, ids: &[Uuid]) -> Result<(), VaultError> {
        if let Some(id) = ids.iter().find(|id| self.is_forgotten(tenant, **id)) {
            return Err(VaultError::Erased(*id));
        }
        let mut missing: Vec<Uuid> =
            ids.iter().copied().filter(|id| self.key(tenant, *id).is_none()).collect();
        missing.sort_unstable();
        missing.dedup();
        if missing.is_empty() {
            return Ok(());
        }
        let mut fresh = Vec::with_capacity(missing.len());
        for id in &missing {
            let key = Zeroizing::new(clock::random_bytes::<KEY_BYTES>()?);
            fresh.push((*id, self.wrap(tenant, *id, &key)?, key));
        }
        let tenant_word: std::sync::Arc<str> = tenant.into();
        let new_keys: Vec<NewKey> = fresh
            .iter()
            .map(|(id, wrapped, _)| NewKey {
                tenant: tenant_word.clone(),
                id: *id,
                wrapped: wrapped.clone(),
            })
            .collect();
        let creating = tokio::time::timeout(ANSWER_MAX, self.keys.create_many(&new_keys)).await;
        let created = creating
            .map_err(|_| VaultError::Keys("no answer in time; ask again".to_owned()))?
            .map_err(keys_error)?;
        for ((id, _, key), created) in fresh.into_iter().zip(created) {
            let key = match created {
                Creation::Created => key,
                Creation::Existed(wrapped) => self.unwrap(tenant, id, &wrapped)?,
            };
            if !self.remember(tenant, id, key) {
                // Forgotten while the key was being made.
                self.keys.erase(tenant, id).await.map_err(keys_error)?;
                return Err(VaultError::Erased(id));
            }
        }
        Ok(())
    }

    /// Seals every plain text of a fact. The keys have to be ensured first.
    pub fn seal(&self, place: Place<'_>, command: Uuid, fact: &mut Fact) -> Result<(), VaultError> {
        for slot in fact.personal() {
            let Personal::Plain(text) = &*slot.text else {
                continue;
            };
            let id = slot.person.map_or(place.entity, |person| person.0);
            let key = self.key(place.tenant, id).ok_or(VaultError::NoKey(id))?;
            let field = slot.field;
            // Everything that the text is bound to goes into its nonce, so that no two ciphertexts
            // under one key share one unless they are the same.
            let data = Place { field, ..place }.associated_data();
            let nonce = nonce(&key, &[command.as_bytes(), &data, text.as_bytes()]);
            let payload = Payload { msg: text.as_bytes(), aad: &data };
            let ciphertext = cipher(&key)
                .encrypt(XNonce::from_slice(&nonce), payload)
                .map_err(|_| VaultError::Altered("the text to be sealed".to_owned()))?;
            *slot.text = Personal::from(Sealed { key: id, nonce, ciphertext });
        }
        Ok(())
    }

    /// Opens a text; `None` when its key is gone, because somebody was forgotten.
    pub async fn read(
        &self,
        place: Place<'_>,
        text: &Personal,
    ) -> Result<Option<String>, VaultError> {
        let sealed = match text {
            Personal::Plain(text) => return Ok(Some(text.clone())),
            Personal::Sealed(sealed) => sealed,
        };
        let Some(key) = self.fetch(place.tenant, sealed.key).await? else {
            return Ok(None);
        };
        let data = place.associated_data();
        let payload = Payload { msg: &sealed.ciphertext, aad: &data };
        let altered = || VaultError::Altered(format!("{} of {}", place.field, place.entity));
        let plain = cipher(&key)
            .decrypt(XNonce::from_slice(&sealed.nonce), payload)
            .map_err(|_| altered())?;
        String::from_utf8(plain).map(Some).map_err(|_| altered())
    }

    /// Drops a key for good, as every process does when it reads that a person was erased, and
    /// sees to it that the stored key is destroyed.
    pub fn forget(&self, tenant: &str, id: Uuid) {
        let mut forgotten = self.forgotten.write().unwrap_or_else(PoisonError::into_inner);
        if forgotten.insert((tenant.to_owned(), id)) {
            // The task that listens ends with the process; the next one begins with this again.
            let _ = self.doomed.send((tenant.to_owned(), id));
        }
        drop(forgotten);
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.remove(tenant, id);
    }

    /// Destroys a key for good. Whatever was sealed under it stays unreadable for ever.
    pub async fn erase(&self, tenant: &str, id: Uuid) -> Result<bool, VaultError> {
        self.forget(tenant, id);
        let erased = self.keys.erase(tenant, id).await.map_err(keys_error)?;
        self.forget(tenant, id);
        Ok(erased)
    }

    fn is_forgotten(&self, tenant: &str, id: Uuid) -> bool {
        let forgotten = self.forgotten.read().unwrap_or_else(PoisonError::into_inner);
        !forgotten.is_empty() && forgotten.contains(&(tenant.to_owned(), id))
    }

    async fn fetch(&self, tenant: &str, id: Uuid) -> Result<Option<Key>, VaultError> {
        if self.is_forgotten(tenant, id) {
            return Ok(None);
        }
        if let Some(key) = self.key(tenant, id) {
            return Ok(Some(key));
        }
        let Some(wrapped) = self.keys.get(tenant, id).await.map_err(keys_error)? else {
            return Ok(None);
        };
        let key = self.unwrap(tenant, id, &wrapped)?;
        Ok(self.remember(tenant, id, key.clone()).then_some(key))
    }

    fn key(&self, tenant: &str, id: Uuid) -> Option<Key> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.get(tenant, id)
    }

    /// Keeps a key at hand; `false` for somebody who was forgotten.
    fn remember(&self, tenant: &str, id: Uuid, key: Key) -> bool {
        let forgotten = self.forgotten.read().unwrap_or_else(PoisonError::into_inner);
        if forgotten.contains(&(tenant.to_owned(), id)) {
            return false;
        }
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.put(tenant, id, key);
        true
    }

    fn wrap(&self, tenant: &str, id: Uuid, key: &[u8; KEY_BYTES]) -> Result<Bytes, VaultError> {
        let nonce = clock::random_bytes::<NONCE_BYTES>()?;
        let payload = Payload { msg: key, aad: &wrapping_data(tenant, id) };
        let sealed = cipher(&self.master.wrapping)
            .encrypt(XNonce::from_slice(&nonce), payload)
            .map_err(|_| VaultError::Altered(format!("key {id}")))?;
        Ok(Bytes::from([nonce.as_slice(), &sealed].concat()))
    }

    fn unwrap(&self, tenant: &str, id: Uuid, wrapped: &[u8]) -> Result<Key, VaultError> {
        let altered = || VaultError::Altered(format!("key {id}"));
        let (nonce, sealed) = wrapped.split_at_checked(NONCE_BYTES).ok_or_else(altered)?;
        let payload = Payload { msg: sealed, aad: &wrapping_data(tenant, id) };
        let plain = Zeroizing::new(
            cipher(&self.master.wrapping)
                .decrypt(XNonce::from_slice(nonce), payload)
                .map_err(|_| altered())?,
        );
        let key: [u8; KEY_BYTES] = plain.as_slice().try_into().map_err(|_| altered())?;
        Ok(Zeroizing::new(key))
    }
}

/// Destroys keys one after another, however long the stream may be away.
async fn destroy(keys: KeyStream, mut sentences: mpsc::UnboundedReceiver<(String, Uuid)>) {
    const PAUSE: Duration = Duration::from_secs(1);
    while let Some((tenant, id)) = sentences.recv().await {
        while let Err(error) = keys.erase(&tenant, id).await {
            tracing::warn!(%id, %error, "a key is still to be destroyed");
            tokio::time::sleep(PAUSE).await;
        }
    }
}

fn keys_error(error: impl std::fmt::Display) -> VaultError {
    VaultError::Keys(error.to_string())
}

fn wrapping_data(tenant: &str, id: Uuid) -> Vec<u8> {
    [tenant.as_bytes(), id.as_bytes()].concat()
}

fn cipher(key: &Key) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(key.as_slice().into())
}

/// A keyed hash over parts that cannot run into one another.
fn keyed(key: &Key, parts: &[&[u8]]) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new_keyed(key);
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    hasher.finalize()
}

fn nonce(key: &Key, parts: &[&[u8]]) -> [u8; NONCE_BYTES] {
    let nonces = Zeroizing::new(blake3::derive_key("revops 2026-11 nonces v1", key.as_slice()));
    let mut nonce = [0; NONCE_BYTES];
    nonce.copy_from_slice(&keyed(&nonces, parts).as_bytes()[..NONCE_BYTES]);
    nonce
}
