//! The demo: two years of an invented sales team. What happened to deals and leads is told as the
//! reports of a source called `demo`, and what people did about them as commands. The same seed and
//! last day always tell the same, on every machine, so that loading it again adds nothing.

use std::sync::{Arc, Mutex};

use anyhow::Context;
use api::ingest::v1::Report;
use api::ingest::v1::report::Fact;
use api::planning::v1::SourceDefinition;
use chrono::{DateTime, NaiveDate, TimeDelta};
use clap::Parser;
use cli::import::random::Random;
use cli::import::sender::{Sender, Verdict};
use runtime::clock::Clock;
use tonic::transport::{Channel, Endpoint};

mod activities;
mod calendar;
mod call;
mod companies;
mod contracts;
mod course;
mod duplicates;
mod judgements;
mod known;
mod leads;
mod names;
mod people;
mod record;
mod sending;
mod story;
mod team;
mod wares;
mod way;
mod world;

use call::Chain;
use sending::Hands;
use story::Story;
use team::Team;
use world::World;

/// The key of the source, and the rule of all of its reports.
const SOURCE: &str = "demo";

/// The key of the source that sees some meetings as well.
const CALENDAR: &str = "calendar";

/// About how many deals are opened.
const DEALS: u64 = 2_500;

/// How far back the history goes.
const DAYS: i64 = 730;

/// A whole history, ready to be sent.
#[derive(Debug, PartialEq)]
pub struct History {
    /// Pipeline, products, users: to be known before the deals.
    pub definitions: Vec<Report>,
    /// What happened to deals, by time.
    pub facts: Vec<Report>,
    /// What happened to leads, by time.
    pub leads: Vec<Report>,
    /// What people did, in waves: each stands on those before it.
    pub waves: Vec<Vec<Chain>>,
    /// How many deals there are.
    pub opportunities: u64,
}

/// What was loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// How many deals the history tells of.
    pub opportunities: u64,
    /// How many leads it tells of.
    pub leads: u64,
    /// How many reports and commands are new.
    pub applied: u64,
    /// How many were there from an earlier load.
    pub already_there: u64,
    /// The position up to which the log holds them.
    pub revision: u64,
    /// The last day that is told.
    pub last_day: NaiveDate,
}

/// The history of a seed up to the end of a day.
pub fn history(seed: u64, last_day: NaiveDate) -> History {
    let mut random = Random::new(seed);
    let first_day = last_day - TimeDelta::days(DAYS - 1);
    let team = Team::hire(&mut random, first_day);
    let mut definitions = wares::definitions(first_day);
    definitions.extend(team.definitions());
    let openings = calendar::openings(&mut random, &team, (first_day, last_day), DEALS);
    let mut facts: Vec<Report> = Vec::new();
    let mut opportunities = 0;
    for (day, rep) in openings {
        opportunities += 1;
        facts.extend(Story::new(&mut random, &team, rep).tell(opportunities, day));
    }
    let end = calendar::start_of(last_day + TimeDelta::days(1));
    let at = |report: &Report| report.occurred_at.map_or(0, |at| at.seconds);
    let is_past = |report: &Report| at(report) < end;
    definitions.retain(is_past);
    facts.retain(is_past);
    facts.sort_by_key(at);
    let courses = course::courses(&facts);
    let world = World { team: &team, courses: &courses, first_day, end, seed };
    let (leads, waves) = beside(&world);
    History { definitions, facts, leads, waves, opportunities }
}

/// What is told beside the deals: leads, and what people did.
fn beside(world: &World<'_>) -> (Vec<Report>, Vec<Vec<Chain>>) {
    let leads = leads::leads(world);
    let companies = companies::companies(world);
    let people = people::people(world, &companies, &leads.origins);
    let mut first = companies.groups.clone();
    first.push(judgements::calendar(world));
    let mut then = companies.accounts.clone();
    then.extend(duplicates::duplicates(world, &leads.captured));
    then.extend(judgements::judgements(world));
    let mut last = people.parts.clone();
    last.extend(activities::activities(world, &companies, &people));
    last.extend(contracts::contracts(world, &companies));
    (leads.reports, vec![first, then, people.chains, last])
}

