//! A million rows of about 500 bytes: loaded, scanned and written, beside sled alone.

use std::error::Error;
use std::io::{Write, stdout};
use std::thread;
use std::time::Instant;

use read_model::{
    BulkLoad, CHUNK_PUTS_MAX, Checkpoint, Chunk, EntityKey, Options, Store, StoreError, Writer,
    slices, swap,
};

const ROWS: u32 = 1_000_000;
const UPDATES: u32 = 40_000;
const SCHEMA: u32 = 1;

fn main() -> Result<(), Box<dyn Error>> {
    let root = tempfile::tempdir()?;
    let cache_bytes = Options::new(SCHEMA).cache_bytes;

    let alone = sled::Config::new().path(root.path().join("sled")).cache_capacity(cache_bytes);
    let alone = alone.flush_every_ms(Some(200)).open()?;
    let started = Instant::now();
    for (entity, block, bytes) in (0..ROWS).map(row) {
        let key = [&entity.encode()[..], &block.to_be_bytes()].concat();
        alone.insert(key, bytes)?;
    }
    alone.flush()?;
    report("sled alone: sorted inserts", ROWS, started)?;
    let started = Instant::now();
    let count = alone.iter().filter(Result::is_ok).count();
    report("sled alone: scan, 1 thread", u32::try_from(count)?, started)?;
    drop(alone);

    let empty = Store::open(root.path().join("model"), Options::new(SCHEMA))?.store;
    let started = Instant::now();
    let load = BulkLoad::begin(&empty)?;
    load.insert_sorted((0..ROWS).map(row))?;
    let store = load.finish(&Checkpoint::empty(SCHEMA))?;
    swap(empty, &store)?;
    report("bulk load and swap", ROWS, started)?;
    for threads in [1, 2] {
        let started = Instant::now();
        report(&format!("scan, {threads} threads"), scan(&store, threads)?, started)?;
    }
    write(store)
}

/// The slice grows with `n`, and within a slice the id does, so that rows come in stored order.
fn row(n: u32) -> (EntityKey, u32, Vec<u8>) {
    let mut id = [0; 16];
    id[15] = (u64::from(n) * 256 / u64::from(ROWS)) as u8;
    id[..4].copy_from_slice(&n.to_be_bytes());
    (EntityKey { tenant: "acme".into(), kind: "opportunity".into(), id }, 0, bytes(n))
}

/// Half noise and half not, as timelines are; between 400 and 600 bytes.
fn bytes(n: u32) -> Vec<u8> {
    let mut noise = u64::from(n).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let length = 400 + (noise >> 40) as usize % 200;
    let mut next = || {
        noise ^= noise << 13;
        noise ^= noise >> 7;
        noise ^= noise << 17;
        noise as u8
    };
    (0..length).map(|at| if at % 2 == 0 { next() } else { b'a' }).collect()
}

fn scan(store: &Store, threads: usize) -> Result<u32, Box<dyn Error>> {
    let part = |slices| {
        let mut count = 0;
        store.scan_slices(slices, |_| {
            count += 1;
            Ok::<_, StoreError>(())
        })?;
        Ok::<u32, StoreError>(count)
    };
    thread::scope(|scope| {
        let parts: Vec<_> =
            slices(threads).into_iter().map(|slices| scope.spawn(move || part(slices))).collect();
        parts.into_iter().map(|part| Ok(part.join().map_err(|_| "a scan panicked")??)).sum()
    })
}

/// Random rows again, in chunks, as a live process writes them.
fn write(store: Store) -> Result<(), Box<dyn Error>> {
    let started = Instant::now();
    let writer = Writer::start(store)?;
    let mut updates = (0..UPDATES).map(|n| n.wrapping_mul(2_654_435_761) % ROWS);
    for position in 1.. {
        let puts: Vec<_> = updates.by_ref().take(CHUNK_PUTS_MAX).map(row).collect();
        if puts.is_empty() {
            break;
        }
        let checkpoint = Checkpoint { position, ..Checkpoint::empty(SCHEMA) };
        writer.send(Chunk { puts, checkpoint })?;
    }
    writer.flush_and_close()?;
    report("writer: random rows in chunks, and close", UPDATES, started)
}

fn report(what: &str, rows: u32, started: Instant) -> Result<(), Box<dyn Error>> {
    let rate = f64::from(rows) / started.elapsed().as_secs_f64();
    writeln!(stdout(), "{what:42} {rows:>9} rows {rate:>9.0} rows/s")?;
    Ok(())
}
