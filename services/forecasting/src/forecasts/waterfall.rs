//! Why a number changed between two points: both read at one position of the book, then told.

use api::{
    forecasting::v1::{
        GetForecastWaterfallRequest, GetForecastWaterfallResponse, WaterfallBucket, WaterfallDeal,
    },
    types::v1::ReadAt,
};
use domain::{Currency, Rejection, forecast::Column, waterfall::Explanation};
use runtime::{
    from_proto::missing,
    point::{Point, look},
    query::{Asked, QueryError},
    status::rejected,
};
use tonic::{Request, Status};

use super::{
    Forecasts, from_proto,
    queries::{Named, Wanted, restated},
    to_proto::{self, amount, show_column},
};
use crate::{
    book::Shelf,
    falls::{self, Fall},
    numbers::{self, Scene},
};

impl Forecasts {
    /// Explains a column of a node between two points.
    pub(crate) async fn explain(
        &self,
        request: Request<GetForecastWaterfallRequest>,
    ) -> Result<GetForecastWaterfallResponse, Status> {
        let caller = self.caller(&request)?;
        let message = request.into_inner();
        let column = from_proto::column("column", message.column.as_ref()).map_err(rejected)?;
        let wanted = Wanted {
            restated_to: restated(message.restated_to.as_ref()).map_err(rejected)?,
            calendar: message.calendar,
            period: message.period,
            node: message.node,
            currency: message.currency_code,
        };
        let earlier = message.from.filter(|from| from.as_of.is_some() || from.known_at.is_some());
        let earlier = earlier.ok_or_else(|| rejected(missing("from")))?;
        let from = self.ask("from", Some(&earlier)).await?;
        let to = self.ask("to", message.to.as_ref()).await?;
        let runtime = self.runtime.clone();
        let looking = look(&self.runtime, &self.book, (&caller, to), move |book, tenant, point| {
            let named = wanted.find(&runtime, tenant, point)?;
            let empty = Shelf::default();
            let shelf = book.shelf(tenant).unwrap_or(&empty);
            explained(shelf, (&named, &wanted), (&from, point), column)
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
        })
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
    column: Column,
) -> Result<(Fall, Currency), Rejection> {
    let from = Point::new(from, to.position, (to.position, to.catalog.clone()));
    let scene = |point: &Point| {
        let cut = (&named.calendar, named.period);
        Scene::new((shelf, &to.catalog), cut, (point.at, point.in_force))
    };
    let (before, after) = (scene(&from), scene(to));
    let currencies = || &before.currencies() | &after.currencies();
    let currency = numbers::currency(&wanted.currency, currencies)?;
    let in_currency = (currency, wanted.restated_to);
    let fall = falls::explain((&before, &after), column, named.node, in_currency);
    Ok((fall.map_err(|error| numbers::too_large(&error))?, currency))
}

fn bucket(explanation: &Explanation, fall: &Fall, currency: Currency) -> WaterfallBucket {
    let deals = explanation.deals.iter().map(|(id, sum)| WaterfallDeal {
        opportunity_id: id.to_string(),
        amount: Some(amount(sum.amount, currency)),
        count: sum.count,
        positions: fall.positions.get(id).cloned().unwrap_or_default(),
    });
    WaterfallBucket {
        name: explanation.bucket.word().to_owned(),
        amount: Some(amount(explanation.sum.amount, currency)),
        count: explanation.sum.count,
        deals: deals.collect(),
    }
}
