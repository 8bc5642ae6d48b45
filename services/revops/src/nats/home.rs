//! One server's folder: what lies where in it, and its configuration.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use super::topology::{Ports, Topology};
use super::{NatsError, SyncMode};

/// What every server runs on, below the values that are its own.
const TEMPLATE: &str = include_str!("../../../../deploy/nats.conf");

/// What is added for servers that keep copies of one another's streams.
const CLUSTER: &str = include_str!("../../../../deploy/nats-cluster.conf");

/// A server's folder, and who it is.
#[derive(Clone, Debug)]
pub struct Home {
    dir: PathBuf,
    name: String,
    ports: Ports,
    config: String,
}

impl Home {
    /// Makes the folder, for the owner only.
    pub fn make(dir: &Path) -> Result<(), NatsError> {
        let failed = |source| NatsError::Folder { path: dir.to_path_buf(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(failed)
    }

    /// The home of one server of a topology.
    pub fn of(dir: PathBuf, topology: &Topology, member: usize, sync: SyncMode) -> Home {
        let one = &topology.servers[member];
        let config = render(&dir, topology, member, sync);
        Home { dir, name: one.name.clone(), ports: one.ports, config }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn ports(&self) -> Ports {
        self.ports
    }

    pub fn config_file(&self) -> PathBuf {
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

    pub fn write_config(&self) -> Result<(), NatsError> {
        let path = self.config_file();
        fs::write(&path, &self.config).map_err(|source| NatsError::Folder { path, source })
    }

    /// Whether the configuration on disk, which a running server was started on, is this one.
    pub fn is_configured(&self) -> bool {
        fs::read_to_string(self.config_file()).is_ok_and(|found| found == self.config)
    }
}

/// The configuration of a server.
fn render(dir: &Path, topology: &Topology, member: usize, sync: SyncMode) -> String {
    let sync = match sync {
        SyncMode::Always => "always",
        SyncMode::Interval => "2m",
    };
    let one = &topology.servers[member];
    let path = |path: PathBuf| quote(&path.to_string_lossy());
    let alone = format!(
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
        name = quote(&one.name),
        client = one.ports.client,
        monitor = one.ports.monitor,
        dir = path(dir.to_path_buf()),
        pid = path(dir.join("pid")),
        log = path(dir.join("server.log")),
    );
    let Some(routes) = topology.routes() else { return alone };
    format!(
        "{alone}\n\
         REVOPS_NATS_CLUSTER: {cluster}\n\
         REVOPS_NATS_ROUTE_LISTEN: \"127.0.0.1:{route}\"\n\
         REVOPS_NATS_ROUTES: [{routes}]\n\n{CLUSTER}",
        cluster = quote(&topology.cluster),
        route = one.ports.route,
    )
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
