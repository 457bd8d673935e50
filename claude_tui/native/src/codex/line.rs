//! One line of a rollout, as far as it is looked at: the shapes of `claude_tui.sources.codex.fast.usual`. Says nothing of
//! its meaning.

use std::borrow::Cow;

use crate::json::{Cursor, Odd, Read};
use crate::line::Text;

/// Counters in the order of `claude_tui.sources.codex.records.Tokens`.
pub type Tokens = [i64; 6];

const COUNTERS: [&str; 6] = [
    "input_tokens",
    "cached_input_tokens",
    "cache_write_input_tokens",
    "output_tokens",
    "reasoning_output_tokens",
    "total_tokens",
];
/// The one that older clients do not write.
const WRITTEN: usize = 2;

const RECORD: &str = "token_usage_record";
const COUNT: &str = "token_count";
const SETTINGS: &str = "thread_settings_applied";
const META: &str = "session_meta";
const TURN: &str = "turn_context";
const COMPACTED: &str = "compacted";

/// What a line says.
#[derive(Debug, PartialEq, Eq)]
pub enum Said<'a> {
    Nothing,
    /// Whose thread it is, and whether that may have come from another.
    Meta {
        thread: Cow<'a, str>,
        may_have_parents: bool,
    },
    Turn {
        turn: Cow<'a, str>,
        model: Cow<'a, str>,
    },
    Settings {
        tier: Cow<'a, str>,
        turn: Cow<'a, str>,
        model: Cow<'a, str>,
    },
    Compacted,
    Record {
        thread: Cow<'a, str>,
        turn: Cow<'a, str>,
        response: Cow<'a, str>,
        tokens: Tokens,
    },
    Count {
        total: Tokens,
        last: Tokens,
        /// The context window of the model, 0 where nothing is said.
        window: i64,
    },
}

/// A line.
#[derive(Debug)]
pub struct Line<'a> {
    pub timestamp: Text<'a>,
    pub said: Said<'a>,
}

impl<'a> Line<'a> {
    /// Reads a line that is one object, all of it. Anything else is odd, and so is what may be read in two ways.
    pub fn read(bytes: &'a [u8]) -> Read<Self> {
        let mut cursor = Cursor::new(bytes)?;
        let (mut kind, mut timestamp, mut said) = (Text::Absent, Text::Absent, None);
        cursor.object(
            |cursor, name| match name {
                "timestamp" => timestamp.read(cursor),
                "type" => kind.read(cursor),
                "payload" => {
                    if said.is_some() {
                        return Err(Odd);
                    }
                    let (found, is_read) = payload(kind.needed()?, cursor)?;
                    said = Some(found);
                    Ok(is_read)
                }
                _ => Ok(false),
            },
            0,
        )?;
        if !cursor.is_at_end() {
            return Err(Odd);
        }
        match said {
            Some(said) => Ok(Self { timestamp, said }),
            None if is_counted(kind.needed()?) => Err(Odd),
            None => Ok(Self { timestamp, said: Said::Nothing }),
        }
    }
}

fn is_counted(kind: &str) -> bool {
    matches!(kind, RECORD | COUNT | SETTINGS | META | TURN | COMPACTED)
}

/// Returns what the payload at a cursor says, and whether it was read.
fn payload<'a>(kind: &str, cursor: &mut Cursor<'a>) -> Read<(Said<'a>, bool)> {
    match kind {
        COMPACTED => return Ok((Said::Compacted, false)),
        RECORD | META | TURN | "event_msg" => (),
        COUNT | SETTINGS => return Err(Odd), // they stand in events
        _ => return Ok((Said::Nothing, false)),
    }
    if cursor.peek() != Some(b'{') {
        return Err(Odd);
    }
    let said = match kind {
        RECORD => record(cursor)?,
        META => meta(cursor)?,
        TURN => turn(cursor)?,
        _ => event(cursor)?,
    };
    Ok((said, true))
}

