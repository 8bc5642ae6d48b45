//! nats-servers of one's own: free ports, temporary stores, gone when dropped.

use std::hash::{BuildHasher, RandomState};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use event_log::{JetStream, Options};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// One server, or several that keep copies of one another's streams.
pub struct Server {
    folder: TempDir,
    nodes: Vec<Node>,
}

struct Node {
    process: Child,
    ports: Ports,
}

#[derive(Clone, Copy)]
struct Ports {
    client: u16,
    monitor: u16,
    route: u16,
}

impl Server {
    /// Starts a server that writes to disk before it acknowledges.
    pub async fn start() -> Server {
        Server::start_with("sync_interval: always").await
    }

    pub async fn start_with(jetstream: &str) -> Server {
        Server::start_many(1, jetstream).await
    }

    /// Starts three servers that keep a copy of every stream each.
    pub async fn start_three() -> Server {
        Server::start_many(3, "sync_interval: always").await
    }

    /// Ports are free until somebody else takes them: then others are tried.
    async fn start_many(count: usize, jetstream: &str) -> Server {
        const TRIES: usize = 10;
        let mut said = String::new();
        for _ in 0..TRIES {
            let mut server = Server::spawn_many(count, jetstream);
            let mut started = 0;
            while started < count && server.ready(started).await {
                started += 1;
            }
            if started == count {
                return server;
            }
            said = format!("{:?}", std::fs::read_to_string(server.home(started).join("nats.log")));
        }
        panic!("nats-server does not start: {said}");
    }

    fn spawn_many(count: usize, jetstream: &str) -> Server {
        let folder = tempfile::tempdir().unwrap();
        let ports = free_ports(count);
        // No two tests may find one another's servers.
        let cluster = ports[0].route;
        let routes: Vec<String> =
            ports.iter().map(|it| format!("\"nats-route://127.0.0.1:{}\"", it.route)).collect();
        let mut nodes = Vec::new();
        for (number, ports) in ports.iter().copied().enumerate() {
            let Ports { client, monitor, route } = ports;
            let home = folder.path().join(number.to_string());
            let store = home.join("store");
            let mut config = format!(
                "server_name: s{number}\nlisten: 127.0.0.1:{client}\nhttp: 127.0.0.1:{monitor}\n\
                 jetstream {{ store_dir: {store:?}, {jetstream} }}\n"
            );
            if count > 1 {
                let routes = routes.join(", ");
                config += &format!(
                    "cluster {{ name: c{cluster}, listen: \"127.0.0.1:{route}\", routes: [{routes}] }}\n"
                );
            }
            std::fs::create_dir(&home).unwrap();
            std::fs::write(home.join("nats.conf"), config).unwrap();
            nodes.push(Node { process: spawn(&home), ports });
        }
        Server { folder, nodes }
    }

    /// Where clients connect, with commas between several.
    pub fn url(&self) -> String {
        let urls: Vec<String> = (0..self.nodes.len()).map(|number| self.url_of(number)).collect();
        urls.join(",")
    }

    /// Where clients of one server connect.
    pub fn url_of(&self, number: usize) -> String {
        format!("nats://127.0.0.1:{}", self.nodes[number].ports.client)
    }

