"""Whether a rollout in which nothing was counted is one that can be understood. Must not count."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from claude_tui.model import Problem
from claude_tui.sources import recognition
from claude_tui.sources.codex.compressed import open_rollout
from claude_tui.sources.codex.counting.records import kind_of
from claude_tui.sources.reading.log import FileLog, Opener
from claude_tui.sources.recognition import Verdict
from claude_tui.sources.values.json_values import table_of

KINDS: Final = frozenset({
    "session_meta", "turn_context", "event_msg", "response_item", "compacted", "world_state",
    "inter_agent_communication_metadata",
})  # fmt: skip
EARLY_KINDS: Final = frozenset({"message", "reasoning", "function_call", "function_call_output", "local_shell_call"})
"""Kinds of records before 0.32, which are the conversation itself. Those versions logged no usage."""


def unrecognised(path: str, opener: Opener = FileLog) -> list[Problem]:
    """Return the problem of a rollout in which nothing was counted, none if there is nothing to count."""
    try:
        with open_rollout(path, opener=opener) as reader:
            return recognition.unrecognised(reader, _judged)
    except OSError:  # it is gone
        return []


def _judged(record: Mapping[str, Any]) -> Verdict:
    kind, payload = kind_of(record)
    if kind == "token_usage_record":
        return Verdict.COUNTS if isinstance(payload.get("usage"), dict) else Verdict.ODD
    if kind == "token_count" and payload.get("info"):
        info = table_of(payload, "info")
        is_usual = any(isinstance(info.get(name), dict) for name in ("total_token_usage", "last_token_usage"))
        return Verdict.COUNTS if is_usual else Verdict.ODD
    written = record.get("type")
    if isinstance(written, str) and (written in KINDS or written in EARLY_KINDS):
        return Verdict.KNOWN
    is_early = "record_type" in record or ("type" not in record and {"id", "timestamp"} <= record.keys())
    return Verdict.KNOWN if is_early else Verdict.UNKNOWN
