//! How far a lead has come.

use serde::{Deserialize, Serialize};

/// A lead's status. It follows from the facts and is no part of any.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum Status {
    /// Nobody's yet.
    #[default]
    New,
    /// Somebody's, who has not begun.
    Assigned,
    /// Being worked.
    Working,
    /// Not ready, and kept warm.
    Nurturing,
    /// Offered to sales, which has not answered.
    HandedOver,
    /// Taken by sales.
    Accepted,
    /// Worth a deal.
    Qualified,
    /// A contact now.
    Converted,
    /// Back with marketing, for another time.
    Recycled,
    /// Will not become a customer.
    Disqualified,
    /// Another lead goes on in its place.
    Merged,
}

impl Status {
    /// Every status, in the order in which people list them.
    pub const ALL: [Status; 11] = [
        Status::New,
        Status::Assigned,
        Status::Working,
        Status::Nurturing,
        Status::HandedOver,
        Status::Accepted,
        Status::Qualified,
        Status::Converted,
        Status::Recycled,
        Status::Disqualified,
        Status::Merged,
    ];

    /// The stable word.
    pub fn word(self) -> &'static str {
        match self {
            Status::New => "new",
            Status::Assigned => "assigned",
            Status::Working => "working",
            Status::Nurturing => "nurturing",
            Status::HandedOver => "handed_over",
            Status::Accepted => "accepted",
            Status::Qualified => "qualified",
            Status::Converted => "converted",
            Status::Recycled => "recycled",
            Status::Disqualified => "disqualified",
            Status::Merged => "merged",
        }
    }

    /// The status of a stable word.
    pub fn from_word(word: &str) -> Option<Status> {
        Status::ALL.into_iter().find(|status| status.word() == word)
    }

    /// Whether sales has it, or was offered it.
    pub fn is_with_sales(self) -> bool {
        matches!(self, Status::HandedOver | Status::Accepted | Status::Qualified)
    }
}
