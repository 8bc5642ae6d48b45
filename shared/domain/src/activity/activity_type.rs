//! What an activity is: a call, an e-mail, a meeting, a demo or a task.

use serde::{Deserialize, Serialize};

/// An activity's type. Stored as its word, never as a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "&str", try_from = "&str")]
pub enum ActivityType {
    /// Somebody called somebody.
    Call,
    /// Somebody wrote to somebody.
    Email,
    /// People met.
    Meeting,
    /// People met to see what is sold.
    Demo,
    /// Something to be done.
    Task,
}

impl ActivityType {
    /// Every type, in the order in which people list them.
    pub const ALL: [ActivityType; 5] = [
        ActivityType::Call,
        ActivityType::Email,
        ActivityType::Meeting,
        ActivityType::Demo,
        ActivityType::Task,
    ];

    /// The stable word.
    pub fn word(self) -> &'static str {
        match self {
            ActivityType::Call => "call",
            ActivityType::Email => "email",
            ActivityType::Meeting => "meeting",
            ActivityType::Demo => "demo",
            ActivityType::Task => "task",
        }
    }

    /// The type of a stable word.
    pub fn from_word(word: &str) -> Option<ActivityType> {
        ActivityType::ALL.into_iter().find(|it| it.word() == word)
    }
}

impl From<ActivityType> for &'static str {
    fn from(it: ActivityType) -> &'static str {
        it.word()
    }
}

impl TryFrom<&str> for ActivityType {
    type Error = String;

    fn try_from(word: &str) -> Result<ActivityType, String> {
        ActivityType::from_word(word).ok_or_else(|| format!("unknown activity type {word:?}"))
    }
}
