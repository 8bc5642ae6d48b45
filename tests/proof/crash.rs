//! SIGKILL at random moments under load, for the process and for nats-servers, one or three: what was acknowledged
//! is there once, nothing is there in halves, and an import comes to the same figures.

use std::{
    fmt::Write as _,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use api::{
    planning::v1::{
        DefineSourceRequest, SourceDefinition, planning_service_client::PlanningServiceClient,
    },
    types::v1::Recorded,
};
use rand::{Rng, SeedableRng, rngs::SmallRng};
use tempfile::TempDir;
use tests::{
    Options, World, data,
    line::{self, Said},
};
use tokio::task::JoinSet;
use tonic::transport::Channel;
use uuid::Uuid;

use crate::{
    child::{Nats, Server, eventually},
    load::{Ask, KINDS, check_history, define_catalog, history_of, seed},
};

const CLIENTS: u64 = 4;
const IMPORTED_DEALS: usize = 12_000;

fn kills() -> usize {
    if std::env::var_os("REVOPS_SLOW").is_some() { 100 } else { 10 }
}

/// What a client has asked of its deals, and was told.
type Told = Arc<Mutex<Vec<(Ask, Recorded)>>>;

async fn up(data: &Path, replicas: usize) -> Server {
    let replicas = replicas.to_string();
    Server::start(&["up", "--data", data.to_str().unwrap(), "--replicas", &replicas]).await
}

/// Opens a deal, captures a lead or creates an account and works it, then the next, until it is told
/// to stop.
async fn client(channel: Channel, number: u64, seed: u64, told: Told, is_over: Arc<AtomicBool>) {
    const COMMANDS_PER_DEAL: usize = 40;
    let mut dice = SmallRng::seed_from_u64(seed + number);
    while !is_over.load(Ordering::Relaxed) {
        let deal = Uuid::from_u128(dice.random()).to_string();
        let kind = KINDS[dice.random_range(0..KINDS.len())];
        let mut ask = Ask::first(&mut dice, kind, &deal);
        for _ in 0..COMMANDS_PER_DEAL {
            let recorded = ask.insist(&channel).await.unwrap().1;
            told.lock().unwrap().push((ask, recorded));
            if is_over.load(Ordering::Relaxed) {
                return;
            }
            ask = Ask::next(&mut dice, kind, &deal);
        }
    }
}

/// What was acknowledged is there once, on every deal that was worked since so many answers of each
/// client, and the whole is sound.
async fn check(server: &Server, told: &[Told], since: &[usize]) {
    let channel = server.channel();
    for (told, since) in told.iter().zip(since) {
        let mut acknowledged: Vec<(Ask, Recorded)> = told.lock().unwrap().clone();
        // What one client has asked stands together, deal by deal.
        let Some(deal) = acknowledged.get(*since).map(|(ask, _)| ask.deal.clone()) else {
            continue;
        };
        let first = acknowledged.iter().position(|(ask, _)| ask.deal == deal).unwrap();
        acknowledged.drain(..first);
        for of_deal in acknowledged.chunk_by(|(one, _), (other, _)| one.deal == other.deal) {
            let deal = &of_deal[0].0.deal;
            let last = of_deal.iter().map(|(_, recorded)| recorded.revision).max().unwrap();
            let kind = of_deal[0].0.kind();
            check_history(deal, &history_of(&channel, kind, deal, last).await, of_deal);
        }
    }
    for words in [["log", "verify"], ["projection", "verify"]] {
        eventually("a verdict", || async {
            let said = server.words(&[&words[..], &["-o", "json"]].concat()).await;
            let found = serde_json::from_str::<serde_json::Value>(&said.data).unwrap_or_default();
            assert_ne!(found["ok"], false, "{words:?}: {}{}", said.data, said.notes);
            said.code == 0
        })
        .await;
    }
}

/// What is killed.
#[derive(Debug, Clone, Copy)]
enum Blow {
    /// The services.
    Process,
    /// The server that leads the log.
    Leader,
    /// Some server, be it the leader or not.
    AnyServer,
    /// The services and the leader.
    Both,
    /// Every server at once.
    AllServers,
}

/// Each in turn; only the moments are left to chance.
const BLOWS: [Blow; 7] = [
    Blow::Process,
    Blow::Leader,
    Blow::AnyServer,
    Blow::Both,
    Blow::Leader,
    Blow::AllServers,
    Blow::AnyServer,
];

impl Blow {
    /// The servers that it hits.
    fn servers(self, nats: &Nats<'_>, dice: &mut SmallRng) -> Vec<usize> {
        let count = nats.pids().len();
        match self {
            Blow::Process => Vec::new(),
            // Nobody leads while the last blow is got over.
            Blow::Leader | Blow::Both => vec![nats.leader().unwrap_or_default()],
            Blow::AnyServer => vec![dice.random_range(0..count)],
            Blow::AllServers => (0..count).collect(),
        }
    }
}

/// Kills, and sees that the cell comes back.
async fn strike(server: &mut Server, nats: &Nats<'_>, blow: Blow, dice: &mut SmallRng) {
    let (before, hit) = (nats.pids(), blow.servers(nats, dice));
    let is_process_hit = matches!(blow, Blow::Process | Blow::Both);
    if is_process_hit {
        server.kill();
        assert_eq!(nats.pids(), before, "the log's servers outlive the process");
    }
    for number in &hit {
        nats.kill(*number);
    }
    if is_process_hit {
        server.start_again().await;
    }
    eventually("the servers that were killed", || async {
        let after = nats.pids();
        hit.iter().all(|number| after[*number].is_some() && after[*number] != before[*number])
    })
    .await;
    let after = nats.pids();
    for number in (0..before.len()).filter(|number| !hit.contains(number)) {
        assert_eq!(after[number], before[number], "the others go on, whoever looks after them");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_every_kill() {
    kill_under_load(1, kills()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_every_kill_on_three_servers() {
    // A new leader takes seconds to be elected, which the servers leave no choice about.
    kill_under_load(3, if kills() > 10 { kills() } else { BLOWS.len() }).await;
}

async fn kill_under_load(replicas: usize, kills: usize) {
    let seed = seed("kills under load");
    let mut dice = SmallRng::seed_from_u64(seed);
    let folder = tempfile::tempdir().unwrap();
    let nats = Nats(folder.path());
    let mut server = up(folder.path(), replicas).await;
    define_catalog(&server.channel()).await;
    let is_over = Arc::new(AtomicBool::new(false));
    let told: Vec<Told> = (0..CLIENTS).map(|_| Told::default()).collect();
    let mut clients = JoinSet::new();
    for (number, told) in (1..=CLIENTS).zip(&told) {
        clients.spawn(client(server.channel(), number, seed, told.clone(), is_over.clone()));
    }
    let mut since = vec![0; told.len()];
    for kill in 0..kills {
        // The moment of a fault is left to chance; nothing waits for it.
        tokio::time::sleep(Duration::from_micros(dice.random_range(1_000..400_000))).await;
        let blow = BLOWS[kill % BLOWS.len()];
        strike(&mut server, &nats, blow, &mut dice).await;
        let counts = || told.iter().map(|told| told.lock().unwrap().len()).collect::<Vec<_>>();
        let before = counts();
        eventually("an answer after a kill", || async { counts() != before }).await;
        check(&server, &told, &since).await;
        since = before;
    }
    is_over.store(true, Ordering::Relaxed);
    while let Some(done) = clients.join_next().await {
        done.unwrap();
    }
    check(&server, &told, &vec![0; told.len()]).await;
    let total: usize = told.iter().map(|told| told.lock().unwrap().len()).sum();
    eprintln!("{kills} kills, {total} commands acknowledged");
}

/// An export of so many deals, in the shape that the mapping `maven_crm` reads.
fn export(folder: &Path, dice: &mut SmallRng) {
    let mut deals = "opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value\n".to_owned();
    for number in 0..IMPORTED_DEALS {
        let (agent, product) = (dice.random_range(0..9), dice.random_range(0..3));
        let (month, day) = (dice.random_range(1..7), dice.random_range(1..29));
        let engaged = format!("2017-{month:02}-{day:02}");
        let closed = format!("2017-{:02}-{day:02}", month + dice.random_range(1..6));
        let end = match dice.random_range(0..3) {
            0 => format!("Won,{engaged},{closed},{}", dice.random_range(100..9_000)),
            1 => format!("Lost,{engaged},{closed},0"),
            _ => format!("Engaging,{engaged},,"),
        };
        writeln!(deals, "D{number:05},Agent {agent},P{product},,{end}").unwrap();
    }
    let products = "product,series,sales_price\nP0,X,55\nP1,X,550\nP2,Y,4821\n";
    let mut teams = "sales_agent,manager,regional_office\n".to_owned();
    for agent in 0..9 {
        writeln!(teams, "Agent {agent},Manager {},Office {}", agent % 3, agent % 2).unwrap();
    }
    for (file, text) in
        [("sales_pipeline.csv", &*deals), ("products.csv", products), ("sales_teams.csv", &teams)]
    {
        std::fs::write(folder.join(file), text).unwrap();
    }
}

/// The words that import it.
fn import(folder: &Path) -> Vec<String> {
    let mapping = data::workspace().join("deploy/mappings/maven_crm.toml");
    let rejects = folder.join("rejects.csv");
    let paths = [&mapping, folder, &rejects].map(|path: &Path| path.to_str().unwrap().to_owned());
    let [mapping, from, rejects] = paths;
    ["import", "--mapping", &mapping, "--from", &from, "--rejects", &rejects, "-q", "-o", "json"]
        .map(str::to_owned)
        .to_vec()
}

/// Defines the source under one id, for the import itself would make a new one each time.
async fn define_source(channel: Channel) {
    let source = DefineSourceRequest {
        key: "maven_crm".into(),
        request_id: Uuid::from_u128(5).to_string(),
        definition: Some(SourceDefinition { name: "CRM".into(), ..Default::default() }),
        ..Default::default()
    };
    let request = World::request_of("default", source);
    PlanningServiceClient::new(channel).define_source(request).await.unwrap();
}

/// Runs a command line until it is answered: nats-server may be on its way back.
async fn patient(address: &str, words: &[&str]) -> Said {
    let said = Mutex::new(None);
    eventually("an answer", || async {
        let answer = line::run(address, words).await;
        let is_away = [6, 7].contains(&answer.code);
        *said.lock().unwrap() = Some(answer);
        !is_away
    })
    .await;
    said.into_inner().unwrap().unwrap()
}

/// What a history comes to: every figure, and the digest of every projection.
async fn figures(address: &str) -> Vec<serde_json::Value> {
    let mut said = Vec::new();
    for words in [
        &["pipeline", "--by", "owner"][..],
        &["metrics", "--by", "quarter"],
        &["pipeline", "--as-of", "2017-05-05"],
        &["projection", "list"],
    ] {
        let mut answer = patient(address, &[words, &["-o", "json"]].concat()).await.json();
        let fields = answer.as_object_mut().unwrap();
        // Where a log stands, and when it was asked, is not part of what it says.
        for standing in ["revision", "as_of", "known_at", "lag", "log"] {
            fields.remove(standing);
        }
        if let Some(listed) = fields.get_mut("projections") {
            for projection in listed.as_array_mut().unwrap() {
                projection
                    .as_object_mut()
                    .unwrap()
                    .retain(|key, _| key == "name" || key == "digest");
            }
        }
        said.push(answer);
    }
    said
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_through_kills_ends_with_the_same_figures() {
    let mut dice = SmallRng::seed_from_u64(seed("import through kills"));
    let (rows, folder) = (TempDir::new().unwrap(), tempfile::tempdir().unwrap());
    export(rows.path(), &mut dice);
    let words = import(rows.path());
    let words: Vec<&str> = words.iter().map(String::as_str).collect();

    let mut calm = World::start_with(Options::with_key_of('5')).await;
    define_source(calm.channel()).await;
    let said = calm.words(&words).await.json();
    let expected = figures(calm.address()).await;
    calm.stop().await;

    std::fs::write(folder.path().join("master.key"), "5".repeat(64)).unwrap();
    let nats = Nats(folder.path());
    let mut server = up(folder.path(), 1).await;
    define_source(server.channel()).await;
    let address = server.address();
    let importing = {
        let (address, words) =
            (address.clone(), words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
        tokio::spawn(async move {
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            line::run(&address, &words).await
        })
    };
    let mut struck = 0;
    while !importing.is_finished() && struck < kills() {
        tokio::time::sleep(Duration::from_micros(dice.random_range(1_000..300_000))).await;
        strike(&mut server, &nats, BLOWS[struck % BLOWS.len()], &mut dice).await;
        struck += 1;
    }
    let said_then = importing.await.unwrap().json();
    println!("killed {struck} times while importing");
    assert_eq!(said["reports"]["facts"], said_then["reports"]["facts"], "{said_then}");
    let rows = |of: &str| said_then[of].as_u64().unwrap();
    assert_eq!(rows("rows_read"), rows("applied") + rows("already_there") + rows("rejected"));
    assert_eq!(figures(&address).await, expected);

    let again = patient(&address, &words).await.json();
    assert_eq!(again["applied"], 0, "{again}");
    assert_eq!(figures(&address).await, expected, "importing again adds nothing");
    for words in [["log", "verify"], ["projection", "verify"]] {
        let said = patient(&address, &words).await;
        assert_eq!(said.code, 0, "{}{}", said.data, said.notes);
    }
}
