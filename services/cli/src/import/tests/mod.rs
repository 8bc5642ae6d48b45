//! Mappings against files: what is planned, what is refused, what is sent.

mod counting;
mod courses;
mod histories;
mod mappings;
mod mistakes;
mod sending;

use std::fs;

use tempfile::TempDir;

use super::mapping;
use super::plan::Plan;

/// A folder of small files.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

/// What a mapping makes of files, or what is wrong with it.
fn plan(mapping: &str, files: &[(&str, &str)]) -> Result<Plan, String> {
    let folder = folder(files);
    let mapping = mapping::parse(mapping, "m.toml").map_err(|error| error.to_string())?;
    Plan::make(&mapping, folder.path()).map_err(|error| format!("{error:#}"))
}
