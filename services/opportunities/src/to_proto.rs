//! A deal as the contract shows it, with what its ids mean at the instant asked for.

use api::opportunities::v1::{Fault, Opportunity as Shown};
use api::types::v1::ExternalId;
use domain::{Kind, Outcome, Personal, catalog::Catalog, opportunity::Opportunity};
use runtime::{
    query::{QueryError, timestamp},
    to_proto::{self, Referring},
    vault::Place,
};
use uuid::Uuid;

/// Shows a deal; `etag` is its latest position.
pub async fn opportunity(
    id: Uuid,
    deal: &Opportunity,
    etag: u64,
    at: &Referring<'_>,
) -> Result<Shown, QueryError> {
    let owner = match deal.owner {
        Some(owner) => Some(at.user(owner).await?),
        None => None,
    };
    let stage = deal.stage.as_ref().map(|stage| at.stage(deal.pipeline, &stage.key));
    let product = deal.product.map(|product| at.product(product));
    let pipeline = deal.pipeline.map(|pipeline| at.pipeline(pipeline));
    let category = category(deal, at);
    Ok(Shown {
        id: id.to_string(),
        external_ids: external_ids(deal),
        name: read(id, "opportunity.opened.v1", "name", deal.name.as_ref(), at).await?,
        faults: faults(deal, at.catalog, at),
        pipeline,
        stage,
        amount: deal.value().map(to_proto::money),
        close_date: deal.close_date.map(to_proto::date),
        owner,
        product,
        category: category.map_or(0, |category| to_proto::category(category) as i32),
        category_overridden: deal.category_override.is_some(),
        outcome: to_proto::outcome(deal.outcome) as i32,
        closed_at: deal.closed_at.map(timestamp),
        reason_code: deal.reason_code.clone(),
        reason: match closing_fact(deal.outcome) {
            Some(fact) => read(id, fact, "reason", deal.reason_text.as_ref(), at).await?,
            None => None,
        },
        opened_at: deal.opened_at.map(timestamp),
        stage_entered_at: deal.stage_entered_at.map(timestamp),
        notes_count: u64::from(deal.notes),
        etag: at.runtime.etag(etag),
    })
}

/// What is wrong with a deal: what its facts say among themselves, and names that nobody defined.
pub fn faults(deal: &Opportunity, catalog: &Catalog, at: &Referring<'_>) -> Vec<Fault> {
    let recorded = deal.faults.iter().map(|fault| Fault {
        kind: fault.kind.to_owned(),
        detail: fault.detail.clone(),
        at: Some(timestamp(fault.at)),
        command_id: fault.command_id.to_string(),
    });
    let unknown = |kind: &str, detail: String| Fault {
        kind: kind.to_owned(),
        detail,
        at: deal.stage_entered_at.or(deal.opened_at).map(timestamp),
        command_id: String::new(),
    };
    let pipeline = deal.pipeline.and_then(|id| catalog.pipeline(id, at.at));
    let mut faults: Vec<Fault> = recorded.collect();
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

fn external_ids(deal: &Opportunity) -> Vec<ExternalId> {
    let mut ids: Vec<ExternalId> = deal
        .external_ids
        .iter()
        .map(|id| ExternalId { source: id.source.clone(), key: id.key.clone() })
        .collect();
    ids.sort_by(|a, b| (&a.source, &a.key).cmp(&(&b.source, &b.key)));
    ids
}

fn closing_fact(outcome: Outcome) -> Option<&'static str> {
    match outcome {
        Outcome::Open => None,
        Outcome::Won => Some("opportunity.won.v1"),
        Outcome::Lost => Some("opportunity.lost.v1"),
        Outcome::NoDecision => Some("opportunity.abandoned.v1"),
    }
}

async fn read(
    entity: Uuid,
    fact: &str,
    field: &str,
    text: Option<&Personal>,
    at: &Referring<'_>,
) -> Result<Option<api::types::v1::PersonalText>, QueryError> {
    let Some(text) = text else { return Ok(None) };
    let place = Place { tenant: at.tenant, kind: Kind::Opportunity, entity, fact, field };
    Ok(Some(to_proto::personal(at.runtime.vault.read(place, text).await?)))
}
