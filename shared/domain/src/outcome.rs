//! How a deal stands: open, won, lost, or ended without a decision.

use serde::{Deserialize, Serialize};

/// A deal's outcome. Stored as its word, never as a number.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(into = "&str", try_from = "&str")]
pub enum Outcome {
    /// Still being worked.
    #[default]
    Open,
    /// Closed with an order.
    Won,
    /// Closed without one.
    Lost,
    /// Closed because nobody decided.
    NoDecision,
}

impl Outcome {
    /// Every outcome, in the order in which people list them.
    pub const ALL: [Outcome; 4] = [Outcome::Open, Outcome::Won, Outcome::Lost, Outcome::NoDecision];

    /// The stable word.
    pub fn word(self) -> &'static str {
        match self {
            Outcome::Open => "open",
            Outcome::Won => "won",
            Outcome::Lost => "lost",
            Outcome::NoDecision => "no_decision",
        }
    }

    /// The outcome of a stable word.
    pub fn from_word(word: &str) -> Option<Outcome> {
        Outcome::ALL.into_iter().find(|outcome| outcome.word() == word)
    }
}

impl From<Outcome> for &'static str {
    fn from(outcome: Outcome) -> &'static str {
        outcome.word()
    }
}

impl TryFrom<&str> for Outcome {
    type Error = String;

    fn try_from(word: &str) -> Result<Outcome, String> {
        Outcome::from_word(word).ok_or_else(|| format!("unknown outcome {word:?}"))
    }
}
