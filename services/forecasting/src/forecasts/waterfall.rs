//! Why a number changed between two points: both read at one position of the book, then told. What a
//! first page was answered from, its token keeps for the others.

use api::{
    forecasting::v1::{
        GetForecastWaterfallRequest, GetForecastWaterfallResponse, WaterfallBucket, WaterfallDeal,
    },
    types::v1::ReadAt,
};
use domain::{Currency, Instant, Rejection, forecast::Column, waterfall::Explanation};
use prost::Message as _;
use runtime::{
    from_proto::missing,
    page,
    point::{Point, look},
    query::{Asked, Caller, QueryError},
    status::rejected,
};
use serde::{Deserialize, Serialize};
use tonic::{Request, Status};

use super::{
    Forecasts, from_proto,
    queries::{Named, Wanted, restated},
    to_proto::{self, amount, show_column},
};
use crate::{
    book::Shelf,
    falls::{self, Cut, Fall},
    numbers::{self, Scene},
};

/// Where the next page goes on: at which points the first one was answered, and how many deals are
/// listed.
#[derive(Serialize, Deserialize)]
struct After {
    from_known_at: u64,
    known_at: u64,
    now: i64,
    shown: usize,
}

/// A question that is answered in pages.
struct Paged {
    from: Asked,
    to: Asked,
    cut: Cut,
    question: Vec<u8>,
}

impl Forecasts {
    /// Explains a column of a node between two points.
    pub(crate) async fn explain(
        &self,
        request: Request<GetForecastWaterfallRequest>,
    ) -> Result<GetForecastWaterfallResponse, Status> {
        let caller = self.caller(&request)?;
        let message = request.into_inner();
        let paged = self.paged(&caller, &message).await?;
        let column = from_proto::column("column", message.column.as_ref()).map_err(rejected)?;
        let wanted = Wanted {
            restated_to: restated(message.restated_to.as_ref()).map_err(rejected)?,
            calendar: message.calendar,
            period: message.period,
            node: message.node,
            currency: message.currency_code,
        };
        let (from, to, cut) = (paged.from, paged.to, paged.cut);
        let runtime = self.runtime.clone();
        let looking = look(&self.runtime, &self.book, (&caller, to), move |book, tenant, point| {
            let named = wanted.find(&runtime, tenant, point)?;
            let empty = Shelf::default();
            let shelf = book.shelf(tenant).unwrap_or(&empty);
            explained(shelf, (&named, &wanted), (&from, point), (column, cut))
                .map(|(fall, currency)| (named, fall, currency))
        });
        let (point, found) = looking.await?;
        let (named, fall, currency) = found.map_err(rejected)?;
        let node = match named.node {
            Some(node) => Some(point.referring(&self.runtime, &caller).user(node).await?),
            None => None,
        };
        let (start, end) = (fall.explained.start, fall.explained.end);
        Ok(GetForecastWaterfallResponse {
            reflected: Some(self.runtime.reflected(&to, point.position)),
            from_reflected: Some(self.runtime.reflected(&from, point.position)),
            period: Some(to_proto::period(&named)),
            node,
            column: Some(show_column(column)),
            start_amount: Some(amount(start.amount, currency)),
            start_count: start.count,
            buckets: fall.explained.buckets.iter().map(|it| bucket(it, &fall, currency)).collect(),
            end_amount: Some(amount(end.amount, currency)),
            end_count: end.count,
            next_page_token: self.next_page(&caller, &paged, &fall, &point),
            deals_total: count(fall.total),
        })
    }

    /// The points of a question and its page; a page after the first is of the points of the first.
    async fn paged(
        &self,
        caller: &Caller,
        message: &GetForecastWaterfallRequest,
    ) -> Result<Paged, Status> {
        let size = page::size(message.page_size).map_err(rejected)?;
        let question = GetForecastWaterfallRequest {
            page_size: 0,
            page_token: String::new(),
            ..message.clone()
        };
        let question = question.encode_to_vec();
        let words = words(caller, &question);
        let after: Option<After> =
            page::after(&self.runtime, &words, &message.page_token).map_err(rejected)?;
        let is_point = |from: &&ReadAt| from.as_of.is_some() || from.known_at.is_some();
        let earlier = message.from.as_ref().filter(is_point);
        let earlier = earlier.ok_or_else(|| rejected(missing("from")))?;
        let mut from = self.ask("from", Some(earlier)).await?;
        let mut to = self.ask("to", message.to.as_ref()).await?;
        if let Some(after) = &after {
            self.runtime.wait_for(after.known_at.max(after.from_known_at)).await?;
            from.known_at = Some(after.from_known_at);
            to.known_at = Some(after.known_at);
            to.now = Instant(after.now);
        }
        // One question has one present.
        from.now = to.now;
        let cut = Cut { shown: after.map_or(0, |after| after.shown), size };
        Ok(Paged { from, to, cut, question })
    }

    /// The token of the page after this one; empty when there is none.
    fn next_page(&self, caller: &Caller, paged: &Paged, fall: &Fall, point: &Point) -> String {
        let shown = paged.cut.shown.saturating_add(fall.page.len());
        if shown >= fall.total {
            return String::new();
        }
        let after = After {
            from_known_at: paged.from.known(point.position).known_at,
            known_at: point.at.known_at,
            now: paged.to.now.0,
            shown,
        };
        page::token(&self.runtime, &words(caller, &paged.question), after)
    }

    /// A point of a question that has two; errors name which of them.
    async fn ask(&self, field: &str, at: Option<&ReadAt>) -> Result<Asked, Status> {
        let asked = self.runtime.ask_at(at).await;
        asked.map_err(|error| match error {
            QueryError::Rejected(mut rejection) => {
                rejection.field = rejection.field.replacen("read_at", field, 1);
                rejected(rejection)
            }
            error => error.into(),
        })
    }
}

fn explained(
    shelf: &Shelf,
    (named, wanted): (&Named, &Wanted),
    (from, to): (&Asked, &Point),
    (column, cut): (Column, Cut),
) -> Result<(Fall, Currency), Rejection> {
    let from = Point::new(from, to.position, (to.position, to.catalog.clone()));
    let scene = |point: &Point| {
        let window = (&named.calendar, named.period);
        Scene::new((shelf, &to.catalog), window, (point.at, point.in_force))
    };
    let (before, after) = (scene(&from), scene(to));
    let currencies = || &before.currencies() | &after.currencies();
    let currency = numbers::currency(&wanted.currency, currencies)?;
    let in_currency = (currency, wanted.restated_to);
    let fall = falls::explain((&before, &after), column, named.node, in_currency, cut);
    Ok((fall.map_err(|error| numbers::too_large(&error))?, currency))
}

/// What a token is bound to.
fn words<'a>(caller: &'a Caller, question: &'a [u8]) -> [&'a [u8]; 3] {
    [b"GetForecastWaterfall", caller.tenant.as_bytes(), question]
}

fn bucket(explanation: &Explanation, fall: &Fall, currency: Currency) -> WaterfallBucket {
    let listed = fall.page.iter().filter(|moved| moved.bucket == explanation.bucket);
    let deals = listed.map(|moved| WaterfallDeal {
        opportunity_id: moved.id.to_string(),
        amount: Some(amount(moved.sum.amount, currency)),
        count: moved.sum.count,
        positions: moved.positions.clone(),
    });
    WaterfallBucket {
        name: explanation.bucket.word().to_owned(),
        amount: Some(amount(explanation.sum.amount, currency)),
        count: explanation.sum.count,
        deals: deals.collect(),
        deals_total: count(explanation.deals.len()),
    }
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
