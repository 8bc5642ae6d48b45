//! A record being written down: facts on days, which become reports at instants one after another.

use api::google::r#type::Date;
use api::ingest::v1::Report;
use api::ingest::v1::report::Fact;
use chrono::{Datelike as _, NaiveDate};
use cli::import::random::Random;
use prost_types::Timestamp;

use super::{SOURCE, calendar};

/// The facts of one deal, or of one lead, so far.
#[derive(Debug)]
pub struct Record {
    key: String,
    facts: Vec<(NaiveDate, Fact)>,
}

impl Record {
    /// The record of a key, about which nothing is known yet.
    pub fn new(key: String) -> Self {
        Self { key, facts: Vec::new() }
    }

    /// Adds a fact; on one day, those that were added first come first.
    pub fn add(&mut self, day: NaiveDate, fact: Fact) {
        self.facts.push((day, fact));
    }

    /// The reports, in the order of time.
    pub fn reports(mut self, random: &mut Random) -> Vec<Report> {
        self.facts.sort_by_key(|(day, _)| calendar::working(*day));
        let mut reports = Vec::with_capacity(self.facts.len());
        let mut last = i64::MIN;
        for (day, fact) in self.facts {
            let pause = 60 + i64::try_from(random.below(1_200)).unwrap_or(0);
            last = calendar::office_hours(day, random).max(last.saturating_add(pause));
            reports.push(Report {
                key: self.key.clone(),
                rule: SOURCE.to_owned(),
                occurred_at: Some(Timestamp { seconds: last, nanos: 0 }),
                source_seq: 0,
                fact: Some(fact),
            });
        }
        reports
    }
}

/// A day as the contract writes it.
pub fn date(day: NaiveDate) -> Option<Date> {
    Some(Date {
        year: day.year(),
        month: i32::try_from(day.month()).ok()?,
        day: i32::try_from(day.day()).ok()?,
    })
}
