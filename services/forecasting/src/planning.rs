//! What a tenant plans with beside the rest of the catalog: calendars, exchange rates and quotas.

mod calendars;
pub mod from_proto;
mod quotas;
mod rates;
