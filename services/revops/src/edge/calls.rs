//! Every call is counted by what it asked for and what it was answered, and timed.

use std::{collections::HashSet, fmt, sync::LazyLock, time::Instant};

use http::HeaderMap;
use prometheus_client::{
    encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder},
    metrics::{counter::Counter, family::Family, histogram::Histogram},
    registry::{Registry, Unit},
};
use prost::Message;
use prost_types::FileDescriptorSet;
use tonic::Code;

/// Where the buckets of a call's duration end, in seconds.
const BUCKETS: [f64; 13] =
    [0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0];

/// Where the trailers of an answer have its status code.
pub const STATUS: &str = "grpc-status";

/// The service and method of whatever does not exist.
const UNKNOWN: (&str, &str) = ("unknown", "unknown");

/// Every method of every service, as paths name them.
static METHODS: LazyLock<HashSet<String>> = LazyLock::new(methods);

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Method {
    service: &'static str,
    method: &'static str,
}

/// What was asked for, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Ended {
    service: &'static str,
    method: &'static str,
    code: Ending,
}

/// A status code, written as its name when somebody reads the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Ending(Code);

/// The calls of a process. Clones count together.
#[derive(Clone)]
pub struct Calls {
    ended: Family<Ended, Counter>,
    durations: Family<Method, Histogram, fn() -> Histogram>,
}

impl Default for Calls {
    fn default() -> Calls {
        // Not in the first call.
        LazyLock::force(&METHODS);
        let histogram: fn() -> Histogram = || Histogram::new(BUCKETS);
        Calls { ended: Family::default(), durations: Family::new_with_constructor(histogram) }
    }
}

impl Calls {
    /// A call to what a path names, from now on under way.
    pub fn begin(&self, path: &str) -> UnderWay {
        let method = Method::of(path);
        UnderWay { calls: self.clone(), method, began: Instant::now(), code: Code::Cancelled }
    }

    /// Adds the metrics of calls to a page.
    pub fn register(&self, page: &mut Registry) {
        let help = "Calls answered, by gRPC service, method and status code";
        page.register("calls", help, self.ended.clone());
        let help =
            "From a call's arrival to the end of its answer; streams last as long as they do";
        page.register_with_unit("call_duration", help, Unit::Seconds, self.durations.clone());
    }

    fn count(&self, method: Method, code: Code, began: Instant) {
        self.durations.get_or_create(&method).observe(began.elapsed().as_secs_f64());
        let Method { service, method } = method;
        self.ended.get_or_create(&Ended { service, method, code: Ending(code) }).inc();
    }
}

impl Method {
    /// Whatever does not exist is counted together: callers may invent any number of names.
    fn of(path: &str) -> Method {
        let known = METHODS.get(path.trim_start_matches('/'));
        let (service, method) = known.and_then(|it| it.split_once('/')).unwrap_or(UNKNOWN);
        Method { service, method }
    }
}

impl EncodeLabelValue for Ending {
    fn encode(&self, encoder: &mut LabelValueEncoder) -> fmt::Result {
        fmt::Write::write_fmt(encoder, format_args!("{:?}", self.0))
    }
}

/// A call under way, counted when this is dropped: by then it has a status, or its caller has given
/// up waiting.
pub struct UnderWay {
    calls: Calls,
    method: Method,
    began: Instant,
    code: Code,
}

impl UnderWay {
    /// It ends with these trailers, which ought to have a status.
    pub fn end(&mut self, trailers: &HeaderMap) {
        let code = trailers.get(STATUS).map(|code| Code::from_bytes(code.as_bytes()));
        self.code = code.unwrap_or(Code::Unknown);
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.calls.count(self.method, self.code, self.began);
    }
}

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
        let named = |path: &str| {
            let Method { service, method } = Method::of(path);
            (service, method)
        };
        for (service, method) in [
            ("revops.forecasting.v1.ForecastService", "GetForecast"),
            ("grpc.health.v1.Health", "Watch"),
            ("grpc.reflection.v1.ServerReflection", "ServerReflectionInfo"),
        ] {
            assert_eq!(named(&format!("/{service}/{method}")), (service, method));
        }
        for path in ["/revops.forecasting.v1.ForecastService/Invented", "/x/y", "", "/x"] {
            assert_eq!(named(path), ("unknown", "unknown"), "{path}");
        }
    }

    #[test]
    fn a_call_is_counted_by_the_status_in_its_trailers() {
        let (service, method) = ("grpc.health.v1.Health", "Check");
        for (status, code) in [("0", Code::Ok), ("5", Code::NotFound), ("?", Code::Unknown)] {
            let calls = Calls::default();
            let trailers = [(http::HeaderName::from_static(STATUS), status.parse().unwrap())];
            calls.begin("/grpc.health.v1.Health/Check").end(&HeaderMap::from_iter(trailers));
            let ended = Ended { service, method, code: Ending(code) };
            assert_eq!(calls.ended.get_or_create(&ended).get(), 1, "{status}");
        }
        let calls = Calls::default();
        calls.begin("/grpc.health.v1.Health/Check").end(&HeaderMap::new());
        let ended = Ended { service, method, code: Ending(Code::Unknown) };
        assert_eq!(calls.ended.get_or_create(&ended).get(), 1, "none at all");
    }

    #[test]
    fn a_call_that_is_given_up_is_counted() {
        let calls = Calls::default();
        drop(calls.begin("/grpc.health.v1.Health/Check"));
        let (service, method) = ("grpc.health.v1.Health", "Check");
        let ended = Ended { service, method, code: Ending(Code::Cancelled) };
        assert_eq!(calls.ended.get_or_create(&ended).get(), 1);
    }
}
