//! The demo: two years of an invented sales team, told as the reports of a source called `demo`. The
//! same seed and last day always tell the same, on every machine, so that loading it again adds
//! nothing.

use anyhow::Context;
use api::ingest::v1::Report;
use api::planning::v1::SourceDefinition;
use chrono::{DateTime, NaiveDate, TimeDelta};
use clap::Parser;
use cli::import::random::Random;
use cli::import::sender::{Sender, Verdict};
use runtime::clock::Clock;
use tonic::transport::{Channel, Endpoint};

mod calendar;
mod deal;
mod names;
mod story;
mod team;
mod wares;
mod way;

use story::Story;
use team::Team;

/// The key of the source, and the rule of all of its reports.
const SOURCE: &str = "demo";

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
    /// How many deals there are.
    pub opportunities: u64,
}

/// What was loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// How many deals the history tells of.
    pub opportunities: u64,
    /// How many reports are new.
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
    History { definitions, facts, opportunities }
}

/// Loads the history of a seed up to the day before `until`. A demo that is there already is
/// completed as it was begun, whatever the day is now.
pub async fn load(
    channel: Channel,
    tenant: &str,
    seed: u64,
    until: DateTime<chrono::Utc>,
) -> anyhow::Result<Summary> {
    let sender = Sender::new(channel, tenant, SOURCE, SOURCE, SOURCE)?;
    let found = sender.source().await?.and_then(|source| Edition::read(&source.kind));
    let yesterday = until.date_naive() - TimeDelta::days(1);
    let edition = found.unwrap_or(Edition { seed, last_day: yesterday });
    let name = "Demo".to_owned();
    let definition = SourceDefinition { name, kind: edition.write(), retired: false };
    sender.define_source(&definition).await?;

    let history = history(edition.seed, edition.last_day);
    let mut summary = Summary {
        opportunities: history.opportunities,
        applied: 0,
        already_there: 0,
        revision: 0,
        last_day: edition.last_day,
    };
    for reports in [&history.definitions, &history.facts] {
        let reports: Vec<&Report> = reports.iter().collect();
        let sent = sender.send(&reports, |_| {}).await?;
        summary.revision = summary.revision.max(sent.revision);
        for (report, verdict) in reports.iter().zip(&sent.verdicts) {
            match verdict {
                Verdict::Applied => summary.applied += 1,
                Verdict::AlreadyThere => summary.already_there += 1,
                Verdict::Rejected { field, reason } => {
                    anyhow::bail!(
                        "the demo's report on {} is refused: {field} {reason}",
                        report.key
                    )
                }
            }
        }
    }
    sender.standing(summary.revision).await?;
    Ok(summary)
}

/// Loads the demo up to yesterday and shows the pipeline by month.
pub async fn load_and_show(server: &str, tenant: &str, seed: u64) -> anyhow::Result<()> {
    let channel = Endpoint::from_shared(server.to_owned())?.connect().await?;
    let now = DateTime::from_timestamp_micros(Clock::System.now().0).context("what year is it?")?;
    let summary = load(channel, tenant, seed, now).await.context("cannot load the demo")?;
    tracing::info!(
        opportunities = summary.opportunities,
        applied = summary.applied,
        already_there = summary.already_there,
        last_day = %summary.last_day,
        "demo loaded"
    );
    // The table is the one that anybody gets who asks for it.
    let words = [
        "revops", "--server", server, "--tenant", tenant, "-o", "table", "pipeline", "--by",
        "month",
    ];
    let line = Line::try_parse_from(words)?;
    cli::run(line.command, line.globals).await;
    Ok(())
}

#[derive(Debug, Parser)]
struct Line {
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
