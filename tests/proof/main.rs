//! The proof, one module per promise.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

mod architecture;
mod arrival;
mod bad_customers;
mod bad_input;
mod bad_judgements;
mod bad_leads;
mod bad_plans;
mod bad_questions;
mod bad_reports;
mod bpic;
mod chain;
mod child;
mod crash;
mod customers;
mod erasure;
mod forecast;
mod golden;
mod journey;
mod knowledge;
mod leads;
mod load;
mod maven;
mod replay;
mod stranger;
mod three;
mod traps;
mod undoing;
mod whole;
mod writers;
mod xeducation;
