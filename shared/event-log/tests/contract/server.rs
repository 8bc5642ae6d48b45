//! A nats-server of one's own: free ports, a temporary store, gone when dropped.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use event_log::{JetStream, Options};
use tempfile::TempDir;

pub struct Server {
    process: Child,
    folder: TempDir,
    port: u16,
    monitor_port: u16,
}

impl Server {
    /// Starts a server that writes to disk before it acknowledges.
    pub async fn start() -> Server {
        Server::start_with("sync_interval: always").await
    }

    pub async fn start_with(jetstream: &str) -> Server {
        let folder = tempfile::tempdir().unwrap();
        let (port, monitor_port) = free_ports();
        let store = folder.path().join("store");
        let config = format!(
            "listen: 127.0.0.1:{port}\nhttp: 127.0.0.1:{monitor_port}\n\
             jetstream {{ store_dir: {store:?}, {jetstream} }}\n"
        );
        std::fs::write(folder.path().join("nats.conf"), config).unwrap();
        let process = spawn(folder.path());
        let server = Server { process, folder, port, monitor_port };
        server.ready().await;
        server
    }

    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    pub fn monitor_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.monitor_port)
    }

    /// Where the server keeps its files.
    pub fn store(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    pub async fn connect(&self) -> JetStream {
        JetStream::connect(&self.url(), Options::default()).await.unwrap()
    }

    /// Ends the process at once, as a crash would.
    pub fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Starts the process again on the same store and ports.
    pub async fn revive(&mut self) {
        self.process = spawn(self.folder.path());
        self.ready().await;
    }

    /// Waits until the server takes connections, which it does after reading its store.
    async fn ready(&self) {
        for _ in 0..500 {
            if tokio::net::TcpStream::connect(("127.0.0.1", self.port)).await.is_ok() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let log = std::fs::read_to_string(self.folder.path().join("nats.log"));
        panic!("nats-server did not start: {log:?}");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

fn spawn(folder: &Path) -> Child {
    Command::new(binary())
        .arg("--config")
        .arg(folder.join("nats.conf"))
        .arg("--log")
        .arg(folder.join("nats.log"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("nats-server is installed: set REVOPS_NATS_SERVER to its path")
}

/// From the environment, the search path, or the workspace's own tools.
fn binary() -> PathBuf {
    for name in ["REVOPS_NATS_SERVER", "NATS_SERVER"] {
        if let Some(path) = std::env::var_os(name) {
            return path.into();
        }
    }
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools");
    std::env::split_paths(&paths)
        .chain([tools])
        .map(|folder| folder.join("nats-server"))
        .find(|path| path.is_file())
        .unwrap_or_else(|| "nats-server".into())
}

/// Both are held until both are known, so that they differ.
fn free_ports() -> (u16, u16) {
    let bind = || TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let (one, other) = (bind(), bind());
    (one.local_addr().unwrap().port(), other.local_addr().unwrap().port())
}
