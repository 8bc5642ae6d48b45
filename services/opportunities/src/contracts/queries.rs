//! Questions about contracts: wait, read, answer.

use api::accounts::v1::{
    GetContractRequest, GetContractResponse, ListContractsRequest, ListContractsResponse,
};
use domain::{AccountId, Kind, ProductId, contract::Contract};
use prost::Message as _;
use runtime::{from_proto, status::rejected};
use tonic::{Request, Status};

use super::{Row, day, to_proto};
use crate::{
    Customers,
    customers::{Listing, Noun, not_found},
    reading::Reading,
};

impl Customers {
    /// One contract, at a point of the two axes and on a day.
    pub(crate) async fn contract(
        &self,
        request: Request<GetContractRequest>,
    ) -> Result<GetContractResponse, Status> {
        let caller = self.caller(&request)?;
        let message = request.into_inner();
        let asked = self.ask_at(message.read_at.as_ref()).await?;
        let id = from_proto::uuid(Contract::ID, &message.contract_id).map_err(rejected)?;
        let day = day(message.day.as_ref(), &asked).map_err(rejected)?;
        let position = self.views.contracts.read().position;
        let catalog = self.runtime.catalog(&caller.tenant).1;
        let reading = Reading::new(&self.runtime, (&caller, &catalog), &asked, position);
        let timeline = reading.timeline(Kind::Contract, id).await?;
        if timeline.live(reading.known).next().is_none() {
            return Err(not_found::<Contract>());
        }
        Ok(GetContractResponse {
            reflected: Some(self.runtime.reflected(&asked, position)),
            contract: Some(to_proto::contract(id, &timeline, day, &reading).await?),
        })
    }

    /// Contracts that answer to a filter, page by page.
    pub(crate) async fn list_of_contracts(
        &self,
        request: Request<ListContractsRequest>,
    ) -> Result<ListContractsResponse, Status> {
        let caller = self.caller(&request)?;
        let message = request.into_inner();
        let asked = self.ask_at(message.read_at.as_ref()).await?;
        let catalog = self.runtime.catalog(&caller.tenant).1;
        let day = day(message.day.as_ref(), &asked).map_err(rejected)?;
        let account = from_proto::optional_uuid("account_id", &message.account_id);
        let account = account.map_err(rejected)?.map(AccountId);
        let product = match message.product.as_str() {
            "" => None,
            text => {
                let tenant = (&*caller.tenant, &*catalog);
                let found = self.runtime.find(tenant, Kind::Product, "product", text);
                Some(ProductId(found.map_err(rejected)?))
            }
        };
        let running = message.running;
        let wants = move |row: &Row| {
            (account.is_none() || row.account == account)
                && (product.is_none() || row.product == product)
                && running.is_none_or(|wanted| row.runs_on(day) == wanted)
        };
        let (page_size, page_token) = (message.page_size, message.page_token.clone());
        let question = ListContractsRequest { page_size: 0, page_token: String::new(), ..message };
        let question = question.encode_to_vec();
        let listing = Listing { question: &[&question], page_size, page_token: &page_token };
        let page = self.page(&self.views.contracts, (&caller, &asked), listing, wants).await?;
        let reading = Reading::new(&self.runtime, (&caller, &catalog), &asked, page.position);
        let mut contracts = Vec::with_capacity(page.ids.len());
        for id in page.ids {
            let timeline = reading.timeline(Kind::Contract, id).await?;
            contracts.push(to_proto::contract(id, &timeline, day, &reading).await?);
        }
        Ok(ListContractsResponse {
            reflected: Some(self.runtime.reflected(&asked, page.position)),
            contracts,
            next_page_token: page.next_page_token,
        })
    }
}
