//! Settles the rows of one file per response: `claude_tui.sources.settling.ColumnsBuilder` for rows of the usual shape.

use crate::blake2b;
use crate::hashing::Table;
use crate::json::{Odd, Read};
use crate::line::{Held, Line, Text, Usage};

pub const COPY: u8 = 1;
pub const SIDECHAIN: u8 = 2;
pub const LOWER_BOUND: u8 = 4;
const PLACEHOLDER_OUTPUT: i64 = 40;
const MERGED_USAGE_SINCE: [u32; 3] = [2, 1, 30];

/// What terms a row has: none; only such that it must be assumed how long its cache writes live; others.
pub const PLAIN: u8 = 0;
pub const ASSUMED: u8 = 1;
pub const PRICED_ALONE: u8 = 2;

/// A response.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    pub key: i64,
    pub time_ms: i64,
    pub owner_ms: i64,
    pub owner: u32,
    pub model: u32,
    pub input: i64,
    pub output: i64,
    pub write_5m: i64,
    pub write_1h: i64,
    pub reads: i64,
    pub offset: i64,
    pub searches: i64,
    pub flags: u8,
    /// The kind of its terms, and their place among the texts of them: 0 for none.
    pub terms: u8,
    pub terms_at: u32,
}

impl Entry {
    /// Returns the tokens that went in.
    pub fn prompt(&self) -> i64 {
        self.input + self.write_5m + self.write_1h + self.reads
    }

    fn size(&self) -> (i64, i64) {
        (self.output, self.prompt() + self.output)
    }

    fn owner_rank(&self) -> (u8, i64, u8) {
        (self.flags & COPY, self.owner_ms, self.flags & SIDECHAIN)
    }
}

/// Session, agent and folder of a response, each with a NUL behind it, which none of them has. They compare as the three.
pub type Owner = String;

/// The responses of one file.
#[derive(Default)]
pub struct Settled<'a> {
    pub entries: Vec<Entry>,
    pub owners: Vec<Owner>,
    pub models: Vec<String>,
    /// The place of each response among the entries, by its name.
    pub keys: Table<&'a str, usize>,
    /// The texts of terms, the first of which is empty.
    pub terms: Vec<String>,
    owner_numbers: Table<Owner, u32>,
    model_numbers: Table<String, u32>,
    last_owner: u32,
    last_model: u32,
    last_key: &'a str,
    last_entry: usize,
}

impl<'a> Settled<'a> {
    /// Returns the row that a line of an answer is, None where it counts nothing. Odd where the rule must decide.
    ///
    /// `folder` is that of a line that names none.
    pub fn row(&mut self, line: &Line<'a>, folder: &str, time_ms: i64, offset: i64) -> Read<Option<Entry>> {
        let message = line.message.as_ref().ok_or(Odd)?;
        let model = message.model.needed()?;
        if model == "<synthetic>" || line.api_error.is_true()? {
            return Ok(None);
        }
        let usage = message.usage.as_ref().ok_or(Odd)?;
        let counters = usage.counters;
        let (input, output) = (counters.input.ok_or(Odd)?, counters.output.ok_or(Odd)?);
        let (writes, reads) = (counters.writes.ok_or(Odd)?, counters.reads.ok_or(Odd)?);
        let crate::line::Truth::Is(is_sidechain) = line.is_sidechain else { return Err(Odd) };
        let (session, cwd, version) = (line.session.needed()?, line.cwd.or_empty()?, line.version.or_empty()?);
        let agent = line.agent.or_empty()?;
        let cwd = if cwd.is_empty() { folder } else { cwd };
        let stop_reason = message.stop_reason.or_none()?;
        let (tier, geo, speed) = (usage.tier.or_none()?, usage.geo.or_none()?, usage.speed.or_none()?);
        let crate::line::Text::Is(std::borrow::Cow::Borrowed(id)) = message.id else { return Err(Odd) };
        if session.is_empty() || cwd.is_empty() || geo == Some("us") || tier == Some("batch") {
            return Err(Odd);
        }
        if !id.starts_with("msg_") || time_ms == 0 || (output == 0 && stop_reason == Some("refusal")) {
            return Err(Odd);
        }
        let is_fast = speed == Some("fast");
        let (write_5m, write_1h) = match usage.split {
            Held::Is(split) => split,
            Held::Absent => (writes, 0),
            Held::Null => return Err(Odd),
        };
        let kind = match usage.split {
            _ if is_fast => PRICED_ALONE,
            Held::Absent if writes != 0 => ASSUMED,
            _ => PLAIN,
        };
        if kind == ASSUMED {
            let is_usual = matches!(tier, None | Some("standard"));
            if usage.tools != Held::Absent || usage.iteration.is_some() || geo.is_some() || speed.is_some() || !is_usual
            {
                return Err(Odd);
            }
        }
        let terms = if kind == PLAIN { String::new() } else { terms(usage)? };
        if write_5m + write_1h != writes {
            return Err(Odd);
        }
        let mut flags = if is_sidechain { SIDECHAIN } else { 0 };
        if line.is_copy {
            flags |= COPY;
        }
        let is_placeholder = if has_merged_usage(version) {
            usage.tools == Held::Absent
        } else {
            output <= PLACEHOLDER_OUTPUT && stop_reason.is_none()
        };
        if is_placeholder {
            flags |= LOWER_BOUND;
        }
        let searches = if let Held::Is(tools) = usage.tools { tools.searches.unwrap_or(0) } else { 0 };
        let owner = self.owner(session, agent, cwd);
        let model = self.model(model);
        let entry = Entry {
            key: 0,
            time_ms,
            owner_ms: time_ms,
            owner,
            model,
            input,
            output,
            write_5m,
            write_1h,
            reads,
            offset,
            searches,
            flags,
            terms: kind,
            terms_at: self.terms_number(terms),
        };
        self.merge(id, entry);
        Ok(Some(entry))
    }

