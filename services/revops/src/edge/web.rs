//! Browsers: gRPC-Web over HTTP/1.1, for pages of the origins that were named and of no other.

use std::time::Duration;

use anyhow::{Context, ensure};
use axum::Router;
use http::{HeaderName, HeaderValue, Method};
use tonic_web::GrpcWebLayer;
use tower_http::cors::{AllowOrigin, CorsLayer};

/// How long a browser may remember what it was allowed.
const ALLOWED_FOR: Duration = Duration::from_secs(600);

/// What a page may send with a call.
const ASKED: [&str; 7] = [
    "content-type",
    "x-grpc-web",
    "x-user-agent",
    "grpc-timeout",
    "revops-tenant",
    "revops-actor",
    "revops-min-revision",
];

/// What a page may read of an answer.
const TOLD: [&str; 4] =
    ["grpc-status", "grpc-message", "grpc-status-details-bin", "revops-revision"];

/// Takes calls of gRPC-Web beside those of gRPC. A browser asks first whether a page may call, since
/// neither is a call that it would make without asking; pages of other origins are told nothing.
pub fn welcome(router: Router, origins: &[String]) -> anyhow::Result<Router> {
    let origins: Vec<HeaderValue> =
        origins.iter().map(|origin| read(origin)).collect::<anyhow::Result<_>>()?;
    let cors = CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_methods([Method::POST])
        .allow_headers(ASKED.map(HeaderName::from_static))
        .expose_headers(TOLD.map(HeaderName::from_static))
        .max_age(ALLOWED_FOR);
    Ok(router.layer(GrpcWebLayer::new()).layer(cors))
}

fn read(origin: &str) -> anyhow::Result<HeaderValue> {
    let host = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    ensure!(
        host.is_some_and(|host| !host.is_empty() && !host.contains('/') && host != "*"),
        "--web-origin: {origin:?} is not an origin, as in https://sales.example"
    );
    origin.parse().with_context(|| format!("--web-origin: {origin:?} is not an origin"))
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn an_origin_is_a_scheme_and_a_host() {
        assert!(read("http://localhost:3000").is_ok() && read("https://sales.example").is_ok());
        for bad in ["*", "http://*", "localhost", "https://", "https://sales.example/", "null"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
