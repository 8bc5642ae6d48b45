//! Every service in processes of its own, two of each, behind one address: whoever calls cannot tell.

use std::path::{Path, PathBuf};

use rand::{Rng, SeedableRng, rngs::SmallRng};
use tempfile::TempDir;
use tests::World;
use uuid::Uuid;

use crate::{
    child::{Server, eventually},
    customers,
    forecast::quarter,
    journey, leads,
    load::{Ask, What, check_history, define_catalog, history, seed},
    stranger,
    whole::{forgetting, story},
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
    router: Server,
    folders: Vec<TempDir>,
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
        Apart { world, replicas, router, folders }
    }
}

impl Apart {
    /// Stops every process but the router, and gives the folders of their files.
    pub fn stop_replicas(&mut self) -> Vec<PathBuf> {
        self.replicas.iter_mut().for_each(|(_, server)| server.stop());
        self.folders.iter().map(|folder| folder.path().to_owned()).collect()
    }

    /// Starts them again, and waits until the router knows.
    pub async fn start_replicas(&mut self) {
        let starting = self.replicas.iter_mut().map(|(_, server)| server.start_again());
        futures::future::join_all(starting).await;
        self.router.answers().await;
    }

    fn replica(&mut self, service: &str, number: usize) -> &mut Server {
        let mut of = self.replicas.iter_mut().filter(|(name, _)| *name == service);
        &mut of.nth(number).unwrap().1
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
async fn a_quarters_life_is_the_same() {
    quarter::a_quarters_life(&Apart::start().await.world).await;
}

/// Through every service and all three doors, told again as of and as known at each chapter; and in the
/// end forgotten by all of them.
#[tokio::test(flavor = "multi_thread")]
async fn the_whole_story_is_the_same() {
    let mut apart = Apart::start().await;
    let (met, readings) = story::tell(&apart.world).await;
    forgetting::every_process_forgets(&mut apart, &met, &readings).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_finds_its_way_all_the_same() {
    if std::env::var("REVOPS_SKIP_PYTHON").as_deref() == Ok("1") {
        println!("skipped: REVOPS_SKIP_PYTHON=1, so no Python client has tried the router");
        return;
    }
    stranger::a_strangers_way(&Apart::start().await.world).await;
}

/// Each command is told by the other processes at once, and whoever dies is not missed.
#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_dies_costs_no_more_than_another_try() {
    let mut dice = SmallRng::seed_from_u64(seed("apart"));
    let mut apart = Apart::start().await;
    let channel = apart.world.channel();
    define_catalog(&channel).await;
    let deal = Uuid::from_u128(dice.random()).to_string();
    let open = Ask::new(&mut dice, &deal, What::Open);
    let mut told = vec![(open.clone(), open.insist(&channel).await.unwrap().1)];
    for round in 0..40 {
        match round {
            5 => apart.replica("opportunities", 0).kill(),
            10 => apart.replica("audit", 1).kill(),
            20 => apart.replica("opportunities", 0).start_again().await,
            30 => apart.replica("opportunities", 1).kill(),
            _ => {}
        }
        let ask = Ask::any(&mut dice, &deal);
        let recorded = ask.insist(&channel).await.unwrap().1;
        told.push((ask, recorded));
        check_history(&deal, &history(&channel, &deal, 0).await, &told);
    }
    assert_eq!(apart.world.words(&["doctor"]).await.code, 0, "one of each is enough");
    apart.replica("opportunities", 0).kill();
    let world = &apart.world;
    eventually("a service that nobody serves", || async {
        let said = world.words(&["doctor"]).await;
        let name = "revops.opportunities.v1.OpportunityService is not serving";
        said.code != 0 && said.notes.contains(name)
    })
    .await;
    let (_, why) = world.cli_fails(&["opportunity", "get", &deal]).await;
    assert!(why.contains("no process serves"), "{why}");
    let again = world.cli(&["history", "opportunity", &deal]).await;
    assert_eq!(
        again["entries"].as_array().unwrap().len(),
        told.iter().filter(|it| it.1.changed).count()
    );
}
