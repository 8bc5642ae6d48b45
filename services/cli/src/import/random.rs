//! Numbers that look random and are the same for the same seed, on every machine and for ever.

/// A sequence after SplitMix64: not for secrets.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The sequence of a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Any number.
    pub fn any(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below a bound; zero below zero.
    pub fn below(&mut self, bound: u64) -> u64 {
        // The high half of a product spreads evenly enough, and needs no division.
        let product = u128::from(self.any()) * u128::from(bound);
        u64::try_from(product >> 64).unwrap_or_default()
    }

    /// Puts things into another order.
    pub fn shuffle<T>(&mut self, things: &mut [T]) {
        for end in (1..things.len()).rev() {
            let bound = u64::try_from(end + 1).unwrap_or(u64::MAX);
            things.swap(end, usize::try_from(self.below(bound)).unwrap_or(end));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn the_sequence_of_a_seed_never_changes() {
        let mut random = Random::new(0);
        assert_eq!(random.any(), 0xe220_a839_7b1d_cdaf);
        assert_eq!(random.any(), 0x6e78_9e6a_a1b9_65f4);
        let mut things: Vec<u32> = (0..8).collect();
        Random::new(7).shuffle(&mut things);
        let first = things.clone();
        things.sort_unstable();
        assert_eq!(things, (0..8).collect::<Vec<_>>());
        assert_ne!(first, things);
        assert!((0..1000).all(|_| random.below(3) < 3));
        assert_eq!(random.below(0), 0);
    }
}
