//! What is answered: numbers as they lie in Python's arrays, and all texts in one. Little-endian throughout.
//!
//! It begins with the number of sections and where each ends; the sections lie one after the other behind that.

use std::collections::hash_map::Entry as Entered;
use std::os::unix::ffi::OsStrExt;

use crate::facts;
use crate::file::{FileRead, Left};
use crate::hashing::Table;
use crate::repeated::Repeated;
use crate::request::Request;
use crate::settle::{Entry, Owner, PLAIN, PRICED_ALONE};
use crate::sums::{self, Sum};
use crate::walk::Found;

const SECTIONS: usize = 27;

/// What a file says, as little of it as the answer needs: it is kept until all files have been read.
pub struct Part {
    /// What of its numbers does not depend on other files, in the order of the answer.
    numbers: [i64; 10],
    is_known: bool,
    checkpoint: String,
    texts: String,
    left: Vec<Left>,
    names: Vec<String>,
    pub entries: Vec<Entry>,
    owners: Vec<Owner>,
    models: Vec<String>,
    terms: Vec<String>,
    sums: Vec<Sum>,
    is_open: bool,
}

impl Part {
    /// Takes what a file says.
    pub fn of(one: FileRead) -> Self {
        let is_agent = one.agent.is_some();
        let has_context = !is_agent && one.context_tokens != 0;
        let of_context = |number: i64| if has_context { number } else { 0 };
        Self {
            numbers: [
                one.size,
                i64::from(one.is_open),
                i64::from(one.is_end_left),
                one.lines,
                i64::from(is_agent),
                of_context(one.context_tokens),
                one.compactions,
                one.compacted_tokens,
                facts::last_ms(&one),
                of_context(one.largest_prompt),
            ],
            is_known: one.is_known,
            checkpoint: one.checkpoint,
            texts: one.said,
            left: one.left,
            names: one.names,
            entries: one.entries,
            owners: one.owners,
            models: one.models,
            terms: one.terms,
            sums: one.sums,
            is_open: one.is_open,
        }
    }

    /// Whether Python need not read any of it.
    pub fn is_all(&self) -> bool {
        self.left.is_empty() && !self.is_open
    }
}

/// Returns the answer: of each file that was read, its place among those asked for and what it says.
pub fn encode(found: Vec<Option<Part>>, request: &Request<'_>) -> Vec<u8> {
    let repeated = Repeated::among(&found);
    let mut sections: [Vec<u8>; SECTIONS] = std::array::from_fn(|_| Vec::new());
    let [files, checkpoints, texts, key, time, owner, model, input, output, write_5m, write_1h, reads, offset, flags, rare, sums, owners, models, names, left, left_bytes, terms, terms_texts, owner_times, alone, first, again] =
        &mut sections;
    let rows: usize = found.iter().flatten().map(|one| one.entries.len()).sum();
    for wide in [&mut *key, time, input, output, write_5m, write_1h, reads, offset] {
        wide.reserve_exact(8 * rows);
    }
    checkpoints.reserve_exact(found.iter().flatten().map(|one| one.checkpoint.len() + 1).sum());
    texts.reserve_exact(found.iter().flatten().map(|one| one.texts.len()).sum());
    let owners_of_each = found.iter().flatten().map(|one| one.owners.len()).sum();
    let (mut owner_numbers, mut model_numbers) = (Names::new(owners, owners_of_each), Names::new(models, 0));
    let (mut row, mut row_of_whole) = (0i64, 0i64);
    put(first, &repeated.first);
    put(again, &repeated.again);
    for (place, one) in found.into_iter().enumerate() {
        let Some(mut one) = one else { continue };
        let is_taken_out = |entry: &Entry| entry.terms == PRICED_ALONE || repeated.has(entry.key);
        let mut alone_here = 0;
        if one.is_all() {
            if one.entries.iter().any(|entry| repeated.has(entry.key)) {
                one.sums = sums::sums(&one.entries, request, is_taken_out).expect("a part of what has been summed");
            }
            for entry in &one.entries {
                if entry.terms == PRICED_ALONE && !repeated.has(entry.key) {
                    put(alone, &[row_of_whole]);
                    alone_here += 1;
                }
                row_of_whole += 1;
            }
        }
        put(files, &[place as i64]);
        put(files, &one.numbers);
        put(
            files,
            &[
                one.entries.len() as i64,
                one.sums.len() as i64,
                one.left.len() as i64,
                i64::from(one.is_known),
                alone_here,
            ],
        );
        put_text(checkpoints, &one.checkpoint);
        texts.extend_from_slice(one.texts.as_bytes());
        for left_over in &one.left {
            put(left, &[left_over.offset, left_over.line.len() as i64]);
            left_bytes.extend_from_slice(&left_over.line);
        }
        for name in &one.names {
            put_text(names, name);
        }
        let owner_of: Vec<i32> = one.owners.into_iter().map(|owner| owner_numbers.of(owner, "")).collect();
        let model_of: Vec<i32> = one.models.into_iter().map(|model| model_numbers.of(model, "\0")).collect();
        for entry in &one.entries {
            put(key, &[entry.key]);
            put(time, &[entry.time_ms]);
            owner.extend_from_slice(&owner_of[entry.owner as usize].to_le_bytes());
            model.extend_from_slice(&model_of[entry.model as usize].to_le_bytes());
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
                put(terms, &[row]);
                put_text(terms_texts, &one.terms[entry.terms_at as usize]);
            }
            if entry.owner_ms != entry.time_ms {
                put(owner_times, &[row, entry.owner_ms]);
            }
            row += 1;
        }
        for sum in &one.sums {
            put(sums, &[sum.day, owner_of[sum.owner as usize].into(), model_of[sum.model as usize].into()]);
            put(sums, &[i64::from(sum.is_assumed), sum.longest, sum.responses, sum.lower_bounds]);
            put(sums, &[sum.first_ms, sum.last_ms]);
            put(sums, &sum.counters);
        }
    }
    joined(&sections)
}

