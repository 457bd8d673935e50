"""Files, runs and the seal over them: the ledger inside one open transaction.

Every row carries a checksum, a file's row also counts and sums those of its runs, and the seal those of the files:
a bit that flipped, or a row that SQLite lost, is noticed by whoever reads it. Rows are added and replaced, never
deleted. Must not open or close anything.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final, NamedTuple
from zlib import crc32

from claude_tui.engine.ledger.runs import RUN, BadRunError, decode, encode, load_json
from claude_tui.engine.ledger.schema import DamagedError, LedgerError
from claude_tui.sources.columns import Columns
from claude_tui.sources.protocol import FileFacts

RUN_BITS: Final = 20
"""A run's row is the file's number shifted by this, plus the run's own: runs of a file lie together, unindexed."""

FEW_FILES: Final = 500
"""So many files are looked up one by one sooner than all are gone through."""

_FACTS: Final = {name: type(default) for name, default in FileFacts._field_defaults.items()}


RawRun = tuple[int, Any, Any]
"""A row of the runs: number, data, checksum."""


class FileKey(NamedTuple):
    """What names a file: the machine it is on, the client that wrote it, and where."""

    host: str
    source: str
    path: str


class FileRecord(NamedTuple):
    """One file, without its responses.

    `stamp` says up to where it was read, "" unknown; `is_beyond` that more is known of it than it holds itself.
    `output` sums the output tokens: like the number of responses it never shrinks.
    """

    id: int
    key: FileKey
    stamp: str = ""
    is_beyond: bool = False
    facts_json: bytes = b"[]"
    responses: int = 0
    output: int = 0
    runs: int = 0
    runs_sum: int = 0

    @property
    def facts(self) -> tuple[FileFacts, ...]:
        """What is known beside the responses."""
        return tuple(map(facts_of_json, load_json(self.facts_json)))


class Seal(NamedTuple):
    """The whole ledger: its own name, the machine it belongs to, and what its files must add up to."""

    ledger: str
    host: str
    generation: int = 0
    files: int = 0
    files_sum: int = 0


class Rewritten(NamedTuple):
    """A record that was written: its number, and its checksums before (None where it is new) and after."""

    record: int
    before: int | None
    after: int


class Book:
    """A ledger whose file is open, in a transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def create(self, host: str) -> None:
        """Seal a new, empty ledger."""
        self.write_seal(Seal(secrets.token_hex(8), host))

    def seal(self) -> Seal:
        """Return the seal. Raises DamagedError."""
        rows = self._connection.execute("SELECT * FROM seal").fetchall()
        if len(rows) != 1 or _row_crc(rows[0][1:-1]) != rows[0][-1]:
            raise DamagedError("the seal is broken")
        _, ledger, host, *counts, _ = rows[0]
        return Seal(ledger.decode(), host.decode(), *counts)

    def write_seal(self, seal: Seal) -> None:
        """Replace the seal."""
        row = (seal.ledger.encode(), seal.host.encode(), seal.generation, seal.files, seal.files_sum)
        self._connection.execute("REPLACE INTO seal VALUES (1, ?, ?, ?, ?, ?, ?)", (*row, _row_crc(row)))

    def records(self) -> list[FileRecord]:
        """Return all files, by number. Raises DamagedError where one is missing or changed."""
        seal = self.seal()
        rows = self._connection.execute("SELECT * FROM files ORDER BY id").fetchall()
        records = [read_record(row) for row in rows]
        if len(rows) != seal.files or sum(row[-1] for row in rows) != seal.files_sum:
            raise DamagedError("files are missing")
        return records

    def changed(self, known: Mapping[int, int]) -> tuple[list[FileRecord], dict[int, int]]:
        """Return the files whose checksum is not the one that is known of them, and all checksums, by number.

        Raises DamagedError where a file is missing or changed.
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
            (_blob(key.path), key.source.encode(), key.host.encode()),
        ).fetchone()
        return None if row is None else read_record(row)

    def columns(self, record: FileRecord) -> Columns:
        """Return the responses of a file. Raises DamagedError unless they are all there as they were written."""
        return _columns(record, self.raw_runs(record.id))

    def all_columns(self, records: Collection[FileRecord]) -> list[Columns]:
        """Return the responses of files, in order; many are read in one go. Raises DamagedError."""
        if len(records) <= FEW_FILES:
            return [self.columns(record) for record in records]
        runs: dict[int, list[RawRun]] = {record.id: [] for record in records}
        for row in self._connection.execute("SELECT * FROM runs ORDER BY id"):
            file = runs.get(row[0] >> RUN_BITS)
            if file is not None:
                file.append(row)
        return [_columns(record, runs[record.id]) for record in records]

    def raw_runs(self, file: int) -> list[RawRun]:
        """Return the rows of a file's runs, unchecked."""
        first = file << RUN_BITS
        return self._connection.execute(
            "SELECT * FROM runs WHERE id >= ? AND id < ? ORDER BY id", (first, first + (1 << RUN_BITS))
        ).fetchall()

    def check_runs(self, records: Collection[FileRecord]) -> None:
        """Compare the checksums of every run without reading what is in them. Raises DamagedError."""
        for record in records:
            _checked(record, self.raw_runs(record.id))

    def put(
        self, known: FileRecord | None, wanted: FileRecord, columns: Columns, changed: Collection[int]
    ) -> Rewritten:
        """Write a file: its record, and the runs that hold the positions `changed` of its responses.

        The caller's record needs no sums. Raises LedgerError rather than let a file shrink.
        """
        known_crc = _row_crc(_row(known)) if known is not None else None
        responses, output = len(columns), sum(columns.output)
        if known is not None and (responses < known.responses or output < known.output):
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
        row = _row(record)
        crc = _row_crc(row)
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

    def _next_file(self) -> int:
        found = self._connection.execute("SELECT max(id) FROM files").fetchone()[0]
        return (found or 0) + 1


