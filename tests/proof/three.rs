//! Three servers keep one log: any one may be away, and a log is carried from one server to three and
//! back without a figure, a position or a hash that moves.

use std::path::Path;

use api::types::v1::Recorded;
use cli::output::{Format, Output};
use rand::{Rng, SeedableRng, rngs::SmallRng};
use revops::log_copy::{self, CopyArgs, End};
use tests::{Options, World};
use tokio::task::JoinSet;
use tonic::transport::Channel;
use uuid::Uuid;

use crate::{
    child::{Nats, Server, eventually},
    load::{Ask, What, check_history, define_catalog, history, seed},
};

/// Carries a log from one folder into another.
async fn carry(from: &Path, to: &Path, replicas: Option<usize>) -> anyhow::Result<()> {
    let ends = [from, to].map(|folder| End::Folder(folder.to_owned()));
    let [from, to] = ends;
    let args = CopyArgs { from, to, replicas, nats_server: None };
    log_copy::run(&args, &Output::new(Format::Json, true, std::io::sink(), std::io::sink())).await
}

/// What a log comes to, and its proof: digests, positions and hashes.
async fn sum(world: &World) -> (Vec<(String, String)>, serde_json::Value) {
    let mut proof = world.cli(&["log", "verify"]).await;
    proof.as_object_mut().unwrap().remove("as_of");
    (world.digests().await, proof)
}

fn of(replicas: usize) -> Options {
    Options { replicas, ..Options::default() }
}

/// Opens deals and works them; gives what was told, deal by deal.
async fn work(channel: &Channel, dice: &mut SmallRng, deals: usize) -> Vec<Vec<(Ask, Recorded)>> {
    let mut worked = Vec::new();
    for _ in 0..deals {
        let deal = Uuid::from_u128(dice.random()).to_string();
        let mut ask = Ask::new(dice, &deal, What::Open);
        let mut told = Vec::new();
        for _ in 0..6 {
            let recorded = ask.insist(channel).await.unwrap().1;
            told.push((ask, recorded));
            ask = Ask::any(dice, &deal);
        }
        worked.push(told);
    }
    worked
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_goes_from_one_server_to_three_and_back() {
    let mut dice = SmallRng::seed_from_u64(seed("one to three"));
    let folders = [(); 3].map(|()| tempfile::tempdir().unwrap());
    let [one, three, back] = [0, 1, 2].map(|it| folders[it].path());

    let mut world = World::start_in(one, of(1)).await;
    define_catalog(&world.channel()).await;
    let deals = work(&world.channel(), &mut dice, 10).await;
    let deal = &deals[3][0].0.deal;
    let told = history(&world.channel(), deal, world.position().await).await;
    let expected = sum(&world).await;
    let busy = carry(one, three, Some(3)).await.unwrap_err();
    assert!(format!("{busy:#}").contains("give its NATS URL"), "{busy:#}");
    world.stop().await;

    carry(one, three, Some(3)).await.unwrap();
    let mut world = World::start_in(three, of(3)).await;
    assert_eq!(sum(&world).await, expected);
    // Notes are sealed: the keys came along, and what they are wrapped in too.
    assert_eq!(history(&world.channel(), deal, 1).await, told);
    work(&world.channel(), &mut dice, 3).await;
    let grown = sum(&world).await;
    assert_ne!(grown, expected);
    world.stop().await;

    let behind = carry(one, three, None).await.unwrap_err();
    assert!(format!("{behind:#}").contains("after the source"), "{behind:#}");
    carry(three, back, None).await.unwrap();
    let mut world = World::start_in(back, of(1)).await;
    assert_eq!(sum(&world).await, grown);
    world.stop().await;

    // What the one server has is the beginning of what the three have: it goes on from there.
    carry(three, one, None).await.unwrap();
    let mut world = World::start_in(one, of(1)).await;
    assert_eq!(sum(&world).await, grown);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_made_by_looking_for_a_log() {
    let (empty, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let refused = carry(empty.path(), to.path(), None).await.unwrap_err();
    assert!(format!("{refused:#}").contains("has no log"), "{refused:#}");
    assert!(std::fs::read_dir(empty.path()).unwrap().next().is_none());

    let mut world = World::start_in(to.path(), of(1)).await;
    world.stop().await;
    std::fs::write(empty.path().join("master.key"), "7".repeat(64)).unwrap();
    let refused = carry(to.path(), empty.path(), None).await.unwrap_err();
    assert!(format!("{refused:#}").contains("another master key"), "{refused:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn with_any_one_server_away_commands_are_taken_and_questions_answered() {
    let seed = seed("one away");
    let folder = tempfile::tempdir().unwrap();
    let nats = Nats(folder.path());
    let words = ["up", "--data", folder.path().to_str().unwrap(), "--replicas", "3"];
    let server = Server::start(&words).await;
    define_catalog(&server.channel()).await;
    for number in 0..3 {
        // A stopped process is away without its supervisor seeing a death to make good.
        nats.signal(number, rustix::process::Signal::STOP);
        let mut clients = JoinSet::new();
        for client in 0..4 {
            let channel = server.channel();
            let mut dice = SmallRng::seed_from_u64(seed + number as u64 * 10 + client);
            clients.spawn(async move { work(&channel, &mut dice, 2).await });
        }
        for told in clients.join_all().await.concat() {
            let (ask, last) = told.last().unwrap();
            let entries = history(&server.channel(), &ask.deal, last.revision).await;
            check_history(&ask.deal, &entries, &told);
        }
        nats.signal(number, rustix::process::Signal::CONT);
    }
    // Each was away once, so whoever is asked now has caught up with what it missed: two must have
    // every frame, and one of these two is another one each time.
    eventually("a sound log", || async { server.words(&["log", "verify"]).await.code == 0 }).await;
}
