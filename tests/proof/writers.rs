//! Several processes write to one log: nothing is lost or doubled, all get on, and rules that reach
//! across entities hold.

use std::{collections::HashMap, path::Path};

use api::types::v1::Recorded;
use rand::{Rng, SeedableRng, rngs::SmallRng};
use revops::{
    cell::Cell,
    config::{Common, Durability, ProcessArgs, Service},
    server::Listening,
};
use runtime::projections;
use tempfile::TempDir;
use tests::{Options, World, line};
use tokio::{net::TcpListener, task::JoinSet};
use tonic::{
    Code,
    transport::{Channel, Endpoint},
};
use uuid::Uuid;

use crate::{
    child::{Server, eventually},
    load::{Ask, What, check_history, define_catalog, history, seed},
};

const PROCESSES: usize = 3;
const CLIENTS_EACH: usize = 4;
const COMMANDS_EACH: usize = 25;
const SHARED_DEALS: usize = 4;

/// A process of its own in all but name: another read model, another port, the same log and key.
struct Peer {
    _folder: TempDir,
    cell: Cell,
    listening: Listening,
    channel: Channel,
}

impl Peer {
    async fn start(world: &World) -> Peer {
        let folder = tempfile::tempdir().unwrap();
        let common = Common {
            data: folder.path().to_owned(),
            listen: "127.0.0.1:0".parse().unwrap(),
            durability: Durability::Strict,
            replicas: world.replicas(),
            cache_mib: 64,
            master_key_file: Some(world.data().join("master.key")),
            process: ProcessArgs::default(),
        };
        let (nats, tenant) = (world.nats(), Some("default".to_owned()));
        let cell =
            Cell::open(&common, Service::All, &nats.url, &nats.monitor_url, tenant).await.unwrap();
        let listener = TcpListener::bind(common.listen).await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let listening = Listening::start(&cell, &[], listener).await.unwrap();
        let channel = Endpoint::from_shared(address).unwrap().tcp_nodelay(true).connect_lazy();
        Peer { _folder: folder, cell, listening, channel }
    }

    async fn stop(self) {
        drop(self.channel);
        self.listening.stop().await.unwrap();
        self.cell.close().await.unwrap();
    }

    /// Its projections, once it has taken in a position: name, position and digest.
    async fn standing(&self, position: u64) -> Vec<(String, u64, String)> {
        let mut applied = self.cell.runtime.applied();
        applied.wait_for(|applied| applied.place.last >= position).await.unwrap();
        let standings = projections::standings(&self.cell.runtime, "default").await.unwrap();
        standings.into_iter().map(|it| (it.name, it.position, it.digest.to_string())).collect()
    }
}

async fn three_peers(replicas: usize) -> (World, Vec<Peer>) {
    let world = World::start_with(Options { replicas, ..Options::default() }).await;
    define_catalog(&world.channel()).await;
    let mut peers = Vec::new();
    for _ in 0..PROCESSES {
        peers.push(Peer::start(&world).await);
    }
    (world, peers)
}

/// Lets clients of every process work on shared deals and on their own; gives what they were told.
async fn work(channels: &[Channel], shared: &[String], seed: u64) -> Vec<(Ask, Recorded)> {
    let mut clients = JoinSet::new();
    for (process, channel) in channels.iter().enumerate() {
        for client in 0..CLIENTS_EACH {
            let (channel, shared) = (channel.clone(), shared.to_vec());
            let mut dice = SmallRng::seed_from_u64(seed + (1 + process * 100 + client) as u64);
            clients.spawn(async move {
                let own = Uuid::from_u128(dice.random()).to_string();
                let open = Ask::new(&mut dice, &own, What::Open);
                let mut told = vec![(open.clone(), open.insist(&channel).await.unwrap().1)];
                for _ in 0..COMMANDS_EACH {
                    let deal = if dice.random_bool(0.5) {
                        own.clone()
                    } else {
                        shared[dice.random_range(0..shared.len())].clone()
                    };
                    let ask = Ask::any(&mut dice, &deal);
                    let recorded = ask.insist(&channel).await.unwrap().1;
                    assert!(!recorded.repeated, "{ask:?}");
                    told.push((ask, recorded));
                }
                told
            });
        }
    }
    let mut told = Vec::new();
    while let Some(done) = clients.join_next().await {
        told.extend(done.unwrap());
    }
    told
}

