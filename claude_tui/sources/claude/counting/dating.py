"""Dates rows without an instant of their own, by the lines around them. Must not read any lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from claude_tui.model import Extra, Usage, UsageRow

BEFORE: Final = "no time: dated like the line before it"
AFTER: Final = "no time, and no dated line before it: counted once a line after it has a time"


class Dating:
    """Gives a row without an instant that of the nearest dated line before it, and the first rows that of the first
    after.

    `near_ms` is the instant of the newest dated line so far, 0 before there is one; until then rows wait.
    """

    def __init__(self, near_ms: int = 0, waiting: Sequence[Any] = ()) -> None:
        self.near_ms = near_ms
        self._waiting = [_row(values) for values in waiting] if waiting else []

    def state(self) -> tuple[int, list[Any]]:
        """Return what another instance can continue from."""
        return self.near_ms, [tuple(row) for row in self._waiting]

    def see(self, time_ms: int) -> list[UsageRow]:
        """Process the instant of a line, 0 if it has none. Returns the rows that waited for it."""
        if not time_ms:
            return []
        self.near_ms = time_ms
        if not self._waiting:
            return []
        waiting, self._waiting = self._waiting, []
        return [row._replace(time_ms=time_ms) for row in waiting]

    def date(self, row: UsageRow) -> UsageRow | None:
        """Return a row with an instant, None if it must wait for a dated line."""
        if self.near_ms:
            return row._replace(time_ms=self.near_ms)
        self._waiting.append(row)
        return None


def _row(values: Sequence[Any]) -> UsageRow:
    row = UsageRow(*values)
    extras = tuple(Extra(kind, model, Usage(*usage), terms) for kind, model, usage, terms in row.extras)
    return row._replace(usage=Usage(*row.usage), extras=extras)
