//! The histories of two companies, which are not part of the project, and the mappings for them.

use std::path::{Path, PathBuf};

/// The folder of the workspace.
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The folder of the data sets: the one that `REVOPS_DATA` names, or the one beside the workspace.
pub fn data_dir() -> PathBuf {
    std::env::var_os("REVOPS_DATA")
        .map_or_else(|| workspace().join("../shared/data"), PathBuf::from)
}

/// A data set that this machine has, with the mapping that the product brings for it.
#[derive(Debug, Clone)]
pub struct History {
    /// Where its files are.
    pub folder: PathBuf,
    /// The mapping to import it by.
    pub mapping: PathBuf,
}

/// A data set; where it is absent, says that the test is skipped.
pub fn history(name: &str) -> Option<History> {
    let folder = data_dir().join(name);
    if !folder.is_dir() {
        println!("skipped: {} is not there (REVOPS_DATA names its folder)", folder.display());
        return None;
    }
    let mapping = workspace().join("deploy/mappings").join(name).with_extension("toml");
    Some(History { folder, mapping })
}

impl History {
    /// The right answers.
    pub fn reference(&self) -> serde_json::Value {
        serde_json::from_slice(&self.read("reference.json")).unwrap()
    }

    /// The bytes of a file.
    pub fn read(&self, file: &str) -> Vec<u8> {
        let file = self.folder.join(file);
        std::fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
    }

    /// The words that import it, without a word on stderr.
    pub fn import<'a>(&'a self, more: &[&'a str]) -> Vec<&'a str> {
        let (mapping, folder) = (self.mapping.to_str().unwrap(), self.folder.to_str().unwrap());
        let words = ["import", "--mapping", mapping, "--from", folder, "-q"];
        words.into_iter().chain(more.iter().copied()).collect()
    }
}
