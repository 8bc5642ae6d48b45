//! The root folder: which process owns it, and which of its generations is the live one.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::folder::{self, write_durably};
use crate::{Options, StoreError};

const SET_ASIDE: &str = ".set-aside";

/// One life of the read model: a folder of its own, from the first row to its removal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Generation {
    pub schema: u32,
    /// Higher than that of every folder that was there when it began.
    pub number: u64,
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "timelines-{}-{}", self.schema, self.number)
    }
}

impl Generation {
    fn parse(name: &str) -> Option<Generation> {
        let (schema, number) = name.strip_prefix("timelines-")?.split_once('-')?;
        let generation = Generation { schema: schema.parse().ok()?, number: number.parse().ok()? };
        // What it would not write itself, such as `timelines-01-+2`, is not a generation's name.
        (generation.to_string() == name).then_some(generation)
    }
}

/// A root folder that this process has locked.
#[derive(Debug)]
pub(crate) struct Root {
    path: PathBuf,
    pub(crate) options: Options,
    /// Locked until the last store of this root has closed.
    lock: File,
}

impl Drop for Root {
    fn drop(&mut self) {
        // Closing the file is not enough: a child process has a copy of it until it runs its own
        // program, and that copy would hold the lock. An error leaves it to be closed after all.
        let _ = self.lock.unlock();
    }
}

impl Root {
    pub(crate) fn lock(path: &Path, options: Options) -> Result<Root, StoreError> {
        fs::create_dir_all(path).map_err(StoreError::io("create", path))?;
        let file = path.join("LOCK");
        let lock = File::create(&file).map_err(StoreError::io("create", &file))?;
        match lock.try_lock() {
            Ok(()) => Ok(Root { path: path.to_owned(), options, lock }),
            Err(TryLockError::WouldBlock) => Err(StoreError::InUse { root: path.to_owned() }),
            Err(TryLockError::Error(source)) => Err(StoreError::io("lock", &file)(source)),
        }
    }

    pub(crate) fn folder(&self, generation: Generation) -> PathBuf {
        self.path.join(generation.to_string())
    }

    /// The live generation, or none in a new root.
    pub(crate) fn current(&self) -> Result<Option<Generation>, StoreError> {
        let path = self.path.join("CURRENT");
        match fs::read(&path) {
            Ok(bytes) => {
                let name = String::from_utf8_lossy(&bytes);
                let generation = Generation::parse(name.trim_end());
                generation.map(Some).ok_or_else(|| StoreError::UnknownGeneration(name.into()))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StoreError::io("read", &path)(error)),
        }
    }

    pub(crate) fn make_current(&self, generation: Generation) -> Result<(), StoreError> {
        write_durably(&self.path.join("CURRENT"), &format!("{generation}\n"))
    }

    /// A generation that no folder is there of, not even one that was set aside.
    pub(crate) fn next(&self) -> Result<Generation, StoreError> {
        let folders = self.folders()?;
        let last = folders.keys().map(|generation| generation.number).max().unwrap_or(0);
        Ok(Generation { schema: self.options.schema, number: last + 1 })
    }

    /// Keeps a folder that could not be used for a person to look at. Only the latest is kept, so
    /// that a failing disk does not fill itself.
    pub(crate) fn set_aside(&self, generation: Generation) -> Result<(), StoreError> {
        let path = self.folder(generation);
        folder::wait_until_closed(&path)?;
        for earlier in self.folders()?.into_values().filter(|path| is_set_aside(path)) {
            fs::remove_dir_all(&earlier).map_err(StoreError::io("remove", &earlier))?;
        }
        let aside = self.path.join(format!("{generation}{SET_ASIDE}"));
        fs::rename(&path, &aside).map_err(StoreError::io("set aside", &path))
    }

    /// Removes what interrupted loads, swaps and earlier schemas have left behind.
    pub(crate) fn remove_all_but(&self, live: Generation) -> Result<(), StoreError> {
        for (generation, path) in self.folders()? {
            if generation != live && !is_set_aside(&path) {
                folder::remove(&path)?;
            }
        }
        Ok(())
    }

    /// Every folder of a generation, also those that were set aside. Whatever else lies in the
    /// root is nobody's business here.
    fn folders(&self) -> Result<BTreeMap<Generation, PathBuf>, StoreError> {
        let mut folders = BTreeMap::new();
        for path in folder::entries(&self.path)? {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let name = name.strip_suffix(SET_ASIDE).unwrap_or(&name);
            if let Some(generation) = Generation::parse(name) {
                folders.insert(generation, path);
            }
        }
        Ok(folders)
    }
}

fn is_set_aside(path: &Path) -> bool {
    path.to_string_lossy().ends_with(SET_ASIDE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_as_it_is_written() {
        let generation = Generation { schema: 3, number: 17 };
        assert_eq!(generation.to_string(), "timelines-3-17");
        assert_eq!(Generation::parse("timelines-3-17"), Some(generation));
    }

    #[test]
    fn other_names_are_not_generations() {
        let names = ["", "timelines", "timelines-3", "timelines-03-17", "timelines-3-+17"];
        for name in names.into_iter().chain(["timelines-3-17/..", "../timelines-3-17"]) {
            assert_eq!(Generation::parse(name), None, "{name}");
        }
    }
}
