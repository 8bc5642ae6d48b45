//! The law of every step: as of its instant nothing had changed yet, a microsecond later it had; at
//! the position before nothing was known of it, at its own it was. Every answer stays what it was.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

use serde_json::Value;
use tests::World;

use super::{by_calls, by_lines, by_python, subject::Subject};
use crate::forecast::asking::Call;

/// Of which past something is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct When {
    /// Strictly before this instant; without it, everything.
    pub as_of: Option<String>,
    /// What was known at this position; without it, everything.
    pub known_at: Option<u64>,
}

/// A question that was answered. It is asked again when the story is over.
pub struct Reading {
    /// After which step.
    pub step: String,
    /// Of what.
    pub of: Subject,
    /// Of which past, pinned to a position.
    pub when: When,
    /// The answer, in words.
    pub told: String,
}

/// What a step changed: of what, from which words, to which.
pub type Change<'a> = (&'a Subject, &'a str, &'a str);

/// A story on its way.
pub struct Story<'w> {
    /// Where it takes place.
    pub world: &'w World,
    known: u64,
    readings: Vec<Reading>,
}

impl<'w> Story<'w> {
    /// A story that begins with what the world knows now.
    pub async fn begin(world: &'w World) -> Story<'w> {
        Story { world, known: world.position().await, readings: Vec::new() }
    }

    /// Runs a command line of plain words that has to change something; gives the answer.
    pub fn run<'a>(&'a self, line: &'a str) -> Call<'a, Value> {
        Box::pin(async move {
            let words: Vec<&str> = line.split(' ').collect();
            let done = self.world.cli(&words).await;
            assert_eq!(done["changed"], true, "{line}: {done}");
            done
        })
    }

    /// Runs a command line that has to be refused for this reason, and to record nothing.
    pub fn is_refused<'a>(&'a self, line: &'a str, reason: &'a str) -> Call<'a, ()> {
        Box::pin(async move {
            let words: Vec<&str> = line.split(' ').collect();
            let (code, why) = self.world.cli_fails(&words).await;
            assert_eq!(code, 4, "{line}: {why}");
            assert!(why.contains(reason), "{line}: {why}");
            assert_eq!(self.world.position().await, self.known, "{line} recorded something");
        })
    }

    /// What happened at an instant, and what that changed; gives the number of its commits.
    pub fn happened<'a>(
        &'a mut self,
        step: &'a str,
        at: &'a str,
        changes: &'a [Change<'a>],
    ) -> Call<'a, u64> {
        Box::pin(async move {
            let (before, after) = (self.known, self.world.position().await);
            assert!(after > before, "{step}: nothing was recorded");
            let (at, later) = around(at);
            for (of, unchanged, changed) in changes {
                for (as_of, known_at, told) in [
                    (Some(&at), after, unchanged),
                    (Some(&later), after, changed),
                    (None, before, unchanged),
                    (None, after, changed),
                ] {
                    self.reads(step, of, (as_of, known_at), told).await;
                }
            }
            self.known = after;
            after - before
        })
    }

    /// What was taken back of what had happened at an instant: it never was, at any instant; known
    /// at the position before, it still is.
    pub fn was_taken_back<'a>(
        &'a mut self,
        step: &'a str,
        at: &'a str,
        changes: &'a [Change<'a>],
    ) -> Call<'a, ()> {
        Box::pin(async move {
            let (before, after) = (self.known, self.world.position().await);
            assert_eq!(after, before + 1, "{step}: one commit takes all of it back");
            let (at, later) = around(at);
            for (of, was, never_was) in changes {
                for (as_of, known_at, told) in [
                    (Some(&at), before, never_was),
                    (Some(&later), before, was),
                    (None, before, was),
                    (Some(&at), after, never_was),
                    (Some(&later), after, never_was),
                    (None, after, never_was),
                ] {
                    self.reads(step, of, (as_of, known_at), told).await;
                }
            }
            self.known = after;
        })
    }

    /// Takes note of commits that the story does not tell.
    pub async fn goes_on(&mut self) {
        self.known = self.world.position().await;
    }

    /// Asks by call and by line. What is known now is what was known at the last position.
    async fn reads(
        &mut self,
        step: &str,
        of: &Subject,
        (as_of, known_at): (Option<&String>, u64),
        told: &str,
    ) {
        let when = When { as_of: as_of.cloned(), known_at: Some(known_at) };
        let reading =
            Reading { step: step.to_owned(), of: of.clone(), when, told: told.to_owned() };
        reading.is_told_by_two_doors(self.world, &reading.when, told).await;
        if known_at == self.world.position().await {
            let now = When { known_at: None, ..reading.when.clone() };
            reading.is_told_by_two_doors(self.world, &now, told).await;
        }
        self.readings.push(reading);
    }

    /// Everything is told once more, when much has happened since, by all three doors.
    pub async fn told_again(self) -> Vec<Reading> {
        assert!(self.readings.len() > 100, "{} readings", self.readings.len());
        all_are_told(self.world, &self.readings, str::to_owned).await;
        self.readings
    }
}

impl Reading {
    fn is_told_by_two_doors<'a>(
        &'a self,
        world: &'a World,
        when: &'a When,
        told: &'a str,
    ) -> Call<'a, ()> {
        Box::pin(async move {
            let (step, of) = (&self.step, &self.of);
            let line = by_lines::read(world, of, when).await;
            assert_eq!(line, told, "{step}: {of:?} by line, {when:?}");
            let call = by_calls::read(world, of, when).await;
            assert_eq!(call, told, "{step}: {of:?} by call, {when:?}");
        })
    }
}

/// Asks every question again by three doors; `now` says what the words of then have become.
pub fn all_are_told<'a>(
    world: &'a World,
    readings: &'a [Reading],
    now: impl Fn(&str) -> String + 'a,
) -> Call<'a, ()> {
    Box::pin(async move {
        for reading in readings {
            reading.is_told_by_two_doors(world, &reading.when, &now(&reading.told)).await;
        }
        let Some(answers) = by_python::read(world, readings).await else { return };
        for (reading, told) in readings.iter().zip(answers) {
            let Reading { step, of, when, .. } = reading;
            assert_eq!(told, now(&reading.told), "{step}: {of:?} by Python, {when:?}");
        }
    })
}

/// An instant, given as a day or a time, and the next one.
fn around(at: &str) -> (String, String) {
    let at = if at.contains('T') { at.to_owned() } else { format!("{at}T00:00:00Z") };
    let later = at.replace('Z', ".000001Z");
    (at, later)
}
