//! Which servers a folder has: names and ports, written down at the first start.

use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::NatsError;

/// Below the range from which systems take the ports of outgoing connections: there, a client that
/// knocks on a server's port while it restarts could be given that very port, and keep it.
const PORTS: std::ops::Range<u16> = 10_000..32_000;

/// What a person reads who opens the file.
const HEAD: &str = "# Written by revops. How many servers there are was decided at the first start, for a store\n\
                    # cannot be spread in place: `revops log copy` carries the log into another folder.\n\n";

/// The servers of a folder. Each keeps a copy of every stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Topology {
    /// What servers that belong together call themselves.
    pub cluster: String,
    pub servers: Vec<Member>,
}

/// One server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// How a supervisor knows its own server again.
    pub name: String,
    #[serde(flatten)]
    pub ports: Ports,
}

/// The ports of a server, kept so that clients find it again; 0 before the first start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ports {
    pub client: u16,
    pub monitor: u16,
    /// Where the other servers connect, of which a server on its own has none.
    pub route: u16,
}

impl Topology {
    /// So many servers that have not been started yet.
    pub fn new(replicas: usize) -> Topology {
        let cluster = format!("revops-{:016x}", random());
        let member = |number| Member {
            name: if replicas == 1 { cluster.clone() } else { format!("{cluster}-{number}") },
            ports: Ports::default(),
        };
        let servers = (1..=replicas).map(member).collect();
        Topology { cluster, servers }
    }

    /// The one written in a file, if it is there.
    pub fn read(path: &Path) -> Result<Option<Topology>, NatsError> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(NatsError::Folder { path: path.to_path_buf(), source }),
        };
        let unreadable = |reason: String| NatsError::Topology { path: path.to_path_buf(), reason };
        let found: Topology =
            toml::from_str(&text).map_err(|error| unreadable(error.to_string()))?;
        if found.servers.is_empty() {
            return Err(unreadable("it names no server".to_owned()));
        }
        Ok(Some(found))
    }

    /// Writes it whole or not at all.
    pub fn write(&self, path: &Path) -> Result<(), NatsError> {
        let failed = |source| NatsError::Folder { path: path.to_path_buf(), source };
        let body = toml::to_string(self).map_err(|error| failed(std::io::Error::other(error)))?;
        let beside = path.with_extension("toml.new");
        fs::write(&beside, format!("{HEAD}{body}")).map_err(failed)?;
        fs::rename(&beside, path).map_err(failed)
    }

    /// Gives every server ports that are free, keeping those that it had. A server that runs holds
    /// its own.
    pub fn settle_ports(&mut self, runs: &[bool]) -> Result<(), NatsError> {
        let is_alone = self.servers.len() == 1;
        for (member, runs) in (0..self.servers.len()).zip(runs) {
            let kept = self.servers[member].ports;
            if kept.client != 0 && (*runs || kept.all(is_alone).all(is_free)) {
                continue;
            }
            if kept.client != 0 {
                let name = &self.servers[member].name;
                tracing::warn!(name, ?kept, "somebody else took these ports, choosing new ones");
            }
            self.servers[member].ports = self.free_ports(is_alone)?;
        }
        Ok(())
    }

    fn free_ports(&self, is_alone: bool) -> Result<Ports, NatsError> {
        let taken: Vec<u16> =
            self.servers.iter().flat_map(|member| member.ports.all(is_alone)).collect();
        let span = PORTS.end - PORTS.start;
        let offset = u16::try_from(random() % u64::from(span)).unwrap_or_default();
        let mut free = (0..span)
            .map(|step| PORTS.start + (offset + step) % span)
            .filter(|port| !taken.contains(port) && is_free(*port));
        let mut next = || free.next().ok_or(NatsError::NoPorts);
        let (client, monitor) = (next()?, next()?);
        Ok(Ports { client, monitor, route: if is_alone { 0 } else { next()? } })
    }

    /// The part of a server's configuration that says where the others are; nothing for one alone.
    pub fn routes(&self) -> Option<String> {
        if self.servers.len() == 1 {
            return None;
        }
        let route = |member: &Member| format!("\"nats-route://127.0.0.1:{}\"", member.ports.route);
        Some(self.servers.iter().map(route).collect::<Vec<_>>().join(", "))
    }
}

impl Ports {
    /// The ports that a server listens on.
    fn all(self, is_alone: bool) -> impl Iterator<Item = u16> {
        let route = (!is_alone).then_some(self.route);
        [self.client, self.monitor].into_iter().chain(route)
    }
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// Good enough to tell servers apart and to spread ports; nothing secret hangs on it.
fn random() -> u64 {
    RandomState::new().hash_one(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_back_as_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("topology.toml");
        assert!(Topology::read(&path).unwrap().is_none());
        for replicas in [1, 3] {
            let mut topology = Topology::new(replicas);
            topology.settle_ports(&vec![false; replicas]).unwrap();
            topology.write(&path).unwrap();
            assert_eq!(Topology::read(&path).unwrap(), Some(topology));
        }
        fs::write(&path, "cluster = 7").unwrap();
        let error = Topology::read(&path).unwrap_err();
        assert!(matches!(error, NatsError::Topology { .. }), "{error}");
    }

    #[test]
    fn no_two_servers_share_a_name_or_a_port() {
        let mut topology = Topology::new(3);
        topology.settle_ports(&[false; 3]).unwrap();
        let mut ports: Vec<u16> =
            topology.servers.iter().flat_map(|member| member.ports.all(false)).collect();
        let mut names: Vec<&str> =
            topology.servers.iter().map(|member| member.name.as_str()).collect();
        ports.sort_unstable();
        ports.dedup();
        names.dedup();
        assert_eq!((ports.len(), names.len()), (9, 3));
        let settled = topology.clone();
        topology.settle_ports(&[false; 3]).unwrap();
        assert_eq!(topology, settled, "what is free is kept");
    }
}
