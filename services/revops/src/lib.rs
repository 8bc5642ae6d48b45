//! The one binary: runs every service, and the server that keeps their log.

pub mod nats;
