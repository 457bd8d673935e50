//! A hash for tables of names from logs: much faster than that of the standard library, and with a seed, too, so that no
//! log can be written to have all its names in one place.

use std::collections::hash_map::RandomState;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher};

/// A table by names, or by a few numbers.
pub type Table<K, V> = HashMap<K, V, Seed>;

/// Makes hashers that begin alike, and otherwise than those of any other table.
#[derive(Clone)]
pub struct Seed(u64);

impl Default for Seed {
    fn default() -> Self {
        Self(RandomState::new().build_hasher().finish())
    }
}

impl BuildHasher for Seed {
    type Hasher = Mixer;

    fn build_hasher(&self) -> Mixer {
        Mixer { state: self.0, seed: self.0 | 1 }
    }
}

/// Multiplies what it is given into what it was given before, and folds both halves of that.
pub struct Mixer {
    state: u64,
    seed: u64,
}

impl Mixer {
    #[inline]
    fn mix(&mut self, more: u64) {
        let product = u128::from(self.state ^ more) * u128::from(self.seed);
        self.state = product as u64 ^ (product >> 64) as u64;
    }
}

impl Hasher for Mixer {
    fn finish(&self) -> u64 {
        self.state
    }

    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        let mut words = bytes.chunks_exact(8);
        for word in &mut words {
            self.mix(u64::from_le_bytes(word.try_into().unwrap_or_default()));
        }
        let rest = words.remainder();
        if !rest.is_empty() {
            let mut last = [0; 8];
            last[..rest.len()].copy_from_slice(rest);
            self.mix(u64::from_le_bytes(last) ^ (rest.len() as u64) << 56);
        }
    }

    #[inline]
    fn write_u8(&mut self, number: u8) {
        self.mix(u64::from(number));
    }

    #[inline]
    fn write_u32(&mut self, number: u32) {
        self.mix(u64::from(number));
    }

    #[inline]
    fn write_u64(&mut self, number: u64) {
        self.mix(number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_alike_are_spread() {
        let seed = Seed::default();
        let hashes: std::collections::HashSet<u64> =
            (0..100_000).map(|number| seed.hash_one(format!("msg_{number:024}")) >> 20).collect();
        assert!(hashes.len() > 99_990);
        let low: std::collections::HashSet<u64> =
            (0..100_000).map(|number| seed.hash_one(format!("msg_{number:024}")) & 0xffff).collect();
        assert!(low.len() > 45_000);
    }

    #[test]
    fn names_are_told_apart_by_their_ends() {
        let seed = Seed::default();
        let names = ["", "a", "a\0", "a\0\0", "abcdefgh", "abcdefgh\0", "abcdefghi"];
        let hashes: std::collections::HashSet<u64> = names.iter().map(|name| seed.hash_one(name)).collect();
        assert_eq!(hashes.len(), names.len());
    }
}
