//! `contract list`: contracts by filter, page by page.

use api::accounts::v1::ListContractsRequest;
use api::google::r#type::Date;
use serde::Serialize;

use super::Contract;
use crate::grid::Grid;
use crate::output::{Answer, one_a_line};
use crate::session::Session;
use crate::standing::Standing;
use crate::target::{Listed, Paging};
use crate::times;
use crate::when::When;

/// Which contracts.
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    #[command(flatten)]
    when: When,

    /// The day for which to tell what is paid [default: that of the answer]
    #[arg(long, value_name = "D", value_parser = times::day)]
    day: Option<Date>,

    /// Only contracts of this account, by id
    #[arg(long, default_value = "", hide_default_value = true, value_name = "UUID")]
    account: String,

    /// Only contracts for this product, by key or id
    #[arg(long, default_value = "", hide_default_value = true)]
    product: String,

    /// Only contracts that run on the day, or with `false` only the others
    #[arg(long, num_args = 0..=1, default_missing_value = "true")]
    running: Option<bool>,

    #[command(flatten)]
    paging: Paging,
}

/// The contracts that were found.
#[derive(Debug, Serialize)]
struct Contracts {
    #[serde(flatten)]
    standing: Standing,
    contracts: Vec<Contract>,
    next_page_token: Option<String>,
}

impl Answer for Contracts {
    fn standing(&self) -> Option<&Standing> {
        Some(&self.standing)
    }

    fn items(&self) -> anyhow::Result<Vec<String>> {
        one_a_line(&self.contracts)
    }

    fn grid(&self) -> Grid {
        let mut grid = Grid::new(Contract::COLUMNS);
        for contract in &self.contracts {
            grid.push(contract.row());
        }
        grid
    }
}

/// Collects pages until there is enough.
pub async fn run(args: ListArgs, session: &Session) -> anyhow::Result<()> {
    let paging = args.paging.clone();
    let request = ListContractsRequest {
        read_at: Some(args.when.read_at(session)),
        day: args.day,
        account_id: args.account,
        product: args.product,
        running: args.running,
        ..Default::default()
    };
    let listed = paging.collect(|page_size, page_token| {
        let request = ListContractsRequest { page_size, page_token, ..request.clone() };
        let mut client = session.contracts();
        async move {
            let page = client.list_contracts(session.request(request)).await?.into_inner();
            let found = page.contracts.into_iter().map(Contract::from).collect();
            Ok((page.reflected, found, page.next_page_token))
        }
    });
    let Listed { standing, items: contracts, next_page_token } = listed.await?;
    let answer = Contracts { standing, contracts, next_page_token };
    session.output.answer(&answer)?;
    Listed::<Contract>::note_more(answer.next_page_token.as_deref(), session);
    Ok(())
}
