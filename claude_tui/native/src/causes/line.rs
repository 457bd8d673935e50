//! One line, as far as causes depend on it: the shapes of `claude_tui.sources.claude.causes.lines`. Says nothing of its
//! meaning.

use std::borrow::Cow;

use crate::causes::sizes::text_sizes;
use crate::json::{Cursor, Odd, Read, Written};
use crate::line::{Text, Truth};

/// A part of what was said. `input` is as it is written, and of `content` there is the size of its texts.
#[derive(Default)]
pub struct Block<'a> {
    pub kind: Text<'a>,
    pub id: Text<'a>,
    pub name: Text<'a>,
    pub called: Text<'a>,
    pub text: Option<Written<'a>>,
    pub thinking: Option<Written<'a>>,
    pub is_error: Truth,
    pub input: Option<&'a str>,
    pub content: Option<i64>,
}

impl<'a> Block<'a> {
    /// Returns the bytes of its own text.
    pub fn text_size(&self) -> i64 {
        size_of(self.text)
    }

    /// Returns the bytes of what was thought.
    pub fn thinking_size(&self) -> i64 {
        size_of(self.thinking)
    }
}

/// What was said: nothing that can be told, a text, or parts.
#[derive(Default)]
pub enum Content<'a> {
    #[default]
    Nothing,
    Text(Written<'a>),
    Blocks(Vec<Block<'a>>),
}

/// A message.
#[derive(Default)]
pub struct Message<'a> {
    pub id: Text<'a>,
    pub model: Text<'a>,
    pub content: Content<'a>,
    /// Why the API did not find the prompt in its cache.
    pub reason: Text<'a>,
    pub has_usage: bool,
    pub thinking: i64,
}

/// What the client put beside a prompt.
#[derive(Default)]
pub struct Attachment<'a> {
    pub kind: Text<'a>,
    pub hook: Text<'a>,
    pub has_changes: bool,
    pub content: Option<i64>,
    pub blocks: Option<i64>,
}

/// What a report of progress holds: the sub-agent's line it repeats, and whose that is.
#[derive(Default)]
pub struct Progress<'a> {
    pub kind: Text<'a>,
    pub agent: Text<'a>,
    pub line: Option<Line<'a>>,
    has_line: bool,
}

/// A line.
#[derive(Default)]
pub struct Line<'a> {
    pub kind: Text<'a>,
    pub subtype: Text<'a>,
    pub timestamp: Text<'a>,
    pub agent: Text<'a>,
    pub is_sidechain: Truth,
    pub is_meta: Truth,
    pub is_summary: Truth,
    pub message: Option<Message<'a>>,
    pub branch: Text<'a>,
    pub version: Text<'a>,
    pub skill: Text<'a>,
    pub plugin: Text<'a>,
    pub agent_type: Text<'a>,
    pub lifetime: Text<'a>,
    pub source_call: Text<'a>,
    pub interrupted: Text<'a>,
    pub result: Option<&'a str>,
    pub attachment: Option<Attachment<'a>>,
    pub rendered: Option<i64>,
    pub api_error: Truth,
    /// What a report of progress repeats of a sub-agent: its line.
    pub progress: Option<Box<Progress<'a>>>,
    has_message: bool,
    has_attachment: bool,
    has_data: bool,
}

