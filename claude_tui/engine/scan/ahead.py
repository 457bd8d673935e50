"""Files that are read while others are still being found: until then a second processor would have nothing to do.

For a count that has everything to read and shows nothing before its end, so that the order does not matter. Must not
know where files are looked for, nor take in what is read.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from functools import partial
from types import TracebackType
from typing import Final

from claude_tui.engine.scan.reading import (
    BYTES_PER_WORKER,
    MAX_IN_FLIGHT,
    FileReader,
    Task,
    batches,
    bytes_of,
)
from claude_tui.engine.scan.workers import Workers, started
from claude_tui.engine.state.batch import Packed
from claude_tui.sources.protocol import LogFile

_task: Final = partial(tuple.__new__, Task)
"""Makes one of a tuple: its own way takes three times as long."""

IDENTITY: Final = LogFile._fields.index("dev")
"""From here on a file's record says which file it is, by device and inode."""


class Ahead:
    """Whole files in batches, which workers read from when they are found; a context manager that ends the workers.

    No worker is started, and so nothing is read, before there is enough for one on each processor. `batches` are all
    there are so far, `early` what becomes of the first of them.
    """

    def __init__(self, reader: FileReader) -> None:
        self._reader = reader
        self._processors = os.cpu_count() or 1
        self._is_tried = self._processors == 1
        self._bytes = 0
        self._seen = set[tuple[object, ...]]()
        self.workers: Workers | None = None
        self.batches: list[list[Task]] = []
        self.early: list[Future[Packed] | None] = []

    def __enter__(self) -> Ahead:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self.workers is not None:
            self.workers.stop()

    def found(self, files: Iterable[LogFile]) -> list[LogFile]:
        """Return files that are being found, each that was not there before, and have them read meanwhile."""
        found: list[LogFile] = []
        for batch in batches(self._tasks(files, found)):
            self.batches.append(batch)
            self._bytes += bytes_of(batch)
            workers = self._started()
            if workers is not None:
                self.early += map(workers.submit, self.batches[len(self.early) : MAX_IN_FLIGHT])
        return found

    def all_found(self) -> None:
        """Forget which files were seen: none is found any more."""
        self._seen.clear()

    def _tasks(self, files: Iterable[LogFile], found: list[LogFile]) -> Iterator[Task]:
        """Yield the tasks of files, each once, and collect them in `found`."""
        seen = self._seen
        for file in files:
            identity = file[IDENTITY:]
            if identity not in seen:
                seen.add(identity)
                found.append(file)
                yield _task((file, None))

    def _started(self) -> Workers | None:
        """Return the workers, which are started once it is worth it."""
        if not self._is_tried and self._bytes >= self._processors * BYTES_PER_WORKER:
            self._is_tried = True
            self.workers = started(self._processors, self._reader)
        return self.workers
