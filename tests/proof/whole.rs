//! One customer, from a campaign's lead to a person forgotten, through every service and three doors:
//! calls, command lines, and a client in Python that shares no code with us.

mod by_calls;
mod by_lines;
mod by_python;
mod deal;
pub mod forgetting;
mod lead;
mod quarter;
mod service;
pub mod story;
mod subject;
mod telling;
mod undoing;
