"""Records of a Codex rollout: which lines matter, and the formats inside them. Must not count."""

from __future__ import annotations

import re
from collections.abc import Mapping
from operator import itemgetter
from typing import Final

from claude_tui.model import Usage
from claude_tui.records import NamedTuple
from claude_tui.sources.records.events import count_of
from claude_tui.sources.values.instants import instant_ms
from claude_tui.sources.values.json_values import as_count, table_of, text_of

Tokens = tuple[int, int, int, int, int, int]
"""input (cached and cache writes inside), cached, cache write, output (reasoning inside), reasoning, total."""

_NAMES: Final = (
    "input_tokens", "cached_input_tokens", "cache_write_input_tokens", "output_tokens", "reasoning_output_tokens",
    "total_tokens",
)  # fmt: skip

_PICK: Final = itemgetter(*_NAMES)
_INT: Final = {int}

ZERO: Final[Tokens] = (0, 0, 0, 0, 0, 0)

# The client writes keys in this order. What a line of any other form says is not taken for conversation.
_START: Final = re.compile(
    rb'\{"timestamp":"([^"\\]*)",(?:"ordinal":\d+,)?"type":"([a-z_]+)","payload":\{'
    rb'(?:"type":"([a-z_]+)"(?:,"role":"([a-z]+)")?)?'
)
_NEXT: Final = b'{"timestamp":"'

_TALK: Final = {
    (b"event_msg", b"user_message"): "user",
    (b"event_msg", b"task_started"): "user",
    (b"event_msg", b"turn_aborted"): "assistant",
    (b"event_msg", b"agent_message"): "assistant",
    (b"event_msg", b"task_complete"): "assistant",
    (b"response_item", b"function_call"): "tool_use",
    (b"response_item", b"custom_tool_call"): "tool_use",
    (b"response_item", b"local_shell_call"): "tool_use",
    (b"response_item", b"function_call_output"): "user",
    (b"response_item", b"custom_tool_call_output"): "user",
}


def talk_of(line: bytes) -> tuple[bytes, str] | None:
    """Classify a conversation line by its start; None if it is not one, or not one whole record.

    Returns its timestamp, and "assistant", "user" or "tool_use".
    """
    start = _START.match(line)
    if start is None or not line.endswith((b"}", b"}\r")):
        return None
    timestamp, kind, event, role = start.groups()
    what = "assistant" if role == b"assistant" else _TALK.get((kind, event), "")
    if not what or line.find(_NEXT, 1) >= 0:  # two records on one line, or a torn one before a whole one
        return None
    return timestamp, what


def kind_of(record: Mapping[str, object]) -> tuple[str, Mapping[str, object]]:
    """Return the kind of a record, and its content. Events are distinguished by their content."""
    kind, payload = text_of(record, "type"), table_of(record, "payload")
    return text_of(payload, "type") if kind == "event_msg" else kind, payload


def tokens_of(counters: Mapping[str, object]) -> Tokens:
    """Return the counters of a usage object. Raises BadCountError if one is not a count."""
    try:
        found: Tokens = _PICK(counters)
        if set(map(type, found)) == _INT and min(found) >= 0 and max(found) < 1 << 53:
            return found
    except KeyError:
        pass  # older versions write fewer
    input_tokens, cached, written, output, reasoning, total = (count_of(counters, name) for name in _NAMES)
    return input_tokens, cached, written, output, reasoning, total


def usage_of(tokens: Tokens) -> Usage:
    """Return the same counters, disjoint. Reasoning stays inside output, because it is billed as output."""
    input_tokens, cached, written, output, _, _ = tokens
    return Usage(
        input=max(0, input_tokens - cached - written), output=output, cache_write_5m=written, cache_read=cached
    )  # fmt: skip


def token_count_of(payload: Mapping[str, object]) -> tuple[Tokens | None, Tokens] | None:
    """Return total (None if there is none) and last of a `token_count`, None if it has neither."""
    info = payload.get("info")
    if not isinstance(info, dict):
        return None
    has_total = isinstance(info.get("total_token_usage"), dict)
    last = tokens_of(table_of(info, "last_token_usage"))
    if not has_total:
        return (None, last) if any(last[:5]) else None
    return tokens_of(table_of(info, "total_token_usage")), last


def window_of(payload: Mapping[str, object]) -> int:
    """Return what a `token_count` says of the model's context window, 0 if nothing. What is no size says nothing: no
    number that counts depends on it."""
    return as_count(table_of(payload, "info").get("model_context_window")) or 0


class ThreadMeta(NamedTuple):
    """What a `session_meta` says about its thread. `parent` is the thread it was forked from or spawned by; `root` is
    the session it belongs to, "" if it does not say so."""

    thread: str
    root: str
    parent: str
    is_subagent: bool
    agent_type: str
    cwd: str
    branch: str
    version: str
    started_ms: int


def meta_of(payload: Mapping[str, object]) -> ThreadMeta:
    """Parse a `session_meta`."""
    source = payload.get("source")
    subagent = source.get("subagent") if isinstance(source, dict) else None
    spawn = table_of(subagent, "thread_spawn") if isinstance(subagent, dict) else {}
    kind = subagent if isinstance(subagent, str) else text_of(spawn, "agent_role") or text_of(spawn, "agent_nickname")
    return ThreadMeta(
        thread=text_of(payload, "id"),
        root=text_of(payload, "session_id"),
        parent=text_of(payload, "forked_from_id")
        or text_of(payload, "parent_thread_id")
        or text_of(spawn, "parent_thread_id"),
        is_subagent=bool(subagent) or text_of(payload, "thread_source") == "subagent",
        agent_type=kind,
        cwd=text_of(payload, "cwd"),
        branch=text_of(table_of(payload, "git"), "branch"),
        version=text_of(payload, "cli_version"),
        started_ms=instant_ms(payload.get("timestamp")),
    )
