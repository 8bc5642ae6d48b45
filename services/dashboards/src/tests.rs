//! The views against plain folds of timelines: told stories, and any facts in any order.

mod any_order;
mod deals;
mod measures;
mod service;
mod stories;
