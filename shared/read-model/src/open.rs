//! Opening a read model: the one that is there if it can be trusted, otherwise a fresh one.

use std::any::Any;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::thread;

use tracing::warn;

use crate::error::in_words;
use crate::folder::{self, Folder};
use crate::generation::Root;
use crate::{Checkpoint, Generation, Store, StoreError};

/// How often sled syncs what was written, in the background.
const FLUSH_EVERY_MS: u64 = 200;

/// How a read model is opened.
#[derive(Debug, Clone)]
pub struct Options {
    /// The shape of the rows that the program writes.
    pub schema: u32,
    /// What sled aims to keep in memory. It overshoots: after a scan of everything a process was
    /// measured at three times the default.
    pub cache_bytes: u64,
    /// What names this boot of the host. Without it, every folder that was not closed cleanly is
    /// started over.
    pub boot_id: Option<String>,
}

impl Options {
    pub fn new(schema: u32) -> Options {
        let boot_id = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok();
        Options { schema, cache_bytes: 256 * 1024 * 1024, boot_id }
    }
}

/// A store that is ready to be read and written.
#[derive(Debug)]
pub struct Opened {
    pub store: Store,
    /// Why it is empty, if it is not the one that was there.
    pub fresh: Option<FreshReason>,
}

/// Why a read model starts empty.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FreshReason {
    #[error("there was no read model yet")]
    First,
    #[error("the rows have schema {found}, and this program writes another")]
    Schema { found: u32 },
    #[error("the host went down while the rows were being written")]
    HostWentDown,
    #[error("{generation} can not be used, see {generation}.set-aside: {why}")]
    Unusable { generation: Generation, why: String },
    #[error("the live generation is unknown: {why}")]
    NoneLive { why: String },
}

impl Store {
    /// Opens the read model in this folder and locks it against every other process. One that
    /// can not be trusted is put away, and an empty one takes its place.
    pub fn open(root: impl AsRef<Path>, options: Options) -> Result<Opened, StoreError> {
        let root = Arc::new(Root::lock(root.as_ref(), options)?);
        let (store, fresh) = match reuse(&root) {
            Ok(store) => (store, None),
            Err(reason) => (start_fresh(&root)?, Some(reason)),
        };
        put_away(&root, store.generation(), fresh.as_ref());
        Ok(Opened { store, fresh })
    }
}

fn reuse(root: &Arc<Root>) -> Result<Store, FreshReason> {
    let generation = match root.current() {
        Ok(Some(generation)) => generation,
        Ok(None) => return Err(FreshReason::First),
        Err(error) => {
            return Err(FreshReason::NoneLive { why: in_words(&error) });
        }
    };
    if generation.schema != root.options.schema {
        return Err(FreshReason::Schema { found: generation.schema });
    }
    let path = root.folder(generation);
    if !path.is_dir() {
        return Err(FreshReason::NoneLive { why: format!("{generation} is missing") });
    }
    let unusable = |error: StoreError| FreshReason::Unusable { generation, why: in_words(&error) };
    if folder::outlived_its_host(&path, root.options.boot_id.as_deref()).map_err(unusable)? {
        return Err(FreshReason::HostWentDown);
    }
    let store = open_generation(root, generation).map_err(unusable)?;
    match store.checkpoint() {
        Ok(checkpoint) if checkpoint.schema == generation.schema => Ok(store),
        Ok(checkpoint) => Err(FreshReason::Schema { found: checkpoint.schema }),
        Err(error) => Err(unusable(error)),
    }
}

fn start_fresh(root: &Arc<Root>) -> Result<Store, StoreError> {
    let generation = root.next()?;
    let store = open_generation(root, generation)?;
    store.put_checkpoint(&Checkpoint::empty(generation.schema))?;
    store.flush()?;
    root.make_current(generation)?;
    Ok(store)
}

/// Leaves only the live generation, and the one that could not be used for a person to look at.
/// This comes last: where a fresh one can not be made, say on a full disk, the old one may be
/// sound. What fails here is left to the next opening.
fn put_away(root: &Root, live: Generation, fresh: Option<&FreshReason>) {
    let aside = match fresh {
        Some(FreshReason::Unusable { generation, .. }) => root.set_aside(*generation),
        _ => Ok(()),
    };
    if let Err(error) = aside.and_then(|()| root.remove_all_but(live)) {
        warn!(error = in_words(&error), "old rows could not be put away");
    }
}

/// Opens a generation that is there, or makes an empty one without a checkpoint.
pub(crate) fn open_generation(
    root: &Arc<Root>,
    generation: Generation,
) -> Result<Store, StoreError> {
    let path = root.folder(generation);
    folder::prepare(&path, root.options.boot_id.as_deref())?;
    let config = sled::Config::new()
        .path(path)
        .cache_capacity(root.options.cache_bytes)
        .flush_every_ms(Some(FLUSH_EVERY_MS));
    // sled panics over some torn files; on a thread of its own that is an error like any other.
    let opening = thread::Builder::new().name("sled-open".into()).spawn(move || config.open());
    let opened = opening.map_err(|error| StoreError::Sled(error.into()))?.join();
    let db = opened.map_err(|panic| StoreError::Panicked(panic_message(&*panic)))??;
    Ok(Store::new(db, Folder { root: Arc::clone(root), generation, sound: true }))
}

pub(crate) fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "it did not say why".into())
}
