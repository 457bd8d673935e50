//! Finds the few bytes of a file that matter.

#[cfg(target_arch = "x86_64")]
use crate::lanes::x86::Lanes;
use crate::lanes::{ends_text, find, Sought, AHEAD, BLOCK};

/// Bytes of a text that are looked at at once.
pub const WIDTH: usize = 16;

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
pub trait Marks: Sought {
    /// Whether a mark stands at the beginning of some bytes, of which the first is a quote or a backslash.
    fn is_mark(rest: &[u8]) -> bool;
}

/// Those of transcripts of Claude Code: `"usage"`, or an escaped letter that may hide it.
pub struct Usage;

impl Marks for Usage {
    #[inline]
    fn is_mark(rest: &[u8]) -> bool {
        [&b"\"usage\""[..], b"\\u006", b"\\u007"].iter().any(|mark| rest.starts_with(mark))
    }
}

impl Sought for Usage {
    #[cfg(any(test, not(target_arch = "x86_64")))]
    fn may_begin(bytes: &[u8]) -> bool {
        match bytes[0] {
            b'"' => bytes[1] == b'u' && bytes[AHEAD] == b'"',
            b'\\' => bytes[1] == b'u',
            byte => byte <= b'\n',
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    unsafe fn lanes<L: Lanes>(first: *const u8) -> L {
        // SAFETY: the caller promises the processor and the bytes.
        unsafe {
            let (here, next, sixth) = (L::load(first), L::load(first.add(1)), L::load(first.add(AHEAD)));
            let quoted = here.is(b'"').and(sixth.is(b'"'));
            here.at_most(b'\n').or(next.is(b'u').and(quoted.or(here.is(b'\\'))))
        }
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
}

impl Sought for Records {
    #[cfg(any(test, not(target_arch = "x86_64")))]
    fn may_begin(bytes: &[u8]) -> bool {
        match bytes[0] {
            b'"' => match bytes[1] {
                b't' | b'c' => matches!(bytes[2], b'o' | b'u' | b'h'),
                byte => byte == b's' && bytes[2] == b'e',
            },
            b'\\' => bytes[1] == b'u',
            byte => byte <= b'\n',
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    unsafe fn lanes<L: Lanes>(first: *const u8) -> L {
        // SAFETY: the caller promises the processor and the bytes.
        unsafe {
            let (here, next, third) = (L::load(first), L::load(first.add(1)), L::load(first.add(2)));
            // `"to`, `"tu`, `"th`, `"co`, `"se`, and a few that are none.
            let letters = third.is(b'o').or(third.is(b'u')).or(third.is(b'h'));
            let names = next.is(b't').or(next.is(b'c')).and(letters).or(next.is(b's').and(third.is(b'e')));
            let marks = here.is(b'"').and(names).or(here.is(b'\\').and(next.is(b'u')));
            here.at_most(b'\n').or(marks)
        }
    }
}

/// Calls `take` with everything found, in order, until that fails.
pub fn scan<M: Marks, E>(data: &[u8], mut take: impl FnMut(Found) -> Result<(), E>) -> Result<(), E> {
    let mut places = [0; BLOCK / 64];
    let mut last = [b' '; BLOCK + AHEAD];
    for at in (0..data.len()).step_by(BLOCK) {
        let rest = &data[at..];
        let block = match rest.get(..BLOCK + AHEAD).and_then(|block| block.try_into().ok()) {
            Some(block) => block,
            None => {
                // What comes behind the end begins nothing.
                last.fill(b' ');
                last[..rest.len()].copy_from_slice(rest);
                &last
            }
        };
        find::<M>(block, &mut places);
        for (number, mut bits) in places.into_iter().enumerate() {
            while bits != 0 {
                let place = at + number * 64 + bits.trailing_zeros() as usize;
                bits &= bits - 1;
                look::<M, E>(data, place, &mut take)?;
            }
        }
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
    while let Some(Ok(bytes)) = data.get(at..at + WIDTH).map(<&[u8; WIDTH]>::try_from) {
        let mask = ends_text(bytes);
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
