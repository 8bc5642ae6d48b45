//! `forecast waterfall`: why a number changed between two points, to the cent.

use api::forecasting::v1::{self as sent, ForecastColumn, GetForecastWaterfallRequest};
use api::types::v1::ReadAt;
use prost_types::Timestamp;
use serde::Serialize;

use super::answer::Window as Period;
use super::{Window, column};
use crate::grid::{Cell, Grid};
use crate::money::Money;
use crate::output::{Answer, one_a_line};
use crate::session::Session;
use crate::standing::Standing;
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

    /// A row for each deal of a bucket
    #[arg(long)]
    deals: bool,
}

impl WaterfallArgs {
    fn points(&self, session: &Session) -> (ReadAt, ReadAt) {
        let from = When { as_of: self.from_as_of, known_at: self.from_known_at };
        let to = When { as_of: self.to_as_of, known_at: self.to_known_at };
        (from.read_at(session), to.read_at(session))
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
    #[serde(skip)]
    with_deals: bool,
}

#[derive(Debug, Serialize)]
struct Bucket {
    name: String,
    amount: Option<Money>,
    count: i64,
    deals: Vec<Deal>,
}

#[derive(Debug, Serialize)]
struct Deal {
    id: String,
    amount: Option<Money>,
    count: i64,
    positions: Vec<u64>,
}

impl From<sent::GetForecastWaterfallResponse> for Waterfall {
    fn from(answer: sent::GetForecastWaterfallResponse) -> Self {
        Self {
            standing: Standing::of(answer.reflected),
            from: Standing::of(answer.from_reflected),
            period: Period::from(answer.period.unwrap_or_default()),
            node: answer.node.map(Reference::from),
            column: answer.column.as_ref().map(column::name).unwrap_or_default(),
            start_amount: answer.start_amount.as_ref().map(Money::from),
            start_count: answer.start_count,
            buckets: answer.buckets.into_iter().map(Bucket::from).collect(),
            end_amount: answer.end_amount.as_ref().map(Money::from),
            end_count: answer.end_count,
            with_deals: false,
        }
    }
}

impl From<sent::WaterfallBucket> for Bucket {
    fn from(bucket: sent::WaterfallBucket) -> Self {
        let deals = bucket.deals.into_iter().map(|deal| Deal {
            id: deal.opportunity_id,
            amount: deal.amount.as_ref().map(Money::from),
            count: deal.count,
            positions: deal.positions,
        });
        Self {
            name: bucket.name,
            amount: bucket.amount.as_ref().map(Money::from),
            count: bucket.count,
            deals: deals.collect(),
        }
    }
}

impl Bucket {
    fn is_empty(&self) -> bool {
        self.deals.is_empty()
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

/// Asks and answers.
pub async fn run(args: WaterfallArgs, session: &Session) -> anyhow::Result<()> {
    let (from, to) = args.points(session);
    let request = GetForecastWaterfallRequest {
        calendar: args.window.calendar,
        period: args.window.period,
        node: args.window.node,
        column: Some(args.column),
        from: Some(from),
        to: Some(to),
        restated_to: args.window.restated_to,
        currency_code: args.window.currency,
    };
    let answer = session.forecasts().get_forecast_waterfall(session.request(request)).await?;
    let with_deals = args.deals;
    session.output.answer(&Waterfall { with_deals, ..Waterfall::from(answer.into_inner()) })
}
