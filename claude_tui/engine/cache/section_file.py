"""A file of named, checksummed byte sections, replaced in one step. Must not know what the sections hold.

Layout: a magic line, the length of the index, the index (JSON: name, offset, length, crc32), the sections. Bit rot
in a section is noticed when it is read; a torn or foreign file reads as no file.
"""

from __future__ import annotations

import json
import os
import zlib
from array import array
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import orjson

from claude_tui import files

MAGIC: Final = b"claude-top sections 1\n"
_LENGTH_BYTES: Final = 8


class DamagedSectionError(ValueError):
    """A section is not what was written."""


class Sections:
    """The sections of one file, read when asked for, even after another took its place.

    Raises OSError if there is no file to read, DamagedSectionError if it is not one of ours.
    """

    def __init__(self, path: Path) -> None:
        self._fd = files.open_regular(path)
        start = len(MAGIC) + _LENGTH_BYTES
        data = os.pread(self._fd, start, 0)
        length = int.from_bytes(data[len(MAGIC) :], "little")
        if not data.startswith(MAGIC) or length > os.fstat(self._fd).st_size:
            raise DamagedSectionError(path.name)
        self._start = start + length
        try:
            checked = orjson.loads(os.pread(self._fd, length, start))
            if zlib.crc32(orjson.dumps(checked["sections"])) != checked["crc"]:
                raise DamagedSectionError(path.name)
            self._index: dict[str, tuple[int, int, int]] = {
                name: (int(offset), int(size), int(crc)) for name, (offset, size, crc) in checked["sections"].items()
            }
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise DamagedSectionError(path.name) from error

    def __del__(self) -> None:
        if hasattr(self, "_fd"):
            os.close(self._fd)

    def read(self, *names: str) -> list[bytes]:
        """Return sections. Raises DamagedSectionError if one is missing or damaged, or OSError."""
        found = []
        for name in names:
            offset, size, crc = self._entry(name)
            data = os.pread(self._fd, size, self._start + offset)
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
            file.seek(self._start + offset)
            if file.readinto(found) != size or zlib.crc32(found) != crc:
                raise DamagedSectionError(name)
        return found

    def _entry(self, name: str) -> tuple[int, int, int]:
        if name not in self._index:
            raise DamagedSectionError(name)
        return self._index[name]


def write_sections(path: Path, sections: Mapping[str, bytes]) -> None:
    """Write a file of sections beside `path` and put it in its place. Raises OSError, leaving the old file."""
    index: dict[str, tuple[int, int, int]] = {}
    offset = 0
    for name, data in sections.items():
        index[name] = (offset, len(data), zlib.crc32(data))
        offset += len(data)
    header = orjson.dumps({"sections": index, "crc": zlib.crc32(orjson.dumps(index))})
    start = MAGIC + len(header).to_bytes(_LENGTH_BYTES, "little") + header
    files.replace(path, (start, *sections.values()), files.OWN)


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


def to_rows(columns: list[list[Any]]) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of columns. Raises ValueError if one is longer than another."""
    return zip(*columns, strict=True)
