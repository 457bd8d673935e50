"""The end of a Codex rollout: whether a turn runs, and which call has no output. Must not know files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson

from claude_tui.sources.codex.counting.records import kind_of
from claude_tui.sources.turns.turn_end import MAX_ARGUMENT, OpenTool, TurnEnd
from claude_tui.sources.values.instants import instant_ms
from claude_tui.sources.values.json_values import table_of, text_of

_CALLS: Final = frozenset({"function_call", "custom_tool_call", "local_shell_call"})
_OUTPUTS: Final = frozenset({"function_call_output", "custom_tool_call_output"})
_ENDS: Final = frozenset({"task_complete", "turn_complete", "turn_aborted"})
_STARTS: Final = frozenset({"task_started", "turn_started", "user_message"})


class CodexTurnReader:
    """Follows the records of one rollout."""

    def __init__(self) -> None:
        self._tools: dict[str, OpenTool] = {}
        self._asked_ms = self._over_ms = self._newest_ms = 0
        self._error = ""

    def see(self, row: dict[str, object]) -> None:
        """Take in one record."""
        kind, payload = kind_of(row)
        kind = text_of(payload, "type") if kind == "response_item" else kind
        time_ms = instant_ms(row.get("timestamp"))
        if not time_ms:
            return
        self._newest_ms = max(self._newest_ms, time_ms)
        if kind in _STARTS:
            self._asked_ms, self._error = max(self._asked_ms, time_ms), ""
            self._tools.clear()
        elif kind in _ENDS:
            self._over_ms = max(self._over_ms, time_ms)
            self._tools.clear()
        elif kind == "error":
            self._error = text_of(payload, "codex_error_info") or "error"
        elif kind in _CALLS:
            self._tools[text_of(payload, "call_id")] = _tool(payload, time_ms)
        elif kind in _OUTPUTS:
            self._tools.pop(text_of(payload, "call_id"), None)
            if self._over_ms < time_ms:
                self._asked_ms = max(self._asked_ms, time_ms)

    def end(self) -> TurnEnd:
        """Return what the records so far say."""
        is_over = self._over_ms >= self._asked_ms
        return TurnEnd(
            asked_ms=self._asked_ms,
            over_ms=self._over_ms,
            is_closed=is_over and bool(self._over_ms),
            tools=tuple(self._tools.values()),
            error=self._error if is_over else "",
            newest_ms=self._newest_ms,
        )


def _tool(payload: Mapping[str, Any], time_ms: int) -> OpenTool:
    try:
        given = orjson.loads(text_of(payload, "arguments") or "{}")
    except orjson.JSONDecodeError:
        given = {}
    given = given if isinstance(given, dict) else {}
    action = table_of(payload, "action")
    command = given.get("cmd") or given.get("command") or action.get("command")
    argument = " ".join(map(str, command)) if isinstance(command, list) else command if isinstance(command, str) else ""
    needs_approval = given.get("sandbox_permissions") == "require_escalated"
    name = text_of(payload, "name") or text_of(payload, "type")
    return OpenTool(
        name, time_ms, argument[:MAX_ARGUMENT], needs_approval or bool(given.get("with_escalated_permissions"))
    )
