//! Finds a nats-server program that is new enough to trust with the log.

use std::env;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::NatsError;

/// Older servers lack fixes that the log's durability depends on.
const OLDEST: (u32, u32, u32) = (2, 14, 4);

/// Where `make tools` puts the pinned server, below the folder of the project.
const FETCHED: &str = ".tools/nats-server/nats-server";

/// The program to run: `explicit` (the `--nats-server` flag), else the one that the variable
/// `REVOPS_NATS_SERVER` names, else the fetched one, else a recent enough one on `PATH`.
pub fn find_binary(explicit: Option<&Path>) -> Result<PathBuf, NatsError> {
    if let Some(path) = explicit {
        return named(path, "--nats-server");
    }
    if let Some(path) = env::var_os("REVOPS_NATS_SERVER").filter(|path| !path.is_empty()) {
        return named(Path::new(&path), "REVOPS_NATS_SERVER");
    }
    fetched().or_else(on_path).ok_or(NatsError::NotFound)
}

fn named(path: &Path, named_by: &'static str) -> Result<PathBuf, NatsError> {
    if is_program(path) {
        return Ok(path.to_path_buf());
    }
    Err(NatsError::NotAProgram { path: path.to_path_buf(), named_by })
}

/// Below the working folder, or below a folder that our own program lies in.
fn fetched() -> Option<PathBuf> {
    let here = env::current_dir().ok();
    let program = env::current_exe().ok();
    let ours = program.iter().flat_map(|program| program.ancestors().skip(1));
    here.as_deref()
        .into_iter()
        .chain(ours)
        .map(|folder| folder.join(FETCHED))
        .find(|candidate| is_program(candidate))
}

fn on_path() -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?)
        .map(|folder| folder.join("nats-server"))
        .filter(|candidate| is_program(candidate))
        .find(|candidate| version_of(candidate).is_some_and(|version| version >= OLDEST))
}

fn is_program(path: &Path) -> bool {
    path.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

fn version_of(program: &Path) -> Option<(u32, u32, u32)> {
    let output = Command::new(program).arg("--version").output().ok()?;
    parse_version(&String::from_utf8_lossy(&output.stdout))
}

/// Reads `nats-server: v2.15.1`. A pre-release is nothing to rely on, and not understood.
fn parse_version(said: &str) -> Option<(u32, u32, u32)> {
    let numbers = said.trim().strip_prefix("nats-server: v")?;
    let mut parts = numbers.split('.').map(|part| part.parse().ok());
    Some((parts.next()??, parts.next()??, parts.next()??))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_their_numbers() {
        assert_eq!(parse_version("nats-server: v2.15.1\n"), Some((2, 15, 1)));
        assert!(parse_version("nats-server: v2.9.10") < Some(OLDEST));
        assert!(parse_version("nats-server: v2.14.4") >= Some(OLDEST));
        for unknown in ["", "nats-server: v2.15.0-RC.1", "v2.15.1", "nats-server: v2.15"] {
            assert_eq!(parse_version(unknown), None, "{unknown:?}");
        }
    }

    #[test]
    fn a_named_program_must_be_one() {
        let error = find_binary(Some(Path::new("/no/such/server"))).unwrap_err();
        assert!(error.to_string().contains("correct --nats-server"), "{error}");
        assert!(find_binary(Some(Path::new("/"))).is_err());
    }
}
