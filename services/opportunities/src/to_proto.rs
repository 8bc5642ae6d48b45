//! A deal as the contract shows it, with what its ids mean at the instant asked for.

use api::opportunities::v1::{
    ContactRole, Fault, Opportunity as Shown, OpportunityType as ProtoType,
};
use domain::{
    Kind, OpportunityType, Outcome, Timeline, catalog::Catalog, opportunity::Opportunity,
};
use runtime::{
    query::{QueryError, timestamp},
    to_proto::{self, Referring},
};
use uuid::Uuid;

use crate::reading::{Reading, external_ids, fault};

/// Shows a deal.
pub async fn opportunity(
    id: Uuid,
    timeline: &Timeline,
    reading: &Reading<'_>,
) -> Result<Shown, QueryError> {
    let deal: &Opportunity = &timeline.state(reading.known);
    let (at, place) = (&reading.at, (Kind::Opportunity, id));
    let stage = deal.stage.as_ref().map(|stage| at.stage(deal.pipeline, &stage.key));
    let category = category(deal, at);
    let name = ("opportunity.opened.v1", "name");
    let account = match deal.account {
        Some(account) => Some(reading.account(account).await?),
        None => None,
    };
    Ok(Shown {
        id: id.to_string(),
        external_ids: external_ids(&deal.external_ids),
        name: reading.text(place, name, deal.name.as_ref()).await?,
        faults: faults(deal, at.catalog, at),
        pipeline: deal.pipeline.map(|pipeline| at.pipeline(pipeline)),
        stage,
        amount: deal.value().map(to_proto::money),
        close_date: deal.close_date.map(to_proto::date),
        owner: reading.user(deal.owner).await?,
        product: deal.product.map(|product| at.product(product)),
        category: category.map_or(0, |category| to_proto::category(category) as i32),
        category_overridden: deal.category_override.is_some(),
        outcome: to_proto::outcome(deal.outcome) as i32,
        closed_at: deal.closed_at.map(timestamp),
        reason_code: deal.reason_code.clone(),
        reason: match closing_fact(deal.outcome) {
            Some(fact) => reading.text(place, (fact, "reason"), deal.reason_text.as_ref()).await?,
            None => None,
        },
        opened_at: deal.opened_at.map(timestamp),
        stage_entered_at: deal.stage_entered_at.map(timestamp),
        notes_count: u64::from(deal.notes),
        etag: reading.etag(timeline),
        account,
        opportunity_type: deal.opportunity_type.map_or(0, |it| opportunity_type(it) as i32),
        competitors: deal.competitors.clone(),
        contact_roles: contact_roles(deal, reading).await?,
    })
}

async fn contact_roles(
    deal: &Opportunity,
    reading: &Reading<'_>,
) -> Result<Vec<ContactRole>, QueryError> {
    let mut roles = Vec::with_capacity(deal.contact_roles.len());
    for (contact, role) in &deal.contact_roles {
        let contact = Some(reading.contact(contact.0).await?);
        roles.push(ContactRole { contact, role: role.clone() });
    }
    Ok(roles)
}

/// A deal's type.
pub fn opportunity_type(opportunity_type: OpportunityType) -> ProtoType {
    match opportunity_type {
        OpportunityType::NewBusiness => ProtoType::NewBusiness,
        OpportunityType::Expansion => ProtoType::Expansion,
        OpportunityType::Renewal => ProtoType::Renewal,
    }
}

/// What is wrong with a deal: what its facts say among themselves, and names that nobody defined.
pub fn faults(deal: &Opportunity, catalog: &Catalog, at: &Referring<'_>) -> Vec<Fault> {
    let unknown = |kind: &str, detail: String| Fault {
        kind: kind.to_owned(),
        detail,
        at: deal.stage_entered_at.or(deal.opened_at).map(timestamp),
        command_id: String::new(),
    };
    let pipeline = deal.pipeline.and_then(|id| catalog.pipeline(id, at.at));
    let mut faults: Vec<Fault> = deal.faults.iter().map(fault).collect();
    if let (Some(id), None) = (deal.pipeline, &pipeline) {
        faults.push(unknown("UNKNOWN_PIPELINE", format!("no pipeline {id} is defined")));
    }
    if let (Some(stage), Some(pipeline)) = (&deal.stage, &pipeline)
        && pipeline.stage(&stage.key).is_none()
    {
        let detail = format!("pipeline {:?} has no stage {:?}", pipeline.key, stage.key);
        faults.push(unknown("UNKNOWN_STAGE", detail));
    }
    if let Some(id) = deal.owner.filter(|id| catalog.user(*id, at.at).is_none()) {
        faults.push(unknown("UNKNOWN_OWNER", format!("no user {id} is defined")));
    }
    if let Some(id) = deal.product.filter(|id| catalog.product(*id, at.at).is_none()) {
        faults.push(unknown("UNKNOWN_PRODUCT", format!("no product {id} is defined")));
    }
    faults
}

fn category(deal: &Opportunity, at: &Referring<'_>) -> Option<domain::ForecastCategory> {
    match deal.outcome {
        Outcome::Won => return Some(domain::ForecastCategory::Closed),
        Outcome::Lost | Outcome::NoDecision => return Some(domain::ForecastCategory::Omitted),
        Outcome::Open => {}
    }
    deal.category_override.or_else(|| {
        let pipeline = at.catalog.pipeline(deal.pipeline?, at.at)?;
        Some(pipeline.stage(&deal.stage.as_ref()?.key)?.category)
    })
}

fn closing_fact(outcome: Outcome) -> Option<&'static str> {
    match outcome {
        Outcome::Open => None,
        Outcome::Won => Some("opportunity.won.v1"),
        Outcome::Lost => Some("opportunity.lost.v1"),
        Outcome::NoDecision => Some("opportunity.abandoned.v1"),
    }
}
