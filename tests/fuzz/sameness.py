"""Reads a transcript the plain way, the fast way and, where the native core is built, natively, and says where they
differ."""

from __future__ import annotations

import os
from array import array
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Final
from unittest.mock import patch

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
    found = {
        columns.key[entry]: (
            columns.names[entry] if columns.names else "",
            columns.time[entry],
            columns.owner_time.get(entry),
            columns.owners[columns.owner[entry]],
            columns.flags[entry],
            columns.models[columns.model[entry]],
            columns.usage(entry),
            columns.offset[entry],
            columns.terms.get(entry),
            columns.extras.get(entry),
            columns.reported.get(entry),
        )
        for entry in range(len(columns))
    }
    assert len(found) == len(columns)
    return found


def differences(
    path: str, since: Checkpoint | None = None, native: ColumnsRead | None = None
) -> tuple[list[str], Checkpoint]:
    """What the ways of reading a transcript disagree about, and the checkpoint they reached.

    `native`: what was read natively, if that is known.
    """
    plain = SOURCE.read(LogFile("claude", path, "", 0, 0, 0, 0), since)
    found = disagreements(plain, read_columns(path, since, keep_names=True))
    if native is None and since is None:
        native = native_read(path)
    if native is not None:
        found += [f"natively: {one}" for one in disagreements(plain, native)]
    return found, plain.checkpoint


def native_read(path: str, *, is_left_alone: bool = False) -> ColumnsRead | None:
    """What is read in a file with the native core; None where it leaves all of it to Python, or is not built.

    `is_left_alone`: None, too, where for what it left Python would read the whole file again.
    """
    core = library.found().core
    if core is None or not os.path.exists(path):
        return None
    files, columns, *_ = reading.read_files(core, [(path, os.path.getsize(path))], DAYS, threads=1, with_names=True)
    if not files:
        return None
    if not is_left_alone:
        return completed(columns, files[0], path, keep_names=True)
    with patch.object(fast, "read_columns", partial(_read_on, read_columns)):
        try:
            return completed(columns, files[0], path, keep_names=True)
        except _ReadAgain:
            return None


class _ReadAgain(Exception):
    """A file would be read from its start."""


def _read_on(read: Callable[..., ColumnsRead], path: str, since: Checkpoint | None = None, **how: Any) -> ColumnsRead:
    if since is None:
        raise _ReadAgain
    return read(path, since, **how)


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