    fn merge(&mut self, key: &'a str, row: Entry) {
        let next = self.entries.len();
        // Most rows are of the response of the row before.
        let at = if self.last_key == key { self.last_entry } else { *self.keys.entry(key).or_insert(next) };
        (self.last_key, self.last_entry) = (key, at);
        if at == next {
            let key = (blake2b::digest(key.as_bytes()) >> 1) as i64;
            self.entries.push(Entry { key, ..row });
            return;
        }
        let known = self.entries[at];
        let mut merged = known;
        let (found, before) = (row.owner_rank(), known.owner_rank());
        if found < before || (found == before && self.owners[row.owner as usize] < self.owners[known.owner as usize]) {
            merged.owner = row.owner;
            merged.owner_ms = row.time_ms;
            merged.flags = (row.flags & !LOWER_BOUND) | (known.flags & LOWER_BOUND);
        }
        merged.time_ms = known.time_ms.min(row.time_ms);
        if self.counts(&row, &known) {
            merged = Entry {
                key: known.key,
                time_ms: merged.time_ms,
                owner_ms: merged.owner_ms,
                owner: merged.owner,
                flags: (merged.flags & !LOWER_BOUND) | (row.flags & LOWER_BOUND),
                ..row
            };
        }
        self.entries[at] = merged;
    }

    /// Whether a row counts instead of the one counted so far, which stands before it.
    fn counts(&self, row: &Entry, known: &Entry) -> bool {
        if row.size() != known.size() {
            return row.size() > known.size();
        }
        let rank = |one: &Entry| (one.searches, one.flags & LOWER_BOUND == 0, one.write_1h, one.input, one.reads);
        let names = |one: &Entry| (&self.terms[one.terms_at as usize], &self.models[one.model as usize]);
        if rank(row) != rank(known) {
            return rank(row) > rank(known);
        }
        let is_same = (row.terms_at, row.model) == (known.terms_at, known.model);
        is_same || names(row) >= names(known)
    }

    fn owner(&mut self, session: &str, agent: &str, cwd: &str) -> u32 {
        if self.owners.get(self.last_owner as usize).is_some_and(|known| is_owner(known, [session, agent, cwd])) {
            return self.last_owner; // most rows are of the owner of the row before
        }
        let owner = [session, "\0", agent, "\0", cwd, "\0"].concat();
        let owners = &mut self.owners;
        self.last_owner = *self.owner_numbers.entry(owner).or_insert_with_key(|owner| {
            owners.push(owner.clone());
            owners.len() as u32 - 1
        });
        self.last_owner
    }

