//! `forecast waterfall`: why a number changed between two points, to the cent.

use std::sync::OnceLock;

use api::forecasting::v1::{self as sent, ForecastColumn, GetForecastWaterfallRequest};
use api::types::v1::ReadAt;
use prost_types::Timestamp;
use serde::Serialize;

use super::answer::Window as Period;
use super::{Window, column};
use crate::grid::{Cell, Grid};
use crate::money::Money;
use crate::output::{Answer, Format, one_a_line};
use crate::session::Session;
use crate::standing::Standing;
use crate::target::{Listed, Paging};
use crate::times::{self, KnownAt};
use crate::when::When;
use crate::wording::Reference;

/// Which number, and between which points.
#[derive(Debug, clap::Args)]
pub struct WaterfallArgs {
    #[command(flatten)]
    window: Window,

    /// The column: commit, or commit-only
    #[arg(long, value_parser = column::parse, default_value = "pipeline")]
    column: ForecastColumn,

    /// From what had happened strictly before this instant
    #[arg(long, value_name = "T", value_parser = times::instant)]
    #[arg(required_unless_present = "from_known_at")]
    from_as_of: Option<Timestamp>,

    /// From what was known at this position, or strictly before this instant of recording
    #[arg(long, value_name = "P", value_parser = times::known_at)]
    from_known_at: Option<KnownAt>,

    /// To what had happened strictly before this instant [default: everything]
    #[arg(long, value_name = "T", value_parser = times::instant)]
    to_as_of: Option<Timestamp>,

    /// To what was known at this position, or strictly before this instant of recording
    #[arg(long, value_name = "P", value_parser = times::known_at)]
    to_known_at: Option<KnownAt>,

    /// A row for each deal of a bucket, the largest change first
    #[arg(long)]
    deals: bool,

    #[command(flatten, next_help_heading = "Deals")]
    paging: Paging,
}

impl WaterfallArgs {
    fn points(&self, session: &Session) -> (ReadAt, ReadAt) {
        let from = When { as_of: self.from_as_of, known_at: self.from_known_at };
        let to = When { as_of: self.to_as_of, known_at: self.to_known_at };
        (from.read_at(session), to.read_at(session))
    }

    fn into_request(self, session: &Session) -> GetForecastWaterfallRequest {
        let (from, to) = self.points(session);
        GetForecastWaterfallRequest {
            calendar: self.window.calendar,
            period: self.window.period,
            node: self.window.node,
            column: Some(self.column),
            from: Some(from),
            to: Some(to),
            restated_to: self.window.restated_to,
            currency_code: self.window.currency,
            page_size: 0,
            page_token: String::new(),
        }
    }
}

/// A number, explained.
#[derive(Debug, Serialize)]
struct Waterfall {
    #[serde(flatten)]
    standing: Standing,
    from: Standing,
    period: Period,
    node: Option<Reference>,
    column: String,
    start_amount: Option<Money>,
    start_count: i64,
    buckets: Vec<Bucket>,
    end_amount: Option<Money>,
    end_count: i64,
    deals_total: i64,
    next_page_token: Option<String>,
    #[serde(skip)]
    with_deals: bool,
}

#[derive(Debug, Serialize)]
struct Bucket {
    name: String,
    amount: Option<Money>,
    count: i64,
    deals: Vec<Deal>,
    deals_total: i64,
}

#[derive(Debug, Serialize)]
struct Deal {
    id: String,
    amount: Option<Money>,
    count: i64,
    positions: Vec<u64>,
}

impl Waterfall {
    /// The numbers of one page, which are those of every page, and the deals of all of them.
    fn of(answer: sent::GetForecastWaterfallResponse, listed: Listed<(String, Deal)>) -> Self {
        let mut buckets: Vec<Bucket> = answer.buckets.into_iter().map(Bucket::from).collect();
        for (name, deal) in listed.items {
            if let Some(bucket) = buckets.iter_mut().find(|bucket| bucket.name == name) {
                bucket.deals.push(deal);
            }
        }
        Self {
            // Of the first page: later ones tell of the same, but may be given at a later revision.
            standing: Standing::of(answer.reflected),
            from: Standing::of(answer.from_reflected),
            period: Period::from(answer.period.unwrap_or_default()),
            node: answer.node.map(Reference::from),
            column: answer.column.as_ref().map(column::name).unwrap_or_default(),
            start_amount: answer.start_amount.as_ref().map(Money::from),
            start_count: answer.start_count,
            buckets,
            end_amount: answer.end_amount.as_ref().map(Money::from),
            end_count: answer.end_count,
            deals_total: answer.deals_total,
            next_page_token: listed.next_page_token,
            with_deals: false,
        }
    }

