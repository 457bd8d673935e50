//! What a file says beside usage: the `FileFacts` and the state of `claude_tui.sources.claude.facts.FactsGatherer`.

use std::fmt::{Arguments, Write as _};
use std::io::Read as _;
use std::path::Path;

use crate::file::{open, FileRead};
use crate::json::{Cursor, Odd, Read};
use crate::line::Text;

/// How the name of a sub-agent's file begins.
const AGENT: &str = "agent-";
const SUFFIX: &str = ".jsonl";
/// How the name of the small file beside it ends.
pub const NOTE: &str = ".meta.json";
const BELOW: &str = "/subagents/";
const PROJECTS: &str = "/projects/";
/// No prompt of a sub-agent's file is newer: the context shown is that of the main chain.
const NEVER: i64 = 1 << 62;
const MAX_META: u64 = 1 << 20;

/// So long are the checkpoint and the texts of most files.
const USUAL_CHECKPOINT: usize = 512;
const USUAL_TEXTS: usize = 256;

/// Returns the sub-agent that a file is of by its name, None for another. Odd where the name is no Unicode.
pub fn agent_of(path: &Path) -> Read<Option<&str>> {
    let name = path.file_name().and_then(|name| name.to_str()).ok_or(Odd)?;
    Ok(name.strip_suffix(SUFFIX).unwrap_or(name).strip_prefix(AGENT))
}

/// Returns the folder that the name of a file's folder tells, as `claude_tui.sources.claude.discovery.decoded_dir` does:
/// for lines that name none. Odd where the path is no Unicode.
pub fn folder_of(path: &Path) -> Read<String> {
    let path = path.to_str().ok_or(Odd)?;
    let head = &path[..path.rfind('/').map_or(0, |slash| slash + 1)];
    let trimmed = head.trim_end_matches('/');
    let folder = if trimmed.is_empty() { head } else { trimmed };
    let below = folder.rsplit_once(PROJECTS).map_or(folder, |(_, below)| below);
    let name = below.split('/').next().unwrap_or_default();
    Ok(if name.starts_with('-') { name.replace('-', "/") } else { name.to_owned() })
}

/// Returns the type of a sub-agent, which stands in the small file beside its transcript; "" where none does.
///
/// Odd where that file may be read in two ways.
pub fn agent_type(path: &Path, open_flags: i32) -> Read<String> {
    beside(path, open_flags, ["agentType"]).map(|[kind]| kind)
}

/// Returns what stands by some names in the small file beside a sub-agent's transcript, as `agent_type` does.
pub fn beside<const N: usize>(path: &Path, open_flags: i32, names: [&str; N]) -> Read<[String; N]> {
    let path = path.to_str().ok_or(Odd)?;
    let nothing = || std::array::from_fn(|_| String::new());
    if !path.contains(BELOW) {
        return Ok(nothing());
    }
    let meta = format!("{}{NOTE}", path.strip_suffix(SUFFIX).unwrap_or(path));
    let Ok((file, _)) = open(Path::new(&meta), open_flags) else { return Ok(nothing()) };
    let mut data = Vec::new();
    if file.take(MAX_META).read_to_end(&mut data).is_err() {
        return Err(Odd);
    }
    while data.last() == Some(&b'\n') {
        data.pop();
    }
    let mut cursor = Cursor::new(&data)?;
    let mut found: [Text<'_>; N] = std::array::from_fn(|_| Text::Absent);
    cursor.object(
        |cursor, name| match names.iter().position(|wanted| *wanted == name) {
            Some(at) => found[at].read(cursor),
            None => Ok(false),
        },
        0,
    )?;
    if cursor.is_at_end() {
        Ok(found.map(|text| text.or_nothing().to_owned()))
    } else {
        Err(Odd)
    }
}

/// Returns when something was last said or done in a file.
pub fn last_ms(found: &FileRead) -> i64 {
    found.usage_ms.max(found.turn.time_ms)
}

/// Returns how far a file was read, as the cache keeps it: a `Checkpoint` as JSON, with its state.
pub fn checkpoint(found: &FileRead) -> String {
    let mut json = String::with_capacity(USUAL_CHECKPOINT);
    put(&mut json, format_args!("[{},{},{},\"", found.dev, found.ino, found.size));
    // As hexadecimal digits of the bytes that lie in memory from the lowest to the highest.
    put(&mut json, format_args!("{:016x}\",\"{:016x}\",0,", found.head.swap_bytes(), found.anchor.swap_bytes()));
    json.push('"');
    put_state(&mut json, found, last_kind(found), &asked_of(found));
    json.push_str("\",\"\"]");
    json
}

/// Returns the type of the newest line of the conversation.
fn last_kind(found: &FileRead) -> &'static str {
    let turn = &found.turn;
    match (turn.kind, found.agent.is_some()) {
        (0, _) | (_, true) => "",
        (2, _) if turn.has_call => "tool_use",
        (2, _) => "assistant",
        _ if turn.has_result => "tool_result",
        _ => "user",
    }
}

