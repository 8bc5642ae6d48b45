//! The edge of a process: one loopback port, and the ways in through it.

pub mod answer;
pub mod calls;
pub mod door;
pub mod revisions;
mod web;

use std::{
    convert::Infallible,
    sync::Arc,
    task::{Context as Waking, Poll},
    time::Duration,
};

use anyhow::Context;
use axum::{
    Router,
    body::Body,
    extract::State,
    response::Response,
    routing::{MethodRouter, future::RouteFuture},
};
use futures::future::{BoxFuture, Either, FutureExt};
use http::{Request, Version, header};
use tokio::{
    net::TcpListener,
    sync::{oneshot, watch},
    task::JoinHandle,
};
use tonic::transport::{Server, server::TcpIncoming};
use tower::Service;

use self::door::Door;

/// How long calls under way may take to end after the process was told to stop.
const PATIENCE: Duration = Duration::from_secs(5);

/// A port that answers.
pub struct Edge {
    stop: oneshot::Sender<()>,
    served: JoinHandle<Result<(), tonic::transport::Error>>,
}

impl Edge {
    /// Starts to answer on a listener that is already bound: for gRPC, for browsers' pages of some
    /// origins, and for whoever reads the page of metrics. `stopping` is told when no more calls are
    /// taken.
    pub fn start(
        listener: TcpListener,
        (door, metrics): (Door, MethodRouter),
        web_origins: &[String],
        stopping: watch::Sender<bool>,
    ) -> anyhow::Result<Edge> {
        let door = Arc::new(door);
        let web = Router::new().fallback(door::enter).with_state(door.clone());
        let web = web::welcome(web, web_origins)?.route("/metrics", metrics).with_state(());
        let (stop, stopped) = oneshot::channel::<()>();
        // Small answers must not wait for the acknowledgement of the one before.
        let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
        let ways_in = WaysIn { door, web };
        let server = Server::builder().accept_http1(true);
        let serving = server.serve_with_incoming_shutdown(ways_in, incoming, async move {
            // A sender that is gone means the same as one that has spoken.
            let _ = stopped.await;
            stopping.send_replace(true);
        });
        Ok(Edge { stop, served: tokio::spawn(serving) })
    }

    /// Takes no new calls, ends open streams, and waits for calls under way, though not for ever.
    pub async fn stop(self) -> anyhow::Result<()> {
        // If it has already ended, its result below says why.
        let _ = self.stop.send(());
        let mut served = self.served;
        match tokio::time::timeout(PATIENCE, &mut served).await {
            Ok(ended) => Ok(ended.context("serving ended early")??),
            Err(_) => {
                served.abort();
                Ok(())
            }
        }
    }
}

/// What looks at calls of browsers takes longer than many a call: those of gRPC go past it.
#[derive(Clone)]
struct WaysIn {
    door: Arc<Door>,
    web: Router,
}

impl Service<Request<tonic::body::Body>> for WaysIn {
    type Response = Response;
    type Error = Infallible;
    type Future = Either<BoxFuture<'static, Result<Response, Infallible>>, RouteFuture<Infallible>>;

    fn poll_ready(&mut self, _: &mut Waking<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<tonic::body::Body>) -> Self::Future {
        if is_grpc(&request) {
            let entering = door::enter(State(self.door.clone()), request.map(Body::new));
            Either::Left(entering.map(Ok).boxed())
        } else {
            Either::Right(self.web.call(request))
        }
    }
}

/// Whether a call is one of gRPC. A page would have to ask first whether it may make one, and to ask
/// is no call of gRPC.
fn is_grpc<B>(request: &Request<B>) -> bool {
    let kind = request.headers().get(header::CONTENT_TYPE).map(http::HeaderValue::as_bytes);
    let rest = kind.and_then(|kind| kind.strip_prefix(b"application/grpc"));
    request.version() == Version::HTTP_2 && rest.is_some_and(|rest| !rest.starts_with(b"-web"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_of_grpc_is_told_by_its_version_and_type() {
        let rows = [
            (Version::HTTP_2, "application/grpc", true),
            (Version::HTTP_2, "application/grpc+proto", true),
            (Version::HTTP_2, "application/grpc; charset=utf-8", true),
            (Version::HTTP_2, "application/grpc-web", false),
            (Version::HTTP_2, "application/grpc-web+proto", false),
            (Version::HTTP_2, "application/grpc-web-text", false),
            (Version::HTTP_2, "text/plain", false),
            (Version::HTTP_11, "application/grpc", false),
        ];
        for (version, kind, is_one) in rows {
            let request = Request::builder().version(version).header(header::CONTENT_TYPE, kind);
            assert_eq!(is_grpc(&request.body(()).unwrap()), is_one, "{kind} over {version:?}");
        }
        assert!(!is_grpc(&Request::builder().version(Version::HTTP_2).body(()).unwrap()));
    }
}
