//! A lead as the contract shows it, with what its ids mean at the instant asked for.

use api::{
    leads::v1::{
        Lead as Shown, LeadConsent, LeadConversion, LeadDuplicate, LeadExternalId, LeadFault,
        LeadMatch, LeadStatus,
    },
    types::v1::PersonalText,
};
use domain::{
    Instant, Kind, MatchedOn, Personal,
    lead::{Conversion, Duplicate, DuplicateFound, Lead, Status},
};
use runtime::{
    query::{QueryError, timestamp},
    to_proto::{self, Referring},
    vault::Place,
};
use uuid::Uuid;

/// The fact that holds a lead's external ids.
const CAPTURED: &str = "lead.captured.v1";

/// Shows a lead; `etag` is its latest position.
pub async fn lead(
    id: Uuid,
    lead: &Lead,
    etag: u64,
    at: &Referring<'_>,
) -> Result<Shown, QueryError> {
    let owner = match lead.owner {
        Some(owner) => Some(at.user(owner).await?),
        None => None,
    };
    let detail = |field, text| read(id, lead.details_fact, field, text, at);
    let details = &lead.details;
    Ok(Shown {
        id: id.to_string(),
        person_id: lead.person.map(|person| person.to_string()).unwrap_or_default(),
        external_ids: external_ids(id, lead, at).await?,
        name: detail("name", details.name.as_ref()).await?,
        email: detail("email", details.email.as_ref()).await?,
        phone: detail("phone", details.phone.as_ref()).await?,
        company: detail("company", details.company.as_ref()).await?,
        title: detail("title", details.title.as_ref()).await?,
        channel: lead.channel.clone(),
        campaign: lead.campaign.clone(),
        owner,
        status: status(lead.status()) as i32,
        reason_code: lead.reason.code.clone(),
        reason: read(id, lead.reason_fact, "reason", lead.reason.text.as_ref(), at).await?,
        captured_at: lead.captured_at.map(timestamp),
        first_worked_at: lead.first_worked_at.map(timestamp),
        handed_over_at: lead.handed_over_at().map(timestamp),
        accepted_at: lead.accepted_at().map(timestamp),
        rejected_at: lead.rejected_at().map(timestamp),
        first_qualified_at: lead.first_qualified_at.map(timestamp),
        times_recycled: lead.times_recycled,
        conversion: lead.conversion.as_ref().map(conversion),
        merged_into: lead.merged_into.map(|into| into.to_string()).unwrap_or_default(),
        absorbed: lead.absorbed.iter().map(|(lead, _)| lead.to_string()).collect(),
        duplicates: lead.duplicates.iter().map(duplicate).collect(),
        consents: consents(lead),
        notes_count: u64::from(lead.notes),
        faults: faults(lead, at),
        etag: at.runtime.etag(etag),
    })
}

/// What is wrong with a lead: what its facts say among themselves, and an owner whom nobody defined.
pub fn faults(lead: &Lead, at: &Referring<'_>) -> Vec<LeadFault> {
    let recorded = lead.faults.iter().map(|fault| LeadFault {
        kind: fault.kind.to_owned(),
        detail: fault.detail.clone(),
        at: Some(timestamp(fault.at)),
        command_id: fault.command_id.to_string(),
    });
    let unknown = lead.owner.filter(|id| at.catalog.user(*id, at.at).is_none());
    let unknown = unknown.map(|id| LeadFault {
        kind: "UNKNOWN_OWNER".to_owned(),
        detail: format!("no user {id} is defined"),
        at: lead.captured_at.map(timestamp),
        command_id: String::new(),
    });
    recorded.chain(unknown).collect()
}

/// What a lead became.
pub fn conversion(conversion: &Conversion) -> LeadConversion {
    LeadConversion {
        at: Some(timestamp(conversion.at)),
        account_id: conversion.account.to_string(),
        contact_id: conversion.contact.to_string(),
        opportunity_id: conversion.opportunity.map(|id| id.to_string()).unwrap_or_default(),
    }
}

/// A duplicate that was found just now.
pub fn found(found: &DuplicateFound, at: Instant) -> LeadDuplicate {
    let DuplicateFound { of, matched_on } = *found;
    duplicate(&Duplicate { of, matched_on, found_at: at, dismissed_at: None })
}

fn duplicate(duplicate: &Duplicate) -> LeadDuplicate {
    LeadDuplicate {
        lead_id: duplicate.of.to_string(),
        matched_on: matched_on(duplicate.matched_on) as i32,
        found_at: Some(timestamp(duplicate.found_at)),
        dismissed_at: duplicate.dismissed_at.map(timestamp),
    }
}

/// Which text says that two leads are the same.
pub fn matched_on(on: MatchedOn) -> LeadMatch {
    match on {
        MatchedOn::Email => LeadMatch::Email,
        MatchedOn::Phone => LeadMatch::Phone,
        MatchedOn::CompanyDomain => LeadMatch::CompanyDomain,
    }
}

fn status(status: Status) -> LeadStatus {
    match status {
        Status::New => LeadStatus::New,
        Status::Assigned => LeadStatus::Assigned,
        Status::Working => LeadStatus::Working,
        Status::Nurturing => LeadStatus::Nurturing,
        Status::HandedOver => LeadStatus::HandedOver,
        Status::Accepted => LeadStatus::Accepted,
        Status::Qualified => LeadStatus::Qualified,
        Status::Converted => LeadStatus::Converted,
        Status::Recycled => LeadStatus::Recycled,
        Status::Disqualified => LeadStatus::Disqualified,
        Status::Merged => LeadStatus::Merged,
    }
}

fn consents(lead: &Lead) -> Vec<LeadConsent> {
    let consents = lead.consents.iter().map(|(purpose, consent)| LeadConsent {
        purpose: purpose.clone(),
        granted: consent.granted,
        since: Some(timestamp(consent.since)),
    });
    consents.collect()
}

async fn external_ids(
    id: Uuid,
    lead: &Lead,
    at: &Referring<'_>,
) -> Result<Vec<LeadExternalId>, QueryError> {
    let mut shown = Vec::with_capacity(lead.external_ids.len());
    for external in &lead.external_ids {
        let key = read(id, CAPTURED, "external_ids", Some(&external.key), at).await?;
        shown.push(LeadExternalId { source: external.source.clone(), key });
    }
    shown.sort_by(|a, b| a.source.cmp(&b.source));
    Ok(shown)
}

async fn read(
    entity: Uuid,
    fact: &str,
    field: &str,
    text: Option<&Personal>,
    at: &Referring<'_>,
) -> Result<Option<PersonalText>, QueryError> {
    let Some(text) = text else { return Ok(None) };
    let place = Place { tenant: at.tenant, kind: Kind::Lead, entity, fact, field };
    Ok(Some(to_proto::personal(at.runtime.vault.read(place, text).await?)))
}
