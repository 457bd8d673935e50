"""Reads a transcript the plain way, the fast way and, where the native core is built, natively, and says where they
differ."""

from __future__ import annotations

import os
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from itertools import repeat
from typing import Any, Final

from claude_tui.engine.scan.native import completed
from claude_tui.model import Problem, ProblemKind
from claude_tui.native import library, reading
from claude_tui.sources.claude import ClaudeSource
from claude_tui.sources.claude.fast import reader as fast
from claude_tui.sources.claude.fast.reader import read_columns
from claude_tui.sources.columns import Columns
from claude_tui.sources.protocol import Checkpoint, ColumnsRead, FileRead, LogFile
from claude_tui.sources.settling import columns_of

SOURCE = ClaudeSource()
DAYS: Final = reading.Days(reading.UTC_DAYS.first, array("q", reading.UTC_DAYS.starts[: 365 * 5]))


def entries(columns: Columns) -> dict[int, tuple[Any, ...]]:
    """Every settled response by its key's number, free of the order and the numbers of names."""
    size = len(columns)
    rows = zip(
        columns.key, columns.names or repeat("", size), columns.time, map(columns.owner_time.get, range(size)),
        map(columns.owners.__getitem__, columns.owner), columns.flags, map(columns.models.__getitem__, columns.model),
        map(columns.usage, range(size)), columns.offset, map(columns.terms.get, range(size)),
        map(columns.extras.get, range(size)), map(columns.reported.get, range(size)),
        strict=True,
    )  # fmt: skip
    found = {row[0]: row for row in rows}
    assert len(found) == size
    return found


def differences(path: str, since: Checkpoint | None = None) -> tuple[list[str], Checkpoint]:
    """What the ways of reading a transcript disagree about, and the checkpoint they reached."""
    return compared(path, native_read(path) if since is None else None, since)


def compared(path: str, native: ColumnsRead | None, since: Checkpoint | None = None) -> tuple[list[str], Checkpoint]:
    """What the ways of reading a transcript disagree about, with what was read natively, and the checkpoint they
    reached."""
    plain = SOURCE.read(LogFile("claude", path, "", 0, 0, 0, 0), since)
    found = disagreements(plain, read_columns(path, since, keep_names=True))
    if native is not None:
        found += [f"natively: {one}" for one in disagreements(plain, native)]
    return found, plain.checkpoint


def native_read(path: str) -> ColumnsRead | None:
    """What is read in a file with the native core; None where it leaves all of it to Python, or is not built."""
    return native_reads([path])[0] if os.path.exists(path) else None


def native_reads(paths: Sequence[str], *, is_left_alone: bool = False) -> list[ColumnsRead | None]:
    """What is read in files with one call of the native core; None where it leaves all of one to Python, or is not
    built.

    `is_left_alone`: None, too, where for what it left Python would read the whole file again.
    """
    found: list[ColumnsRead | None] = [None] * len(paths)
    core = library.found().core
    if core is None:
        return found
    files, columns, *_ = reading.read_files(
        core, [(path, os.path.getsize(path)) for path in paths], DAYS, threads=1, with_names=True
    )
    end = 0
    with reading_on() if is_left_alone else nullcontext():
        for one in files:
            start, end = end, end + one.rows
            cut = columns.cut(start, end)
            cut.keep_own_names()
            with suppress(_ReadAgain):
                found[one.place] = completed(cut, one, paths[one.place], keep_names=True)
    return found


class _ReadAgain(Exception):
    """A file would be read from its start."""


@contextmanager
def reading_on() -> Iterator[None]:
    """Let files be read on from a checkpoint only."""

    def read_on(path: str, since: Checkpoint | None = None, **how: Any) -> ColumnsRead:
        if since is None:
            raise _ReadAgain
        return read_columns(path, since, **how)

    fast.read_columns = read_on
    try:
        yield
    finally:
        fast.read_columns = read_columns


def disagreements(plain: FileRead, fast: ColumnsRead) -> list[str]:
    """What two outcomes of reading the same file disagree about."""
    found = []
    has_names = bool(fast.columns.names)
    want, got = entries(columns_of(fast.columns.source, plain.rows, keep_names=has_names)), entries(fast.columns)
    for key in want.keys() | got.keys():
        if want.get(key) != got.get(key):
            found.append(f"response: {want.get(key)} but fast {got.get(key)}")
    for name in ("facts", "checkpoint", "restarted", "bytes_read", "lines", "sessions"):
        if getattr(plain, name) != getattr(fast, name):
            found.append(f"{name}: {getattr(plain, name)} but fast {getattr(fast, name)}")
    missed, more = _told(plain.problems) - _told(fast.problems), _told(fast.problems) - _told(plain.problems)
    # What holds nothing to count and looks whole is not decoded, so it may be malformed inside.
    found += [f"missed: {one}" for one in missed if one.kind is not ProblemKind.MALFORMED]
    found += [f"invented: {one}" for one in more]
    return found


def _told(problems: Iterable[Problem]) -> Counter[Problem]:
    return Counter(problems)
