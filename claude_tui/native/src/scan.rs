//! Finds the few bytes of a file that matter, 16 at a time where the processor can.

/// What is looked for in a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Found {
    /// The end of a line.
    Newline(usize),
    /// A mark without which a line counts nothing.
    Mark,
    /// A byte that no line has.
    Nul,
}

/// Marks of lines that may count.
pub trait Marks {
    /// Whether a mark stands at the beginning of some bytes, of which the first is a quote or a backslash.
    fn is_mark(rest: &[u8]) -> bool;

    /// Returns a bit for each of 16 bytes that may begin what is looked for.
    #[cfg(target_arch = "x86_64")]
    fn candidates(data: &[u8]) -> u32;
}

/// Those of transcripts of Claude Code: `"usage"`, or an escaped letter that may hide it.
pub struct Usage;

impl Marks for Usage {
    #[inline]
    fn is_mark(rest: &[u8]) -> bool {
        [&b"\"usage\""[..], b"\\u006", b"\\u007"].iter().any(|mark| rest.starts_with(mark))
    }

    #[cfg(target_arch = "x86_64")]
    #[inline]
    fn candidates(data: &[u8]) -> u32 {
        sse2::usage(data)
    }
}

/// Those of Codex's rollouts: the names of records that count, or an escape that may hide one.
pub struct Records;

const RECORDS: [&[u8]; 9] = [
    b"\"token_",
    b"\"turn_context\"",
    b"\"compacted\"",
    b"\"thread_settings_applied\"",
    b"\"session_meta\"",
    b"\\u006",
    b"\\u007",
    b"\\u005f",
    b"\\u005F",
];

impl Marks for Records {
    #[inline]
    fn is_mark(rest: &[u8]) -> bool {
        RECORDS.iter().any(|mark| rest.starts_with(mark))
    }

    #[cfg(target_arch = "x86_64")]
    #[inline]
    fn candidates(data: &[u8]) -> u32 {
        sse2::records(data)
    }
}

const WIDTH: usize = 16;
/// So many bytes after a place are looked at along with it.
const AHEAD: usize = 6;

/// Calls `take` with everything found, in order, until that fails.
pub fn scan<M: Marks, E>(data: &[u8], mut take: impl FnMut(Found) -> Result<(), E>) -> Result<(), E> {
    let mut at = 0;
    #[cfg(target_arch = "x86_64")]
    while at + WIDTH + AHEAD <= data.len() {
        let mut mask = M::candidates(&data[at..at + WIDTH + AHEAD]);
        while mask != 0 {
            let place = at + mask.trailing_zeros() as usize;
            mask &= mask - 1;
            look::<M, E>(data, place, &mut take)?;
        }
        at += WIDTH;
    }
    while at < data.len() {
        look::<M, E>(data, at, &mut take)?;
        at += 1;
    }
    Ok(())
}

#[inline]
fn look<M: Marks, E>(data: &[u8], at: usize, take: &mut impl FnMut(Found) -> Result<(), E>) -> Result<(), E> {
    match data[at] {
        b'\n' => take(Found::Newline(at)),
        0 => take(Found::Nul),
        b'"' | b'\\' if M::is_mark(&data[at..]) => take(Found::Mark),
        _ => Ok(()),
    }
}

/// Returns the first place from `at` on of a quote, a backslash or a control character; the length where there is none.
#[inline]
pub fn text_end(data: &[u8], mut at: usize) -> usize {
    #[cfg(target_arch = "x86_64")]
    while at + WIDTH <= data.len() {
        let mask = sse2::ends_text(&data[at..at + WIDTH]);
        if mask != 0 {
            return at + mask.trailing_zeros() as usize;
        }
        at += WIDTH;
    }
    while at < data.len() && !matches!(data[at], b'"' | b'\\' | 0..=0x1f) {
        at += 1;
    }
    at
}

#[cfg(target_arch = "x86_64")]
mod sse2 {
    use super::{AHEAD, WIDTH};
    use std::arch::x86_64::{
        __m128i, _mm_and_si128, _mm_cmpeq_epi8, _mm_loadu_si128, _mm_min_epu8, _mm_movemask_epi8, _mm_or_si128,
        _mm_set1_epi8,
    };

    /// Returns a bit for each of 16 bytes that may begin what is looked for in a transcript.
    #[inline]
    pub fn usage(data: &[u8]) -> u32 {
        assert!(data.len() >= WIDTH + AHEAD);
        let first = data.as_ptr();
        // SAFETY: every x86-64 has SSE2; the loads need no alignment and end at most at the length checked above.
        unsafe {
            let here = _mm_loadu_si128(first.cast::<__m128i>());
            let next = _mm_loadu_si128(first.add(1).cast::<__m128i>());
            let sixth = _mm_loadu_si128(first.add(AHEAD).cast::<__m128i>());
            let is = |bytes, byte: u8| _mm_cmpeq_epi8(bytes, _mm_set1_epi8(byte as i8));
            let ends = _mm_or_si128(is(here, b'\n'), is(here, 0));
            let quoted = _mm_and_si128(is(here, b'"'), is(sixth, b'"'));
            let marks = _mm_and_si128(is(next, b'u'), _mm_or_si128(quoted, is(here, b'\\')));
            _mm_movemask_epi8(_mm_or_si128(ends, marks)) as u32
        }
    }

