//! How far the log has been folded into the rows beside it.

use serde::{Deserialize, Serialize};

use crate::StoreError;

/// The first stored byte. A field added here needs the next one.
const FORMAT: u8 = 1;

/// The place in the log that a store's rows reflect; written together with them, or not at all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// The shape of the rows. A program that writes another shape starts a fresh store.
    pub schema: u32,
    /// Which log it is: the hash of its first frame, zeros while it is empty.
    pub log: [u8; 32],
    /// Position of the last commit that was folded; 0 before the first.
    pub position: u64,
    /// Stream sequence of the last frame that was folded; 0 before the first.
    pub sequence: u64,
    /// Hash of that frame, so that a log that lost its tail and grew again is noticed.
    pub frame_hash: [u8; 32],
    /// What the fold wants to find again, such as digests; only bytes to this crate.
    pub totals: Vec<u8>,
}

impl Checkpoint {
    /// The place before the first commit of a log that nobody has seen yet.
    pub fn empty(schema: u32) -> Checkpoint {
        Checkpoint {
            schema,
            log: [0; 32],
            position: 0,
            sequence: 0,
            frame_hash: [0; 32],
            totals: Vec::new(),
        }
    }

    pub(crate) fn encode(&self) -> Result<Vec<u8>, StoreError> {
        postcard::to_extend(self, vec![FORMAT])
            .map_err(|_| StoreError::Checkpoint("can not be encoded"))
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Checkpoint, StoreError> {
        match bytes {
            [FORMAT, body @ ..] => match postcard::take_from_bytes(body) {
                Ok((checkpoint, [])) => Ok(checkpoint),
                Ok(_) => Err(StoreError::Checkpoint("is longer than it should be")),
                Err(_) => Err(StoreError::Checkpoint("can not be read")),
            },
            _ => Err(StoreError::Checkpoint("has a format that this version does not know")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checkpoint() -> Checkpoint {
        Checkpoint {
            schema: 3,
            log: [0xA1; 32],
            position: 300,
            sequence: 7,
            frame_hash: [0xB2; 32],
            totals: vec![9, 8, 7],
        }
    }

    #[test]
    fn the_bytes_stay_as_they_were_published() {
        let mut golden = vec![1, 3];
        golden.extend_from_slice(&[0xA1; 32]);
        golden.extend_from_slice(&[0xAC, 0x02, 7]);
        golden.extend_from_slice(&[0xB2; 32]);
        golden.extend_from_slice(&[3, 9, 8, 7]);
        assert_eq!(checkpoint().encode().unwrap(), golden);
        assert_eq!(Checkpoint::decode(&golden).unwrap(), checkpoint());
    }

    #[test]
    fn what_is_not_a_checkpoint_is_refused() {
        let sound = checkpoint().encode().unwrap();
        let longer = [&sound[..], &[0]].concat();
        let unknown = [&[2], &sound[1..]].concat();
        for bytes in [&[], &sound[..sound.len() - 1], &longer, &unknown] {
            assert!(matches!(Checkpoint::decode(bytes), Err(StoreError::Checkpoint(_))));
        }
    }
}
