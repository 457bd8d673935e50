//! Instants as nearly every line has them: `YYYY-MM-DDTHH:MM:SS.mmmZ`. Any other text is left to Python.

use crate::json::Odd;

const DAY_MS: i64 = 86_400_000;

/// Returns the milliseconds since the epoch, 0 for no text.
pub fn instant_ms(text: &str) -> Result<i64, Odd> {
    let bytes = text.as_bytes();
    if bytes.is_empty() {
        return Ok(0);
    }
    if bytes.len() != 24 {
        return Err(Odd);
    }
    for (at, want) in [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':'), (19, b'.'), (23, b'Z')] {
        if bytes[at] != want {
            return Err(Odd);
        }
    }
    let number = |from: usize, to: usize| -> Result<i64, Odd> {
        bytes[from..to].iter().try_fold(0, |sum, &byte| {
            if byte.is_ascii_digit() {
                Ok(sum * 10 + i64::from(byte - b'0'))
            } else {
                Err(Odd)
            }
        })
    };
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second, ms) = (number(11, 13)?, number(14, 16)?, number(17, 19)?, number(20, 23)?);
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        1..=12 => 31,
        _ => return Err(Odd),
    };
    if year < 2001 || !(1..=length).contains(&day) || hour > 23 || minute > 59 || second > 59 {
        return Err(Odd);
    }
    // Days since the epoch of a year that begins in March, so that a leap day is its last.
    let (years, months) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = years * 365 + years / 4 - years / 100 + years / 400 + (months * 153 + 2) / 5 + day - 719_469;
    Ok(days * DAY_MS + ((hour * 60 + minute) * 60 + second) * 1000 + ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_read_or_left_alone() {
        assert_eq!(instant_ms("2026-05-28T20:26:40.123Z"), Ok(1_780_000_000_123));
        assert_eq!(instant_ms("2024-02-29T00:00:00.000Z"), Ok(1_709_164_800_000));
        assert_eq!(instant_ms("2001-01-01T00:00:00.000Z"), Ok(978_307_200_000));
        assert_eq!(instant_ms(""), Ok(0));
        for odd in [
            "2023-02-29T00:00:00.000Z",
            "2026-13-01T00:00:00.000Z",
            "2026-05-28T24:00:00.000Z",
            "2026-05-28T20:26:40.123z",
            "2026-05-28T20:26:40Z",
            "1780000000000",
            "1999-12-31T00:00:00.000Z",
        ] {
            assert_eq!(instant_ms(odd), Err(Odd), "{odd}");
        }
    }
}
