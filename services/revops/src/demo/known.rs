//! Which ids the server has given to the deals and leads that the demo reported, by their keys.

use std::collections::HashMap;

use api::leads::v1::ListLeadsRequest;
use api::leads::v1::lead_service_client::LeadServiceClient;
use api::opportunities::v1::ListOpportunitiesRequest;
use api::opportunities::v1::opportunity_service_client::OpportunityServiceClient;
use api::types::v1::ReadAt;
use tonic::Request;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::Channel;

use super::SOURCE;

/// How many are asked for at once.
const PAGE: i32 = 1_000;

/// Deals and leads of the demo that the server knows at a position, by key.
pub async fn known(
    channel: &Channel,
    tenant: &MetadataValue<Ascii>,
    min_revision: u64,
) -> anyhow::Result<HashMap<String, String>> {
    let mut known = HashMap::new();
    let read_at = Some(ReadAt { min_revision, ..Default::default() });
    let mut deals = OpportunityServiceClient::new(channel.clone());
    let mut request = ListOpportunitiesRequest { read_at, page_size: PAGE, ..Default::default() };
    loop {
        let call = marked(request.clone(), tenant);
        let page = deals.list_opportunities(call).await?.into_inner();
        for deal in page.opportunities {
            let key = deal.external_ids.into_iter().find(|it| it.source == SOURCE);
            known.extend(key.map(|it| (it.key, deal.id)));
        }
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            break;
        }
    }
    let mut leads = LeadServiceClient::new(channel.clone());
    let mut request = ListLeadsRequest { page_size: PAGE, ..Default::default() };
    loop {
        let page = leads.list_leads(marked(request.clone(), tenant)).await?.into_inner();
        for lead in page.leads {
            let key = lead.external_ids.into_iter().find(|it| it.source == SOURCE);
            let key = key.and_then(|it| it.key).map(|key| key.text);
            known.extend(key.map(|key| (key, lead.id)));
        }
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            return Ok(known);
        }
    }
}

fn marked<T>(message: T, tenant: &MetadataValue<Ascii>) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("revops-tenant", tenant.clone());
    request
}
