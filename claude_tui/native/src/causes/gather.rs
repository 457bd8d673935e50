//! What the rows of one transcript say together: `claude_tui.sources.claude.causes.gatherer` for lines of the usual shape.
//!
//! A line is odd before it has changed anything.

use std::borrow::Cow;

use crate::blake2b;
use crate::causes::line::{kept, said, Attachment, Block, Content, Line, Message, Progress};
use crate::causes::said::{Call, Caused, FileCauses, Name, Thread};
use crate::causes::sizes::{json_size, BYTES_PER_TOKEN, IMAGE_BYTES};
use crate::hashing::Table;
use crate::instant::instant_ms;
use crate::json::{Cursor, Odd, Read};
use crate::line::{Text, Truth};

const SYNTHETIC: &str = "<synthetic>";
const NAMED: &str = "msg_";
const COMPACTED: &str = "compaction";
const TOOLS_CHANGED: &str = "tools";
const STARTERS: [&str; 2] = ["Agent", "Task"];
const CHANGERS: [&str; 4] = ["Edit", "Write", "MultiEdit", "NotebookEdit"];
const BOUNDARIES: [&str; 2] = ["compact_boundary", "microcompact_boundary"];
const DELTAS: [&str; 2] = ["mcp_instructions_delta", "deferred_tools_delta"];
const INTERRUPTED: &str = "[Request interrupted";
/// What the client writes down of what the user ran: no prompt.
const OUTPUTS: [&str; 4] = ["<local-command-stdout", "<local-command-stderr", "<bash-stdout", "<bash-stderr"];
const CAVEAT: &str = "<local-command-";
/// The thread of side chain rows of older clients, which name no sub-agent.
const SIDE: &str = "\0";
const COMMAND: (&str, &str) = ("<command-name>", "</command-name>");
const LONGEST_COMMAND: usize = 200;
/// What stands around the name and the input of a call.
const CALL_BYTES: i64 = 32;
const ATTACHED: [(&str, &str); 7] = [
    ("agent_listing_delta", "agent list"),
    ("mcp_instructions_delta", "mcp instructions"),
    ("skill_listing", "skill list"),
    ("instructions", "CLAUDE.md"),
    ("nested_memory", "CLAUDE.md"),
    ("invoked_skills", "skill text"),
    ("file", "@file"),
];
const REMINDERS: &str = "reminders";
/// The parts that every transcript has, by their numbers.
const PARTS: [&str; 3] = ["written: answers", "assistant text", "written: thinking"];
const ANSWERS: i64 = 0;
const TEXT: i64 = 1;
const THINKING: i64 = 2;

/// What is new of a call, read before anything is changed.
struct NewCall<'a> {
    call: Call<'a>,
    size: i64,
    more: More<'a>,
}

