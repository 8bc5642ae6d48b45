//! What can go wrong with a read model, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

/// Why a read model could not be opened, read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error(
        "{} is in use: stop the process that has it open, or give this one a folder of its own",
        root.display()
    )]
    InUse { root: PathBuf },
    #[error("can not {action} {}: check the disk and the folder's permissions", path.display())]
    Io { action: &'static str, path: PathBuf, source: io::Error },
    #[error("sled can not read or write its files: check the disk, then rebuild the read model")]
    Sled(#[from] sled::Error),
    #[error("sled gave up while opening its files ({0}): rebuild the read model")]
    Panicked(String),
    #[error("{} was not closed in time: wait for its readers to finish", folder.display())]
    NotClosed { folder: PathBuf },
    #[error("the checkpoint {0}: rebuild the read model")]
    Checkpoint(&'static str),
    #[error("a row has the unknown key {0:02x?}: rebuild the read model")]
    UnknownKey(Vec<u8>),
    #[error("CURRENT does not name a generation but says {0:?}: rebuild the read model")]
    UnknownGeneration(String),
    #[error(
        "block {block} of {kind} {id:02x?} has {bytes} bytes, more than the {max} that a row may \
         have: cut it into several blocks",
        max = crate::VALUE_BYTES_MAX
    )]
    ValueTooLarge { kind: String, id: [u8; 16], block: u32, bytes: usize },
    #[error("the writer has stopped ({0}): check the disk and start this process again")]
    WriterStopped(String),
}

impl StoreError {
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> StoreError {
        let path = path.to_owned();
        move |source| StoreError::Io { action, path, source }
    }
}

/// An error with its causes, for a report that keeps only text.
pub(crate) fn in_words(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        words = format!("{words}: {error}");
        cause = error.source();
    }
    words
}
