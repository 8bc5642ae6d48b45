//! The folder of all servers that belong together: its lock, and how many there are.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use super::home::Home;
use super::topology::Topology;
use super::{NatsError, SyncMode};

/// The folder, held by a lock for as long as this value lives.
#[derive(Debug)]
pub struct Site {
    dir: PathBuf,
    topology: Topology,
    lock: File,
}

impl Drop for Site {
    fn drop(&mut self) {
        // Closing the file is not enough: a child process has a copy of it until it runs its own
        // program, and that copy would hold the lock. An error leaves it to be closed after all.
        let _ = self.lock.unlock();
    }
}

impl Site {
    /// Opens the folder, or makes it for so many servers (for one, unless said otherwise). How many
    /// an existing one has cannot change.
    pub fn open(dir: &Path, replicas: Option<usize>) -> Result<Site, NatsError> {
        Home::make(dir)?;
        let failed = |source| NatsError::Folder { path: dir.to_path_buf(), source };
        let dir = dir.canonicalize().map_err(failed)?;
        if dir.to_str().is_none() {
            return Err(NatsError::NotUtf8 { path: dir });
        }
        let lock = lock(&dir)?;
        let file = dir.join("topology.toml");
        let topology = match Topology::read(&file)? {
            Some(found) => found,
            // Before there were several, nothing was written down.
            None if dir.join("jetstream").exists() => Topology::new(1),
            None => Topology::new(replicas.unwrap_or(1)),
        };
        let found = topology.servers.len();
        if let Some(wanted) = replicas.filter(|wanted| *wanted != found) {
            return Err(NatsError::Replicas { path: dir, found, wanted });
        }
        let site = Site { dir, topology, lock };
        for member in 0..found {
            Home::make(&site.home_dir(member))?;
        }
        site.topology.write(&file)?;
        Ok(site)
    }

    pub fn topology(&self) -> &Topology {
        &self.topology
    }

    /// The homes of all servers, as they are configured for the ports that they have.
    pub fn homes(&self, sync: SyncMode) -> Vec<Home> {
        let members = 0..self.topology.servers.len();
        members.map(|it| Home::of(self.home_dir(it), &self.topology, it, sync)).collect()
    }

    /// Sees to it that nobody else has a server's ports, and writes down which they are.
    pub fn settle_ports(&mut self, runs: &[bool]) -> Result<(), NatsError> {
        self.topology.settle_ports(runs)?;
        self.topology.write(&self.dir.join("topology.toml"))
    }

    /// The first server lives in the folder itself, as one that is alone does.
    fn home_dir(&self, member: usize) -> PathBuf {
        match member {
            0 => self.dir.clone(),
            more => self.dir.join((more + 1).to_string()),
        }
    }
}

/// Two supervisors of one folder would each restart what the other stops.
fn lock(dir: &Path) -> Result<File, NatsError> {
    let path = dir.join("lock");
    let failed = |source| NatsError::Folder { path: path.clone(), source };
    let file = File::create(&path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(NatsError::Locked { path: dir.to_path_buf() }),
        Err(TryLockError::Error(source)) => Err(failed(source)),
    }
}
