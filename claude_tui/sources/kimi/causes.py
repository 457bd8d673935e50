"""Which tools the steps of a Kimi Code wire called: between its begin and its end a step has its usage and its calls.

A step with several usage records does not say which of them made the calls, so nothing is told of it. Nothing else is
told, and always all of a wire is read. Must not know what calls cost.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from claude_tui.model import UsageRow
from claude_tui.sources.causes import Call, Caused, FileCauses
from claude_tui.sources.columns import key_number
from claude_tui.sources.kimi.wire import Wire
from claude_tui.sources.protocol import Checkpoint
from claude_tui.sources.reading.lines import LineReader
from claude_tui.sources.records.conversation import UnknownShapeError
from claude_tui.sources.records.events import BadCountError
from claude_tui.sources.values.json_values import table_of, text_of, written_of


def read_causes(
    path: str, known: FileCauses | None = None, since: Checkpoint | None = None, *, with_sizes: bool = False
) -> tuple[FileCauses, Checkpoint]:
    """Read a wire, always all of it. Raises OSError where it cannot be opened."""
    wire, steps = Wire(session=""), _Steps()
    with LineReader(path) as reader:
        for offset, line in reader:
            for record in reader.objects(offset, line, is_slim=True):
                try:
                    for row in wire.rows(record, offset):
                        steps.used(row)
                except (BadCountError, UnknownShapeError):  # what was not yielded is not counted, either
                    pass
                if text_of(record, "type") == "context.append_loop_event":
                    steps.see(table_of(record, "event"))
        steps.close()
        return FileCauses(list(steps.found.values()), has_sizes=True, has_calls_only=True), reader.checkpoint()


class _Steps:
    """The steps of a wire, one after the other. `found` are the responses of those that tell, by key."""

    def __init__(self) -> None:
        self.found: dict[str, Caused] = {}
        self._is_open = False
        self._rows: list[UsageRow] = []
        self._calls: dict[str, Call] = {}

    def used(self, row: UsageRow) -> None:
        """Take in what a step used; what is used outside of steps called nothing that is known."""
        if self._is_open:
            self._rows.append(row)

    def see(self, event: Mapping[str, Any]) -> None:
        """Take in an event of a step."""
        kind, call = text_of(event, "type"), written_of(event, "toolCallId")
        if kind == "step.begin":
            self.close()
            self._is_open = True
        elif kind == "step.end":
            self.close()
        elif kind == "tool.call" and self._is_open:
            self._calls.setdefault(call, Call(call, written_of(event, "name")))
        elif kind == "tool.result" and call in self._calls and table_of(event, "result").get("isError") is True:
            self._calls[call].is_failed = True

    def close(self) -> None:
        """End the open step, if there is one."""
        if len(self._rows) == 1:
            (row,) = self._rows
            made = Caused(key_number("kimi", row.key), 0, row.time_ms, calls=list(self._calls.values()))
            self.found.setdefault(row.key, made)
        self._is_open, self._rows, self._calls = False, [], {}
