"""Instants of responses that cannot be right, where what was read comes in. Must not read files or clocks.

Nothing is left out for its instant: the tokens were billed. A response without one takes that of the response beside it
in its file; one that is ahead of the clock keeps its day, which is a matter of the log and not of the hour of looking,
but opens no block and is never the newest.
"""

from __future__ import annotations

from datetime import datetime, timezone

from claude_tui.model import Problem, ProblemKind
from claude_tui.sources.columns import Columns
from claude_tui.sources.instants import AHEAD_MS
from claude_tui.sources.protocol import LogFile


def settle_instants(columns: Columns, file: LogFile, now_ms: int) -> list[Problem]:
    """Give every response an instant, and name those whose instant is in doubt."""
    if not columns:
        return []
    times = columns.time
    problems = []
    if 0 in times:
        known = [time_ms for time_ms in times if time_ms]
        before_ms = known[0] if known else file.mtime_ns // 1_000_000
        for entry, time_ms in enumerate(times):
            if time_ms:
                before_ms = time_ms
                continue
            times[entry] = before_ms
            reason = "no time: taken for as old as " + ("the response before it" if known else "its file")
            problems.append(Problem(ProblemKind.UNDATED, file.path, columns.offset[entry], reason))
    if max(times) > now_ms + AHEAD_MS:
        for entry, time_ms in enumerate(times):
            if time_ms > now_ms + AHEAD_MS:
                reason = f"dated {datetime.fromtimestamp(time_ms / 1000, timezone.utc):%Y-%m-%d}, ahead of the clock"
                problems.append(Problem(ProblemKind.FUTURE, file.path, columns.offset[entry], reason))
    return problems
