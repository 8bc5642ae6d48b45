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
    /// It is to be sold to another account.
    AccountChanged,
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
    /// A company was taken up.
    AccountCreated,
    /// An account is called something else.
    AccountRenamed,
    /// An account has another domain on the web.
    AccountDomainChanged,
    /// An account belongs to another account.
    AccountParentChanged,
    /// An account is in another segment.
    AccountSegmentChanged,
    /// An account was given to another user.
    AccountOwnerChanged,
    /// A note was taken on an account.
    AccountNoted,
    /// A person at an account was taken up.
    ContactCreated,
    /// Who a contact is was said again.
    ContactDetailsCorrected,
    /// A contact belongs to another account.
    ContactAccountChanged,
    /// A note was taken on a contact.
    ContactNoted,
    /// A contract was agreed.
    ContractActivated,
    /// A customer pays more.
    ContractExpanded,
    /// A customer pays less.
    ContractContracted,
    /// A contract goes on for another term.
    ContractRenewed,
    /// A customer leaves.
    ContractChurned,
    /// A customer who had left comes back.
    ContractWonBack,
    /// An activity took place, or is planned.
    ActivityLogged,
    /// Something came of an activity.
    ActivityOutcomeRecorded,
    /// An activity is done.
    ActivityCompleted,
    /// An activity will not take place.
    ActivityCancelled,
    /// A note was taken on an activity.
    ActivityNoted,
    /// A stage of a pipeline is defined: the rows of one key are one pipeline.
    Stage,
    /// A product is defined.
    Product,
    /// A user is defined.
    User,
}

/// What an activity may be given: the first four are what it is about, the next who takes part.
const ACTIVITY_FIELDS: [&str; 13] = [
    "lead",
    "account",
    "contact",
    "opportunity",
    "user_there",
    "contact_there",
    "lead_there",
    "subject",
    "owner",
    "due",
    "starts_at",
    "duration_minutes",
    "calendar_id",
];

/// The fields that a kind has to be given, and those that it may be given.
type Fields = (&'static [&'static str], &'static [&'static str]);

impl FactKind {
    /// Whether it defines something that deals refer to.
    pub fn is_definition(self) -> bool {
        matches!(self, Self::Stage | Self::Product | Self::User)
    }

    /// The fields that it must have and may have.
    pub fn fields(self) -> Fields {
        match self {
            Self::Opened => (
                &["pipeline", "stage"],
                &["name", "amount", "currency", "close_date", "owner", "product", "account"],
            ),
            Self::StageChanged => (&["stage"], &["pipeline"]),
            Self::AmountChanged => (&["amount"], &["currency"]),
            Self::CloseDateChanged => (&["close_date"], &[]),
            Self::OwnerChanged => (&["owner"], &[]),
            Self::CategoryOverridden => (&["category"], &["reason_code", "reason"]),
            Self::Won => (&[], &["amount", "currency", "reason_code", "reason"]),
            Self::Lost | Self::Abandoned => (&[], &["reason_code", "reason"]),
            Self::Reopened => (&[], &["stage", "pipeline", "reason_code", "reason"]),
            Self::AccountChanged => (&["account"], &[]),
            Self::Noted
            | Self::LeadNoted
            | Self::AccountNoted
            | Self::ContactNoted
            | Self::ActivityNoted => (&["text"], &[]),
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
            Self::Stage => {
                (&["stage", "order", "category"], &["name", "probability", "outcome", "pipeline"])
            }
            Self::Product => (&["name"], &["list_price", "currency"]),
            Self::User => (&[], &["name", "manager", "office", "role", "retired"]),
            _ => self.fields_of_customers(),
        }
    }

    /// Those of accounts, contacts, contracts and activities.
    fn fields_of_customers(self) -> Fields {
        match self {
            Self::AccountCreated => (&[], &["name", "domain", "parent", "segment", "owner"]),
            Self::AccountRenamed => (&["name"], &[]),
            Self::AccountDomainChanged => (&["domain"], &[]),
            Self::AccountParentChanged => (&["parent"], &[]),
            Self::AccountSegmentChanged => (&["segment"], &[]),
            Self::AccountOwnerChanged => (&["owner"], &[]),
            Self::ContactCreated => (&[], &["account", "name", "email", "phone", "title"]),
            Self::ContactDetailsCorrected => (&[], &["name", "email", "phone", "title"]),
            Self::ContactAccountChanged => (&["account"], &[]),
            Self::ContractActivated => (
                &["account", "amount", "interval", "starts"],
                &["opportunity", "product", "currency", "ends"],
            ),
            Self::ContractExpanded | Self::ContractContracted => {
                (&["amount", "interval", "effective"], &["currency"])
            }
            Self::ContractRenewed | Self::ContractWonBack => {
                (&["amount", "interval", "effective"], &["currency", "ends"])
            }
            Self::ContractChurned => (&["effective"], &["reason_code", "reason"]),
            Self::ActivityLogged => (&["type"], &ACTIVITY_FIELDS),
            Self::ActivityOutcomeRecorded => (&["outcome"], &[]),
            Self::ActivityCancelled => (&[], &["reason_code", "reason"]),
            _ => (&[], &[]),
        }
    }

    /// The field that is an amount of money, if it has one.
    pub fn money_field(self) -> Option<&'static str> {
        match self {
            Self::Opened
            | Self::AmountChanged
            | Self::Won
            | Self::ContractActivated
            | Self::ContractExpanded
            | Self::ContractContracted
            | Self::ContractRenewed
            | Self::ContractWonBack => Some("amount"),
            Self::Product => Some("list_price"),
            _ => None,
        }
    }
}
