//! Which leads seem to be the same: keyed hashes of their texts, in memory only.
//!
//! A lead's texts are sealed, so they are opened when the process starts and as leads come in,
//! brought to the form in which they are compared, and kept as a hash under the cell's own key.
//! Nothing of it is stored, and whoever is erased drops out. What is found is a hint: the decision
//! looks at the leads themselves once more.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use domain::{Kind, Known, MatchedOn, PersonId, Personal, duplicates::match_keys, lead::Lead};
use event_log::Word;
use foldhash::fast::RandomState;
use futures::{StreamExt, TryStreamExt, stream};
use runtime::{
    fold::Applied,
    query::QueryError,
    runtime::Runtime,
    timelines::EntityRef,
    vault::{Place, Vault},
    view::Shared,
};
use tokio::sync::watch;
use uuid::Uuid;

use crate::views::Leads;

/// How many leads are opened at once: each may take a call to the key stream.
const OPENED_AT_ONCE: usize = 64;
/// How many leads are read from timelines in one go.
const READ_AT_ONCE: usize = 1_024;
/// How many leads of one text are looked at: more share a switchboard, not a person.
const LOOKED_AT_MAX: usize = 1_000;

/// A text in the form in which it is compared, under the cell's own key.
pub type Key = (MatchedOn, [u8; 16]);

/// What every tenant's leads are compared by.
#[derive(Default)]
pub struct Duplicates {
    tenants: Mutex<HashMap<Word, Tenant>>,
    /// One at a time fills; the others wait and then find nothing left to do.
    filling: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Tenant {
    /// Changes up to this position are in.
    seen: u64,
    /// How many people had been erased by then.
    erased: usize,
    leads: HashMap<Uuid, Compared, RandomState>,
    by_key: HashMap<Key, BTreeSet<Uuid>, RandomState>,
}

struct Compared {
    person: Option<PersonId>,
    keys: Vec<Key>,
}

impl Tenant {
    fn put(&mut self, id: Uuid, compared: Compared) {
        self.remove(id);
        for key in &compared.keys {
            self.by_key.entry(*key).or_default().insert(id);
        }
        self.leads.insert(id, compared);
    }

    fn remove(&mut self, id: Uuid) {
        for key in self.leads.remove(&id).into_iter().flat_map(|lead| lead.keys) {
            if let Some(ids) = self.by_key.get_mut(&key) {
                ids.remove(&id);
                if ids.is_empty() {
                    self.by_key.remove(&key);
                }
            }
        }
    }
}

/// The keys of a lead's texts.
pub fn keys(vault: &Vault, tenant: &str, email: &str, phone: &str) -> Vec<Key> {
    let forms = match_keys(email, phone, "").into_iter();
    let hash = |on: MatchedOn, form: &str| {
        vault.fingerprint(&[b"match", tenant.as_bytes(), on.word().as_bytes(), form.as_bytes()])
    };
    forms.map(|key| (key.on, hash(key.on, &key.form))).collect()
}

impl Duplicates {
    /// Takes in a lead that is about to be captured, so that another one captured at the same time
    /// is compared with it; `false` when it is there already.
    pub fn announce(&self, tenant: &Word, id: Uuid, person: PersonId, keys: Vec<Key>) -> bool {
        let mut tenants = self.lock();
        let tenant = tenants.entry(tenant.clone()).or_default();
        if tenant.leads.contains_key(&id) {
            return false;
        }
        tenant.put(id, Compared { person: Some(person), keys });
        true
    }

    /// Takes a lead out again that was not captured after all.
    pub fn withdraw(&self, tenant: &Word, id: Uuid) {
        if let Some(tenant) = self.lock().get_mut(tenant) {
            tenant.remove(id);
        }
    }

    /// The leads that share a text with this one, each with the surest such text, the surest first.
    pub fn of(&self, tenant: &Word, id: Uuid) -> Vec<(Uuid, MatchedOn)> {
        let tenants = self.lock();
        let Some((tenant, lead)) =
            tenants.get(tenant).and_then(|tenant| Some((tenant, tenant.leads.get(&id)?)))
        else {
            return Vec::new();
        };
        let (mut seen, mut found) = (HashSet::from([id]), Vec::new());
        for on in MatchedOn::ALL {
            let same = lead.keys.iter().filter(|key| key.0 == on);
            let same = same.filter_map(|key| tenant.by_key.get(key)).flatten();
            for other in same.take(LOOKED_AT_MAX) {
                if seen.insert(*other) {
                    found.push((*other, on));
                }
            }
        }
        found
    }

