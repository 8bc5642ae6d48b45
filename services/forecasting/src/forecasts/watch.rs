//! A forecast that is watched: answered again whenever a commit changed its numbers.

use std::pin::Pin;

use api::forecasting::v1::{GetForecastResponse, WatchForecastRequest, WatchForecastResponse};
use futures::{Stream, stream};
use runtime::{fold::Applied, query::Caller, status::rejected};
use tokio::sync::watch;
use tonic::{Request, Status};

use super::{Forecasts, queries::Wanted};

/// The answers that a watcher gets.
pub type Watched = Pin<Box<dyn Stream<Item = Result<WatchForecastResponse, Status>> + Send>>;

/// Somebody who watches. Whoever looks away lets go of it, and nothing is left running.
struct Watcher {
    forecasts: Forecasts,
    caller: Caller,
    wanted: Wanted,
    applied: watch::Receiver<Applied>,
    last: Option<GetForecastResponse>,
    is_over: bool,
}

impl Forecasts {
    /// Answers now, and whenever the numbers change.
    pub(crate) async fn watch(
        &self,
        request: Request<WatchForecastRequest>,
    ) -> Result<Watched, Status> {
        let caller = self.caller(&request)?;
        let wanted = Wanted::watched(request.into_inner()).map_err(rejected)?;
        let watcher = Watcher {
            applied: self.runtime.applied(),
            forecasts: self.clone(),
            caller,
            wanted,
            last: None,
            is_over: false,
        };
        Ok(Box::pin(stream::unfold(watcher, |mut watcher| async {
            let next = watcher.next().await?;
            watcher.is_over = next.is_err();
            Some((next, watcher))
        })))
    }
}

impl Watcher {
    /// The next answer that is another than the last; `None` after an error.
    async fn next(&mut self) -> Option<Result<WatchForecastResponse, Status>> {
        if self.is_over {
            return None;
        }
        loop {
            if self.last.is_some() && !self.has_moved().await {
                let message = "the process takes no more commands: watch another";
                return Some(Err(Status::unavailable(message)));
            }
            // Marked as seen before it is looked at, so that nothing is missed in between.
            self.applied.borrow_and_update();
            let forecast = match self.answer().await {
                Ok(forecast) => forecast,
                Err(status) => return Some(Err(status)),
            };
            let numbers = GetForecastResponse { reflected: None, ..forecast.clone() };
            if self.last.as_ref() != Some(&numbers) {
                self.last = Some(numbers);
                return Some(Ok(WatchForecastResponse { forecast: Some(forecast) }));
            }
        }
    }

    /// Waits until the process has taken in more; `false` when it takes no more.
    async fn has_moved(&mut self) -> bool {
        let runtime = &self.forecasts.runtime;
        tokio::select! {
            moved = self.applied.changed() => moved.is_ok(),
            () = runtime.keeper.stopped() => false,
        }
    }

    async fn answer(&self) -> Result<GetForecastResponse, Status> {
        let asked = self.forecasts.runtime.ask_at(None).await?;
        self.forecasts.answer(&self.caller, asked, self.wanted.clone()).await
    }
}
