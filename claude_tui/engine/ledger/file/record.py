"""One file of the ledger without its responses, as a record and as a row. Must not know SQLite."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final
from zlib import crc32

from claude_tui.engine.ledger.file.runs import load_json
from claude_tui.engine.ledger.file.schema import DamagedError
from claude_tui.engine.ledger.file.sound import facts_of_json
from claude_tui.records import NamedTuple
from claude_tui.sources.protocol import FileFacts

RUN_BITS: Final = 20
"""A run's row id is the file's number shifted by this, plus the run's own: runs of a file are adjacent, without an
index."""
_MAX_FILE: Final = 1 << (62 - RUN_BITS)


class FileKey(NamedTuple):
    """Identifies a file: the machine it is on, the client that wrote it, and its path."""

    host: str
    source: str
    path: str


class FileRecord(NamedTuple):
    """One file, without its responses.

    `stamp` says how far it was read, "" unknown; `is_beyond`: the ledger knows more of the file than the file itself
    holds. `output` sums the output tokens: like the number of responses, it never shrinks.
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
        """The valid facts of the file."""
        return tuple(read_facts(self.facts_json)[0])


def row_crc(row: tuple[Any, ...]) -> int:
    """Return the checksum of a row's values."""
    # Bytes and integers only, which look the same in every version of Python.
    return crc32(repr(row).encode("utf-8", "surrogatepass"))


def row_of(record: FileRecord) -> tuple[Any, ...]:
    """Return a record as the values of a row, without their checksum."""
    key = record.key
    names = (key.host.encode(), key.source.encode(), blob_of(key.path), record.stamp.encode())
    counts = (record.responses, record.output, record.runs, record.runs_sum)
    return record.id, *names, int(record.is_beyond), record.facts_json, *counts


def read_record(row: tuple[Any, ...]) -> FileRecord:
    """Parse a row of the files. Raises DamagedError if it is not as it was written."""
    *found, crc = row
    if row_crc(tuple(found)) != crc:
        raise DamagedError("a file's row changed")
    file, host, source, path, stamp, beyond, facts, *counts = found
    if (
        not has_types((host, source, path, stamp, facts, file, beyond, *counts), *[bytes] * 5)
        or not 0 < file < _MAX_FILE
    ):
        raise DamagedError("not the row of a file")
    key = FileKey(text_of(host), text_of(source), text_of(path))
    return FileRecord(file, key, text_of(stamp), bool(beyond), facts, *counts)


def pack_facts(facts: Iterable[FileFacts]) -> bytes:
    """Return facts in the form a record holds them."""
    return json.dumps([facts_to_json(one) for one in facts], separators=(",", ":")).encode("ascii")


def facts_to_json(facts: FileFacts) -> dict[str, Any]:
    """Return facts as a JSON object, without empty values."""
    return {name: value for name, value in facts._asdict().items() if value}


def read_facts(data: bytes) -> tuple[list[FileFacts], list[str]]:
    """Return the valid facts of a record, and what is wrong with the others."""
    try:
        found = load_json(data)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, list):
        return [], ["invalid facts"]
    facts, bad = [], []
    for one in found:
        try:
            facts.append(facts_of_json(one))
        except ValueError as error:
            bad.append(str(error))
    return facts, bad


def has_types(values: tuple[Any, ...], *kinds: type) -> bool:
    """Whether the first values are of these types and all others integers."""
    return [*map(type, values)] == [*kinds, *[int] * (len(values) - len(kinds))]


def text_of(data: bytes) -> str:
    """Return stored bytes as the text they were. Raises DamagedError if they are not text."""
    try:
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError as error:
        raise DamagedError("invalid text") from error


def blob_of(path: str) -> bytes:
    """Return a path as bytes. Parts of it that are not text are lone surrogates, and stay so."""
    return path.encode("utf-8", "surrogatepass")
