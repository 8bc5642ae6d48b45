//! The cell's secret: a file that only its owner can read, and the keys that follow from it.

use std::path::Path;

use zeroize::Zeroizing;

use super::{KEY_BYTES, Key, VaultError};
use crate::clock;

/// The cell's secret, from which its id, fingerprint and wrapping keys are derived.
pub struct Master {
    pub(super) ids: Key,
    pub(super) fingerprints: Key,
    pub(super) wrapping: Key,
}

impl Master {
    /// Reads the master key's file, or makes one that only its owner can read.
    pub fn load_or_create(path: &Path) -> Result<Master, VaultError> {
        let unusable = |why: String| VaultError::MasterUnusable { path: path.to_owned(), why };
        match std::fs::read_to_string(path) {
            Ok(text) => Master::from_hex(text.trim()).map_err(unusable),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let secret = Zeroizing::new(clock::random_bytes::<KEY_BYTES>()?);
                let hex: Zeroizing<String> =
                    Zeroizing::new(secret.iter().map(|byte| format!("{byte:02x}")).collect());
                write_private(path, hex.as_bytes()).map_err(|error| unusable(error.to_string()))?;
                Ok(Master::from_secret(&secret))
            }
            Err(error) => Err(unusable(error.to_string())),
        }
    }

    /// The keys that follow from a secret.
    pub fn from_secret(secret: &[u8; KEY_BYTES]) -> Master {
        let derive = |context| Zeroizing::new(blake3::derive_key(context, secret));
        Master {
            ids: derive("revops 2026-11 entity ids v1"),
            fingerprints: derive("revops 2026-11 fingerprints v1"),
            wrapping: derive("revops 2026-11 key wrapping v1"),
        }
    }

    fn from_hex(text: &str) -> Result<Master, String> {
        let malformed = || "it should be 64 hexadecimal digits".to_owned();
        if text.len() != 2 * KEY_BYTES || !text.is_ascii() {
            return Err(malformed());
        }
        let mut secret = Zeroizing::new([0; KEY_BYTES]);
        for (index, byte) in secret.iter_mut().enumerate() {
            *byte =
                u8::from_str_radix(&text[2 * index..2 * index + 2], 16).map_err(|_| malformed())?;
        }
        Ok(Master::from_secret(&secret))
    }
}

fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::{io::Write, os::unix::fs::OpenOptionsExt};
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    // Complete or not there at all: sealed text must never outlive its master key.
    let draft = path.with_extension("draft");
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&draft)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&draft, path)?;
    std::fs::File::open(folder)?.sync_all()
}
