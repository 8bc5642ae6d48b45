//! Every call is counted by what it asked for and what it was answered, and timed.

use std::{collections::HashSet, sync::Arc, time::Instant};

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
use prost::Message;
use prost_types::FileDescriptorSet;
use tokio::sync::watch;
use tonic::{Code, Status};

use super::answer::Answer;

/// Where the buckets of a call's duration end, in seconds.
const BUCKETS: [f64; 13] =
    [0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0];

/// The service and method of whatever does not exist.
const UNKNOWN: (&str, &str) = ("unknown", "unknown");

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
    /// The paths of all methods that there are.
    methods: Arc<HashSet<String>>,
    ended: Family<Ended, Counter>,
    durations: Family<Method, Histogram, fn() -> Histogram>,
    stopping: watch::Receiver<bool>,
}

impl Calls {
    /// No calls yet, of a process that tells when it stops.
    pub fn none(stopping: watch::Receiver<bool>) -> Calls {
        let histogram: fn() -> Histogram = || Histogram::new(BUCKETS);
        let durations = Family::new_with_constructor(histogram);
        let methods = Arc::new(methods());
        Calls { methods, ended: Family::default(), durations, stopping }
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
        let method = Method::of(path, &self.methods);
        self.durations.get_or_create(&method).observe(began.elapsed().as_secs_f64());
        let Method { service, method } = method;
        let ended = Ended { service, method, code: format!("{code:?}") };
        self.ended.get_or_create(&ended).inc();
    }
}

impl Method {
    /// Whatever does not exist is counted together: callers may invent any number of names.
    fn of(path: &str, methods: &HashSet<String>) -> Method {
        let known = methods.get(path.trim_start_matches('/'));
        let (service, method) = known.and_then(|it| it.split_once('/')).unwrap_or(UNKNOWN);
        Method { service: service.to_owned(), method: method.to_owned() }
    }
}

/// A call under way. Dropped before it has a status, its caller has given up waiting.
struct UnderWay {
    calls: Calls,
    path: String,
    began: Instant,
    code: Code,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.calls.count(&self.path, self.code, self.began);
    }
}

/// Counts a call when its answer has ended, or its caller has gone away.
pub async fn counted(State(calls): State<Calls>, request: Request, next: Next) -> Response {
    let (path, began) = (request.uri().path().to_owned(), Instant::now());
    let stopping = calls.stopping.clone();
    let mut call = UnderWay { calls, path, began, code: Code::Cancelled };
    let response = next.run(request).await;
    // An answer without messages has its status in front.
    if let Some(status) = Status::from_header_map(response.headers()) {
        call.code = status.code();
        return response;
    }
    let count = move |trailers: Option<&mut HeaderMap>| {
        // All of it moves in here, to be counted when this is called or dropped.
        let mut call = call;
        let status = trailers.map(|trailers| Status::from_header_map(trailers));
        call.code = status.map_or(Code::Cancelled, |it| it.map_or(Code::Unknown, |it| it.code()));
    };
    response.map(|body| Body::new(Answer::new(body, stopping, Box::new(count))))
}

/// Every method of every service, as paths name them.
fn methods() -> HashSet<String> {
    let sets = [
        api::FILE_DESCRIPTOR_SET,
        tonic_health::pb::FILE_DESCRIPTOR_SET,
        tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET,
        tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET,
    ];
    let files = sets.into_iter().filter_map(|set| FileDescriptorSet::decode(set).ok());
    let files = files.flat_map(|set| set.file);
    let services = files.flat_map(|file| {
        let package = file.package().to_owned();
        file.service
            .into_iter()
            .map(move |service| (format!("{package}.{}", service.name()), service))
    });
    services
        .flat_map(|(name, service)| {
            let methods = service.method.into_iter();
            methods.map(move |method| format!("{name}/{}", method.name()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invented_names_are_counted_together() {
        let methods = methods();
        let named = |path: &str| {
            let Method { service, method } = Method::of(path, &methods);
            (service, method)
        };
        for (service, method) in [
            ("revops.forecasting.v1.ForecastService", "GetForecast"),
            ("grpc.health.v1.Health", "Watch"),
            ("grpc.reflection.v1.ServerReflection", "ServerReflectionInfo"),
        ] {
            let known = (service.to_owned(), method.to_owned());
            assert_eq!(named(&format!("/{service}/{method}")), known);
        }
        for path in ["/revops.forecasting.v1.ForecastService/Invented", "/x/y", "", "/x"] {
            assert_eq!(named(path), ("unknown".to_owned(), "unknown".to_owned()), "{path}");
        }
    }

    #[tokio::test]
    async fn a_call_that_is_given_up_is_counted() {
        let calls = Calls::none(watch::channel(false).1);
        drop(UnderWay {
            calls: calls.clone(),
            path: "/grpc.health.v1.Health/Check".to_owned(),
            began: Instant::now(),
            code: Code::Cancelled,
        });
        let ended = Ended {
            service: "grpc.health.v1.Health".to_owned(),
            method: "Check".to_owned(),
            code: "Cancelled".to_owned(),
        };
        assert_eq!(calls.ended.get_or_create(&ended).get(), 1);
    }
}
