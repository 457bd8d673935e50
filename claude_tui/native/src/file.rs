//! Reads one file up to the end of its last whole line: its lines in order, then its last turn from the end.
//!
//! A line that is odd is left to Python, which reads it after all the others: what it says must not depend on where it
//! stands. Where it might, the whole file is odd.

use std::fs::{File as Opened, Metadata, OpenOptions};
use std::io::Read as _;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use crate::blake2b;
use crate::facts;
use crate::instant::instant_ms;
use crate::json::{Odd, Read};
use crate::line::{Line, Progress, Text, Truth, TITLES};
use crate::request::{File, Request};
use crate::scan::{scan, Found, Usage};
use crate::settle::{Entry, Owner, Settled, PRICED_ALONE, SIDECHAIN};
use crate::sums::{sums, Sum};

/// Bytes of the longest line that is looked at for a note.
const MAX_NOTE: usize = 8192;
/// Python does not build all of a line as long as this.
pub const LONG: usize = 4 << 20;
/// How the client begins a line with what it counted, which is as long as it used models.
const TOTAL: &[u8] = b"{\"type\":\"cost-state\"";
const CONTINUES: &[u8] = b"{\"parentUuid\":\"";
/// More pairs of models than any client has.
const MAX_ASKED: usize = 64;
const HEAD: usize = 1024;
const ANCHOR: usize = 64;

/// Bytes of odd lines, as a part of all, with which Python may as well read them all.
const MOST_LEFT: usize = 4;

/// A line that Python reads.
pub struct Left {
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

/// What a file says.
#[derive(Default)]
pub struct FileRead {
    pub dev: u64,
    pub ino: u64,
    /// The end of the last whole line, which may be without a newline, and whether there is more behind it.
    pub size: i64,
    pub is_open: bool,
    /// Whether the last turn is the one found only if lines that were left hold nothing.
    pub is_end_left: bool,
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
    /// The sub-agent whose file it is, and of which type that is.
    pub agent: Option<String>,
    pub agent_type: String,
    pub title: String,
    /// The place of its kind among `TITLES`, -1 without one.
    pub title_rank: i64,
    /// Which model answered, and which was asked.
    pub asked: Vec<(String, String)>,
    pub turn: Turn,
    pub left: Vec<Left>,
    pub entries: Vec<Entry>,
    /// The names of the responses, where they are wanted.
    pub names: Vec<String>,
    pub owners: Vec<Owner>,
    pub models: Vec<String>,
    pub sums: Vec<Sum>,
    /// What it says beside usage: texts, each with a NUL behind it.
    pub said: String,
    pub checkpoint: String,
    /// The texts of terms.
    pub terms: Vec<String>,
    /// Whether it can be understood though there is nothing to count; false where Python must say.
    pub is_known: bool,
}

/// Opens a plain file, as `claude_tui.sources.reading.lines.open_regular` does. Odd where that fails.
pub fn open(path: &Path, flags: i32) -> Read<(Opened, Metadata)> {
    let opened = OpenOptions::new().read(true).custom_flags(flags).open(path).map_err(|_| Odd)?;
    let about = opened.metadata().map_err(|_| Odd)?;
    if about.is_file() {
        Ok((opened, about))
    } else {
        Err(Odd)
    }
}

/// All of a file, and the device and the number that it has.
pub struct Whole<'d> {
    pub data: &'d [u8],
    pub dev: u64,
    pub ino: u64,
}

/// Reads all of a file into a buffer, which it makes as long as the longest.
///
/// Odd where it cannot be read, is no plain file, or is longer than may be.
pub fn read_whole<'d>(file: &File<'_>, request: &Request<'_>, buffer: &'d mut Vec<u8>) -> Read<Whole<'d>> {
    let (mut opened, about) = open(file.path, request.open_flags)?;
    if i64::try_from(about.len()).map_err(|_| Odd)? > request.max_file {
        return Err(Odd);
    }
    let size = about.len() as usize;
    // The size is taken once: what comes meanwhile is for the next time.
    if buffer.len() < size {
        buffer.resize(size, 0);
    }
    let data = &mut buffer[..size];
    opened.read_exact(data).map_err(|_| Odd)?;
    Ok(Whole { data, dev: about.dev(), ino: about.ino() })
}

/// Returns that of what was read of a file by which its beginning is known again.
pub fn head_of(data: &[u8]) -> &[u8] {
    &data[..data.len().min(HEAD)]
}

