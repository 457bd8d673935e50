//! Reads one whole file: its lines in order, then its last turn from the end.

use std::collections::HashMap;
use std::fs::OpenOptions;
use std::io::Read as _;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};

use crate::blake2b;
use crate::instant::instant_ms;
use crate::json::{Odd, Read};
use crate::line::{Line, Text};
use crate::request::{File, Request};
use crate::scan::{scan, Found};
use crate::settle::{Entry, Owner, Settled, LOWER_BOUND, PLAIN, SIDECHAIN};

/// Bytes of the longest line that is looked at for a note.
const MAX_NOTE: usize = 8192;
/// Python does not build all of a line as long as this.
const LONG: usize = 4 << 20;
const CONTINUES: &[u8] = b"{\"parentUuid\":\"";
/// More pairs of models than any client has.
const MAX_ASKED: usize = 64;
const HEAD: usize = 1024;
const ANCHOR: usize = 64;

/// A line that Python reads.
pub struct Note {
    pub offset: i64,
    pub line: Vec<u8>,
}

/// The last turn. `kind` is 1 for the user's, 2 for an answer.
#[derive(Default)]
pub struct Turn {
    pub kind: i64,
    pub has_call: bool,
    pub has_result: bool,
    pub time_ms: i64,
    pub branch: String,
    pub version: String,
    pub session: String,
}

/// Responses of one day, owner and model whose prices may be added up.
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

/// What a file says.
#[derive(Default)]
pub struct FileRead {
    pub dev: u64,
    pub ino: u64,
    pub size: i64,
    pub lines: i64,
    pub head: u64,
    pub anchor: u64,
    pub usage_ms: i64,
    pub context_ms: i64,
    pub context_tokens: i64,
    pub context_model: String,
    pub largest_prompt: i64,
    pub near_ms: i64,
    pub compactions: i64,
    pub compacted_tokens: i64,
    pub named: String,
    pub cwd: String,
    pub agent: String,
    /// Which model answered, and which was asked.
    pub asked: Vec<(String, String)>,
    pub turn: Turn,
    pub notes: Vec<Note>,
    pub entries: Vec<Entry>,
    pub owners: Vec<Owner>,
    pub models: Vec<String>,
    pub sums: Vec<Sum>,
}

/// Reads files one after another, with one buffer.
pub struct Reader<'r> {
    request: &'r Request<'r>,
    data: Vec<u8>,
    starts: Vec<usize>,
}

impl<'r> Reader<'r> {
    pub fn new(request: &'r Request<'r>) -> Self {
        Self { request, data: Vec::new(), starts: Vec::new() }
    }

    /// Reads a file. Odd where Python must: it cannot be read, is no plain file, or holds what is not usual.
    pub fn read(&mut self, file: &File<'_>) -> Read<FileRead> {
        let mut found = FileRead::default();
        let mut opened =
            OpenOptions::new().read(true).custom_flags(self.request.open_flags).open(file.path).map_err(|_| Odd)?;
        let about = opened.metadata().map_err(|_| Odd)?;
        found.size = i64::try_from(about.len()).map_err(|_| Odd)?;
        if !about.is_file() || found.size > self.request.max_file {
            return Err(Odd);
        }
        (found.dev, found.ino) = (about.dev(), about.ino());
        let size = about.len() as usize;
        self.data.clear();
        self.data.reserve(size);
        // The size is taken once: what comes meanwhile is for the next time.
        (&mut opened).take(about.len()).read_to_end(&mut self.data).map_err(|_| Odd)?;
        if self.data.len() != size || self.data.last().is_some_and(|&last| last != b'\n') {
            return Err(Odd);
        }
        let data = self.data.as_slice();
        self.starts.clear();
        let mut reading = Reading {
            request: self.request,
            data,
            found,
            settled: Settled::default(),
            is_agent: file.is_agent,
            seen_ms: 0,
        };
        let starts = &mut self.starts;
        let (mut start, mut is_marked) = (0, false);
        scan(data, |what| {
            match what {
                Found::Nul => return Err(Odd),
                Found::Mark => is_marked = true,
                Found::Newline(end) => {
                    reading.line(start, end, is_marked)?;
                    starts.push(start);
                    (start, is_marked) = (end + 1, false);
                }
            }
            Ok(())
        })?;
        reading.found.lines = starts.len() as i64;
        reading.last_turn(starts)?;
        let mut found = reading.finish()?;
        found.head = blake2b::digest(&data[..size.min(HEAD)]);
        found.anchor = blake2b::digest(&data[size.saturating_sub(ANCHOR)..]);
        Ok(found)
    }
}

