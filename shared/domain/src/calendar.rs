//! A calendar: how a company cuts time into years, quarters, months and weeks of its own.

use serde::{Deserialize, Serialize};

use crate::{Date, Entity, Fault, Kind, Moment, Rejection, personal::Slot, weekday::Weekday};

mod periods;

pub use periods::{Level, Period};

// ── Facts ────────────────────────────────────────────────────────────────────────────────────

/// What holds from the instant at which it takes effect; the definition before it stays readable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Defined {
    /// Its key.
    pub key: String,
    /// What people call it.
    pub name: String,
    /// How it cuts time.
    pub shape: Shape,
    /// The IANA name of the zone in which its days begin, such as `Europe/Berlin`.
    pub time_zone: String,
    /// Takes no new quotas and forecasts.
    pub retired: bool,
}

/// How a calendar cuts time. Every field means something in every pattern.
///
/// A calendar of weeks starts its year on the weekday `week_starts_on` that lies nearest to, on or
/// before, or on or after the first day of `first_month`. So a year that ends on the last Saturday
/// of August has weeks from Sunday, starts on or before the first of September; one that ends on
/// the Saturday nearest to the end of January (the retail calendar) starts nearest to the first of
/// February; ISO 8601 weeks run from the Monday nearest to the first of January.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shape {
    /// What a year is made of.
    pub pattern: Pattern,
    /// The month (1 to 12) that the year starts in, or near the first day of which it starts.
    pub first_month: u8,
    /// Which calendar year gives a fiscal year its name.
    pub named_after: NamedAfter,
    /// The first day of each week.
    pub week_starts_on: Weekday,
    /// Where the first week of a year starts, seen from the first day of `first_month`.
    pub first_week: FirstWeek,
}

words! {
    /// What a year is made of. Stored as its word, never as a number.
    Pattern, "calendar pattern";
    /// Twelve months of the Gregorian calendar; weeks run beside them, in years of their own.
    Months = "months",
    /// Quarters of thirteen weeks, in months of four, four and five.
    FourFourFive = "4-4-5",
    /// Quarters of thirteen weeks, in months of four, five and four.
    FourFiveFour = "4-5-4",
    /// Quarters of thirteen weeks, in months of five, four and four.
    FiveFourFour = "5-4-4",
    /// Weeks alone: no months, quarters or halves.
    Weeks = "weeks",
}

words! {
    /// Which calendar year gives a fiscal year its name. Stored as its word, never as a number.
    NamedAfter, "naming of fiscal years";
    /// The year of its `first_month`: a year from July 2025 is 2025.
    Start = "start",
    /// The year of the month before the next `first_month`: a year from July 2025 is 2026.
    End = "end",
}

words! {
    /// Where the first week of a year starts. Stored as its word, never as a number.
    FirstWeek, "rule for the first week";
    /// At most six days before the first of the month: the week that holds it.
    OnOrBefore = "on_or_before",
    /// At most three days away from the first of the month.
    Nearest = "nearest",
    /// At most six days after the first of the month: the first whole week.
    OnOrAfter = "on_or_after",
}

facts! {
    /// What can be recorded about a calendar.
    Defined = "calendar.defined.v1",
}

impl Fact {
    /// The places where it carries personal text.
    pub fn personal(&mut self) -> Vec<Slot<'_>> {
        match self {
            Fact::Defined(_) => Vec::new(),
        }
    }
}

impl Defined {
    /// Refuses a range of days that is not exactly the period of this key, and says which is.
    pub(crate) fn refuse_other_period(
        &self,
        key: &str,
        starts: Date,
        ends: Date,
    ) -> Result<(), Rejection> {
        if self.retired {
            let message =
                format!("calendar {:?} is retired; use the one that replaced it", self.key);
            return Err(Rejection::precondition("CALENDAR_RETIRED", message));
        }
        if starts >= ends {
            let message = format!("a period that starts on {starts} ends later, not on {ends}");
            return Err(Rejection::invalid("PERIOD_MISMATCH", "ends", message));
        }
        let Some(period) = self.shape.nearest(starts, ends) else {
            let message = format!("{starts} until {ends} is no range of days of any period");
            return Err(Rejection::invalid("PERIOD_MISMATCH", "starts", message));
        };
        let right = format!("{}, from {} until {}", period.key(), period.starts, period.ends);
        if (period.starts, period.ends) != (starts, ends) {
            let field = if period.starts == starts { "ends" } else { "starts" };
            let message = format!(
                "{starts} until {ends} is no period of calendar {:?}; the nearest is {right}",
                self.key
            );
            return Err(Rejection::invalid("PERIOD_MISMATCH", field, message));
        }
        if period.key() != key {
            let message = format!("these days are not {key:?} but {right}");
            return Err(Rejection::invalid("PERIOD_MISMATCH", "period", message));
        }
        Ok(())
    }
}

// ── State ────────────────────────────────────────────────────────────────────────────────────

/// The definition in force, if any.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Calendar {
    /// As it was defined last.
    pub definition: Option<Defined>,
}

// ── Commands, evolve and decide ──────────────────────────────────────────────────────────────

/// What may be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Lets a definition hold from the command's instant on.
    Define(Defined),
}

impl Entity for Calendar {
    type Fact = Fact;
    type Command = Command;
    const KIND: Kind = Kind::Calendar;

    fn fact(fact: &crate::Fact) -> Option<&Fact> {
        match fact {
            crate::Fact::Calendar(fact) => Some(fact),
            _ => None,
        }
    }

    fn evolve(&mut self, _moment: &Moment, fact: &Fact) {
        match fact {
            Fact::Defined(defined) => self.definition = Some(defined.clone()),
        }
    }

    fn decide(&self, command: &Command) -> Result<Vec<Fact>, Rejection> {
        match command {
            Command::Define(defined) if self.definition.as_ref() == Some(defined) => Ok(vec![]),
            Command::Define(defined) => {
                refuse_contradictions(defined)?;
                Ok(vec![Fact::Defined(defined.clone())])
            }
        }
    }

    fn faults(&self) -> &[Fault] {
        &[]
    }
}

fn refuse_contradictions(calendar: &Defined) -> Result<(), Rejection> {
    if !(1..=12).contains(&calendar.shape.first_month) {
        let message =
            format!("there is no month {}; months are 1 to 12", calendar.shape.first_month);
        return Err(Rejection::invalid("CALENDAR_INVALID", "shape.first_month", message));
    }
    // Whether the zone exists is for the edge to say: the domain has no database of zones.
    let zone = &calendar.time_zone;
    if zone.is_empty() || !zone.bytes().all(|byte| byte.is_ascii_graphic()) {
        let message = format!("{zone:?} is no IANA name of a time zone, such as Europe/Berlin");
        return Err(Rejection::invalid("CALENDAR_INVALID", "time_zone", message));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
