//! Questions about accounts: wait, read, answer.

use api::accounts::v1::{
    Contact, Contract, GetAccountRequest, GetAccountResponse, ListAccountsRequest,
    ListAccountsResponse,
};
use api::opportunities::v1::Opportunity;
use domain::{AccountId, Kind, Outcome, UserId, account::Account};
use event_log::Word;
use prost::Message as _;
use runtime::{
    from_proto,
    query::{Asked, QueryError},
    status::rejected,
};
use tonic::{Request, Status};
use uuid::Uuid;

use super::{Row, to_proto};
use crate::{
    Customers, contacts,
    context::optional_code,
    contracts,
    customers::{Listing, Noun, not_found},
    reading::Reading,
};

/// How many of what belongs to an account are shown with it.
const SHOWN_MAX: usize = 100;

/// What belongs to an account, as ids in order, and the position that they reflect.
struct Belonging {
    position: u64,
    children: Vec<Uuid>,
    contacts: Vec<Uuid>,
    contracts: Vec<Uuid>,
    deals: Vec<Uuid>,
}

impl Customers {
    /// One account with what belongs to it, at a point of the two axes.
    pub(crate) async fn account(
        &self,
        request: Request<GetAccountRequest>,
    ) -> Result<GetAccountResponse, Status> {
        let caller = self.caller(&request)?;
        let message = request.into_inner();
        let asked = self.ask_at(message.read_at.as_ref()).await?;
        let id = from_proto::uuid(Account::ID, &message.account_id).map_err(rejected)?;
        let day = contracts::day(message.day.as_ref(), &asked).map_err(rejected)?;
        let belonging = self.belonging(&caller.tenant, AccountId(id), &asked).await?;
        let catalog = self.runtime.catalog(&caller.tenant).1;
        let position = belonging.position;
        let reading = Reading::new(&self.runtime, (&caller, &catalog), &asked, position);
        let timeline = reading.timeline(Kind::Account, id).await?;
        if timeline.live(reading.known).next().is_none() {
            return Err(not_found::<Account>());
        }
        let mut children = Vec::new();
        for id in shown(&belonging.children) {
            children.push(reading.account(AccountId(id)).await?);
        }
        Ok(GetAccountResponse {
            reflected: Some(self.runtime.reflected(&asked, position)),
            account: Some(to_proto::account(id, &timeline, &reading).await?),
            children,
            children_count: belonging.children.len() as u64,
            contacts: contacts_of(&belonging, &reading).await?,
            contacts_count: belonging.contacts.len() as u64,
            contracts: contracts_of(&belonging, day, &reading).await?,
            contracts_count: belonging.contracts.len() as u64,
            open_opportunities: deals_of(&belonging, &reading).await?,
            open_opportunities_count: belonging.deals.len() as u64,
        })
    }

    /// Finds what belongs to an account in the views of all kinds.
    async fn belonging(
        &self,
        tenant: &Word,
        id: AccountId,
        asked: &Asked,
    ) -> Result<Belonging, QueryError> {
        let (views, of) = (&self.views, Some(id));
        let accounts = self.find(&views.accounts, tenant, asked, move |row| row.parent == of);
        let (one, children) = accounts.await?;
        let contacts = self.find(&views.contacts, tenant, asked, move |row| row.account == of);
        let (two, contacts) = contacts.await?;
        let contracts = self.find(&views.contracts, tenant, asked, move |row| row.account == of);
        let (three, contracts) = contracts.await?;
        let is_open =
            move |row: &crate::views::Row| row.account == of && row.outcome == Outcome::Open;
        let (four, deals) = self.find(&views.deals, tenant, asked, is_open).await?;
        Ok(Belonging {
            position: one.min(two).min(three).min(four),
            children: ids(children),
            contacts: ids(contacts),
            contracts: ids(contracts),
            deals: ids(deals),
        })
    }

    /// Accounts that answer to a filter, page by page.
    pub(crate) async fn list_of_accounts(
        &self,
        request: Request<ListAccountsRequest>,
    ) -> Result<ListAccountsResponse, Status> {
        let caller = self.caller(&request)?;
        let message = request.into_inner();
        let asked = self.ask_at(message.read_at.as_ref()).await?;
        let catalog = self.runtime.catalog(&caller.tenant).1;
        let owner = match message.owner.as_str() {
            "" => None,
            text => {
                let tenant = (&*caller.tenant, &*catalog);
                let found = self.runtime.find(tenant, Kind::User, "owner", text);
                Some(UserId(found.map_err(rejected)?))
            }
        };
        let parent = from_proto::optional_uuid("parent_account_id", &message.parent_account_id);
        let parent = parent.map_err(rejected)?.map(AccountId);
        let segment = optional_code("segment", &message.segment).map_err(rejected)?;
        let key_account = message.key_account;
        let wants = move |row: &Row| {
            (owner.is_none() || row.owner == owner)
                && (parent.is_none() || row.parent == parent)
                && segment.as_ref().is_none_or(|segment| **segment == *row.segment)
                && key_account.is_none_or(|wanted| row.key_account == wanted)
        };
        let (page_size, page_token) = (message.page_size, message.page_token.clone());
        let question = ListAccountsRequest { page_size: 0, page_token: String::new(), ..message };
        let question = question.encode_to_vec();
        let listing = Listing { question: &[&question], page_size, page_token: &page_token };
        let page = self.page(&self.views.accounts, (&caller, &asked), listing, wants).await?;
        let reading = Reading::new(&self.runtime, (&caller, &catalog), &asked, page.position);
        let mut accounts = Vec::with_capacity(page.ids.len());
        for id in page.ids {
            let timeline = reading.timeline(Kind::Account, id).await?;
            accounts.push(to_proto::account(id, &timeline, &reading).await?);
        }
        Ok(ListAccountsResponse {
            reflected: Some(self.runtime.reflected(&asked, page.position)),
            accounts,
            next_page_token: page.next_page_token,
        })
    }
}

fn ids<R>(found: Vec<(Uuid, R)>) -> Vec<Uuid> {
    found.into_iter().map(|(id, _)| id).collect()
}

fn shown(ids: &[Uuid]) -> impl Iterator<Item = Uuid> {
    ids.iter().take(SHOWN_MAX).copied()
}

async fn contacts_of(
    belonging: &Belonging,
    reading: &Reading<'_>,
) -> Result<Vec<Contact>, QueryError> {
    let mut found = Vec::new();
    for id in shown(&belonging.contacts) {
        let timeline = reading.timeline(Kind::Contact, id).await?;
        found.push(contacts::shown(id, &timeline, reading).await?);
    }
    Ok(found)
}

async fn contracts_of(
    belonging: &Belonging,
    day: domain::Date,
    reading: &Reading<'_>,
) -> Result<Vec<Contract>, QueryError> {
    let mut found = Vec::new();
    for id in shown(&belonging.contracts) {
        let timeline = reading.timeline(Kind::Contract, id).await?;
        found.push(contracts::shown(id, &timeline, day, reading).await?);
    }
    Ok(found)
}

async fn deals_of(
    belonging: &Belonging,
    reading: &Reading<'_>,
) -> Result<Vec<Opportunity>, QueryError> {
    let mut found = Vec::new();
    for id in shown(&belonging.deals) {
        let timeline = reading.timeline(Kind::Opportunity, id).await?;
        found.push(crate::to_proto::opportunity(id, &timeline, reading).await?);
    }
    Ok(found)
}