/// Loads the history of a seed up to the day before `until`. A demo that is there already is
/// completed as it was begun, whatever the day is now.
pub async fn load(
    channel: Channel,
    tenant: &str,
    seed: u64,
    until: DateTime<chrono::Utc>,
) -> anyhow::Result<Summary> {
    let sender = Sender::new(channel.clone(), tenant, SOURCE, SOURCE, SOURCE)?;
    let found = sender.source().await?.and_then(|source| Edition::read(&source.kind));
    let yesterday = until.date_naive() - TimeDelta::days(1);
    let edition = found.unwrap_or(Edition { seed, last_day: yesterday });
    let name = "Demo".to_owned();
    let definition = SourceDefinition { name, kind: edition.write(), retired: false };
    sender.define_source(&definition).await?;

    let calendar = SourceDefinition { name: "Calendar".to_owned(), ..definition.clone() };
    let calendar = SourceDefinition { kind: CALENDAR.to_owned(), ..calendar };
    Sender::new(channel.clone(), tenant, SOURCE, CALENDAR, "")?.define_source(&calendar).await?;

    let history = history(edition.seed, edition.last_day);
    let count = |is: fn(&Fact) -> bool| {
        history.leads.iter().filter(|report| report.fact.as_ref().is_some_and(is)).count()
    };
    let mut summary = Summary {
        opportunities: history.opportunities,
        leads: u64::try_from(count(|fact| matches!(fact, Fact::LeadCaptured(_))))?,
        applied: 0,
        already_there: 0,
        revision: 0,
        last_day: edition.last_day,
    };
    for reports in [&history.definitions, &history.facts, &history.leads] {
        summary.report(&sender, reports).await?;
    }
    let hands = Hands::new(channel, tenant)?;
    let names = known::known(&hands.channel, &hands.tenant, summary.revision).await?;
    let names = Arc::new(Mutex::new(names));
    for wave in &history.waves {
        let told = hands.send(wave, &names).await?;
        summary.applied += told.applied;
        summary.already_there += told.already_there;
        summary.revision = summary.revision.max(told.revision);
    }
    sender.standing(summary.revision).await?;
    Ok(summary)
}

impl Summary {
    async fn report(&mut self, sender: &Sender, reports: &[Report]) -> anyhow::Result<()> {
        let reports: Vec<&Report> = reports.iter().collect();
        let sent = sender.send(&reports, |_| {}).await?;
        self.revision = self.revision.max(sent.revision);
        for (report, verdict) in reports.iter().zip(&sent.verdicts) {
            match verdict {
                Verdict::Applied => self.applied += 1,
                Verdict::AlreadyThere => self.already_there += 1,
                Verdict::Rejected { field, reason } => {
                    anyhow::bail!(
                        "the demo's report on {} is refused: {field} {reason}",
                        report.key
                    )
                }
            }
        }
        Ok(())
    }
}

/// Loads the demo up to yesterday; shows the pipeline by month and the current quarter's forecast.
pub async fn load_and_show(server: &str, tenant: &str, seed: u64) -> anyhow::Result<()> {
    let channel = Endpoint::from_shared(server.to_owned())?.connect().await?;
    let now = DateTime::from_timestamp_micros(Clock::System.now().0).context("what year is it?")?;
    let summary = load(channel, tenant, seed, now).await.context("cannot load the demo")?;
    tracing::info!(
        opportunities = summary.opportunities,
        leads = summary.leads,
        applied = summary.applied,
        already_there = summary.already_there,
        last_day = %summary.last_day,
        "demo loaded"
    );
    // The tables are those that anybody gets who asks for them.
    for asked in [&["pipeline", "--by", "month"][..], &["forecast", "show"]] {
        let words = ["revops", "--server", server, "--tenant", tenant, "-o", "table"];
        let line = Asked::try_parse_from(words.iter().chain(asked))?;
        cli::run(line.command, line.globals).await;
    }
    Ok(())
}

/// What somebody could have typed.
#[derive(Debug, Parser)]
struct Asked {
    #[command(flatten)]
    globals: cli::Globals,
    #[command(subcommand)]
    command: cli::Command,
}

/// Which history a demo tells. It is kept as the kind of the source, where a later load finds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Edition {
    seed: u64,
    last_day: NaiveDate,
}

impl Edition {
    fn write(self) -> String {
        format!("demo seed {} until {}", self.seed, self.last_day)
    }

    fn read(kind: &str) -> Option<Self> {
        let (seed, last_day) = kind.strip_prefix("demo seed ")?.split_once(" until ")?;
        Some(Self { seed: seed.parse().ok()?, last_day: last_day.parse().ok()? })
    }
}

#[cfg(test)]
mod tests;
