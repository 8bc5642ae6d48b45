//! `account list`: accounts by filter, page by page.

use api::accounts::v1::ListAccountsRequest;
use serde::Serialize;

use super::Account;
use crate::grid::Grid;
use crate::output::{Answer, one_a_line};
use crate::session::Session;
use crate::standing::Standing;
use crate::target::{Listed, Paging};
use crate::when::When;

/// Which accounts.
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    #[command(flatten)]
    when: When,

    /// Only accounts of this owner, by key or id
    #[arg(long, default_value = "", hide_default_value = true)]
    owner: String,

    /// Only accounts in this segment
    #[arg(long, default_value = "", hide_default_value = true)]
    segment: String,

    /// Only key accounts, or with `false` only the others
    #[arg(long, num_args = 0..=1, default_missing_value = "true")]
    key: Option<bool>,

    /// Only accounts that belong to this one, by id
    #[arg(long, default_value = "", hide_default_value = true, value_name = "UUID")]
    parent: String,

    #[command(flatten)]
    paging: Paging,
}

/// The accounts that were found.
#[derive(Debug, Serialize)]
struct Accounts {
    #[serde(flatten)]
    standing: Standing,
    accounts: Vec<Account>,
    next_page_token: Option<String>,
}

impl Answer for Accounts {
    fn standing(&self) -> Option<&Standing> {
        Some(&self.standing)
    }

    fn items(&self) -> anyhow::Result<Vec<String>> {
        one_a_line(&self.accounts)
    }

    fn grid(&self) -> Grid {
        let mut grid = Grid::new(Account::COLUMNS);
        for account in &self.accounts {
            grid.push(account.row());
        }
        grid
    }
}

/// Collects pages until there is enough.
pub async fn run(args: ListArgs, session: &Session) -> anyhow::Result<()> {
    let paging = args.paging.clone();
    let request = ListAccountsRequest {
        read_at: Some(args.when.read_at(session)),
        owner: args.owner,
        segment: args.segment,
        key_account: args.key,
        parent_account_id: args.parent,
        ..Default::default()
    };
    let listed = paging.collect(|page_size, page_token| {
        let request = ListAccountsRequest { page_size, page_token, ..request.clone() };
        let mut client = session.accounts();
        async move {
            let page = client.list_accounts(session.request(request)).await?.into_inner();
            let found = page.accounts.into_iter().map(Account::from).collect();
            Ok((page.reflected, found, page.next_page_token))
        }
    });
    let Listed { standing, items: accounts, next_page_token } = listed.await?;
    let answer = Accounts { standing, accounts, next_page_token };
    session.output.answer(&answer)?;
    Listed::<Account>::note_more(answer.next_page_token.as_deref(), session);
    Ok(())
}