/// Every deal's history, as one process tells it, has what the clients of all were told.
async fn check(channel: &Channel, told: &[(Ask, Recorded)]) {
    let mut deals: HashMap<&str, Vec<(Ask, Recorded)>> = HashMap::new();
    for (ask, recorded) in told {
        deals.entry(&ask.deal).or_default().push((ask.clone(), recorded.clone()));
    }
    let newest = told.iter().map(|(_, recorded)| recorded.revision).max().unwrap();
    for (deal, acknowledged) in deals {
        check_history(deal, &history(channel, deal, newest).await, &acknowledged);
    }
    let changed = told.iter().filter(|(_, recorded)| recorded.changed);
    let mut places: Vec<u64> = changed.map(|(_, recorded)| recorded.revision).collect();
    let all = places.len();
    places.sort_unstable();
    places.dedup();
    assert_eq!(places.len(), all, "two commands were told one place");
}

async fn shared_deals(channel: &Channel, dice: &mut SmallRng) -> Vec<String> {
    let mut shared = Vec::new();
    for _ in 0..SHARED_DEALS {
        let deal = Uuid::from_u128(dice.random()).to_string();
        Ask::new(dice, &deal, What::Open).insist(channel).await.unwrap();
        shared.push(deal);
    }
    shared
}

#[tokio::test(flavor = "multi_thread")]
async fn three_writers_lose_and_double_nothing() {
    write_side_by_side(1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn three_writers_lose_and_double_nothing_on_three_servers() {
    write_side_by_side(3).await;
}

async fn write_side_by_side(replicas: usize) {
    let seed = seed("three writers");
    let mut dice = SmallRng::seed_from_u64(seed);
    let (mut world, peers) = three_peers(replicas).await;
    let shared = shared_deals(&world.channel(), &mut dice).await;
    let newest = world.position().await;
    for peer in &peers {
        peer.standing(newest).await;
    }
    let channels: Vec<Channel> = peers.iter().map(|peer| peer.channel.clone()).collect();
    let told = work(&channels, &shared, seed).await;
    assert_eq!(told.len(), PROCESSES * CLIENTS_EACH * (COMMANDS_EACH + 1), "all got on");

    let head = world.position().await;
    let first = peers[0].standing(head).await;
    for peer in &peers {
        assert_eq!(peer.standing(head).await, first);
        check(&peer.channel, &told).await;
    }
    // Whoever is asked again gives the first answer.
    for (ask, recorded) in told.iter().filter(|(_, recorded)| recorded.changed).step_by(7) {
        for peer in &peers {
            let again = ask.insist(&peer.channel).await.unwrap().1;
            assert_eq!(again, Recorded { repeated: true, ..recorded.clone() }, "{ask:?}");
        }
    }
    assert_eq!(world.position().await, head, "a repeated request records nothing");
    assert_eq!(world.cli(&["log", "verify"]).await["commits"], head);
    for peer in peers {
        peer.stop().await;
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_external_id_is_opened_once() {
    open_one_external_id(1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_external_id_is_opened_once_on_three_servers() {
    open_one_external_id(3).await;
}

async fn open_one_external_id(replicas: usize) {
    let mut dice = SmallRng::seed_from_u64(seed("one external id"));
    let (mut world, peers) = three_peers(replicas).await;
    for round in 0..20 {
        let mut asked = JoinSet::new();
        for peer in &peers {
            let what = What::OpenExternal(format!("record {round}"));
            let (ask, channel) = (Ask::new(&mut dice, "", what), peer.channel.clone());
            asked.spawn(async move { ask.once(&channel, "").await });
        }
        let answers = asked.join_all().await;
        let opened = answers.iter().filter_map(|answer| answer.as_ref().ok());
        assert_eq!(opened.filter(|(_, recorded)| recorded.changed).count(), 1, "{answers:?}");
        for refused in answers.iter().filter_map(|answer| answer.as_ref().err()) {
            assert_eq!(refused.code(), Code::AlreadyExists, "{refused}");
        }

        // One request, sent to all of them at once: one deal, one answer.
        let ask = Ask::new(&mut dice, "", What::OpenExternal(format!("request {round}")));
        let mut asked = JoinSet::new();
        for peer in &peers {
            let (ask, channel) = (ask.clone(), peer.channel.clone());
            asked.spawn(async move { ask.once(&channel, "").await.unwrap() });
        }
        let answers = asked.join_all().await;
        let first = answers.iter().filter(|(_, recorded)| !recorded.repeated);
        assert_eq!(first.count(), 1, "{answers:?}");
        for (deal, recorded) in &answers {
            assert_eq!((deal, recorded.revision), (&answers[0].0, answers[0].1.revision));
            assert!(recorded.changed);
        }
    }
    for peer in peers {
        peer.stop().await;
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_those_who_saw_the_same_state_one_wins() {
    change_the_same_state(1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_those_who_saw_the_same_state_one_wins_on_three_servers() {
    change_the_same_state(3).await;
}

async fn change_the_same_state(replicas: usize) {
    let mut dice = SmallRng::seed_from_u64(seed("one state"));
    let (mut world, peers) = three_peers(replicas).await;
    let deal = shared_deals(&world.channel(), &mut dice).await.remove(0);
    let mut etag = history_etag(&world, &deal).await;
    for _ in 0..20 {
        let newest = world.position().await;
        for peer in &peers {
            peer.standing(newest).await;
        }
        let mut asked = JoinSet::new();
        for (number, peer) in peers.iter().enumerate() {
            let what = What::Note(format!("{number} saw {etag}"));
            let (ask, channel) = (Ask::new(&mut dice, &deal, what), peer.channel.clone());
            let etag = etag.clone();
            asked.spawn(async move { ask.once(&channel, &etag).await });
        }
        let answers = asked.join_all().await;
        let mut won = answers.iter().filter_map(|answer| answer.as_ref().ok());
        let next = won.next().map(|(_, recorded)| recorded.etag.clone());
        assert!(next.is_some() && won.next().is_none(), "{answers:?}");
        for refused in answers.iter().filter_map(|answer| answer.as_ref().err()) {
            assert_eq!(refused.code(), Code::Aborted, "{refused}");
        }
        etag = next.unwrap();
    }
    for peer in peers {
        peer.stop().await;
    }
    world.stop().await;
}

async fn history_etag(world: &World, deal: &str) -> String {
    let said = world.cli(&["opportunity", "get", deal]).await;
    let etag = said.pointer("/opportunity/etag").or_else(|| said.get("etag"));
    etag.unwrap_or_else(|| panic!("{said}")).as_str().unwrap().to_owned()
}

/// The same with processes that share nothing but the log and the key.
#[tokio::test(flavor = "multi_thread")]
async fn three_processes_lose_and_double_nothing() {
    write_from_processes(1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn three_processes_lose_and_double_nothing_on_three_servers() {
    write_from_processes(3).await;
}

async fn write_from_processes(replicas: usize) {
    let seed = seed("three processes");
    let mut dice = SmallRng::seed_from_u64(seed);
    let mut world = World::start_with(Options { replicas, ..Options::default() }).await;
    define_catalog(&world.channel()).await;
    let key = world.data().join("master.key");
    let mut servers = Vec::new();
    let folders: Vec<TempDir> = (0..PROCESSES).map(|_| tempfile::tempdir().unwrap()).collect();
    for folder in &folders {
        let text = |path: &Path| path.to_str().unwrap().to_owned();
        let (nats, monitor) = (&world.nats().url, &world.nats().monitor_url);
        let (data, key) = (text(folder.path()), text(&key));
        let words = ["serve", "all", "--data", &data, "--nats", nats, "--nats-monitor", monitor];
        let more = ["--master-key-file", &key, "--default-tenant", "default"];
        let copies = replicas.to_string();
        let replicas = ["--replicas", &copies];
        servers.push(Server::start(&[&words[..], &more[..], &replicas[..]].concat()).await);
    }
    let channels: Vec<Channel> = servers.iter().map(Server::channel).collect();
    let shared = shared_deals(&channels[0], &mut dice).await;
    let newest = world.position().await;
    for channel in &channels {
        history(channel, &shared[0], newest).await;
    }
    let told = work(&channels, &shared, seed).await;

    let head = world.position().await;
    let expected = world.digests().await;
    for (server, channel) in servers.iter().zip(&channels) {
        check(channel, &told).await;
        let address = server.address();
        eventually("all of the log", || async {
            let said = line::run(&address, &["projection", "list", "-o", "json"]).await.json();
            said["projections"].as_array().unwrap().iter().all(|it| it["position"] == head)
        })
        .await;
        let said = line::run(&address, &["projection", "list", "-o", "json"]).await.json();
        for (name, digest) in &expected {
            let listed = said["projections"].as_array().unwrap();
            assert!(listed.iter().any(|it| it["name"] == **name && it["digest"] == **digest));
        }
    }
    drop(servers);
    world.stop().await;
}
