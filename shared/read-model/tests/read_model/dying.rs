//! A process that dies while it writes leaves whole chunks, up to its checkpoint.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use read_model::{Store, Writer};
use tempfile::TempDir;

use crate::{chunk, entity, open, options};

const ROOT: &str = "READ_MODEL_DYING_ROOT";
const ENTITIES: u32 = 50;

/// Not a test of its own: the process that the tests below start.
#[test]
fn writes_until_it_dies() {
    let Some(root) = std::env::var_os(ROOT) else {
        return;
    };
    let store = Store::open(root, options()).unwrap().store;
    let writer = Writer::start(store.clone()).unwrap();
    for position in store.checkpoint().unwrap().position + 1.. {
        let puts = (0..ENTITIES).map(|n| (entity(n), 0, row_at(position))).collect();
        match writer.send(chunk(position, puts)) {
            Ok(()) => println!("sent {position}"),
            Err(error) => return println!("stopped: {error}"),
        }
    }
}

#[test]
fn a_killed_writer_leaves_whole_chunks() {
    let root = TempDir::new().unwrap();
    let mut before = 0;
    for chunks in [100, 7, 300, 40] {
        let mut child = start_writing(root.path(), "");
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let sent = lines.by_ref().filter(|line| line.as_ref().unwrap().contains("sent "));
        assert_eq!(sent.take(chunks).count(), chunks);
        child.kill().unwrap();
        child.wait().unwrap();

        let reached = assert_whole(&root);
        assert!(reached >= before, "{before} was kept before, and now only {reached}");
        before = reached;
    }
}

#[test]
fn a_full_disk_is_told_and_leaves_whole_chunks() {
    let root = TempDir::new().unwrap();
    // A limit of the file size is a disk that is full: writes fail once 2 MiB are there.
    let child = start_writing(root.path(), "trap '' XFSZ; ulimit -f 4096;");
    let output = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
    assert!(output.contains("stopped: the writer has stopped (sled can not"), "{output}");
    assert!(assert_whole(&root) > 0);
}

/// Asserts that every row is of the checkpoint's position, and tells which that is.
#[track_caller]
fn assert_whole(root: &TempDir) -> u64 {
    let opened = open(root);
    let reached = opened.store.checkpoint().unwrap().position;
    for n in 0..ENTITIES {
        let blocks = opened.store.read(&entity(n)).unwrap();
        assert_eq!(blocks[0].bytes, row_at(reached));
    }
    reached
}

fn row_at(position: u64) -> Vec<u8> {
    position.to_be_bytes().repeat(20)
}

/// Starts this test program again, as a process that only writes, after some words of shell.
fn start_writing(root: &Path, prelude: &str) -> Child {
    Command::new("sh")
        .args(["-c", &format!("{prelude} exec \"$@\""), "sh"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "dying::writes_until_it_dies", "--nocapture"])
        .env(ROOT, root)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}
