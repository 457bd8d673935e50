//! Responses that several files have. Must not know which of their entries counts: Python merges them.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

use crate::blob::Part;

/// Keys are hashes already.
#[derive(Default)]
struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {
        unreachable!("keys are numbers")
    }

    fn write_i64(&mut self, key: i64) {
        // The highest bit is never set, and the highest ones are what a table looks at first.
        self.0 = (key as u64) << 1;
    }
}

/// Entries that repeat each other, by their numbers among those of all files that were read whole.
#[derive(Default)]
pub struct Repeated {
    pub first: Vec<i64>,
    pub again: Vec<i64>,
    keys: HashSet<i64, BuildHasherDefault<KeyHasher>>,
}

impl Repeated {
    /// Looks at the files in order.
    pub fn among(found: &[Option<Part>]) -> Self {
        let mut it = Self::default();
        let mut firsts: HashMap<i64, i64, BuildHasherDefault<KeyHasher>> = HashMap::default();
        let entries = found.iter().flatten().filter(|one| one.is_all()).flat_map(|one| &one.entries);
        for (row, entry) in (0..).zip(entries) {
            if let Some(&first) = firsts.get(&entry.key) {
                if it.keys.insert(entry.key) {
                    it.first.push(first);
                }
                it.again.push(row);
            } else {
                firsts.insert(entry.key, row);
            }
        }
        it.first.sort_unstable();
        it
    }

    /// Whether a response is one of those.
    pub fn has(&self, key: i64) -> bool {
        self.keys.contains(&key)
    }
}
