//! The read model can be thrown away: it comes back the same from the log, and where it is not the
//! same, that is found.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use domain::Kind;
use rand::{Rng, SeedableRng, rngs::SmallRng};
use read_model::{EntityKey, Options, Store};
use runtime::rows;
use tests::World;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::load::{Ask, What, define_catalog, seed};

const DEALS: usize = 60;

/// A cell with some deals that have lived a little.
async fn lived_in(dice: &mut SmallRng) -> (World, Vec<String>) {
    let world = World::start().await;
    define_catalog(&world.channel()).await;
    let mut deals = Vec::new();
    for _ in 0..DEALS {
        let deal = Uuid::from_u128(dice.random()).to_string();
        Ask::new(dice, &deal, What::Open).insist(&world.channel()).await.unwrap();
        for _ in 0..dice.random_range(1..6) {
            Ask::any(dice, &deal).insist(&world.channel()).await.unwrap();
        }
        deals.push(deal);
    }
    for deal in &deals[..DEALS / 4] {
        world.cli(&["opportunity", "lose", deal, "--reason", "price"]).await;
    }
    (world, deals)
}

async fn assert_sound(world: &World) {
    let said = world.words(&["projection", "verify", "-o", "json"]).await;
    assert_eq!(said.code, 0, "{}{}", said.data, said.notes);
    assert_eq!(said.json()["ok"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_model_that_is_removed_comes_back_the_same() {
    let mut dice = SmallRng::seed_from_u64(seed("removed"));
    let (mut world, deals) = lived_in(&mut dice).await;
    let (before, list) = (world.digests().await, listed(&world).await);
    assert!(before.len() > 2, "{before:?}");
    world.stop().await;
    fs::remove_dir_all(world.read_model()).unwrap();
    world.resume().await;
    assert_eq!(world.digests().await, before);
    assert_sound(&world).await;
    assert_eq!(listed(&world).await, list);
    world.restart().await;
    let (restored, all) = (&world.runtime().restored, &world.runtime().projections);
    assert_eq!(restored.len(), all.len(), "every view is as it was kept: {restored:?}");
    assert_eq!(world.digests().await, before);
    assert_eq!(listed(&world).await, list);
    for deal in &deals[DEALS / 4..] {
        Ask::any(&mut dice, deal).insist(&world.channel()).await.unwrap();
    }
    assert_sound(&world).await;
    let (after, list) = (world.digests().await, listed(&world).await);
    world.stop().await;
    fs::remove_dir_all(world.read_model()).unwrap();
    world.resume().await;
    assert_eq!((world.digests().await, listed(&world).await), (after, list));
    world.stop().await;
}

/// What lists and figures say, whatever the position.
async fn listed(world: &World) -> Vec<String> {
    let mut listed = Vec::new();
    for words in [&["opportunity", "list", "-o", "csv"][..], &["pipeline", "-o", "csv"]] {
        let said = world.words(words).await;
        assert_eq!(said.code, 0, "{}", said.notes);
        listed.push(said.data);
    }
    listed
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_rebuilt_while_commands_run() {
    let seed = seed("rebuilt under load");
    let mut dice = SmallRng::seed_from_u64(seed);
    let (mut world, deals) = lived_in(&mut dice).await;
    let is_over = Arc::new(AtomicBool::new(false));
    let mut clients = JoinSet::new();
    for client in 1..=3 {
        let (channel, deals, is_over) = (world.channel(), deals.clone(), is_over.clone());
        let mut dice = SmallRng::seed_from_u64(seed + client);
        clients.spawn(async move {
            let mut asked = 0;
            while !is_over.load(Ordering::Relaxed) {
                let lost = DEALS / 4;
                let deal = deals[dice.random_range(lost..DEALS)].clone();
                Ask::any(&mut dice, &deal).insist(&channel).await.unwrap();
                asked += 1;
            }
            asked
        });
    }
    for _ in 0..2 {
        for (name, _) in world.digests().await {
            let before = world.position().await;
            let said = world.words(&["projection", "rebuild", &name]).await;
            assert_eq!(said.code, 0, "{name}: {}", said.notes);
            let mut applied = world.runtime().applied();
            applied.wait_for(|applied| applied.place.last > before).await.unwrap();
            assert_sound(&world).await;
        }
    }
    is_over.store(true, Ordering::Relaxed);
    let asked = clients.join_all().await.iter().sum::<u64>();
    println!("{asked} commands were taken meanwhile");
    assert_sound(&world).await;
    let live = world.digests().await;
    world.restart().await;
    assert_eq!(world.digests().await, live);
    world.stop().await;
    fs::remove_dir_all(world.read_model()).unwrap();
    world.resume().await;
    assert_eq!(world.digests().await, live);
    world.stop().await;
}

/// What may befall a file.
#[derive(Debug, Clone, Copy)]
enum Damage {
    Emptied,
    Halved,
    Scribbled,
    Noise,
}

const DAMAGES: [Damage; 6] = [
    Damage::Emptied,
    Damage::Halved,
    Damage::Scribbled,
    Damage::Scribbled,
    Damage::Scribbled,
    Damage::Noise,
];

fn damage(file: &Path, how: Damage, dice: &mut SmallRng) {
    let mut bytes = fs::read(file).unwrap();
    match how {
        Damage::Emptied => bytes.clear(),
        Damage::Halved => bytes.truncate(bytes.len() / 2),
        Damage::Scribbled => {
            // Where something is written; the rest of the file is room for more.
            let written = bytes.iter().rposition(|byte| *byte != 0).unwrap_or(0);
            let at = dice.random_range(0..=written);
            let end = (at + 64).min(bytes.len());
            dice.fill(&mut bytes[at..end]);
        }
        Damage::Noise => dice.fill(&mut bytes[..]),
    }
    fs::write(file, bytes).unwrap();
}

/// The files of the generation in force, the lock's and the marks' apart.
fn stored(read_model: &Path) -> Vec<PathBuf> {
    let live = fs::read_to_string(read_model.join("CURRENT")).unwrap();
    let folder = read_model.join(live.trim());
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> =
        entries.filter(|path| path.is_file() && path.metadata().unwrap().len() > 0).collect();
    files.sort();
    files
}

fn set_aside(read_model: &Path) -> usize {
    let entries = fs::read_dir(read_model).unwrap().map(|entry| entry.unwrap().file_name());
    entries.filter(|name| name.to_string_lossy().ends_with(".set-aside")).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_folder_never_answers_wrongly() {
    let mut dice = SmallRng::seed_from_u64(seed("damaged"));
    let (mut world, _) = lived_in(&mut dice).await;
    let before = world.digests().await;
    let mut noticed = 0;
    for number in 0.. {
        let mut is_last = true;
        for how in DAMAGES {
            world.stop().await;
            let files = stored(&world.read_model());
            if let Some(file) = files.get(number) {
                is_last = false;
                damage(file, how, &mut dice);
                println!("{how:?}: {}", file.file_name().unwrap().to_string_lossy());
            }
            world.resume().await;
            if let Some(why) = &world.runtime().started_over {
                assert!(!why.is_empty());
                println!("  started over: {why}");
                noticed += 1;
            }
            assert_eq!(world.digests().await, before, "{how:?}");
            assert_sound(&world).await;
            if is_last {
                break;
            }
        }
        if is_last {
            break;
        }
    }
    assert!(noticed > 0 && set_aside(&world.read_model()) == 1, "noticed {noticed}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_was_changed_is_found_and_named() {
    let mut dice = SmallRng::seed_from_u64(seed("tampered"));
    let (mut world, deals) = lived_in(&mut dice).await;
    let before = world.digests().await;
    world.stop().await;
    let (changed, other) = (&deals[7], &deals[9]);
    let key = |deal: &str| EntityKey {
        tenant: "default".to_owned(),
        kind: Kind::Opportunity.word().to_owned(),
        id: *deal.parse::<Uuid>().unwrap().as_bytes(),
    };
    let opened = Store::open(world.read_model(), Options::new(rows::schema())).unwrap();
    assert_eq!(opened.fresh, None);
    let theirs = opened.store.read(&key(other)).unwrap().remove(0);
    opened.store.put_raw(&key(changed), 0, &theirs.bytes).unwrap();
    drop(opened);

    world.resume().await;
    let said = world.words(&["projection", "verify", "-o", "json"]).await;
    assert_eq!(said.code, 1, "{}", said.data);
    assert!(said.notes.contains(&format!("timelines opportunity/{changed}")), "{}", said.notes);
    assert!(!said.notes.contains(&format!("timelines opportunity/{other}")), "{}", said.notes);
    for (name, _) in &before {
        let rebuilt = world.words(&["projection", "rebuild", name]).await;
        assert_eq!(rebuilt.code, 0, "{}", rebuilt.notes);
    }
    // Views are folded from timelines: once more, now that those are right.
    for (name, _) in &before {
        let rebuilt = world.words(&["projection", "rebuild", name]).await;
        assert_eq!(rebuilt.code, 0, "{}", rebuilt.notes);
    }
    assert_sound(&world).await;
    assert_eq!(world.digests().await, before);
    world.stop().await;
}