/// What some calls ask for.
enum More<'a> {
    Nothing,
    Skill(Name<'a>),
    Read(Name<'a>, String),
    Change(Name<'a>),
}

/// Numbers of parts, which are written down in the order in which they turn up.
#[derive(Default)]
struct Parts {
    numbers: Table<String, i64>,
    /// The last name that was made up.
    made: String,
}

impl Parts {
    /// Returns the number of the part that a kind and a name make.
    fn of(&mut self, names: &mut Vec<String>, kind: &str, name: &str) -> i64 {
        self.made.clear();
        self.made.push_str(kind);
        self.made.push_str(name);
        if let Some(&number) = self.numbers.get(&self.made) {
            return number;
        }
        let number = names.len() as i64;
        self.numbers.insert(self.made.clone(), number);
        names.push(self.made.clone());
        number
    }
}

/// Gathers what the lines of a transcript say.
pub struct Gatherer<'a> {
    pub found: FileCauses<'a>,
    parts: Parts,
    threads: Table<Name<'a>, usize>,
    of_key: Table<i64, usize>,
    /// The response and the place in it of each call that has an id.
    of_call: Table<Name<'a>, (usize, usize)>,
    last_key: (Name<'a>, i64),
}

impl<'a> Gatherer<'a> {
    pub fn new(has_sizes: bool) -> Self {
        let mut found = FileCauses { has_sizes, ..FileCauses::default() };
        let mut parts = Parts::default();
        if has_sizes {
            for part in PARTS {
                parts.of(&mut found.parts, part, "");
            }
        }
        Self {
            found,
            parts,
            threads: Table::default(),
            of_key: Table::default(),
            of_call: Table::default(),
            last_key: (Cow::Borrowed(""), 0),
        }
    }

    /// Takes in a line.
    pub fn see(&mut self, line: Line<'a>) -> Read<()> {
        match said(&line.kind)? {
            "assistant" => self.see_response(&line),
            "user" => self.see_user(&line),
            "attachment" => self.see_attachment(&line),
            "system" => self.see_note(&line),
            "progress" => self.see_progress(line),
            _ => Ok(()),
        }
    }

    fn thread_name(line: &Line<'a>) -> Read<Name<'a>> {
        let (name, is_side) = (kept(&line.agent)?, line.is_sidechain.is_true()?);
        Ok(if name.is_empty() && is_side { Cow::Borrowed(SIDE) } else { name })
    }

    fn thread(&mut self, name: Name<'a>) -> usize {
        if let Some(&number) = self.threads.get(&name) {
            return number;
        }
        let number = self.found.threads.len();
        self.threads.insert(name.clone(), number);
        self.found.threads.push(Thread::new(name));
        number
    }

    fn see_note(&mut self, line: &Line<'a>) -> Read<()> {
        let kind = said(&line.subtype)?;
        if BOUNDARIES.contains(&kind) {
            let number = self.thread(Self::thread_name(line)?);
            let thread = &mut self.found.threads[number];
            thread.boundary = COMPACTED;
            thread.known.clear();
            thread.added.clear();
        } else if kind == "local_command" {
            let number = self.thread(Self::thread_name(line)?);
            self.found.threads[number].command = Cow::Borrowed("");
        }
        Ok(())
    }

    // -- responses ---------------------------------------------------------------------------------------------

    fn see_response(&mut self, line: &Line<'a>) -> Read<()> {
        let Some(message) = &line.message else { return Ok(()) };
        if !message.has_usage || line.api_error.is_true()? || said(&message.model)? == SYNTHETIC {
            return Ok(());
        }
        let Text::Is(id) = &message.id else { return Err(Odd) };
        if !id.starts_with(NAMED) {
            return Err(Odd);
        }
        let name = Self::thread_name(line)?;
        let time_ms = instant_ms(said(&line.timestamp)?)?;
        let told = [&line.skill, &line.plugin, &line.agent_type, &line.lifetime, &message.reason];
        let [skill, plugin, agent_type, lifetime, reason] = told.map(kept);
        let (skill, plugin, agent_type, lifetime, reason) = (skill?, plugin?, agent_type?, lifetime?, reason?);
        let (branch, version) = (kept(&line.branch)?, kept(&line.version)?);
        let blocks: &[Block<'a>] = if let Content::Blocks(blocks) = &message.content { blocks } else { &[] };
        let mut new_calls = Vec::new();
        for block in blocks {
            if is_call(said(&block.kind)?) {
                new_calls.push(self.new_call(block, &new_calls)?);
            }
        }
        let number = self.response(id, name);
        let found = &mut self.found.responses[number];
        found.time_ms = found.time_ms.max(time_ms);
        for (known, told) in [
            (&mut found.skill, skill),
            (&mut found.plugin, plugin),
            (&mut found.agent_type, agent_type),
            (&mut found.lifetime, lifetime),
            (&mut found.reason, reason),
        ] {
            if !told.is_empty() {
                *known = told;
            }
        }
        for (known, told) in [(&mut found.branch, branch), (&mut found.version, version)] {
            if known.is_empty() {
                *known = told;
            }
        }
        found.thinking = found.thinking.max(message.thinking);
        let mut new_calls = new_calls.into_iter();
        for block in blocks {
            match block.kind.or_nothing() {
                kind if is_call(kind) => {
                    if let Some(Some(call)) = new_calls.next() {
                        self.see_call(call, number);
                    }
                }
                kind if self.found.has_sizes => self.add_written(kind, block, number),
                _ => (),
            }
        }
        Ok(())
    }

    /// Takes in what a session's file repeats of a sub-agent's.
    fn see_progress(&mut self, line: Line<'a>) -> Read<()> {
        let Some(progress) = line.progress else { return Ok(()) };
        let Progress { kind, agent, line: Some(mut inner), .. } = *progress else { return Ok(()) };
        if said(&kind)? != "agent_progress" || said(&inner.kind)? != "assistant" {
            return Ok(());
        }
        for (own, others) in [
            (&mut inner.agent, [line.agent, agent]),
            (&mut inner.timestamp, [line.timestamp, Text::Absent]),
            (&mut inner.branch, [line.branch, Text::Absent]),
            (&mut inner.version, [line.version, Text::Absent]),
        ] {
            for other in others {
                if said(own)?.is_empty() {
                    *own = other;
                }
            }
        }
        inner.is_sidechain = Truth::Is(true);
        self.see_response(&inner)
    }

    /// Returns the number of a response, which is the next of its thread if it has not been seen.
    fn response(&mut self, id: &Name<'a>, thread: Name<'a>) -> usize {
        if self.last_key.0 != *id {
            self.last_key = (id.clone(), key_number(id)); // the rows of a response follow one another
        }
        let key = self.last_key.1;
        if let Some(&number) = self.of_key.get(&key) {
            return number;
        }
        let number = self.found.responses.len();
        let thread_number = self.thread(thread);
        let thread = &mut self.found.threads[thread_number];
        self.of_key.insert(key, number);
        self.found.responses.push(Caused {
            key,
            thread: thread_number,
            asked_ms: thread.asked_ms,
            skill: thread.skill.clone(),
            boundary: thread.boundary,
            added: std::mem::take(&mut thread.added),
            ..Caused::default()
        });
        (thread.asked_ms, thread.boundary, thread.last) = (0, "", number as i64);
        number
    }

    fn add_written(&mut self, kind: &str, block: &Block<'a>, number: usize) {
        let found = &mut self.found.responses[number];
        if kind == "text" {
            found.wrote.add(ANSWERS, block.text_size());
            self.found.threads[found.thread].added.add(TEXT, block.text_size());
        } else if kind == "thinking" {
            found.wrote.add(THINKING, block.thinking_size());
        }
    }

    /// Reads a call, None for one that was seen before.
    fn new_call(&self, block: &Block<'a>, before: &[Option<NewCall<'a>>]) -> Read<Option<NewCall<'a>>> {
        let (id, name) = (kept(&block.id)?, kept(&block.name)?);
        let is_known = self.of_call.contains_key(&id) || before.iter().flatten().any(|one| one.call.id == id);
        if is_known && !id.is_empty() {
            return Ok(None);
        }
        let size = if self.found.has_sizes { json_size(block.input)? } else { 0 };
        let given = |names: &[&str]| first_text(block.input, names);
        let (mut kind, mut more) = (Cow::Borrowed(""), More::Nothing);
        match name.as_ref() {
            "Skill" => more = More::Skill(given(&["skill", "command"])?),
            one if STARTERS.contains(&one) => kind = given(&["subagent_type"])?,
            "Read" => more = More::Read(given(&["file_path"])?, part_of(block.input)?),
            one if CHANGERS.contains(&one) => more = More::Change(given(&["file_path", "notebook_path"])?),
            _ => (),
        }
        Ok(Some(NewCall { call: Call { id, name, kind, is_failed: false }, size, more }))
    }

    fn see_call(&mut self, new: NewCall<'a>, number: usize) {
        let FileCauses { responses, threads, parts, has_sizes, .. } = &mut self.found;
        let (found, call) = (&mut responses[number], new.call);
        let thread = &mut threads[found.thread];
        if !call.id.is_empty() {
            self.of_call.insert(call.id.clone(), (number, found.calls.len()));
        }
        if *has_sizes {
            let size = CALL_BYTES + call.name.len() as i64 + new.size;
            found.wrote.add(self.parts.of(parts, "written: call ", &call.name), size);
            thread.added.add(self.parts.of(parts, "call ", &call.name), size);
        }
        match new.more {
            More::Nothing => (),
            More::Skill(skill) => thread.skills.put(call.id.clone(), skill),
            More::Read(path, part) => thread.reads.put(call.id.clone(), (path, part)),
            More::Change(path) => drop(thread.known.take(&path)),
        }
        found.calls.push(call);
    }

    // -- rows of the user --------------------------------------------------------------------------------------

    fn see_user(&mut self, line: &Line<'a>) -> Read<()> {
        let name = Self::thread_name(line)?;
        let asked_ms = instant_ms(said(&line.timestamp)?)?;
        let content = line.message.as_ref().map(|Message { content, .. }| content);
        let (is_summary, is_meta) = (line.is_summary.is_true()?, line.is_meta.is_true()?);
        let (source_call, interrupted) = (said(&line.source_call)?, said(&line.interrupted)?);
        let (mut results, mut text) = (Vec::new(), Cow::Borrowed(""));
        match content {
            Some(Content::Text(written)) => text = written.text()?,
            Some(Content::Blocks(blocks)) => {
                let mut first = None;
                for block in blocks {
                    match said(&block.kind)? {
                        "tool_result" => {
                            said(&block.called)?;
                            block.is_error.is_true()?;
                            results.push(block);
                        }
                        "text" if first.is_none() => first = Some(block.text.unwrap_or_default()),
                        _ => (),
                    }
                }
                if let (Some(written), true) = (first, results.is_empty()) {
                    text = written.text()?;
                }
            }
            _ => (),
        }
        let named = self.named_by_results(&results, line)?;
        let number = self.thread(name);
        let thread = &mut self.found.threads[number];
        if asked_ms != 0 {
            thread.asked_ms = asked_ms;
        }
        let Some(content @ (Content::Text(_) | Content::Blocks(_))) = content else { return Ok(()) };
        if self.found.has_sizes {
            let is_skill = !source_call.is_empty() || !thread.command.is_empty();
            let part = match (is_summary, is_meta && is_skill) {
                (true, _) => "compaction summary",
                (_, true) => "skill text",
                _ => "user",
            };
            self.add_user(part, content, number);
        }
        if results.is_empty() {
            let is_note = is_summary || !source_call.is_empty();
            self.see_text(&text, number, interrupted, is_note, is_meta);
            return Ok(());
        }
        for block in results {
            self.see_result(block, number, &named);
        }
        Ok(())
    }

    fn add_user(&mut self, part: &str, content: &Content<'a>, number: usize) {
        let blocks = match content {
            Content::Text(text) => return self.add(number, part, "", text.size as i64),
            Content::Blocks(blocks) => blocks,
            Content::Nothing => return,
        };
        for block in blocks {
            match block.kind.or_nothing() {
                "tool_result" => {
                    let size = block.content.unwrap_or(0);
                    let FileCauses { responses, threads, parts, .. } = &mut self.found;
                    if size == 0 {
                        continue;
                    }
                    let part = match self.of_call.get(block.called.or_nothing()) {
                        Some(&(response, at)) => self.parts.of(parts, "result ", &responses[response].calls[at].name),
                        None => self.parts.of(parts, "results", ""),
                    };
                    threads[number].added.add(part, size);
                }
                "image" => self.add(number, "images", "", IMAGE_BYTES),
                _ => self.add(number, part, "", block.text_size()),
            }
        }
    }

    fn add(&mut self, thread: usize, kind: &str, name: &str, size: i64) {
        if size != 0 {
            let part = self.parts.of(&mut self.found.parts, kind, name);
            self.found.threads[thread].added.add(part, size);
        }
    }

    /// Takes in what is not the result of a call: a prompt, what a command loads, or a note of the client.
    fn see_text(&mut self, text: &str, number: usize, interrupted: &str, is_note: bool, is_meta: bool) {
        let thread = &mut self.found.threads[number];
        if text.starts_with(INTERRUPTED) {
            let response = if interrupted.is_empty() {
                usize::try_from(thread.last).ok()
            } else {
                self.of_key.get(&key_number(interrupted)).copied()
            };
            if let Some(response) = response {
                self.found.responses[response].is_interrupted = true;
            }
        } else if is_note {
        } else if is_meta {
            if !thread.command.is_empty() && !text.starts_with(CAVEAT) {
                thread.skill = std::mem::take(&mut thread.command);
            }
        } else if OUTPUTS.iter().any(|output| text.starts_with(output)) {
            thread.command = Cow::Borrowed("");
        } else {
            thread.skill = Cow::Borrowed("");
            thread.command = Cow::Owned(command_of(text).to_owned());
        }
    }

    /// Returns what a result names: the command that a skill is, and the sub-agent that was started. "" where no result
    /// is asked for it.
    fn named_by_results(&self, results: &[&Block<'a>], line: &Line<'a>) -> Read<[Name<'a>; 2]> {
        let is_asked = results.iter().any(|block| {
            self.of_call.get(block.called.or_nothing()).is_some_and(|&(response, at)| {
                let name = self.found.responses[response].calls[at].name.as_ref();
                name == "Skill" || STARTERS.contains(&name)
            })
        });
        if !is_asked {
            return Ok(Default::default());
        }
        Ok([first_text(line.result, &["commandName"])?, first_text(line.result, &["agentId"])?])
    }

    fn see_result(&mut self, block: &Block<'a>, number: usize, [command, agent]: &[Name<'a>; 2]) {
        let called = block.called.or_nothing();
        let Some(&(response, at)) = self.of_call.get(called) else { return };
        let FileCauses { responses, threads, started, .. } = &mut self.found;
        let (found, thread) = (&mut responses[response], &mut threads[number]);
        let call = &mut found.calls[at];
        let (skill, reading) = (thread.skills.take(called), thread.reads.take(called));
        if block.is_error == Truth::Is(true) {
            call.is_failed = true;
            return;
        }
        if let Some(skill) = skill.filter(|skill| !skill.is_empty()) {
            thread.skill = if command.is_empty() {
                Cow::Owned(skill.strip_prefix('/').unwrap_or(&skill).to_owned())
            } else {
                command.clone()
            };
        }
        if let Some((path, part)) = reading {
            let parts = thread.known.of(path.clone());
            if parts.contains(&part) {
                found.repeats.push((path, block.content.unwrap_or(0) / BYTES_PER_TOKEN));
            } else {
                parts.push(part);
            }
        }
        if STARTERS.contains(&call.name.as_ref()) && !agent.is_empty() {
            started.put(agent.clone(), call.id.clone());
        }
    }

    // -- what the client puts beside a prompt ------------------------------------------------------------------

    fn see_attachment(&mut self, line: &Line<'a>) -> Read<()> {
        let name = Self::thread_name(line)?;
        let asked_ms = instant_ms(said(&line.timestamp)?)?;
        let nothing = Attachment::default();
        let found = line.attachment.as_ref().unwrap_or(&nothing);
        let (kind, hook) = (said(&found.kind)?, said(&found.hook)?);
        let number = self.thread(name);
        let thread = &mut self.found.threads[number];
        if asked_ms != 0 {
            thread.asked_ms = asked_ms;
        }
        if found.has_changes && DELTAS.contains(&kind) && thread.boundary.is_empty() {
            thread.boundary = TOOLS_CHANGED;
        }
        if self.found.has_sizes && line.attachment.is_some() {
            let rendered = line.rendered.unwrap_or(0);
            let own = found.content.unwrap_or(0) + found.blocks.unwrap_or(0);
            let size = if rendered != 0 { rendered } else { own };
            if hook.is_empty() {
                let part = ATTACHED.iter().find(|(name, _)| *name == kind).map_or(REMINDERS, |(_, part)| part);
                self.add(number, part, "", size);
            } else {
                self.add(number, "hook ", hook, size);
            }
        }
        Ok(())
    }
}

fn is_call(kind: &str) -> bool {
    matches!(kind, "tool_use" | "server_tool_use")
}

/// Returns the number of a response, as `claude_tui.sources.columns` has it.
fn key_number(id: &str) -> i64 {
    (blake2b::digest(id.as_bytes()) >> 1) as i64
}

/// Returns the typed command that a text names, "" if it names none.
fn command_of(text: &str) -> &str {
    let mut rest = text;
    while let Some(at) = rest.find(COMMAND.0) {
        rest = &rest[at + COMMAND.0.len()..];
        let end = rest.find(['<', '\n']).unwrap_or(rest.len());
        let (whole, after) = rest.split_at(end);
        let bare = whole.strip_prefix('/').filter(|bare| !bare.is_empty()).unwrap_or(whole);
        if after.starts_with(COMMAND.1) && (1..=LONGEST_COMMAND).contains(&bare.chars().count()) {
            return bare;
        }
    }
    ""
}

/// Returns the first text that is not empty of some members of an object; "" if there is none, and for another value.
fn first_text<'a>(raw: Option<&'a str>, names: &[&str]) -> Read<Name<'a>> {
    let mut found: Vec<Text<'a>> = names.iter().map(|_| Text::Absent).collect();
    let Some(raw) = raw else { return Ok(Cow::Borrowed("")) };
    let mut cursor = Cursor::of(raw);
    if cursor.peek() != Some(b'{') {
        return Ok(Cow::Borrowed(""));
    }
    cursor.object(
        |cursor, name| match names.iter().position(|wanted| *wanted == name) {
            Some(at) => found[at].read(cursor),
            None => Ok(false),
        },
        0,
    )?;
    let texts = found.into_iter().filter_map(|text| if let Text::Is(text) = text { Some(text) } else { None });
    Ok(texts.into_iter().find(|text| !text.is_empty()).unwrap_or_default())
}

