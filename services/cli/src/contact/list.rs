//! `contact list`: contacts by filter, page by page.

use api::accounts::v1::ListContactsRequest;
use serde::Serialize;

use super::Contact;
use crate::grid::Grid;
use crate::output::{Answer, one_a_line};
use crate::session::Session;
use crate::standing::Standing;
use crate::target::{Listed, Paging};
use crate::when::When;

/// Which contacts.
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    #[command(flatten)]
    when: When,

    /// Only contacts at this account, by id
    #[arg(long, default_value = "", hide_default_value = true, value_name = "UUID")]
    account: String,

    /// Only contacts who have given consent for this purpose
    #[arg(long, default_value = "", hide_default_value = true, value_name = "PURPOSE")]
    consented_to: String,

    #[command(flatten)]
    paging: Paging,
}

/// The contacts that were found.
#[derive(Debug, Serialize)]
struct Contacts {
    #[serde(flatten)]
    standing: Standing,
    contacts: Vec<Contact>,
    next_page_token: Option<String>,
}

impl Answer for Contacts {
    fn standing(&self) -> Option<&Standing> {
        Some(&self.standing)
    }

    fn items(&self) -> anyhow::Result<Vec<String>> {
        one_a_line(&self.contacts)
    }

    fn grid(&self) -> Grid {
        let mut grid = Grid::new(Contact::COLUMNS);
        for contact in &self.contacts {
            grid.push(contact.row());
        }
        grid
    }
}

/// Collects pages until there is enough.
pub async fn run(args: ListArgs, session: &Session) -> anyhow::Result<()> {
    let paging = args.paging.clone();
    let request = ListContactsRequest {
        read_at: Some(args.when.read_at(session)),
        account_id: args.account,
        consented_to: args.consented_to,
        ..Default::default()
    };
    let listed = paging.collect(|page_size, page_token| {
        let request = ListContactsRequest { page_size, page_token, ..request.clone() };
        let mut client = session.contacts();
        async move {
            let page = client.list_contacts(session.request(request)).await?.into_inner();
            let found = page.contacts.into_iter().map(Contact::from).collect();
            Ok((page.reflected, found, page.next_page_token))
        }
    });
    let Listed { standing, items: contacts, next_page_token } = listed.await?;
    let answer = Contacts { standing, contacts, next_page_token };
    session.output.answer(&answer)?;
    Listed::<Contact>::note_more(answer.next_page_token.as_deref(), session);
    Ok(())
}
