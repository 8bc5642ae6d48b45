//! The demo always tells the same, leaves no fault behind, and looks like a company.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::*;
use api::google::r#type::Date;
use api::ingest::v1::report::Fact;
use chrono::Datelike as _;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn told() -> History {
    history(7, day("2025-11-14"))
}

fn at(report: &Report) -> i64 {
    report.occurred_at.unwrap().seconds
}

#[test]
fn the_same_seed_and_day_tell_the_same() {
    assert_eq!(told(), told());
    assert_ne!(told(), history(8, day("2025-11-14")));
    let edition = Edition { seed: u64::MAX, last_day: day("2025-11-14") };
    assert_eq!(Edition::read(&edition.write()), Some(edition));
    assert!(edition.write().len() <= 64);
    assert_eq!(Edition::read("crm"), None);
}

#[test]
fn facts_come_in_order_and_end_with_the_last_day() {
    let told = told();
    assert!(told.facts.is_sorted_by_key(at));
    let end = calendar::start_of(day("2025-11-15"));
    assert!(told.facts.iter().all(|report| at(report) < end));
    assert!(told.definitions.iter().all(|r| r.occurred_at.is_none_or(|at| at.seconds < end)));
}

#[test]
fn no_deal_does_what_a_deal_cannot_do() {
    let told = told();
    let (mut open, mut closed) = (HashSet::new(), HashSet::new());
    let mut last: HashMap<&str, i64> = HashMap::new();
    for report in &told.facts {
        let key = &*report.key;
        let before = last.insert(key, at(report));
        assert!(before.is_none_or(|before| before < at(report)), "{key}: one after another");
        match report.fact.as_ref().unwrap() {
            Fact::OpportunityOpened(_) => assert!(before.is_none() && open.insert(key), "{key}"),
            Fact::OpportunityReopened(_) => {
                assert!(closed.remove(key) && open.insert(key), "{key}: reopened");
            }
            Fact::OpportunityWon(_) | Fact::OpportunityLost(_) | Fact::OpportunityAbandoned(_) => {
                assert!(open.remove(key) && closed.insert(key), "{key}: closed");
            }
            fact => assert!(open.contains(key), "{key}: {fact:?} although it is closed"),
        }
    }
    assert!((2_300..2_700).contains(&(open.len() + closed.len())));
}

#[test]
fn owners_work_here() {
    let told = told();
    let mut since: BTreeMap<&str, Vec<(i64, bool)>> = BTreeMap::new();
    for report in &told.definitions {
        if let Some(Fact::UserDefined(user)) = &report.fact {
            let from = report.occurred_at.map_or(i64::MIN, |at| at.seconds);
            since.entry(&report.key).or_default().push((from, user.retired));
        }
    }
    assert_eq!(since.len(), 24);
    for report in &told.facts {
        let owner = match report.fact.as_ref().unwrap() {
            Fact::OpportunityOpened(fact) => &fact.owner,
            Fact::OpportunityOwnerChanged(fact) => &fact.owner,
            _ => continue,
        };
        let known = since[&**owner].iter().rfind(|(from, _)| *from <= at(report));
        assert_eq!(known.map(|(_, retired)| *retired), Some(false), "{owner} at {}", at(report));
    }
}

/// What happened how often, when open deals are expected to close, and wins by month of the year.
#[derive(Debug, Default)]
struct Looks {
    counts: BTreeMap<&'static str, u32>,
    close_dates: HashMap<String, Option<Date>>,
    won_by_month: [u32; 12],
}

impl Looks {
    fn see(&mut self, report: &Report) {
        let key = report.key.clone();
        let what = match report.fact.as_ref().unwrap() {
            Fact::OpportunityOpened(fact) => {
                self.close_dates.insert(key, fact.close_date);
                "opened"
            }
            Fact::OpportunityCloseDateChanged(fact) => {
                self.close_dates.insert(key, fact.close_date);
                "pushed"
            }
            Fact::OpportunityWon(_) => {
                self.close_dates.remove(&key);
                let time = DateTime::from_timestamp(at(report), 0).unwrap();
                self.won_by_month[time.month0() as usize] += 1;
                "won"
            }
            Fact::OpportunityLost(_) => {
                self.close_dates.remove(&key);
                "lost"
            }
            Fact::OpportunityAbandoned(_) => {
                self.close_dates.remove(&key);
                "no decision"
            }
            Fact::OpportunityReopened(_) => "reopened",
            Fact::OpportunityOwnerChanged(_) => "handed over",
            Fact::OpportunityCategoryOverridden(_) => "judged",
            Fact::OpportunityAmountChanged(_) => "repriced",
            Fact::OpportunityStageChanged(_) => "moved",
            _ => "noted",
        };
        *self.counts.entry(what).or_default() += 1;
    }
}