fn record<'a>(cursor: &mut Cursor<'a>) -> Read<Said<'a>> {
    let (mut thread, mut turn, mut response, mut tokens) = (Text::Absent, Text::Absent, Text::Absent, None);
    cursor.object(
        |cursor, name| match name {
            "thread_id" => thread.read(cursor),
            "turn_id" => turn.read(cursor),
            "response_id" => response.read(cursor),
            "usage" => counters(&mut tokens, cursor, 2),
            _ => Ok(false),
        },
        1,
    )?;
    Ok(Said::Record {
        thread: needed(thread)?,
        turn: needed(turn)?,
        response: needed(response)?,
        tokens: tokens.ok_or(Odd)?,
    })
}

fn meta<'a>(cursor: &mut Cursor<'a>) -> Read<Said<'a>> {
    let (mut thread, mut forked, mut parent, mut has_source) = (Text::Absent, Text::Absent, Text::Absent, false);
    let mut folder = Text::Absent;
    cursor.object(
        |cursor, name| match name {
            "id" => thread.read(cursor),
            "cwd" => folder.read(cursor),
            "forked_from_id" => forked.read(cursor),
            "parent_thread_id" => parent.read(cursor),
            "source" => {
                has_source |= cursor.peek() == Some(b'{');
                Ok(false)
            }
            _ => Ok(false),
        },
        1,
    )?;
    needed(folder)?; // where it is not said, a turn says it
    let is_said = |text: &Text<'_>| !matches!(text, Text::Absent | Text::Null);
    let may_have_parents = has_source || is_said(&forked) || is_said(&parent);
    Ok(Said::Meta { thread: needed(thread)?, may_have_parents })
}

fn turn<'a>(cursor: &mut Cursor<'a>) -> Read<Said<'a>> {
    let (mut turn, mut model) = (Text::Absent, Text::Absent);
    cursor.object(
        |cursor, name| match name {
            "turn_id" => turn.read(cursor),
            "model" => model.read(cursor),
            _ => Ok(false),
        },
        1,
    )?;
    Ok(Said::Turn { turn: or_empty(turn)?, model: needed(model)? })
}

/// Reads an event, which must say what it is before it says more.
fn event<'a>(cursor: &mut Cursor<'a>) -> Read<Said<'a>> {
    let (mut kind, mut said, mut is_told) = (Text::Absent, Said::Nothing, false);
    cursor.object(
        |cursor, name| match name {
            "type" => {
                if is_told {
                    return Err(Odd);
                }
                kind.read(cursor)
            }
            "info" | "thread_settings" => {
                let is_first = !std::mem::replace(&mut is_told, true);
                match (kind.needed()?.as_ref(), name) {
                    (COUNT, "info") if is_first => {
                        if cursor.is_null()? {
                            return Ok(true);
                        }
                        said = info(cursor)?;
                    }
                    (SETTINGS, "thread_settings") if is_first => said = settings(cursor)?,
                    (COUNT | SETTINGS, _) => return Err(Odd),
                    _ => return Ok(false),
                }
                Ok(true)
            }
            _ => Ok(false),
        },
        1,
    )?;
    match kind.needed()?.as_ref() {
        COUNT => Ok(said),
        SETTINGS if said != Said::Nothing => Ok(said),
        kind if is_counted(kind) => Err(Odd),
        _ => Ok(Said::Nothing),
    }
}

fn info<'a>(cursor: &mut Cursor<'a>) -> Read<Said<'a>> {
    let (mut total, mut last, mut window) = (None, None, None);
    cursor.object(
        |cursor, name| match name {
            "total_token_usage" => counters(&mut total, cursor, 3),
            "last_token_usage" => counters(&mut last, cursor, 3),
            "model_context_window" => {
                let said = if cursor.is_null()? { 0 } else { cursor.count()? };
                if window.replace(said).is_some() {
                    return Err(Odd);
                }
                Ok(true)
            }
            _ => Ok(false),
        },
        2,
    )?;
    Ok(Said::Count { total: total.ok_or(Odd)?, last: last.ok_or(Odd)?, window: window.unwrap_or(0) })
}

fn settings<'a>(cursor: &mut Cursor<'a>) -> Read<Said<'a>> {
    let (mut tier, mut turn, mut model) = (Text::Absent, Text::Absent, Text::Absent);
    cursor.object(
        |cursor, name| match name {
            "service_tier" => tier.read(cursor),
            "turn_id" => turn.read(cursor),
            "model" => model.read(cursor),
            _ => Ok(false),
        },
        2,
    )?;
    Ok(Said::Settings { tier: or_empty(tier)?, turn: or_empty(turn)?, model: or_empty(model)? })
}

