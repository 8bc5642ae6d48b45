//! The raw thing: a NATS client that publishes and drains and knows nothing of the product.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use async_nats::{
    HeaderMap, ServerAddr, header,
    jetstream::{
        self, Context,
        consumer::{AckPolicy, pull},
        stream::{Config, StorageType},
    },
};
use bytes::Bytes;
use futures::StreamExt;

use crate::rounds::{Round, closed_loop};

/// The stream and the subject of the product's log.
const LOG: (&str, &str) = ("REVOPS_LOG", "revops.log");

/// A plain client.
pub struct Raw {
    servers: Vec<ServerAddr>,
    context: Context,
}

impl Raw {
    /// Connects to one of these servers, and makes streams of its own beside the product's.
    pub async fn connect(url: &str) -> anyhow::Result<Raw> {
        let servers: Vec<ServerAddr> = url.split(',').map(str::parse).collect::<Result<_, _>>()?;
        let context = jetstream::new(async_nats::connect(&servers[..]).await?);
        Ok(Raw { servers, context })
    }

    /// Makes a stream with one subject of the same name, and a copy on each server.
    pub async fn make_stream(&self, name: &str) -> anyhow::Result<()> {
        let config = Config {
            name: name.to_owned(),
            subjects: vec![name.to_owned()],
            storage: StorageType::File,
            num_replicas: self.servers.len(),
            ..Config::default()
        };
        self.context.create_stream(config).await?;
        Ok(())
    }

    /// So many clients, each with a connection, publish one message after another, waiting for
    /// each acknowledgement.
    pub async fn publish_each(
        &self,
        subject: &'static str,
        bodies: Vec<Bytes>,
        clients: usize,
        length: Duration,
    ) -> anyhow::Result<Round> {
        let bodies = Arc::new(bodies);
        let mut contexts = Vec::with_capacity(clients);
        for client in 0..clients {
            contexts.push((client, jetstream::new(async_nats::connect(&self.servers[..]).await?)));
        }
        closed_loop(contexts, length, move |(client, context), turn| {
            let body = bodies[(client * 7919 + turn as usize) % bodies.len()].clone();
            async move {
                context.publish(subject, body).await?.await?;
                Ok(())
            }
        })
        .await
    }

    /// Publishes bodies, one in flight, each guarded by the sequence of the one before, until all
    /// are published or the time is over. Gives how many, and in how long.
    pub async fn publish_guarded(
        &self,
        subject: &'static str,
        bodies: &[Bytes],
        length: Duration,
    ) -> anyhow::Result<(usize, Duration)> {
        let mut stream = self.context.get_stream(subject).await?;
        let mut guard = stream.info().await?.state.last_sequence;
        let started = Instant::now();
        let mut done = 0;
        for body in bodies {
            let mut headers = HeaderMap::new();
            headers.insert(header::NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, guard.to_string());
            let sent = self.context.publish_with_headers(subject, headers, body.clone()).await?;
            guard = sent.await?.sequence;
            done += 1;
            if started.elapsed() > length {
                break;
            }
        }
        Ok((done, started.elapsed()))
    }

    /// Puts a frame at the end of the product's log and does not wait for it.
    pub async fn fill_log(
        &self,
        body: Bytes,
    ) -> anyhow::Result<jetstream::context::PublishAckFuture> {
        Ok(self.context.publish(LOG.1, body).await?)
    }

    /// Takes so many messages of the log and drops them.
    pub async fn drain_log(&self, messages: u64) -> anyhow::Result<Duration> {
        let config = pull::Config { ack_policy: AckPolicy::None, ..pull::Config::default() };
        let consumer = self.context.create_consumer_on_stream(config, LOG.0).await?;
        let started = Instant::now();
        let mut arriving = consumer.stream().max_messages_per_batch(5_000).messages().await?;
        for _ in 0..messages {
            arriving.next().await.context("the log has ended")??;
        }
        Ok(started.elapsed())
    }
}
