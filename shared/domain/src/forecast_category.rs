//! Forecast categories: how sure somebody is that a deal closes in its period.

use serde::{Deserialize, Serialize};

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
