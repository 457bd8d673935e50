"""What logs said of why responses were made, kept beside the files of a ledger. Must not know what the bytes mean.

A table of its own, and no part of the ledger's version: a program that does not know it leaves it alone, and a ledger
without it has kept nothing. Each row has a checksum; one that is not as it was written counts as none.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator
from typing import Final

from claude_tui.engine.ledger.file.record import has_types, row_crc
from claude_tui.records import NamedTuple

_CREATE: Final = (
    "CREATE TABLE IF NOT EXISTS causes (file INTEGER PRIMARY KEY, size INTEGER NOT NULL, mtime INTEGER NOT NULL,"
    " format INTEGER NOT NULL, data BLOB NOT NULL, crc INTEGER NOT NULL)"
)
_TABLE: Final = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'causes'"


class CausesStamp(NamedTuple):
    """How a log looked when it was read, and what its meaning was written in."""

    size: int
    mtime_ns: int
    format: int


class KeptCauses(NamedTuple):
    """What a log said when it looked so."""

    stamp: CausesStamp
    data: bytes


def put_causes(connection: sqlite3.Connection, file: int, kept: KeptCauses) -> None:
    """Write what the log of a file of the ledger said, in an open transaction."""
    connection.execute(_CREATE)
    row = (file, *kept.stamp, kept.data)
    connection.execute("REPLACE INTO causes VALUES (?, ?, ?, ?, ?, ?)", (*row, row_crc(row)))


def causes_of(connection: sqlite3.Connection, files: Collection[int]) -> Iterator[tuple[int, KeptCauses]]:
    """Yield what is kept of files of the ledger."""
    if not connection.execute(_TABLE).fetchone():
        return
    for file in files:
        for row in connection.execute("SELECT * FROM causes WHERE file = ?", (file,)):
            *found, crc = row
            if len(found) == 5 and has_types((found[4], *found[:4]), bytes) and row_crc(tuple(found)) == crc:
                yield file, KeptCauses(CausesStamp(*found[1:4]), found[4])


def causes_stamps(connection: sqlite3.Connection) -> dict[int, CausesStamp]:
    """Return what is kept at all, by the number of the file."""
    if not connection.execute(_TABLE).fetchone():
        return {}
    rows = connection.execute("SELECT file, size, mtime, format FROM causes")
    return {file: CausesStamp(*stamp) for file, *stamp in rows}
