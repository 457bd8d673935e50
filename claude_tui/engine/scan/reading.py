"""Files become columns and sums: one unit of work, the same in a worker process, a thread or here.

A file that cannot be read becomes a problem, never an error. Must not touch the store.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import accumulate
from typing import Final
from zoneinfo import ZoneInfo

from claude_tui.engine.state.batch import Ends, FileColumns, FileOutcome, Packed, pack
from claude_tui.engine.state.doubtful import date_undated, dated_ahead
from claude_tui.engine.state.sums.calendar import Calendar
from claude_tui.engine.state.sums.cells import cells_of_files, file_cells
from claude_tui.model import Problem, ProblemKind
from claude_tui.pricing import Pricer
from claude_tui.records import NamedTuple
from claude_tui.sources.columns import Columns
from claude_tui.sources.problems import Problems
from claude_tui.sources.protocol import Checkpoint, ColumnsRead, LogFile, ManyRead
from claude_tui.sources.reading.open_line import OpenLine
from claude_tui.sources.registry import read_columns, read_many

_file_outcome: Final = partial(tuple.__new__, FileOutcome)
_ends: Final = partial(tuple.__new__, Ends)
"""Make one of a tuple, for there may be tens of thousands: their own way takes three times as long."""

BYTES_PER_WORKER: Final = 12 << 20
"""A worker that would read less than this costs more than it saves."""

MAX_IN_FLIGHT: Final = 50
"""Batches under way at once: the bound of the semaphore."""

LAST: Final = 3
PARTS: Final = 4
"""So many of the last batches are divided into so many parts each."""

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

    def read(self, task: Task, read: Callable[[], ColumnsRead] | None = None) -> FileColumns:
        """Read one file, in the usual way or by `read`. Raises nothing: one file must never end the count of all
        others."""
        file, since = task
        try:
            found = read() if read is not None else read_columns(file, since, keep_names=self.keep_names)
            doubtful = _mend(found.columns, file)
            cells = file_cells(found.columns, self.pricer, self.calendar)
        except Exception as error:
            return FileColumns(_unreadable(file, error), Columns(file.source), {})
        return FileColumns(_outcome(task, found, doubtful), found.columns, cells)

    def read_all(self, tasks: Sequence[Task]) -> Packed:
        """Read several files of one client, in order."""
        return self._read_many(tasks) or pack([self.read(task) for task in tasks])

    def _read_many(self, tasks: Sequence[Task]) -> Packed | None:
        """Read files in one go; None where that cannot be done or is not worth it."""
        if not any(task.since is None for task in tasks):
            return None
        try:
            files = [(task.file.path, task.since) for task in tasks]
            many = read_many(tasks[0].file.source, files, keep_names=self.keep_names)
            return self.packed(tasks, many) if many is not None else None
        except Exception:  # whichever file it is, the others must be counted
            return None

    def packed(self, tasks: Sequence[Task], many: ManyRead) -> Packed | None:
        """Put together files that were read in one go; None where an instant may have to be mended."""
        if _is_doubtful(many.columns):
            return None
        columns, cells, ends = many.columns, list[list[int]](), list[Ends]()
        sums = cells_of_files(columns, many.ends, self.pricer, self.calendar)
        for end, of_file in zip(many.ends, sums, strict=True):
            cells += [[*key, *numbers] for key, numbers in of_file.items()]
            ends.append(_ends((end, len(cells))))
        outcomes = [
            _unreadable(task.file, one) if isinstance(one, Exception) else _outcome(task, one)
            for task, one in zip(tasks, many.files, strict=True)
        ]
        return Packed(outcomes, ends, columns, cells)


def _is_doubtful(columns: Columns) -> bool:
    """Whether any instant may have to be mended."""
    times = columns.time
    return 0 in times or max(times, default=0) > time.time_ns() // 1_000_000


def _mend(columns: Columns, file: LogFile) -> list[Problem]:
    """Mend the instants of a file's responses that cannot be right."""
    undated = date_undated(columns, file.path, file.mtime_ns // 1_000_000)
    return undated + dated_ahead(columns, file.path, time.time_ns() // 1_000_000)


def _outcome(task: Task, found: ColumnsRead, doubtful: Sequence[Problem] = ()) -> FileOutcome:
    """Return the outcome of a file that was read."""
    file, since = task
    if found.checkpoint.open_line and OpenLine.parse(found.checkpoint.open_line).is_waiting:
        # It is read again until its end is there or is given up, whether anything comes to it or not.
        file = file._replace(size=UNSETTLED)
    _, checkpoint, facts, doubts, restarted, bytes_read, lines, sessions = found
    problems = Problems.of(doubts).with_more(Problems(doubtful)) if doubtful else Problems.of(doubts)
    is_whole = since is None or restarted
    return _file_outcome((file, facts, problems, checkpoint, is_whole, bytes_read, lines, sessions))


def _unreadable(file: LogFile, error: Exception) -> FileOutcome:
    """Return the outcome of a file that cannot be read."""
    if not isinstance(error, OSError):
        import logging  # 3 ms, for what should not happen

        logging.getLogger(__name__).error("reading %s failed", file.path, exc_info=error)
    reason = (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
    return FileOutcome(file, None, Problems([Problem(ProblemKind.UNREADABLE, file.path, 0, reason)]), None)


def batches(tasks: Iterable[Task], size_bytes: int = 8 << 20, most: int = 256) -> Iterator[list[Task]]:
    """Divide tasks into runs of about `size_bytes` to read, in order; never more than `most` files in one.

    Each holds the logs of one client.
    """
    open_batches: dict[str, list[Task]] = {}
    totals: dict[str, int] = {}
    for task in tasks:
        file = task.file
        batch = open_batches.setdefault(file.source, [])
        batch.append(task)
        totals[file.source] = total = totals.get(file.source, 0) + bytes_to_read(task)
        if total >= size_bytes or len(batch) >= most:
            yield batch
            del open_batches[file.source], totals[file.source]
    yield from open_batches.values()


def with_short_end(batches: list[list[Task]], begun: int) -> list[list[Task]]:
    """Return batches of which the last few are divided further, but for those that have `begun`: in the end a worker
    that has nothing left waits for another to come to the end of what it reads."""
    first = max(begun, len(batches) - LAST)
    made = batches[:first]
    for batch in batches[first:]:
        size = -(-len(batch) // PARTS)
        made += [batch[at : at + size] for at in range(0, len(batch), size)]
    return made


def is_more(tasks: Iterable[Task], size_bytes: int) -> bool:
    """Whether there is more to read than so many bytes. Looks at no more files than it takes to say so."""
    return any(total > size_bytes for total in accumulate(map(bytes_to_read, tasks)))


def bytes_of(tasks: Iterable[Task]) -> int:
    """Return how much of some files is still unread."""
    return sum([max(0, file.size - since.offset) if since is not None else file.size for file, since in tasks])


def bytes_to_read(task: Task) -> int:
    """Return how much of a file is still unread."""
    file, since = task
    return max(0, file.size - since.offset) if since is not None else file.size
