"""Files become columns and sums: one unit of work, the same in a worker process, a thread or here.

A file that cannot be read becomes a problem, never an error. Must not touch the store.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from claude_tui.engine.state.batch import FileColumns, FileOutcome, Packed, pack
from claude_tui.engine.state.doubtful import date_undated, dated_ahead
from claude_tui.engine.state.sums.calendar import Calendar
from claude_tui.engine.state.sums.cells import file_cells
from claude_tui.model import Problem, ProblemKind
from claude_tui.pricing import Pricer
from claude_tui.sources.columns import Columns
from claude_tui.sources.problems import Problems
from claude_tui.sources.protocol import Checkpoint, LogFile, SourceConfig
from claude_tui.sources.reading.open_line import OpenLine
from claude_tui.sources.registry import read_columns, reader

UNSETTLED: Final = -1
"""The size under which a file is remembered that must be looked at again though its stat does not change."""


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
            undated = date_undated(found.columns, file.path, file.mtime_ns // 1_000_000)
            ahead = dated_ahead(found.columns, file.path, time.time_ns() // 1_000_000)
            cells = file_cells(found.columns, self.pricer, self.calendar)
        except Exception as error:
            if not isinstance(error, OSError):
                import logging  # 3 ms, for what should not happen

                logging.getLogger(__name__).exception("reading %s failed", file.path)
            reason = (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
            problem = Problem(ProblemKind.UNREADABLE, file.path, 0, reason)
            return FileColumns(FileOutcome(file, None, Problems([problem]), None), Columns(file.source), {})
        if found.checkpoint.open_line and OpenLine.parse(found.checkpoint.open_line).is_waiting:
            # It is read again until its end is there or is given up, whether anything comes to it or not.
            file = file._replace(size=UNSETTLED)
        outcome = FileOutcome(
            file,
            found.facts,
            Problems.of(found.problems).with_more(Problems([*undated, *ahead])),
            found.checkpoint,
            since is None or found.restarted,
            found.bytes_read,
            found.lines,
            found.sessions,
        )
        return FileColumns(outcome, found.columns, cells)

    def read_all(self, tasks: Sequence[Task]) -> Packed:
        """Read several files of one client, in order."""
        return pack([self.read(task) for task in tasks])

    def read_natively(self, tasks: Sequence[Task]) -> tuple[Packed | None, list[Task]]:
        """Read the files that the native core can read. Returns None for none, and the others."""
        from claude_tui.engine.scan.native import read_natively

        return read_natively(tasks, self.pricer, self.calendar)


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
    """Divide tasks into runs of about `size_bytes` to read, in order; never more than `most` files in one.

    Each holds the logs of one client.
    """
    open_batches: dict[str, tuple[list[Task], int]] = {}
    for task in tasks:
        batch, total = open_batches.pop(task.file.source, ([], 0))
        batch.append(task)
        total += bytes_to_read(task)
        if total >= size_bytes or len(batch) >= most:
            yield batch
        else:
            open_batches[task.file.source] = batch, total
    for batch, _ in open_batches.values():
        yield batch


def bytes_to_read(task: Task) -> int:
    """Return how much of a file is still unread."""
    return max(0, task.file.size - (task.since.offset if task.since else 0))