    fn terms_number(&mut self, terms: String) -> u32 {
        if self.terms.is_empty() {
            self.terms.push(String::new());
        }
        if terms.is_empty() {
            return 0;
        }
        if self.terms.last() != Some(&terms) {
            self.terms.push(terms);
        }
        self.terms.len() as u32 - 1
    }

    fn model(&mut self, model: &str) -> u32 {
        if self.models.get(self.last_model as usize).is_some_and(|known| known == model) {
            return self.last_model;
        }
        let models = &mut self.models;
        self.last_model = *self.model_numbers.entry(model.to_owned()).or_insert_with_key(|model| {
            models.push(model.clone());
            models.len() as u32 - 1
        });
        self.last_model
    }
}

/// Whether an owner is that of these three.
fn is_owner(owner: &str, parts: [&str; 3]) -> bool {
    let mut rest = owner;
    parts.iter().all(|part| match rest.strip_prefix(part).and_then(|rest| rest.strip_prefix('\0')) {
        Some(after) => {
            rest = after;
            true
        }
        None => false,
    }) && rest.is_empty()
}

/// Returns what decides a price beside the counters, as `claude_tui.sources.claude.counting.rule` writes it.
///
/// Odd where that needs what is not kept of a usage, or text that Python escapes.
fn terms(usage: &Usage<'_>) -> Read<String> {
    let mut json = Terms(String::from("{"));
    if let Held::Is((short, long)) = usage.split {
        json.begin("cache_creation", '{');
        json.number("ephemeral_1h_input_tokens", Some(long));
        json.number("ephemeral_5m_input_tokens", Some(short));
        json.0.push('}');
    }
    json.number("cache_creation_input_tokens", usage.counters.writes);
    json.number("cache_read_input_tokens", usage.counters.reads);
    json.text("inference_geo", &usage.geo)?;
    json.number("input_tokens", usage.counters.input);
    if let Some(iteration) = usage.of_iteration()? {
        json.begin("iterations", '[');
        json.0.push_str(&terms(&iteration)?);
        json.0.push(']');
    }
    json.text("model", &usage.model)?;
    json.number("output_tokens", usage.counters.output);
    if let Held::Is(tools) = usage.tools {
        if tools.has_odd_fetches {
            return Err(Odd);
        }
        json.begin("server_tool_use", '{');
        json.number("code_execution_requests", tools.runs);
        json.number("web_fetch_requests", tools.fetches);
        json.number("web_search_requests", tools.searches);
        json.0.push('}');
    }
    json.text("service_tier", &usage.tier)?;
    json.text("speed", &usage.speed)?;
    json.text("type", &usage.kind)?;
    json.0.push('}');
    Ok(json.0)
}

/// An object of JSON that is being written.
struct Terms(String);

impl Terms {
    fn begin(&mut self, name: &str, bracket: char) {
        self.name(name);
        self.0.push(bracket);
    }

    fn number(&mut self, name: &str, value: Option<i64>) {
        if let Some(value) = value {
            self.name(name);
            self.0.push_str(&value.to_string());
        }
    }

    fn text(&mut self, name: &str, value: &Text<'_>) -> Read<()> {
        let Some(value) = value.or_none()? else { return Ok(()) };
        if value.bytes().any(|byte| !(b' '..=b'~').contains(&byte) || byte == b'"' || byte == b'\\') {
            return Err(Odd);
        }
        self.begin(name, '"');
        self.0.push_str(value);
        self.0.push('"');
        Ok(())
    }

    fn name(&mut self, name: &str) {
        let comma = if self.0.ends_with('{') { "" } else { "," };
        self.0.push_str(&format!("{comma}\"{name}\":"));
    }
}

/// Whether a version of the client writes the final usage with fields that placeholders do not have.
fn has_merged_usage(version: &str) -> bool {
    let first = version.split('-').next().unwrap_or("");
    let parts = first.split('.').take(3).map(|part| {
        let is_number = !part.is_empty() && part.len() < 9 && part.bytes().all(|byte| byte.is_ascii_digit());
        if is_number {
            part.parse().unwrap_or(0)
        } else {
            0u32
        }
    });
    parts.collect::<Vec<_>>().as_slice() >= MERGED_USAGE_SINCE.as_slice()
}
