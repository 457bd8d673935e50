//! Sums of the responses of one file, as far as their prices may be added up. Must not know prices.

use crate::hashing::Table;
use crate::json::{Odd, Read};
use crate::request::Request;
use crate::settle::{Entry, ASSUMED, LOWER_BOUND};

/// Responses of one day, owner and model.
pub struct Sum {
    pub day: i64,
    pub owner: u32,
    pub model: u32,
    pub is_assumed: bool,
    pub counters: [i64; 6],
    pub responses: i64,
    pub lower_bounds: i64,
    pub first_ms: i64,
    pub last_ms: i64,
    pub longest: i64,
}

/// Sums responses, but for those that are left out. Odd where one is of no day, or a sum has too many digits.
pub fn sums(entries: &[Entry], request: &Request<'_>, is_left_out: impl Fn(&Entry) -> bool) -> Read<Vec<Sum>> {
    let mut sums: Vec<Sum> = Vec::new();
    let mut numbers: Table<(i64, u32, u32, bool), usize> = Table::default();
    let mut last = None;
    for entry in entries {
        let after = request.days.partition_point(|&start| start <= entry.time_ms);
        if after == 0 || after >= request.days.len() {
            return Err(Odd);
        }
        if is_left_out(entry) {
            continue;
        }
        let (day, is_assumed) = (request.first_day + after as i64 - 1, entry.terms == ASSUMED);
        let key = (day, entry.owner, entry.model, is_assumed);
        let at = match last {
            Some((known, at)) if known == key => at, // most responses go where the one before went
            _ => *numbers.entry(key).or_insert_with(|| {
                sums.push(Sum {
                    day,
                    owner: entry.owner,
                    model: entry.model,
                    is_assumed,
                    counters: [0; 6],
                    responses: 0,
                    lower_bounds: 0,
                    first_ms: entry.time_ms,
                    last_ms: entry.time_ms,
                    longest: 0,
                });
                sums.len() - 1
            }),
        };
        last = Some((key, at));
        let sum = &mut sums[at];
        let more = [entry.input, entry.output, entry.write_5m, entry.write_1h, entry.reads, entry.searches];
        for (total, more) in sum.counters.iter_mut().zip(more) {
            *total = total.checked_add(more).ok_or(Odd)?;
        }
        sum.responses += 1;
        sum.lower_bounds += i64::from(entry.flags & LOWER_BOUND != 0);
        sum.first_ms = sum.first_ms.min(entry.time_ms);
        sum.last_ms = sum.last_ms.max(entry.time_ms);
        sum.longest = sum.longest.max(entry.prompt());
    }
    Ok(sums)
}