/// Returns which part of a file a call reads, as Python writes down offset, limit and pages.
fn part_of(raw: Option<&str>) -> Read<String> {
    const NAMES: [&str; 3] = ["offset", "limit", "pages"];
    let mut found = [None, None, None];
    let Some(raw) = raw else { return Ok("None,None,None".to_owned()) };
    let mut cursor = Cursor::of(raw);
    if cursor.peek() == Some(b'{') {
        cursor.object(
            |cursor, name| {
                let Some(at) = NAMES.iter().position(|wanted| *wanted == name) else { return Ok(false) };
                if found[at].is_some() {
                    return Err(Odd);
                }
                found[at] = Some(written_by_python(cursor)?);
                Ok(true)
            },
            0,
        )?;
    }
    Ok(found.map(|one| one.unwrap_or_else(|| "None".to_owned())).join(","))
}

fn written_by_python(cursor: &mut Cursor<'_>) -> Read<String> {
    if let Some(text) = cursor.text()? {
        return Ok(text.into_owned());
    }
    if let Some(truth) = cursor.truth()? {
        return Ok(if truth { "True" } else { "False" }.to_owned());
    }
    if cursor.is_null()? {
        return Ok("None".to_owned());
    }
    cursor.count().map(|number| number.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_found_as_by_the_pattern_in_python() {
        let long = "x".repeat(200);
        let longest = format!("<command-name>/{long}</command-name>");
        let too_long = format!("<command-name>{long}x</command-name>");
        for (text, command) in [
            ("<command-name>/fix</command-name> more", "fix"),
            ("a <command-name>fix it</command-name>", "fix it"),
            ("<command-name></command-name>", ""),
            ("<command-name>/</command-name>", "/"),
            ("<command-name>a\nb</command-name><command-name>c</command-name>", "c"),
            ("<command-name>a<command-name>b</command-name>", "b"),
            ("<command-name>a", ""),
            (longest.as_str(), long.as_str()),
            (too_long.as_str(), ""),
        ] {
            assert_eq!(command_of(text), command, "{text}");
        }
    }

    #[test]
    fn what_a_call_was_given_is_read_or_left_alone() {
        assert_eq!(first_text(Some(r#"{"b":"","a":7,"c":"x"}"#), &["a", "b", "c"]), Ok(Cow::Borrowed("x")));
        assert_eq!(first_text(Some("[]"), &["a"]), Ok(Cow::Borrowed("")));
        assert_eq!(first_text(Some(r#"{"a":"x","a":"y"}"#), &["a"]), Err(Odd));
        assert_eq!(part_of(Some(r#"{"offset":5,"limit":true,"pages":"1-2"}"#)), Ok("5,True,1-2".to_owned()));
        assert_eq!(part_of(Some(r#"{"offset":null}"#)), Ok("None,None,None".to_owned()));
        for odd in [r#"{"offset":1.5}"#, r#"{"offset":-1}"#, r#"{"offset":[]}"#] {
            assert_eq!(part_of(Some(odd)), Err(Odd), "{odd}");
        }
    }
}
