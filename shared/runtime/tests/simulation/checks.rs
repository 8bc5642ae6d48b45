//! What has to hold when the curtain falls.

use std::collections::{BTreeMap, HashMap, HashSet};

use domain::{Fact, Kind, opportunity, source};
use event_log::{Chain, Commit, EventLog, verify};
use runtime::{
    digest::Digest,
    fold::Totals,
    rebuild::{Gathered, gather},
    timelines::entries_of,
    view::Projection,
};
use uuid::Uuid;

use crate::{
    process::{Process, open},
    scene::{PROCESSES, Record, Scene, is_account},
    wishes::{ENDOWMENT, TENANT},
};

/// What a run consisted of, so that it can be seen not to be idle.
#[derive(Debug, Default)]
pub struct Tally {
    pub recorded: usize,
    pub refused: usize,
    pub unchanged: usize,
    pub in_doubt: usize,
    pub crashes: u64,
    pub frames: u64,
}

impl Tally {
    pub fn add(&mut self, other: &Tally) {
        self.recorded += other.recorded;
        self.refused += other.refused;
        self.unchanged += other.unchanged;
        self.in_doubt += other.in_doubt;
        self.crashes += other.crashes;
        self.frames += other.frames;
    }
}

/// Checks everything, and closes the processes on the way.
pub async fn all(scene: Scene) -> Tally {
    let report = verify(&scene.log, None, None, |_| {}).await.unwrap();
    assert_eq!(report.head.last, report.commits, "positions are dense");
    let commits = commits(&scene.log, report.head).await;
    let records = scene.records.take();
    answers_are_true(&commits, &records);
    rules_hold(&commits);
    let fresh = gather(&scene.log, report.head.sequence, |_| ()).await.unwrap();
    let mut catalogs: Vec<Digest> = Vec::new();
    for number in 0..PROCESSES {
        let mut process = scene.processes.borrow_mut()[number].take().unwrap();
        process.reach(report.head.sequence).await;
        timelines_are(&process, &fresh);
        catalogs.push(process.catalogs.digest(TENANT).1);
        process.close().await;
        let checkpoint = open(&scene.folder(number)).await.checkpoint().unwrap();
        assert_eq!(checkpoint.position, report.head.last);
        let totals: Totals = postcard::from_bytes(&checkpoint.totals).unwrap();
        assert_eq!(totals.of(TENANT), fresh.totals().of(TENANT), "process {number}");
    }
    catalogs.dedup();
    assert_eq!(catalogs.len(), 1, "the processes' catalogs differ");
    let is = |wanted: fn(&Record) -> bool| records.iter().filter(|record| wanted(record)).count();
    Tally {
        recorded: is(|record| record.answer.is_ok_and(|answer| answer.changed)),
        refused: is(|record| record.answer.is_err()),
        unchanged: is(|record| record.answer.is_ok_and(|answer| !answer.changed)),
        in_doubt: is(|record| record.in_doubt),
        crashes: *scene.crashes.borrow(),
        frames: report.frames,
    }
}

/// Every commit with its position and its frame's clock.
async fn commits(log: &EventLog, head: Chain) -> Vec<(u64, i64, Commit)> {
    let (mut chain, mut frames, mut commits) = (Chain::default(), log.follow(0), Vec::new());
    let mut latest = i64::MIN;
    while chain.sequence < head.sequence {
        let stored = frames.next().await.unwrap();
        let frame = chain.accept(stored.sequence, stored.body).unwrap();
        assert!(frame.latest() >= latest, "the latest clock runs backwards");
        latest = frame.latest();
        let recorded_at = frame.recorded_at;
        commits.extend((frame.first..).zip(frame.commits).map(|(at, it)| (at, recorded_at, it)));
    }
    commits
}

/// What was acknowledged is there once, at the place that was told; nothing is there twice.
fn answers_are_true(commits: &[(u64, i64, Commit)], records: &[Record]) {
    let mut found: HashMap<Uuid, u64> = HashMap::new();
    let mut latest: HashMap<(Uuid, u64), u64> = HashMap::new();
    let mut last: HashMap<Uuid, u64> = HashMap::new();
    for (position, _, commit) in commits {
        let before = found.insert(commit.command_id, *position);
        assert_eq!(before, None, "{} is recorded twice", commit.command_id);
        for facts in &commit.entities {
            let seen = last.insert(facts.id, *position).unwrap_or(0);
            latest.insert((facts.id, *position), seen);
        }
    }
    for record in records {
        let position = found.get(&record.command).copied();
        match record.answer {
            Ok(answer) if answer.changed => {
                assert_eq!(position, Some(answer.position), "{record:?}");
                assert_eq!(answer.etag, answer.position, "{record:?}");
                assert!(!answer.repeated || record.in_doubt, "{record:?}");
                if let Some(expected) = record.expected {
                    let seen = latest[&(record.wish.entity(), answer.position)];
                    assert_eq!(seen, expected, "{record:?} was decided on another state");
                }
            }
            // Whoever did not hear the first answer may ask a process that has not heard either.
            _ => assert!(position.is_none() || record.in_doubt, "{record:?} is recorded"),
        }
    }
    let asked: HashSet<Uuid> = records.iter().map(|record| record.command).collect();
    let invented = commits.iter().filter(|(position, ..)| *position > 4);
    let invented = invented.filter(|(_, _, commit)| !asked.contains(&commit.command_id)).count();
    assert_eq!(invented, 0, "somebody's commands are in the log that nobody gave");
}

/// The rules across entities hold after every commit.
fn rules_hold(commits: &[(u64, i64, Commit)]) {
    let mut holders: BTreeMap<String, String> = BTreeMap::new();
    let mut balances: BTreeMap<Uuid, i64> = BTreeMap::new();
    for (position, recorded_at, commit) in commits {
        let mut moved = 0;
        for facts in &commit.entities {
            let kind = Kind::from_word(&facts.kind).unwrap();
            for (entry, _) in
                entries_of(commit, *position, *recorded_at, kind, &facts.facts).unwrap()
            {
                match entry.fact {
                    Fact::Source(source::Fact::Defined(it)) if it.retired => {
                        assert_eq!(holders.remove(&it.key), Some(it.name), "{position}");
                    }
                    Fact::Source(source::Fact::Defined(it)) => {
                        let before = holders.insert(it.key, it.name);
                        assert_eq!(before, None, "two deals have one name from {position} on");
                    }
                    Fact::Opportunity(opportunity::Fact::AmountChanged(it))
                        if is_account(facts.id) =>
                    {
                        let minor = it.amount.unwrap().minor;
                        assert!(minor >= 0, "an account is overdrawn at {position}");
                        moved += minor - balances.insert(facts.id, minor).unwrap_or(ENDOWMENT);
                    }
                    _ => {}
                }
            }
        }
        assert_eq!(moved, 0, "money came or went at {position}");
    }
}

/// A process's timelines are those of a fresh fold of the log.
fn timelines_are(process: &Process, fresh: &Gathered) {
    for entity in fresh.entities() {
        let folded = fresh.packed(entity).timeline(entity.kind).unwrap();
        assert_eq!(*process.timelines.get(entity).unwrap(), folded, "{entity}");
    }
}
