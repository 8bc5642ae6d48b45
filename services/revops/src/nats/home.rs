//! A server's folder: its lock, name, ports and configuration.

use std::fs::{self, DirBuilder, File, TryLockError};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Read, Seek, SeekFrom};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use super::{NatsError, SyncMode};

/// What every server runs on, below the values that are its own.
const TEMPLATE: &str = include_str!("../../../../deploy/nats.conf");

/// Below the range from which systems take the ports of outgoing connections: there, a client that
/// knocks on a server's port while it restarts could be given that very port, and keep it.
const PORTS: std::ops::Range<u16> = 10_000..32_000;

/// The ports of a server, kept so that clients find it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ports {
    pub client: u16,
    pub monitor: u16,
}

/// The folder, held by a lock for as long as this value lives.
#[derive(Debug)]
pub struct Home {
    dir: PathBuf,
    name: String,
    _lock: File,
}

impl Home {
    /// Opens the folder, making it (for the owner only) and the server's name if they are new.
    pub fn open(dir: &Path) -> Result<Self, NatsError> {
        let failed = |source| NatsError::Folder { path: dir.to_path_buf(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(failed)?;
        let dir = dir.canonicalize().map_err(failed)?;
        if dir.to_str().is_none() {
            return Err(NatsError::NotUtf8 { path: dir });
        }
        let lock = lock(&dir)?;
        let name = keep(&dir.join("name"), || format!("revops-{:016x}", random()))?;
        Ok(Self { dir, name, _lock: lock })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn config(&self) -> PathBuf {
        self.dir.join("nats.conf")
    }

    pub fn pid_file(&self) -> PathBuf {
        self.dir.join("pid")
    }

    pub fn log(&self) -> PathBuf {
        self.dir.join("server.log")
    }

    /// What the server says before its log is open.
    pub fn first_words(&self) -> PathBuf {
        self.dir.join("start.log")
    }

    /// The last thing that the server complained of.
    pub fn last_words(&self) -> String {
        let said = tail(&self.first_words()).unwrap_or_default();
        let logged = tail(&self.log()).unwrap_or_default();
        let last =
            |text: &str| text.lines().rfind(|line| !line.trim().is_empty()).map(str::to_owned);
        last(&said).or_else(|| last(&logged)).unwrap_or_else(|| "it said nothing".to_owned())
    }

    pub fn kept_ports(&self) -> Option<Ports> {
        let text = fs::read_to_string(self.dir.join("ports")).ok()?;
        let (client, monitor) = text.trim().split_once(' ')?;
        Some(Ports { client: client.parse().ok()?, monitor: monitor.parse().ok()? })
    }

    /// The kept ports if nobody has taken them, else new ones, which are then kept.
    pub fn free_ports(&self) -> Result<Ports, NatsError> {
        if let Some(kept) = self.kept_ports() {
            if is_free(kept.client) && is_free(kept.monitor) {
                return Ok(kept);
            }
            tracing::warn!(?kept, "somebody else took the ports of nats-server, choosing new ones");
        }
        let span = PORTS.end - PORTS.start;
        let offset = u16::try_from(random() % u64::from(span)).unwrap_or_default();
        let mut free = (0..span)
            .map(|step| PORTS.start + (offset + step) % span)
            .filter(|port| is_free(*port));
        let (Some(client), Some(monitor)) = (free.next(), free.next()) else {
            return Err(NatsError::NoPorts);
        };
        write(&self.dir.join("ports"), &format!("{client} {monitor}\n"))?;
        Ok(Ports { client, monitor })
    }

    /// The configuration of a server with these ports.
    pub fn render(&self, ports: Ports, sync: SyncMode) -> String {
        let sync = match sync {
            SyncMode::Always => "always",
            SyncMode::Interval => "2m",
        };
        let path = |path: PathBuf| quote(&path.to_string_lossy());
        format!(
            "# Written by revops at every start: changes here are lost.\n\
             REVOPS_NATS_NAME: {name}\n\
             REVOPS_NATS_LISTEN: \"127.0.0.1:{client}\"\n\
             REVOPS_NATS_MONITOR: \"127.0.0.1:{monitor}\"\n\
             REVOPS_NATS_DIR: {dir}\n\
             REVOPS_NATS_SYNC: \"{sync}\"\n\
             pid_file: {pid}\n\
             log_file: {log}\n\
             logfile_size_limit: 10MB\n\
             logfile_max_num: 3\n\n{TEMPLATE}",
            name = quote(&self.name),
            client = ports.client,
            monitor = ports.monitor,
            dir = path(self.dir.clone()),
            pid = path(self.pid_file()),
            log = path(self.log()),
        )
    }

    pub fn write_config(&self, config: &str) -> Result<(), NatsError> {
        write(&self.config(), config)
    }

    /// Whether the configuration on disk, which a running server was started on, is this one.
    pub fn is_configured_as(&self, config: &str) -> bool {
        fs::read_to_string(self.config()).is_ok_and(|found| found == config)
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

/// Reads a small file, or makes it.
fn keep(path: &Path, make: impl FnOnce() -> String) -> Result<String, NatsError> {
    let found = fs::read_to_string(path).unwrap_or_default();
    if !found.trim().is_empty() {
        return Ok(found.trim().to_owned());
    }
    let made = make();
    write(path, &made)?;
    Ok(made)
}

fn write(path: &Path, text: &str) -> Result<(), NatsError> {
    fs::write(path, text).map_err(|source| NatsError::Folder { path: path.to_path_buf(), source })
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// Good enough to tell servers apart and to spread ports; nothing secret hangs on it.
fn random() -> u64 {
    RandomState::new().hash_one(0)
}

fn quote(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// The end of a file that may be long.
fn tail(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(4096)))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