struct Reading<'r, 'a> {
    request: &'r Request<'r>,
    data: &'a [u8],
    found: FileRead,
    settled: Settled<'a>,
    is_agent: bool,
    /// The instant of a dated line among those that are looked at for it, 0 before there is one.
    seen_ms: i64,
}

impl<'a> Reading<'_, 'a> {
    fn line(&mut self, start: usize, end: usize, is_marked: bool) -> Read<()> {
        let bytes = &self.data[start..end];
        if bytes.is_empty() {
            return Ok(());
        }
        if bytes.last() != Some(&b'}') {
            return Err(Odd);
        }
        if self.needs_start() {
            let line = Line::read(bytes)?;
            self.first_line(&line)?;
            return self.decided(&line, bytes, start);
        }
        if is_marked {
            let line = Line::read(bytes)?;
            return match line.kind.needed()?.as_ref() {
                "user" => Ok(()),
                "assistant" => self.decided(&line, bytes, start),
                _ => Err(Odd),
            };
        }
        if bytes.len() <= MAX_NOTE && !bytes.starts_with(CONTINUES) {
            let line = Line::read(bytes)?;
            if line.kind.or_empty()? != "assistant" {
                return self.decided(&line, bytes, start);
            }
        }
        Ok(())
    }

    /// Takes in a line by its type.
    fn decided(&mut self, line: &Line<'a>, bytes: &[u8], start: usize) -> Read<()> {
        let kind = line.kind.or_empty()?;
        if kind == "assistant" {
            return self.answer(line, start);
        }
        if self.request.odd.contains(&kind.as_bytes()) {
            return Err(Odd);
        }
        if kind == "system" && line.subtype.or_none()? == Some("compact_boundary") {
            return self.compaction(line, bytes);
        }
        if self.request.notes.contains(&kind.as_bytes()) && bytes.len() <= MAX_NOTE && !bytes.starts_with(CONTINUES) {
            self.found.notes.push(Note { offset: start as i64, line: bytes.to_vec() });
        }
        Ok(())
    }

    /// Learns from one of the first lines where the session is.
    fn first_line(&mut self, line: &Line<'a>) -> Read<()> {
        if line.data.or_none()? == Some("agent_progress") {
            return Err(Odd);
        }
        let (cwd, session, agent) = (line.cwd.or_empty()?, line.session.or_empty()?, line.agent.or_empty()?);
        let is_sidechain = line.is_sidechain.is_true()?;
        let found = &mut self.found;
        if found.named.is_empty() {
            session.clone_into(&mut found.named);
        }
        if found.cwd.is_empty() && !cwd.is_empty() {
            cwd.clone_into(&mut found.cwd);
            if is_sidechain && !agent.is_empty() {
                agent.clone_into(&mut found.agent);
                self.is_agent = true;
            }
        }
        let time_ms = instant_ms(line.timestamp.or_empty()?)?;
        if time_ms != 0 {
            self.seen_ms = time_ms;
        }
        Ok(())
    }

    fn answer(&mut self, line: &Line<'a>, start: usize) -> Read<()> {
        let time_ms = instant_ms(line.timestamp.needed()?)?;
        let Some(row) = self.settled.row(line, time_ms, start as i64)? else { return Ok(()) };
        if time_ms > self.request.latest_ms {
            return Err(Odd);
        }
        let asked = line.requested.or_empty()?;
        if !asked.is_empty() {
            let pair = (self.settled.models[row.model as usize].clone(), asked.to_owned());
            if !self.found.asked.contains(&pair) {
                self.found.asked.push(pair);
                if self.found.asked.len() > MAX_ASKED {
                    return Err(Odd);
                }
            }
        }
        let found = &mut self.found;
        let prompt = row.prompt();
        found.usage_ms = found.usage_ms.max(time_ms);
        if row.flags & SIDECHAIN == 0 && prompt != 0 {
            if time_ms >= found.context_ms {
                (found.context_ms, found.context_tokens) = (time_ms, prompt);
                found.context_model.clone_from(&self.settled.models[row.model as usize]);
            }
            found.largest_prompt = found.largest_prompt.max(prompt);
        }
        Ok(())
    }

    /// Learns from a compaction how full the context was, and what is left of it.
    fn compaction(&mut self, line: &Line<'a>, bytes: &[u8]) -> Read<()> {
        if self.needs_start() || bytes.len() > MAX_NOTE || bytes.starts_with(CONTINUES) {
            return Err(Odd);
        }
        let (before, after) = line.compaction.unwrap_or_default();
        let found = &mut self.found;
        let tokens = if self.is_agent { 0 } else { found.context_tokens };
        found.compactions += 1;
        found.compacted_tokens = if before != 0 { before } else { tokens };
        if after != 0 && tokens != 0 {
            found.context_tokens = after;
        }
        Ok(())
    }

    /// Whether the first lines have not yet told all they can.
    fn needs_start(&self) -> bool {
        self.found.named.is_empty() || self.seen_ms == 0 || self.found.cwd.is_empty()
    }

    /// Finds the last turn, and the last line that says when it was written.
    fn last_turn(&mut self, starts: &[usize]) -> Read<()> {
        let mut end = self.data.len();
        let mut is_found = false;
        for &start in starts.iter().rev() {
            let bytes = &self.data[start..end - 1];
            end = start;
            if bytes.is_empty() {
                continue;
            }
            if bytes.len() > LONG {
                return Err(Odd);
            }
            let line = Line::read(bytes)?;
            let time_ms = instant_ms(line.timestamp.or_empty()?)?;
            if self.found.near_ms == 0 {
                self.found.near_ms = time_ms;
            }
            if !is_found && self.is_turn(&line)? {
                is_found = true;
                self.found.turn = turn(&line, time_ms)?;
            }
            if is_found && self.found.near_ms != 0 {
                break;
            }
        }
        Ok(())
    }

    fn is_turn(&self, line: &Line<'a>) -> Read<bool> {
        let (kind, is_sidechain) = (line.kind.or_empty()?, line.is_sidechain.is_true()?);
        line.version.or_empty()?;
        line.branch.or_empty()?;
        line.session.or_empty()?;
        if line.has_odd_message || line.message.as_ref().is_some_and(|message| !message.is_talk) {
            return Err(Odd);
        }
        Ok((kind == "user" || kind == "assistant") && (self.is_agent || !is_sidechain))
    }

    fn finish(mut self) -> Read<FileRead> {
        let settled = self.settled;
        let request = self.request;
        let mut sums: Vec<Sum> = Vec::new();
        let mut numbers: HashMap<(i64, u32, u32, bool), usize> = HashMap::new();
        for entry in &settled.entries {
            let after = request.days.partition_point(|&start| start <= entry.time_ms);
            if after == 0 || after >= request.days.len() {
                return Err(Odd);
            }
            let (day, is_assumed) = (request.first_day + after as i64 - 1, entry.terms != PLAIN);
            let at = *numbers.entry((day, entry.owner, entry.model, is_assumed)).or_insert_with(|| {
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
            });
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
        (self.found.entries, self.found.owners, self.found.models) = (settled.entries, settled.owners, settled.models);
        self.found.sums = sums;
        Ok(self.found)
    }
}

fn turn(line: &Line<'_>, time_ms: i64) -> Read<Turn> {
    let message = line.message.as_ref();
    let text = |text: &Text<'_>| text.or_empty().map(str::to_owned);
    Ok(Turn {
        kind: if line.kind.or_empty()? == "assistant" { 2 } else { 1 },
        has_call: message.is_some_and(|message| message.has_call),
        has_result: message.is_some_and(|message| message.has_result),
        time_ms,
        branch: text(&line.branch)?,
        version: text(&line.version)?,
        session: text(&line.session)?,
    })
}
