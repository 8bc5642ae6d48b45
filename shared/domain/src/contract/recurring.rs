//! A recurring amount: money for each month or year.

use serde::{Deserialize, Serialize};

use crate::Money;

/// How often an amount is paid. Stored as its word, never as a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "&str", try_from = "&str")]
pub enum Interval {
    /// Every month.
    Monthly,
    /// Every year.
    Yearly,
}

impl Interval {
    /// Every interval, from the shortest.
    pub const ALL: [Interval; 2] = [Interval::Monthly, Interval::Yearly];

    /// The stable word.
    pub fn word(self) -> &'static str {
        match self {
            Interval::Monthly => "monthly",
            Interval::Yearly => "yearly",
        }
    }

    /// The interval of a stable word.
    pub fn from_word(word: &str) -> Option<Interval> {
        Interval::ALL.into_iter().find(|interval| interval.word() == word)
    }

    /// How often it comes in a year.
    pub fn times_a_year(self) -> i64 {
        match self {
            Interval::Monthly => 12,
            Interval::Yearly => 1,
        }
    }
}

impl From<Interval> for &'static str {
    fn from(interval: Interval) -> &'static str {
        interval.word()
    }
}

impl TryFrom<&str> for Interval {
    type Error = String;

    fn try_from(word: &str) -> Result<Interval, String> {
        Interval::from_word(word).ok_or_else(|| format!("unknown interval {word:?}"))
    }
}

/// An amount that is paid again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recurring {
    /// What is paid each time.
    pub amount: Money,
    /// How often.
    pub interval: Interval,
}

impl Recurring {
    /// Minor units in a year: exact, so that months and years compare.
    pub fn minor_a_year(&self) -> i128 {
        i128::from(self.amount.minor) * i128::from(self.interval.times_a_year())
    }
}
