//! Whether a deal would bring a new customer, or more from one already there.

use serde::{Deserialize, Serialize};

/// A deal's type. Stored as its word, never as a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "&str", try_from = "&str")]
pub enum OpportunityType {
    /// A first order from somebody.
    NewBusiness,
    /// More from a customer.
    Expansion,
    /// A customer's contract goes on.
    Renewal,
}

impl OpportunityType {
    /// Every type, in the order in which people list them.
    pub const ALL: [OpportunityType; 3] =
        [OpportunityType::NewBusiness, OpportunityType::Expansion, OpportunityType::Renewal];

    /// The stable word.
    pub fn word(self) -> &'static str {
        match self {
            OpportunityType::NewBusiness => "new_business",
            OpportunityType::Expansion => "expansion",
            OpportunityType::Renewal => "renewal",
        }
    }

    /// The type of a stable word.
    pub fn from_word(word: &str) -> Option<OpportunityType> {
        OpportunityType::ALL.into_iter().find(|it| it.word() == word)
    }
}

impl From<OpportunityType> for &'static str {
    fn from(it: OpportunityType) -> &'static str {
        it.word()
    }
}

impl TryFrom<&str> for OpportunityType {
    type Error = String;

    fn try_from(word: &str) -> Result<OpportunityType, String> {
        OpportunityType::from_word(word).ok_or_else(|| format!("unknown opportunity type {word:?}"))
    }
}
