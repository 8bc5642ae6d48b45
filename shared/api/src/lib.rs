//! The contract in Rust: messages, clients and servers, generated from `proto/`.
//!
//! A package is a module: `revops.opportunities.v1` is [`opportunities::v1`], with the client in
//! `opportunity_service_client` and the server in `opportunity_service_server`. A new package
//! appears here by itself.

pub use packages::{google, revops::*};

/// Every message and service of the contract with its comments, for server reflection.
pub const FILE_DESCRIPTOR_SET: &[u8] = tonic::include_file_descriptor_set!("descriptor");

#[allow(
    clippy::all,
    clippy::allow_attributes_without_reason,
    clippy::pedantic,
    missing_docs,
    rustdoc::all,
    reason = "generated: the generator decides the code, the contract its comments"
)]
mod packages {
    include!(concat!(env!("OUT_DIR"), "/packages.rs"));
}
