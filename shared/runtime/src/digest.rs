//! Digests that do not care about order: the sum of one hash per logical row.

use std::fmt;

/// A commutative digest: rows may be added and taken away in any order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Digest([u64; 4]);

impl Digest {
    /// Adds a logical row.
    pub fn add(&mut self, row: &[u8]) {
        for (sum, part) in self.0.iter_mut().zip(parts(row)) {
            *sum = sum.wrapping_add(part);
        }
    }

    /// Takes a logical row away.
    pub fn remove(&mut self, row: &[u8]) {
        for (sum, part) in self.0.iter_mut().zip(parts(row)) {
            *sum = sum.wrapping_sub(part);
        }
    }

    /// Adds all rows of another digest.
    pub fn merge(&mut self, other: &Digest) {
        for (sum, part) in self.0.iter_mut().zip(other.0) {
            *sum = sum.wrapping_add(part);
        }
    }

    /// Takes away all rows of another digest.
    pub fn without(&mut self, other: &Digest) {
        for (sum, part) in self.0.iter_mut().zip(other.0) {
            *sum = sum.wrapping_sub(part);
        }
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|part| write!(f, "{part:016x}"))
    }
}

fn parts(row: &[u8]) -> impl Iterator<Item = u64> {
    let hash = *blake3::hash(row).as_bytes();
    (0..4).map(move |lane| {
        let mut part = [0; 8];
        part.copy_from_slice(&hash[lane * 8..lane * 8 + 8]);
        u64::from_le_bytes(part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_does_not_matter_and_a_row_can_leave() {
        let (mut one, mut other) = (Digest::default(), Digest::default());
        for row in [b"a", b"b", b"c"] {
            one.add(row);
        }
        for row in [b"c", b"x", b"a", b"b"] {
            other.add(row);
        }
        assert_ne!(one, other);
        other.remove(b"x");
        assert_eq!(one, other);
    }
}
