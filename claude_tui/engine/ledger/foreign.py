"""Reads another ledger without trusting it: it may be from another machine, a backup, or made to do harm.

Ends in bounded time and memory whatever the file is. Must not write.
"""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Final

from claude_tui.engine.ledger.file.book import Book, Doubt
from claude_tui.engine.ledger.file.schema import (
    MIGRATIONS,
    DamagedError,
    LedgerError,
    NewerVersionError,
    is_newer,
    reading,
)
from claude_tui.engine.ledger.pieces import LedgerPiece
from claude_tui.records import NamedTuple

_STEPS: Final = 10_000
"""Steps of SQLite's virtual machine between two checks of their number."""
_LEAST_STEPS: Final = 1_000_000
_LIMIT_LENGTH: Final = 0
"""SQLITE_LIMIT_LENGTH, which Python 3.10 does not name."""
_TABLES: Final = "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE tbl_name IN ('seal', 'files', 'runs')"


class Foreign(NamedTuple):
    """The valid rows of another ledger, and the invalid ones."""

    pieces: list[LedgerPiece]
    doubts: list[Doubt]


def read_foreign(path: Path) -> Foreign:
    """Return everything in another ledger. Raises LedgerError, with a reason for the user."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        raise LedgerError(f"{path} does not exist") from None
    if not stat.S_ISREG(found.st_mode):
        raise LedgerError(f"{path} is not a regular file")
    try:
        with reading(path) as connection:
            connection.set_progress_handler(_ender(max(_LEAST_STEPS, found.st_size)), _STEPS)
            _limit(connection, found.st_size)
            if is_newer(connection):
                raise NewerVersionError(f"{path} was written by a newer version of claude-top")
            if sorted(connection.execute(_TABLES + " LIMIT 100"), key=repr) != _tables():
                raise DamagedError("not a ledger")
            book = Book(connection, most_bytes=found.st_size)
            records = book.records()
            pieces = [
                LedgerPiece(record.key, columns, record.facts)
                for record, columns in zip(records, book.all_columns(records), strict=True)
            ]
            return Foreign(pieces, book.doubts)
    except (DamagedError, ValueError) as error:
        raise LedgerError(f"{path} is damaged: {error}") from error


def _limit(connection: sqlite3.Connection, most_bytes: int) -> None:
    """Limit values to the size of the file. Python 3.10 cannot do that; reading is bounded anyway."""
    set_limit = getattr(connection, "setlimit", None)
    if set_limit is not None:
        set_limit(_LIMIT_LENGTH, min(most_bytes, 2**31 - 1))


def _ender(most_steps: int) -> Callable[[], int]:
    """Return a handler that ends a query after a number of steps that reading a file of this size never takes."""
    left = most_steps // _STEPS

    def is_over() -> int:
        nonlocal left
        left -= 1
        return left < 0

    return is_over


@cache
def _tables() -> list[tuple[str, ...]]:
    """Return what a ledger's own tables look like: a view, a trigger or a computed column would run code on reading."""
    with closing(sqlite3.connect(":memory:")) as connection:
        for step in MIGRATIONS:
            step(connection)
        return sorted(connection.execute(_TABLES), key=repr)
