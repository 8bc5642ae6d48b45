//! The event log: what happened, in the order in which it was learned.
//!
//! A [`Frame`] holds the [`Commit`]s that were decided together, and the hash of the frame before
//! it. Frames live in one NATS JetStream stream, or in memory for tests and simulation; both keep
//! the same rules, and an [`EventLog`] is either. Appending is compare-and-append on the whole log,
//! so positions are dense and the log is a hash chain, which every reader checks with a [`Chain`]
//! as it goes. The log knows bytes and stable names; what they mean is decided elsewhere.
//!
//! | to | use |
//! |---|---|
//! | open a log | [`JetStream::connect`], [`JetStream::log`]; [`MemoryLog::new`] |
//! | be sure that an acknowledged frame is on disk | [`durability::check`] |
//! | make a frame | [`Frame::encode`], [`Commit::size_hint`] |
//! | append it | [`EventLog::append`] |
//! | read on, forever | [`EventLog::follow`], [`Chain::accept`] |
//! | prove that nothing changed | [`verify`] |
//! | carry it elsewhere | [`copy`], [`copy_keys`], [`JetStream::existing_log`] |
//! | keep keys that can be erased | [`JetStream::keys`], [`KeyStream`] |

#![forbid(unsafe_code)]

mod append;
mod chain;
mod connection;
mod copy;
pub mod durability;
mod frame;
mod jetstream;
mod key_copy;
mod keys;
mod log;
mod memory;
mod pause;
mod streams;
mod verify;
mod wire;

pub use chain::{Chain, ChainError, Link};
pub use connection::{ConnectError, JetStream, Options};
pub use copy::{CopyError, CopyReport, copy};
pub use frame::{
    Commit, EntityFacts, FRAME_HEAD_BYTES, Fact, Frame, FrameError, FrameHash, FrameSummary,
    MAX_FRAME_BYTES, Origin, Word,
};
pub use jetstream::JetStreamLog;
pub use key_copy::{KeysReport, copy_keys};
pub use keys::{Creation, KeyError, KeyStream, NewKey};
pub use log::{AppendError, EventLog, Frames, ReadError, Stored};
pub use memory::{Faults, MemoryLog};
pub use streams::Unsuitable;
pub use verify::{VerifyError, VerifyProgress, VerifyReport, verify};
