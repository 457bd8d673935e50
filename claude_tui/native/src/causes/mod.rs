//! Reads what a transcript says of causes, up to the first line that is odd: each depends on all before it, so Python
//! reads on there.

mod gather;
mod line;
mod said;
mod sizes;

use std::path::Path;

use crate::blake2b;
use crate::blob::{joined, put};
use crate::causes::gather::Gatherer;
use crate::causes::line::Line;
use crate::facts;
use crate::file::{anchor_of, head_of, read_whole, Whole, LONG};
use crate::json::{Odd, Read};
use crate::request::{File, Request};

const SECTIONS: usize = 3;

/// What a transcript says, up to where it was read.
pub struct CausesRead {
    dev: u64,
    ino: u64,
    /// The end of the last line that was read, and whether there is more behind it.
    end: usize,
    has_more: bool,
    head: u64,
    anchor: u64,
    /// What it says, as it is kept.
    said: Vec<u8>,
}

/// Reads transcripts one after another, with one buffer.
pub struct Reader<'r> {
    request: &'r Request<'r>,
    data: Vec<u8>,
}

impl<'r> Reader<'r> {
    pub fn new(request: &'r Request<'r>) -> Self {
        Self { request, data: Vec::new() }
    }

    /// Reads a transcript. Odd where nothing of it can be: all of it is for Python.
    pub fn read(&mut self, file: &File<'_>) -> Read<CausesRead> {
        let Whole { data, dev, ino } = read_whole(file, self.request, &mut self.data)?;
        let mut gatherer = Gatherer::new(self.request.with_names);
        (gatherer.found.agent_type, gatherer.found.started_by) = started_by(file.path, self.request.open_flags)?;
        let mut end = 0;
        for line in text_of(data).split_inclusive('\n') {
            if take(&mut gatherer, line).is_err() {
                break;
            }
            end += line.len();
        }
        if end == 0 {
            return Err(Odd);
        }
        Ok(CausesRead {
            dev,
            ino,
            end,
            has_more: end < data.len(),
            head: blake2b::digest(head_of(&data[..end])),
            anchor: blake2b::digest(anchor_of(&data[..end])),
            said: gatherer.found.packed(),
        })
    }
}

/// Returns as much of a file as is text.
fn text_of(data: &[u8]) -> &str {
    std::str::from_utf8(data).unwrap_or_else(|odd| {
        let (text, _) = data.split_at(odd.valid_up_to());
        std::str::from_utf8(text).unwrap_or_default()
    })
}

/// Takes in a line, with its newline. One that has none is for Python, which may wait for it.
fn take<'a>(gatherer: &mut Gatherer<'a>, line: &'a str) -> Read<()> {
    let line = line.strip_suffix('\n').ok_or(Odd)?;
    if line.is_empty() {
        return Ok(());
    }
    if line.len() > LONG {
        return Err(Odd);
    }
    gatherer.see(Line::read(line)?)
}

/// Returns the type of the sub-agent whose transcript a file is, and the id of the call that started it.
fn started_by(path: &Path, open_flags: i32) -> Read<(String, String)> {
    let [kind, call] = facts::beside(path, open_flags, ["agentType", "toolUseId"])?;
    Ok((kind, call))
}

/// Returns the answer: of each transcript of which something was read, its place among those asked for and what it says.
pub fn encode(found: Vec<Option<CausesRead>>) -> Vec<u8> {
    let mut sections: [Vec<u8>; SECTIONS] = std::array::from_fn(|_| Vec::new());
    let [files, hashes, all] = &mut sections;
    for (place, one) in found.into_iter().enumerate() {
        let Some(one) = one else { continue };
        put(files, &[place as i64, one.dev as i64, one.ino as i64, one.end as i64, i64::from(one.has_more)]);
        put(files, &[one.said.len() as i64]);
        for hash in [one.head, one.anchor] {
            hashes.extend_from_slice(&hash.to_le_bytes());
        }
        all.extend_from_slice(&one.said);
    }
    joined(&sections)
}
