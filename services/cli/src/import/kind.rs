//! What a rule can state, and the fields that each kind of fact has.

use serde::Deserialize;

/// What a row can state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactKind {
    /// A deal was opened.
    Opened,
    /// It moved to another stage.
    StageChanged,
    /// Its expected amount changed.
    AmountChanged,
    /// Its expected day of closing changed.
    CloseDateChanged,
    /// It was given to another user.
    OwnerChanged,
    /// Its category was chosen by a person, or handed back to the stage.
    CategoryOverridden,
    /// It was closed with an order.
    Won,
    /// It was closed without one.
    Lost,
    /// It was closed because nobody decided.
    Abandoned,
    /// It was taken up again.
    Reopened,
    /// A note was taken on it.
    Noted,
    /// Somebody was taken up as a lead.
    LeadCaptured,
    /// A lead was given to another user.
    LeadAssigned,
    /// Somebody began to work a lead.
    LeadWorked,
    /// A lead is kept warm.
    LeadNurtured,
    /// Marketing offered a lead to sales.
    LeadHandedOver,
    /// Sales took a lead.
    LeadAccepted,
    /// Sales handed a lead back.
    LeadRejected,
    /// A lead is worth a deal.
    LeadQualified,
    /// A lead will not become a customer.
    LeadDisqualified,
    /// A lead went back to marketing.
    LeadRecycled,
    /// A lead became a contact, with or without a deal.
    LeadConverted,
    /// A note was taken on a lead.
    LeadNoted,
    /// A product is defined.
    Product,
    /// A user is defined.
    User,
}

/// The fields that a kind has to be given, and those that it may be given.
type Fields = (&'static [&'static str], &'static [&'static str]);

impl FactKind {
    /// Whether it defines something that deals refer to.
    pub fn is_definition(self) -> bool {
        matches!(self, Self::Product | Self::User)
    }

    /// The fields that it must have and may have.
    pub fn fields(self) -> Fields {
        match self {
            Self::Opened => (
                &["pipeline", "stage"],
                &["name", "amount", "currency", "close_date", "owner", "product"],
            ),
            Self::StageChanged => (&["stage"], &["pipeline"]),
            Self::AmountChanged => (&["amount"], &["currency"]),
            Self::CloseDateChanged => (&["close_date"], &[]),
            Self::OwnerChanged => (&["owner"], &[]),
            Self::CategoryOverridden => (&["category"], &["reason_code", "reason"]),
            Self::Won => (&[], &["amount", "currency", "reason_code", "reason"]),
            Self::Lost | Self::Abandoned => (&[], &["reason_code", "reason"]),
            Self::Reopened => (&[], &["stage", "pipeline", "reason_code", "reason"]),
            Self::Noted => (&["text"], &[]),
            Self::LeadCaptured => (
                &[],
                &["name", "email", "phone", "company", "title", "channel", "campaign", "owner"],
            ),
            Self::LeadAssigned => (&["owner"], &[]),
            Self::LeadWorked | Self::LeadHandedOver | Self::LeadAccepted | Self::LeadQualified => {
                (&[], &[])
            }
            Self::LeadNurtured
            | Self::LeadRejected
            | Self::LeadDisqualified
            | Self::LeadRecycled => (&[], &["reason_code", "reason"]),
            Self::LeadConverted => (&[], &["account", "contact", "opportunity"]),
            Self::LeadNoted => (&["text"], &[]),
            Self::Product => (&["name"], &["list_price", "currency"]),
            Self::User => (&[], &["name", "manager", "office", "role"]),
        }
    }

    /// The field that is an amount of money, if it has one.
    pub fn money_field(self) -> Option<&'static str> {
        match self {
            Self::Opened | Self::AmountChanged | Self::Won => Some("amount"),
            Self::Product => Some("list_price"),
            _ => None,
        }
    }
}