/// Returns what was found below a folder: of each file five numbers, and its path.
pub fn encode_found(found: &[Found]) -> Vec<u8> {
    let (mut numbers, mut paths) = (Vec::with_capacity(40 * found.len()), Vec::new());
    for one in found {
        put(&mut numbers, &[one.size, one.mtime_ns, one.dev as i64, one.ino as i64, i64::from(one.has_note)]);
        paths.extend_from_slice(one.path.as_os_str().as_bytes());
        paths.push(0);
    }
    joined(&[numbers, paths])
}

/// Returns places, and the row of each.
pub fn encode_known(found: &(Vec<i64>, Vec<i64>)) -> Vec<u8> {
    let (mut places, mut rows) = (Vec::with_capacity(8 * found.0.len()), Vec::with_capacity(8 * found.1.len()));
    put(&mut places, &found.0);
    put(&mut rows, &found.1);
    joined(&[places, rows])
}

pub fn joined(sections: &[Vec<u8>]) -> Vec<u8> {
    let start = 8 * (sections.len() + 1);
    let total: usize = sections.iter().map(Vec::len).sum();
    let mut blob = Vec::with_capacity(start + total);
    put(&mut blob, &[sections.len() as i64]);
    let mut end = start;
    for section in sections {
        end += section.len();
        put(&mut blob, &[end as i64]);
    }
    for section in sections {
        blob.extend_from_slice(section);
    }
    blob
}

/// Numbers of names, which are written down in the order in which they turn up.
pub struct Names<'s> {
    section: &'s mut Vec<u8>,
    numbers: Table<String, i32>,
}

impl<'s> Names<'s> {
    /// Begins with a section for at most so many names.
    pub fn new(section: &'s mut Vec<u8>, most: usize) -> Self {
        Self { section, numbers: Table::with_capacity_and_hasher(most, Default::default()) }
    }

    /// Returns the number of a name, behind which `end` is written.
    pub fn of(&mut self, name: String, end: &str) -> i32 {
        let next = self.numbers.len() as i32;
        match self.numbers.entry(name) {
            Entered::Occupied(known) => *known.get(),
            Entered::Vacant(new) => {
                self.section.extend_from_slice(new.key().as_bytes());
                self.section.extend_from_slice(end.as_bytes());
                *new.insert(next)
            }
        }
    }
}

pub fn put(section: &mut Vec<u8>, numbers: &[i64]) {
    for number in numbers {
        section.extend_from_slice(&number.to_le_bytes());
    }
}

pub fn put_text(section: &mut Vec<u8>, text: &str) {
    section.extend_from_slice(text.as_bytes());
    section.push(0);
}
