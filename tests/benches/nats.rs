//! The nats-server under a measurement, with its files in a folder that goes away.

use revops::nats::{NatsOptions, NatsServers, SyncMode};
use tempfile::TempDir;

/// A server and the folder of everything that one measurement keeps.
pub struct Ground {
    /// The folder.
    pub folder: TempDir,
    /// The server.
    pub nats: NatsServers,
}

impl Ground {
    /// Starts a server; a strict one has on disk what it acknowledged.
    pub async fn start(sync: SyncMode) -> anyhow::Result<Ground> {
        let folder = tempfile::tempdir()?;
        let options = NatsOptions { sync, ..NatsOptions::new(folder.path().join("nats")) };
        let nats = NatsServers::start(options).await?;
        Ok(Ground { folder, nats })
    }

    /// Stops the server and removes everything.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.nats.stop().await?;
        Ok(self.folder.close()?)
    }
}
