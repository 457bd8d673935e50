"""A file of named, checksummed byte sections, replaced in one step. Must not know what the sections hold.

Layout: the sections, the index (JSON: name, offset, length, crc32), its length and crc32, a magic line. So it is
written piece by piece, as the sections are made. Bit rot in a section is noticed when it is read; a torn or foreign
file reads as no file.
"""

from __future__ import annotations

import json
import os
import zlib
from array import array
from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter
from pathlib import Path
from struct import Struct
from typing import Any, Final

import orjson

from claude_tui import files

MAGIC: Final = b"claude-top sections 2\n"
PIECE_ROWS: Final = 4096
"""So many rows are encoded at once: what is written is many times as large, and need not be there all together."""

Pieces = Iterable[bytes | memoryview]
"""What a section holds, in order."""

END: Final = Struct(f"<QI{len(MAGIC)}s")
"""What a file ends with: length and checksum of the index, the magic line."""


class DamagedSectionError(ValueError):
    """A section is not what was written."""


class Sections:
    """The sections of one file, read when asked for, even after another took its place.

    Raises OSError if there is no file to read, DamagedSectionError if it is not one of ours.
    """

    def __init__(self, path: Path) -> None:
        self._fd = files.open_regular(path)
        size = os.fstat(self._fd).st_size - END.size
        if size < 0:
            raise DamagedSectionError(path.name)
        length, crc, magic = END.unpack(os.pread(self._fd, END.size, size))
        if magic != MAGIC or length > size:
            raise DamagedSectionError(path.name)
        index = os.pread(self._fd, length, size - length)
        if zlib.crc32(index) != crc:
            raise DamagedSectionError(path.name)
        self._index: dict[str, tuple[int, int, int]] = orjson.loads(index)

    def __del__(self) -> None:
        if hasattr(self, "_fd"):
            os.close(self._fd)

    def read(self, *names: str) -> list[bytes]:
        """Return sections. Raises DamagedSectionError if one is missing or damaged, or OSError."""
        found = []
        for name in names:
            offset, size, crc = self._entry(name)
            data = os.pread(self._fd, size, offset)
            if len(data) != size or zlib.crc32(data) != crc:
                raise DamagedSectionError(name)
            found.append(data)
        return found

    def read_array(self, name: str, typecode: str) -> array[int]:
        """Return a section as an array, read in its place: half as dear as by way of bytes. Raises as `read` does."""
        offset, size, crc = self._entry(name)
        found = array(typecode, [0])
        if size % found.itemsize:
            raise DamagedSectionError(name)
        found *= size // found.itemsize
        with open(self._fd, "rb", buffering=0, closefd=False) as file:
            file.seek(offset)
            if file.readinto(found) != size or zlib.crc32(found) != crc:
                raise DamagedSectionError(name)
        return found

    def _entry(self, name: str) -> tuple[int, int, int]:
        if name not in self._index:
            raise DamagedSectionError(name)
        return self._index[name]


def write_sections(path: Path, sections: Iterable[tuple[str, Pieces]]) -> None:
    """Write a file of sections beside `path` and put it in its place, piece by piece as they are made. Raises OSError
    and whatever making them does, leaving the old file."""
    files.replace(path, _written(sections), files.OWN)


def _written(sections: Iterable[tuple[str, Pieces]]) -> Iterator[bytes | memoryview]:
    index: dict[str, tuple[int, int, int]] = {}
    end = 0
    for name, pieces in sections:
        start, crc = end, 0
        for piece in pieces:
            crc, end = zlib.crc32(piece, crc), end + memoryview(piece).nbytes
            yield piece
        index[name] = (start, end - start, crc)
    encoded = orjson.dumps(index)
    yield encoded
    yield END.pack(len(encoded), zlib.crc32(encoded), MAGIC)


def to_json(value: object) -> bytes:
    """Encode as JSON; text that is no UTF-8 (paths, lone surrogates) is escaped."""
    try:
        return orjson.dumps(value, default=list)  # named tuples
    except (TypeError, orjson.JSONEncodeError):
        return json.dumps(value).encode()


def from_json(data: bytes) -> Any:
    """Decode what `to_json` wrote. Raises DamagedSectionError for anything else."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        try:
            return json.loads(data)
        except ValueError as error:
            raise DamagedSectionError("json") from error


def to_columns(rows: Iterable[Iterable[object]]) -> list[tuple[object, ...]]:
    """Return rows as columns, which are smaller and quicker to decode; `to_rows` gives the rows again."""
    return list(zip(*rows, strict=True))


def columns_of(rows: Sequence[Sequence[Any]]) -> Iterator[list[Any]]:
    """Yield what `to_columns` returns, one column after the other."""
    for at in range(len(rows[0]) if rows else 0):
        yield list(map(itemgetter(at), rows))


def columns_as_json(columns: Iterable[Sequence[object]]) -> Iterator[bytes | memoryview]:
    """Yield, in pieces, what `to_json` makes of columns, of which none is empty."""
    opening = nothing = b"[["
    for column in columns:
        for at in range(0, len(column), PIECE_ROWS):
            yield opening
            yield memoryview(to_json(column[at : at + PIECE_ROWS]))[1:-1]
            opening = b","
        opening = b"],["
    yield b"[]" if opening is nothing else b"]]"


def to_rows(columns: list[list[Any]]) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of columns. Raises ValueError if one is longer than another."""
    return zip(*columns, strict=True)
