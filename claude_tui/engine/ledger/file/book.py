"""Files, runs and the seal over them: the ledger inside one open transaction.

Every row carries a checksum, the row of a file also counts and sums those of its runs, and the seal those of the files:
a reader notices a flipped bit, or a row that SQLite lost. Rows are added and replaced, never deleted. Must not
open or close anything.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final
from zlib import crc32

from claude_tui.engine.ledger.file.record import (
    RUN_BITS,
    FileKey,
    FileRecord,
    blob_of,
    has_types,
    read_facts,
    read_record,
    row_crc,
    row_of,
    text_of,
)
from claude_tui.engine.ledger.file.runs import RUN, BadRunError, decode, encode
from claude_tui.engine.ledger.file.schema import DamagedError, LedgerError
from claude_tui.engine.ledger.file.sound import unsound, unsound_place, without
from claude_tui.records import NamedTuple
from claude_tui.sources.columns import Columns

__all__ = ["RUN_BITS", "Book", "Doubt", "FileKey", "FileRecord", "Rewritten", "Seal", "check_run", "read_record"]

FEW_FILES: Final = 500
"""Up to this many files, looking them up one by one is faster than reading all."""

_MAX_SUM: Final = 2**63 - 1
"""The largest number SQLite can store."""

RawRun = tuple[int, Any, Any]
"""A row of the runs: number, data, checksum."""


class Seal(NamedTuple):
    """The whole ledger: its own name, the machine it belongs to, and what its files must add up to."""

    ledger: str
    host: str
    generation: int = 0
    files: int = 0
    files_sum: int = 0


class Rewritten(NamedTuple):
    """A record that was written: its number, and its checksums before (None if it is new) and after."""

    record: int
    before: int | None
    after: int


class Doubt(NamedTuple):
    """Invalid rows of a file, which are stored but not counted: how many, and why the first one is invalid."""

    key: FileKey
    number: int
    why: str


class Book:
    """A ledger whose file is open, in a transaction.

    Invalid rows are left out of what is read, and listed in `doubts`. If the ledger is not our own, `most_bytes` limits
    how much of it is read.
    """

    def __init__(self, connection: sqlite3.Connection, most_bytes: int = 0) -> None:
        self.connection = self._connection = connection
        self._bytes_left = most_bytes
        self._is_bounded = bool(most_bytes)
        self.doubts: list[Doubt] = []

    def create(self, host: str) -> None:
        """Seal a new, empty ledger."""
        self.write_seal(Seal(secrets.token_hex(8), host))

    def seal(self) -> Seal:
        """Return the seal. Raises DamagedError."""
        rows = self._connection.execute("SELECT * FROM seal LIMIT 2").fetchall()
        if len(rows) != 1 or row_crc(rows[0][1:-1]) != rows[0][-1] or not has_types(rows[0][1:-1], bytes, bytes):
            raise DamagedError("the seal is broken")
        _, ledger, host, *counts, _ = rows[0]
        return Seal(text_of(ledger), text_of(host), *counts)

    def write_seal(self, seal: Seal) -> None:
        """Replace the seal."""
        row = (seal.ledger.encode(), seal.host.encode(), seal.generation, seal.files, seal.files_sum)
        self._connection.execute("REPLACE INTO seal VALUES (1, ?, ?, ?, ?, ?, ?)", (*row, row_crc(row)))

    def records(self) -> list[FileRecord]:
        """Return the named files, by number. Raises DamagedError if one is missing or changed."""
        found = []
        for record in self.stored_records():
            why = unsound_place(*record.key)
            if why:
                self.doubts.append(Doubt(record.key, record.responses, why))
            else:
                found.append(record)
        return found

    def stored_records(self) -> list[FileRecord]:
        """Return all files, by number. Raises DamagedError if one is missing or changed."""
        seal = self.seal()
        rows = list(self._rows("SELECT * FROM files ORDER BY id"))
        records = [read_record(row) for row in rows]
        if len(rows) != seal.files or sum(row[-1] for row in rows) != seal.files_sum:
            raise DamagedError("files are missing")
        return records

    def changed(self, known: Mapping[int, int]) -> tuple[list[FileRecord], dict[int, int]]:
        """Return the files whose checksum differs from the known one, and all checksums, by number.

        Raises DamagedError if a file is missing or changed.
        """
        seal = self.seal()
        checksums = dict(self._connection.execute("SELECT id, crc FROM files"))
        if len(checksums) != seal.files or sum(checksums.values()) != seal.files_sum:
            raise DamagedError("files are missing")
        wanted = [number for number, checksum in checksums.items() if known.get(number) != checksum]
        if len(wanted) > FEW_FILES:
            rows = self._connection.execute("SELECT * FROM files").fetchall()
            rows = [row for row in rows if known.get(row[0]) != row[-1]]
        else:
            query = "SELECT * FROM files WHERE id = ?"
            rows = [row for number in wanted for row in self._connection.execute(query, (number,))]
        return [read_record(row) for row in rows], checksums

    def find(self, key: FileKey) -> FileRecord | None:
        """Return a file by name. Raises DamagedError."""
        row = self._connection.execute(
            "SELECT * FROM files WHERE path = ? AND source = ? AND host = ?",
            (blob_of(key.path), key.source.encode(), key.host.encode()),
        ).fetchone()
        return None if row is None else read_record(row)

    def columns(self, record: FileRecord) -> Columns:
        """Return the valid responses of a file. Raises DamagedError unless all are as they were written."""
        return self._sound(record, self.stored_columns(record))

    def stored_columns(self, record: FileRecord) -> Columns:
        """Return all stored responses of a file. Raises DamagedError unless they are as they were written."""
        return _columns(record, self.raw_runs(record.id))

    def all_columns(self, records: Collection[FileRecord]) -> list[Columns]:
        """Return for files what `columns` does, in order; many are read at once. Raises DamagedError."""
        if len(records) <= FEW_FILES:
            return [self.columns(record) for record in records]
        runs: dict[int, list[RawRun]] = {record.id: [] for record in records}
        for row in self._rows("SELECT * FROM runs ORDER BY id"):
            file = runs.get(row[0] >> RUN_BITS)
            if file is not None:
                file.append(row)
        return [self._sound(record, _columns(record, runs[record.id])) for record in records]

    def look_over(self) -> list[Doubt]:
        """Check everything that is stored and return the invalid rows. Raises DamagedError."""
        records = self.records()
        self.all_columns(records)
        for record in records:
            bad = read_facts(record.facts_json)[1]
            if bad:
                self.doubts.append(Doubt(record.key, len(bad), bad[0]))
        return self.doubts

    def raw_runs(self, file: int) -> list[RawRun]:
        """Return the rows of a file's runs, unchecked."""
        first = file << RUN_BITS
        span = (first, first + (1 << RUN_BITS))
        return list(self._rows("SELECT * FROM runs WHERE id >= ? AND id < ? ORDER BY id", span))

    def check_runs(self, records: Collection[FileRecord]) -> None:
        """Compare the checksums of all runs without decoding them. Raises DamagedError."""
        for record in records:
            _checked(record, self.raw_runs(record.id))

    def put(
        self,
        known: FileRecord | None,
        wanted: FileRecord,
        columns: Columns,
        changed: Collection[int],
        *,
        is_mended: bool = False,
    ) -> Rewritten:
        """Write a file: its record, and the runs with the positions `changed` of its responses.

        The caller's record needs no sums. Raises LedgerError rather than let a file shrink. `is_mended`: invalid
        responses were replaced, whatever output they had.
        """
        known_crc = row_crc(row_of(known)) if known is not None else None
        responses, output = len(columns), _sum(columns)
        if known is not None and (responses < known.responses or (output < known.output and not is_mended)):
            raise LedgerError("a file would have shrunk")
        file = known.id if known is not None else self._next_file()
        runs, runs_sum = (known.runs, known.runs_sum) if known is not None else (0, 0)
        for number in sorted({position // RUN for position in changed}):
            run = file << RUN_BITS | number
            data = encode(columns, number * RUN, min((number + 1) * RUN, responses))
            crc = _run_crc(run, data)
            before = self._connection.execute("SELECT crc FROM runs WHERE id = ?", (run,)).fetchone()
            self._connection.execute("REPLACE INTO runs VALUES (?, ?, ?)", (run, data, crc))
            runs += before is None
            runs_sum += crc - (before[0] if before else 0)
        record = wanted._replace(id=file, responses=responses, output=output, runs=runs, runs_sum=runs_sum)
        row = row_of(record)
        crc = row_crc(row)
        written = Rewritten(file, known_crc, crc)
        if record == known:
            return written
        seal = self.seal()
        self._connection.execute(f"REPLACE INTO files VALUES ({', '.join('?' * 12)})", (*row, crc))
        self.write_seal(
            seal._replace(
                generation=seal.generation + 1,
                files=seal.files + (known is None),
                files_sum=seal.files_sum + crc - (known_crc or 0),
            )
        )
        return written

    def _sound(self, record: FileRecord, columns: Columns) -> Columns:
        """Return the valid responses of a file, and record the others."""
        found = unsound(columns)
        if found:
            self.doubts.append(Doubt(record.key, len(found), found[min(found)]))
        return without(columns, found)

    def _rows(self, query: str, values: tuple[int, ...] = ()) -> Iterator[tuple[Any, ...]]:
        rows = self._connection.execute(query, values)
        return self._bounded(rows) if self._is_bounded else rows

    def _bounded(self, rows: Iterable[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
        for row in rows:
            self._bytes_left -= len(row) + sum(len(value) for value in row if isinstance(value, (bytes, str)))
            if self._bytes_left < 0:
                raise DamagedError("it says more than its file can hold")
            yield row

    def _next_file(self) -> int:
        found = self._connection.execute("SELECT max(id) FROM files").fetchone()[0]
        return (found or 0) + 1


def check_run(run: int, data: Any, crc: Any) -> None:
    """Raise DamagedError unless the row of a run is as it was written."""
    if not isinstance(data, bytes) or _run_crc(run, data) != crc:
        raise DamagedError("a run of responses changed")


def _columns(record: FileRecord, runs: Iterable[RawRun]) -> Columns:
    try:
        columns = decode(record.key.source, _checked(record, runs))
    except BadRunError as error:
        raise DamagedError(str(error)) from error
    if (len(columns), _sum(columns)) != (record.responses, record.output):
        raise DamagedError("responses do not add up")
    return columns


def _checked(record: FileRecord, runs: Iterable[RawRun]) -> list[bytes]:
    """Return the responses in the runs of a file. Raises DamagedError if any run changed or is missing."""
    found, total = [], 0
    for run, data, crc in runs:
        check_run(run, data, crc)
        found.append(data)
        total += crc
    if (len(found), total) != (record.runs, record.runs_sum):
        raise DamagedError("responses are missing")
    return found


def _run_crc(run: int, data: bytes) -> int:
    return crc32(data, crc32(run.to_bytes(8, "little")))


def _sum(columns: Columns) -> int:
    """Return the output tokens of all responses, as far as SQLite can store such a sum."""
    return max(-_MAX_SUM, min(sum(columns.output), _MAX_SUM))
