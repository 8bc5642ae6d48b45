//! Typed ids, one line each: an owner can never be handed over as a product.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(pub Uuid);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

ids! {
    /// A company that buys, or may.
    AccountId
    /// Something that somebody did with others, or has to do.
    ActivityId
    /// A person at an account.
    ContactId
    /// What a customer pays again and again.
    ContractId
    /// Somebody who may become a customer.
    LeadId
    /// A deal.
    OpportunityId
    /// A human being whose words and names are sealed under a key of their own.
    PersonId
    /// A sequence of stages that deals move through.
    PipelineId
    /// Something that is sold.
    ProductId
    /// A system of record whose reports are taken as they come.
    SourceId
    /// Somebody who works here: owner of deals, manager of owners.
    UserId
    /// A way in which a company cuts time into periods.
    CalendarId
    /// What one currency is worth in another, for one purpose.
    ExchangeRateId
    /// What somebody expects of one period: adjustments and submissions.
    ForecastId
    /// What somebody is to bring in one period.
    QuotaId
}
