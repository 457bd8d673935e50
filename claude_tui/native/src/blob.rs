//! What is answered: numbers as they lie in Python's arrays, and all texts in one. Little-endian throughout.
//!
//! It begins with the number of sections and where each ends; the sections lie one after the other behind that.

use crate::file::FileRead;
use crate::settle::PLAIN;

const SECTIONS: usize = 19;
/// Numbers of a file.
const FILE: usize = 24;

/// Returns the answer: one entry per file asked for, in that order.
pub fn encode(found: Vec<Option<FileRead>>, number: usize) -> Vec<u8> {
    let mut sections: [Vec<u8>; SECTIONS] = std::array::from_fn(|_| Vec::new());
    let [files, key, time, owner, model, input, output, write_5m, write_1h, reads, offset, flags, rare, sums, heap, notes, note_bytes, terms, owner_times] =
        &mut sections;
    let mut text = |value: &str| {
        heap.extend_from_slice(value.as_bytes());
        heap.push(0);
    };
    let (mut row, mut owners, mut models) = (0i64, 0i64, 0i64);
    for (place, one) in found.into_iter().take(number).enumerate() {
        let Some(one) = one else {
            put(files, &[0; FILE]);
            continue;
        };
        let FileRead { turn, .. } = &one;
        put(
            files,
            &[
                1,
                one.dev as i64,
                one.ino as i64,
                one.size,
                one.lines,
                one.head as i64,
                one.anchor as i64,
                one.usage_ms,
                one.context_ms,
                one.context_tokens,
                one.largest_prompt,
                one.near_ms,
                turn.kind,
                i64::from(turn.has_call),
                i64::from(turn.has_result),
                turn.time_ms,
                one.entries.len() as i64,
                one.owners.len() as i64,
                one.models.len() as i64,
                one.notes.len() as i64,
                one.sums.len() as i64,
                one.compactions,
                one.compacted_tokens,
                one.asked.len() as i64,
            ],
        );
        for value in [&one.named, &one.cwd, &one.agent, &one.context_model, &turn.branch, &turn.version, &turn.session]
        {
            text(value);
        }
        for (session, agent, cwd) in &one.owners {
            text(session);
            text(agent);
            text(cwd);
        }
        for name in &one.models {
            text(name);
        }
        for (model, asked) in &one.asked {
            text(model);
            text(asked);
        }
        for note in &one.notes {
            put(notes, &[place as i64, note.offset, note.line.len() as i64]);
            note_bytes.extend_from_slice(&note.line);
        }
        for entry in &one.entries {
            put(key, &[entry.key]);
            put(time, &[entry.time_ms]);
            owner.extend_from_slice(&(owners as i32 + entry.owner as i32).to_le_bytes());
            model.extend_from_slice(&(models as i32 + entry.model as i32).to_le_bytes());
            put(input, &[entry.input]);
            put(output, &[entry.output]);
            put(write_5m, &[entry.write_5m]);
            put(write_1h, &[entry.write_1h]);
            put(reads, &[entry.reads]);
            put(offset, &[entry.offset]);
            flags.push(entry.flags);
            if entry.searches != 0 {
                put(rare, &[row, entry.searches]);
            }
            if entry.terms != PLAIN {
                put(terms, &[row, i64::from(entry.terms)]);
            }
            if entry.owner_ms != entry.time_ms {
                put(owner_times, &[row, entry.owner_ms]);
            }
            row += 1;
        }
        for sum in &one.sums {
            put(sums, &[sum.day, owners + i64::from(sum.owner), models + i64::from(sum.model)]);
            put(sums, &[i64::from(sum.is_assumed), sum.longest, sum.responses, sum.lower_bounds]);
            put(sums, &[sum.first_ms, sum.last_ms]);
            put(sums, &sum.counters);
        }
        owners += one.owners.len() as i64;
        models += one.models.len() as i64;
    }
    let total: usize = sections.iter().map(Vec::len).sum();
    let mut blob = Vec::with_capacity(8 * (SECTIONS + 1) + total);
    put(&mut blob, &[SECTIONS as i64]);
    let mut end = 8 * (SECTIONS + 1);
    for section in &sections {
        end += section.len();
        put(&mut blob, &[end as i64]);
    }
    for section in &sections {
        blob.extend_from_slice(section);
    }
    blob
}

fn put(section: &mut Vec<u8>, numbers: &[i64]) {
    for number in numbers {
        section.extend_from_slice(&number.to_le_bytes());
    }
}
