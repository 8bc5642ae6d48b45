//! Chunks are written whole and in order, and are read back by entity or by slice.

use std::collections::BTreeMap;
use std::thread;

use read_model::{
    Block, Checkpoint, EntityKey, Progress, Store, StoreError, VALUE_BYTES_MAX, Writer, slices,
};
use tempfile::TempDir;

use crate::{SCHEMA, checkpoint, chunk, entity, open, row_count};

type Rows = BTreeMap<(EntityKey, u32), Vec<u8>>;

fn scan(store: &Store, parts: usize) -> Vec<Rows> {
    let scan_part = |slices| {
        let mut rows = Rows::new();
        let scanned = store.scan_slices(slices, |row| {
            let known = rows.insert((row.key.clone(), row.number), row.bytes.to_vec());
            assert_eq!(known, None);
            Ok::<_, StoreError>(())
        });
        scanned.unwrap();
        rows
    };
    thread::scope(|scope| {
        let parts: Vec<_> = slices(parts)
            .into_iter()
            .map(|slices| scope.spawn(move || scan_part(slices)))
            .collect();
        parts.into_iter().map(|part| part.join().unwrap()).collect()
    })
}

#[test]
fn blocks_come_back_in_order_and_alone() {
    let root = TempDir::new().unwrap();
    let store = open(&root).store;
    let writer = Writer::start(store.clone()).unwrap();
    let numbers = [300, 2, 0, 256, 1];
    let mut puts: Vec<_> = numbers.iter().map(|n| (entity(5), *n, vec![*n as u8])).collect();
    puts.push((entity(6), 0, b"another".to_vec()));
    puts.push((EntityKey { tenant: "acme2".into(), ..entity(5) }, 0, b"another".to_vec()));
    writer.send(chunk(1, puts)).unwrap();
    writer.flush_and_close().unwrap();

    let block = |number: u32| Block { number, bytes: vec![number as u8] };
    assert_eq!(store.read(&entity(5)).unwrap(), [0, 1, 2, 256, 300].map(block));
    assert_eq!(store.read(&entity(7)).unwrap(), []);
}

#[test]
fn a_scan_meets_every_row_once_however_it_is_shared_out() {
    let root = TempDir::new().unwrap();
    let store = open(&root).store;
    let writer = Writer::start(store.clone()).unwrap();
    let mut written = Rows::new();
    for position in 1..=20 {
        let puts: Vec<_> = (0..100)
            .map(|n| (entity(n * position as u32), n % 3, vec![position as u8; 50]))
            .collect();
        written.extend(puts.iter().cloned().map(|(entity, n, bytes)| ((entity, n), bytes)));
        writer.send(chunk(position, puts)).unwrap();
    }
    writer.flush_and_close().unwrap();

    for parts in [1, 2, 7, 256] {
        let scanned = scan(&store, parts);
        assert_eq!(scanned.len(), parts);
        assert_eq!(scanned.iter().map(Rows::len).sum::<usize>(), written.len());
        assert_eq!(scanned.into_iter().flatten().collect::<Rows>(), written);
    }
    assert!(store.size_on_disk().unwrap() > 0);
}

#[test]
fn a_scan_stops_when_its_visitor_fails() {
    #[derive(Debug)]
    enum Stop {
        Here,
        Store,
    }
    impl From<StoreError> for Stop {
        fn from(_: StoreError) -> Stop {
            Stop::Store
        }
    }
    let root = TempDir::new().unwrap();
    let store = open(&root).store;
    let writer = Writer::start(store.clone()).unwrap();
    let puts = (0..10).map(|n| (entity(n), 0, vec![])).collect();
    writer.send(chunk(1, puts)).unwrap();
    writer.flush_and_close().unwrap();

    let mut visited = 0;
    let stopped = store.scan_slices(0..=255, |_| {
        visited += 1;
        if visited == 4 { Err(Stop::Here) } else { Ok(()) }
    });
    assert!(matches!(stopped, Err(Stop::Here)));
    assert_eq!(visited, 4);
}

#[test]
fn rows_and_checkpoint_arrive_together() {
    let root = TempDir::new().unwrap();
    let store = open(&root).store;
    assert_eq!(store.checkpoint().unwrap(), Checkpoint::empty(SCHEMA));
    let writer = Writer::start(store.clone()).unwrap();
    // Every chunk sets all rows to its position, so a reader must never see rows behind the
    // checkpoint that it has read before them.
    for position in 1..=200_u64 {
        let bytes = position.to_be_bytes().to_vec();
        let puts = (0..20).map(|n| (entity(n), 0, bytes.clone())).collect();
        writer.send(chunk(position, puts)).unwrap();
        let reached = store.checkpoint().unwrap().position;
        for n in 0..20 {
            let blocks = store.read(&entity(n)).unwrap();
            let bytes = blocks.first().map_or([0; 8], |block| block.bytes[..].try_into().unwrap());
            assert!(u64::from_be_bytes(bytes) >= reached);
        }
    }
    writer.flush_and_close().unwrap();
    assert_eq!(store.checkpoint().unwrap(), checkpoint(200));
}

#[tokio::test]
async fn progress_tells_of_every_position() {
    let root = TempDir::new().unwrap();
    let store = open(&root).store;
    let writer = Writer::start(store.clone()).unwrap();
    let mut progress = writer.progress();
    assert_eq!(*progress.borrow(), Progress { position: 0, failure: None });
    for position in 1..=100 {
        let puts = vec![(entity(1), 0, vec![0; 100])];
        writer.send(chunk(position, puts)).unwrap();
    }
    let reached = progress.wait_for(|progress| progress.position == 100).await.unwrap().clone();
    assert_eq!(reached.failure, None);
    assert_eq!(store.checkpoint().unwrap().position, 100);
}

#[test]
fn a_value_that_is_too_large_is_refused_before_anything_is_written() {
    let root = TempDir::new().unwrap();
    let store = open(&root).store;
    let writer = Writer::start(store.clone()).unwrap();
    let largest = vec![(entity(1), 0, vec![7; VALUE_BYTES_MAX])];
    writer.send(chunk(1, largest)).unwrap();
    let larger = vec![(entity(2), 0, vec![]), (entity(3), 9, vec![7; VALUE_BYTES_MAX + 1])];
    let refused = writer.send(chunk(2, larger)).unwrap_err();
    assert!(matches!(refused, StoreError::ValueTooLarge { block: 9, bytes: 65_537, .. }));
    writer.flush_and_close().unwrap();
    assert_eq!(store.checkpoint().unwrap().position, 1);
    assert_eq!(row_count(&store), 1);
    assert_eq!(store.read(&entity(1)).unwrap()[0].bytes.len(), VALUE_BYTES_MAX);
}
