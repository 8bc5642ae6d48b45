//! Every call is counted by what it asked for and what it was answered, and timed.

use std::time::Instant;

use axum::{
    body::Body,
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::HeaderMap;
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, histogram::Histogram},
    registry::{Registry, Unit},
};
use tokio::sync::watch;
use tonic::{Code, Status};

use super::answer::Answer;

/// Where the buckets of a call's duration end, in seconds.
const BUCKETS: [f64; 13] =
    [0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0];

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Method {
    service: String,
    method: String,
}

/// What was asked for, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Ended {
    service: String,
    method: String,
    code: String,
}

/// The calls of a process. Clones count together.
#[derive(Clone)]
pub struct Calls {
    ended: Family<Ended, Counter>,
    durations: Family<Method, Histogram, fn() -> Histogram>,
    stopping: watch::Receiver<bool>,
}

impl Calls {
    /// No calls yet, of a process that tells when it stops.
    pub fn none(stopping: watch::Receiver<bool>) -> Calls {
        let histogram: fn() -> Histogram = || Histogram::new(BUCKETS);
        let durations = Family::new_with_constructor(histogram);
        Calls { ended: Family::default(), durations, stopping }
    }

    /// Adds the metrics of calls to a page.
    pub fn register(&self, page: &mut Registry) {
        let help = "Calls answered, by gRPC service, method and status code";
        page.register("calls", help, self.ended.clone());
        let help =
            "From a call's arrival to the end of its answer; streams last as long as they do";
        page.register_with_unit("call_duration", help, Unit::Seconds, self.durations.clone());
    }

    fn count(&self, path: &str, code: Code, began: Instant) {
        let method = Method::of(path, code);
        self.durations.get_or_create(&method).observe(began.elapsed().as_secs_f64());
        let Method { service, method } = method;
        let ended = Ended { service, method, code: format!("{code:?}") };
        self.ended.get_or_create(&ended).inc();
    }
}

impl Method {
    /// Whatever does not exist is counted together: callers may invent any number of names.
    fn of(path: &str, code: Code) -> Method {
        let mut parts = path.trim_start_matches('/').splitn(2, '/').map(str::to_owned);
        match (code, parts.next(), parts.next()) {
            (Code::Unimplemented, ..) | (_, None, _) | (_, _, None) => {
                Method { service: "unknown".to_owned(), method: "unknown".to_owned() }
            }
            (_, Some(service), Some(method)) => Method { service, method },
        }
    }
}

/// Counts a call when its answer has ended, or its caller has gone away.
pub async fn counted(State(calls): State<Calls>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let path = request.uri().path().to_owned();
    let response = next.run(request).await;
    // An answer without messages has its status in front.
    if let Some(status) = Status::from_header_map(response.headers()) {
        calls.count(&path, status.code(), began);
        return response;
    }
    let stopping = calls.stopping.clone();
    let count = move |trailers: Option<&mut HeaderMap>| {
        let status = trailers.map(|trailers| Status::from_header_map(trailers));
        let code = status.map_or(Code::Cancelled, |it| it.map_or(Code::Unknown, |it| it.code()));
        calls.count(&path, code, began);
    };
    response.map(|body| Body::new(Answer::new(body, stopping, Box::new(count))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invented_names_are_counted_together() {
        let named = |path, code| {
            let Method { service, method } = Method::of(path, code);
            (service, method)
        };
        let of = |service: &str, method: &str| (service.to_owned(), method.to_owned());
        assert_eq!(named("/a.B/Get", Code::Ok), of("a.B", "Get"));
        assert_eq!(named("/a.B/Get", Code::NotFound), of("a.B", "Get"));
        for (path, code) in
            [("/a.B/Invented", Code::Unimplemented), ("", Code::Ok), ("/x", Code::Ok)]
        {
            assert_eq!(named(path, code), of("unknown", "unknown"), "{path}");
        }
    }
}