    pub fn monitor_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.nodes[0].ports.monitor)
    }

    /// Where the first server keeps its files.
    pub fn store(&self) -> PathBuf {
        self.home(0).join("store")
    }

    pub async fn connect(&self) -> JetStream {
        self.connect_to(&self.url()).await
    }

    pub async fn connect_to(&self, url: &str) -> JetStream {
        let options = Options { replicas: self.nodes.len(), ..Options::default() };
        JetStream::connect(url, options).await.unwrap()
    }

    /// Takes the whole log away.
    pub async fn remove_log(&self) {
        self.context().await.delete_stream("REVOPS_LOG").await.unwrap();
    }

    async fn context(&self) -> async_nats::jetstream::Context {
        let urls: Vec<async_nats::ServerAddr> =
            self.url().split(',').map(|url| url.parse().unwrap()).collect();
        async_nats::jetstream::new(async_nats::connect(urls).await.unwrap())
    }

    /// The server that decides what is in the log, once one is elected.
    pub async fn leader(&self) -> usize {
        let context = self.context().await;
        within_minutes("a leader", async {
            loop {
                if let Ok(stream) = context.get_stream("REVOPS_LOG").await
                    && let Some(cluster) = &stream.cached_info().cluster
                    && let Some(leader) = &cluster.leader
                {
                    return leader.trim_start_matches('s').parse().unwrap();
                }
                tokio::task::yield_now().await;
            }
        })
        .await
    }

    /// Ends the only process at once, as a crash would.
    pub fn kill(&mut self) {
        self.kill_one(0);
    }

    /// Starts the only process again on the same store and ports.
    pub async fn revive(&mut self) {
        self.revive_one(0).await;
    }

    pub fn kill_one(&mut self, number: usize) {
        self.nodes[number].process.kill().unwrap();
        self.nodes[number].process.wait().unwrap();
    }

    pub async fn revive_one(&mut self, number: usize) {
        // Somebody may have one of its ports for a moment.
        within_minutes("a server that comes back", async {
            loop {
                self.nodes[number].process = spawn(&self.home(number));
                if self.ready(number).await {
                    return;
                }
            }
        })
        .await;
    }

    /// Waits until a server has everything that the others have. One that came back without it must
    /// not be counted on yet: it takes no part in elections, so that nothing can be lost by them.
    pub async fn caught_up(&self, number: usize) {
        let port = self.nodes[number].ports.monitor;
        within_minutes("a server with all that the others have", async {
            while !is_healthy(port).await.unwrap_or(false) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        })
        .await;
    }

    fn home(&self, number: usize) -> PathBuf {
        self.folder.path().join(number.to_string())
    }

    /// Waits until a server takes connections, which it does after reading its store; `false` when
    /// it has ended, because somebody else has one of its ports.
    async fn ready(&mut self, number: usize) -> bool {
        let is_one_of_many = self.nodes.len() > 1;
        let Node { process, ports } = &mut self.nodes[number];
        let mut wanted = vec![ports.monitor, ports.client];
        if is_one_of_many {
            wanted.push(ports.route);
        }
        within_minutes("a server that takes connections", async {
            for port in wanted {
                while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
                    if process.try_wait().unwrap().is_some() {
                        return false;
                    }
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            }
            // It may be somebody else who answers.
            process.try_wait().unwrap().is_none()
        })
        .await
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        for node in &mut self.nodes {
            node.process.kill().ok();
            node.process.wait().ok();
        }
    }
}

/// Whether a server says that every stream of its own is as the others have it.
async fn is_healthy(monitor: u16) -> std::io::Result<bool> {
    let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", monitor)).await?;
    stream.write_all(b"GET /healthz HTTP/1.0\r\n\r\n").await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer.lines().next().is_some_and(|status| status.contains(" 200 ")))
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

/// Ports below those that systems give to outgoing connections, which could take one while its
/// server is away. All are held until all are known, so that they differ.
fn free_ports(count: usize) -> Vec<Ports> {
    let start = RandomState::new().hash_one(0) % 20_000;
    let held: Vec<TcpListener> = (0..20_000)
        .map(|step| 10_000 + u16::try_from((start + step) % 20_000).unwrap())
        .filter_map(|port| TcpListener::bind(("127.0.0.1", port)).ok())
        .take(3 * count)
        .collect();
    let ports: Vec<u16> = held.iter().map(|it| it.local_addr().unwrap().port()).collect();
    ports.chunks(3).map(|it| Ports { client: it[0], monitor: it[1], route: it[2] }).collect()
}

/// Waits for what may take long on a busy machine, but not for ever.
pub async fn within_minutes<T>(what: &str, wanted: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(180), wanted)
        .await
        .unwrap_or_else(|_| panic!("in three minutes, never: {what}"))
}