impl<'a> Line<'a> {
    /// Reads a line that is one object, all of it. Anything else is odd, and so is what may be read in two ways.
    pub fn read(text: &'a str) -> Read<Self> {
        let mut cursor = Cursor::of(text);
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
                "subtype" => line.subtype.read(cursor),
                "timestamp" => line.timestamp.read(cursor),
                "agentId" => line.agent.read(cursor),
                "isSidechain" => line.is_sidechain.read(cursor),
                "isMeta" => line.is_meta.read(cursor),
                "isCompactSummary" => line.is_summary.read(cursor),
                "gitBranch" => line.branch.read(cursor),
                "version" => line.version.read(cursor),
                "attributionSkill" => line.skill.read(cursor),
                "attributionPlugin" => line.plugin.read(cursor),
                "attributionAgent" => line.agent_type.read(cursor),
                "promptCacheRequested" => line.lifetime.read(cursor),
                "sourceToolUseID" => line.source_call.read(cursor),
                "interruptedMessageId" => line.interrupted.read(cursor),
                "isApiErrorMessage" => line.api_error.read(cursor),
                "toolUseResult" => raw(&mut line.result, cursor, depth + 1),
                "rendered" => sizes(&mut line.rendered, cursor, depth + 1),
                "message" => {
                    once(&mut line.has_message)?;
                    line.message = object(cursor, |cursor| message(cursor, depth + 1))?;
                    Ok(true)
                }
                "attachment" => {
                    once(&mut line.has_attachment)?;
                    line.attachment = object(cursor, |cursor| attachment(cursor, depth + 1))?;
                    Ok(true)
                }
                "data" if depth == 0 => {
                    once(&mut line.has_data)?;
                    line.progress = progress(cursor)?.map(Box::new);
                    Ok(line.progress.is_some())
                }
                _ => Ok(false),
            },
            depth,
        )?;
        Ok(line)
    }
}

/// Returns the text a value is, "" where there is none; anything else in its place is odd.
pub fn said<'t>(text: &'t Text<'_>) -> Read<&'t str> {
    Ok(text.or_none()?.unwrap_or_default())
}

/// Returns the text a value is, as `said` does, to keep.
pub fn kept<'a>(text: &Text<'a>) -> Read<Cow<'a, str>> {
    match text {
        Text::Is(text) => Ok(text.clone()),
        Text::Other => Err(Odd),
        _ => Ok(Cow::Borrowed("")),
    }
}

fn size_of(text: Option<Written<'_>>) -> i64 {
    text.map_or(0, |text| text.size as i64)
}

fn once(is_there: &mut bool) -> Read<()> {
    if *is_there {
        return Err(Odd);
    }
    *is_there = true;
    Ok(())
}

/// Reads an object, None for null; anything else is odd.
fn object<'a, T>(cursor: &mut Cursor<'a>, read: impl FnOnce(&mut Cursor<'a>) -> Read<T>) -> Read<Option<T>> {
    if cursor.is_null()? {
        Ok(None)
    } else {
        read(cursor).map(Some)
    }
}

fn raw<'a>(slot: &mut Option<&'a str>, cursor: &mut Cursor<'a>, depth: usize) -> Read<bool> {
    if slot.is_some() {
        return Err(Odd);
    }
    *slot = Some(cursor.raw(|cursor| cursor.skip(depth))?);
    Ok(true)
}

fn sizes(slot: &mut Option<i64>, cursor: &mut Cursor<'_>, depth: usize) -> Read<bool> {
    if slot.is_some() {
        return Err(Odd);
    }
    *slot = Some(text_sizes(cursor, depth)?);
    Ok(true)
}

fn written<'a>(slot: &mut Option<Written<'a>>, cursor: &mut Cursor<'a>) -> Read<bool> {
    if slot.is_some() {
        return Err(Odd);
    }
    *slot = Some(match cursor.written()? {
        Some(text) => text,
        None if cursor.is_null()? => Written::default(),
        None => return Err(Odd),
    });
    Ok(true)
}

fn message<'a>(cursor: &mut Cursor<'a>, depth: usize) -> Read<Message<'a>> {
    let mut found = Message::default();
    let (mut has_content, mut has_diagnostics, mut has_usage) = (false, false, false);
    cursor.object(
        |cursor, name| match name {
            "id" => found.id.read(cursor),
            "model" => found.model.read(cursor),
            "content" => {
                once(&mut has_content)?;
                found.content = content(cursor, depth + 2)?;
                Ok(true)
            }
            "diagnostics" => {
                once(&mut has_diagnostics)?;
                found.reason = object(cursor, |cursor| {
                    member(cursor, "cache_miss_reason", depth + 1, |cursor| {
                        member(cursor, "type", depth + 2, |cursor| {
                            let mut kind = Text::Absent;
                            kind.read(cursor)?;
                            Ok(kind)
                        })
                    })
                })?
                .unwrap_or_default();
                Ok(true)
            }
            "usage" => {
                once(&mut has_usage)?;
                let thinking = object(cursor, |cursor| {
                    member(cursor, "output_tokens_details", depth + 1, |cursor| {
                        member(cursor, "thinking_tokens", depth + 2, Cursor::count)
                    })
                })?;
                found.has_usage = thinking.is_some();
                found.thinking = thinking.unwrap_or(0);
                Ok(true)
            }
            _ => Ok(false),
        },
        depth,
    )?;
    Ok(found)
}

