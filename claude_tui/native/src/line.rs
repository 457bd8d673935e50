//! One line, as far as it is looked at: the shapes of `claude_tui.sources.claude.fast.usual`. Says nothing of its meaning.

use std::borrow::Cow;

use crate::json::{Cursor, Odd, Read};

/// The value of a name that should have a text.
#[derive(Default, Debug, Clone, PartialEq, Eq)]
pub enum Text<'a> {
    #[default]
    Absent,
    Null,
    Is(Cow<'a, str>),
    Other,
}

impl<'a> Text<'a> {
    /// Reads the value at a cursor. Odd where there is one already.
    pub fn read(&mut self, cursor: &mut Cursor<'a>) -> Read<bool> {
        if *self != Text::Absent {
            return Err(Odd); // of two the last counts, but who knows to whom
        }
        if let Some(text) = cursor.text()? {
            *self = Text::Is(text);
            return Ok(true);
        }
        *self = if cursor.is_null()? { Text::Null } else { Text::Other };
        Ok(*self == Text::Null)
    }

    /// Returns the text there must be.
    pub fn needed(&self) -> Read<&Cow<'a, str>> {
        if let Text::Is(text) = self {
            Ok(text)
        } else {
            Err(Odd)
        }
    }

    /// Returns the text, "" where there is none; anything else in its place is odd.
    pub fn or_empty(&self) -> Read<&str> {
        match self {
            Text::Is(text) => Ok(text),
            Text::Absent => Ok(""),
            _ => Err(Odd),
        }
    }

    /// Returns the text, "" where there is anything else.
    pub fn or_nothing(&self) -> &str {
        if let Text::Is(text) = self {
            text
        } else {
            ""
        }
    }

    /// Returns the text, None where it is null or absent; anything else in its place is odd.
    pub fn or_none(&self) -> Read<Option<&str>> {
        match self {
            Text::Is(text) => Ok(Some(text)),
            Text::Absent | Text::Null => Ok(None),
            Text::Other => Err(Odd),
        }
    }
}

/// The value of a name that should be true or false.
#[derive(Default, Debug, Clone, Copy, PartialEq, Eq)]
pub enum Truth {
    #[default]
    Absent,
    Null,
    Is(bool),
    Other,
}

impl Truth {
    /// Reads the value at a cursor, as a text is read.
    pub fn read(&mut self, cursor: &mut Cursor<'_>) -> Read<bool> {
        if *self != Truth::Absent {
            return Err(Odd);
        }
        if let Some(truth) = cursor.truth()? {
            *self = Truth::Is(truth);
            return Ok(true);
        }
        *self = if cursor.is_null()? { Truth::Null } else { Truth::Other };
        Ok(*self == Truth::Null)
    }

    /// Whether it is true; anything but a truth value, null and nothing is odd.
    pub fn is_true(self) -> Read<bool> {
        match self {
            Truth::Is(truth) => Ok(truth),
            Truth::Absent | Truth::Null => Ok(false),
            Truth::Other => Err(Odd),
        }
    }
}

/// How an object stands where one may be.
#[derive(Default, Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held<T> {
    #[default]
    Absent,
    Null,
    Is(T),
}

/// The counters of a response.
#[derive(Default, Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counters {
    pub input: Option<i64>,
    pub output: Option<i64>,
    pub writes: Option<i64>,
    pub reads: Option<i64>,
}

/// What tools the server used.
#[derive(Default, Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tools {
    pub searches: Option<i64>,
    pub fetches: Option<i64>,
    /// Whether what stands for them is no number.
    pub has_odd_fetches: bool,
    /// Runs of code: none, for they would be billed.
    pub runs: Option<i64>,
}

/// A usage object of which nothing is said that the rule must decide on.
#[derive(Default, Debug, Clone)]
pub struct Usage<'a> {
    pub counters: Counters,
    pub tools: Held<Tools>,
    pub split: Held<(i64, i64)>,
    pub tier: Text<'a>,
    pub geo: Text<'a>,
    pub speed: Text<'a>,
    /// The only iteration, a plain message, as it is written.
    pub iteration: Option<&'a str>,
    /// What only an iteration names.
    pub kind: Text<'a>,
    pub model: Text<'a>,
}

