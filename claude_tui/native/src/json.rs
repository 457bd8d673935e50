//! A strict reader of JSON: what it accepts, every JSON reader accepts and means the same by it. The rest is odd.

use std::borrow::Cow;

use crate::lanes::ends_text;
use crate::scan::{text_end, WIDTH};

/// Something that Python must decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Odd;

/// A value that can be read on, or is not needed.
pub type Read<T> = Result<T, Odd>;

/// Bytes of a long text that are looked at at once.
const FAR: usize = 2 * WIDTH;
pub const DEEPEST: usize = 96;
const COUNT_DIGITS: usize = 15;

/// A text as it is written, and the bytes of what it means.
#[derive(Debug, Clone, Copy, Default)]
pub struct Written<'a> {
    pub raw: &'a str,
    pub size: usize,
}

impl<'a> Written<'a> {
    /// Returns what it means.
    pub fn text(self) -> Read<Cow<'a, str>> {
        if self.raw.len() == self.size {
            Ok(Cow::Borrowed(self.raw))
        } else {
            unescaped(self.raw).map(Cow::Owned)
        }
    }
}

/// A place in one line that is valid UTF-8.
pub struct Cursor<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    /// Begins a line. Odd where that is no text.
    pub fn new(line: &'a [u8]) -> Read<Self> {
        std::str::from_utf8(line).map(Self::of).map_err(|_| Odd)
    }

    /// Begins a line that is known to be a text.
    pub fn of(text: &'a str) -> Self {
        Self { text, bytes: text.as_bytes(), at: 0 }
    }

    /// Whether nothing but blanks is left.
    pub fn is_at_end(&mut self) -> bool {
        self.peek().is_none()
    }

    /// Returns the next byte that is no blank.
    #[inline]
    pub fn peek(&mut self) -> Option<u8> {
        match self.bytes.get(self.at) {
            Some(&byte) if byte > b' ' => Some(byte),
            _ => self.peek_over_blanks(),
        }
    }

    #[cold]
    fn peek_over_blanks(&mut self) -> Option<u8> {
        while let Some(&byte) = self.bytes.get(self.at) {
            if !matches!(byte, b' ' | b'\t' | b'\r') {
                return Some(byte);
            }
            self.at += 1;
        }
        None
    }

    #[inline]
    fn take(&mut self, want: u8) -> Read<()> {
        if self.peek() == Some(want) {
            self.at += 1;
            return Ok(());
        }
        Err(Odd)
    }

    fn word(&mut self, word: &[u8]) -> Read<()> {
        if self.bytes[self.at..].starts_with(word) {
            self.at += word.len();
            return Ok(());
        }
        Err(Odd)
    }

    /// Calls `member` with each name of an object, and with this at the value; it says whether it read that.
    ///
    /// Odd where a name has an escape: it might be another name.
    pub fn object(&mut self, mut member: impl FnMut(&mut Self, &'a str) -> Read<bool>, depth: usize) -> Read<()> {
        self.take(b'{')?;
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        loop {
            let (name, has_escape) = self.raw_text()?;
            if has_escape {
                return Err(Odd);
            }
            self.take(b':')?;
            if !member(self, name)? {
                self.skip(depth + 1)?;
            }
            if self.is_last(b'}')? {
                return Ok(());
            }
        }
    }

    /// Calls `element` with this at each element of a list, which it must read.
    pub fn list(&mut self, mut element: impl FnMut(&mut Self) -> Read<()>) -> Read<()> {
        self.take(b'[')?;
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(());
        }
        loop {
            element(self)?;
            if self.is_last(b']')? {
                return Ok(());
            }
        }
    }

    #[inline]
    fn is_last(&mut self, end: u8) -> Read<bool> {
        let found = self.peek();
        self.at += 1;
        match found {
            Some(b',') => Ok(false),
            Some(byte) if byte == end => Ok(true),
            _ => Err(Odd),
        }
    }

    /// Returns what `read` reads, as it is written.
    pub fn raw(&mut self, read: impl FnOnce(&mut Self) -> Read<()>) -> Read<&'a str> {
        self.peek();
        let start = self.at;
        read(self)?;
        Ok(&self.text[start..self.at])
    }

    /// Reads over one value.
    pub fn skip(&mut self, depth: usize) -> Read<()> {
        if depth > DEEPEST {
            return Err(Odd);
        }
        match self.peek().ok_or(Odd)? {
            b'"' => self.over_text().map(drop),
            b'{' => {
                self.at += 1;
                if self.peek() == Some(b'}') {
                    self.at += 1;
                    return Ok(());
                }
                loop {
                    self.over_text()?;
                    self.take(b':')?;
                    self.skip(depth + 1)?;
                    if self.is_last(b'}')? {
                        return Ok(());
                    }
                }
            }
            b'[' => self.list(|this| this.skip(depth + 1)),
            b't' => self.word(b"true"),
            b'f' => self.word(b"false"),
            b'n' => self.word(b"null"),
            _ => self.number(),
        }
    }

    fn number(&mut self) -> Read<()> {
        if self.bytes.get(self.at) == Some(&b'-') {
            self.at += 1;
        }
        let whole = self.digits()?;
        if whole > 1 && self.bytes[self.at - whole] == b'0' {
            return Err(Odd);
        }
        if whole > 300 {
            return Err(Odd);
        }
        if self.bytes.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.bytes.get(self.at), Some(b'e' | b'E')) {
            return Err(Odd); // some readers take what is too large for a number, others do not
        }
        Ok(())
    }

    fn digits(&mut self) -> Read<usize> {
        let start = self.at;
        while self.bytes.get(self.at).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
        }
        if self.at == start {
            return Err(Odd);
        }
        Ok(self.at - start)
    }

    /// Reads a token count: plain digits that are one in every language.
    pub fn count(&mut self) -> Read<i64> {
        self.peek();
        let start = self.at;
        let digits = self.digits()?;
        if digits > COUNT_DIGITS || (digits > 1 && self.bytes[start] == b'0') {
            return Err(Odd);
        }
        if matches!(self.bytes.get(self.at), Some(b'.' | b'e' | b'E')) {
            return Err(Odd);
        }
        self.text[start..self.at].parse().map_err(|_| Odd)
    }

    /// Reads a null, if it is one.
    pub fn is_null(&mut self) -> Read<bool> {
        if self.peek() != Some(b'n') {
            return Ok(false);
        }
        self.word(b"null")?;
        Ok(true)
    }

    /// Reads a truth value, None where it is another value, which is left.
    pub fn truth(&mut self) -> Read<Option<bool>> {
        match self.peek() {
            Some(b't') => self.word(b"true").map(|()| Some(true)),
            Some(b'f') => self.word(b"false").map(|()| Some(false)),
            _ => Ok(None),
        }
    }

    /// Reads a text, None where it is another value, which is left.
    pub fn text(&mut self) -> Read<Option<Cow<'a, str>>> {
        if self.peek() != Some(b'"') {
            return Ok(None);
        }
        let (raw, has_escape) = self.raw_text()?;
        if has_escape {
            unescaped(raw).map(|text| Some(Cow::Owned(text)))
        } else {
            Ok(Some(Cow::Borrowed(raw)))
        }
    }

    /// Reads a text as it is written, and whether it has escapes, all of which are sound.
    #[inline(always)]
    fn raw_text(&mut self) -> Read<(&'a str, bool)> {
        let (start, saved) = self.over_text()?;
        Ok((&self.text[start..self.at - 1], saved != 0))
    }

    /// Reads a text, and leaves its escapes as they are; None where it is another value, which is left.
    #[inline]
    pub fn written(&mut self) -> Read<Option<Written<'a>>> {
        if self.peek() != Some(b'"') {
            return Ok(None);
        }
        let (start, saved) = self.over_text()?;
        let raw = &self.text[start..self.at - 1];
        Ok(Some(Written { raw, size: raw.len() - saved }))
    }

    /// Reads over a text. Returns where it begins, and by how many bytes its escapes are longer than what they mean.
    #[inline(always)]
    fn over_text(&mut self) -> Read<(usize, usize)> {
        self.take(b'"')?;
        let start = self.at;
        // Most texts are short names and words.
        if let Some(bytes) = self.ahead() {
            let end = start + (ends_text(bytes) | 1 << WIDTH).trailing_zeros() as usize;
            if self.bytes.get(end) == Some(&b'"') {
                self.at = end + 1;
                return Ok((start, 0));
            }
        }
        self.over_long_text().map(|saved| (start, saved))
    }

    #[inline]
    fn ahead(&self) -> Option<&'a [u8; WIDTH]> {
        self.bytes.get(self.at..self.at + WIDTH)?.try_into().ok()
    }

    #[inline]
    fn far_ahead(&self) -> Option<(&'a [u8; WIDTH], &'a [u8; WIDTH])> {
        let (one, other) = self.bytes.get(self.at..self.at + FAR)?.split_at(WIDTH);
        Some((one.try_into().ok()?, other.try_into().ok()?))
    }

    /// Reads on to the end of a text. Returns by how many bytes its escapes are longer than what they mean.
    fn over_long_text(&mut self) -> Read<usize> {
        let mut saved = 0;
        while let Some((one, other)) = self.far_ahead() {
            let first = self.at;
            let mut ends = ends_text(one) | ends_text(other) << WIDTH;
            self.at += FAR;
            while ends != 0 {
                let end = first + ends.trailing_zeros() as usize;
                match self.bytes[end] {
                    b'"' => {
                        self.at = end + 1;
                        return Ok(saved);
                    }
                    b'\\' => {
                        self.at = end;
                        saved += self.escape()?;
                        // Texts may have many escapes: what has been looked at is not looked at again.
                        let done = self.at - first;
                        if done >= FAR {
                            break;
                        }
                        ends &= !0 << done;
                        self.at = first + FAR;
                    }
                    _ => return Err(Odd),
                }
            }
        }
        loop {
            self.at = text_end(self.bytes, self.at);
            match self.bytes.get(self.at) {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(saved);
                }
                Some(b'\\') => {
                    saved += self.escape()?;
                }
                _ => return Err(Odd),
            }
        }
    }

    /// Reads over an escape. Returns by how many bytes it is longer than what it means.
    #[inline]
    fn escape(&mut self) -> Read<usize> {
        match self.bytes.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.at += 2;
                Ok(1)
            }
            Some(b'u') => {
                let unit = self.unit(self.at)?;
                self.at += 6;
                match unit {
                    0xd800..=0xdbff => {
                        if !(0xdc00..0xe000).contains(&self.unit(self.at)?) {
                            return Err(Odd);
                        }
                        self.at += 6;
                        Ok(8)
                    }
                    0 | 0xdc00..=0xdfff => Err(Odd),
                    0x1..=0x7f => Ok(5),
                    0x80..=0x7ff => Ok(4),
                    _ => Ok(3),
                }
            }
            _ => Err(Odd),
        }
    }

    fn unit(&self, at: usize) -> Read<u32> {
        let digits = self.bytes.get(at..at + 6).ok_or(Odd)?;
        if &digits[..2] != b"\\u" {
            return Err(Odd);
        }
        digits[2..].iter().try_fold(0, |unit, &digit| Ok(unit * 16 + char::from(digit).to_digit(16).ok_or(Odd)?))
    }
}

