//! Lines of the conversation, by how they begin: `claude_tui.sources.codex.records.talk_of`.

const START: &[u8] = b"{\"timestamp\":\"";

/// Returns the timestamp of a conversation line and what it is; None where it is none, or not one whole record.
pub fn talk_of(line: &[u8]) -> Option<(&[u8], &'static str)> {
    let rest = line.strip_prefix(START)?;
    let end = rest.iter().position(|&byte| matches!(byte, b'"' | b'\\'))?;
    let (timestamp, rest) = rest.split_at(end);
    let rest = rest.strip_prefix(b"\",")?;
    let (kind, rest) = name(after_ordinal(rest).strip_prefix(b"\"type\":\"")?)?;
    let rest = rest.strip_prefix(b",\"payload\":{")?;
    let (event, rest) = rest.strip_prefix(b"\"type\":\"").and_then(name).unwrap_or((b"", b""));
    let role = rest.strip_prefix(b",\"role\":\"").and_then(name).map_or(&b""[..], |(role, _)| role);
    if !(line.ends_with(b"}") || line.ends_with(b"}\r")) {
        return None;
    }
    let what = match (kind, event) {
        _ if role == b"assistant" => "assistant",
        (b"event_msg", b"user_message" | b"task_started") => "user",
        (b"event_msg", b"turn_aborted" | b"agent_message" | b"task_complete") => "assistant",
        (b"response_item", b"function_call" | b"custom_tool_call" | b"local_shell_call") => "tool_use",
        (b"response_item", b"function_call_output" | b"custom_tool_call_output") => "user",
        _ => return None,
    };
    // Two records may stand on one line, or a torn one before a whole one.
    let has_more = line[1..].windows(START.len()).any(|part| part == START);
    if has_more {
        None
    } else {
        Some((timestamp, what))
    }
}

/// Returns what is behind an ordinal, if there is one.
fn after_ordinal(line: &[u8]) -> &[u8] {
    let Some(rest) = line.strip_prefix(b"\"ordinal\":") else { return line };
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    match rest[digits..].strip_prefix(b",") {
        Some(rest) if digits > 0 => rest,
        _ => line,
    }
}

/// Returns a name that ends with a quote, and what is behind that.
fn name(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let size = line.iter().take_while(|&&byte| byte.is_ascii_lowercase() || byte == b'_').count();
    let rest = line[size..].strip_prefix(b"\"")?;
    if size > 0 {
        Some((&line[..size], rest))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_conversation_is_told_from_the_rest() {
        for (line, want) in [
            (r#"{"timestamp":"a","type":"event_msg","payload":{"type":"user_message","x":1}}"#, Some("user")),
            (
                r#"{"timestamp":"a","ordinal":7,"type":"event_msg","payload":{"type":"task_complete"}}"#,
                Some("assistant"),
            ),
            (
                r#"{"timestamp":"a","type":"response_item","payload":{"type":"message","role":"assistant"}}"#,
                Some("assistant"),
            ),
            (r#"{"timestamp":"a","type":"response_item","payload":{"type":"message","role":"user"}}"#, None),
            (r#"{"timestamp":"a","type":"response_item","payload":{"type":"function_call"}}"#, Some("tool_use")),
            (r#"{"timestamp":"a","ordinal":,"type":"event_msg","payload":{"type":"task_complete"}}"#, None),
            (r#"{"timestamp":"a\n","type":"event_msg","payload":{"type":"task_complete"}}"#, None),
            (r#"{"timestamp":"a","type":"event_msg","payload":{"type":"task_complete"}"#, Some("assistant")),
            (r#"{"timestamp":"a","type":"event_msg","payload":{"type":"task_complete"} "#, None),
            (r#"{"timestamp":"a","type":"event_msg","payload":{"type":"task_complete","x":{"timestamp":"b"}}}"#, None),
            (r#"{"timestamp":"a","type":"event_msg","payload":{}}"#, None),
        ] {
            assert_eq!(talk_of(line.as_bytes()), want.map(|what| (&b"a"[..], what)), "{line}");
        }
    }
}
