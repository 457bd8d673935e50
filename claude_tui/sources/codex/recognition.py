"""Whether a rollout in which nothing was counted is one that can be understood. Must not count."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from claude_tui.model import Problem, ProblemKind
from claude_tui.sources import recognition
from claude_tui.sources.codex.compressed import open_rollout
from claude_tui.sources.codex.counting.records import kind_of, meta_of
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
    turns = _Turns()
    try:
        with open_rollout(path, opener=opener) as reader:
            found = recognition.unrecognised(reader, turns.judged)
    except OSError:  # it is gone
        return []
    if not found and turns.is_silent:
        return [Problem(ProblemKind.UNRECOGNISED, path, 0, recognition.NO_USAGE)]
    return found


class _Turns:
    """What a rollout says of its turns. `is_silent`: one ended with an answer, and nothing told any usage; a fork may
    only repeat such a turn."""

    def __init__(self) -> None:
        self._is_fork = self._has_answer = self._has_counts = False

    @property
    def is_silent(self) -> bool:
        return self._has_answer and not (self._has_counts or self._is_fork)

    def judged(self, record: Mapping[str, Any]) -> Verdict:
        """Take in a record, and judge it."""
        kind, payload = kind_of(record)
        self._is_fork |= kind == "session_meta" and bool(meta_of(payload).parent)
        self._has_answer |= kind == "task_complete" and bool(payload.get("last_agent_message"))
        self._has_counts |= kind == "token_count"
        return _judged(record)


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
