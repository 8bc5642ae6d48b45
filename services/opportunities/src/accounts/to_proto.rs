//! An account as the contract shows it, with what its ids mean at the instant asked for.

use api::accounts::v1::Account as Shown;
use domain::{Kind, Timeline, account::Account};
use runtime::query::{QueryError, timestamp};
use uuid::Uuid;

use crate::reading::{Reading, external_ids, faults};

/// Shows an account.
pub async fn account(
    id: Uuid,
    timeline: &Timeline,
    reading: &Reading<'_>,
) -> Result<Shown, QueryError> {
    let account: Account = timeline.state(reading.known);
    let place = (Kind::Account, id);
    let (name, domain) = ((account.name_fact, "name"), (account.domain_fact, "domain"));
    let parent = match account.parent {
        Some(parent) => Some(reading.account(parent).await?),
        None => None,
    };
    Ok(Shown {
        id: id.to_string(),
        external_ids: external_ids(&account.external_ids),
        name: reading.text(place, name, account.name.as_ref()).await?,
        domain: reading.text(place, domain, account.domain.as_ref()).await?,
        parent,
        segment: account.segment.clone(),
        key_account: account.key_account,
        owner: reading.user(account.owner).await?,
        created_at: account.created_at.map(timestamp),
        notes_count: u64::from(account.notes),
        faults: faults(&account),
        etag: reading.etag(timeline),
    })
}