/// Returns that of what was read of a file by which its end is known again.
pub fn anchor_of(data: &[u8]) -> &[u8] {
    &data[data.len().saturating_sub(ANCHOR)..]
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
        let mut found = FileRead { title_rank: -1, ..FileRead::default() };
        found.agent = facts::agent_of(file.path)?.map(str::to_owned);
        let Whole { data, dev, ino } = read_whole(file, self.request, &mut self.data)?;
        (found.dev, found.ino) = (dev, ino);
        let size = data.len();
        self.starts.clear();
        let mut reading = Reading {
            request: self.request,
            path: file.path,
            data,
            found,
            settled: Settled::default(),
            is_lost: false,
            is_unsure: false,
            left_bytes: 0,
            last_read: None,
            seen_ms: 0,
        };
        let starts = &mut self.starts;
        let (mut start, mut is_marked) = (0, false);
        scan::<Usage, Odd>(data, |what| {
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
        if is_whole(&data[start..]) {
            reading.line(start, data.len(), is_marked)?;
            starts.push(start);
            start = data.len();
        }
        if start == 0 {
            return Err(Odd);
        }
        let data = &data[..start];
        reading.data = data;
        reading.found.is_open = start < size;
        reading.found.size = start as i64;
        reading.found.lines = starts.len() as i64;
        reading.last_turn(starts)?;
        if reading.settled.entries.is_empty() {
            reading.found.is_known = reading.is_known(starts);
        }
        let mut found = reading.finish()?;
        if found.agent.is_some() && file.may_have_note {
            found.agent_type = facts::agent_type(file.path, self.request.open_flags)?;
        }
        found.said = facts::texts(&found)?;
        found.head = blake2b::digest(head_of(data));
        found.anchor = blake2b::digest(anchor_of(data));
        found.checkpoint = facts::checkpoint(&found);
        Ok(found)
    }
}

struct Reading<'r, 'a> {
    request: &'r Request<'r>,
    path: &'a Path,
    data: &'a [u8],
    found: FileRead,
    settled: Settled<'a>,
    /// Whether what was found so far is no longer what the lines say.
    is_lost: bool,
    /// Whether a line was left that may be anything.
    is_unsure: bool,
    left_bytes: usize,
    /// The last line that was read, by its place: it may be asked again for its turn.
    last_read: Option<(usize, Line<'a>)>,
    /// The instant of a dated line among those that are looked at for it, 0 before there is one.
    seen_ms: i64,
}

impl<'a> Reading<'_, 'a> {
    /// Takes in a line, or leaves it. Odd where all the lines after it must be left, too.
    fn line(&mut self, start: usize, end: usize, is_marked: bool) -> Read<()> {
        let bytes = &self.data[start..end];
        if bytes.is_empty() {
            return Ok(());
        }
        if self.needs_start() {
            let line = Line::read(bytes)?;
            self.first_line(&line)?;
            return self.decided(&line, bytes, start);
        }
        if self.usual_line(bytes, start, is_marked).is_err() {
            if self.is_lost {
                return Err(Odd);
            }
            self.is_unsure = true;
            return self.leave(bytes, start);
        }
        Ok(())
    }

    /// Leaves a line to Python.
    fn leave(&mut self, bytes: &[u8], start: usize) -> Read<()> {
        self.left_bytes += bytes.len();
        if self.left_bytes > self.data.len() / MOST_LEFT + MAX_NOTE {
            return Err(Odd);
        }
        self.found.left.push(Left { offset: start as i64, line: bytes.to_vec() });
        Ok(())
    }

    fn usual_line(&mut self, bytes: &'a [u8], start: usize, is_marked: bool) -> Read<()> {
        if bytes.last() != Some(&b'}') {
            return Err(Odd);
        }
        if is_marked {
            let line = Line::read(bytes)?;
            return match line.kind.needed()?.as_ref() {
                "user" => Ok(()),
                "assistant" => {
                    let decided = self.decided(&line, bytes, start);
                    self.last_read = Some((start, line));
                    decided
                }
                "progress" => self.progress(line, start),
                _ => Err(Odd),
            };
        }
        if may_be_note(bytes) {
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
        if kind == "system" && line.subtype.or_none()? == Some("compact_boundary") {
            return self.compaction(line, bytes);
        }
        if !may_be_note(bytes) {
            return Ok(());
        }
        if self.request.left.contains(&kind.as_bytes()) {
            return self.leave(bytes, start);
        }
        if let Some(rank) = TITLES.iter().position(|title| *title == kind) {
            self.title(line, rank);
        }
        Ok(())
    }

    fn title(&mut self, line: &Line<'a>, rank: usize) {
        let own = line.titles[rank].or_nothing();
        let title = if own.is_empty() { line.title.or_nothing() } else { own };
        let found = &mut self.found;
        if !title.is_empty() && rank as i64 >= found.title_rank {
            found.title_rank = rank as i64;
            title.clone_into(&mut found.title);
        }
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
            if is_sidechain && !agent.is_empty() && found.agent.is_none() {
                if !found.left.is_empty() {
                    return Err(Odd); // they were lines of a session's file
                }
                found.agent = Some(agent.to_owned());
            }
        }
        let time_ms = instant_ms(line.timestamp.or_empty()?)?;
        if time_ms != 0 {
            self.seen_ms = time_ms;
        }
        Ok(())
    }

    /// Takes in what a session's file repeats of a sub-agent's.
    fn progress(&mut self, line: Line<'a>, start: usize) -> Read<()> {
        if line.data.or_none()? != Some("agent_progress") {
            return Ok(());
        }
        if line.message.is_some() || line.has_odd_message {
            return Err(Odd);
        }
        let Some(Progress { agent, line: Some(mut inner), .. }) = line.progress.map(|found| *found) else {
            return Err(Odd);
        };
        if inner.kind.needed()? != "assistant" {
            return Ok(());
        }
        for (own, others) in [
            (&mut inner.agent, [line.agent, agent]),
            (&mut inner.session, [line.session, Text::Absent]),
            (&mut inner.cwd, [line.cwd, Text::Absent]),
            (&mut inner.version, [line.version, Text::Absent]),
        ] {
            for other in others {
                if own.or_empty()?.is_empty() {
                    *own = other;
                }
            }
        }
        if instant_ms(inner.timestamp.or_empty()?)? == 0 {
            inner.timestamp = line.timestamp;
        }
        (inner.is_copy, inner.is_sidechain, inner.requested) = (true, Truth::Is(true), line.requested);
        self.answer(&inner, start)
    }

    fn answer(&mut self, line: &Line<'a>, start: usize) -> Read<()> {
        let time_ms = instant_ms(line.timestamp.needed()?)?;
        let folder = if line.cwd.or_empty()?.is_empty() { facts::folder_of(self.path)? } else { String::new() };
        let Some(row) = self.settled.row(line, &folder, time_ms, start as i64)? else { return Ok(()) };
        self.is_lost = true; // until all of it is taken in
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
        self.is_lost = false;
        Ok(())
    }

    /// Learns from a compaction how full the context was, and what is left of it.
    fn compaction(&mut self, line: &Line<'a>, bytes: &[u8]) -> Read<()> {
        if self.needs_start() || bytes.len() > MAX_NOTE || bytes.starts_with(CONTINUES) {
            self.is_lost = true;
            return Err(Odd);
        }
        let (before, after) = line.compaction.unwrap_or_default();
        let found = &mut self.found;
        let tokens = if found.agent.is_some() { 0 } else { found.context_tokens };
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
        let mut end = self.end_of_last();
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
            let line = match self.last_read.take() {
                Some((place, line)) if place == start => line,
                _ => match Line::read(bytes) {
                    Ok(line) => line,
                    Err(Odd) if self.is_left(start) => {
                        self.found.is_end_left = true;
                        continue;
                    }
                    Err(Odd) => return Err(Odd),
                },
            };
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

    /// Returns where the last line ends, and where the newline is that it has, or would have.
    fn end_of_last(&self) -> usize {
        self.data.len() + usize::from(self.data.last() != Some(&b'\n'))
    }

    /// Whether a line was left to Python, given by its place.
    fn is_left(&self, start: usize) -> bool {
        self.found.left.binary_search_by_key(&(start as i64), |left| left.offset).is_ok()
    }

    /// Whether every line is of a known kind and none is an answer, as `claude_tui.sources.claude.recognition` sees it.
    fn is_known(&self, starts: &[usize]) -> bool {
        let mut end = self.end_of_last();
        let mut is_any = false;
        for &start in starts.iter().rev() {
            let bytes = &self.data[start..end - 1];
            end = start;
            if bytes.is_empty() {
                continue;
            }
            let Ok(line) = Line::read(bytes) else { return false };
            let Text::Is(kind) = &line.kind else { return false };
            if !self.request.known.contains(&kind.as_bytes()) {
                return false;
            }
            is_any = true;
        }
        is_any
    }

    fn is_turn(&self, line: &Line<'a>) -> Read<bool> {
        let (kind, is_sidechain) = (line.kind.or_empty()?, line.is_sidechain.is_true()?);
        line.version.or_empty()?;
        line.branch.or_empty()?;
        line.session.or_empty()?;
        if line.has_odd_message || line.message.as_ref().is_some_and(|message| !message.is_talk) {
            return Err(Odd);
        }
        Ok((kind == "user" || kind == "assistant") && (self.found.agent.is_some() || !is_sidechain))
    }

    fn finish(mut self) -> Read<FileRead> {
        if self.is_unsure && self.found.compactions != 0 {
            return Err(Odd); // what a compaction found depends on the rows before it
        }
        let settled = self.settled;
        let request = self.request;
        let sums = sums(&settled.entries, request, |entry| entry.terms == PRICED_ALONE)?;
        if request.with_names {
            let mut names: Vec<(usize, &str)> = settled.keys.iter().map(|(name, at)| (*at, *name)).collect();
            names.sort_unstable();
            self.found.names = names.into_iter().map(|(_, name)| name.to_owned()).collect();
        }
        (self.found.entries, self.found.owners, self.found.models) = (settled.entries, settled.owners, settled.models);
        self.found.terms = settled.terms;
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

/// Whether what stands behind the last newline is a line that only has none yet: Python waits for any other.
fn is_whole(rest: &[u8]) -> bool {
    rest.first() == Some(&b'{') && rest.last() == Some(&b'}') && rest.len() <= LONG && Line::read(rest).is_ok()
}

/// Whether a line may be a note, by its length and its beginning.
fn may_be_note(bytes: &[u8]) -> bool {
    (bytes.len() <= MAX_NOTE && !bytes.starts_with(CONTINUES)) || bytes.starts_with(TOTAL)
}
