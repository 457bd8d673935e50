"""Which sessions that are done stand below those that go on: the newest, as many as there is room for. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from claude_tui.model import SessionRow, SessionState


def folded(
    rows: Sequence[SessionRow], room: int, lines: Callable[[SessionRow], int], kept: SessionRow | None = None
) -> Sequence[SessionRow]:
    """The rows to show where `room` lines are free above the one that says how many are not shown.

    All that go on, then of those that are done the first that fit; the selected one (`kept`) stays whatever comes. If
    all fit, or nothing goes on, these are all rows. `lines` is how many lines a row takes.
    """
    going_on = [row for row in rows if row.activity.state is not SessionState.DONE]
    if not going_on:
        return rows
    done = [row for row in rows if row.activity.state is SessionState.DONE]
    left = room - sum(map(lines, going_on))
    if _fit(done, left + 1, lines) == len(done):
        return rows
    chosen = done[: _fit(done, left, lines)]
    found = next((row for row in done if kept is not None and _is_same(row, kept)), None)
    if found is not None and found not in chosen:
        chosen = [*chosen[: _fit(chosen, left - lines(found), lines)], found]
    return (*going_on, *chosen)


def _fit(rows: Sequence[SessionRow], room: int, lines: Callable[[SessionRow], int]) -> int:
    """How many of the first rows fit."""
    for count, row in enumerate(rows):
        room -= lines(row)
        if room < 0:
            return count
    return len(rows)


def _is_same(row: SessionRow, other: SessionRow) -> bool:
    return (row.source, row.key) == (other.source, other.key)
