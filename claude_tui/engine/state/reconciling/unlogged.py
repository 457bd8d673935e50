"""Keeps unlogged usage in step with the books: which session holds which response, what changed, and its cells.

Must not know the rule of the remainder, nor read files.
"""

from __future__ import annotations

from claude_tui.engine.state.books import Books
from claude_tui.engine.state.rows.memberships import Mark
from claude_tui.engine.state.rows.table import TableEntry
from claude_tui.engine.state.unlogged.by_session import SOURCE as TOTALLED
from claude_tui.engine.state.unlogged.by_session import mark_of
from claude_tui.sources.columns import COPY, Columns
from claude_tui.sources.protocol import FileFacts


def learn_totals(books: Books, source: str, facts: FileFacts) -> None:
    """Take in what the client said of a session, by all that is known of it."""
    if source == TOTALLED and facts.session:
        known = books.facts.sessions.get((source, facts.session))
        books.unlogged.learn(facts.session, known.client_totals if known is not None else "")
    if source == TOTALLED and facts.asked_models:
        books.unlogged.learn_asked(facts.session or facts.parent, facts.asked_models)


def note_sessions(books: Books, columns: Columns) -> None:
    """Note that responses are added to sessions."""
    if columns.source == TOTALLED:
        books.unlogged.touched.update(owner.session for owner in columns.owners)


def note_change(books: Books, row: int) -> None:
    """Note that a response changes, for every session that holds it."""
    books.unlogged.touched.add(books.owners[books.table.owner[row]].session)
    books.unlogged.touched.update(books.table.memberships.of_row.get(row, ()))


def note_holder(books: Books, row: int, found: TableEntry) -> bool:
    """Note that the session of an entry holds a known response. Returns whether that may change a remainder.

    It does not matter which file of a session comes first.
    """
    if found.columns.source != TOTALLED:
        return False
    mark = _mark_of(books, found)
    if not _is_news(books, row, found, mark):
        return False
    owners, table = books.owners, books.table
    owner, known = owners[found.owner], owners[table.owner[row]]
    table.memberships.note(row, known.session, mark_of(table, owners, row), owner.session, mark)
    if books.told is not None:
        books.told.touch(row, books.table, books.owners)
    return books.unlogged.has_totals_of((owner.session, known.session))


def has_new_holder(books: Books, columns: Columns) -> bool:
    """Whether it is news of any known response which session holds it."""
    if columns.source != TOTALLED:
        return False
    owners = books.numbering(columns).owners
    rows = map(books.table.row_of.get, columns.key)
    entries = (TableEntry(columns, entry, -1, owners[columns.owner[entry]], -1) for entry in range(len(columns)))
    known = ((row, entry) for row, entry in zip(rows, entries, strict=True) if row is not None)
    return any(_is_news(books, row, entry, _mark_of(books, entry)) for row, entry in known)


def level_unlogged(books: Books) -> None:
    """Put the remainders of what was touched in their cells, in place of what was there of them."""
    if not books.unlogged.touched:
        return
    changes = books.unlogged.level(books.table, books.owners, books.models, books.table.memberships)
    for session, before, after in changes:
        for sign, remainder in ((-1, before), (1, after)):
            if remainder is not None:
                books.add_unlogged(session, remainder, sign)
    books.revision += bool(changes)


def _is_news(books: Books, row: int, found: TableEntry, mark: Mark) -> bool:
    """Whether it is news that the session of an entry holds a known response, which has this mark there."""
    owners, table = books.owners, books.table
    session, known = owners[found.owner].session, owners[table.owner[row]].session
    if session == known and row not in table.memberships.of_row:
        # One file's mark is the table's, whatever comes to that file; of several files the better one is to be kept.
        return found.file != table.file[row] and mark != mark_of(table, owners, row)
    return table.memberships.would_note(row, known, session, mark)


def _mark_of(books: Books, found: TableEntry) -> Mark:
    columns, entry = found.columns, found.entry
    offset = -1 if books.owners[found.owner].agent else columns.offset[entry]
    return Mark(offset, bool(columns.flags[entry] & COPY))