/// What a message holds besides.
#[derive(Default, Debug, Clone)]
pub struct Message<'a> {
    pub model: Text<'a>,
    pub id: Text<'a>,
    pub stop_reason: Text<'a>,
    pub usage: Option<Usage<'a>>,
    pub has_call: bool,
    pub has_result: bool,
    /// Whether its content can be read by the types of its parts.
    pub is_talk: bool,
}

/// A line.
#[derive(Default, Debug)]
pub struct Line<'a> {
    pub kind: Text<'a>,
    pub is_sidechain: Truth,
    pub agent: Text<'a>,
    pub timestamp: Text<'a>,
    pub cwd: Text<'a>,
    pub session: Text<'a>,
    pub version: Text<'a>,
    pub branch: Text<'a>,
    pub is_copy: bool,
    pub api_error: Truth,
    pub message: Option<Message<'a>>,
    pub has_odd_message: bool,
    /// The type of what a report of progress holds; another value than an object or nothing is `Other`.
    pub data: Text<'a>,
    /// What it holds besides.
    pub progress: Option<Box<Progress<'a>>>,
    pub requested: Text<'a>,
    pub subtype: Text<'a>,
    /// What a compaction says: the tokens before it and after it.
    pub compaction: Option<(i64, i64)>,
    /// What `TITLES` hold, and what any of them may.
    pub titles: [Text<'a>; 3],
    pub title: Text<'a>,
}

/// What a report of progress holds: the sub-agent's line it repeats, and whose that is.
#[derive(Default, Debug)]
pub struct Progress<'a> {
    pub agent: Text<'a>,
    pub line: Option<Line<'a>>,
    has_other: bool,
}

/// Kinds of lines with a title, the least important first.
pub const TITLES: [&str; 3] = ["summary", "ai-title", "custom-title"];

impl<'a> Usage<'a> {
    /// Reads the usage of the only iteration, which has none itself.
    pub fn of_iteration(&self) -> Read<Option<Self>> {
        let Some(raw) = self.iteration else { return Ok(None) };
        let found = usage(&mut Cursor::new(raw.as_bytes())?, 4)?;
        Ok(Some(Self { iteration: None, ..found }))
    }
}

impl<'a> Line<'a> {
    /// Reads a line that is one object, all of it. Anything else is odd, and so is what may be read in two ways.
    pub fn read(bytes: &'a [u8]) -> Read<Self> {
        let mut cursor = Cursor::new(bytes)?;
        let line = Self::at(&mut cursor, 0)?;
        if cursor.is_at_end() {
            Ok(line)
        } else {
            Err(Odd)
        }
    }

    /// Reads the object at a cursor. Within another one it repeats no third.
    fn at(cursor: &mut Cursor<'a>, depth: usize) -> Read<Self> {
        let mut line = Self::default();
        cursor.object(
            |cursor, name| match name {
                "type" => line.kind.read(cursor),
                "isSidechain" => line.is_sidechain.read(cursor),
                "agentId" => line.agent.read(cursor),
                "timestamp" => line.timestamp.read(cursor),
                "cwd" => line.cwd.read(cursor),
                "sessionId" => line.session.read(cursor),
                "version" => line.version.read(cursor),
                "gitBranch" => line.branch.read(cursor),
                "isApiErrorMessage" => line.api_error.read(cursor),
                "requestSessionId" | "forkedFrom" => {
                    line.is_copy = true;
                    Ok(false)
                }
                "subtype" => line.subtype.read(cursor),
                "summary" => line.titles[0].read(cursor),
                "aiTitle" => line.titles[1].read(cursor),
                "customTitle" => line.titles[2].read(cursor),
                "title" => line.title.read(cursor),
                "compactMetadata" => {
                    if line.compaction.is_some() {
                        return Err(Odd);
                    }
                    line.compaction = Some(compaction(cursor)?);
                    Ok(true)
                }
                "data" if depth == 0 => {
                    if line.data != Text::Absent {
                        return Err(Odd);
                    }
                    (line.data, line.progress) = data(cursor)?;
                    Ok(line.data != Text::Other)
                }
                "requestedModel" => line.requested.read(cursor),
                "message" => {
                    if line.message.is_some() || line.has_odd_message {
                        return Err(Odd);
                    }
                    if cursor.peek() == Some(b'{') {
                        line.message = Some(message(cursor, depth + 1)?);
                        return Ok(true);
                    }
                    line.has_odd_message = true;
                    Ok(false)
                }
                _ => Ok(false),
            },
            depth,
        )?;
        Ok(line)
    }
}