/// Returns which model answered and which was asked, each pair once, in order.
fn asked_of(found: &FileRead) -> Vec<(&str, &str)> {
    let mut asked: Vec<(&str, &str)> =
        found.asked.iter().map(|(model, asked)| (short_model(model), short_model(asked))).collect();
    asked.sort_unstable();
    asked.dedup();
    asked
}

/// Returns whose the file is ("" where no line says) with the other texts of its facts, each with a NUL behind it.
pub fn texts(found: &FileRead) -> Read<String> {
    let turn = &found.turn;
    let is_agent = found.agent.is_some();
    let whose = if is_agent || turn.session.is_empty() { &found.named } else { &turn.session };
    let mut all = String::with_capacity(USUAL_TEXTS);
    let of_others = asked_models(&asked_of(found))?;
    for text in [
        whose.as_str(),
        &found.cwd,
        &found.title,
        &turn.branch,
        &turn.version,
        found.agent.as_deref().unwrap_or_default(),
        &found.agent_type,
        if is_agent || found.context_tokens == 0 { "" } else { &found.context_model },
        last_kind(found),
        &of_others,
    ] {
        all.push_str(text);
        all.push('\0');
    }
    Ok(all)
}

/// Writes JSON within a text of JSON. Names are in the order of the alphabet.
fn put_state(json: &mut String, found: &FileRead, last_kind: &str, asked: &[(&str, &str)]) {
    let is_agent = found.agent.is_some();
    let context_ms = if is_agent { NEVER } else { found.context_ms };
    put(json, format_args!("[[{},{context_ms},{}],{{", found.title_rank, found.usage_ms));
    let mut known = Members { json, is_first: true };
    if let Some(agent) = &found.agent {
        known.text("agent", agent);
    }
    if found.compactions != 0 {
        known.number("compacted_tokens", found.compacted_tokens);
        known.number("compactions", found.compactions);
    }
    let has_context = !is_agent && found.context_tokens != 0;
    if has_context {
        known.text("context_model", &found.context_model);
        known.number("context_tokens", found.context_tokens);
    }
    if !found.cwd.is_empty() {
        known.text("cwd", &found.cwd);
    }
    if has_context {
        known.number("largest_prompt", found.largest_prompt);
    }
    if found.title_rank >= 0 {
        known.text("title", &found.title);
    }
    json.push_str("},{");
    let turn = &found.turn;
    if turn.kind != 0 {
        let mut told = Members { json, is_first: true };
        told.text("branch", &turn.branch);
        told.text("last_kind", last_kind);
        told.number("last_ms", turn.time_ms);
        told.text("session", &turn.session);
        told.text("version", &turn.version);
    }
    json.push_str("},");
    put_nested(json, &found.named);
    put(json, format_args!(",[{},[]],", found.near_ms));
    put_pairs(json, asked, put_nested);
    json.push(']');
}

fn put(json: &mut String, what: Arguments<'_>) {
    json.write_fmt(what).expect("a text takes all that is written to it");
}

/// Writes the members of an object within a text.
struct Members<'j> {
    json: &'j mut String,
    is_first: bool,
}

impl Members<'_> {
    fn name(&mut self, name: &str) {
        if !self.is_first {
            self.json.push(',');
        }
        self.is_first = false;
        put_nested(self.json, name);
        self.json.push(':');
    }

    fn text(&mut self, name: &str, value: &str) {
        self.name(name);
        put_nested(self.json, value);
    }

    fn number(&mut self, name: &str, value: i64) {
        self.name(name);
        put(self.json, format_args!("{value}"));
    }
}

/// Returns the models that were asked where others answered. Odd where a name needs what only Python escapes.
fn asked_models(asked: &[(&str, &str)]) -> Read<String> {
    let kept: Vec<(&str, &str)> = asked
        .iter()
        .filter(|(answered, _)| asked.iter().any(|(model, asked)| model == answered && model != asked))
        .copied()
        .collect();
    if kept.is_empty() {
        return Ok(String::new());
    }
    let mut json = String::new();
    put_pairs(&mut json, &kept, put_text);
    if json.is_ascii() {
        Ok(json)
    } else {
        Err(Odd)
    }
}

