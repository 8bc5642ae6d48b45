//! What is so: blocks of bytes per entity, kept in sled with the log position that they reflect.
//!
//! A cache of the log and nothing more: it can be thrown away at any time and folded again, and it
//! throws itself away whenever it can not be trusted. It knows bytes and positions, no domain.
//!
//! One root folder belongs to one process:
//!
//! ```text
//! root/LOCK                 held while any store of this root is open
//! root/CURRENT              the name of the live generation
//! root/timelines-3-17/      schema 3, the 17th generation: one sled database
//! root/timelines-3-16.set-aside/   one that could not be used, for a person to look at
//! ```
//!
//! Every call blocks on a disk or on sled, except [`Writer::send`]: make them off the async threads.

mod bulk;
mod checkpoint;
mod error;
mod folder;
mod generation;
mod keys;
mod ledger;
mod open;
mod snapshot;
mod store;
mod writer;

pub use bulk::{BulkLoad, swap};
pub use checkpoint::Checkpoint;
pub use error::StoreError;
pub use generation::Generation;
pub use keys::{EntityKey, slices};
pub use ledger::{Interner, Ledger, Sum};
pub use open::{FreshReason, Opened, Options};
pub use snapshot::Pieces;
pub use store::{Block, EntityRow, Store, VALUE_BYTES_MAX};
pub use writer::{CHUNK_PUTS_MAX, Chunk, Progress, Writer};
