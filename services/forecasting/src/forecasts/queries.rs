//! The forecast of a period: wait, read the book and the catalog at one position, answer.

use api::forecasting::v1::{GetForecastRequest, GetForecastResponse, WatchForecastRequest};
use domain::{Currency, Instant, Kind, Rejection, UserId, calendar::Period};
use runtime::{
    point::{Point, look},
    query::{self, Asked, Caller},
    runtime::Runtime,
    status::rejected,
};
use tonic::{Request, Status};

use super::{Forecasts, to_proto};
use crate::{
    book::Shelf,
    calendars::Calendar,
    numbers::{self, Numbers, Scene},
};

/// What a question is about, in the words of the request.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// The calendar's id or key.
    pub calendar: String,
    /// The period's key.
    pub period: String,
    /// The node's id or key.
    pub node: String,
    /// Whose hierarchy.
    pub restated_to: Option<Instant>,
    /// The currency of the answer.
    pub currency: String,
}

/// What the words of a question refer to.
pub struct Named {
    /// The calendar.
    pub calendar: Calendar,
    /// The period.
    pub period: Period,
    /// The node; `None` for the whole company.
    pub node: Option<UserId>,
}

/// The numbers of a question.
pub struct Found {
    /// What it is about.
    pub named: Named,
    /// The currency of every amount.
    pub currency: Currency,
    /// The numbers.
    pub numbers: Numbers,
}

impl Wanted {
    /// Reads a request.
    pub fn read(message: &GetForecastRequest) -> Result<Wanted, Rejection> {
        let GetForecastRequest { calendar, period, node, restated_to, currency_code, .. } = message;
        Ok(Wanted {
            calendar: calendar.clone(),
            period: period.clone(),
            node: node.clone(),
            restated_to: restated(restated_to.as_ref())?,
            currency: currency_code.clone(),
        })
    }

    /// Reads a request.
    pub fn watched(message: WatchForecastRequest) -> Result<Wanted, Rejection> {
        let WatchForecastRequest { calendar, period, node, restated_to, currency_code } = message;
        let restated_to = restated(restated_to.as_ref())?;
        Ok(Wanted { calendar, period, node, restated_to, currency: currency_code })
    }

    /// Finds what is named, at a point.
    pub fn find(&self, runtime: &Runtime, tenant: &str, at: &Point) -> Result<Named, Rejection> {
        let catalog = (tenant, &*at.catalog);
        let calendar = Calendar::find(runtime, catalog, at.in_force, &self.calendar)?;
        let period = calendar.period_or_around(&self.period, at.in_force.as_of)?;
        let node = match &*self.node {
            "" => None,
            text => Some(UserId(runtime.find(catalog, Kind::User, "node", text)?)),
        };
        Ok(Named { calendar, period, node })
    }

    fn answer(&self, shelf: &Shelf, named: Named, at: &Point) -> Result<Found, Rejection> {
        let Named { calendar, period, .. } = &named;
        let scene = Scene::new((shelf, &at.catalog), (calendar, *period), (at.at, at.in_force));
        let currency = numbers::currency(&self.currency, || scene.currencies())?;
        let numbers = scene.numbers(currency, self.restated_to);
        let numbers = numbers.map_err(|error| numbers::too_large(&error))?;
        let is_known = |node| {
            let hierarchy = scene.hierarchy(self.restated_to);
            hierarchy.place(node).is_some() || numbers.rollup.row(Some(node)).is_some()
        };
        if named.node.is_some_and(|node| !is_known(node)) {
            let message = "this user was not defined at that instant";
            return Err(Rejection::invalid("REFERENCE_UNKNOWN", "node", message));
        }
        Ok(Found { named, currency, numbers })
    }
}

/// The instant of the hierarchy.
pub fn restated(at: Option<&prost_types::Timestamp>) -> Result<Option<Instant>, Rejection> {
    at.map(|at| query::instant("restated_to", at)).transpose()
}

impl Forecasts {
    /// The forecast at a point of the two axes.
    pub(crate) async fn get(
        &self,
        request: Request<GetForecastRequest>,
    ) -> Result<GetForecastResponse, Status> {
        let caller = self.caller(&request)?;
        let message = request.into_inner();
        let wanted = Wanted::read(&message).map_err(rejected)?;
        let asked = self.runtime.ask_at(message.read_at.as_ref()).await?;
        self.answer(&caller, asked, wanted).await
    }

    /// Answers a question.
    pub(crate) async fn answer(
        &self,
        caller: &Caller,
        asked: Asked,
        wanted: Wanted,
    ) -> Result<GetForecastResponse, Status> {
        let runtime = self.runtime.clone();
        let looking =
            look(&self.runtime, &self.book, (caller, asked), move |book, tenant, point| {
                let named = wanted.find(&runtime, tenant, point)?;
                let empty = Shelf::default();
                wanted.answer(book.shelf(tenant).unwrap_or(&empty), named, point)
            });
        let (point, found) = looking.await?;
        let found = found.map_err(rejected)?;
        let answer = to_proto::forecast(&found, &point.referring(&self.runtime, caller)).await?;
        let reflected = Some(self.runtime.reflected(&asked, point.position));
        Ok(GetForecastResponse { reflected, ..answer })
    }

    /// Who asks.
    pub(crate) fn caller<M>(&self, request: &Request<M>) -> Result<Caller, Status> {
        let default = self.runtime.default_tenant.as_deref();
        query::caller(request.metadata(), default).map_err(rejected)
    }
}
