//! `rate`: what one currency is worth in another, from any instant on.

use api::google::r#type::Decimal;
use api::planning::v1 as sent;
use api::types::v1::ReadAt;
use clap::{Subcommand, ValueEnum};
use prost_types::Timestamp;
use serde::Serialize;
use tonic::Status;

use super::{Listed, Many, PAGE_SIZE};
use crate::failure::Failure;
use crate::grid::{Cell, Grid};
use crate::recorded::{Done, Repeatable, Shown, just_after};
use crate::session::Session;
use crate::standing::Standing;
use crate::times;
use crate::when::When;
use crate::wording::lower;

/// The verbs of an exchange rate.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// List the rates in force
    List {
        #[command(flatten)]
        when: When,
    },
    /// Set a rate; deals won before keep the rate of their day
    #[command(after_help = "Example:\n  revops rate set EUR USD 1.0825 --effective-at 2026-04-01")]
    Set(SetArgs),
}

/// A rate.
#[derive(Debug, clap::Args)]
pub struct SetArgs {
    /// The currency of which one unit is priced
    from: String,

    /// The currency that the price is in
    to: String,

    /// How many units of the second one unit of the first is worth
    rate: String,

    /// What it is used for
    #[arg(long, value_enum, default_value = "actual")]
    purpose: Purpose,

    /// Since when it holds [default: a first rate from the beginning, a later one from now]
    #[arg(long, value_name = "T", value_parser = times::instant)]
    effective_at: Option<Timestamp>,

    #[command(flatten)]
    repeatable: Repeatable,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Purpose {
    /// For deals, at their dates
    Actual,
    /// For quotas
    Plan,
}

impl From<Purpose> for sent::RatePurpose {
    fn from(purpose: Purpose) -> Self {
        match purpose {
            Purpose::Actual => Self::Actual,
            Purpose::Plan => Self::Plan,
        }
    }
}

/// Runs a verb.
pub async fn run(verb: Verb, session: &Session) -> anyhow::Result<()> {
    match verb {
        Verb::List { when } => session.output.answer(&list(session, when.read_at(session)).await?),
        Verb::Set(args) => set(args, session).await,
    }
}

async fn set(args: SetArgs, session: &Session) -> anyhow::Result<()> {
    let request_id = args.repeatable.request_id();
    let request = sent::SetExchangeRateRequest {
        request_id: request_id.clone(),
        etag: args.repeatable.etag,
        effective_at: args.effective_at,
        from_currency: args.from.to_ascii_uppercase(),
        to_currency: args.to.to_ascii_uppercase(),
        purpose: sent::RatePurpose::from(args.purpose).into(),
        rate: Some(Decimal { value: args.rate }),
    };
    let answer = session.planning().set_exchange_rate(session.request(request)).await;
    let answer = answer.map_err(|status| Failure::of_command(status, &request_id))?.into_inner();
    let id = answer.exchange_rate_id;
    // One that holds from a later day on is not there yet; it was set all the same.
    let after = list(session, just_after(answer.recorded.as_ref())).await.ok();
    let after = after.and_then(|Many { standing, items }| {
        items.into_iter().find(|rate| rate.id == id).map(|rate| (standing, rate))
    });
    Done::new(id, answer.recorded, after).report(&session.output)
}

async fn list(session: &Session, read_at: ReadAt) -> Result<Many<Rate>, Status> {
    let mut client = session.planning();
    let mut many = Many { standing: Standing::default(), items: Vec::new() };
    let mut request = sent::ListExchangeRatesRequest {
        read_at: Some(read_at),
        page_size: PAGE_SIZE,
        page_token: String::new(),
    };
    loop {
        let page = client.list_exchange_rates(session.request(request.clone())).await?.into_inner();
        many.standing = Standing::of(page.reflected);
        many.items.extend(page.exchange_rates.into_iter().map(Rate::from));
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            return Ok(many);
        }
    }
}

/// A rate as JSON shows it.
#[derive(Debug, Serialize)]
pub struct Rate {
    id: String,
    from: String,
    to: String,
    purpose: Option<String>,
    rate: String,
    effective_at: Option<String>,
    etag: String,
}

impl From<sent::ExchangeRate> for Rate {
    fn from(rate: sent::ExchangeRate) -> Self {
        Self {
            purpose: lower(rate.purpose().as_str_name(), "RATE_PURPOSE_"),
            id: rate.id,
            from: rate.from_currency,
            to: rate.to_currency,
            rate: rate.rate.map(|rate| rate.value).unwrap_or_default(),
            effective_at: rate.effective_at.as_ref().map(times::show),
            etag: rate.etag,
        }
    }
}

impl Shown for Rate {
    const NOUN: &'static str = "exchange_rate";

    fn fields(&self) -> Grid {
        let maybe = |text: &Option<String>| Cell::text(text.as_deref().unwrap_or_default());
        Grid::of_fields([
            ("id", Cell::text(&self.id)),
            ("from", Cell::text(&self.from)),
            ("to", Cell::text(&self.to)),
            ("purpose", maybe(&self.purpose)),
            ("rate", Cell::text(&self.rate)),
            ("effective_at", maybe(&self.effective_at)),
            ("etag", Cell::text(&self.etag)),
        ])
    }
}

impl Listed for Rate {
    const NOUNS: &'static str = "exchange_rates";
    const COLUMNS: &'static [&'static str] = &["from", "to", "purpose", "rate", "effective_at"];

    fn row(&self) -> Vec<Cell> {
        let maybe = |text: &Option<String>| Cell::text(text.as_deref().unwrap_or_default());
        vec![
            Cell::text(&self.from),
            Cell::text(&self.to),
            maybe(&self.purpose),
            Cell::text(&self.rate),
            maybe(&self.effective_at),
        ]
    }
}
