"""What a worker hands over: all that reading gave but the files, which the other side has. Must not read any."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from claude_tui.engine.state.batch import FileOutcome, Packed
from claude_tui.sources.protocol import LogFile
from claude_tui.sources.record_columns import RecordColumns

THEIRS: Final = LogFile("", "", "", 0, 0, 0, 0)
"""In the place of a file that the other side has; no file has this path."""


def without_files(found: Packed, files: Sequence[LogFile]) -> Packed:
    """Return what reading these files, in order, gave: without those that are said as they were given."""
    said, *others = RecordColumns.of(FileOutcome, found.outcomes).columns
    return _with(found, [THEIRS if its is file else its for its, file in zip(said, files, strict=True)], others)


def with_files(found: Packed, files: Sequence[LogFile]) -> Packed:
    """Return what `without_files` was given, of the same files: these themselves, and no copies of them."""
    said, *others = RecordColumns.of(FileOutcome, found.outcomes).columns
    return _with(found, [its if its.path else file for its, file in zip(said, files, strict=True)], others)


def _with(found: Packed, files: list[LogFile], others: Sequence[Sequence[Any]]) -> Packed:
    return found._replace(outcomes=RecordColumns(FileOutcome, [files, *others]))