def check_run(run: int, data: Any, crc: Any) -> None:
    """Raise DamagedError unless a run's row is what was written."""
    if not isinstance(data, bytes) or _run_crc(run, data) != crc:
        raise DamagedError("a run of responses changed")


def _columns(record: FileRecord, runs: Iterable[RawRun]) -> Columns:
    try:
        columns = decode(record.key.source, _checked(record, runs))
    except BadRunError as error:
        raise DamagedError(str(error)) from error
    if (len(columns), sum(columns.output)) != (record.responses, record.output):
        raise DamagedError("responses do not add up")
    return columns


def _checked(record: FileRecord, runs: Iterable[RawRun]) -> list[bytes]:
    """Return what the runs of a file hold. Raises DamagedError where any changed or is missing."""
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


def _row_crc(row: tuple[Any, ...]) -> int:
    # Bytes and integers only, which look the same in every version of Python.
    return crc32(repr(row).encode("utf-8", "surrogatepass"))


def _row(record: FileRecord) -> tuple[Any, ...]:
    key = record.key
    names = (key.host.encode(), key.source.encode(), _blob(key.path), record.stamp.encode())
    counts = (record.responses, record.output, record.runs, record.runs_sum)
    return record.id, *names, int(record.is_beyond), record.facts_json, *counts


def read_record(row: tuple[Any, ...]) -> FileRecord:
    """Read a row of the files. Raises DamagedError where it is not what was written."""
    *found, crc = row
    if _row_crc(tuple(found)) != crc:
        raise DamagedError("a file's row changed")
    file, host, source, path, stamp, beyond, facts, *counts = found
    key = FileKey(host.decode(), source.decode(), path.decode("utf-8", "surrogatepass"))
    return FileRecord(file, key, stamp.decode(), bool(beyond), facts, *counts)


def pack_facts(facts: Iterable[FileFacts]) -> bytes:
    """Return facts as a record holds them."""
    return json.dumps([facts_to_json(one) for one in facts], separators=(",", ":")).encode("ascii")


def facts_to_json(facts: FileFacts) -> dict[str, Any]:
    """Return facts as a JSON object, without what is empty."""
    return {name: getattr(facts, name) for name in _FACTS if getattr(facts, name)}


def facts_of_json(found: Any) -> FileFacts:
    """Read facts from a JSON object; what is unknown or of the wrong type is left out."""
    if not isinstance(found, dict):
        return FileFacts()
    return FileFacts(**{name: found[name] for name, kind in _FACTS.items() if type(found.get(name)) is kind})


def _blob(path: str) -> bytes:
    """Paths need not be text: bytes that are none come as lone surrogates."""
    return path.encode("utf-8", "surrogatepass")
