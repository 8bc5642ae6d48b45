//! A contact as the contract shows it, with what its ids mean at the instant asked for.

use api::accounts::v1::{Contact as Shown, ContactConsent, ContactExternalId};
use domain::{Kind, Timeline, contact::Contact};
use runtime::query::{QueryError, timestamp};
use uuid::Uuid;

use crate::reading::{Reading, faults};

/// Shows a contact.
pub async fn contact(
    id: Uuid,
    timeline: &Timeline,
    reading: &Reading<'_>,
) -> Result<Shown, QueryError> {
    let contact: Contact = timeline.state(reading.known);
    let (place, fact) = ((Kind::Contact, id), contact.details_fact);
    let mut external_ids = Vec::with_capacity(contact.external_ids.len());
    for external in &contact.external_ids {
        let field = ("contact.created.v1", "external_ids");
        let key = reading.text(place, field, Some(&external.key)).await?;
        external_ids.push(ContactExternalId { source: external.source.clone(), key });
    }
    let account = match contact.account {
        Some(account) => Some(reading.account(account).await?),
        None => None,
    };
    let consents = contact.consents.iter().map(|(purpose, consent)| ContactConsent {
        purpose: purpose.clone(),
        granted: consent.granted,
        since: Some(timestamp(consent.since)),
    });
    let details = &contact.details;
    Ok(Shown {
        id: id.to_string(),
        person_id: contact.person.map(|person| person.to_string()).unwrap_or_default(),
        external_ids,
        account,
        name: reading.text(place, (fact, "name"), details.name.as_ref()).await?,
        email: reading.text(place, (fact, "email"), details.email.as_ref()).await?,
        phone: reading.text(place, (fact, "phone"), details.phone.as_ref()).await?,
        title: reading.text(place, (fact, "title"), details.title.as_ref()).await?,
        consents: consents.collect(),
        created_at: contact.created_at.map(timestamp),
        notes_count: u64::from(contact.notes),
        faults: faults(&contact),
        etag: reading.etag(timeline),
    })
}