/// Reads one member of an object, with what it has by default where that is absent or null.
fn member<'a, T: Default>(
    cursor: &mut Cursor<'a>,
    wanted: &str,
    depth: usize,
    mut read: impl FnMut(&mut Cursor<'a>) -> Read<T>,
) -> Read<T> {
    let mut found = None;
    cursor.object(
        |cursor, name| {
            if name != wanted {
                return Ok(false);
            }
            if found.is_some() {
                return Err(Odd);
            }
            found = Some(if cursor.is_null()? { T::default() } else { read(cursor)? });
            Ok(true)
        },
        depth,
    )?;
    Ok(found.unwrap_or_default())
}

fn content<'a>(cursor: &mut Cursor<'a>, depth: usize) -> Read<Content<'a>> {
    if let Some(text) = cursor.written()? {
        return Ok(Content::Text(text));
    }
    if cursor.is_null()? {
        return Ok(Content::Nothing);
    }
    let mut blocks = Vec::new();
    cursor.list(|cursor| {
        blocks.push(block(cursor, depth)?);
        Ok(())
    })?;
    Ok(Content::Blocks(blocks))
}

fn block<'a>(cursor: &mut Cursor<'a>, depth: usize) -> Read<Block<'a>> {
    let mut found = Block::default();
    cursor.object(
        |cursor, name| match name {
            "type" => found.kind.read(cursor),
            "id" => found.id.read(cursor),
            "name" => found.name.read(cursor),
            "tool_use_id" => found.called.read(cursor),
            "text" => written(&mut found.text, cursor),
            "thinking" => written(&mut found.thinking, cursor),
            "is_error" => found.is_error.read(cursor),
            "input" => raw(&mut found.input, cursor, depth + 1),
            "content" => sizes(&mut found.content, cursor, depth + 1),
            _ => Ok(false),
        },
        depth,
    )?;
    Ok(found)
}

fn attachment<'a>(cursor: &mut Cursor<'a>, depth: usize) -> Read<Attachment<'a>> {
    let mut found = Attachment::default();
    let (mut has_added, mut has_removed) = (false, false);
    cursor.object(
        |cursor, name| match name {
            "type" => found.kind.read(cursor),
            "hookName" => found.hook.read(cursor),
            "content" => sizes(&mut found.content, cursor, depth + 1),
            "addedBlocks" => sizes(&mut found.blocks, cursor, depth + 1),
            "addedNames" => {
                once(&mut has_added)?;
                found.has_changes |= has_names(cursor)?;
                Ok(true)
            }
            "removedNames" => {
                once(&mut has_removed)?;
                found.has_changes |= has_names(cursor)?;
                Ok(true)
            }
            _ => Ok(false),
        },
        depth,
    )?;
    Ok(found)
}

/// Whether a list of names has any.
fn has_names(cursor: &mut Cursor<'_>) -> Read<bool> {
    let mut is_any = false;
    if !cursor.is_null()? {
        cursor.list(|cursor| {
            is_any = true;
            cursor.written()?.map(drop).ok_or(Odd)
        })?;
    }
    Ok(is_any)
}

/// Reads what a report of progress holds; None where that is no object, which is left.
fn progress<'a>(cursor: &mut Cursor<'a>) -> Read<Option<Progress<'a>>> {
    if cursor.peek() != Some(b'{') {
        return Ok(None);
    }
    let mut found = Progress::default();
    cursor.object(
        |cursor, name| match name {
            "type" => found.kind.read(cursor),
            "agentId" => found.agent.read(cursor),
            "message" => {
                once(&mut found.has_line)?;
                if cursor.peek() == Some(b'{') {
                    found.line = Some(Line::at(cursor, 2)?);
                }
                Ok(found.line.is_some())
            }
            _ => Ok(false),
        },
        1,
    )?;
    Ok(Some(found))
}
