//! The team: twenty reps under three managers in three offices; some come, some go, one moves.

use api::ingest::v1::Report;
use api::ingest::v1::report::Fact;
use api::planning::v1::UserDefinition;
use chrono::{NaiveDate, TimeDelta};
use cli::import::random::Random;
use prost_types::Timestamp;

use super::{SOURCE, calendar, names};

const OFFICES: [&str; 3] = ["Boston", "Lisbon", "Singapore"];
const REPS: usize = 20;

/// The key of the head of sales.
pub const HEAD: &str = "head";

/// Which reps are hired when, in days from the beginning.
const HIRED: [(usize, i64); 5] = [(15, 70), (16, 130), (17, 240), (18, 365), (19, 480)];

/// Which reps leave when.
const LEAVING: [(usize, i64); 2] = [(4, 310), (11, 560)];

/// Who moves to another manager and office, where to, and when.
const MOVING: (usize, usize, i64) = (7, 2, 400);

/// How long it takes until a new rep does all that the others do.
const RAMP_DAYS: i64 = 150;

/// The people.
#[derive(Debug)]
pub struct Team {
    head: String,
    managers: Vec<String>,
    /// The reps.
    pub reps: Vec<Rep>,
}

/// A rep.
#[derive(Debug)]
pub struct Rep {
    /// The key that the source has for them.
    pub key: String,
    /// How good they are, in percent of the usual.
    pub skill: u64,
    /// When they leave.
    pub leaves: Option<NaiveDate>,
    /// When they come, where they were not there from the beginning.
    pub hired: Option<NaiveDate>,
    name: String,
    office: usize,
    moves: Option<(NaiveDate, usize)>,
}

impl Team {
    /// Puts a team together.
    pub fn hire(random: &mut Random, first_day: NaiveDate) -> Self {
        let mut people = names::people(random).into_iter();
        let head = people.next().unwrap_or_default();
        let managers: Vec<String> = people.by_ref().take(OFFICES.len()).collect();
        let when = |list: &[(usize, i64)], rep: usize| {
            let found = list.iter().find(|(of, _)| *of == rep);
            found.map(|(_, days)| calendar::working(first_day + TimeDelta::days(*days)))
        };
        let reps = people.take(REPS).enumerate().map(|(rep, name)| Rep {
            key: format!("rep-{:02}", rep + 1),
            skill: 70 + random.below(61),
            leaves: when(&LEAVING, rep),
            name,
            office: rep % OFFICES.len(),
            hired: when(&HIRED, rep),
            moves: when(&[(MOVING.0, MOVING.2)], rep).map(|day| (day, MOVING.1)),
        });
        Self { head, managers, reps: reps.collect() }
    }

    /// How much a rep takes on, on a day.
    pub fn drive(&self, rep: usize, day: NaiveDate) -> u64 {
        let rep = &self.reps[rep];
        let has_left = rep.leaves.is_some_and(|leaves| leaves <= day);
        let days = rep.hired.map_or(RAMP_DAYS, |hired| (day - hired).num_days());
        if has_left || days < 0 {
            return 0;
        }
        let ramp = 20 + 80 * days.min(RAMP_DAYS) / RAMP_DAYS;
        u64::try_from(ramp).unwrap_or(0) * (50 + rep.skill / 2) / 100
    }

    /// Somebody else who is there on a day and sits in the same office, if anybody does.
    pub fn colleague(&self, random: &mut Random, rep: usize, day: NaiveDate) -> Option<usize> {
        let there = |other: &usize| *other != rep && self.drive(*other, day) > 0;
        let office = self.reps[rep].office;
        let near = |other: &usize| there(other) && self.reps[*other].office == office;
        let mut others: Vec<usize> = (0..self.reps.len()).filter(near).collect();
        if others.is_empty() {
            others = (0..self.reps.len()).filter(there).collect();
        }
        (!others.is_empty()).then(|| names::one_of(random, &others))
    }

    /// Whether somebody works here at an instant, in seconds since 1970.
    pub fn is_there(&self, key: &str, at: i64) -> bool {
        let Some(rep) = self.reps.iter().find(|rep| rep.key == key) else {
            return key == HEAD || key.starts_with("manager-");
        };
        let start = |day: Option<NaiveDate>| day.map(calendar::start_of);
        start(rep.hired).is_none_or(|hired| hired <= at)
            && start(rep.leaves).is_none_or(|leaves| at < leaves)
    }

    /// Whom a rep, or a manager, reports to at an instant.
    pub fn manager(&self, key: &str, at: i64) -> String {
        let Some(rep) = self.reps.iter().find(|rep| rep.key == key) else {
            return HEAD.to_owned();
        };
        let moved = rep.moves.filter(|(day, _)| calendar::start_of(*day) <= at);
        manager_key(moved.map_or(rep.office, |(_, office)| office))
    }

    /// The managers' keys.
    pub fn managers(&self) -> Vec<String> {
        (0..self.managers.len()).map(manager_key).collect()
    }

    /// Who they are, and since when.
    pub fn definitions(&self) -> Vec<Report> {
        let head = user(&self.head, "", OFFICES[0], "head of sales");
        let mut reports = vec![defined(HEAD, None, head)];
        for (office, name) in self.managers.iter().enumerate() {
            let manager = user(name, HEAD, OFFICES[office], "manager");
            reports.push(defined(&manager_key(office), None, manager));
        }
        for rep in &self.reps {
            let seated =
                |office: usize| user(&rep.name, &manager_key(office), OFFICES[office], "rep");
            let mut now = seated(rep.office);
            reports.push(defined(&rep.key, rep.hired, now.clone()));
            if let Some((day, office)) = rep.moves {
                now = seated(office);
                reports.push(defined(&rep.key, Some(day), now.clone()));
            }
            if let Some(day) = rep.leaves {
                reports.push(defined(&rep.key, Some(day), UserDefinition { retired: true, ..now }));
            }
        }
        reports
    }
}

fn manager_key(office: usize) -> String {
    format!("manager-{}", office + 1)
}

fn user(name: &str, manager: &str, office: &str, role: &str) -> UserDefinition {
    UserDefinition {
        name: name.to_owned(),
        manager: manager.to_owned(),
        office: office.to_owned(),
        role: role.to_owned(),
        retired: false,
    }
}

fn defined(key: &str, since: Option<NaiveDate>, user: UserDefinition) -> Report {
    let at = |day| Timestamp { seconds: calendar::start_of(day), nanos: 0 };
    Report {
        key: key.to_owned(),
        rule: SOURCE.to_owned(),
        occurred_at: since.map(at),
        source_seq: 0,
        fact: Some(Fact::UserDefined(user)),
    }
}