fn counters(slot: &mut Option<Tokens>, cursor: &mut Cursor<'_>, depth: usize) -> Read<bool> {
    if slot.is_some() {
        return Err(Odd);
    }
    let mut found: [Option<i64>; 6] = [None; 6];
    cursor.object(
        |cursor, name| {
            let Some(at) = COUNTERS.iter().position(|counter| *counter == name) else { return Ok(false) };
            if found[at].is_some() {
                return Err(Odd);
            }
            found[at] = Some(cursor.count()?);
            Ok(true)
        },
        depth,
    )?;
    found[WRITTEN].get_or_insert(0);
    let mut tokens = Tokens::default();
    for (token, told) in tokens.iter_mut().zip(found) {
        *token = told.ok_or(Odd)?;
    }
    *slot = Some(tokens);
    Ok(true)
}

fn needed(text: Text<'_>) -> Read<Cow<'_, str>> {
    match text {
        Text::Is(text) if !text.is_empty() => Ok(text),
        _ => Err(Odd),
    }
}

fn or_empty(text: Text<'_>) -> Read<Cow<'_, str>> {
    match text {
        Text::Is(text) => Ok(text),
        Text::Absent | Text::Null => Ok(Cow::Borrowed("")),
        Text::Other => Err(Odd),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(line: &str) -> Read<Said<'_>> {
        Line::read(line.as_bytes()).map(|line| line.said)
    }

    #[test]
    fn what_counts_nothing_is_nothing() {
        for line in [
            r#"{"type":"response_item","payload":{"type":"message","info":[1],"usage":"x"}}"#,
            r#"{"type":"event_msg","payload":{"type":"agent_message","info":7}}"#,
            r#"{"type":"event_msg","payload":{"type":"token_count","info":null}}"#,
            r#"{"type":"event_msg","payload":{"type":"token_count"}}"#,
            r#"{"type":"world_state"}"#,
        ] {
            assert_eq!(said(line), Ok(Said::Nothing), "{line}");
        }
    }

    #[test]
    fn what_may_be_read_in_two_ways_is_odd() {
        for line in [
            r#"{"payload":{"type":"token_count"},"type":"event_msg"}"#,
            r#"{"type":"token_count","payload":{"info":null}}"#,
            r#"{"type":"event_msg","type":"event_msg","payload":{"type":"token_count"}}"#,
            r#"{"type":"event_msg","payload":{"info":null,"type":"token_count"}}"#,
            r#"{"type":"event_msg","payload":{"type":"token_count","info":null,"info":null}}"#,
            r#"{"type":"event_msg","payload":{"type":"token_count","info":{"last_token_usage":{}}}}"#,
            r#"{"type":"event_msg","payload":{"type":"turn_context","model":"m"}}"#,
            r#"{"type":"event_msg","payload":{"type":"thread_settings_applied"}}"#,
            r#"{"type":"turn_context","payload":{"turn_id":"t","model":""}}"#,
            r#"{"type":"session_meta","payload":{"id":null}}"#,
            r#"{"type":"compacted"}"#,
            r#"{"type":7,"payload":{}}"#,
            r#"{"payload":{}}"#,
            r#"{"type":"x","payload":{}} {"#,
        ] {
            assert_eq!(said(line), Err(Odd), "{line}");
        }
    }

    #[test]
    fn a_thread_that_may_have_come_from_another_says_so() {
        for (line, may_have_parents) in [
            (r#"{"type":"session_meta","payload":{"id":"t","cwd":"/w","source":"cli","forked_from_id":null}}"#, false),
            (r#"{"type":"session_meta","payload":{"id":"t","cwd":"/w","forked_from_id":"u"}}"#, true),
            (r#"{"type":"session_meta","payload":{"parent_thread_id":7,"id":"t","cwd":"/w"}}"#, true),
            (r#"{"type":"session_meta","payload":{"id":"t","cwd":"/w","source":{"subagent":"review"}}}"#, true),
        ] {
            assert_eq!(said(line), Ok(Said::Meta { thread: "t".into(), may_have_parents }), "{line}");
        }
    }
}
