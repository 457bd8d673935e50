"""Files become columns and sums: one unit of work, the same in a worker process, a thread or here.

A file that cannot be read becomes a problem, never an error. Must not touch the store.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from zoneinfo import ZoneInfo

from claude_tui.engine.calendar import Calendar
from claude_tui.engine.cells import CellKey, Sums, file_cells
from claude_tui.model import Problem, ProblemKind
from claude_tui.pricing import Pricer
from claude_tui.sources.columns import Columns
from claude_tui.sources.protocol import Checkpoint, FileFacts, LogFile, SourceConfig
from claude_tui.sources.registry import read_columns, reader

_log = logging.getLogger(__name__)


class FileColumns(NamedTuple):
    """What reading one file gave. `checkpoint` is None where it could not be read.

    `cells` are the sums of `columns` (see `cells.file_cells`). `is_whole` says that all of the file was read.
    `sessions` are the facts of each session where one file holds many.
    """

    file: LogFile
    columns: Columns
    facts: FileFacts | None
    problems: tuple[Problem, ...]
    checkpoint: Checkpoint | None
    cells: dict[CellKey, Sums] | None = None
    is_whole: bool = True
    bytes_read: int = 0
    lines: int = 0
    sessions: tuple[FileFacts, ...] = ()


class Task(NamedTuple):
    """One file to read: from a checkpoint, or whole."""

    file: LogFile
    since: Checkpoint | None = None


class FileReader:
    """Reads files into columns with their sums, at given prices and in a given time zone."""

    def __init__(self, pricer: Pricer, zone: ZoneInfo, *, keep_names: bool = False) -> None:
        self.pricer = pricer
        self.calendar = Calendar(zone)
        self.keep_names = keep_names

    def read(self, task: Task) -> FileColumns:
        """Read one file. Raises nothing: one file must never end the count of all others."""
        file, since = task
        try:
            found = read_columns(file, since, keep_names=self.keep_names)
            cells = file_cells(found.columns, self.pricer, self.calendar)
        except Exception as error:
            if not isinstance(error, OSError):
                _log.exception("reading %s failed", file.path)
            reason = (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
            problem = Problem(ProblemKind.UNREADABLE, file.path, 0, reason)
            return FileColumns(file, Columns(file.source), None, (problem,), None)
        return FileColumns(
            file,
            found.columns,
            found.facts,
            tuple(found.problems),
            found.checkpoint,
            cells,
            since is None or found.restarted,
            found.bytes_read,
            found.lines,
            found.sessions,
        )

    def read_all(self, tasks: Iterable[Task]) -> list[FileColumns]:
        """Read several files, in order."""
        return [self.read(task) for task in tasks]


def discover(config: SourceConfig) -> list[LogFile]:
    """Return every log of every client asked for, the newest first, each file once."""
    return sorted(distinct(_walk(config)), key=lambda file: (-file.mtime_ns, file.path))


def distinct(files: Iterable[LogFile]) -> list[LogFile]:
    """Return each file once, by the first of the names it has."""
    found: dict[tuple[int, int], LogFile] = {}
    for file in files:
        found.setdefault((file.dev, file.ino), file)
    return list(found.values())


def roots_of(config: SourceConfig) -> list[tuple[str, str]]:
    """Return (source, folder) of every place looked in, existing or not."""
    return [(name, str(root)) for name in config.sources for root in reader(name).roots(config)]


def _walk(config: SourceConfig) -> Iterator[LogFile]:
    for name in config.sources:
        source = reader(name)
        for root in source.roots(config):
            yield from source.discover(root)


def batches(tasks: Iterable[Task], size_bytes: int = 8 << 20, most: int = 256) -> Iterator[list[Task]]:
    """Divide tasks into runs of about `size_bytes` to read, in order; never more than `most` files in one."""
    batch: list[Task] = []
    total = 0
    for task in tasks:
        batch.append(task)
        total += bytes_to_read(task)
        if total >= size_bytes or len(batch) >= most:
            yield batch
            batch, total = [], 0
    if batch:
        yield batch


def bytes_to_read(task: Task) -> int:
    """Return how much of a file is still unread."""
    return max(0, task.file.size - (task.since.offset if task.since else 0))
