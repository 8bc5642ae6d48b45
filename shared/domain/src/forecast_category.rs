//! Forecast categories: how sure somebody is that a deal closes in its period.

use serde::{Deserialize, Serialize};

use crate::Outcome;

/// A forecast category. Stored as its word, never as a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "&str", try_from = "&str")]
pub enum ForecastCategory {
    /// Left out of every forecast.
    Omitted,
    /// Possible.
    Pipeline,
    /// Could close if things go well.
    BestCase,
    /// More likely than not.
    MostLikely,
    /// Promised.
    Commit,
    /// Closed and won.
    Closed,
}

impl ForecastCategory {
    /// Every category, from the least to the most certain.
    pub const ALL: [ForecastCategory; 6] = [
        ForecastCategory::Omitted,
        ForecastCategory::Pipeline,
        ForecastCategory::BestCase,
        ForecastCategory::MostLikely,
        ForecastCategory::Commit,
        ForecastCategory::Closed,
    ];

    /// The stable word.
    pub fn word(self) -> &'static str {
        match self {
            ForecastCategory::Omitted => "omitted",
            ForecastCategory::Pipeline => "pipeline",
            ForecastCategory::BestCase => "best_case",
            ForecastCategory::MostLikely => "most_likely",
            ForecastCategory::Commit => "commit",
            ForecastCategory::Closed => "closed",
        }
    }

    /// The category that a deal counts in, given the one that its stage or a person gives it: closed
    /// once it is won, and none when it ended otherwise.
    pub fn counted(self, outcome: Outcome) -> Option<ForecastCategory> {
        match outcome {
            Outcome::Open => Some(self),
            Outcome::Won => Some(ForecastCategory::Closed),
            Outcome::Lost | Outcome::NoDecision => None,
        }
    }

    /// The categories that its cumulative column sums up: it and all that are surer. For the open
    /// pipeline those are the open ones alone, as in Salesforce's `OpenPipeline`; for the others
    /// what is closed belongs to them, as in its `BestCaseForecast` and `CommitForecast`.
    pub fn accumulated(self) -> &'static [ForecastCategory] {
        match self {
            ForecastCategory::Omitted => &[ForecastCategory::Omitted],
            ForecastCategory::Pipeline => &[
                ForecastCategory::Pipeline,
                ForecastCategory::BestCase,
                ForecastCategory::MostLikely,
                ForecastCategory::Commit,
            ],
            ForecastCategory::BestCase => &[
                ForecastCategory::BestCase,
                ForecastCategory::MostLikely,
                ForecastCategory::Commit,
                ForecastCategory::Closed,
            ],
            ForecastCategory::MostLikely => {
                &[ForecastCategory::MostLikely, ForecastCategory::Commit, ForecastCategory::Closed]
            }
            ForecastCategory::Commit => &[ForecastCategory::Commit, ForecastCategory::Closed],
            ForecastCategory::Closed => &[ForecastCategory::Closed],
        }
    }

    /// The category of a stable word.
    pub fn from_word(word: &str) -> Option<ForecastCategory> {
        ForecastCategory::ALL.into_iter().find(|category| category.word() == word)
    }
}

impl From<ForecastCategory> for &'static str {
    fn from(category: ForecastCategory) -> &'static str {
        category.word()
    }
}

impl TryFrom<&str> for ForecastCategory {
    type Error = String;

    fn try_from(word: &str) -> Result<ForecastCategory, String> {
        ForecastCategory::from_word(word)
            .ok_or_else(|| format!("unknown forecast category {word:?}"))
    }
}
