//! The two loops of a process, append and follow, and its life from start to stop.
//!
//! ```text
//! request ─► Order ─► keeper ─► appender ─► decide ─► frame ─► LOG
//!                                  ▲                            │ follow
//!                                  └── timelines ◄──── fold ◄───┘
//! answer  ◄── queries ◄── views ◄──────────────────────┘
//! ```

pub mod appender;
pub mod catalogs;
pub mod clock;
pub mod command;
pub mod compare;
pub mod desk;
pub mod digest;
pub mod fold;
pub mod from_proto;
pub mod gather;
pub mod keeper;
pub mod log_thread;
pub mod naming;
pub mod order;
pub mod page;
pub mod point;
pub mod projections;
pub mod query;
pub mod rebuild;
pub mod references;
pub mod renewal;
pub mod revision;
pub mod rows;
pub mod runtime;
pub mod snapshots;
pub mod status;
pub mod steps;
pub mod timelines;
pub mod to_proto;
pub mod vault;
pub mod verify;
pub mod view;
