//! Every service in processes of its own, two of each, behind one address: whoever calls cannot tell.

use std::path::Path;

use tempfile::TempDir;
use tests::World;

use crate::{
    child::Server,
    customers, journey, leads,
    stranger,
};

/// The services that run apart.
const SERVICES: [&str; 6] =
    ["leads", "opportunities", "forecasting", "dashboards", "audit", "ingest"];
/// Processes of each.
const REPLICAS: usize = 2;

/// Processes that share a log and a key, and a router before them.
pub struct Apart {
    /// Asked and answered at the router's address; its own process only watches.
    pub world: World,
    replicas: Vec<(&'static str, Server)>,
    _router: Server,
    _folders: Vec<TempDir>,
}

impl Apart {
    pub async fn start() -> Apart {
        let mut world = World::start().await;
        let folders: Vec<TempDir> =
            (0..SERVICES.len() * REPLICAS).map(|_| tempfile::tempdir().unwrap()).collect();
        let services = SERVICES.into_iter().flat_map(|service| [service; REPLICAS]);
        let starting = services.zip(&folders).map(|(service, folder)| {
            let world = &world;
            async move { (service, serve(world, service, folder.path()).await) }
        });
        let replicas = futures::future::join_all(starting).await;
        let to: Vec<String> = replicas
            .iter()
            .map(|(service, server)| {
                format!("--to={service}={}", server.address().trim_start_matches("http://"))
            })
            .collect();
        let words: Vec<&str> = ["route"].into_iter().chain(to.iter().map(String::as_str)).collect();
        let router = Server::start(&words).await;
        world.answer_at(&router.address());
        Apart { world, replicas, _router: router, _folders: folders }
    }

}

async fn serve(world: &World, service: &str, folder: &Path) -> Server {
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let (nats, monitor) = (&world.nats().url, &world.nats().monitor_url);
    let (data, key) = (text(folder), text(&world.data().join("master.key")));
    let words = ["serve", service, "--data", &data, "--nats", nats, "--nats-monitor", monitor];
    let more = ["--master-key-file", &key, "--default-tenant", "default"];
    Server::start(&[&words[..], &more[..]].concat()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deals_life_is_the_same() {
    journey::a_deals_life(&Apart::start().await.world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customers_life_is_the_same() {
    customers::a_customers_life(&Apart::start().await.world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leads_life_is_the_same() {
    leads::a_leads_life(&Apart::start().await.world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_finds_its_way_all_the_same() {
    if std::env::var("REVOPS_SKIP_PYTHON").as_deref() == Ok("1") {
        println!("skipped: REVOPS_SKIP_PYTHON=1, so no Python client has tried the router");
        return;
    }
    stranger::a_strangers_way(&Apart::start().await.world).await;
}
