//! The keys that are at hand: those used last, so that memory does not grow with everybody ever met.

use std::collections::HashMap;

use uuid::Uuid;

use super::Key;

/// How many keys a generation holds.
const GENERATION: usize = 100_000;

/// Keys of tenants' persons and entities in two generations: when the young one is full, it takes
/// the place of the old one, which is let go.
#[derive(Default)]
pub(super) struct Keyring {
    young: HashMap<(String, Uuid), Key>,
    old: HashMap<(String, Uuid), Key>,
}

impl Keyring {
    /// A key, if it is at hand.
    pub(super) fn get(&self, tenant: &str, id: Uuid) -> Option<Key> {
        let name = (tenant.to_owned(), id);
        self.young.get(&name).or_else(|| self.old.get(&name)).cloned()
    }

    /// Keeps a key at hand.
    pub(super) fn put(&mut self, tenant: &str, id: Uuid, key: Key) {
        if self.young.len() >= GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert((tenant.to_owned(), id), key);
    }

    /// Lets a key go, wherever it is.
    pub(super) fn remove(&mut self, tenant: &str, id: Uuid) {
        let name = (tenant.to_owned(), id);
        self.young.remove(&name);
        self.old.remove(&name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_used_last_stay_at_hand_and_memory_stays_bounded() {
        let mut ring = Keyring::default();
        let id = |number: usize| Uuid::from_u128(number as u128);
        for number in 0..3 * GENERATION {
            ring.put("acme", id(number), Key::default());
        }
        assert!(ring.young.len() + ring.old.len() <= 2 * GENERATION);
        assert!(ring.get("acme", id(0)).is_none());
        assert!(ring.get("acme", id(3 * GENERATION - 1)).is_some());
        assert!(ring.get("acme", id(2 * GENERATION - 1)).is_some(), "the old generation counts");
        assert!(ring.get("other", id(3 * GENERATION - 1)).is_none());
        ring.remove("acme", id(2 * GENERATION - 1));
        assert!(ring.get("acme", id(2 * GENERATION - 1)).is_none());
    }
}