    /// Returns a bit for each of 16 bytes that may begin what is looked for in a rollout.
    #[inline]
    pub fn records(data: &[u8]) -> u32 {
        assert!(data.len() >= WIDTH + AHEAD);
        let first = data.as_ptr();
        // SAFETY: every x86-64 has SSE2; the loads need no alignment and end at most at the length checked above.
        unsafe {
            let here = _mm_loadu_si128(first.cast::<__m128i>());
            let next = _mm_loadu_si128(first.add(1).cast::<__m128i>());
            let third = _mm_loadu_si128(first.add(2).cast::<__m128i>());
            let is = |bytes, byte: u8| _mm_cmpeq_epi8(bytes, _mm_set1_epi8(byte as i8));
            let or = |one, other| _mm_or_si128(one, other);
            let ends = or(is(here, b'\n'), is(here, 0));
            // `"to`, `"tu`, `"th`, `"co`, `"se`, and a few that are none.
            let vowels = or(or(is(third, b'o'), is(third, b'u')), is(third, b'h'));
            let names = or(
                _mm_and_si128(or(is(next, b't'), is(next, b'c')), vowels),
                _mm_and_si128(is(next, b's'), is(third, b'e')),
            );
            let marks = or(_mm_and_si128(is(here, b'"'), names), _mm_and_si128(is(here, b'\\'), is(next, b'u')));
            _mm_movemask_epi8(or(ends, marks)) as u32
        }
    }

    /// Returns a bit for each of 16 bytes that is a quote, a backslash or a control character.
    #[inline]
    pub fn ends_text(data: &[u8]) -> u32 {
        assert!(data.len() >= WIDTH);
        // SAFETY: every x86-64 has SSE2; the load needs no alignment and ends within the length checked above.
        unsafe {
            let here = _mm_loadu_si128(data.as_ptr().cast::<__m128i>());
            let is = |byte: u8| _mm_cmpeq_epi8(here, _mm_set1_epi8(byte as i8));
            let control = _mm_cmpeq_epi8(_mm_min_epu8(here, _mm_set1_epi8(0x1f)), here);
            _mm_movemask_epi8(_mm_or_si128(control, _mm_or_si128(is(b'"'), is(b'\\')))) as u32
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all<M: Marks>(data: &[u8]) -> Vec<Found> {
        let mut found = Vec::new();
        scan::<M, ()>(data, |one| -> Result<(), ()> {
            found.push(one);
            Ok(())
        })
        .unwrap();
        found
    }

    #[test]
    fn everything_is_found_wherever_it_stands() {
        for before in 0..40 {
            for after in 0..40 {
                for (what, want) in [
                    (&b"\"usage\""[..], vec![Found::Mark]),
                    (b"\\u0075", vec![Found::Mark]),
                    (b"\\u006", vec![Found::Mark]),
                    (b"\0", vec![Found::Nul]),
                    (b"\n", vec![Found::Newline(before)]),
                    (b"\"usage", vec![]),
                    (b"\\u0055", vec![]),
                ] {
                    let data = [&vec![b'u'; before][..], what, &vec![b'"'; after][..]].concat();
                    let want = if what == b"\"usage" && after > 0 { vec![Found::Mark] } else { want };
                    assert_eq!(all::<Usage>(&data), want, "{before} {after} {what:?}");
                }
            }
        }
    }

    #[test]
    fn every_mark_of_a_rollout_is_found_wherever_it_stands() {
        for before in 0..40 {
            for what in RECORDS {
                let data = [&vec![b't'; before][..], what, &[b'x'; 20]].concat();
                assert_eq!(all::<Records>(&data), [Found::Mark], "{before} {what:?}");
                let torn = [&vec![b't'; before][..], &what[..what.len() - 1], &[b'x'; 20]].concat();
                assert_eq!(all::<Records>(&torn), [], "{before} {what:?}");
            }
        }
    }

    #[test]
    fn a_text_ends_at_the_first_byte_that_ends_it() {
        for before in 0..40 {
            for byte in 0..=255u8 {
                let data = [&vec![b'a'; before][..], &[byte], &[b'b'; 20]].concat();
                let ends = byte < 0x20 || byte == b'"' || byte == b'\\';
                assert_eq!(text_end(&data, 0), if ends { before } else { data.len() });
            }
        }
    }
}
