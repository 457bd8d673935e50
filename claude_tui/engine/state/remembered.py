"""What is remembered of logs that are gone or no longer say it: what the ledger holds counts, and its days are marked.

Takes no locks: the store does. Must not know the ledger, nor read files.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from claude_tui.clients import TELEMETRY
from claude_tui.engine.state.batch import FileColumns, FileOutcome, pack
from claude_tui.engine.state.books import Books
from claude_tui.engine.state.doubtful import date_undated
from claude_tui.engine.state.intake import add_files, learn
from claude_tui.engine.state.reconciling.telemetry import remembered_events
from claude_tui.engine.state.reconciling.unlogged import has_new_holder
from claude_tui.engine.state.rows.table import TableEntry, TableNames
from claude_tui.engine.state.sums.cells import file_cells
from claude_tui.sources.columns import Columns
from claude_tui.sources.problems import Problems
from claude_tui.sources.protocol import FileFacts, LogFile


def remember(books: Books, path: str, columns: Columns, facts: Sequence[FileFacts]) -> None:
    """Add what the ledger holds of a log, and mark the days of what no log has said so far.

    What it holds of a file that can be read counts beside what that says.
    """
    columns = remembered_events(books, columns)
    if 0 in columns.time:
        columns = columns.cut(0, len(columns))
        date_undated(columns, path, max((one.last_ms for one in facts), default=0))
    file = FileColumns(
        FileOutcome(LogFile(columns.source, path, "", 0, 0, 0, 0), None, Problems(), None, is_whole=False),
        columns,
        file_cells(columns, books.pricer, books.calendar),
    )
    for one in facts:
        learn(books, columns.source, path, one, is_remembered=True)
    news = _news(books, columns, path)
    if columns.source != TELEMETRY:
        _mark(books, {books.calendar.day_hour(columns.time[entry])[0] for entry in news})
    if news or has_new_holder(books, columns):
        add_files(books, pack([file]))


def forget(books: Books, source: str, path: str, facts: Sequence[FileFacts]) -> None:
    """Forget what the ledger said, by `facts`, of the sessions of a file which says all of it itself."""
    moved = books.facts.forget_remembered(source, path, facts)
    if moved is not None:
        books.is_moved |= not moved.isdisjoint(books.sessions)
        books.revision += 1


def remember_files(books: Books, paths: Collection[str]) -> None:
    """Mark the days of what was counted in files that are gone; not of telemetry, which is no log."""
    refs = enumerate(books.table.files)
    files = {number for number, ref in refs if ref.path in paths and ref.source != TELEMETRY}
    times = (books.table.time[row] for row, file in enumerate(books.table.file) if file in files)
    _mark(books, {books.calendar.day_hour(time_ms)[0] for time_ms in times})


def _mark(books: Books, days: set[int]) -> None:
    books.revision += not days <= books.remembered_days
    books.remembered_days |= days


def _news(books: Books, columns: Columns, path: str) -> list[int]:
    """Return the entries that would change anything."""
    file, (owners, models) = books.file_number(columns.source, path), books.numbering(columns)
    names, would_add = TableNames(books.owners, books.models), books.table.would_add
    return [
        entry
        for entry in range(len(columns))
        if would_add(
            TableEntry(columns, entry, file, owners[columns.owner[entry]], models[columns.model[entry]]), names
        )
    ]
