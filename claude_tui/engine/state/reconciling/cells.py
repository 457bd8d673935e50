"""Cells that lost their first or last instant are given another, from what is still in them.

Must not know why a response left a cell.
"""

from __future__ import annotations

from claude_tui.engine.state.books import Books
from claude_tui.engine.state.rows.table import PAIRED
from claude_tui.engine.state.sums.cells import CellKey
from claude_tui.model import FIRST, LAST


def mend_cells(books: Books) -> None:
    """Give cells that lost their first or last instant another; drop empty ones."""
    lost = books.cells.lost
    if not lost:
        return
    found: dict[CellKey, tuple[int, int]] = {}

    def see(key: CellKey, time_ms: int) -> None:
        if key in lost:
            first, last = found.get(key, (time_ms, time_ms))
            found[key] = (min(first, time_ms), max(last, time_ms))

    def see_row(row: int, model: int) -> None:
        time_ms = table.time[row]
        see(CellKey(books.calendar.day_hour(time_ms)[0], table.owner[row], model), time_ms)

    table = books.table
    first_ms, last_ms = (pick(books.cells.all[key][at] for key in lost) for pick, at in ((min, FIRST), (max, LAST)))
    if books.recent.covers(first_ms):  # as it is where anything happens now: there are few of such
        for row in books.recent.between(table.time, first_ms - 1, last_ms):
            if not table.flags[row] & PAIRED:
                see_row(row, table.model[row])
            for extra in table.extras.get(row, ()):
                see_row(row, books.model_number(extra.model))
    else:
        groups = {(key.owner, key.model) for key in lost}
        for row, group in enumerate(zip(table.owner, table.model, strict=True)):
            if group in groups and not table.flags[row] & PAIRED:
                see_row(row, group[1])
        for row, extras in table.extras.items():
            for extra in extras:
                see_row(row, books.model_number(extra.model))
    for session in {books.owners[key.owner].session for key in lost}:
        remainder = books.unlogged.all.get(session)
        if remainder is not None:
            for key, time_ms, _, _ in books.unlogged_parts(session, remainder):
                see(key, time_ms)
    books.is_moved |= books.cells.mend(found)