    /// Says how many deals there are when some are left out of what is shown.
    fn note_more(&self, session: &Session) {
        let shows_deals = match session.output.format {
            Format::Json | Format::Ndjson => true,
            Format::Table | Format::Csv => self.with_deals,
        };
        if let Some(token) = self.next_page_token.as_ref().filter(|_| shows_deals) {
            let listed: usize = self.buckets.iter().map(|bucket| bucket.deals.len()).sum();
            session.output.note(format!(
                "{listed} of {} deals are listed, and all are in the numbers; there are more: \
                 --all, --limit N or --page-token {token}",
                self.deals_total
            ));
        }
    }
}

impl From<sent::WaterfallBucket> for Bucket {
    fn from(bucket: sent::WaterfallBucket) -> Self {
        Self {
            name: bucket.name,
            amount: bucket.amount.as_ref().map(Money::from),
            count: bucket.count,
            deals: Vec::new(),
            deals_total: bucket.deals_total,
        }
    }
}

impl From<sent::WaterfallDeal> for Deal {
    fn from(deal: sent::WaterfallDeal) -> Self {
        Self {
            id: deal.opportunity_id,
            amount: deal.amount.as_ref().map(Money::from),
            count: deal.count,
            positions: deal.positions,
        }
    }
}

impl Bucket {
    fn is_empty(&self) -> bool {
        self.deals_total == 0
    }
}

impl Answer for Waterfall {
    fn standing(&self) -> Option<&Standing> {
        Some(&self.standing)
    }

    fn items(&self) -> anyhow::Result<Vec<String>> {
        one_a_line(&self.buckets)
    }

    /// Buckets of nothing are left to JSON.
    fn grid(&self) -> Grid {
        if self.with_deals {
            return self.grid_of_deals();
        }
        let mut grid = Grid::new(["step", "deals", "amount", "currency"]);
        let mut push = |name: &str, count: i64, amount: &Option<Money>| {
            let currency = amount.as_ref().map_or("", |amount| &amount.currency);
            grid.push(vec![
                Cell::text(name),
                Cell::Number(Some(count as f64), 0),
                Cell::Amount(amount.clone()),
                Cell::text(currency),
            ]);
        };
        push("start", self.start_count, &self.start_amount);
        for bucket in self.buckets.iter().filter(|bucket| !bucket.is_empty()) {
            push(&bucket.name, bucket.count, &bucket.amount);
        }
        push("end", self.end_count, &self.end_amount);
        grid
    }
}

impl Waterfall {
    fn grid_of_deals(&self) -> Grid {
        let mut grid = Grid::new(["step", "deal", "count", "amount", "currency", "positions"]);
        for bucket in &self.buckets {
            for deal in &bucket.deals {
                let positions: Vec<String> = deal.positions.iter().map(u64::to_string).collect();
                grid.push(vec![
                    Cell::text(&bucket.name),
                    Cell::text(&deal.id),
                    Cell::Number(Some(deal.count as f64), 0),
                    Cell::Amount(deal.amount.clone()),
                    Cell::text(deal.amount.as_ref().map_or("", |amount| &amount.currency)),
                    Cell::text(positions.join(" ")),
                ]);
            }
        }
        grid
    }
}

/// Collects pages of deals until there are enough; every page has the numbers of all.
pub async fn run(args: WaterfallArgs, session: &Session) -> anyhow::Result<()> {
    let (paging, with_deals) = (args.paging.clone(), args.deals);
    let request = args.into_request(session);
    let told = OnceLock::new();
    let listed = paging.collect(|page_size, page_token| {
        let request = GetForecastWaterfallRequest { page_size, page_token, ..request.clone() };
        let (mut client, told) = (session.forecasts(), &told);
        async move {
            let request = session.request(request);
            let mut page = client.get_forecast_waterfall(request).await?.into_inner();
            let deals = page.buckets.iter_mut().flat_map(|bucket| {
                let deals = std::mem::take(&mut bucket.deals).into_iter();
                deals.map(|deal| (bucket.name.clone(), Deal::from(deal)))
            });
            let deals = deals.collect();
            let (reflected, token) = (page.reflected.clone(), page.next_page_token.clone());
            told.get_or_init(|| page);
            Ok((reflected, deals, token))
        }
    });
    let listed = listed.await?;
    let answer =
        Waterfall { with_deals, ..Waterfall::of(told.into_inner().unwrap_or_default(), listed) };
    session.output.answer(&answer)?;
    answer.note_more(session);
    Ok(())
}