/// Returns a model's name without its date and the mark of a long context.
fn short_model(model: &str) -> &str {
    let name = model.strip_suffix("[1m]").unwrap_or(model);
    let (head, date) = name.rsplit_once('-').unwrap_or(("", name));
    if date.len() == 8 && date.bytes().all(|byte| byte.is_ascii_digit()) {
        head
    } else {
        name
    }
}

fn put_pairs(json: &mut String, pairs: &[(&str, &str)], put_text: impl Fn(&mut String, &str)) {
    json.push('[');
    for (at, (one, other)) in pairs.iter().enumerate() {
        json.push_str(if at == 0 { "[" } else { ",[" });
        put_text(json, one);
        json.push(',');
        put_text(json, other);
        json.push(']');
    }
    json.push(']');
}

fn put_text(json: &mut String, text: &str) {
    json.push('"');
    put_escaped(json, text);
    json.push('"');
}

/// Writes a text within a text.
fn put_nested(json: &mut String, text: &str) {
    json.push_str("\\\"");
    if text.bytes().any(is_escaped) {
        let mut once = String::new();
        put_escaped(&mut once, text);
        put_escaped(json, &once);
    } else {
        json.push_str(text);
    }
    json.push_str("\\\"");
}

fn is_escaped(byte: u8) -> bool {
    byte < b' ' || byte == b'"' || byte == b'\\'
}

fn put_escaped(json: &mut String, text: &str) {
    let mut start = 0;
    for (at, byte) in text.bytes().enumerate().filter(|&(_, byte)| is_escaped(byte)) {
        json.push_str(&text[start..at]); // what is escaped is a letter of one byte
        start = at + 1;
        match byte {
            b'"' => json.push_str("\\\""),
            b'\\' => json.push_str("\\\\"),
            b'\n' => json.push_str("\\n"),
            b'\r' => json.push_str("\\r"),
            b'\t' => json.push_str("\\t"),
            8 => json.push_str("\\b"),
            12 => json.push_str("\\f"),
            _ => put(json, format_args!("\\u{byte:04x}")),
        }
    }
    json.push_str(&text[start..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_are_shortened_as_in_python() {
        for (model, short) in [
            ("claude-a-20260101", "claude-a"),
            ("claude-a-20260101[1m]", "claude-a"),
            ("claude-a[1m]", "claude-a"),
            ("claude-a-2026010", "claude-a-2026010"),
            ("20260101", ""),
            ("", ""),
        ] {
            assert_eq!(short_model(model), short);
        }
    }

    #[test]
    fn texts_within_texts_are_escaped_twice() {
        let said = |text: &str| {
            let mut json = String::new();
            put_nested(&mut json, text);
            json
        };
        assert_eq!(said("a/\u{fc}"), "\\\"a/\u{fc}\\\"");
        assert_eq!(said("\"\\\n\u{1}\u{7f}x"), "\\\"\\\\\\\"\\\\\\\\\\\\n\\\\u0001\u{7f}x\\\"");
    }

    #[test]
    fn folders_are_told_by_the_names_of_transcripts_folders_as_in_python() {
        for (path, folder) in [
            ("/home/u/.claude/projects/-home-u-app/a.jsonl", "/home/u/app"),
            ("/home/u/.claude/projects/-home-u-app/s/subagents/agent-a.jsonl", "/home/u/app"),
            ("/a/projects/x/projects/-b-c/a.jsonl", "/b/c"),
            ("/a/projects/b/a.jsonl", "b"),
            ("/a/projects//-b//a.jsonl", ""),
            ("/a/projects/a.jsonl", ""),
            ("/a/b/a.jsonl", ""),
            ("a.jsonl", ""),
            ("b/a.jsonl", "b"),
            ("//a.jsonl", ""),
        ] {
            assert_eq!(folder_of(Path::new(path)), Ok(folder.to_owned()), "{path}");
        }
    }

    #[test]
    fn models_asked_are_told_where_others_answered() {
        assert_eq!(asked_models(&[("a", "a")]).unwrap(), "");
        assert_eq!(asked_models(&[("a", "a"), ("a", "b"), ("c", "c")]).unwrap(), r#"[["a","a"],["a","b"]]"#);
        assert!(asked_models(&[("a", "\u{fc}")]).is_err());
    }
}