    /// Takes in every lead of a tenant that changed since, and lets go of whoever was erased.
    pub async fn catch_up(
        &self,
        runtime: &Runtime,
        leads: &Shared<Leads>,
        tenant: &Word,
    ) -> Result<(), QueryError> {
        let _one_at_a_time = self.filling.lock().await;
        let seen = self.lock().get(tenant).map_or(0, |tenant| tenant.seen);
        let (position, changed) = {
            let guard = leads.read();
            (guard.position, guard.view.changed_after(tenant, seen))
        };
        for ids in changed.chunks(READ_AT_ONCE) {
            let states = read(runtime, tenant, ids).await?;
            let opened = stream::iter(states)
                .map(|(id, lead)| async move { open(runtime, tenant, id, lead).await })
                .buffer_unordered(OPENED_AT_ONCE);
            let opened: Vec<(Uuid, Compared)> = opened.try_collect().await?;
            let mut tenants = self.lock();
            let tenant = tenants.entry(tenant.clone()).or_default();
            opened.into_iter().for_each(|(id, compared)| tenant.put(id, compared));
        }
        let catalog = runtime.catalog(tenant).1;
        let mut tenants = self.lock();
        if let Some(tenant) = tenants.get_mut(tenant) {
            tenant.seen = position;
            let people = catalog.erased().count();
            if std::mem::replace(&mut tenant.erased, people) == people {
                return Ok(());
            }
            let erased = |lead: &Compared| lead.person.is_some_and(|it| catalog.is_erased(it));
            let gone = tenant.leads.iter().filter(|(_, lead)| erased(lead));
            let gone: Vec<Uuid> = gone.map(|(id, _)| *id).collect();
            gone.into_iter().for_each(|id| tenant.remove(id));
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Word, Tenant>> {
        self.tenants.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn read(
    runtime: &Runtime,
    tenant: &Word,
    ids: &[Uuid],
) -> Result<Vec<(Uuid, Lead)>, QueryError> {
    let (timelines, tenant, ids) = (runtime.timelines.clone(), tenant.clone(), ids.to_vec());
    let read = tokio::task::spawn_blocking(move || {
        let read = |id: Uuid| {
            let entity = EntityRef { tenant: tenant.clone(), kind: Kind::Lead, id };
            Ok((id, timelines.get(&entity)?.state(Known::NOW)))
        };
        ids.into_iter().map(read).collect::<Result<_, runtime::timelines::TimelineError>>()
    });
    let internal = |why: String| QueryError::Internal(why);
    read.await
        .map_err(|error| internal(error.to_string()))?
        .map_err(|error| internal(error.to_string()))
}

async fn open(
    runtime: &Runtime,
    tenant: &Word,
    id: Uuid,
    lead: Lead,
) -> Result<(Uuid, Compared), QueryError> {
    let fact = lead.details_fact;
    let text = async |field, text: Option<&Personal>| match text {
        None => Ok::<_, QueryError>(String::new()),
        Some(text) => {
            let place = Place { tenant, kind: Kind::Lead, entity: id, fact, field };
            Ok(runtime.vault.read(place, text).await?.unwrap_or_default())
        }
    };
    let email = text("email", lead.details.email.as_ref()).await?;
    let phone = text("phone", lead.details.phone.as_ref()).await?;
    let keys = keys(&runtime.vault, tenant, &email, &phone);
    Ok((id, Compared { person: lead.person, keys }))
}

/// Takes in leads as they come, until the process ends. Whoever captures a lead catches up as well,
/// so a failure here only leaves more to do for them.
pub async fn keep_up(
    runtime: Weak<Runtime>,
    mut applied: watch::Receiver<Applied>,
    leads: Arc<Shared<Leads>>,
    duplicates: Arc<Duplicates>,
) {
    loop {
        {
            // Held no longer than a round takes: a process that stops wants its runtime back.
            let Some(runtime) = runtime.upgrade() else { return };
            let tenants: Vec<Word> = leads.read().view.tenants().map(Word::from).collect();
            for tenant in tenants {
                if let Err(error) = duplicates.catch_up(&runtime, &leads, &tenant).await {
                    tracing::warn!(%error, "leads cannot be compared yet");
                }
            }
        }
        if applied.changed().await.is_err() {
            return;
        }
    }
}
