//! How long values are: the bytes of their texts, and of all of one without blanks. As
//! `claude_tui.sources.claude.causes.sizes` measures them.

use crate::json::{Cursor, Odd, Read, DEEPEST};
use crate::line::Text;

pub const BYTES_PER_TOKEN: i64 = 4;
/// An image counts as so many tokens, however large it is.
pub const IMAGE_BYTES: i64 = 1600 * BYTES_PER_TOKEN;
/// Names of one object that are compared with one another.
const MOST_NAMES: usize = 64;
/// Digits that are a whole number to everyone.
const MOST_DIGITS: usize = 18;

/// The names of one object. Odd where one comes again, or there are very many.
#[derive(Default)]
struct Names<'a>(Vec<&'a str>);

impl<'a> Names<'a> {
    fn see(&mut self, name: &'a str) -> Read<()> {
        if self.0.contains(&name) || self.0.len() >= MOST_NAMES {
            return Err(Odd);
        }
        self.0.push(name);
        Ok(())
    }
}

/// Returns the bytes of all texts in the value at a cursor; an image counts as such.
pub fn text_sizes(cursor: &mut Cursor<'_>, depth: usize) -> Read<i64> {
    if depth > DEEPEST {
        return Err(Odd);
    }
    if let Some(text) = cursor.written()? {
        return Ok(text.size as i64);
    }
    let mut size = 0;
    match cursor.peek() {
        Some(b'[') => cursor.list(|cursor| {
            size += text_sizes(cursor, depth + 1)?;
            Ok(())
        })?,
        Some(b'{') => {
            let (mut names, mut kind) = (Names::default(), Text::Absent);
            cursor.object(
                |cursor, name| {
                    names.see(name)?;
                    if name == "type" {
                        return kind.read(cursor);
                    }
                    size += text_sizes(cursor, depth + 1)?;
                    Ok(true)
                },
                depth,
            )?;
            if kind.or_nothing() == "image" {
                size = IMAGE_BYTES;
            }
        }
        _ => cursor.skip(depth)?,
    }
    Ok(size)
}

/// Returns the bytes of some JSON without blanks, as the model writes and reads it; null is nothing.
pub fn json_size(raw: Option<&str>) -> Read<i64> {
    let Some(raw) = raw else { return Ok(0) };
    if raw == "null" {
        return Ok(0);
    }
    written_size(&mut Cursor::of(raw), 0)
}

fn written_size(cursor: &mut Cursor<'_>, depth: usize) -> Read<i64> {
    if depth > DEEPEST {
        return Err(Odd);
    }
    if let Some(text) = cursor.written()? {
        return Ok(quoted_size(text.raw));
    }
    match cursor.peek() {
        Some(b'[') => {
            let (mut size, mut number) = (2, 0);
            cursor.list(|cursor| {
                size += written_size(cursor, depth + 1)?;
                number += 1;
                Ok(())
            })?;
            Ok(size + i64::max(0, number - 1))
        }
        Some(b'{') => {
            let (mut size, mut names) = (2, Names::default());
            cursor.object(
                |cursor, name| {
                    names.see(name)?;
                    size += quoted_size(name) + 1 + written_size(cursor, depth + 1)?;
                    Ok(true)
                },
                depth,
            )?;
            Ok(size + i64::max(0, names.0.len() as i64 - 1))
        }
        _ => {
            let raw = cursor.raw(|cursor| cursor.skip(depth))?;
            let digits = raw.strip_prefix('-').unwrap_or(raw);
            let is_whole = digits.bytes().all(|byte| byte.is_ascii_digit()) && digits.len() <= MOST_DIGITS;
            if matches!(raw, "true" | "false" | "null") || (is_whole && raw != "-0") {
                Ok(raw.len() as i64)
            } else {
                Err(Odd) // a fraction may be written in several ways
            }
        }
    }
}

/// Returns the bytes of a text in quotes, given with its escapes as a log has them, with those that it must have.
fn quoted_size(raw: &str) -> i64 {
    let (mut size, mut rest) = (2 + raw.len() as i64, raw);
    while let Some(at) = rest.find('\\') {
        let escape = &rest[at..];
        let read = match escape.as_bytes()[1] {
            b'/' => {
                size -= 1;
                2
            }
            b'u' => {
                let unit = u32::from_str_radix(&escape[2..6], 16).unwrap_or(0);
                let is_pair = (0xd800..0xdc00).contains(&unit);
                size -= match unit {
                    0x8 | 0x9 | 0xa | 0xc | 0xd | 0x22 | 0x5c => 4,
                    0..=0x1f => 0,
                    0x20..=0x7f => 5,
                    0x80..=0x7ff => 4,
                    _ if is_pair => 8,
                    _ => 3,
                };
                if is_pair {
                    12
                } else {
                    6
                }
            }
            _ => 2,
        };
        rest = &escape[read..];
    }
    size
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_size(json: &str) -> Read<i64> {
        text_sizes(&mut Cursor::of(json), 0)
    }

    #[test]
    fn texts_are_measured_wherever_they_stand() {
        for (json, size) in [
            (r#""a\nb""#, Ok(3)),
            ("null", Ok(0)),
            ("[]", Ok(0)),
            (r#"[{"type":"text","text":"abc"},"d",7,true]"#, Ok(4)),
            (r#"[{"source":{"data":"long"},"type":"image"},"d"]"#, Ok(IMAGE_BYTES + 1)),
            (r#"{"type":["image"],"a":"bc"}"#, Ok(2)),
            (r#"{"a":"bc","a":"d"}"#, Err(Odd)),
            (r#"{"\u0061":"bc"}"#, Err(Odd)),
        ] {
            assert_eq!(text_size(json), size, "{json}");
        }
    }

    #[test]
    fn values_are_as_long_as_they_are_written_without_blanks() {
        for (json, size) in [
            ("null", Ok(0)),
            (r#"{ "a" : [ 1 , -2, "b" ] ,"c": null }"#, Ok(25)),
            ("{}", Ok(2)),
            ("[]", Ok(2)),
            (r#""\/\u0041\u00fc\n\u001b\u0022\ud83d\ude00""#, Ok(2 + 1 + 1 + 2 + 2 + 6 + 2 + 4)),
            ("0.50", Err(Odd)),
            ("-0", Err(Odd)),
            ("1234567890123456789", Err(Odd)),
            (r#"{"a":1,"a":2}"#, Err(Odd)),
        ] {
            assert_eq!(json_size(Some(json)), size, "{json}");
        }
    }
}
