//! What many new rows need of a table: rows found by their keys, without an index of them, and the numbers of names.

/// Of so many keys at most rows are asked at once.
const MOST: usize = 1 << 24;

/// Spreads keys over a table: an odd number whose bits are as good as random.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

/// Bits for each wanted key, of which one is set: of thirty-two other keys one is looked for in the table.
const BITS: usize = 32;

/// Wanted keys, each once: where each first stands among them.
struct Places<'a> {
    wanted: &'a [i64],
    bits: Vec<u64>,
    /// One more than a place, 0 for none; twice as many as there are keys.
    table: Vec<u32>,
    bits_shift: u32,
    table_shift: u32,
}

impl<'a> Places<'a> {
    fn new(wanted: &'a [i64]) -> Self {
        let size = wanted.len().next_power_of_two();
        let (bits, slots) = ((BITS * size).max(64), 2 * size);
        let mut it = Self {
            wanted,
            bits: vec![0; bits / 64],
            table: vec![0; slots],
            bits_shift: 64 - bits.trailing_zeros(),
            table_shift: 64 - slots.trailing_zeros(),
        };
        for (place, &key) in wanted.iter().enumerate() {
            let hash = (key as u64).wrapping_mul(SPREAD);
            let bit = (hash >> it.bits_shift) as usize;
            it.bits[bit / 64] |= 1 << (bit % 64);
            let slot = it.slot(key, hash);
            if it.table[slot] == 0 {
                it.table[slot] = place as u32 + 1;
            }
        }
        it
    }

    /// Returns where a wanted key first stands.
    #[inline]
    fn of(&self, key: i64) -> Option<usize> {
        let hash = (key as u64).wrapping_mul(SPREAD);
        let bit = (hash >> self.bits_shift) as usize;
        if self.bits[bit / 64] >> (bit % 64) & 1 == 0 {
            return None;
        }
        (self.table[self.slot(key, hash)] as usize).checked_sub(1)
    }

    /// Returns the slot that has the place of a key, or would have it.
    fn slot(&self, key: i64, hash: u64) -> usize {
        let mut slot = (hash >> self.table_shift) as usize;
        while self.table[slot] != 0 && self.wanted[self.table[slot] as usize - 1] != key {
            slot = (slot + 1) % self.table.len();
        }
        slot
    }
}

/// Returns the wanted keys that any row has, by their places, in order, each with its row; row after row has one of `keys`,
/// and each another. None where that is too much.
pub fn known(keys: &[i64], wanted: &[i64]) -> Option<(Vec<i64>, Vec<i64>)> {
    if wanted.len() > MOST {
        return None;
    }
    if wanted.is_empty() {
        return Some((Vec::new(), Vec::new()));
    }
    let places = Places::new(wanted);
    let mut found: Vec<(usize, i64)> = (0..).zip(keys).filter_map(|(row, &key)| Some((places.of(key)?, row))).collect();
    if found.is_empty() {
        return Some((Vec::new(), Vec::new()));
    }
    found.sort_unstable();
    let row_of_first =
        |first: usize| found.binary_search_by_key(&first, |&(place, _)| place).ok().map(|at| found[at].1);
    let every = wanted.iter().enumerate();
    Some(every.filter_map(|(place, &key)| Some((place as i64, row_of_first(places.of(key)?)?))).unzip())
}

/// Returns the number that each in a column stands for. None where one stands for none.
pub fn renumbered(numbers: &[i32], column: &[i32]) -> Option<Vec<i32>> {
    column.iter().map(|&old| numbers.get(usize::try_from(old).ok()?).copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_for_others() {
        assert_eq!(renumbered(&[7, -1], &[1, 0, 1]), Some(vec![-1, 7, -1]));
        assert_eq!(renumbered(&[], &[]), Some(vec![]));
        assert_eq!((renumbered(&[7], &[1]), renumbered(&[7], &[-1])), (None, None));
    }

    #[test]
    fn rows_are_those_of_the_keys() {
        let nothing = (vec![], vec![]);
        assert_eq!(known(&[], &[1, 2]), Some(nothing.clone()));
        assert_eq!(known(&[1], &[]), Some(nothing.clone()));
        assert_eq!(known(&[1, 2, 3], &[0, i64::MIN]), Some(nothing));
        let wanted = [0, 9, -3, 5, 0, i64::MAX, i64::MIN];
        assert_eq!(known(&[5, i64::MAX, -3, 0], &wanted), Some((vec![0, 2, 3, 4, 5], vec![3, 2, 0, 3, 1])));
        let many: Vec<i64> = (0..10_000).map(|key: i64| key << 50).collect();
        assert_eq!(known(&many[..8192], &many[8000..]), Some(((0..192).collect(), (8000..8192).collect())));
        let near: Vec<i64> = (0..1000).map(|key: i64| key * key).collect(); // so that some share a slot
        assert_eq!(known(&near[500..], &near), Some(((500..1000).collect(), (0..500).collect())));
    }
}
