//! `opportunity list`: deals by filter and order, page by page.

use api::google::r#type::Date;
use api::opportunities::v1::{ListOpportunitiesRequest, OpportunityType as SentType};
use clap::ValueEnum;
use serde::Serialize;

use super::Deal;
use super::opportunity_type::OpportunityType;
use crate::grid::Grid;
use crate::output::{Answer, one_a_line};
use crate::session::Session;
use crate::standing::Standing;
use crate::target::{Listed, Paging};
use crate::times;
use crate::when::When;
use crate::wording::Outcome;

/// Which deals, in which order.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  revops opportunity list --outcome open --owner ann \
                        --order amount --descending --limit 10")]
pub struct ListArgs {
    #[command(flatten)]
    when: When,

    /// Only deals that stand so; may be given several times
    #[arg(long, value_enum)]
    outcome: Vec<Outcome>,

    /// Only deals of this owner, by key or id
    #[arg(long, default_value = "", hide_default_value = true)]
    owner: String,

    /// Only deals in this stage, by key
    #[arg(long, default_value = "", hide_default_value = true)]
    stage: String,

    /// Only deals in this pipeline, by key or id
    #[arg(long, default_value = "", hide_default_value = true)]
    pipeline: String,

    /// Only deals for this product, by key or id
    #[arg(long, default_value = "", hide_default_value = true)]
    product: String,

    /// Only deals with this account, by id
    #[arg(long, default_value = "", hide_default_value = true, value_name = "UUID")]
    account: String,

    /// Only deals of this type; may be given several times
    #[arg(long = "type", value_enum, value_name = "TYPE")]
    opportunity_type: Vec<OpportunityType>,

    /// Only deals expected to close on this day or later
    #[arg(long, value_name = "D", value_parser = times::day)]
    close_from: Option<Date>,

    /// Only deals expected to close before this day
    #[arg(long, value_name = "D", value_parser = times::day)]
    close_to: Option<Date>,

    /// Only deals with data-quality faults, or with `false` only those without
    #[arg(long, num_args = 0..=1, default_missing_value = "true")]
    faults: Option<bool>,

    /// What to order by
    #[arg(long, value_enum, default_value = "opened-at")]
    order: Order,

    /// The greatest first
    #[arg(long)]
    descending: bool,

    #[command(flatten)]
    paging: Paging,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Order {
    #[value(alias = "opened_at")]
    OpenedAt,
    Amount,
    #[value(alias = "close_date")]
    CloseDate,
}

/// The deals that were found.
#[derive(Debug, Serialize)]
struct Deals {
    #[serde(flatten)]
    standing: Standing,
    opportunities: Vec<Deal>,
    next_page_token: Option<String>,
}

impl Answer for Deals {
    fn standing(&self) -> Option<&Standing> {
        Some(&self.standing)
    }

    fn items(&self) -> anyhow::Result<Vec<String>> {
        one_a_line(&self.opportunities)
    }

    fn grid(&self) -> Grid {
        let mut grid = Grid::new(Deal::COLUMNS);
        for deal in &self.opportunities {
            grid.push(deal.row());
        }
        grid
    }
}

/// Collects pages until there is enough.
pub async fn run(args: ListArgs, session: &Session) -> anyhow::Result<()> {
    let paging = args.paging.clone();
    let request = args.into_request(session);
    let listed = paging.collect(|page_size, page_token| {
        let request = ListOpportunitiesRequest { page_size, page_token, ..request.clone() };
        let mut client = session.opportunities();
        async move {
            let page = client.list_opportunities(session.request(request)).await?.into_inner();
            let found = page.opportunities.into_iter().map(Deal::from).collect();
            Ok((page.reflected, found, page.next_page_token))
        }
    });
    let Listed { standing, items: opportunities, next_page_token } = listed.await?;
    let answer = Deals { standing, opportunities, next_page_token };
    session.output.answer(&answer)?;
    Listed::<Deal>::note_more(answer.next_page_token.as_deref(), session);
    Ok(())
}

impl ListArgs {
    fn into_request(self, session: &Session) -> ListOpportunitiesRequest {
        let order = match self.order {
            Order::OpenedAt => "opened_at",
            Order::Amount => "amount",
            Order::CloseDate => "close_date",
        };
        let direction = if self.descending { " desc" } else { "" };
        let outcomes = self.outcome.into_iter();
        let types = self.opportunity_type.into_iter();
        ListOpportunitiesRequest {
            read_at: Some(self.when.read_at(session)),
            page_size: 0,
            page_token: String::new(),
            order_by: format!("{order}{direction}"),
            outcomes: outcomes.map(|it| api::types::v1::Outcome::from(it).into()).collect(),
            owner: self.owner,
            stage: self.stage,
            pipeline: self.pipeline,
            product: self.product,
            close_date_start: self.close_from,
            close_date_end: self.close_to,
            has_faults: self.faults,
            account_id: self.account,
            opportunity_types: types.map(|it| SentType::from(it).into()).collect(),
        }
    }
}
