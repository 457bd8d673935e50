//! How long JSON texts are once their escapes are undone, which needs no copy of them.

use crate::scan::text_end;

/// Returns the bytes of UTF-8 that a JSON text stands for; nothing for any other value, for a text that is not sound,
/// and for one with escapes of code points.
pub fn text_size(value: &[u8]) -> Option<usize> {
    let text = value.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    std::str::from_utf8(text).ok()?;
    let (mut at, mut escapes) = (0, 0);
    loop {
        at = text_end(text, at);
        match text.get(at) {
            None => return Some(text.len() - escapes),
            Some(b'\\') => match text.get(at + 1)? {
                b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => {
                    escapes += 1;
                    at += 2;
                }
                _ => return None,
            },
            Some(_) => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_as_long_as_what_it_means() {
        for (value, size) in [
            (&b"\"\""[..], Some(0)),
            (b"\"abc\"", Some(3)),
            (br#""a\\\n\"\/b""#, Some(6)),
            ("\"\u{fc}\u{1f642}\"".as_bytes(), Some(6)),
            (b"", None),
            (b"\"", None),
            (b"\"a", None),
            (b"a\"", None),
            (br#""\""#, None),
            (br#""\x""#, None),
            (br#""\u0041""#, None),
            (b"\"a\tb\"", None),
            (b"\"a\"b\"", None),
            (b"\"\xff\"", None),
            (b"[\"a\"]", None),
            (b"null", None),
        ] {
            assert_eq!(text_size(value), size, "{value:?}");
        }
    }
}
