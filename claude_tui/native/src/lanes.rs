//! Looks at many bytes at once, as many as the processor can. Must not know what the bytes mean to a reader.

/// Bytes that are looked at in one call.
pub const BLOCK: usize = 1024;
/// So many bytes after a place are looked at along with it.
pub const AHEAD: usize = 6;

/// Bytes, and those after them that belong to the last places.
pub type Block = [u8; BLOCK + AHEAD];
/// A bit for each place of a block.
pub type Places = [u64; BLOCK / 64];

/// What is looked for.
pub trait Sought {
    /// Whether bytes may begin it; so may every newline and NUL.
    #[cfg(any(test, not(target_arch = "x86_64")))]
    fn may_begin(bytes: &[u8]) -> bool;

    /// Returns lanes that are all ones where `may_begin` holds.
    ///
    /// # Safety
    /// The processor must have what `L` needs, and `L::WIDTH + AHEAD` bytes from `first` on must be readable.
    #[cfg(target_arch = "x86_64")]
    unsafe fn lanes<L: x86::Lanes>(first: *const u8) -> L;
}

/// Sets the bits of all places where what is sought may begin.
pub fn find<S: Sought>(block: &Block, places: &mut Places) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: the processor has been asked; every x86-64 has SSE2.
    unsafe {
        if is_x86_feature_detected!("avx2") {
            x86::find_with_avx2::<S>(block, places);
        } else {
            x86::find_with::<S, x86::Sse2>(block, places);
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    find_one_by_one::<S>(block, places);
}

#[cfg(any(test, not(target_arch = "x86_64")))]
fn find_one_by_one<S: Sought>(block: &Block, places: &mut Places) {
    for (bits, first) in places.iter_mut().zip((0..BLOCK).step_by(64)) {
        *bits = (0..64).fold(0, |bits, at| bits | u64::from(S::may_begin(&block[first + at..])) << at);
    }
}

/// Returns a bit for each of 16 bytes that is a quote, a backslash or a control character.
#[inline]
pub fn ends_text(bytes: &[u8; 16]) -> u32 {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: every x86-64 has SSE2, and there are 16 bytes.
    unsafe {
        use x86::Lanes as _;
        let here = x86::Sse2::load(bytes.as_ptr());
        here.at_most(0x1f).or(here.is(b'"')).or(here.is(b'\\')).bits() as u32
    }
    #[cfg(not(target_arch = "x86_64"))]
    bytes.iter().rev().fold(0, |bits, byte| bits << 1 | u32::from(matches!(byte, b'"' | b'\\' | 0..=0x1f)))
}

#[cfg(target_arch = "x86_64")]
pub mod x86 {
    use std::arch::x86_64::{
        __m128i, __m256i, _mm256_and_si256, _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_min_epu8,
        _mm256_movemask_epi8, _mm256_or_si256, _mm256_set1_epi8, _mm_and_si128, _mm_cmpeq_epi8, _mm_loadu_si128,
        _mm_min_epu8, _mm_movemask_epi8, _mm_or_si128, _mm_set1_epi8,
    };

    use super::{Block, Places, Sought};

    /// Bytes side by side, each all ones or all zeros where it answers a question.
    ///
    /// # Safety
    /// The processor must have the instructions of the implementation.
    pub trait Lanes: Copy {
        const WIDTH: usize;

        /// # Safety
        /// There must be so many bytes; they may lie anywhere.
        unsafe fn load(first: *const u8) -> Self;
        unsafe fn is(self, byte: u8) -> Self;
        unsafe fn at_most(self, most: u8) -> Self;
        unsafe fn and(self, other: Self) -> Self;
        unsafe fn or(self, other: Self) -> Self;
        /// Returns a bit for each lane.
        unsafe fn bits(self) -> u64;
    }

    pub type Sse2 = __m128i;
    pub type Avx2 = __m256i;

    macro_rules! lanes {
        ($lanes:ty, $width:expr, $load:ident, $eq:ident, $set:ident, $min:ident, $and:ident, $or:ident, $bits:ident) => {
            impl Lanes for $lanes {
                const WIDTH: usize = $width;

                #[inline(always)]
                unsafe fn load(first: *const u8) -> Self {
                    // SAFETY: the caller promises so many bytes; this load needs no alignment.
                    unsafe { $load(first.cast()) }
                }

                #[inline(always)]
                unsafe fn is(self, byte: u8) -> Self {
                    // SAFETY: the caller promises the processor for it, as for all below.
                    unsafe { $eq(self, $set(byte as i8)) }
                }

                #[inline(always)]
                unsafe fn at_most(self, most: u8) -> Self {
                    // SAFETY: as above.
                    unsafe { $eq($min(self, $set(most as i8)), self) }
                }

                #[inline(always)]
                unsafe fn and(self, other: Self) -> Self {
                    // SAFETY: as above.
                    unsafe { $and(self, other) }
                }

                #[inline(always)]
                unsafe fn or(self, other: Self) -> Self {
                    // SAFETY: as above.
                    unsafe { $or(self, other) }
                }

                #[inline(always)]
                unsafe fn bits(self) -> u64 {
                    // SAFETY: as above.
                    unsafe { u64::from($bits(self) as u32) }
                }
            }
        };
    }

    lanes!(
        __m128i,
        16,
        _mm_loadu_si128,
        _mm_cmpeq_epi8,
        _mm_set1_epi8,
        _mm_min_epu8,
        _mm_and_si128,
        _mm_or_si128,
        _mm_movemask_epi8
    );
    lanes!(
        __m256i,
        32,
        _mm256_loadu_si256,
        _mm256_cmpeq_epi8,
        _mm256_set1_epi8,
        _mm256_min_epu8,
        _mm256_and_si256,
        _mm256_or_si256,
        _mm256_movemask_epi8
    );

    /// # Safety
    /// The processor must have AVX2.
    #[target_feature(enable = "avx2")]
    pub unsafe fn find_with_avx2<S: Sought>(block: &Block, places: &mut Places) {
        // SAFETY: the caller promises the processor.
        unsafe { find_with::<S, Avx2>(block, places) }
    }

    /// # Safety
    /// The processor must have what `L` needs.
    #[inline(always)]
    pub unsafe fn find_with<S: Sought, L: Lanes>(block: &Block, places: &mut Places) {
        for (number, bits) in places.iter_mut().enumerate() {
            *bits = 0;
            for at in (0..64).step_by(L::WIDTH) {
                // SAFETY: the caller promises the processor, and a block goes on as far as is looked ahead.
                *bits |= unsafe { S::lanes::<L>(block.as_ptr().add(number * 64 + at)).bits() } << at;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::{Records, Usage};

    fn same_places<S: Sought>() {
        let letters = b"\"\"\"\\\\\n\0\tuuutchose xyz";
        let (mut state, mut block) = (7u32, [0; BLOCK + AHEAD]);
        for _ in 0..50 {
            for byte in &mut block {
                state = state.wrapping_mul(1_103_515_245).wrapping_add(12345);
                *byte = letters[(state >> 16) as usize % letters.len()];
            }
            let (mut wanted, mut found) = ([0; BLOCK / 64], [1; BLOCK / 64]);
            find_one_by_one::<S>(&block, &mut wanted);
            find::<S>(&block, &mut found);
            assert_eq!(found, wanted);
            #[cfg(target_arch = "x86_64")]
            {
                // SAFETY: every x86-64 has SSE2.
                unsafe { x86::find_with::<S, x86::Sse2>(&block, &mut found) };
                assert_eq!(found, wanted);
            }
        }
    }

    #[test]
    fn any_number_of_bytes_at_once_finds_what_one_by_one_finds() {
        same_places::<Usage>();
        same_places::<Records>();
    }
}
