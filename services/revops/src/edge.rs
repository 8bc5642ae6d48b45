//! The edge of a process: one loopback port, and what every call meets before its service does.

pub mod answer;
pub mod calls;
pub mod revisions;
mod web;

use std::time::Duration;

use anyhow::Context;
use axum::{Router, routing::MethodRouter};
use tokio::{
    net::TcpListener,
    sync::{oneshot, watch},
    task::JoinHandle,
};
use tonic::{
    service::Routes,
    transport::{Server, server::TcpIncoming},
};

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
        (router, metrics): (Router, MethodRouter),
        web_origins: &[String],
        stopping: watch::Sender<bool>,
    ) -> anyhow::Result<Edge> {
        let router = web::welcome(router, web_origins)?.route("/metrics", metrics);
        let (stop, stopped) = oneshot::channel::<()>();
        // Small answers must not wait for the acknowledgement of the one before.
        let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
        let serving = Server::builder()
            .accept_http1(true)
            .add_routes(Routes::from(router).prepare())
            .serve_with_incoming_shutdown(incoming, async move {
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