/// Returns what a text means whose escapes are sound.
fn unescaped(raw: &str) -> Read<String> {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('\\') {
        text.push_str(&rest[..at]);
        let escape = *rest.as_bytes().get(at + 1).ok_or(Odd)?;
        rest = &rest[at + 2..];
        text.push(match escape {
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let mut unit = u32::from_str_radix(rest.get(..4).ok_or(Odd)?, 16).map_err(|_| Odd)?;
                rest = &rest[4..];
                if (0xd800..0xdc00).contains(&unit) {
                    let low = u32::from_str_radix(rest.get(2..6).ok_or(Odd)?, 16).map_err(|_| Odd)?;
                    rest = &rest[6..];
                    unit = 0x1_0000 + ((unit - 0xd800) << 10) + low.checked_sub(0xdc00).ok_or(Odd)?;
                }
                char::from_u32(unit).ok_or(Odd)?
            }
            other => char::from(other),
        });
    }
    text.push_str(rest);
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_read(text: &[u8]) -> bool {
        Cursor::new(text).is_ok_and(|mut cursor| cursor.skip(0).is_ok() && cursor.is_at_end())
    }

    #[test]
    fn what_is_accepted_is_json() {
        for good in
            ["{}", " [1, -0.5,\t\"a\\n\\u00fc\\ud83d\\ude00\"] ", "{\"a\":{\"b\":[true,false,null]}}", "0", "\"\"\r"]
        {
            assert!(is_read(good.as_bytes()), "{good}");
        }
        for odd in [
            "",
            "{",
            "{]",
            "[1,]",
            "{\"a\":1,}",
            "{\"a\"1}",
            "{a:1}",
            "01",
            "-",
            "1.",
            ".5",
            "1e5",
            "+1",
            "NaN",
            "nul",
            "\"a",
            "\"\\x\"",
            "\"\\ud83d\"",
            "\"\\ude00\"",
            "\"\\u0000\"",
            "\"\\u12\"",
            "\"\t\"",
            "1 2",
            "\u{feff}{}",
        ] {
            assert!(!is_read(odd.as_bytes()), "{odd}");
        }
        assert!(!is_read(b"\"\xff\""));
        assert!(!is_read(&[vec![b'['; 200], vec![b']'; 200]].concat()));
    }

    #[test]
    fn escapes_mean_what_they_say() {
        let mut cursor = Cursor::new(br#""C:\\p\/\"\u00fc\ud83d\ude00\b""#).unwrap();
        assert_eq!(cursor.text().unwrap().unwrap(), "C:\\p/\"\u{fc}\u{1f600}\u{8}");
    }

    #[test]
    fn a_text_is_as_long_as_what_it_means() {
        let lone = r"\u0041\u007f\u0080\u07ff\u0800\uffff";
        for raw in ["", "abc", r#"C:\\p\/\"\u00fc\ud83d\ude00\b"#, lone, "\u{fc}\\n"] {
            for before in 0..40 {
                let line = format!("\"{}{raw}{}\"", "x".repeat(before), "y".repeat(70 - before));
                let written = Cursor::new(line.as_bytes()).unwrap().written().unwrap().unwrap();
                assert_eq!(written.size, written.text().unwrap().len(), "{line}");
            }
        }
    }
}
