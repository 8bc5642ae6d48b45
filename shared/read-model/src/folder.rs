//! A generation's folder around sled: marked while in use, synced when closed, removed when over.

use std::fs::{self, File, TryLockError};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tracing::warn;

use crate::generation::Root;
use crate::{Generation, StoreError};

/// How long sled may hold its files after it was closed: its last threads end a little later.
const CLOSE_WAIT: Duration = Duration::from_secs(2);

/// Says under which boot of the host the folder is open; a clean close removes it. While it is
/// there, a power loss may have taken what sled had given to the kernel only: on Linux its flush
/// does not reach the disk.
const IN_USE: &str = "IN-USE";

/// An open folder. It is dropped after sled, and then closes cleanly, or goes away if it is not
/// the live one.
#[derive(Debug)]
pub(crate) struct Folder {
    pub(crate) root: Arc<Root>,
    pub(crate) generation: Generation,
    /// Whether everything was written that should have been.
    pub(crate) sound: bool,
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = self.close() {
            let folder = self.generation.to_string();
            warn!(folder, error = crate::error::in_words(&error), "folder was not closed cleanly");
        }
    }
}

impl Folder {
    fn close(&self) -> Result<(), StoreError> {
        let path = self.root.folder(self.generation);
        if self.root.current()? != Some(self.generation) {
            return remove(&path);
        }
        wait_until_closed(&path)?;
        if !self.sound {
            return Ok(());
        }
        sync_all(&path)?;
        let mark = path.join(IN_USE);
        fs::remove_file(&mark).map_err(StoreError::io("remove", &mark))?;
        sync(&path)
    }
}

/// Makes a folder ready for sled to open: there, closed, without leftovers, and marked.
pub(crate) fn prepare(path: &Path, boot_id: Option<&str>) -> Result<(), StoreError> {
    fs::create_dir_all(path).map_err(StoreError::io("create", path))?;
    wait_until_closed(path)?;
    for entry in entries(path)? {
        // Written while opening and renamed when complete. sled would take one that a kill has
        // left for the newest snapshot, and refuse to open ever again.
        if entry.extension().is_some_and(|extension| extension == "generating") {
            fs::remove_file(&entry).map_err(StoreError::io("remove", &entry))?;
        }
    }
    write_durably(&path.join(IN_USE), boot_id.unwrap_or_default())
}

/// Whether the host may have gone down while this folder was open. An unknown boot is never the
/// same as another.
pub(crate) fn outlived_its_host(path: &Path, boot_id: Option<&str>) -> Result<bool, StoreError> {
    let mark = path.join(IN_USE);
    match fs::read(&mark) {
        Ok(opened) => Ok(boot_id.is_none_or(|now| now.as_bytes() != opened)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(StoreError::io("read", &mark)(error)),
    }
}

/// Waits until sled has let go of the folder's files.
#[expect(clippy::disallowed_methods, reason = "a file lock can not be waited for with a limit")]
pub(crate) fn wait_until_closed(path: &Path) -> Result<(), StoreError> {
    let database = path.join("db");
    let file = match File::open(&database) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        opened => opened.map_err(StoreError::io("open", &database))?,
    };
    let started = Instant::now();
    loop {
        match file.try_lock() {
            // Unlocked by hand, or a child process that is just starting would hold a copy of the
            // lock, and sled would find its files taken.
            Ok(()) => return file.unlock().map_err(StoreError::io("unlock", &database)),
            Err(TryLockError::Error(source)) => {
                return Err(StoreError::io("lock", &database)(source));
            }
            Err(TryLockError::WouldBlock) if started.elapsed() > CLOSE_WAIT => {
                return Err(StoreError::NotClosed { folder: path.to_owned() });
            }
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(2)),
        }
    }
}

pub(crate) fn remove(path: &Path) -> Result<(), StoreError> {
    wait_until_closed(path)?;
    fs::remove_dir_all(path).map_err(StoreError::io("remove", path))
}

/// Replaces a file so that after a power loss it is the old one or the new one.
pub(crate) fn write_durably(path: &Path, text: &str) -> Result<(), StoreError> {
    let draft = path.with_extension("draft");
    let written = File::create(&draft).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    written.map_err(StoreError::io("write", &draft))?;
    fs::rename(&draft, path).map_err(StoreError::io("replace", path))?;
    path.parent().map_or(Ok(()), sync)
}

pub(crate) fn entries(path: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let entries = fs::read_dir(path).and_then(|entries| {
        entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()
    });
    entries.map_err(StoreError::io("list", path))
}

/// Brings a folder and everything in it to the disk.
fn sync_all(path: &Path) -> Result<(), StoreError> {
    for entry in entries(path)? {
        if entry.is_dir() {
            sync_all(&entry)?;
        } else {
            sync(&entry)?;
        }
    }
    sync(path)
}

fn sync(path: &Path) -> Result<(), StoreError> {
    File::open(path).and_then(|file| file.sync_all()).map_err(StoreError::io("sync", path))
}
