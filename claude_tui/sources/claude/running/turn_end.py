"""The end of a Claude Code transcript: which tools have no result, and how the newest turn ended. Must not know files.

A message's rows are written together when it is done, not always in the order of their instants: instants decide.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from claude_tui.sources.turns.turn_end import MAX_ARGUMENT, OpenTool, TurnEnd
from claude_tui.sources.values.instants import instant_ms
from claude_tui.sources.values.json_values import as_count, table_of, text_of

QUESTION: Final = "AskUserQuestion"
PLAN: Final = "ExitPlanMode"
AGENTS: Final = frozenset({"Agent", "Task"})
"""Tools that start a sub-agent: while one is open, the agent's own log says what is done."""

_ARGUMENTS: Final = ("command", "file_path", "notebook_path", "url", "pattern", "query", "description", "skill")
_STOPPED: Final = "[Request interrupted by user"
_LOCAL: Final = ("<local-command-", "<bash-stdout>", "<bash-stderr>")
"""How rows begin that hold what a command of the user's own printed: no model is asked."""
_COMMAND: Final = ("<command-name>", "<bash-input>")
"""How rows begin that hold such a command; one that asks a model begins so, too."""


class ClaudeTurnReader:
    """Follows the rows of one transcript, of a session or of a sub-agent (`is_agent`)."""

    def __init__(self, is_agent: bool = False) -> None:
        self._is_agent = is_agent
        self._tools: dict[str, OpenTool] = {}
        self._asked_ms = self._over_ms = self._closed_ms = self._compacted_ms = self._newest_ms = 0
        self._error, self._until_ms, self._error_ms = "", 0, 0
        self._retry = (0, 0, 0, 0)
        self._asked_before = 0

    def see(self, row: dict[str, object]) -> None:
        """Take in one row."""
        kind, time_ms = row.get("type"), instant_ms(row.get("timestamp"))
        if not time_ms or (row.get("isSidechain") and not self._is_agent):
            return
        if kind == "user" and not (row.get("isMeta") or row.get("isCompactSummary")):
            self._see_user(table_of(row, "message").get("content"), time_ms)
        elif kind == "assistant":
            self._see_assistant(row, table_of(row, "message"), time_ms)
        elif kind == "system":
            self._see_system(row, time_ms)
        else:
            return
        self._newest_ms = max(self._newest_ms, time_ms)

    def end(self) -> TurnEnd:
        """Return what the rows so far say."""
        has_failed = bool(self._error) and self._error_ms >= self._asked_ms
        failed_ms, retry_ms, attempt, attempts = self._retry
        is_retrying = failed_ms > max(self._asked_ms, self._over_ms)
        return TurnEnd(
            asked_ms=self._asked_ms,
            over_ms=self._over_ms,
            is_closed=bool(self._closed_ms) and self._closed_ms >= self._over_ms,
            tools=tuple(self._tools.values()),
            error=self._error if has_failed else "",
            until_ms=self._until_ms if has_failed else failed_ms + retry_ms if is_retrying else 0,
            attempt=attempt if is_retrying else 0,
            attempts=attempts if is_retrying else 0,
            failed_ms=failed_ms if is_retrying else 0,
            compacted_ms=self._compacted_ms,
            newest_ms=self._newest_ms,
        )

    def _see_user(self, content: object, time_ms: int) -> None:
        blocks = content if isinstance(content, list) else [{"type": "text", "text": content}]
        found = [block for block in blocks if isinstance(block, dict)]
        results = [text_of(block, "tool_use_id") for block in found if block.get("type") == "tool_result"]
        for name in results:
            self._tools.pop(name, None)
        text = next((text_of(block, "text") for block in found if block.get("type") == "text"), "")
        if text.startswith(_STOPPED):
            self._tools.clear()
            self._over_ms = max(self._over_ms, time_ms)
        elif text.startswith(_LOCAL):
            if not self._tools:  # the row before, with the command's name, asked for nothing
                self._over_ms = max(self._over_ms, time_ms)
                self._asked_ms = self._asked_before
        else:
            if not text.startswith(_COMMAND):
                self._asked_before = max(self._asked_before, time_ms)
            self._asked_ms = max(self._asked_ms, time_ms)
            if not results:  # a new prompt: what was open before it was given up
                self._tools = {name: tool for name, tool in self._tools.items() if tool.since_ms > time_ms}

    def _see_assistant(self, row: Mapping[str, Any], message: Mapping[str, Any], time_ms: int) -> None:
        content = message.get("content")
        for block in content if isinstance(content, list) else ():
            if isinstance(block, dict) and block.get("type") == "tool_use":
                given = table_of(block, "input")
                argument = next((text_of(given, name) for name in _ARGUMENTS if text_of(given, name)), "")
                self._tools[text_of(block, "id")] = OpenTool(text_of(block, "name"), time_ms, argument[:MAX_ARGUMENT])
        if row.get("isApiErrorMessage"):
            self._error, self._error_ms = text_of(row, "error") or "unknown", time_ms
            limit = table_of(row, "quotaLimits")
            self._until_ms = instant_ms(limit.get("resetsAt")) if limit.get("status") == "rejected" else 0
            self._over_ms = max(self._over_ms, time_ms)
        else:
            if time_ms >= self._error_ms:
                self._error = ""
            if message.get("stop_reason") in ("end_turn", "stop_sequence", "max_tokens", "refusal"):
                self._over_ms = max(self._over_ms, time_ms)

    def _see_system(self, row: Mapping[str, Any], time_ms: int) -> None:
        kind = text_of(row, "subtype")
        if kind == "turn_duration":
            self._over_ms, self._closed_ms = max(self._over_ms, time_ms), max(self._closed_ms, time_ms)
        elif kind == "compact_boundary":
            self._compacted_ms = max(self._compacted_ms, time_ms)
        elif kind == "api_error":
            retry_ms = row.get("retryInMs")
            wait_ms = int(retry_ms) if isinstance(retry_ms, int | float) and 0 <= retry_ms < 1 << 40 else 0
            self._retry = time_ms, wait_ms, as_count(row.get("retryAttempt")) or 0, as_count(row.get("maxRetries")) or 0
