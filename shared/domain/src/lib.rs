//! What may happen: facts, states and decisions of revenue operations, without IO, clock or chance.
//!
//! Each entity is one file read from top to bottom: facts, state, evolve, commands, decide; a long
//! one keeps its state and its rules in files of their own below it.
//! A [`timeline::Timeline`] holds an entity's facts in the order in which they happened; its state
//! at an instant is their fold. Time, actor and ids arrive from outside.

#[macro_use]
mod word;
#[macro_use]
mod fact;

pub mod account;
pub mod activity;
pub mod calendar;
pub mod catalog;
pub mod consent;
pub mod contact;
pub mod contract;
pub mod conversion;
pub mod decimal;
pub mod duplicates;
pub mod entity;
pub mod exchange_rate;
pub mod external_id;
pub mod forecast;
pub mod forecast_category;
pub mod hierarchy;
pub mod id;
pub mod instant;
pub mod lead;
pub mod money;
mod objection;
pub mod opportunity;
pub mod opportunity_type;
pub mod outcome;
pub mod person;
pub mod personal;
pub mod pipeline;
pub mod product;
pub mod quota;
pub mod rate_table;
pub mod reason;
pub mod rejection;
pub mod rollup;
pub mod source;
pub mod timeline;
pub mod user;
pub mod voided;
pub mod waterfall;
pub mod weekday;

pub use consent::{Consent, ConsentChanged};
pub use decimal::Decimal;
pub use duplicates::{MatchKey, MatchedOn};
pub use entity::{Entity, Fault};
pub use external_id::{ExternalId, PersonalExternalId};
pub use fact::{Fact, FactError, Kind};
pub use forecast_category::ForecastCategory;
pub use hierarchy::Hierarchy;
pub use id::{
    AccountId, ActivityId, CalendarId, ContactId, ContractId, ExchangeRateId, ForecastId, LeadId,
    OpportunityId, PersonId, PipelineId, ProductId, QuotaId, SourceId, UserId,
};
pub use instant::{Date, Instant};
pub use money::{Currency, Money};
pub use opportunity_type::OpportunityType;
pub use outcome::Outcome;
pub use personal::{Personal, Sealed};
pub use reason::Reason;
pub use rejection::{Rejection, RejectionKind};
pub use timeline::{Entry, Known, Moment, Origin, Provenance, Timeline};
pub use voided::{PersonalVoided, Voided};
pub use weekday::Weekday;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod testing;