#[test]
fn it_looks_like_a_company() {
    let mut looks = Looks::default();
    told().facts.iter().for_each(|report| looks.see(report));
    let Looks { counts, close_dates, won_by_month } = &looks;
    println!("{counts:?}, {} open, won by month {won_by_month:?}", close_dates.len());
    for (what, least) in [
        ("pushed", 1_200),
        ("lost", 800),
        ("won", 500),
        ("no decision", 300),
        ("reopened", 40),
        ("handed over", 80),
        ("judged", 150),
        ("repriced", 800),
    ] {
        assert!(counts[what] >= least, "{what}: {counts:?}");
    }
    assert!((150..700).contains(&close_dates.len()), "{} are open", close_dates.len());
    let is_ahead = |date: &Option<Date>| {
        date.is_some_and(|date| (date.year, date.month, date.day) >= (2025, 11, 15))
    };
    let ahead = close_dates.values().filter(|date| is_ahead(date)).count();
    assert!(ahead * 100 >= close_dates.len() * 97, "open deals close in the future");
    assert!(won_by_month[2] > 2 * won_by_month[6], "quarters end busily: {won_by_month:?}");
}

#[test]
fn what_people_did_follows_one_another_and_is_past() {
    let told = told();
    let end = calendar::start_of(day("2025-11-15"));
    let mut chains = 0;
    for chain in told.waves.iter().flatten() {
        assert!(chain.is_sorted_by_key(|call| call.at), "{chain:?}");
        assert!(chain.iter().all(|call| call.at < end), "{chain:?}");
        chains += usize::from(!chain.is_empty());
    }
    assert!(chains > 8_000, "{chains} chains");
    let calls: Vec<String> =
        told.waves.iter().flatten().flatten().map(|call| format!("{:?}", call.command)).collect();
    let ids = calls.iter().filter_map(|call| call.split("request_id: ").nth(1)).map(|it| &it[..38]);
    let distinct: HashSet<&str> = ids.clone().collect();
    assert_eq!(distinct.len(), calls.len(), "every command has a request id of its own");
    let count = |what: &str| calls.iter().filter(|call| call.starts_with(what)).count();
    for (what, least) in [
        ("CreateAccount", 600),
        ("CreateContact", 300),
        ("ConvertLead", 1_000),
        ("CaptureLead", 80),
        ("MergeLeads", 60),
        ("LogActivity", 4_000),
        ("ActivateContract", 400),
        ("ExpandContract", 60),
        ("ContractContract", 15),
        ("RenewContract", 100),
        ("ChurnContract", 20),
        ("WinBackContract", 1),
        ("SetQuota", 150),
        ("AdjustForecast", 80),
        ("SubmitForecast", 250),
    ] {
        assert!(count(what) >= least, "{what}: {}", count(what));
    }
}

#[test]
fn leads_are_worked_by_those_who_are_there_and_before_their_deals() {
    let told = told();
    assert!(told.leads.is_sorted_by_key(at));
    let opened: HashMap<&str, i64> = (told.facts.iter())
        .filter(|report| matches!(report.fact, Some(Fact::OpportunityOpened(_))))
        .map(|report| (&*report.key, at(report)))
        .collect();
    let mut last: HashMap<&str, i64> = HashMap::new();
    for report in &told.leads {
        let before = last.insert(&report.key, at(report));
        assert!(before.is_none_or(|before| before < at(report)), "{}", report.key);
    }
    for call in told.waves.iter().flatten().flatten() {
        if let call::Command::ConvertLead(it) = &call.command {
            assert!(last[&*it.lead_id] < call.at, "{it:?}");
            assert!(opened[&*it.opportunity_id] < call.at, "{it:?}");
        }
    }
}
