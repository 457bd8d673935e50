"""Whether a transcript in which nothing was counted is one that can be understood. Must not count."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from claude_tui.model import Problem
from claude_tui.sources import recognition
from claude_tui.sources.claude.counting.rule import SYNTHETIC_MODEL, usage_row
from claude_tui.sources.reading.lines import LineReader
from claude_tui.sources.recognition import Verdict
from claude_tui.sources.values.json_values import table_of

KINDS: Final = frozenset({
    "user", "system", "summary", "progress", "attachment", "queue-operation", "ai-title", "custom-title", "agent-name",
    "last-prompt", "mode", "permission-mode", "tools-used", "cost-state", "worktree-state", "fork-context-ref",
    "file-history-snapshot", "file-history-delta", "api-request", "api-request-blob", "api-request-shape",
    "atis-latch", "started", "launched", "result", "tag", "pr-link", "marble-origami-commit", "speculation-accept",
})  # fmt: skip
"""Kinds of rows beside responses; there may be more, but hardly a transcript that has only those."""


def unrecognised(path: str) -> list[Problem]:
    """Return the problem of a transcript in which nothing was counted, none if there is nothing to count."""
    try:
        with LineReader(path) as reader:
            return recognition.unrecognised(reader, _judged)
    except OSError:  # it is gone
        return []


def _judged(record: Mapping[str, Any]) -> Verdict:
    kind = record.get("type")
    if kind != "assistant":
        return Verdict.KNOWN if isinstance(kind, str) and kind in KINDS else Verdict.UNKNOWN
    message = table_of(record, "message")
    if message.get("model") == SYNTHETIC_MODEL or record.get("isApiErrorMessage"):
        return Verdict.KNOWN
    if usage_row(record, "", 0) is not None or isinstance(message.get("usage"), dict):
        return Verdict.COUNTS
    return Verdict.ODD