fn data<'a>(cursor: &mut Cursor<'a>) -> Read<(Text<'a>, Option<Box<Progress<'a>>>)> {
    if cursor.peek() != Some(b'{') {
        return Ok((if cursor.is_null()? { Text::Null } else { Text::Other }, None));
    }
    let (mut kind, mut found) = (Text::Absent, Box::<Progress<'a>>::default());
    cursor.object(
        |cursor, name| match name {
            "type" => kind.read(cursor),
            "agentId" => found.agent.read(cursor),
            "message" => {
                if found.line.is_some() || found.has_other {
                    return Err(Odd);
                }
                if cursor.peek() == Some(b'{') {
                    found.line = Some(Line::at(cursor, 2)?);
                    return Ok(true);
                }
                found.has_other = true;
                Ok(false)
            }
            _ => Ok(false),
        },
        1,
    )?;
    match kind {
        Text::Is(_) => Ok((kind, Some(found))),
        Text::Absent => Ok((Text::Null, None)),
        _ => Err(Odd),
    }
}

fn compaction(cursor: &mut Cursor<'_>) -> Read<(i64, i64)> {
    let (mut before, mut after) = (None, None);
    cursor.object(
        |cursor, name| match name {
            "preTokens" => count(&mut before, cursor),
            "postTokens" => count(&mut after, cursor),
            _ => Ok(false),
        },
        1,
    )?;
    Ok((before.unwrap_or(0), after.unwrap_or(0)))
}

fn message<'a>(cursor: &mut Cursor<'a>, depth: usize) -> Read<Message<'a>> {
    let mut found = Message { is_talk: true, ..Message::default() };
    let mut has_content = false;
    cursor.object(
        |cursor, name| match name {
            "model" => found.model.read(cursor),
            "id" => found.id.read(cursor),
            "stop_reason" => found.stop_reason.read(cursor),
            "usage" => {
                if found.usage.is_some() {
                    return Err(Odd);
                }
                if cursor.peek() != Some(b'{') {
                    return Ok(false); // no usage, which is for the rule where there must be one
                }
                let usage = usage(cursor, depth + 1)?;
                if usage.kind.or_none()?.is_some() || usage.model.or_none()?.is_some() {
                    return Err(Odd);
                }
                found.usage = Some(usage);
                Ok(true)
            }
            "pausedResponses" => cursor.is_null().and_then(|is_null| if is_null { Ok(true) } else { Err(Odd) }),
            "content" => {
                if has_content {
                    return Err(Odd);
                }
                has_content = true;
                match cursor.peek() {
                    Some(b'[') => content(cursor, &mut found, depth + 2).map(|()| true),
                    Some(b'"') => Ok(false),
                    _ => {
                        found.is_talk = cursor.is_null()?;
                        Ok(found.is_talk)
                    }
                }
            }
            _ => Ok(false),
        },
        depth,
    )?;
    Ok(found)
}

fn content<'a>(cursor: &mut Cursor<'a>, found: &mut Message<'a>, depth: usize) -> Read<()> {
    cursor.list(|cursor| {
        if cursor.peek() != Some(b'{') {
            found.is_talk = false;
            return cursor.skip(depth);
        }
        let mut kind = Text::Absent;
        cursor.object(|cursor, name| if name == "type" { kind.read(cursor) } else { Ok(false) }, depth)?;
        match kind.or_empty() {
            Ok("tool_use") => found.has_call = true,
            Ok("tool_result") => found.has_result = true,
            Ok(_) => (),
            Err(Odd) => found.is_talk = false,
        }
        Ok(())
    })
}

