"""Instants of responses that cannot be right, where what was read comes in. Must not read files or clocks.

Nothing is left out for its instant: the tokens were billed. A response without one takes that of the response beside it
in its file. One that is ahead of the clock keeps its day, for what is counted must not depend on the hour of looking;
but it opens no block and is never the newest.
"""

from __future__ import annotations

from datetime import datetime, timezone

from claude_tui.model import Problem, ProblemKind
from claude_tui.sources.columns import Columns
from claude_tui.sources.values.instants import AHEAD_MS


def date_undated(columns: Columns, path: str, file_ms: int) -> list[Problem]:
    """Give every response of a file an instant: where none of them has one, that of the file."""
    times = columns.time
    if 0 not in times:
        return []
    before_ms = next(filter(None, times), file_ms)
    problems = []
    for entry, time_ms in enumerate(times):
        if not time_ms:
            times[entry] = before_ms
            reason = "no time: dated like the lines beside it"
            problems.append(Problem(ProblemKind.UNDATED, path, columns.offset[entry], reason))
        before_ms = times[entry]
    return problems


def dated_ahead(columns: Columns, path: str, now_ms: int) -> list[Problem]:
    """Name every response of a file that is further ahead of the clock than time zones and drift explain."""
    last_ms = now_ms + AHEAD_MS
    if max(columns.time, default=0) <= last_ms:
        return []
    return [
        Problem(ProblemKind.FUTURE, path, columns.offset[entry], f"dated {_day(time_ms)}, ahead of the clock")
        for entry, time_ms in enumerate(columns.time)
        if time_ms > last_ms
    ]


def _day(time_ms: int) -> str:
    return f"{datetime.fromtimestamp(time_ms / 1000, timezone.utc):%Y-%m-%d}"
