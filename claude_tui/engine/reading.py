"""Files become columns: one unit of work, the same in a worker process, a thread or here.

A file that cannot be read becomes a problem, never an error. Must not touch the store.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from claude_tui.model import Problem, ProblemKind
from claude_tui.sources.columns import Columns, columns_of
from claude_tui.sources.protocol import Checkpoint, FileFacts, FileRead, LogFile, SourceConfig
from claude_tui.sources.registry import reader

_log = logging.getLogger(__name__)


class FileColumns(NamedTuple):
    """What reading one file gave. `checkpoint` is None where it could not be read."""

    file: LogFile
    columns: Columns
    facts: FileFacts | None
    problems: tuple[Problem, ...]
    checkpoint: Checkpoint | None
    bytes_read: int = 0
    lines: int = 0
    restarted: bool = False


def read_file(file: LogFile, since: Checkpoint | None = None, *, keep_names: bool = False) -> FileColumns:
    """Read one file, whole or from a checkpoint."""
    try:
        found: FileRead = reader(file.source).read(file, since)
    except Exception as error:  # one file must never end the count of all others
        if not isinstance(error, OSError):
            _log.exception("reading %s failed", file.path)
        reason = (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
        problem = Problem(ProblemKind.UNREADABLE, file.path, 0, reason)
        return FileColumns(file, Columns(file.source), None, (problem,), None)
    return FileColumns(
        file,
        columns_of(file.source, found.rows, keep_names=keep_names),
        found.facts,
        tuple(found.problems),
        found.checkpoint,
        found.bytes_read,
        found.lines,
        found.restarted,
    )


def read_batch(files: Iterable[LogFile], keep_names: bool = False) -> list[FileColumns]:
    """Read several files whole, in order."""
    return [read_file(file, keep_names=keep_names) for file in files]


def discover(config: SourceConfig) -> list[LogFile]:
    """Return every log of every client asked for, the newest first, each file once."""
    found = {(file.dev, file.ino): file for file in _walk(config)}
    return sorted(found.values(), key=lambda file: (-file.mtime_ns, file.path))


def roots_of(config: SourceConfig) -> list[tuple[str, str]]:
    """Return (source, folder) of every place looked in, existing or not."""
    return [(name, str(root)) for name in config.sources for root in reader(name).roots(config)]


def _walk(config: SourceConfig) -> Iterator[LogFile]:
    for name in config.sources:
        source = reader(name)
        for root in source.roots(config):
            yield from source.discover(root)


def batches(files: Iterable[LogFile], size_bytes: int = 8 << 20, most: int = 256) -> Iterator[list[LogFile]]:
    """Divide files into runs of about `size_bytes`, in order; never more than `most` files in one."""
    batch: list[LogFile] = []
    total = 0
    for file in files:
        batch.append(file)
        total += file.size
        if total >= size_bytes or len(batch) >= most:
            yield batch
            batch, total = [], 0
    if batch:
        yield batch
