"""Keeps what telemetry says level with the books: an event counts while no log has its response, and a response whose
log has only the beginning of its output has the output that its event says.

Takes no locks: the store does. Must not know the rule of pairing (`telemetry/pairing.py`), nor read files.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from claude_tui.clients import TELEMETRY
from claude_tui.engine.state.batch import FileColumns, Packed, pack
from claude_tui.engine.state.books import Books
from claude_tui.engine.state.reconciling.unlogged import note_change
from claude_tui.engine.state.rows.final_output import with_output
from claude_tui.engine.state.rows.table import PAIRED, AsLogged
from claude_tui.sources.columns import LOWER_BOUND, Columns

if TYPE_CHECKING:
    from claude_tui.engine.state.telemetry.events import EventIndex


def counted_events(books: Books, found: Packed) -> Packed:
    """Return the events that are counted, with what only their cost says."""
    from claude_tui.engine.state.telemetry.events import EventIndex
    from claude_tui.engine.state.telemetry.resolving import of_clients, resolved

    if books.told is None:
        books.told = EventIndex()
    books.is_told |= len(found.columns) > 0
    return pack(
        [
            FileColumns(outcome, resolved(of_clients(found.columns_of(start, end), books.clients), books.pricer), {})
            for outcome, start, end in found.spans()
        ]
    )


def remembered_events(books: Books, columns: Columns) -> Columns:
    """Return the events of the ledger that are counted; any other columns as they are."""
    if columns.source != TELEMETRY:
        return columns
    from claude_tui.engine.state.telemetry.resolving import of_clients

    return of_clients(columns, books.clients)


def see(books: Books, columns: Columns) -> None:
    """Note responses of the logs that come in."""
    if books.told is not None and columns.source != TELEMETRY:
        books.told.see(columns)


def note_events(books: Books, rows: Sequence[int]) -> None:
    """Note events that are new in the table. They count from the next reconciling on, if no log has their response."""
    assert books.told is not None
    for row in rows:
        books.table.flags[row] |= PAIRED
        note_change(books, row)
    books.told.add(rows, books.table, books.owners)


def level_told(books: Books) -> None:
    """Pair what telemetry says with what the logs show, where anything of either changed."""
    told, table = books.told, books.table if books.told is not None else None
    if told is None or table is None:
        return
    level = told.level(table, books.owners, books.models)
    for event, row in level.pairs.items():
        if told.paired_with.get(event, row) != row:
            _unpair(books, event, told)
    for event, row in level.pairs.items():
        if event in told.paired_with:
            continue
        if row is not None:
            _pair(books, event, row, told)
        elif table.flags[event] & PAIRED:
            _count(books, event)
    for row, output in level.outputs.items():
        usage, terms, flags = table.logged_as(row)
        wanted = AsLogged(usage._replace(output=output), with_output(terms, output), flags & ~LOWER_BOUND)
        _change(books, row, wanted)
    for row, left in level.left.items():
        usage, terms, flags = table.logged_as(row)
        _change(books, row, AsLogged(left, terms, flags if left.tokens or not usage.tokens else flags | PAIRED))


def _count(books: Books, event: int) -> None:
    note_change(books, event)
    books.table.flags[event] &= ~PAIRED
    books.add(event, 1)
    books.revision += 1


def _pair(books: Books, event: int, row: int, told: EventIndex) -> None:
    note_change(books, event)
    books.add(event, -1)  # nothing, if it has not been counted
    books.table.flags[event] |= PAIRED
    books.table.told[row] = event
    told.paired_with[event] = row
    books.revision += 1


def _unpair(books: Books, event: int, told: EventIndex) -> None:
    table, row = books.table, told.paired_with.pop(event)
    del table.told[row]
    _change(books, row, table.logged_as(row))


def _change(books: Books, row: int, wanted: AsLogged) -> None:
    """Let a response be as telemetry says, or again as the log does."""
    table = books.table
    logged, now = table.logged_as(row), AsLogged(table.usage(row), table.terms.get(row, ""), table.flags[row])
    if now == wanted:
        return
    note_change(books, row)
    books.add(row, -1)
    if row in table.as_logged:
        table.restore(row)
    if wanted != logged:
        table.change(row, wanted)
    books.add(row, 1)
    books.revision += 1
