//! The key of a row: an entity's blocks are neighbours, and 256 slices hold everything.
//!
//! `slice · tenant 00 00 · kind 00 00 · id (16) · block (4, big-endian)`, where a zero byte inside
//! tenant or kind is `00 FF`. The slice is the id's last byte, which is random in hashed ids and in
//! UUIDv7, so that slices are of equal size and a scan can be shared out between threads.

use std::cmp::Ordering;
use std::ops::{Bound, RangeInclusive};

/// Where the checkpoint lives: before every row, and too short to be one.
pub(crate) const CHECKPOINT: &[u8] = &[0];

const BLOCK_BYTES: usize = 4;

/// One entity of one tenant. Its order is that of the stored rows.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EntityKey {
    pub tenant: String,
    pub kind: String,
    pub id: [u8; 16],
}

impl EntityKey {
    /// Which of the 256 slices holds this entity.
    pub fn slice(&self) -> u8 {
        self.id[15]
    }

    /// The bytes that all rows of this entity begin with, and no others.
    pub fn encode(&self) -> Vec<u8> {
        let text = self.tenant.len() + self.kind.len();
        let mut key = Vec::with_capacity(1 + text + 2 + 2 + self.id.len() + BLOCK_BYTES);
        key.push(self.slice());
        push_text(&mut key, &self.tenant);
        push_text(&mut key, &self.kind);
        key.extend_from_slice(&self.id);
        key
    }

    /// The entity whose [`encode`](Self::encode) gives these bytes, if there is one.
    pub fn decode(key: &[u8]) -> Option<EntityKey> {
        let (slice, rest) = key.split_first()?;
        let (tenant, rest) = take_text(rest)?;
        let (kind, rest) = take_text(rest)?;
        let entity = EntityKey { tenant, kind, id: rest.try_into().ok()? };
        (entity.slice() == *slice).then_some(entity)
    }
}

impl Ord for EntityKey {
    fn cmp(&self, other: &Self) -> Ordering {
        let parts = |key: &Self| (key.slice(), key.id);
        let ((slice, id), (other_slice, other_id)) = (parts(self), parts(other));
        slice
            .cmp(&other_slice)
            .then_with(|| self.tenant.cmp(&other.tenant))
            .then_with(|| self.kind.cmp(&other.kind))
            .then_with(|| id.cmp(&other_id))
    }
}

impl PartialOrd for EntityKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Cuts the 256 slices into so many neighbouring ranges of about equal size.
pub fn slices(parts: usize) -> Vec<RangeInclusive<u8>> {
    let parts = parts.clamp(1, 256);
    let start = |part: usize| part * 256 / parts;
    (0..parts).map(|part| start(part) as u8..=(start(part + 1) - 1) as u8).collect()
}

pub(crate) fn row(entity: &EntityKey, block: u32) -> Vec<u8> {
    let mut key = entity.encode();
    key.extend_from_slice(&block.to_be_bytes());
    key
}

/// The entity's bytes and the block of a row's key.
pub(crate) fn split_row(key: &[u8]) -> Option<(&[u8], u32)> {
    let (entity, block) = key.split_last_chunk::<BLOCK_BYTES>()?;
    Some((entity, u32::from_be_bytes(*block)))
}

/// Where the rows of these slices begin and end; the checkpoint lies before all of them.
pub(crate) fn slice_bounds(slices: &RangeInclusive<u8>) -> (Bound<Vec<u8>>, Bound<Vec<u8>>) {
    let end = match slices.end().checked_add(1) {
        Some(next) => Bound::Excluded(vec![next]),
        None => Bound::Unbounded,
    };
    (Bound::Excluded(vec![*slices.start()]), end)
}

fn push_text(key: &mut Vec<u8>, text: &str) {
    for byte in text.bytes() {
        key.push(byte);
        if byte == 0 {
            key.push(0xFF);
        }
    }
    key.extend_from_slice(&[0, 0]);
}

fn take_text(mut rest: &[u8]) -> Option<(String, &[u8])> {
    let mut text = Vec::new();
    loop {
        rest = match rest {
            [0, 0, rest @ ..] => return Some((String::from_utf8(text).ok()?, rest)),
            [0, 0xFF, rest @ ..] => {
                text.push(0);
                rest
            }
            [0, ..] | [] => return None,
            [byte, rest @ ..] => {
                text.push(*byte);
                rest
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Short texts over few letters, so that one is often the beginning of another.
    fn text() -> impl Strategy<Value = String> {
        proptest::collection::vec(
            prop_oneof![Just('\0'), Just('\u{1}'), Just('a'), Just('é'), Just('\u{7FF}')],
            0..4,
        )
        .prop_map(|letters| letters.into_iter().collect())
    }

    fn entity() -> impl Strategy<Value = EntityKey> {
        let id = proptest::array::uniform16(prop_oneof![Just(0), Just(1), Just(0xFF), any::<u8>()]);
        (text(), text(), id).prop_map(|(tenant, kind, id)| EntityKey { tenant, kind, id })
    }

    proptest! {
        #[test]
        fn what_was_encoded_is_decoded(entity in entity(), block: u32) {
            let key = row(&entity, block);
            let (prefix, number) = split_row(&key).unwrap();
            prop_assert_eq!(number, block);
            prop_assert_eq!(EntityKey::decode(prefix), Some(entity));
        }

        #[test]
        fn rows_are_ordered_by_entity_and_then_by_block(
            (a, b) in (entity(), entity()),
            (block_a, block_b) in any::<(u32, u32)>(),
        ) {
            let by_row = row(&a, block_a).cmp(&row(&b, block_b));
            prop_assert_eq!(by_row, a.cmp(&b).then(block_a.cmp(&block_b)));
        }

        #[test]
        fn no_entity_begins_like_another(a in entity(), b in entity(), block: u32) {
            prop_assert_eq!(row(&a, block).starts_with(&b.encode()), a == b);
        }

        #[test]
        fn a_row_lies_in_its_slice_alone(entity in entity(), block: u32, slice: u8) {
            use std::ops::RangeBounds;
            let key = row(&entity, block);
            let inside = slice_bounds(&(slice..=slice)).contains(&key);
            prop_assert_eq!(inside, slice == entity.slice());
        }

        #[test]
        fn any_bytes_are_decoded_or_refused(bytes: Vec<u8>) {
            if let Some(entity) = EntityKey::decode(&bytes) {
                prop_assert_eq!(entity.encode(), bytes);
            }
        }

        #[test]
        fn slices_cover_every_byte_once(parts in 0usize..300) {
            let covered: Vec<u8> = slices(parts).into_iter().flatten().collect();
            prop_assert_eq!(covered, (0..=255).collect::<Vec<u8>>());
        }
    }

    #[test]
    fn the_checkpoint_lies_before_every_row() {
        let first = EntityKey { tenant: String::new(), kind: String::new(), id: [0; 16] };
        assert!(CHECKPOINT < row(&first, 0).as_slice());
        assert_eq!(slice_bounds(&(0..=0)).0, Bound::Excluded(CHECKPOINT.to_vec()));
    }
}
