//! The nats-servers under a measurement, with their files in a folder that goes away.

use revops::nats::{NatsOptions, NatsServers, SyncMode};
use tempfile::TempDir;

/// A server, or several that keep one log, and the folder of everything that one measurement keeps.
pub struct Ground {
    /// The folder.
    pub folder: TempDir,
    /// The servers.
    pub nats: NatsServers,
}

impl Ground {
    /// Starts a server; a strict one has on disk what it acknowledged.
    pub async fn start(sync: SyncMode) -> anyhow::Result<Ground> {
        Ground::of(1, sync).await
    }

    /// Starts so many servers, each with a copy of every stream.
    pub async fn of(servers: usize, sync: SyncMode) -> anyhow::Result<Ground> {
        let folder = tempfile::tempdir()?;
        let nats = folder.path().join("nats");
        let options = NatsOptions { sync, replicas: Some(servers), ..NatsOptions::new(nats) };
        let nats = NatsServers::start(options).await?;
        Ok(Ground { folder, nats })
    }

    /// Stops the servers and removes everything.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.nats.stop().await?;
        Ok(self.folder.close()?)
    }
}
