//! Questions about contacts: wait, read, answer.

use api::accounts::v1::{
    GetContactRequest, GetContactResponse, ListContactsRequest, ListContactsResponse,
};
use domain::{AccountId, Kind, contact::Contact};
use prost::Message as _;
use runtime::{from_proto, status::rejected};
use tonic::{Request, Status};

use super::{Row, to_proto};
use crate::{
    Customers,
    context::optional_code,
    customers::{Listing, Noun, not_found},
    reading::Reading,
};

impl Customers {
    /// One contact, at a point of the two axes.
    pub(crate) async fn contact(
        &self,
        request: Request<GetContactRequest>,
    ) -> Result<GetContactResponse, Status> {
        let caller = self.caller(&request)?;
        let message = request.into_inner();
        let asked = self.ask_at(message.read_at.as_ref()).await?;
        let id = from_proto::uuid(Contact::ID, &message.contact_id).map_err(rejected)?;
        let position = self.views.contacts.read().position;
        let catalog = self.runtime.catalog(&caller.tenant).1;
        let reading = Reading::new(&self.runtime, (&caller, &catalog), &asked, position);
        let timeline = reading.timeline(Kind::Contact, id).await?;
        if timeline.live(reading.known).next().is_none() {
            return Err(not_found::<Contact>());
        }
        Ok(GetContactResponse {
            reflected: Some(self.runtime.reflected(&asked, position)),
            contact: Some(to_proto::contact(id, &timeline, &reading).await?),
        })
    }

    /// Contacts that answer to a filter, page by page.
    pub(crate) async fn list_of_contacts(
        &self,
        request: Request<ListContactsRequest>,
    ) -> Result<ListContactsResponse, Status> {
        let caller = self.caller(&request)?;
        let message = request.into_inner();
        let asked = self.ask_at(message.read_at.as_ref()).await?;
        let account = from_proto::optional_uuid("account_id", &message.account_id);
        let account = account.map_err(rejected)?.map(AccountId);
        let purpose = optional_code("consented_to", &message.consented_to).map_err(rejected)?;
        let wants = move |row: &Row| {
            let consented = |purpose: &str| {
                row.consents.iter().any(|(it, granted)| **it == *purpose && *granted)
            };
            (account.is_none() || row.account == account)
                && purpose.as_deref().is_none_or(consented)
        };
        let (page_size, page_token) = (message.page_size, message.page_token.clone());
        let question = ListContactsRequest { page_size: 0, page_token: String::new(), ..message };
        let question = question.encode_to_vec();
        let listing = Listing { question: &[&question], page_size, page_token: &page_token };
        let page = self.page(&self.views.contacts, (&caller, &asked), listing, wants).await?;
        let catalog = self.runtime.catalog(&caller.tenant).1;
        let reading = Reading::new(&self.runtime, (&caller, &catalog), &asked, page.position);
        let mut contacts = Vec::with_capacity(page.ids.len());
        for id in page.ids {
            let timeline = reading.timeline(Kind::Contact, id).await?;
            contacts.push(to_proto::contact(id, &timeline, &reading).await?);
        }
        Ok(ListContactsResponse {
            reflected: Some(self.runtime.reflected(&asked, page.position)),
            contacts,
            next_page_token: page.next_page_token,
        })
    }
}
