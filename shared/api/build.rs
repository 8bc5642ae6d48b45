//! Turns the contract under `proto/` into Rust, without protoc.

use std::path::{Path, PathBuf};

use prost::Message as _;

fn main() -> anyhow::Result<()> {
    // Asked for when it runs: a build script that was compiled for another checkout has the other's.
    let contract = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR")?).join("../../proto");
    println!("cargo:rerun-if-changed={}", contract.display());

    let mut files = Vec::new();
    collect(&contract.join("revops"), &mut files)?;
    files.sort();

    // Source info carries the comments into the generated documentation.
    let descriptors = protox::Compiler::new([&contract])?
        .include_imports(true)
        .include_source_info(true)
        .open_files(files)?
        .file_descriptor_set();

    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    std::fs::write(out.join("descriptor.bin"), descriptors.encode_to_vec())?;
    tonic_prost_build::configure().include_file("packages.rs").compile_fds(descriptors)?;
    Ok(())
}

/// Adds every `.proto` file below `folder`.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "proto") {
            files.push(path);
        }
    }
    Ok(())
}
