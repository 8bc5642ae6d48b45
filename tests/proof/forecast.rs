//! Forecasts through the service: a quarter from its first plan to its last win, and random companies
//! beside a brute force that knows nothing of the product.

pub mod asking;
mod brute;
mod calendar;
mod commands;
mod company;
mod money;
mod quarter;
mod random;
mod recording;
mod reporting;
mod sums;
mod watch;
