"""Moves what is readable in a damaged ledger to a new one, and keeps the damaged file beside it.

Must not be used on a ledger of a newer version, whose checks it does not know.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from claude_tui import files
from claude_tui.engine.ledger.file.book import RUN_BITS, Book, FileRecord, check_run, read_record
from claude_tui.engine.ledger.file.causes import KeptCauses, causes_of, put_causes
from claude_tui.engine.ledger.file.runs import BadRunError, decode
from claude_tui.engine.ledger.file.schema import DamagedError, LedgerError, connect, explained, free_name, writing
from claude_tui.engine.ledger.file.sound import unsound, unsound_place, without
from claude_tui.records import NamedTuple
from claude_tui.sources.columns import Columns


class SalvagedFile(NamedTuple):
    """One file with those of its responses that are as they were written."""

    record: FileRecord
    columns: Columns


def readable(path: Path) -> list[SalvagedFile]:
    """Return the valid rows of a damaged ledger that pass its checks; nothing if it cannot be opened."""
    found = [one for one in _stored(path) if not unsound_place(*one.record.key)]
    return [SalvagedFile(record, without(columns, unsound(columns))) for record, columns in found]


def _stored(path: Path) -> list[SalvagedFile]:
    found: dict[int, SalvagedFile] = {}
    with contextlib.suppress(DamagedError), connect(path) as connection:
        for row in _rows(connection, "SELECT * FROM files WHERE id {} ? ORDER BY id {}"):
            with contextlib.suppress(DamagedError):
                record = read_record(row)
                found[record.id] = SalvagedFile(record, _columns(connection, record))
    return list(found.values())


def _causes(path: Path, files: Collection[int]) -> dict[int, KeptCauses]:
    """Return what is kept of causes, as far as that can be read."""
    found: dict[int, KeptCauses] = {}
    with contextlib.suppress(DamagedError, LedgerError, sqlite3.Error), connect(path) as connection:
        for file in files:
            with contextlib.suppress(sqlite3.Error, ValueError):
                found.update(causes_of(connection, [file]))
    return found


def rebuild(path: Path, host: str) -> tuple[Path, int]:
    """Put a sound ledger in the place of a damaged one. Returns the path of the damaged file, and the responses saved.

    Requires the lease. Raises LedgerError if it is not possible; the damaged ledger is then unchanged.
    """
    saved = _stored(path)
    causes = _causes(path, [one.record.id for one in saved])
    fresh = path.with_name(path.name + ".new")
    with explained():
        fresh.unlink(missing_ok=True)
    responses = 0
    try:
        with writing(fresh, lambda connection: Book(connection).create(host)) as connection:
            book = Book(connection)
            for record, columns in saved:
                is_complete = len(columns) == record.responses
                wanted = record._replace(stamp=record.stamp if is_complete else "")
                written = book.put(None, wanted, columns, range(len(columns)))
                if record.id in causes:
                    put_causes(connection, written.record, causes[record.id])
                responses += len(columns)
    except DamagedError as error:
        raise LedgerError(f"it cannot be rebuilt: {error}") from error
    with explained():
        kept = free_name(path, "damaged")
        try:
            os.link(path, kept)
        except OSError:
            shutil.copy2(path, kept)
        # A journal left behind would be played back into the new file.
        journal = path.with_name(path.name + "-journal")
        if journal.exists():
            journal.rename(kept.with_name(kept.name + "-journal"))
        files.put(fresh, path)
    return kept, responses


def _columns(connection: sqlite3.Connection, record: FileRecord) -> Columns:
    sound = []
    first = record.id << RUN_BITS
    query = f"SELECT * FROM runs WHERE id >= {first} AND id < {first + (1 << RUN_BITS)} AND id {{}} ? ORDER BY id {{}}"
    runs = {row[0]: row for row in _rows(connection, query)}
    for number in sorted(runs):
        run, data, crc = runs[number]
        with contextlib.suppress(DamagedError, BadRunError):
            check_run(run, data, crc)
            decode(record.key.source, [data])
            sound.append(data)
    return decode(record.key.source, sound)


def _rows(connection: sqlite3.Connection, query: str) -> Iterator[Any]:
    """Yield rows from both ends, as far as SQLite gets from each; some may come twice."""
    for comparison, start, order in ((">", -(2**63), "ASC"), ("<", 2**63 - 1, "DESC")):
        with contextlib.suppress(sqlite3.Error):
            yield from connection.execute(query.format(comparison, order), (start,))
