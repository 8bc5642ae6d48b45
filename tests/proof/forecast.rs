//! Forecasts through the service: a quarter from its first plan to its last win, and random companies
//! beside a brute force that knows nothing of the product.

pub mod asking;
mod brute;
mod calendar;
mod commands;
mod company;
mod falls;
mod money;
mod plans;
pub mod quarter;
mod random;
mod recording;
mod reporting;
mod shuffled;
mod sums;
mod watch;