fn usage<'a>(cursor: &mut Cursor<'a>, depth: usize) -> Read<Usage<'a>> {
    let mut found = Usage::default();
    let mut is_told = false;
    cursor.object(
        |cursor, name| {
            let counters = &mut found.counters;
            match name {
                "input_tokens" => count(&mut counters.input, cursor),
                "output_tokens" => count(&mut counters.output, cursor),
                "cache_creation_input_tokens" => count(&mut counters.writes, cursor),
                "cache_read_input_tokens" => count(&mut counters.reads, cursor),
                "service_tier" => found.tier.read(cursor),
                "inference_geo" => found.geo.read(cursor),
                "speed" => found.speed.read(cursor),
                "server_tool_use" => {
                    if found.tools != Held::Absent {
                        return Err(Odd);
                    }
                    found.tools = if cursor.is_null()? { Held::Null } else { Held::Is(tools(cursor, depth + 1)?) };
                    Ok(true)
                }
                "cache_creation" => {
                    if found.split != Held::Absent {
                        return Err(Odd);
                    }
                    found.split = Held::Is(split(cursor, depth + 1)?);
                    Ok(true)
                }
                "iterations" => {
                    if is_told {
                        return Err(Odd);
                    }
                    is_told = true;
                    if !cursor.is_null()? {
                        found.iteration = iterations(cursor, depth + 2)?;
                    }
                    Ok(true)
                }
                "type" => found.kind.read(cursor),
                "model" => found.model.read(cursor),
                "fallback_credit" => {
                    if cursor.is_null()? {
                        Ok(true)
                    } else {
                        Err(Odd)
                    }
                }
                _ => Ok(false),
            }
        },
        depth,
    )?;
    Ok(found)
}

fn count(slot: &mut Option<i64>, cursor: &mut Cursor<'_>) -> Read<bool> {
    if slot.is_some() {
        return Err(Odd);
    }
    *slot = Some(cursor.count()?);
    Ok(true)
}

fn tools(cursor: &mut Cursor<'_>, depth: usize) -> Read<Tools> {
    let mut found = Tools::default();
    cursor.object(
        |cursor, name| match name {
            "web_search_requests" => count(&mut found.searches, cursor),
            "web_fetch_requests" => {
                if found.fetches.is_some() || found.has_odd_fetches {
                    return Err(Odd);
                }
                if cursor.peek().is_some_and(|byte| byte.is_ascii_digit()) {
                    found.fetches = Some(cursor.count()?);
                }
                found.has_odd_fetches = found.fetches.is_none();
                Ok(!found.has_odd_fetches)
            }
            "code_execution_requests" => {
                if cursor.is_null()? {
                    return Ok(true);
                }
                count(&mut found.runs, cursor)?;
                if found.runs == Some(0) {
                    Ok(true)
                } else {
                    Err(Odd)
                }
            }
            _ => Ok(false),
        },
        depth,
    )?;
    Ok(found)
}

fn split(cursor: &mut Cursor<'_>, depth: usize) -> Read<(i64, i64)> {
    let (mut short, mut long) = (None, None);
    cursor.object(
        |cursor, name| match name {
            "ephemeral_5m_input_tokens" => count(&mut short, cursor),
            "ephemeral_1h_input_tokens" => count(&mut long, cursor),
            _ => Ok(false),
        },
        depth,
    )?;
    Ok((short.ok_or(Odd)?, long.ok_or(Odd)?))
}

/// Reads at most one iteration, which is a plain message, and returns it.
fn iterations<'a>(cursor: &mut Cursor<'a>, depth: usize) -> Read<Option<&'a str>> {
    let mut found = None;
    cursor.list(|cursor| {
        let mut kind = Text::Absent;
        let raw = cursor.raw(|cursor| {
            cursor.object(|cursor, name| if name == "type" { kind.read(cursor) } else { Ok(false) }, depth)
        })?;
        if found.is_none() && kind.needed()? == "message" {
            found = Some(raw);
            Ok(())
        } else {
            Err(Odd)
        }
    })?;
    Ok(found)
}
