"""Which rows of the table are of which hour, for the hours that anyone asked for. Must not know what rows mean."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from itertools import compress
from typing import Final

from claude_tui.units import HOUR_MS

MARGIN_HOURS: Final = 24
"""The clock may be set back, so somewhat more is indexed than was asked for."""


class RecentRows:
    """Rows by hour, from the earliest hour asked for on; nothing before the first question."""

    def __init__(self) -> None:
        self._from_hour: int | None = None
        self._rows: dict[int, array[int]] = {}

    def add(self, row: int, time_ms: int) -> None:
        """Note a row with a new instant; the old one may stay noted."""
        if self._from_hour is not None and time_ms // HOUR_MS >= self._from_hour:
            self._rows.setdefault(time_ms // HOUR_MS, array("i")).append(row)

    def extend(self, times: array[int], first_row: int) -> None:
        """Note consecutive new rows by their instants."""
        if self._from_hour is not None:
            for row, time_ms in enumerate(times, first_row):
                self.add(row, time_ms)

    def covers(self, time_ms: int) -> bool:
        """Whether every row from an instant on is noted."""
        return self._from_hour is not None and time_ms // HOUR_MS >= self._from_hour

    def between(self, times: array[int], since_ms: int, until_ms: int) -> Iterator[int]:
        """Yield the rows with an instant in (since_ms, until_ms], each once. `times` are those of all rows now."""
        first = since_ms // HOUR_MS
        if self._from_hour is None or first < self._from_hour:
            self._from_hour = first - MARGIN_HOURS
            self._rows.clear()
            earliest_ms = self._from_hour * HOUR_MS
            for row in list(compress(range(len(times)), map(earliest_ms.__le__, times))):
                self.add(row, times[row])
        for hour in range(first, until_ms // HOUR_MS + 1):
            for row in dict.fromkeys(self._rows.get(hour, ())):
                time_ms = times[row]
                if since_ms < time_ms <= until_ms and time_ms // HOUR_MS == hour:
                    yield row
